/**
 * The fast way for what most files are made of: short strings, one after the other. A batch of them
 * is parsed ahead, in place, and added to the database in one go, which looks all of their places
 * up at once: a lone look-up in a large table spends most of its time waiting for memory.
 *
 * Only what is plain is taken: entries that lie whole in the reader's chunk, keys and values as
 * their own bytes, an expiry time in milliseconds that is not over. Everything else, errors too, is
 * left to the loader, which goes on where the batch has stopped.
 */
import type { Database } from "../../keyspace/database.ts";
import { NO_EXPIRY } from "../../keyspace/database.ts";
import { stringKind } from "../../keyspace/string_value.ts";
import { EXPIRES_AT_MS_MAX, LENGTH_14_BITS, OPCODE_EXPIRETIME_MS } from "./rdb_format.ts";
import type { RdbReader } from "./rdb_reader.ts";

/** Enough look-ups to hide the wait of each; few enough to stay in the first cache. */
const BATCH_KEYS = 64;
/** Keys whose length is one byte. */
const KEY_BYTES_MAX = 63;
/** With key and header such a value stays in its entry. */
const VALUE_BYTES_MAX = 900;
/** An entry of these limits takes no more in the file. */
const ENTRY_BYTES_MAX = 9 + 1 + 1 + KEY_BYTES_MAX + 2 + VALUE_BYTES_MAX;
const TYPE_STRING_BYTE = 0;

export class StringBatch {
  /** Of each entry: where key and value begin and end. */
  readonly #ranges: Int32Array = new Int32Array(4 * BATCH_KEYS);
  readonly #kinds: Uint8Array = new Uint8Array(BATCH_KEYS);
  readonly #expiresAtMs: Float64Array = new Float64Array(BATCH_KEYS);
  /** Where each entry begins, its expiry time included; the end of the last one too. */
  readonly #starts: Int32Array = new Int32Array(BATCH_KEYS + 1);

  /**
   * Loads entries from where the reader stands until one is not plain or its key is there already;
   * the reader then stands before that one.
   * @param expiredBeforeMs entries that expire before are not plain.
   * @returns how many entries were loaded.
   */
  load(reader: RdbReader, database: Database, expiredBeforeMs: number): number {
    let loaded = 0;
    for (;;) {
      const count = this.#parse(reader, expiredBeforeMs);
      if (count === 0) return loaded;
      const added = database.bulkInsert(
        reader.bytes,
        this.#ranges,
        this.#kinds,
        this.#expiresAtMs,
        count,
      );
      loaded += added;
      reader.at = this.#starts[added];
      if (added < count) return loaded;
    }
  }

  #parse(reader: RdbReader, expiredBeforeMs: number): number {
    const bytes = reader.bytes;
    const ranges = this.#ranges;
    const last = reader.end - ENTRY_BYTES_MAX;
    let at = reader.at;
    let count = 0;
    for (; count < BATCH_KEYS && at <= last; count++) {
      this.#starts[count] = at;
      let expiresAtMs = NO_EXPIRY;
      if (bytes[at] === OPCODE_EXPIRETIME_MS) {
        expiresAtMs = Math.min(int64At(bytes, at + 1), EXPIRES_AT_MS_MAX);
        if (expiresAtMs < expiredBeforeMs || expiresAtMs === NO_EXPIRY) return count;
        at += 9;
      }
      if (bytes[at] !== TYPE_STRING_BYTE || bytes[at + 1] > KEY_BYTES_MAX) return count;
      const keyEnd = at + 2 + bytes[at + 1];
      let valueLength = bytes[keyEnd];
      let valueStart = keyEnd + 1;
      if (valueLength >= LENGTH_14_BITS) {
        if (valueLength >= LENGTH_14_BITS << 1) return count;
        valueLength = (valueLength & 0x3f) << 8 | bytes[valueStart++];
        if (valueLength > VALUE_BYTES_MAX) return count;
      }
      const valueEnd = valueStart + valueLength;
      ranges[4 * count] = at + 2;
      ranges[4 * count + 1] = keyEnd;
      ranges[4 * count + 2] = valueStart;
      ranges[4 * count + 3] = valueEnd;
      this.#kinds[count] = stringKind(bytes, valueStart, valueEnd);
      this.#expiresAtMs[count] = expiresAtMs;
      at = valueEnd;
    }
    this.#starts[count] = at;
    return count;
  }
}

/** A signed little-endian 64-bit integer, to a double's precision. */
function int64At(bytes: Uint8Array, at: number): number {
  const low = bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24;
  const high = bytes[at + 4] | bytes[at + 5] << 8 | bytes[at + 6] << 16 | bytes[at + 7] << 24;
  return high * 2 ** 32 + (low >>> 0);
}
