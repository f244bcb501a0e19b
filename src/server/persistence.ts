/**
 * When and where the data set is saved and loaded, and how it went.
 *
 * Loading goes in steps of some milliseconds with the event loop between them, so that a server with
 * a large file answers -LOADING meanwhile instead of nothing.
 */
import { errorText, FileError } from "../platform/file_system.ts";
import { RdbError } from "../persistence/rdb/rdb_format.ts";
import type { RdbLoadProgress, RdbLoadResult } from "../persistence/rdb/load.ts";
import { loadRdb } from "../persistence/rdb/load.ts";
import { RdbSaveError, saveRdb } from "../persistence/rdb/save.ts";
import { absolutePath } from "./config/load.ts";
import type { Engine } from "./engine.ts";
import { REDIS_VERSION } from "./version.ts";

/** The server cannot start on the files as they are; the log says why. */
export class StartFailure extends Error {}

/** How DEBUG RELOAD goes about it. */
export interface ReloadOptions {
  readonly saves: boolean;
  readonly flushes: boolean;
  readonly merges: boolean;
}

export class Persistence {
  /** Seconds since the epoch of the last save that went well, or of the start. */
  lastSaveSeconds: number;
  /** False after a save that failed. */
  isLastSaveOk = true;
  /** How long the last save took, in seconds; -1 before the first. */
  lastSaveTookSeconds = -1;
  saveCount = 0;
  /** Keys of the file that was loaded last, and those of it that had expired. */
  loadedCount = 0;
  loadedExpiredCount = 0;
  /** How far the load under way has come; null when there is none. */
  progress: RdbLoadProgress | null = null;
  loadStartedMs = 0;
  /** The server stops: what is left of the load under way is of no use. */
  #isAbandoned = false;
  #dirtyAtLastSave = 0;
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.lastSaveSeconds = Math.floor(engine.startedMs / 1000);
  }

  /** Changes since the last save (INFO's rdb_changes_since_last_save). */
  get dirty(): number {
    return this.#engine.call.dirty - this.#dirtyAtLastSave;
  }

  /** Where the RDB file is. */
  get path(): string {
    const { config } = this.#engine;
    return absolutePath(config.text("dir"), config.text("dbfilename"));
  }

  /** Saves the data set now; returns why it could not, undefined when it could. */
  save(): string | undefined {
    const { platform, config, keyspace, log, clock } = this.#engine;
    const startedUs = clock.monotonicUs();
    this.saveCount++;
    try {
      const result = saveRdb(platform.files, keyspace, {
        directory: config.text("dir"),
        fileName: config.text("dbfilename"),
        pid: platform.process.pid,
        syncsIncrementally: config.flag("rdb-save-incremental-fsync"),
        redisVersion: REDIS_VERSION,
        usedMemoryBytes: this.#engine.usedMemoryBytes,
        maxmemoryPolicy: config.choice("maxmemory-policy"),
        compresses: config.flag("rdbcompression"),
        checksums: config.flag("rdbchecksum"),
      });
      log.notice("DB saved on disk");
      log.verbose(`Saved ${result.keyCount} keys in ${result.sizeBytes} bytes`);
    } catch (thrown) {
      if (!(thrown instanceof RdbSaveError)) throw thrown;
      this.isLastSaveOk = false;
      log.warning(thrown.message);
      return thrown.message;
    }
    this.isLastSaveOk = true;
    this.#dirtyAtLastSave = this.#engine.call.dirty;
    this.lastSaveSeconds = Math.floor(clock.wallMs() / 1000);
    this.lastSaveTookSeconds = Math.floor((clock.monotonicUs() - startedUs) / 1e6);
    return undefined;
  }

  /**
   * Finds out now, and not when there is something to lose, that `dir` cannot be written.
   * @throws {StartFailure}
   */
  checkDirectory(): void {
    const { platform, config, log } = this.#engine;
    if (config.savePoints().length === 0) return;
    const directory = config.text("dir");
    const probe = absolutePath(directory, `temp-${platform.process.pid}.probe`);
    try {
      platform.files.open(probe, "create").close();
      platform.files.remove(probe);
    } catch (thrown) {
      if (!(thrown instanceof FileError)) throw thrown;
      log.warning(
        `Can't write to the directory ${directory}, where the data set is saved: ` +
          `${errorText(thrown.code)}. Choose another with dir, or turn saving off with save "".`,
      );
      throw new StartFailure(thrown.message);
    }
  }

  /** Loads what was saved, when there is something. @throws {StartFailure} */
  async loadAtStart(): Promise<void> {
    const { platform, log, clock } = this.#engine;
    if (platform.files.stat(this.path) === undefined) return;
    const startedUs = clock.monotonicUs();
    const steps = this.#load(false);
    this.#beginLoading();
    try {
      for (;;) {
        const step = this.#stepOrFail(steps);
        if (step.done === true) {
          this.#loaded(step.value);
          break;
        }
        this.progress = step.value;
        // Not atTurnEnd: on Deno nothing is received while one end of a turn asks for the next.
        await new Promise<void>((resolve) => clock.schedule(0, resolve));
        if (this.#isAbandoned) {
          steps.return({ loadedCount: 0, expiredCount: 0, endBytes: 0 });
          return;
        }
      }
    } finally {
      this.#endLoading();
    }
    const seconds = ((clock.monotonicUs() - startedUs) / 1e6).toFixed(3);
    log.notice(`DB loaded from disk: ${seconds} seconds`);
  }

  /** Ends the load at the start where it is. */
  abandonLoad(): void {
    this.#isAbandoned = true;
  }

  /** DEBUG RELOAD: saves, empties, loads. Returns why it could not. */
  reload(options: ReloadOptions): string | undefined {
    const { keyspace } = this.#engine;
    if (options.saves) {
      const failure = this.save();
      if (failure !== undefined) return failure;
    }
    if (options.flushes) keyspace.flush();
    try {
      this.#beginLoading();
      const steps = this.#load(options.merges || !options.flushes);
      for (;;) {
        const step = this.#stepOrFail(steps);
        if (step.done !== true) continue;
        this.#loaded(step.value);
        return undefined;
      }
    } catch (thrown) {
      if (!(thrown instanceof StartFailure)) throw thrown;
      return thrown.message;
    } finally {
      this.#endLoading();
    }
  }

  #load(merges: boolean): Generator<RdbLoadProgress, RdbLoadResult, void> {
    const { platform, config, keyspace, settings, log } = this.#engine;
    return loadRdb(platform.files, this.path, keyspace, {
      verifiesChecksum: config.flag("rdbchecksum") && !settings.skipChecksumValidation,
      merges,
      notice: (text) => log.notice(text),
    });
  }

  #stepOrFail(
    steps: Generator<RdbLoadProgress, RdbLoadResult, void>,
  ): IteratorResult<RdbLoadProgress, RdbLoadResult> {
    try {
      return steps.next();
    } catch (thrown) {
      const { log } = this.#engine;
      if (thrown instanceof RdbError) {
        log.warning(`${this.path}: ${thrown.message}`);
        log.warning(
          "Fatal error loading the DB, check server logs. Exiting. The file is left as it is: " +
            "move it away to start empty, or put a backup in its place.",
        );
      } else if (thrown instanceof FileError) {
        log.warning(
          `Fatal error: can't open the RDB file ${this.path} for reading: ` +
            errorText(thrown.code),
        );
      } else throw thrown;
      throw new StartFailure(thrown.message);
    }
  }

  #beginLoading(): void {
    const engine = this.#engine;
    engine.isLoading = true;
    this.loadStartedMs = engine.clock.wallMs();
    engine.keyspace.setNow(this.loadStartedMs);
  }

  #endLoading(): void {
    this.#engine.isLoading = false;
    this.progress = null;
  }

  #loaded(result: RdbLoadResult): void {
    this.loadedCount = result.loadedCount;
    this.loadedExpiredCount = result.expiredCount;
    this.#dirtyAtLastSave = this.#engine.call.dirty;
  }
}
