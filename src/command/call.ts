/**
 * A command being run: its arguments, where the reply goes, and the data it works on. The server
 * has one of these and uses it for every call; handlers keep nothing of it.
 *
 * Arguments are read by index (0 is the name) in the form a handler needs; a reader that can fail
 * replies with the error itself and the handler returns.
 */
import { latin1, LOWER, utf8 } from "../base/ascii.ts";
import { parseSafeInteger } from "../base/integer_text.ts";
import type { Database } from "../keyspace/database.ts";
import { KEYS_AHEAD_MAX } from "../keyspace/keys_ahead.ts";
import { MEMBERS_AHEAD_MAX } from "../keyspace/members_ahead.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import { TYPE_STRING } from "../keyspace/value_type.ts";
import type { Arguments } from "../protocol/arguments.ts";
import type { ReplyWriter } from "../protocol/reply_writer.ts";
import {
  NOT_AN_INTEGER,
  STRING_TOO_LONG,
  SYNTAX_ERROR,
  WRONG_TYPE,
} from "../protocol/wire_errors.ts";
import type { BlockRequest } from "./blocking.ts";
import { replyTimeout } from "./blocking.ts";
import { EVENT_KEY_MISS, KeyEvents } from "./key_events.ts";
import type { Propagation } from "./propagation.ts";

/** What {@link Call.lookupStringRead} and the like return when they have replied WRONGTYPE. */
export const WRONG_TYPE_REPLIED = -1;

/** Settings that handlers read on every call; the server refreshes them when they change. */
export interface CallSettings {
  /** `proto-max-bulk-len`. */
  bulkLengthMax: number;
  /** `lazyfree-lazy-user-del`, `lazyfree-lazy-user-flush`: how a DEL or FLUSHALL propagates. */
  lazyUserDelete: boolean;
  lazyUserFlush: boolean;
  /** `lazyfree-lazy-expire`: an EXPIRE in the past propagates as UNLINK and not as DEL. */
  lazyExpire: boolean;
  /**
   * Small integers would be shared by Redis: no `maxmemory`, or a policy that needs no access bits
   * of a value's own (OBJECT REFCOUNT).
   */
  sharesIntegers: boolean;
  /** DEBUG SET-SKIP-CHECKSUM-VALIDATION: RESTORE and loading accept a wrong checksum. */
  skipChecksumValidation: boolean;
  /** `rdbcompression`, which DUMP follows too. */
  compressesDump: boolean;
  /** Writes a warning to the log: what is wrong with a payload, which the reply does not say. */
  readonly warn: (text: string) => void;
}

export class Call {
  readonly keyspace: Keyspace;
  readonly settings: CallSettings;
  readonly propagation: Propagation;
  args: Arguments;
  reply: ReplyWriter;
  database: Database;
  /** The full name of the command that runs: `get`, `config|set`. */
  name = "";
  /** Changes to the data set so far, by all commands: what counts towards a save point. */
  dirty = 0;
  /** Who is told of what happens to keys. */
  readonly keyEvents: KeyEvents = new KeyEvents();
  /** Whether the client may read any key at all by the command that runs (SORT's BY and GET). */
  mayReadEveryKey: () => boolean = () => true;
  /** Lets the client of this call wait; null where a command must not (see {@link block}). */
  blocker: ((request: BlockRequest) => void) | null = null;

  constructor(
    keyspace: Keyspace,
    settings: CallSettings,
    propagation: Propagation,
    args: Arguments,
    reply: ReplyWriter,
  ) {
    this.keyspace = keyspace;
    this.settings = settings;
    this.propagation = propagation;
    this.args = args;
    this.reply = reply;
    this.database = keyspace.databases[0];
  }

  get count(): number {
    return this.args.count;
  }

  /** The key at an argument, looked up for reading: its entry or 0. */
  lookupRead(index: number): number {
    const args = this.args;
    const ref = this.database.lookupRead(args.bytes, args.starts[index], args.ends[index]);
    if (ref === 0 && this.keyEvents.isActive) this.notify(index, EVENT_KEY_MISS, "keymiss");
    return ref;
  }

  /** The key at an argument, looked up and counted as a read, but not touched: its entry or 0. */
  peekRead(index: number): number {
    const args = this.args;
    const ref = this.database.peekRead(args.bytes, args.starts[index], args.ends[index]);
    if (ref === 0 && this.keyEvents.isActive) this.notify(index, EVENT_KEY_MISS, "keymiss");
    return ref;
  }

  /** The key at an argument, looked up for writing: its entry or 0. */
  lookupWrite(index: number): number {
    const args = this.args;
    return this.database.lookupWrite(args.bytes, args.starts[index], args.ends[index]);
  }

  /**
   * The key at an argument was modified, and this is what happened to it: to be said behind the
   * change, once for each event, in Redis's order.
   */
  changed(index: number, eventClass: number, event: string): void {
    if (!this.keyEvents.isActive) return;
    const { bytes, starts, ends } = this.args;
    this.keyEvents.touched(this.database, bytes, starts[index], ends[index]);
    this.keyEvents.notify(this.database, bytes, starts[index], ends[index], eventClass, event);
  }

  /** The key at an argument was modified (Redis's signalModifiedKey). */
  touched(index: number): void {
    if (!this.keyEvents.isActive) return;
    const { bytes, starts, ends } = this.args;
    this.keyEvents.touched(this.database, bytes, starts[index], ends[index]);
  }

  /** Something happened to the key at an argument (Redis's notifyKeyspaceEvent). */
  notify(index: number, eventClass: number, event: string): void {
    if (!this.keyEvents.isActive) return;
    const { bytes, starts, ends } = this.args;
    this.keyEvents.notify(this.database, bytes, starts[index], ends[index], eventClass, event);
  }

  /**
   * The command has found nothing to do and waits for keys: it is run again when one of them may
   * serve. Where a command must not wait (in a transaction, a script, an append-only file) it
   * replies at once what it would reply when its time is over.
   */
  block(request: BlockRequest): void {
    if (this.blocker !== null) this.blocker(request);
    else replyTimeout(this.reply, request);
  }

  /**
   * Puts other bytes in the place of an argument of a command that is about to wait, so that it
   * means the same when it is run again: XREAD's `$` becomes the id that it was then.
   */
  replaceArgument(index: number, bytes: Uint8Array): void {
    // The client's own buffer is not ours to change.
    this.args = this.args.clone();
    this.args.replace(index, bytes);
  }

  /**
   * Has the next keys among the arguments, KEYS_AHEAD_MAX of them, fetched from memory together:
   * look-ups of many keys in a row then wait once and not for each.
   */
  fetchKeys(first: number, step: number): void {
    const { args, keyspace } = this;
    const keysAhead = keyspace.keysAhead;
    keysAhead.begin(args.bytes);
    const end = Math.min(args.count, first + KEYS_AHEAD_MAX * step);
    for (let i = first; i < end; i += step) keysAhead.add(args.starts[i], args.ends[i]);
    keysAhead.prefetch(this.database.keys);
  }

  /**
   * Has members of a large hash, set or sorted set fetched from memory together: to be called before
   * each of them is looked up, in a loop over each `step`th argument from `first` on. Does nothing
   * but at every MEMBERS_AHEAD_MAX-th.
   */
  fetchMembers(ref: number, first: number, index: number, step: number): void {
    if ((index - first) % (MEMBERS_AHEAD_MAX * step) !== 0) return;
    const { bytes, starts, ends, count } = this.args;
    const { keyspace, database } = this;
    const { members } = keyspace.keysAhead;
    members.fetchNext(keyspace, database, ref, bytes, starts, ends, index, count, step);
  }

  /** As {@link lookupRead}, but a value that is no string is refused: WRONG_TYPE_REPLIED. */
  lookupStringRead(index: number): number {
    return this.#onlyOf(this.lookupRead(index), TYPE_STRING);
  }

  /** As {@link lookupWrite}, but a value that is no string is refused: WRONG_TYPE_REPLIED. */
  lookupStringWrite(index: number): number {
    return this.#onlyOf(this.lookupWrite(index), TYPE_STRING);
  }

  /** As {@link lookupRead}, but a value of another type is refused: WRONG_TYPE_REPLIED. */
  lookupReadOf(index: number, type: number): number {
    return this.#onlyOf(this.lookupRead(index), type);
  }

  /** As {@link lookupWrite}, but a value of another type is refused: WRONG_TYPE_REPLIED. */
  lookupWriteOf(index: number, type: number): number {
    return this.#onlyOf(this.lookupWrite(index), type);
  }

  /** True when the argument is that word, given in lower case. */
  is(index: number, word: string): boolean {
    const args = this.args;
    const start = args.starts[index];
    if (args.ends[index] - start !== word.length) return false;
    for (let i = 0; i < word.length; i++) {
      if (LOWER[args.bytes[start + i]] !== word.charCodeAt(i)) return false;
    }
    return true;
  }

  /** The argument as an integer that a double holds exactly; NaN when it is none. */
  safeInteger(index: number): number {
    const args = this.args;
    return parseSafeInteger(args.bytes, args.starts[index], args.ends[index]);
  }

  /** As {@link safeInteger}, but replies with the error when it is none or outside the range. */
  integerOrReply(index: number, minimum: number, maximum: number, error = NOT_AN_INTEGER): number {
    const value = this.safeInteger(index);
    if (value >= minimum && value <= maximum) return value;
    this.reply.error(error);
    return NaN;
  }

  /** The argument as text, for words and numbers (Latin-1). */
  text(index: number): string {
    const args = this.args;
    return latin1(args.bytes, args.starts[index], args.ends[index]);
  }

  /** The argument as text, for names and messages (UTF-8). */
  utf8(index: number): string {
    const args = this.args;
    return utf8(args.bytes, args.starts[index], args.ends[index]);
  }

  syntaxError(): void {
    this.reply.error(SYNTAX_ERROR);
  }

  /** False, after replying, when a string of that length would be longer than allowed. */
  isStringLengthAllowed(lengthBytes: number): boolean {
    if (lengthBytes <= this.settings.bulkLengthMax) return true;
    this.reply.error(STRING_TOO_LONG);
    return false;
  }

  /** Replies with a range of a string's bytes, straight from the heap. */
  replyValue(ref: number, offset: number, length: number): void {
    const database = this.database;
    const reply = this.reply;
    const at = reply.beginBulk(length);
    const from = database.valueSpan(ref, offset, length);
    if (this.keyspace.heap.spanLength === length && length <= 64) {
      const source = this.keyspace.heap.bytes;
      const target = reply.bytes;
      for (let i = 0; i < length; i++) target[at + i] = source[from + i];
    } else database.copyValue(ref, offset, length, reply.bytes, at);
    reply.endBulk();
  }

  /** Replies with a range of the bytes of any object of the heap. */
  replyRange(object: number, offset: number, length: number): void {
    const reply = this.reply;
    const heap = this.keyspace.heap;
    const at = reply.beginBulk(length);
    if (length > 0) {
      const from = heap.span(object, offset, length);
      if (heap.spanLength === length && length <= 64) {
        const source = heap.bytes;
        const target = reply.bytes;
        for (let i = 0; i < length; i++) target[at + i] = source[from + i];
      } else heap.copyOut(object, offset, length, reply.bytes, at);
    }
    reply.endBulk();
  }

  #onlyOf(ref: number, type: number): number {
    if (ref === 0 || this.database.typeOf(ref) === type) return ref;
    this.reply.error(WRONG_TYPE);
    return WRONG_TYPE_REPLIED;
  }
}
