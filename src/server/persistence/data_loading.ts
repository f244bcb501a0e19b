/**
 * Loading what was saved: at the start, and for DEBUG RELOAD and LOADAOF.
 *
 * Loading goes in steps of some milliseconds with the event loop between them, so that a server with
 * large files answers -LOADING meanwhile instead of nothing.
 *
 * With `appendonly yes` the append-only file is loaded; only where there is none at all, the RDB
 * file. (Redis starts empty then, and its next save replaces the RDB file: a way to lose everything
 * by one line of configuration.)
 *
 * A file that is damaged, but for a tail that was cut off, ends the start and stays as it is. With
 * `corrupt-file-policy quarantine` it is moved aside instead, and the server starts empty.
 */
import { AofWriteError } from "../../persistence/aof/aof_directory.ts";
import { AofManifestError } from "../../persistence/aof/aof_manifest.ts";
import type { RdbLoadProgress, RdbLoadResult } from "../../persistence/rdb/load.ts";
import { loadRdb } from "../../persistence/rdb/load.ts";
import { RdbError } from "../../persistence/rdb/rdb_format.ts";
import { errorText, FileError } from "../../platform/file_system.ts";
import type { Engine } from "../engine.ts";
import { AofCorrupt, AofLoading } from "./aof_loading.ts";
import { StartFailure } from "./start_failure.ts";

/** How DEBUG RELOAD goes about it. */
export interface ReloadOptions {
  readonly flushes: boolean;
  readonly merges: boolean;
}

/** How often the log tells how far a long load has come. */
const PROGRESS_EVERY_US = 5e6;

type Steps = Generator<RdbLoadProgress, void, void>;

export class DataLoading {
  /** Keys of the file that was loaded last, and those of it that had expired. */
  loadedCount = 0;
  expiredCount = 0;
  /** How far the load under way has come; null when there is none. */
  progress: RdbLoadProgress | null = null;
  startedMs = 0;
  /** What the server that wrote the file had used, as the file says. */
  usedMemoryBytes = 0;
  /** The server stops: what is left of the load under way is of no use. */
  #isAbandoned = false;
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /**
   * Loads what there is at the start; false where that has been abandoned.
   * @throws {StartFailure} and the log has said why.
   */
  async atStart(): Promise<boolean> {
    const { config, persistence } = this.#engine;
    try {
      if (config.flag("appendonly")) {
        const loading = new AofLoading(this.#engine, this);
        if (loading.prepare()) return await this.#load(loading.steps());
      }
      const { path } = persistence.snapshots;
      if (this.#engine.platform.files.stat(path) === undefined) return true;
      return await this.#load(this.#loadRdb(path));
    } catch (thrown) {
      this.#explain(thrown);
      if (!isCorrupt(thrown) || config.choice("corrupt-file-policy") !== "quarantine") {
        throw new StartFailure(thrown instanceof Error ? thrown.message : String(thrown));
      }
      this.#quarantine(thrown);
      return true;
    }
  }

  /** Ends the load at the start where it is. */
  abandon(): void {
    this.#isAbandoned = true;
  }

  /** DEBUG RELOAD, after the save: empties, loads. Returns why it could not. */
  reload(options: ReloadOptions): string | undefined {
    const { keyspace, persistence } = this.#engine;
    if (options.flushes) keyspace.flush();
    const merges = options.merges || !options.flushes;
    return this.#loadNow(this.#loadRdb(persistence.snapshots.path, merges));
  }

  /** DEBUG LOADAOF: empties, and loads the append-only file. Returns why it could not. */
  loadAof(): string | undefined {
    const { keyspace, log, persistence, propagation } = this.#engine;
    if (!persistence.log.flush(true)) {
      log.warning(
        "The append-only file cannot be written, so it is not loaded: it lacks something.",
      );
      return persistence.log.error;
    }
    // Redis reads it again, and with it the numbers that the next files get.
    persistence.rewrites.forgetManifest();
    keyspace.flush();
    const { sink } = propagation;
    propagation.sink = null;
    try {
      const loading = new AofLoading(this.#engine, this);
      return loading.prepare() ? this.#loadNow(loading.steps()) : undefined;
    } catch (thrown) {
      this.#explain(thrown);
      return thrown instanceof Error ? thrown.message : String(thrown);
    } finally {
      propagation.sink = sink;
    }
  }

  /** Notes what an RDB file has come to. */
  countLoaded({ loadedCount, expiredCount }: RdbLoadResult): void {
    this.loadedCount = loadedCount;
    this.expiredCount = expiredCount;
  }

  /** Notes a field of an RDB file. */
  takeField(name: string, value: string): void {
    if (name === "used-mem") this.usedMemoryBytes = Number(value) || 0;
  }

  async #load(steps: Steps): Promise<boolean> {
    const { clock, keyspace, persistence } = this.#engine;
    this.#begin();
    let toldUs = clock.monotonicUs();
    try {
      for (;;) {
        const keysBefore = keyspace.size;
        const step = this.#step(steps);
        if (step.done !== true) this.progress = step.value;
        if (this.progress !== null && clock.monotonicUs() - toldUs > PROGRESS_EVERY_US) {
          toldUs = clock.monotonicUs();
          this.#tellProgress(this.progress);
        }
        const delayMs = this.#delayMs(keyspace.size - keysBefore);
        if (step.done === true && delayMs === 0) break;
        // Not atTurnEnd: on Deno nothing is received while one end of a turn asks for the next.
        await new Promise<void>((resolve) => clock.schedule(delayMs, resolve));
        if (this.#isAbandoned) {
          steps.return();
          return false;
        }
        if (step.done === true) break;
      }
    } finally {
      this.#end();
    }
    persistence.snapshots.resetDirty();
    return true;
  }

  /** `key-load-delay`: microseconds a key, or one every so many keys where it is negative. */
  #delayMs(keyCount: number): number {
    const delayUs = this.#engine.config.number("key-load-delay");
    if (delayUs === 0 || keyCount <= 0) return 0;
    return keyCount * (delayUs < 0 ? -1 / delayUs : delayUs) / 1000;
  }

  #loadNow(steps: Steps): string | undefined {
    this.#begin();
    try {
      while (this.#step(steps).done !== true);
      this.#engine.persistence.snapshots.resetDirty();
      return undefined;
    } catch (thrown) {
      this.#explain(thrown);
      return thrown instanceof Error ? thrown.message : String(thrown);
    } finally {
      this.#end();
    }
  }

  /** One step, with what holds only while something is loaded. */
  #step(steps: Steps): IteratorResult<RdbLoadProgress, void> {
    const { keyspace, settings } = this.#engine;
    const { bulkLengthMax } = settings;
    // What could be written once can be read.
    settings.bulkLengthMax = Infinity;
    keyspace.ignoresExpiry = true;
    try {
      return steps.next();
    } finally {
      keyspace.ignoresExpiry = false;
      keyspace.keysAhead.clear();
      settings.bulkLengthMax = bulkLengthMax;
    }
  }

  *#loadRdb(path: string, merges = false): Steps {
    const { platform, config, keyspace, settings, log, clock } = this.#engine;
    const startedUs = clock.monotonicUs();
    const result = yield* loadRdb(platform.files, path, keyspace, {
      verifiesChecksum: config.flag("rdbchecksum") && !settings.skipChecksumValidation,
      sanitizes: config.choice("sanitize-dump-payload") === "yes",
      merges,
      aux: (name, value) => this.takeField(name, value),
      notice: (text) => log.notice(text),
    });
    this.countLoaded(result);
    const seconds = ((clock.monotonicUs() - startedUs) / 1e6).toFixed(3);
    log.notice(`DB loaded from disk: ${seconds} seconds`);
  }

  #begin(): void {
    const engine = this.#engine;
    engine.isLoading = true;
    this.usedMemoryBytes = 0;
    this.startedMs = engine.clock.wallMs();
    engine.keyspace.setNow(this.startedMs);
  }

  #end(): void {
    this.#engine.isLoading = false;
    this.progress = null;
  }

  #tellProgress({ loadedBytes, totalBytes }: RdbLoadProgress): void {
    const percent = (loadedBytes * 100 / Math.max(1, totalBytes)).toFixed(2);
    this.#engine.log.notice(
      `Loading DB in memory: ${percent}% (${loadedBytes} of ${totalBytes} bytes), ` +
        `${this.#engine.keyspace.size} keys so far`,
    );
  }

  /** Says in the log why something cannot be loaded, and what can be done. */
  #explain(thrown: unknown): void {
    const { log, persistence } = this.#engine;
    if (thrown instanceof AofCorrupt) return;
    if (thrown instanceof AofManifestError) {
      log.warning("*** FATAL AOF MANIFEST FILE ERROR ***");
      if (thrown.line !== undefined) {
        log.warning(`Reading the manifest file, at line ${thrown.lineNumber}`);
        log.warning(`>>> '${thrown.line}'`);
      }
      log.warning(thrown.message);
      log.warning(
        `The manifest ${persistence.rewrites.directory.manifestPath} is left as it is: put a ` +
          "backup in its place, or move the folder away to start without it.",
      );
    } else if (thrown instanceof RdbError) {
      log.warning(`${persistence.snapshots.path}: ${thrown.message}`);
      log.warning(
        "Fatal error loading the DB, check server logs. Exiting. The file is left as it is: " +
          "move it away to start empty, or put a backup in its place.",
      );
    } else if (thrown instanceof FileError) {
      log.warning(
        `Fatal error: can't open the file ${thrown.path} for reading: ${errorText(thrown.code)}`,
      );
    } else if (thrown instanceof AofWriteError) log.warning(thrown.message);
    else throw thrown;
  }

  /** Moves what cannot be loaded aside, under a name that nothing has yet. */
  #quarantine(thrown: unknown): void {
    const { clock, keyspace, log, persistence, platform } = this.#engine;
    const isRdb = thrown instanceof RdbError;
    const path = isRdb ? persistence.snapshots.path : persistence.rewrites.directory.path;
    const stamp = new Date(clock.wallMs()).toISOString().replace(/[-:]/g, "").slice(0, 15);
    let target = `${path}.corrupt-${stamp}`;
    for (let i = 1; platform.files.stat(target) !== undefined; i++) {
      target = `${path}.corrupt-${stamp}-${i}`;
    }
    try {
      platform.files.rename(path, target);
    } catch (failure) {
      if (!(failure instanceof FileError)) throw failure;
      log.warning(`Can't move ${path} aside: ${errorText(failure.code)}`);
      throw new StartFailure(failure.message);
    }
    keyspace.flush();
    persistence.rewrites.forgetManifest();
    log.warning(
      `${path} cannot be loaded and has been moved to ${target} (corrupt-file-policy quarantine). ` +
        "Starting empty.",
    );
  }
}

/** True where a file holds what it should not; false where it cannot be read at all. */
function isCorrupt(thrown: unknown): boolean {
  return thrown instanceof RdbError || thrown instanceof AofCorrupt ||
    thrown instanceof AofManifestError;
}
