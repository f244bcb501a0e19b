/**
 * Reading a sorted set in order, whichever encoding it has: one member at a time, by rank.
 *
 * ```ts
 * reader.open(database, ref);
 * for (let more = reader.seek(10); more; more = reader.next()) use(reader.bytes, reader.start, ...);
 * ```
 *
 * What it comes to stands in registers, which are good until anything of the heap changes. Several
 * readers may be at work at the same time.
 */
import { CountedTree } from "../../heap/counted_tree.ts";
import type { Heap } from "../../heap/heap.ts";
import { ListpackReader } from "../../heap/listpack.ts";
import type { Database } from "../database.ts";
import { openListpack } from "../listpack_value.ts";
import { ENCODING_SKIPLIST } from "../value_type.ts";
import { TREE_KEY_BYTES } from "./member_tree.ts";
import { leafCount, LeafMember } from "./score_leaf.ts";
import { readScore } from "./small_zset.ts";

const NO_BYTES = new Uint8Array(0);

export class ZsetReader {
  /** The member. */
  bytes: Uint8Array = NO_BYTES;
  start = 0;
  end = 0;
  score = 0;
  /** How many members there are. */
  count = 0;

  readonly #heap: Heap;
  readonly #tree: CountedTree;
  readonly #member: LeafMember = new LeafMember();
  readonly #listpack: ListpackReader = new ListpackReader();
  /** The root of a large sorted set; 0 for a small one. */
  #root = 0;
  #leaf = 0;
  #index = 0;
  #leafCount = 0;

  constructor(heap: Heap) {
    this.#heap = heap;
    this.#tree = new CountedTree(heap, TREE_KEY_BYTES);
  }

  /** Takes the sorted set of a key. */
  open(database: Database, ref: number): void {
    if (database.encodingOf(ref) === ENCODING_SKIPLIST) return this.openRoot(database.rootOf(ref));
    this.#root = 0;
    openListpack(database, ref, this.#listpack);
    // A value that spans pages has been copied to where the next such value goes, too.
    if (database.wholeBytes !== this.#heap.bytes) this.#keepCopy();
    this.count = this.#listpack.count >>> 1;
  }

  #keepCopy(): void {
    const listpack = this.#listpack;
    const end = listpack.start + listpack.totalBytes;
    listpack.open(listpack.bytes.slice(listpack.start, end), 0);
  }

  /** Takes a large sorted set. */
  openRoot(root: number): void {
    this.#root = root;
    this.count = this.#tree.count(root);
  }

  /** Goes to the member of a rank; false when there is none. */
  seek(rank: number): boolean {
    if (rank < 0 || rank >= this.count) return false;
    if (this.#root === 0) {
      this.#listpack.seek(2 * rank);
      this.#loadPair();
      return true;
    }
    const tree = this.#tree;
    this.#leaf = tree.seekRank(this.#root, rank);
    this.#index = rank - tree.before;
    this.#leafCount = leafCount(this.#heap, this.#leaf);
    this.#load();
    return true;
  }

  /** Goes to the first member or the last one, which must be there. */
  seekEnd(isLast: boolean): void {
    if (this.#root === 0) {
      this.seek(isLast ? this.count - 1 : 0);
      return;
    }
    this.#leaf = isLast ? this.#tree.last(this.#root) : this.#tree.first(this.#root);
    this.#leafCount = leafCount(this.#heap, this.#leaf);
    this.#index = isLast ? this.#leafCount - 1 : 0;
    this.#load();
  }

  /** Goes to the next member; false when there is none. */
  next(): boolean {
    if (this.#root === 0) {
      if (!this.#listpack.next()) return false;
      this.#loadPair();
      return true;
    }
    if (++this.#index === this.#leafCount) {
      if (!this.#tree.nextLeaf()) return false;
      this.#leaf = this.#tree.leaf;
      this.#index = 0;
      this.#leafCount = leafCount(this.#heap, this.#leaf);
    }
    this.#load();
    return true;
  }

  /** Goes to the member before; false when there is none. */
  previous(): boolean {
    if (this.#root === 0) {
      const listpack = this.#listpack;
      listpack.previous();
      if (!listpack.previous()) return false;
      listpack.previous();
      this.#loadPair();
      return true;
    }
    if (this.#index-- === 0) {
      if (!this.#tree.previousLeaf()) return false;
      this.#leaf = this.#tree.leaf;
      this.#leafCount = leafCount(this.#heap, this.#leaf);
      this.#index = this.#leafCount - 1;
    }
    this.#load();
    return true;
  }

  /** Lets go of the heap's memory, where the reader is kept. */
  close(): void {
    this.bytes = NO_BYTES;
    this.#member.bytes = NO_BYTES;
    this.#listpack.close();
  }

  #load(): void {
    const member = this.#member;
    member.load(this.#heap, this.#leaf, this.#index);
    this.bytes = member.bytes;
    this.start = member.start;
    this.end = member.end;
    this.score = member.score;
  }

  /** The listpack's reader is at the member. */
  #loadPair(): void {
    const listpack = this.#listpack;
    listpack.text();
    this.bytes = listpack.stringBytes;
    this.start = listpack.stringStart;
    this.end = listpack.stringEnd;
    listpack.next();
    this.score = readScore(listpack);
  }
}
