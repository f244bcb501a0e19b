/**
 * Writing every entry of a heap, live or frozen, in steps: what an RDB file and the text of an
 * append-only file have in common. What is read must not change meanwhile.
 *
 * A step is some ten microseconds. It yields how many keys are written when that is worth telling,
 * undefined otherwise: each telling crosses from a worker to the main thread.
 */
import { assert } from "../base/assert.ts";
import { DictWalk } from "../heap/dict_walk.ts";
import type { HeapView } from "../heap/heap_view.ts";
import type { RdbEncoder, RdbRest } from "./rdb/rdb_encoder.ts";
import type { RdbContents, RdbDatabase } from "./rdb/snapshot.ts";

/** Written between two tellings: keys, bytes, or milliseconds of delay. */
const KEYS_PER_TELLING = 1 << 16;
const BYTES_PER_TELLING = 4 << 20;
const DELAY_MS_PER_TELLING = 100;

/** A way to write entries. */
export interface EntryWriter {
  beginDatabase(database: RdbDatabase): void;
  /** Returns what writes the rest of it, for a long value. */
  write(ref: number): RdbRest | undefined;
}

/** See the top of this file. */
export type WriteSteps = Generator<number | undefined, void, void>;

/**
 * Writes all entries of these contents.
 * @param keyDelayUs slows it down (`rdb-key-save-delay`): microseconds a key, or one microsecond
 * every so many keys where it is negative.
 */
export function* writeEntries(
  encoder: RdbEncoder,
  view: HeapView,
  contents: RdbContents,
  writer: EntryWriter,
  keyDelayUs: number,
): WriteSteps {
  const telling = new Telling(encoder);
  const delayMs = (keyDelayUs < 0 ? -1 / keyDelayUs : keyDelayUs) / 1000;
  const word = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  let owedMs = 0;
  let keyCount = 0;
  for (const database of contents.databases) {
    writer.beginDatabase(database);
    const walk = new DictWalk(view, database.keys);
    while (walk.next()) {
      touch(view, walk);
      for (let i = 0; i < walk.count; i++) {
        const rest = writer.write(walk.refs[i]);
        if (rest !== undefined) {
          while (rest.next().done !== true) yield telling.due(keyCount);
        }
        keyCount++;
        // A millisecond at a time: short delays add up, and between long ones it can be ended.
        for (owedMs += delayMs; owedMs >= 1; owedMs--) {
          Atomics.wait(word, 0, 0, 1);
          telling.delayedMs++;
          yield telling.due(keyCount);
        }
      }
      yield telling.due(keyCount);
    }
  }
  assert(keyCount === contents.keyCount, "what is saved has not changed meanwhile");
}

/**
 * Reads a word of each entry, one right after the other. Nothing depends on what is read, so the
 * processor waits for many of them at once, where the loop that follows would wait for each.
 */
function touch(view: HeapView, walk: DictWalk): void {
  for (let i = 0; i < walk.count; i++) view.note(walk.refs[i], 0);
  view.touchNoted();
}

/** Does all steps in one go. */
export function finished<Result>(steps: Generator<unknown, Result, void>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Decides when it is worth telling how many keys are written. */
class Telling {
  delayedMs = 0;
  readonly #encoder: RdbEncoder;
  #toldCount = 0;
  #toldBytes = 0;

  constructor(encoder: RdbEncoder) {
    this.#encoder = encoder;
  }

  /** The count when it is, undefined when it is not. */
  due(keyCount: number): number | undefined {
    const writtenBytes = this.#encoder.offsetBytes;
    if (
      keyCount - this.#toldCount < KEYS_PER_TELLING &&
      writtenBytes - this.#toldBytes < BYTES_PER_TELLING &&
      this.delayedMs < DELAY_MS_PER_TELLING
    ) return undefined;
    this.#toldCount = keyCount;
    this.#toldBytes = writtenBytes;
    this.delayedMs = 0;
    return keyCount;
  }
}
