/**
 * Keys that commands are about to look up, hashed and fetched from memory in one go.
 *
 * A look-up in a large data set waits for memory two or three times: the dict's segment, the entry,
 * the value. Look-ups one after the other add these waits up. Reading the places of many keys first,
 * without using what is read, lets the processor wait for all of them at once.
 *
 * The hashes are kept, so that nothing is computed twice: a look-up of a key at the same place of the
 * same buffer takes its hash from here. Whoever fills this clears it before the buffer changes.
 */
import type { KeyHash } from "../base/hash.ts";
import type { Dict } from "../heap/dict.ts";
import type { CommandsAhead } from "../protocol/commands_ahead.ts";
import { MembersAhead } from "./members_ahead.ts";

export const KEYS_AHEAD_MAX = 64;

export class KeysAhead {
  /** The same for what stands in large collections. */
  readonly members: MembersAhead;
  #count = 0;
  #next = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  readonly #starts: Int32Array = new Int32Array(KEYS_AHEAD_MAX);
  readonly #hashes: Int32Array = new Int32Array(KEYS_AHEAD_MAX);
  readonly #hash: KeyHash;

  constructor(hash: KeyHash) {
    this.members = new MembersAhead(hash);
    this.#hash = hash;
  }

  /** Forgets all keys, for others in this buffer. */
  begin(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#count = 0;
    this.#next = 0;
  }

  /** Notes a key; those beyond KEYS_AHEAD_MAX are passed over. Places must ascend. */
  add(start: number, end: number): void {
    if (this.#count === KEYS_AHEAD_MAX) return;
    this.#starts[this.#count] = start;
    this.#hashes[this.#count++] = this.#hash.hash(this.#bytes, start, end);
  }

  /** Notes and fetches what the first arguments of commands name, keys mostly. */
  fetchFor(ahead: CommandsAhead, dict: Dict): void {
    this.begin(ahead.bytes);
    for (let i = 0; i < ahead.count; i++) {
      const key = ahead.firstArguments[i] + 1;
      if (key >= ahead.firstArguments[i + 1]) continue;
      this.add(ahead.argumentStarts[key], ahead.argumentEnds[key]);
    }
    this.prefetch(dict);
  }

  /** Fetches what a look-up of the keys in that dict will read. */
  prefetch(dict: Dict): void {
    dict.prefetch(this.#hashes, this.#count, false);
    dict.prefetchEntries(this.#hashes, this.#count);
  }

  /** Forgets all keys, and the members: their buffer is about to change. */
  clear(): void {
    this.members.clear();
    this.#count = 0;
    this.#next = 0;
  }

  /** The hash of a key, kept or computed. */
  hashOf(bytes: Uint8Array, start: number, end: number): number {
    while (this.#next < this.#count) {
      const noted = this.#starts[this.#next];
      if (noted > start || bytes !== this.#bytes) break;
      this.#next++;
      if (noted === start) return this.#hashes[this.#next - 1];
    }
    return this.#hash.hash(bytes, start, end);
  }
}
