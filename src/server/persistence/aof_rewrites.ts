/**
 * The files of the append-only log: which there are, turning the log on and off, and writing it anew
 * in a shorter form.
 *
 *     appendonlydir/appendonly.aof.2.base.rdb      the data set at some moment
 *     appendonlydir/appendonly.aof.5.incr.aof      what happened since
 *     appendonlydir/appendonly.aof.manifest        which files these are, in order
 *
 * A rewrite opens another increment first and names it in the manifest, then freezes the heap and
 * has a job write a new base; when that is done, one manifest puts the new base in the place of all
 * that is older. Whatever breaks off in between, the manifest that is there names files that
 * together hold everything.
 *
 * While the log is being turned on there is no base yet: the increment is a temporary file that no
 * manifest names, and the state is "waiting".
 */
import type { AofFile, AofManifest } from "../../persistence/aof/aof_manifest.ts";
import {
  AofManifestError,
  EMPTY_MANIFEST,
  withNewBase,
  withNewIncremental,
  withoutHistory,
  withRewritten,
} from "../../persistence/aof/aof_manifest.ts";
import { AofDirectory, AofWriteError } from "../../persistence/aof/aof_directory.ts";
import type { AofRewriteResult, AofRewriteSettings } from "../../persistence/aof/rewrite.ts";
import { freezeForRewrite, rewriteAof } from "../../persistence/aof/rewrite.ts";
import { REWRITE_AOF_JOB } from "../../persistence/jobs.ts";
import { errorText, FileError } from "../../platform/file_system.ts";
import type { File, FileSystem } from "../../platform/file_system.ts";
import { absolutePath } from "../config/load.ts";
import type { Engine } from "../engine.ts";
import type { AppendOnly } from "./append_only.ts";
import { removeLeftovers } from "./leftovers.ts";
import type { SnapshotJob } from "./snapshot_job.ts";

/** As many rewrites in a row must fail before the next is put off: one minute, then two, ... */
const FAILURES_MAX = 3;
const DELAY_MINUTES_MAX = 60;

export class AofRewrites {
  state: "off" | "waiting" | "on" = "off";
  /** A rewrite is to begin as soon as no other job runs. */
  isScheduled = false;
  isLastOk = true;
  /** How long the last one took, in seconds; -1 before the first. */
  lastTookSeconds = -1;
  count = 0;
  failuresInARow = 0;
  /** What the log took after the last rewrite, or at the start (INFO's aof_base_size). */
  baseSizeBytes = 0;

  readonly #engine: Engine;
  readonly #job: SnapshotJob;
  readonly #log: AppendOnly;
  #directory: AofDirectory | null = null;
  #manifest: AofManifest | null = null;
  #delayMinutes = 0;
  #notBeforeSeconds = 0;

  constructor(engine: Engine, job: SnapshotJob, log: AppendOnly) {
    this.#engine = engine;
    this.#job = job;
    this.#log = log;
    engine.config.onChange(["appendonly"], () => {
      const isWanted = engine.config.flag("appendonly");
      if (isWanted === (this.state !== "off")) return undefined;
      if (!isWanted) return void this.turnOff();
      return this.turnOn() ? undefined : "Unable to turn on AOF. Check server logs.";
    });
    engine.config.onChange(["aof-disable-auto-gc"], () => {
      if (this.#manifest !== null) this.#removeHistory();
      return undefined;
    });
  }

  /** The folder of the log as the configuration names it. */
  get directory(): AofDirectory {
    const { config, platform } = this.#engine;
    const path = absolutePath(config.text("dir"), config.text("appenddirname"));
    // While the log is on it stays where it is, wherever `dir` points meanwhile.
    if (this.#directory === null || (this.state === "off" && this.#directory.path !== path)) {
      this.#directory = new AofDirectory(platform.files, path, config.text("appendfilename"));
      this.#manifest = null;
    }
    return this.#directory;
  }

  get isRunning(): boolean {
    return this.#job.kind === "aof";
  }

  /**
   * The files that there are, as the manifest names them.
   * @throws {AofManifestError} and FileError.
   */
  get manifest(): AofManifest {
    const directory = this.directory;
    this.#manifest ??= directory.load() ?? this.#besideStrays();
    return this.#manifest;
  }

  /** Takes over a manifest and makes it the one on disk. @throws {AofWriteError} */
  persist(manifest: AofManifest): void {
    this.directory.persist(manifest);
    this.#manifest = manifest;
  }

  /** Forgets what is known of the files: they have been moved away. */
  forgetManifest(): void {
    this.#manifest = null;
  }

  /**
   * At the start, when everything has been loaded: opens the last increment, and makes a base where
   * there is no log yet. @throws {FileError} and RdbSaveError
   */
  open(): void {
    const { config, log, keyspace, platform } = this.#engine;
    const directory = this.directory;
    directory.make();
    removeLeftovers(this.#engine, directory.path, this.#leftovers);
    let manifest = this.manifest;
    const isNew = manifest.incremental.length === 0;
    if (manifest.base === undefined && isNew) {
      manifest = withNewBase(manifest, config.text("appendfilename"), this.#usesPreamble);
      const base = manifest.base!;
      const temporary = this.#temporaryBasePath;
      rewriteAof(platform.files, keyspace, this.#settings(temporary));
      this.#rename(temporary, directory.filePath(base.name));
      log.notice(`Creating AOF base file ${base.name} on server start`);
    }
    if (isNew) manifest = withNewIncremental(manifest, config.text("appendfilename"));
    const { name } = manifest.incremental.at(-1)!;
    const file = platform.files.open(directory.filePath(name), "append");
    // What a killed server had written has been loaded, and what builds on it will be kept.
    file.sync();
    this.persist(manifest);
    this.#log.openFile(file, file.sizeBytes());
    log.notice(`${isNew ? "Creating" : "Opening"} AOF incr file ${name} on server start`);
    this.#log.sizeBytes = this.#sizeOf([manifest.base, ...manifest.incremental]);
    this.baseSizeBytes = this.#sizeOf([manifest.base]);
    this.state = "on";
    this.#listen();
    this.#removeHistory();
  }

  /** CONFIG SET appendonly yes; false where it cannot be. */
  turnOn(): boolean {
    const { log } = this.#engine;
    // While it is off the log follows `dir`.
    void this.directory;
    this.state = "waiting";
    if (this.#job.isBusy && !this.isRunning) {
      this.isScheduled = true;
      log.notice(
        "AOF was enabled but there is already another background operation. An AOF background was " +
          "scheduled to start when possible.",
      );
      return true;
    }
    if (this.#engine.isInTransaction) {
      this.isScheduled = true;
      log.notice(
        "AOF was enabled during a transaction. An AOF background was scheduled to start when possible.",
      );
      return true;
    }
    if (this.isRunning) {
      log.notice(
        "AOF was enabled but there is already an AOF rewriting in background. Stopping background " +
          "AOF and starting a rewrite now.",
      );
      this.cancel();
    }
    if (this.start() === undefined) return true;
    this.#dropTemporaryIncrement();
    this.state = "off";
    log.warning(
      "Redis needs to enable the AOF but can't trigger a background AOF rewrite operation. Check " +
        "the above logs for more info about the error.",
    );
    return false;
  }

  /** CONFIG SET appendonly no. What there is stays on the disk. */
  turnOff(): void {
    const { log, propagation } = this.#engine;
    propagation.sink = null;
    if (this.isScheduled) {
      this.isScheduled = false;
      log.notice("AOF was disabled but there is a scheduled AOF background, cancel it.");
    }
    if (this.isRunning) this.cancel();
    if (this.state === "waiting") this.#dropTemporaryIncrement();
    else {
      const failure = this.#log.closeFile();
      if (failure !== "") log.warning(`Fail to fsync the AOF file: ${failure}`);
    }
    this.state = "off";
  }

  /** BGREWRITEAOF: starts a rewrite; returns why it could not, undefined when it runs. */
  start(): string | undefined {
    try {
      return this.#start();
    } catch (thrown) {
      return this.#failedWith(thrown);
    }
  }

  /** Ends the rewrite under way; the log goes on with the files it has. */
  cancel(): void {
    const { log, platform } = this.#engine;
    log.notice(`Killing running AOF rewrite child: ${platform.process.pid}`);
    this.#job.cancel();
  }

  /** Starts a rewrite that is scheduled. */
  startIfScheduled(): void {
    if (this.isScheduled && !this.#isPutOff()) this.start();
  }

  /** Starts a rewrite where the log has grown enough (`auto-aof-rewrite-percentage`). */
  startIfGrown(): void {
    const { config, log } = this.#engine;
    const percentage = config.number("auto-aof-rewrite-percentage");
    const sizeBytes = this.#log.sizeBytes;
    if (this.state !== "on" || percentage === 0) return;
    if (sizeBytes <= config.number("auto-aof-rewrite-min-size") || this.#isPutOff()) return;
    const base = Math.max(this.baseSizeBytes, 1);
    const growth = Math.floor(sizeBytes * 100 / base) - 100;
    if (growth < percentage) return;
    log.notice(`Starting automatic rewriting of AOF on ${growth}% growth`);
    this.start();
  }

  /**
   * The old increment is synced before another one is named behind it: a power loss must not tear
   * the one and leave the other. Most of it is synced while the server goes on; what little comes
   * meanwhile, at the freeze.
   */
  #start(): string | undefined {
    this.directory.make();
    // What is configured now counts: it may be changed before the sync is over.
    const settings = this.#settings(this.#temporaryBasePath);
    if (this.#log.isSynced) return this.#freeze(settings);
    this.#job.reserve("aof");
    this.#log.whenSynced(() => {
      if (!this.#job.isReserved) return;
      try {
        this.#freeze(settings);
      } catch (thrown) {
        this.#failedWith(thrown);
      }
    });
    return undefined;
  }

  #freeze(settings: AofRewriteSettings): string | undefined {
    const { log, keyspace, platform } = this.#engine;
    const manifest = this.manifest;
    this.#log.flush(true);
    // What could not be written belongs before the new base and would be lost behind it.
    const failure = this.#log.writeError !== "" ? this.#log.writeError : this.#log.sync();
    if (failure !== "") return this.#failedWith(failure);
    if (this.state !== "off") this.#openIncrement(manifest);
    this.count++;
    const freeze = () => freezeForRewrite(keyspace, settings);
    const refusal = this.#job.start<AofRewriteResult>("aof", REWRITE_AOF_JOB, freeze, {
      done: (result) => this.#done(settings, result),
      failed: (error) => {
        log.warning(error.message);
        log.warning("Background AOF rewrite terminated with error");
        this.#ended(false);
      },
    });
    if (refusal !== undefined) return this.#failedWith(refusal);
    log.notice(`Background append only file rewriting started by pid ${platform.process.pid}`);
    this.isScheduled = false;
    return undefined;
  }

  /** From here on commands go to a file of their own: they are not in what is frozen next. */
  #openIncrement(manifest: AofManifest): void {
    const { config, log, platform } = this.#engine;
    const directory = this.directory;
    const isWaiting = this.state === "waiting";
    const next = isWaiting ? manifest : withNewIncremental(manifest, config.text("appendfilename"));
    const name = isWaiting ? this.#temporaryIncrementName : next.incremental.at(-1)!.name;
    const file: File = platform.files.open(directory.filePath(name), "create");
    try {
      // One of that name may be left from a try that broke off: what it held must not come back.
      file.sync();
      if (!isWaiting) this.persist(next);
    } catch (thrown) {
      file.close();
      throw thrown;
    }
    log.notice(`Creating AOF incr file ${name} on background rewrite`);
    this.#log.openFile(file, 0);
    this.#listen();
  }

  /** The job has written the new base: puts it in its place. */
  #done(settings: AofRewriteSettings, result: AofRewriteResult): void {
    const { log } = this.#engine;
    log.notice("Background AOF rewrite terminated with success");
    try {
      this.#putInPlace(settings);
    } catch (thrown) {
      log.warning(`Can't put the rewritten AOF in its place: ${reasonOf(thrown)}`);
      return this.#ended(false);
    }
    if (this.state !== "off") {
      this.#log.sizeBytes = result.sizeBytes + this.#log.fileBytes;
      this.baseSizeBytes = this.#log.sizeBytes;
    }
    if (this.state === "waiting") this.state = "on";
    log.notice("Background AOF rewrite finished successfully");
    this.#ended(true);
    this.#removeHistory();
  }

  #putInPlace({ path, usesRdbPreamble }: AofRewriteSettings): void {
    const { config, log } = this.#engine;
    const directory = this.directory;
    const appendFileName = config.text("appendfilename");
    let manifest = withNewBase(this.manifest, appendFileName, usesRdbPreamble);
    const base = manifest.base!.name;
    this.#rename(path, directory.filePath(base));
    log.notice(`Successfully renamed the temporary AOF base file ${path} into ${base}`);
    if (this.state === "waiting") {
      manifest = withNewIncremental(manifest, appendFileName);
      const temporary = this.#temporaryIncrementName;
      const { name } = manifest.incremental.at(-1)!;
      this.#rename(directory.filePath(temporary), directory.filePath(name));
      log.notice(`Successfully renamed the temporary AOF incr file ${temporary} into ${name}`);
    }
    this.persist(withRewritten(manifest, this.state !== "off"));
  }

  #rename(from: string, to: string): void {
    const { clock, latency, platform } = this.#engine;
    const beganUs = clock.monotonicUs();
    platform.files.rename(from, to);
    latency.add("aof-rename", (clock.monotonicUs() - beganUs) / 1000);
  }

  #ended(isOk: boolean): void {
    this.isLastOk = isOk;
    this.failuresInARow = isOk ? 0 : this.failuresInARow + 1;
    this.lastTookSeconds = this.#job.elapsedSeconds;
    if (this.state === "waiting") {
      // The increment is of no use without the base: another try begins with another one.
      this.#dropTemporaryIncrement();
      this.isScheduled = true;
    }
    this.#engine.persistence.refreshRefusal();
  }

  #failedWith(thrown: unknown): string {
    const reason = reasonOf(thrown);
    this.#engine.log.warning(`Can't rewrite append only file in background: ${reason}`);
    this.#job.unreserve();
    this.isLastOk = false;
    this.failuresInARow++;
    return reason;
  }

  #dropTemporaryIncrement(): void {
    const { log, propagation, platform } = this.#engine;
    propagation.sink = null;
    this.#log.abandonFile();
    const name = this.#temporaryIncrementName;
    log.notice(`Removing the temp incr aof file ${name} in the background`);
    try {
      removeIfThere(platform.files, this.directory.filePath(name));
    } catch (thrown) {
      log.warning(`Can't remove the temp incr aof file: ${reasonOf(thrown)}`);
    }
  }

  /** Removes files that nobody needs; only then does the manifest forget them. */
  #removeHistory(): void {
    const { config, log, platform } = this.#engine;
    const { directory, manifest } = this;
    if (manifest.history.length === 0 || config.flag("aof-disable-auto-gc")) return;
    try {
      for (const { name } of manifest.history) {
        log.notice(`Removing the history file ${name} in the background`);
        removeIfThere(platform.files, directory.filePath(name));
      }
      this.persist(withoutHistory(manifest));
    } catch (thrown) {
      // They stand in the manifest as history until another try: no harm.
      log.warning(`Can't remove the history files of the AOF: ${reasonOf(thrown)}`);
    }
  }

  /** Redis's limit: rewrites that keep failing are tried less and less often. */
  #isPutOff(): boolean {
    const { clock, log } = this.#engine;
    if (this.failuresInARow < FAILURES_MAX) {
      this.#delayMinutes = 0;
      this.#notBeforeSeconds = 0;
      return false;
    }
    const nowSeconds = clock.wallMs() / 1000;
    if (this.#notBeforeSeconds !== 0) {
      if (nowSeconds < this.#notBeforeSeconds) return true;
      this.#notBeforeSeconds = 0;
      return false;
    }
    this.#delayMinutes = Math.min(Math.max(1, this.#delayMinutes * 2), DELAY_MINUTES_MAX);
    this.#notBeforeSeconds = nowSeconds + this.#delayMinutes * 60;
    log.warning(
      "Background AOF rewrite has repeatedly failed and triggered the limit, will retry in " +
        `${this.#delayMinutes} minutes`,
    );
    return true;
  }

  #listen(): void {
    this.#engine.propagation.sink = this.#log;
  }

  /**
   * Where files lie in the folder but no manifest names them, a log that begins anew takes other
   * names: they may be all that somebody has left, and must not become a part of it either.
   */
  #besideStrays(): AofManifest {
    const { config, platform } = this.#engine;
    const { files } = platform;
    const { path } = this.directory;
    const prefix = `${config.text("appendfilename")}.`;
    const last = { base: 0, incr: 0 };
    for (const name of files.stat(path) === undefined ? [] : files.list(path)) {
      if (!name.startsWith(prefix)) continue;
      const found = /^(\d{1,15})\.(base|incr)\.\w+$/.exec(name.slice(prefix.length));
      if (found === null) continue;
      const kind = found[2] as "base" | "incr";
      last[kind] = Math.max(last[kind], Number(found[1]));
    }
    return { ...EMPTY_MANIFEST, baseSequence: last.base, incrementalSequence: last.incr };
  }

  get #temporaryBasePath(): string {
    const { pid } = this.#engine.platform.process;
    return this.directory.filePath(`temp-rewriteaof-bg-${pid}.aof`);
  }

  get #temporaryIncrementName(): string {
    return `temp-${this.#engine.config.text("appendfilename")}.incr`;
  }

  /** What a rewrite or a manifest is called before it counts. The log itself may be called `temp-x`. */
  get #leftovers(): RegExp {
    const name = this.#engine.config.text("appendfilename").replace(/[^]/g, (character) => {
      return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
    });
    return new RegExp(`^temp-(?:rewriteaof-bg-\\d+\\.aof|${name}\\.(?:incr|manifest))$`);
  }

  get #usesPreamble(): boolean {
    return this.#engine.config.flag("aof-use-rdb-preamble");
  }

  #sizeOf(list: readonly (AofFile | undefined)[]): number {
    const { platform } = this.#engine;
    let sizeBytes = 0;
    for (const each of list) {
      if (each === undefined) continue;
      sizeBytes += platform.files.stat(this.directory.filePath(each.name))?.sizeBytes ?? 0;
    }
    return sizeBytes;
  }

  #settings(path: string): AofRewriteSettings {
    const { clock, config, persistence } = this.#engine;
    return {
      ...persistence.contentSettings(),
      path,
      usesRdbPreamble: this.#usesPreamble,
      syncsIncrementally: config.flag("aof-rewrite-incremental-fsync"),
      keyDelayUs: config.number("rdb-key-save-delay"),
      ...(config.flag("aof-timestamp-enabled")
        ? { timestampSeconds: Math.floor(clock.wallMs() / 1000) }
        : {}),
    };
  }
}

function removeIfThere(files: FileSystem, path: string): void {
  if (files.stat(path) !== undefined) files.remove(path);
}

/** Why something could not be done; what is no failure of files or of their contents is thrown on. */
function reasonOf(thrown: unknown): string {
  if (typeof thrown === "string") return thrown;
  if (thrown instanceof FileError) return errorText(thrown.code);
  if (thrown instanceof AofManifestError || thrown instanceof AofWriteError) return thrown.message;
  throw thrown;
}
