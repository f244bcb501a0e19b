/**
 * The append-only file while the server runs: what is propagated is collected, written at the end of
 * each turn of the event loop before any reply of that turn leaves, and synced as `appendfsync` says.
 *
 *     command -> AofBuffer -> write (turn's end) -> sync -> replies      always
 *     command -> AofBuffer -> write (turn's end) -> replies              everysec, no
 *                                                -> sync in the background once a second
 *
 * So a reply never leaves before its write is as durable as the policy promises, and one write and
 * one sync serve all commands of a turn. (Under `always` the server could go on while a sync is under
 * way and hold replies back meanwhile. Measured with 50 clients that makes twice as many syncs, each
 * for half as many commands, and a quarter fewer commands a second.)
 *
 * When a write or a sync fails, the file is cut back to what is known to be whole, the bytes stay in
 * the buffer, the replies of that turn become errors and commands that write are refused, until a
 * later try succeeds. Redis ends itself under `always`; here nothing has been promised yet, so there
 * is no need to.
 *
 * With `everysec` the writing waits while a sync is under way (the system would block it), for two
 * seconds at most.
 */
import type { PropagationSink } from "../../command/propagation.ts";
import { AofBuffer } from "../../persistence/aof/aof_buffer.ts";
import { errorText, FileError } from "../../platform/file_system.ts";
import type { File } from "../../platform/file_system.ts";
import type { Arguments } from "../../protocol/arguments.ts";
import type { Engine } from "../engine.ts";
import { stopFor } from "../stop_for.ts";

const SYNC_EVERY_US = 1e6;
const POSTPONED_US_MAX = 2e6;
/** A disk that fails is tried again once a second, and complained of twice a minute. */
const RETRY_EVERY_US = 1e6;
const COMPLAIN_EVERY_US = 30e6;

export class AppendOnly implements PropagationSink {
  readonly buffer: AofBuffer = new AofBuffer();
  /** Bytes of base and increments together (INFO's aof_current_size). */
  sizeBytes = 0;
  /** Why the last write failed; "" when it did not. */
  writeError = "";
  /** Why the last sync in the background failed. */
  syncError = "";
  /** Times that a write could not wait for a sync any longer. */
  delayedSyncCount = 0;
  /** DEBUG AOF-FLUSH-SLEEP: how long the server stops before it writes. */
  sleepUs = 0;

  /** How much of all that was ever collected is known to be on the disk ({@link offset}). */
  syncedOffset = 0;

  readonly #engine: Engine;
  #file: File | null = null;
  /** Bytes that were collected and are not in the buffer any more, by this server in all files. */
  #handedOver = 0;
  /** Bytes of the file, all of them whole commands, and how many of those are known to be synced. */
  #fileBytes = 0;
  #syncedBytes = 0;
  /** There is something behind `#fileBytes` that could not be cut off. */
  #isTorn = false;
  #isSyncing = false;
  #postponedSinceUs = 0;
  #lastSyncUs = 0;
  #lastTryUs = 0;
  #lastComplaintUs = -Infinity;
  #policy = "everysec";
  #writesTimestamps = false;
  #yieldsToRewrite = false;

  constructor(engine: Engine) {
    this.#engine = engine;
    const { config } = engine;
    const follow = () => {
      this.#policy = config.choice("appendfsync");
      this.#writesTimestamps = config.flag("aof-timestamp-enabled");
      this.#yieldsToRewrite = config.flag("no-appendfsync-on-rewrite");
      return undefined;
    };
    follow();
    config.onChange(["appendfsync", "aof-timestamp-enabled", "no-appendfsync-on-rewrite"], follow);
  }

  /** True while there is a file to append to. */
  get isOpen(): boolean {
    return this.#file !== null;
  }

  /** Bytes of the file that is appended to. */
  get fileBytes(): number {
    return this.#fileBytes;
  }

  /** Why writes cannot be accepted, "" when they can. */
  get error(): string {
    return this.writeError !== "" ? this.writeError : this.syncError;
  }

  /** How many bytes have been collected in all: where the last command stands in them ends there. */
  get offset(): number {
    return this.#handedOver + this.buffer.length;
  }

  get isSyncing(): boolean {
    return this.#isSyncing;
  }

  /** True when nothing that is written could be lost with the power. */
  get isSynced(): boolean {
    return this.#file === null || this.#syncedBytes === this.#fileBytes;
  }

  original(databaseIndex: number, args: Arguments): void {
    if (this.#writesTimestamps) this.#timestamp();
    this.buffer.original(databaseIndex, args);
  }

  command(databaseIndex: number, parts: readonly Uint8Array[]): void {
    if (this.#writesTimestamps) this.#timestamp();
    this.buffer.command(databaseIndex, parts);
  }

  begin(): void {
    this.buffer.begin();
  }

  end(): void {
    this.buffer.end();
  }

  /**
   * Goes on in another file; what was collected for the one before must have been written. That one
   * is synced and closed in the background.
   */
  openFile(file: File, sizeBytes: number): void {
    const old = this.#file;
    if (old !== null) this.#finishFile(old);
    this.#file = file;
    this.#fileBytes = sizeBytes;
    this.#syncedBytes = sizeBytes;
    this.#isTorn = false;
    this.#isSyncing = false;
    this.#lastSyncUs = this.#nowUs();
    this.buffer.beginFile();
  }

  /** Writes, syncs and closes the file; what cannot be written is lost. Returns the error if any. */
  closeFile(): string {
    const file = this.#file;
    if (file === null) return "";
    this.flush(true);
    const failure = this.sync();
    file.close();
    this.#file = null;
    this.#consume(this.buffer.length);
    this.#forgetErrors();
    return failure;
  }

  /** Forgets the file together with what is collected for it: it is of no use any more. */
  abandonFile(): void {
    this.#file?.close();
    this.#file = null;
    this.#consume(this.buffer.length);
    this.#forgetErrors();
  }

  /** Syncs now; returns why it could not, "" when it could. */
  sync(): string {
    const file = this.#file;
    if (file === null || this.isSynced) return "";
    try {
      file.sync();
      this.#syncedBytes = this.#fileBytes;
      this.syncedOffset = this.#handedOver;
      return "";
    } catch (thrown) {
      return reasonOf(thrown);
    }
  }

  /**
   * Syncs what is written, without waiting, and calls back: with an error or not, it has been tried.
   * Not called where another file is opened or this one closed meanwhile.
   */
  whenSynced(done: () => void): void {
    const file = this.#file;
    const upToBytes = this.#fileBytes;
    const upToOffset = this.#handedOver;
    file?.syncInBackground((error) => {
      if (file !== this.#file) return;
      if (error === undefined) {
        this.#syncedBytes = Math.max(this.#syncedBytes, upToBytes);
        this.#syncedUpTo(upToOffset);
      }
      done();
    });
  }

  /**
   * Writes what is collected, and syncs it under `always`.
   * @param isForced whether it must not wait for a sync that is under way.
   * @returns false when it failed: no reply may leave then that says otherwise.
   */
  flush(isForced: boolean): boolean {
    const file = this.#file;
    if (file === null) return true;
    if (this.buffer.length === 0) {
      return this.#policy !== "always" || this.isSynced || this.#write(file);
    }
    if (this.writeError !== "" && !isForced && this.#nowUs() - this.#lastTryUs < RETRY_EVERY_US) {
      return false;
    }
    if (this.#isSyncing && !isForced && this.#policy === "everysec" && this.#mayWait()) return true;
    return this.#write(file);
  }

  /** What is to be done several times a second, whether anything is written or not. */
  tick(): void {
    if (this.#file === null) return;
    this.flush(false);
    this.#syncIfDue();
  }

  #timestamp(): void {
    this.buffer.timestamp(Math.floor(this.#engine.keyspace.nowMs / 1000));
  }

  /** Redis's postponing: whether the write may wait for the sync that is under way. */
  #mayWait(): boolean {
    const nowUs = this.#nowUs();
    if (this.#postponedSinceUs === 0) this.#postponedSinceUs = nowUs;
    if (nowUs - this.#postponedSinceUs < POSTPONED_US_MAX) return true;
    this.delayedSyncCount++;
    this.#engine.log.notice(
      "Asynchronous AOF fsync is taking too long (disk is busy?). Writing the AOF buffer without " +
        "waiting for fsync to complete, this may slow down Redis.",
    );
    return false;
  }

  #write(file: File): boolean {
    const buffer = this.buffer;
    this.#postponedSinceUs = 0;
    let written = 0;
    let isSynced = false;
    try {
      if (this.#isTorn) this.#cut(file);
      if (this.sleepUs > 0 && buffer.length > 0) stopFor(this.#engine.clock, this.sleepUs);
      const beganUs = this.#nowUs();
      while (written < buffer.length) {
        written += file.append(buffer.bytes.subarray(written, buffer.length));
      }
      this.#noteWriteTime(beganUs);
      if (this.#policy === "always" && !this.#isSyncHeldBack) {
        const syncBeganUs = this.#nowUs();
        file.sync();
        this.#engine.latency.add("aof-fsync-always", (this.#nowUs() - syncBeganUs) / 1000);
        this.#syncedBytes = this.#fileBytes + written;
        isSynced = true;
        this.#lastSyncUs = this.#nowUs();
      }
    } catch (thrown) {
      this.#failed(file, written > 0, reasonOf(thrown));
      return false;
    }
    this.#fileBytes += written;
    this.sizeBytes += written;
    this.#consume(written);
    if (isSynced) this.syncedOffset = this.#handedOver;
    if (this.writeError !== "") {
      this.writeError = "";
      this.#engine.log.notice("AOF write error looks solved. Redis can write again.");
      this.#engine.persistence.refreshRefusal();
    }
    if (this.#policy === "everysec") this.#syncIfDue();
    return true;
  }

  /** Tells the latency monitor how long a write took, and what else went on meanwhile. */
  #noteWriteTime(beganUs: number): void {
    const { latency, persistence } = this.#engine;
    if (latency.thresholdMs === 0) return;
    const ms = (this.#nowUs() - beganUs) / 1000;
    if (this.#isSyncing) latency.add("aof-write-pending-fsync", ms);
    else if (persistence.job.isBusy) latency.add("aof-write-active-child", ms);
    else latency.add("aof-write-alone", ms);
    latency.add("aof-write", ms);
  }

  /**
   * The bytes of a failed write are cut off again, and those of a failed sync too: what the system
   * could not bring to the disk it may have dropped, and only writing it anew makes sure.
   */
  #failed(file: File, hasWritten: boolean, reason: string): void {
    const { log, persistence } = this.#engine;
    const nowUs = this.#nowUs();
    this.#lastTryUs = nowUs;
    const mayComplain = nowUs - this.#lastComplaintUs >= COMPLAIN_EVERY_US;
    if (mayComplain) {
      this.#lastComplaintUs = nowUs;
      log.warning(`Error writing to the AOF file: ${reason}`);
    }
    this.writeError = reason;
    if (hasWritten) {
      this.#isTorn = true;
      try {
        this.#cut(file);
      } catch (thrown) {
        if (mayComplain) {
          log.warning(
            "Could not remove short write from the append-only file. Redis may refuse to load the " +
              `AOF the next time it starts. ftruncate: ${reasonOf(thrown)}`,
          );
        }
      }
    }
    persistence.refreshRefusal();
  }

  #cut(file: File): void {
    file.truncate(this.#fileBytes);
    this.#isTorn = false;
    if (this.#syncedBytes > this.#fileBytes) this.#syncedBytes = this.#fileBytes;
  }

  /** `no-appendfsync-on-rewrite`: a sync would wait for what the job writes. */
  get #isSyncHeldBack(): boolean {
    return this.#yieldsToRewrite && this.#engine.persistence.job.isBusy;
  }

  #syncIfDue(): void {
    const file = this.#file;
    if (file === null || this.#isSyncing) return;
    // Whatever the policy is now: only a sync that goes well ends the refusal of writes.
    if (this.#policy !== "everysec" && this.syncError === "") return;
    if (this.isSynced && this.syncError === "") return;
    const nowUs = this.#nowUs();
    if (nowUs - this.#lastSyncUs < SYNC_EVERY_US || this.#isSyncHeldBack) return;
    this.#lastSyncUs = nowUs;
    this.#isSyncing = true;
    const upToBytes = this.#fileBytes;
    const upToOffset = this.#handedOver;
    file.syncInBackground((error) => {
      if (file !== this.#file) return this.#synced(error);
      this.#isSyncing = false;
      if (error === undefined) this.#syncedBytes = upToBytes;
      this.#synced(error);
      if (error === undefined) this.#syncedUpTo(upToOffset);
    });
  }

  /** A sync in the background has ended. */
  #synced(error: FileError | undefined): void {
    const { log, persistence } = this.#engine;
    const reason = error === undefined ? "" : errorText(error.code);
    if (reason === this.syncError) return;
    if (reason !== "") log.warning(`Fail to fsync the AOF file: ${reason}`);
    else {
      // What was written before may be lost on the disk although the system says no more of it.
      log.notice("AOF fsync error looks solved. Rewriting the AOF to make sure of all of it.");
      persistence.rewrites.isScheduled = true;
    }
    this.syncError = reason;
    persistence.refreshRefusal();
  }

  /** What was handed over up to there is on the disk: some may have waited for that. */
  #syncedUpTo(offset: number): void {
    this.syncedOffset = Math.max(this.syncedOffset, offset);
    this.#engine.blocking.serveOthers();
  }

  /** So many bytes of the buffer are where they belong, or not needed any more. */
  #consume(count: number): void {
    this.#handedOver += count;
    this.buffer.consume(count);
  }

  /** Syncs and closes a file that nothing is appended to any more. */
  #finishFile(file: File): void {
    file.syncInBackground((error) => {
      this.#synced(error);
      file.close();
    });
  }

  #forgetErrors(): void {
    if (this.error !== "") this.#engine.log.warning("AOF reopen, just ignore the last error.");
    this.writeError = "";
    this.syncError = "";
    this.#isTorn = false;
    this.#isSyncing = false;
    this.#engine.persistence.refreshRefusal();
  }

  #nowUs(): number {
    return this.#engine.clock.monotonicUs();
  }
}

/** The system's words for what was thrown; anything but a FileError is thrown on. */
function reasonOf(thrown: unknown): string {
  if (thrown instanceof FileError) return errorText(thrown.code);
  throw thrown;
}
