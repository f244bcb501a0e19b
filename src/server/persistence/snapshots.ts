/**
 * The RDB file: when it is saved, in the foreground and beside the server, and how that went.
 */
import { errorText, FileError } from "../../platform/file_system.ts";
import { SAVE_RDB_JOB } from "../../persistence/jobs.ts";
import type { RdbSaveResult, RdbSaveSettings } from "../../persistence/rdb/save.ts";
import { freezeForSave, RdbSaveError, saveRdb } from "../../persistence/rdb/save.ts";
import { absolutePath } from "../config/load.ts";
import type { Engine } from "../engine.ts";
import type { SnapshotJob } from "./snapshot_job.ts";

/** After a save that failed the next one of its own accord waits so long (Redis's five seconds). */
const RETRY_SECONDS = 5;

export class Snapshots {
  /** Seconds since the epoch of the last save that went well, or of the start. */
  lastSaveSeconds: number;
  /** False after a background save that failed, until one goes well. */
  isLastSaveOk = true;
  /** How long the last background save took, in seconds; -1 before the first. */
  lastSaveTookSeconds = -1;
  saveCount = 0;
  /** A background save waits for another job to end. */
  isScheduled = false;

  readonly #engine: Engine;
  readonly #job: SnapshotJob;
  #lastAttemptSeconds = 0;
  #dirtyAtLastSave = 0;

  constructor(engine: Engine, job: SnapshotJob) {
    this.#engine = engine;
    this.#job = job;
    this.lastSaveSeconds = Math.floor(engine.startedMs / 1000);
  }

  /** Changes since the last save (INFO's rdb_changes_since_last_save). */
  get dirty(): number {
    return this.#engine.call.dirty - this.#dirtyAtLastSave;
  }

  /** What there is now is what the file holds. */
  resetDirty(): void {
    this.#dirtyAtLastSave = this.#engine.call.dirty;
  }

  /** Where the file is. */
  get path(): string {
    const { config } = this.#engine;
    return absolutePath(config.text("dir"), config.text("dbfilename"));
  }

  /** False where nothing is saved, or has been. @throws {FileError} */
  get isFolderUsed(): boolean {
    const { config, platform } = this.#engine;
    return config.savePoints().length > 0 || platform.files.stat(this.path) !== undefined;
  }

  get isRunning(): boolean {
    return this.#job.kind === "rdb";
  }

  /** True when writes are to be refused, because the save points promise what the disk refuses. */
  get isFailing(): boolean {
    return !this.isLastSaveOk && this.#engine.config.savePoints().length > 0;
  }

  /** Saves now, while nothing else happens; returns why it could not, undefined when it could. */
  save(): string | undefined {
    const { platform, persistence, keyspace, log } = this.#engine;
    try {
      const result = saveRdb(platform.files, keyspace, this.#settings());
      log.notice("DB saved on disk");
      log.verbose(`Saved ${result.keyCount} keys in ${result.sizeBytes} bytes`);
    } catch (thrown) {
      if (!(thrown instanceof RdbSaveError)) throw thrown;
      log.warning(thrown.message);
      return thrown.message;
    }
    this.isLastSaveOk = true;
    persistence.refreshRefusal();
    this.resetDirty();
    this.lastSaveSeconds = this.#nowSeconds();
    return undefined;
  }

  /** BGSAVE: starts saving beside the server; returns why it could not. */
  saveInBackground(): string | undefined {
    const { keyspace, log, persistence, platform } = this.#engine;
    this.isScheduled = false;
    this.saveCount++;
    this.#lastAttemptSeconds = this.#nowSeconds();
    const dirty = this.#engine.call.dirty;
    const freeze = () => freezeForSave(keyspace, this.#settings());
    const failure = this.#job.start<RdbSaveResult>("rdb", SAVE_RDB_JOB, freeze, {
      done: (result) => this.#saved(result, dirty),
      failed: (error) => {
        log.warning(error.message);
        log.warning("Background saving error");
        this.isLastSaveOk = false;
        this.#ended();
      },
    });
    if (failure === undefined) {
      log.notice(`Background saving started by pid ${platform.process.pid}`);
    } else {
      log.warning(`Can't save in background: ${failure}`);
      this.isLastSaveOk = false;
      persistence.refreshRefusal();
    }
    return failure;
  }

  /** Ends the background save under way, if there is one: its file would be of no use. */
  cancel(): void {
    if (!this.isRunning) return;
    this.#job.cancel();
    this.#engine.log.warning("Background saving cancelled");
    this.lastSaveTookSeconds = this.#job.elapsedSeconds;
  }

  /** Saves in the background where enough has changed for one of the save points. */
  saveIfDue(): void {
    const nowSeconds = this.#nowSeconds();
    const isRetryDue = nowSeconds - this.#lastAttemptSeconds > RETRY_SECONDS;
    if (!isRetryDue && !this.isLastSaveOk) return;
    for (const { seconds, changes } of this.#engine.config.savePoints()) {
      if (this.dirty < changes || nowSeconds - this.lastSaveSeconds <= seconds) continue;
      this.#engine.log.notice(`${changes} changes in ${seconds} seconds. Saving...`);
      this.saveInBackground();
      return;
    }
    if (this.isScheduled) this.saveInBackground();
  }

  /**
   * FLUSHALL: the file must not bring back what has been removed. A save under way is ended, and
   * where there are save points the empty data set is saved at once, as Redis does. (But not for a
   * FLUSHALL in an append-only file: should the rest of that not load, the RDB file is what is left.)
   */
  afterFlushAll(): void {
    if (this.#engine.isLoading) return;
    this.cancel();
    if (this.#engine.config.savePoints().length > 0) this.save();
  }

  /**
   * Finds out now, and not when there is something to lose, that `dir` cannot be written.
   * @throws {FileError}
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
      throw thrown;
    }
  }

  #saved(result: RdbSaveResult, dirty: number): void {
    const { log } = this.#engine;
    log.verbose(`Saved ${result.keyCount} keys in ${result.sizeBytes} bytes`);
    log.notice("Background saving terminated with success");
    this.isLastSaveOk = true;
    this.#dirtyAtLastSave = dirty;
    this.lastSaveSeconds = this.#nowSeconds();
    this.#ended();
  }

  #ended(): void {
    this.lastSaveTookSeconds = this.#job.elapsedSeconds;
    this.#engine.persistence.refreshRefusal();
  }

  #nowSeconds(): number {
    return Math.floor(this.#engine.clock.wallMs() / 1000);
  }

  #settings(): RdbSaveSettings {
    const { platform, config } = this.#engine;
    return {
      ...this.#engine.persistence.contentSettings(),
      directory: config.text("dir"),
      fileName: config.text("dbfilename"),
      pid: platform.process.pid,
      syncsIncrementally: config.flag("rdb-save-incremental-fsync"),
      keyDelayUs: config.number("rdb-key-save-delay"),
    };
  }
}
