/**
 * Loading an append-only file: base, then increments, as the manifest lists them.
 *
 * A base may be an RDB file, commands, or (written before Redis 7) an RDB file with commands behind
 * it. Only the last file may end in the middle of something, which is what a crash leaves: then it is
 * cut back to what is whole, where `aof-load-truncated` allows that. (The last one that holds
 * anything: a crash can come when the next increment has been made and nothing written to it yet.)
 * Everything else that is not as it was written is an error, and no file is touched.
 */
import {
  AOF_BAD,
  AOF_COMMAND,
  AOF_END,
  AOF_PAUSE,
  AOF_TRUNCATED,
  AofReader,
} from "../../persistence/aof/aof_reader.ts";
import type { AofFile, AofManifest } from "../../persistence/aof/aof_manifest.ts";
import { loadRdb } from "../../persistence/rdb/load.ts";
import type { RdbLoadProgress } from "../../persistence/rdb/load.ts";
import { RdbError } from "../../persistence/rdb/rdb_format.ts";
import { errorText, FileError } from "../../platform/file_system.ts";
import { latin1 } from "../../base/ascii.ts";
import { absolutePath } from "../config/load.ts";
import type { Engine } from "../engine.ts";
import { AofReplay } from "./aof_replay.ts";
import type { DataLoading } from "./data_loading.ts";

/** The file cannot be loaded; the log has said why, and what to do. */
export class AofCorrupt extends Error {}

const RDB_MAGICS = ["REDIS", "VALKE"];

export class AofLoading {
  readonly #engine: Engine;
  readonly #loading: DataLoading;
  readonly #replay: AofReplay;
  #totalBytes = 0;
  /** Bytes of the files that have been loaded. */
  #doneBytes = 0;

  constructor(engine: Engine, loading: DataLoading) {
    this.#engine = engine;
    this.#loading = loading;
    this.#replay = new AofReplay(engine);
  }

  /**
   * Finds out what is to be loaded; false where there is no append-only file at all. A single file
   * from before Redis 7 moves into the folder as the first base.
   * @throws {AofManifestError}, AofWriteError and FileError.
   */
  prepare(): boolean {
    this.#upgrade();
    const { base, incremental } = this.#manifest;
    return base !== undefined || incremental.length > 0;
  }

  /** Loads all files. @throws {AofCorrupt} and FileError; the keyspace then holds a part of it. */
  *steps(): Generator<RdbLoadProgress, void, void> {
    const { log, clock } = this.#engine;
    const { base, incremental } = this.#manifest;
    const files = base === undefined ? incremental : [base, ...incremental];
    const sizes = files.map((each) => this.#sizeOf(each));
    for (const sizeBytes of sizes) this.#totalBytes += sizeBytes;
    const last = sizes.findLastIndex((sizeBytes) => sizeBytes > 0);
    for (const [index, each] of files.entries()) {
      const startedUs = clock.monotonicUs();
      yield* this.#loadFile(each, index >= last);
      const seconds = ((clock.monotonicUs() - startedUs) / 1e6).toFixed(3);
      const kind = each.type === "base" ? "base" : "incr";
      log.notice(`DB loaded from ${kind} file ${each.name}: ${seconds} seconds`);
    }
  }

  get #manifest(): AofManifest {
    return this.#engine.persistence.rewrites.manifest;
  }

  #pathOf({ name }: AofFile): string {
    return this.#engine.persistence.rewrites.directory.filePath(name);
  }

  #sizeOf(each: AofFile): number {
    const status = this.#engine.platform.files.stat(this.#pathOf(each));
    if (status !== undefined) return status.sizeBytes;
    return this.#fail(
      `The append log file ${each.name} doesn't exist: ${errorText("ENOENT")}`,
      "Put it back from a backup, or move the folder away to start without it.",
    );
  }

  *#loadFile(each: AofFile, isLast: boolean): Generator<RdbLoadProgress, void, void> {
    const path = this.#pathOf(each);
    const file = this.#engine.platform.files.open(path, "read");
    try {
      const magic = new Uint8Array(5);
      const isRdb = file.readAt(0, magic) === 5 && RDB_MAGICS.includes(latin1(magic, 0, 5));
      const start = isRdb ? yield* this.#loadPreamble(each, path) : 0;
      const reader = new AofReader(file, start);
      const cutAtBytes = yield* this.#replayFile(reader, each);
      if (cutAtBytes !== undefined) this.#cutOff(each, reader, cutAtBytes, isLast);
      this.#doneBytes += reader.sizeBytes;
    } finally {
      file.close();
    }
  }

  /** Loads the RDB part of a file and returns where it ends. */
  *#loadPreamble(each: AofFile, path: string): Generator<RdbLoadProgress, number, void> {
    const { config, keyspace, log, platform, settings } = this.#engine;
    const isOld = each.name === config.text("appendfilename");
    log.notice(
      isOld ? "Reading RDB preamble from AOF file..." : "Reading RDB base file on AOF loading...",
    );
    const loading = this.#loading;
    const steps = loadRdb(platform.files, path, keyspace, {
      verifiesChecksum: config.flag("rdbchecksum") && !settings.skipChecksumValidation,
      sanitizes: config.choice("sanitize-dump-payload") === "yes",
      keepsExpired: true,
      aux: (name, value) => loading.takeField(name, value),
      notice: (text) => log.notice(text),
    });
    try {
      for (;;) {
        const step = steps.next();
        if (step.done !== true) {
          yield this.#progress(step.value.loadedBytes);
          continue;
        }
        loading.countLoaded(step.value);
        if (isOld) log.notice("Reading the remaining AOF tail...");
        return step.value.endBytes;
      }
    } catch (thrown) {
      if (!(thrown instanceof RdbError)) throw thrown;
      log.warning(thrown.message);
      return this.#fail(
        isOld
          ? `Error reading the RDB preamble of the AOF file ${each.name}, AOF loading aborted`
          : `Error reading the RDB base file ${each.name}, AOF loading aborted`,
        "The file is left as it is: put a backup in its place, or move the folder away to start " +
          "without it.",
      );
    } finally {
      steps.return({ loadedCount: 0, expiredCount: 0, endBytes: 0 });
    }
  }

  /** Runs the commands of a file; returns where it must be cut off, where it ends in a thing. */
  *#replayFile(
    reader: AofReader,
    each: AofFile,
  ): Generator<RdbLoadProgress, number | undefined, void> {
    const { keyspace, clock } = this.#engine;
    const replay = this.#replay;
    let multiAtBytes = 0;
    replay.beginFile();
    for (;;) {
      const beganAtBytes = reader.offsetBytes;
      const found = reader.next();
      switch (found) {
        case AOF_COMMAND: {
          const wasInTransaction = replay.isInTransaction;
          const failure = replay.run(reader);
          if (failure !== "") this.#failReplay(each, failure, beganAtBytes);
          if (!wasInTransaction && replay.isInTransaction) multiAtBytes = beganAtBytes;
          break;
        }
        case AOF_PAUSE:
          keyspace.keysAhead.clear();
          yield this.#progress(reader.offsetBytes);
          keyspace.setNow(clock.wallMs());
          break;
        case AOF_END:
          return replay.isInTransaction ? multiAtBytes : undefined;
        case AOF_TRUNCATED:
          return replay.isInTransaction ? multiAtBytes : reader.offsetBytes;
        case AOF_BAD:
          this.#failFormat(each, reader);
      }
    }
  }

  /** A crash in the middle of a write: what is not whole is cut off, where that is allowed. */
  #cutOff(each: AofFile, reader: AofReader, atBytes: number, isLast: boolean): void {
    const { config, log, platform } = this.#engine;
    const { name } = each;
    if (this.#replay.isInTransaction) {
      log.warning(`Revert incomplete MULTI/EXEC transaction in AOF file ${name}`);
    }
    if (!isLast) {
      const reason = reader.reason === "" ? "EXEC is missing" : reader.reason;
      log.warning(`${name} ends unexpectedly at offset ${atBytes}: ${reason}`);
      this.#fail("Fatal error: the truncated file is not the last file", CHECK_ADVICE);
    }
    if (!config.flag("aof-load-truncated")) {
      this.#fail(
        `Unexpected end of file reading the append only file ${name} (offset ${atBytes}). You can: ` +
          "1) Make a backup of your AOF file, then use --check-aof --fix <filename.manifest>. " +
          "2) Alternatively you can set the 'aof-load-truncated' configuration option to yes and " +
          "restart the server.",
        "",
      );
    }
    log.warning(`!!! Warning: short read while loading the AOF file ${name}!!!`);
    log.warning(`!!! Truncating the AOF ${name} at offset ${atBytes} !!!`);
    try {
      const file = platform.files.open(this.#pathOf(each), "append");
      try {
        file.truncate(atBytes);
        file.sync();
      } finally {
        file.close();
      }
    } catch (thrown) {
      if (!(thrown instanceof FileError)) throw thrown;
      this.#fail(`Error truncating the AOF file ${name}: ${errorText(thrown.code)}`, "");
    }
    log.warning(`AOF ${name} loaded anyway because aof-load-truncated is enabled`);
  }

  /** Redis before 7 had one file, in `dir` itself. */
  #upgrade(): void {
    const { config, log, platform, persistence } = this.#engine;
    const { files } = platform;
    const name = config.text("appendfilename");
    const oldPath = absolutePath(config.text("dir"), name);
    if (files.stat(oldPath)?.kind !== "file") return;
    const { rewrites } = persistence;
    const { directory } = rewrites;
    const { base, incremental } = rewrites.manifest;
    // A crash between the two steps below leaves a manifest that names a file not moved yet.
    const isHalfDone = base?.name === name && files.stat(directory.filePath(name)) === undefined;
    if (incremental.length > 0 || (base !== undefined && !isHalfDone)) return;
    directory.make();
    const first: AofFile = { name, sequence: 1, type: "base" };
    rewrites.persist({ ...rewrites.manifest, base: first, baseSequence: 1 });
    files.rename(oldPath, directory.filePath(name));
    files.syncDirectory(directory.path);
    log.notice(
      `Successfully migrated an old-style AOF file (${name}) into the AOF directory ` +
        `(${config.text("appenddirname")}).`,
    );
  }

  #progress(loadedBytes: number): RdbLoadProgress {
    return {
      loadedBytes: this.#doneBytes + loadedBytes,
      totalBytes: this.#totalBytes,
      loadedCount: this.#replay.count,
    };
  }

  #failReplay(each: AofFile, failure: string, atBytes: number): never {
    return this.#fail(
      `${failure} reading the append only file ${each.name} (offset ${atBytes})`,
      "The file is left as it is: it was written by a server that knows more, or it is damaged.",
    );
  }

  #failFormat(each: AofFile, reader: AofReader): never {
    return this.#fail(
      `Bad file format reading the append only file ${each.name} (offset ${reader.offsetBytes}: ` +
        `${reader.reason}): make a backup of your AOF file, then use --check-aof --fix ` +
        "<filename.manifest>",
      "",
    );
  }

  #fail(reason: string, advice: string): never {
    const { log } = this.#engine;
    log.warning(reason);
    if (advice !== "") log.warning(advice);
    throw new AofCorrupt(reason);
  }
}

const CHECK_ADVICE =
  "Make a backup of the folder, then use --check-aof <filename.manifest> to see " +
  "how much of it can be read.";
