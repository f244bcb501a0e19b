/**
 * Everything about the data set on disk, together: the RDB file, the append-only file, the job that
 * writes either, and loading. The parts have files of their own; what concerns several is here, in
 * the order in which Redis does it (serverCron, finishShutdown).
 */
import type { RdbContentSettings } from "../../persistence/rdb/snapshot.ts";
import { FileError } from "../../platform/file_system.ts";
import type { Client } from "../client.ts";
import type { Engine } from "../engine.ts";
import { REDIS_VERSION } from "../version.ts";
import { AofRewrites } from "./aof_rewrites.ts";
import { AppendOnly } from "./append_only.ts";
import { DataLoading } from "./data_loading.ts";
import { HeldReplies } from "./held_replies.ts";
import { removeLeftovers } from "./leftovers.ts";
import { SnapshotJob } from "./snapshot_job.ts";
import { Snapshots } from "./snapshots.ts";
import { StartFailure } from "./start_failure.ts";

const RDB_REFUSAL =
  "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to " +
  "persist to disk. Commands that may modify the data set are disabled, because this instance is " +
  "configured to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error " +
  "option). Please check the Redis logs for details about the RDB error.";

export class Persistence {
  readonly job: SnapshotJob;
  readonly snapshots: Snapshots;
  readonly log: AppendOnly;
  readonly rewrites: AofRewrites;
  readonly loading: DataLoading;
  /** The error that commands which write are answered with; "" while all is well. */
  refusal = "";

  readonly #engine: Engine;
  readonly #held: HeldReplies = new HeldReplies();

  constructor(engine: Engine) {
    this.#engine = engine;
    this.job = new SnapshotJob(engine);
    this.snapshots = new Snapshots(engine, this.job);
    this.log = new AppendOnly(engine);
    this.rewrites = new AofRewrites(engine, this.job, this.log);
    this.loading = new DataLoading(engine);
    engine.config.onChange(["save", "stop-writes-on-bgsave-error"], () => {
      this.refreshRefusal();
      return undefined;
    });
  }

  /** Loads what there is and opens the append-only file. @throws {StartFailure} */
  async start(): Promise<void> {
    const { config } = this.#engine;
    const pattern = /^temp-(\d+)\.rdb$/;
    removeLeftovers(this.#engine, config.text("dir"), pattern, () => this.snapshots.isFolderUsed);
    if (!(await this.loading.atStart())) return;
    if (!config.flag("appendonly")) return;
    try {
      this.rewrites.open();
    } catch (thrown) {
      if (!(thrown instanceof Error)) throw thrown;
      this.#engine.log.warning(`Can't open the append-only file: ${thrown.message}`);
      throw new StartFailure(thrown.message);
    }
  }

  /** Finds out whether `dir` can be written. @throws {StartFailure} */
  checkDirectory(): void {
    try {
      this.snapshots.checkDirectory();
    } catch (thrown) {
      throw thrown instanceof FileError ? new StartFailure(thrown.message) : thrown;
    }
  }

  /** True when something waits to be written before replies may leave. */
  get isWriteDue(): boolean {
    return this.log.buffer.length > 0;
  }

  /** Before replies leave: what they promise is written first, or they say that it could not be. */
  beforeReplies(): void {
    const isKept = this.log.flush(false);
    if (!isKept) this.#held.refuse(this.#logRefusal);
    this.#held.forget();
    this.#engine.blocking.serveOthers();
  }

  /** Whether all that a client has written so far would survive a loss of power. */
  isDurable(client: Client): boolean {
    return this.rewrites.state === "on" && this.log.syncedOffset >= client.logOffset;
  }

  /** The reply of a command that has written something stands from there to the end. */
  holdReply(client: Client, from: number): void {
    if (this.log.isOpen && client.reply.length > from) {
      this.#held.add(client, from, client.reply.length);
    }
  }

  /** What is done `hz` times a second. */
  tick(): void {
    if (this.#engine.isLoading) return;
    this.log.tick();
    this.#engine.blocking.serveOthers();
    if (this.job.isBusy) return;
    this.rewrites.startIfScheduled();
    if (!this.job.isBusy) this.snapshots.saveIfDue();
    if (!this.job.isBusy) this.rewrites.startIfGrown();
  }

  /** CONFIG RESETSTAT. */
  resetStatistics(): void {
    this.snapshots.saveCount = 0;
    this.rewrites.count = 0;
    this.log.delayedSyncCount = 0;
    this.job.freezeCount = 0;
  }

  /** Something has changed that decides whether writes are accepted. */
  refreshRefusal(): void {
    const { config } = this.#engine;
    if (config.flag("stop-writes-on-bgsave-error") && this.snapshots.isFailing) {
      this.refusal = RDB_REFUSAL;
    } else {
      this.refusal = this.log.isOpen && this.log.error !== "" ? this.#logRefusal : "";
    }
  }

  get #logRefusal(): string {
    return `MISCONF Errors writing to the AOF file: ${this.log.error}`;
  }

  /** What is said of the data set in every RDB file. */
  contentSettings(): RdbContentSettings {
    const { config } = this.#engine;
    return {
      redisVersion: REDIS_VERSION,
      usedMemoryBytes: this.#engine.usedMemoryBytes,
      maxmemoryPolicy: config.choice("maxmemory-policy"),
      compresses: config.flag("rdbcompression"),
      checksums: config.flag("rdbchecksum"),
    };
  }

  /**
   * The server is about to end: what runs is ended, the log is synced.
   * @returns false where ending now would lose the data set, which is not written yet.
   */
  prepareEnd(isForced: boolean): boolean {
    const { log } = this.#engine;
    if (this.snapshots.isRunning) {
      log.warning("There is a child saving an .rdb. Killing it!");
      this.snapshots.cancel();
    }
    if (this.rewrites.isRunning) {
      if (this.rewrites.state === "waiting") {
        log.warning(`Writing initial AOF${isForced ? ". Exit anyway." : ", can't exit."}`);
        if (!isForced) return false;
      }
      log.warning("There is a child rewriting the AOF. Killing it!");
      this.rewrites.cancel();
    }
    if (this.log.isOpen) {
      log.notice("Calling fsync() on the AOF file.");
      this.log.flush(true);
      const failure = this.log.sync();
      if (failure !== "") log.warning(`Fail to fsync the AOF file: ${failure}.`);
    }
    return true;
  }

  /** The server has ended. */
  close(): void {
    this.loading.abandon();
    this.job.cancel();
    this.#engine.propagation.sink = null;
    this.log.closeFile();
  }
}
