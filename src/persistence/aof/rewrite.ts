/**
 * The base file of an append-only file, made anew from a heap, live or frozen: an RDB file
 * (`aof-use-rdb-preamble`), or the commands that make the same data set:
 *
 *     #TS:1700000000        where timestamps are wanted
 *     SELECT 0
 *     SET key value
 *     PEXPIREAT key 1700000000123
 *
 * The file is left under the name that it is given. It counts when the server has renamed it and
 * put it into the manifest.
 */
import { latin1Bytes } from "../../base/ascii.ts";
import { ENTRY_EXPIRES } from "../../heap/entry.ts";
import type { HeapImage, HeapView } from "../../heap/heap_view.ts";
import type { Keyspace } from "../../keyspace/keyspace.ts";
import type { FileSystem } from "../../platform/file_system.ts";
import type { EntryWriter, WriteSteps } from "../entry_writing.ts";
import { finished, writeEntries } from "../entry_writing.ts";
import type { RdbRest } from "../rdb/rdb_encoder.ts";
import { RdbEncoder } from "../rdb/rdb_encoder.ts";
import { writeRdb } from "../rdb/rdb_writer.ts";
import type { RdbContents, RdbContentSettings, RdbDatabase } from "../rdb/snapshot.ts";
import { describeContents } from "../rdb/snapshot.ts";
import { savedType } from "../rdb/value_types.ts";
import { TemporaryFile } from "../temporary_file.ts";
import { aofWriteError } from "./aof_directory.ts";
import { commandStart, CommandText } from "./command_text.ts";

const SELECT = commandStart(2, "SELECT");
const PEXPIREAT = commandStart(3, "PEXPIREAT");

/** How a base file is written. */
export interface AofRewriteFileSettings {
  /** The file to write; it is replaced. */
  readonly path: string;
  /** `aof-use-rdb-preamble`. */
  readonly usesRdbPreamble: boolean;
  /** `aof-rewrite-incremental-fsync`. */
  readonly syncsIncrementally: boolean;
  /** `aof-timestamp-enabled`: now, in seconds since the epoch. An RDB file has a time of its own. */
  readonly timestampSeconds?: number | undefined;
  /** `rdb-key-save-delay`, as {@link writeEntries} takes it; 0 when it is not given. */
  readonly keyDelayUs?: number | undefined;
}

/** Everything that a rewrite has to know. */
export interface AofRewriteSettings extends AofRewriteFileSettings, RdbContentSettings {}

/** What a rewrite has done. */
export interface AofRewriteResult {
  readonly keyCount: number;
  readonly sizeBytes: number;
}

/** What the job `rewrite-aof` is given: structured clone shares the heap. */
export interface AofRewriteJob {
  readonly image: HeapImage;
  readonly contents: RdbContents;
  readonly settings: AofRewriteFileSettings;
}

/**
 * Freezes the keyspace and describes it for the job `rewrite-aof`. The caller ends the freeze with
 * `keyspace.heap.release()` when the job is over.
 */
export function freezeForRewrite(keyspace: Keyspace, settings: AofRewriteSettings): AofRewriteJob {
  const contents = describeContents(keyspace, { ...settings, isAofBase: true });
  const { path, usesRdbPreamble, syncsIncrementally, timestampSeconds, keyDelayUs } = settings;
  return {
    image: keyspace.heap.freeze(),
    contents,
    settings: { path, usesRdbPreamble, syncsIncrementally, timestampSeconds, keyDelayUs },
  };
}

/**
 * Writes the keyspace as it is now to a base file; returns when it is done.
 * @throws {AofWriteError}
 */
export function rewriteAof(
  files: FileSystem,
  keyspace: Keyspace,
  settings: AofRewriteSettings,
): AofRewriteResult {
  const contents = describeContents(keyspace, { ...settings, isAofBase: true });
  return finished(writeAofBase(files, keyspace.heap, contents, settings));
}

/**
 * Writes a base file from a heap that does not change meanwhile, in steps. Yields as
 * {@link writeEntries} does. When it fails or is ended early the file is removed.
 * @throws {AofWriteError}
 */
export function* writeAofBase(
  files: FileSystem,
  view: HeapView,
  contents: RdbContents,
  settings: AofRewriteFileSettings,
): Generator<number | undefined, AofRewriteResult, void> {
  const { path, usesRdbPreamble, syncsIncrementally, keyDelayUs = 0 } = settings;
  const texts = {
    open: "Opening the temp file for AOF rewrite in rewriteAppendOnlyFile()",
    write: "Write error writing append only file on disk",
    error: aofWriteError,
  };
  const file = new TemporaryFile(
    files,
    path,
    { ...texts, sync: texts.write, close: texts.write, move: texts.write },
    syncsIncrementally,
  );
  try {
    const isChecked = usesRdbPreamble && contents.checksums;
    const encoder = new RdbEncoder((bytes) => file.append(bytes), isChecked);
    if (usesRdbPreamble) yield* writeRdb(encoder, view, contents, keyDelayUs);
    else yield* writeCommands(encoder, view, contents, settings);
    file.finish();
    // The last chance to notice that nobody waits for the file any more.
    yield undefined;
    file.keep();
    return { keyCount: contents.keyCount, sizeBytes: encoder.offsetBytes };
  } finally {
    file.end();
  }
}

function* writeCommands(
  encoder: RdbEncoder,
  view: HeapView,
  contents: RdbContents,
  { timestampSeconds, keyDelayUs = 0 }: AofRewriteFileSettings,
): WriteSteps {
  if (timestampSeconds !== undefined) {
    const line = latin1Bytes(`#TS:${timestampSeconds}\r\n`);
    encoder.raw(line, 0, line.length);
  }
  const writer = new CommandWriter(new CommandText(encoder), view);
  yield* writeEntries(encoder, view, contents, writer, keyDelayUs);
  encoder.flush();
}

class CommandWriter implements EntryWriter {
  readonly #text: CommandText;
  readonly #view: HeapView;

  constructor(text: CommandText, view: HeapView) {
    this.#text = text;
    this.#view = view;
  }

  beginDatabase({ index }: RdbDatabase): void {
    this.#text.start(SELECT);
    this.#text.int64(0, index);
  }

  write(ref: number): RdbRest | undefined {
    const view = this.#view;
    const rest = savedType(view, ref).rewrite(this.#text, view, ref);
    if (rest !== undefined) return this.#finish(rest, ref);
    this.#writeExpiry(ref);
    return undefined;
  }

  *#finish(rest: RdbRest, ref: number): RdbRest {
    yield* rest;
    this.#writeExpiry(ref);
  }

  #writeExpiry(ref: number): void {
    const word = this.#view.read(ref) >>> 2;
    const words = this.#view.words;
    if ((words[word + 1] & ENTRY_EXPIRES) === 0) return;
    const low = words[word + 3];
    const high = words[word + 4];
    this.#text.start(PEXPIREAT);
    this.#text.key(this.#view, ref);
    this.#text.int64(high, low);
  }
}
