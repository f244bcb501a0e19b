/**
 * ACL LOG: what was denied to whom, newest first. What is denied again and again within a minute of
 * the last time is one entry that counts.
 */

/** What was denied. */
export type DenialReason = "command" | "key" | "channel" | "auth";

/** From where it was tried. */
export type DenialContext = "toplevel" | "multi" | "lua";

/** So long after its last time an entry takes up another one like it. */
const GROUPING_MS = 60_000;
/** So many entries are looked through for one that is alike. */
const LOOKED_THROUGH_MAX = 10;

export interface AclLogEntry {
  count: number;
  readonly reason: DenialReason;
  readonly context: DenialContext;
  /** The full name of the command, or the key or channel, as byte text. */
  readonly object: string;
  readonly userName: string;
  /** CLIENT INFO of the last time. */
  clientInfo: string;
  readonly id: number;
  readonly createdMs: number;
  updatedMs: number;
}

export class AclLog {
  /** INFO's acl_access_denied_*. */
  readonly denials: Record<DenialReason, number> = { command: 0, key: 0, channel: 0, auth: 0 };
  /** Newest first. */
  #entries: AclLogEntry[] = [];
  #nextId = 0;

  get entries(): readonly AclLogEntry[] {
    return this.#entries;
  }

  /**
   * Notes a denial.
   * @param lengthMax `acllog-max-len`; where it is 0 nothing is kept.
   * @param clientInfo is asked for only where something is kept.
   */
  add(
    denial: Pick<AclLogEntry, "reason" | "context" | "object" | "userName">,
    nowMs: number,
    lengthMax: number,
    clientInfo: () => string,
  ): void {
    this.denials[denial.reason]++;
    if (lengthMax === 0) {
      this.#entries = [];
      return;
    }
    const at = this.#entries.slice(0, LOOKED_THROUGH_MAX).findIndex((each) =>
      each.reason === denial.reason && each.context === denial.context &&
      each.object === denial.object && each.userName === denial.userName &&
      Math.abs(nowMs - each.updatedMs) <= GROUPING_MS
    );
    if (at >= 0) {
      const [entry] = this.#entries.splice(at, 1);
      entry.count++;
      entry.updatedMs = nowMs;
      entry.clientInfo = clientInfo();
      this.#entries.unshift(entry);
      return;
    }
    this.#entries.unshift({
      ...denial,
      count: 1,
      clientInfo: clientInfo(),
      id: this.#nextId++,
      createdMs: nowMs,
      updatedMs: nowMs,
    });
    if (this.#entries.length > lengthMax) this.#entries.length = lengthMax;
  }

  /** ACL LOG RESET: the numbers of entries go on. */
  clear(): void {
    this.#entries = [];
  }

  /** CONFIG RESETSTAT. */
  resetStatistics(): void {
    const { denials } = this;
    denials.command =
      denials.key =
      denials.channel =
      denials.auth =
        0;
  }
}
