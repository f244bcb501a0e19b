/**
 * Writing a whole RDB file from a heap, live or frozen: header, AUX fields, databases, end. It works
 * in steps, so that it can run in slices between other work; what it reads must not change meanwhile.
 *
 * Keys are written as they are, expired ones with their expiry time too: it is the loading server
 * that knows whether it may drop them.
 */
import { latin1Bytes } from "../../base/ascii.ts";
import { Prng } from "../../base/prng.ts";
import { ENTRY_EXPIRES, ENTRY_KEY_LENGTH_MASK, keyOffset } from "../../heap/entry.ts";
import type { HeapView } from "../../heap/heap_view.ts";
import { AccessClock } from "../../keyspace/access.ts";
import type { EntryWriter, WriteSteps } from "../entry_writing.ts";
import { finished, writeEntries } from "../entry_writing.ts";
import type { RdbEncoder, RdbRest } from "./rdb_encoder.ts";
import {
  OPCODE_AUX,
  OPCODE_EOF,
  OPCODE_EXPIRETIME_MS,
  OPCODE_FREQ,
  OPCODE_IDLE,
  OPCODE_RESIZEDB,
  OPCODE_SELECTDB,
  rdbMagic,
} from "./rdb_format.ts";
import type { RdbContents, RdbDatabase } from "./snapshot.ts";
import { savedType } from "./value_types.ts";

/**
 * Writes a file of these contents, in steps as {@link writeEntries} does; the encoder has handed
 * everything to its sink at the end.
 */
export function* writeRdb(
  encoder: RdbEncoder,
  view: HeapView,
  contents: RdbContents,
  keyDelayUs: number,
): WriteSteps {
  encoder.compresses = contents.compresses;
  const magic = rdbMagic(contents.version);
  encoder.raw(magic, 0, magic.length);
  for (const [name, value] of contents.aux) {
    encoder.byte(OPCODE_AUX);
    writeText(encoder, name);
    writeText(encoder, value);
  }
  const writer = new RdbEntryWriter(encoder, view, contents);
  yield* writeEntries(encoder, view, contents, writer, keyDelayUs);
  encoder.byte(OPCODE_EOF);
  encoder.checksum();
}

function writeText(encoder: RdbEncoder, text: string): void {
  const bytes = latin1Bytes(text);
  encoder.string(bytes, 0, bytes.length);
}

class RdbEntryWriter implements EntryWriter {
  readonly #encoder: RdbEncoder;
  readonly #view: HeapView;
  readonly #savesIdle: boolean;
  readonly #savesFrequency: boolean;
  readonly #access: AccessClock;

  constructor(encoder: RdbEncoder, view: HeapView, contents: RdbContents) {
    this.#encoder = encoder;
    this.#view = view;
    this.#savesIdle = contents.access === "idle";
    this.#savesFrequency = contents.access === "frequency";
    // Only reads what entries hold, so nothing here is left to chance.
    this.#access = new AccessClock(new Prng(new Uint8Array(16)));
    this.#access.isLfu = this.#savesFrequency;
    this.#access.decayMinutes = contents.decayMinutes;
    this.#access.tick(contents.nowMs);
  }

  beginDatabase({ index, keys, expiresCount }: RdbDatabase): void {
    const encoder = this.#encoder;
    encoder.byte(OPCODE_SELECTDB);
    encoder.lengthOf(index);
    encoder.byte(OPCODE_RESIZEDB);
    encoder.lengthOf(keys.count);
    encoder.lengthOf(expiresCount);
  }

  write(ref: number): RdbRest | undefined {
    const encoder = this.#encoder;
    const view = this.#view;
    const word = view.read(ref) >>> 2;
    const words = view.words;
    const header = words[word];
    const flags = words[word + 1];
    if ((flags & ENTRY_EXPIRES) !== 0) {
      encoder.byte(OPCODE_EXPIRETIME_MS);
      encoder.int32(words[word + 3]);
      encoder.int32(words[word + 4]);
    }
    if (this.#savesIdle) {
      encoder.byte(OPCODE_IDLE);
      encoder.lengthOf(this.#access.idleSeconds(header >>> 8));
    } else if (this.#savesFrequency) {
      encoder.byte(OPCODE_FREQ);
      encoder.byte(this.#access.frequency(header >>> 8));
    }
    const type = savedType(view, ref);
    encoder.byte(type.byte);
    const key = encoder.heapString(view, ref, keyOffset(flags), flags & ENTRY_KEY_LENGTH_MASK);
    // Keys of more than a piece are so rare that they need no pause.
    if (key !== undefined) finished(key);
    return type.save(encoder, view, ref);
  }
}
