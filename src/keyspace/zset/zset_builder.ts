/**
 * Sorted sets that are made aside and then become the value of a key: results of ZUNIONSTORE,
 * ZRANGESTORE, GEOSEARCHSTORE, and those that a file holds member by member.
 *
 * ```ts
 * builder.begin();
 * try {
 *   if (!builder.has(bytes, start, end)) builder.add(bytes, start, end, score);   // ...
 *   builder.order();
 *   builder.store(database, key, keyStart, keyEnd, NO_EXPIRY);
 * } finally {
 *   builder.end();
 * }
 * ```
 *
 * Members come in any order, into a dict, where scores may still change; then the tree is made of
 * all at once. Members may stand in the heap, as long as it is not in the sorted set being made.
 */
import { ListpackWriter } from "../../heap/listpack_writer.ts";
import type { Database } from "../database.ts";
import type { Keyspace } from "../keyspace.ts";
import { addListpack } from "../listpack_value.ts";
import { TYPE_ZSET } from "../value_type.ts";
import { addScore } from "./small_zset.ts";
import { LARGE_ZSET_KIND } from "./zset_kind.ts";
import { ZsetReader } from "./zset_reader.ts";

export class ZsetBuilder {
  /** The score of the member that {@link has} has found. */
  score = 0;
  readonly #keyspace: Keyspace;
  readonly #reader: ZsetReader;
  readonly #writer: ListpackWriter = new ListpackWriter();
  /** The large sorted set; 0 when there is none to be freed. */
  #root = 0;
  #longestBytes = 0;
  #isOrdered = false;

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace;
    this.#reader = new ZsetReader(keyspace.heap);
  }

  /**
   * Begins an empty one.
   * @throws {HeapFull}
   */
  begin(): void {
    this.#longestBytes = 0;
    this.#isOrdered = false;
    this.#root = this.#keyspace.zsets.large.create();
  }

  /** Members so far. */
  get count(): number {
    return this.#keyspace.zsets.large.unorderedCount(this.#root);
  }

  /** Whether it has a member, whose score is then in `score`. */
  has(bytes: Uint8Array, start: number, end: number): boolean {
    this.score = this.#keyspace.zsets.large.score(this.#root, bytes, start, end);
    return this.score === this.score;
  }

  /**
   * Adds a member, right after {@link has} said that it is not there.
   * @throws {HeapFull}
   */
  add(bytes: Uint8Array, start: number, end: number, score: number): void {
    this.#longestBytes = Math.max(this.#longestBytes, end - start);
    this.#keyspace.zsets.large.addUnordered(this.#root, bytes, start, end, score);
  }

  /**
   * Adds a member that comes after all others, right after {@link has} said that it is not there.
   * Either all members come so, or none: then there is nothing left to {@link order}.
   * @throws {HeapFull}
   */
  append(bytes: Uint8Array, start: number, end: number, score: number): void {
    this.#isOrdered = true;
    this.#longestBytes = Math.max(this.#longestBytes, end - start);
    this.#keyspace.zsets.large.add(this.#root, bytes, start, end, score);
  }

  /** Gives the member that {@link has} has found another score. */
  setScore(score: number): void {
    this.#keyspace.zsets.large.setUnordered(this.#root, score);
  }

  /**
   * All members are there: brings them into order.
   * @throws {HeapFull}
   */
  order(): void {
    if (!this.#isOrdered) this.#keyspace.zsets.large.indexAll(this.#root);
  }

  /** Reads what has been ordered. */
  read(): ZsetReader {
    this.#reader.openRoot(this.#root);
    return this.#reader;
  }

  /**
   * Makes what has been ordered, which is not empty, the value of a key that is known to be absent,
   * right after the look-up that said so; small where it fits. Returns the entry.
   * @throws {HeapFull}
   */
  store(
    database: Database,
    key: Uint8Array,
    start: number,
    end: number,
    expiresAtMs: number,
  ): number {
    const limits = this.#keyspace.limits;
    const isSmall = this.count <= limits.zsetMaxListpackEntries &&
      this.#longestBytes <= limits.zsetMaxListpackValue;
    if (!isSmall) {
      const root = this.#root;
      const ref = database.addGraph(key, start, end, LARGE_ZSET_KIND, root, expiresAtMs);
      this.#root = 0;
      return ref;
    }
    const writer = this.#writer;
    const reader = this.read();
    writer.begin();
    for (let more = reader.seek(0); more; more = reader.next()) {
      writer.add(reader.bytes, reader.start, reader.end);
      addScore(writer, reader.score);
    }
    writer.finish();
    return addListpack(database, key, start, end, TYPE_ZSET, writer, expiresAtMs);
  }

  /** It is over: frees what no key has become. */
  end(): void {
    if (this.#root !== 0) this.#keyspace.zsets.free(this.#root);
    this.#root = 0;
    this.#reader.close();
  }
}
