/**
 * Finding keys by pattern: KEYS and SCAN.
 *
 * A SCAN cursor is the keyspace dict's: a hash below which everything has been returned. A call
 * returns whole segments, some forty keys each, so COUNT is a least and not a most. Cursors lie
 * below 2^32; a higher one, which no reply of ours has named, is an end already.
 */
import { SCAN_START } from "../../heap/dict.ts";
import type { HeapView } from "../../heap/heap_view.ts";
import { TYPE_NAMES } from "../../keyspace/value_type.ts";
import { NO_EXPIRY } from "../../keyspace/database.ts";
import type { Call } from "../call.ts";
import type { CommandDefinition } from "../definition.ts";
import { defineCommand } from "../definition.ts";
import { int64OrReply } from "../integer_argument.ts";
import { EVENT_KEY_MISS } from "../key_events.ts";
import { cursorOrReply } from "../scan_argument.ts";
import { isKeyMatched, isLiteral, isMatchAll, replyKey } from "./entry_key.ts";

const SCAN_COUNT = 10;
/** A segment may be empty: after so many for each key asked for, the call ends all the same. */
const SEGMENTS_PER_KEY_MAX = 10;
/** No TYPE option, or one that names no type (which Redis 7.2 takes and lets match nothing). */
const ANY_TYPE = -1;
const UNKNOWN_TYPE = -2;
/** A larger list of references is given back after use. */
const KEPT_REFS_MAX = 64 * 1024;

const keys = defineCommand({
  name: "keys",
  summary: "Names every key that matches a pattern.",
  since: "1.0.0",
  group: "generic",
  complexity: "O(N) where N is the number of keys in the database.",
  arity: 2,
  flags: ["readonly"],
  acl: ["keyspace", "dangerous"],
  tips: ["request_policy:all_shards", "nondeterministic_output_order"],
  arguments: [{ name: "pattern", type: "pattern" }],
  run(call) {
    const args = call.args;
    const start = args.starts[1];
    const end = args.ends[1];
    const mark = call.reply.beginDeferred();
    const count = !isMatchAll(args.bytes, start, end) && isLiteral(args.bytes, start, end)
      ? replyIfAlive(call, call.database.find(args.bytes, start, end))
      : replyMatching(call, args.bytes, start, end);
    call.reply.endDeferred(mark, "array", count);
  },
});

/** Writes the keys that match and returns how many they are. */
function replyMatching(call: Call, pattern: Uint8Array, start: number, end: number): number {
  const heap = call.keyspace.heap;
  const dict = call.database.keys;
  const isAll = isMatchAll(pattern, start, end);
  let count = 0;
  let cursor = SCAN_START;
  do {
    cursor = dict.scan(cursor);
    const refs = dict.scanned;
    const length = dict.scannedCount;
    warm(heap, refs, length);
    for (let i = 0; i < length; i++) {
      if (isAll || isKeyMatched(heap, refs[i], pattern, start, end)) {
        count += replyIfAlive(call, refs[i]);
      }
    }
  } while (cursor !== SCAN_START && !call.reply.isCut);
  return count;
}

/** Where {@link warm} leaves what it read, so that no engine leaves the reading out. */
const warmed = { sum: 0 };

/**
 * Reads a word of each entry, one right after the other. Nothing depends on what is read, so the
 * processor waits for many of them at once, where the loop that follows would wait for each.
 */
function warm(heap: HeapView, refs: Int32Array, length: number): void {
  let sum = 0;
  for (let i = 0; i < length; i++) sum = sum + heap.wordAt(refs[i], 0) | 0;
  warmed.sum = sum;
}

/** Writes the entry's key unless it has expired (and leaves it alone then): how many were written. */
function replyIfAlive(call: Call, ref: number): number {
  if (ref === 0) return 0;
  const expiresAtMs = call.database.expiresAtMs(ref);
  if (expiresAtMs !== NO_EXPIRY && call.keyspace.nowMs > expiresAtMs) return 0;
  replyKey(call.reply, call.keyspace.heap, ref);
  return 1;
}

const scan = defineCommand({
  name: "scan",
  summary: "Goes through the keys of the database, some at each call.",
  since: "2.8.0",
  group: "generic",
  complexity: "O(1) a call; O(N) for all the calls that go through N keys.",
  history: [["6.0.0", "The `TYPE` option."]],
  arity: -2,
  flags: ["readonly"],
  acl: ["keyspace"],
  tips: ["nondeterministic_output", "request_policy:special", "response_policy:special"],
  arguments: [
    { name: "cursor", type: "integer" },
    { name: "pattern", type: "pattern", token: "MATCH", flags: ["optional"] },
    { name: "count", type: "integer", token: "COUNT", flags: ["optional"] },
    { name: "type", type: "string", token: "TYPE", since: "6.0.0", flags: ["optional"] },
  ],
  run(call) {
    const cursor = cursorOrReply(call, 1);
    if (cursor !== cursor || !readOptions(call)) return;
    const args = call.args;
    const match = options.matchIndex;
    found.count = 0;
    if (match !== 0 && isLiteral(args.bytes, args.starts[match], args.ends[match])) {
      // One key at most can match: it is looked up, and the scan is over.
      const ref = call.database.find(args.bytes, args.starts[match], args.ends[match]);
      if (ref !== 0 && isWanted(call, ref)) found.push(ref);
      return replyScan(call, SCAN_START);
    }
    replyScan(call, cursor < 2 ** 32 ? collect(call, cursor) : SCAN_START);
  },
});

/** What the options of a SCAN say. */
class ScanOptions {
  /** The argument with the pattern; 0 when every key matches. */
  matchIndex = 0;
  count = SCAN_COUNT;
  type = ANY_TYPE;
}

/** References collected by a SCAN: they are written behind the cursor, which is known last. */
class RefList {
  refs: Int32Array = new Int32Array(256);
  count = 0;

  push(ref: number): void {
    if (this.count === this.refs.length) {
      const larger = new Int32Array(this.refs.length * 2);
      larger.set(this.refs);
      this.refs = larger;
    }
    this.refs[this.count++] = ref;
  }

  clear(): void {
    this.count = 0;
    if (this.refs.length > KEPT_REFS_MAX) this.refs = new Int32Array(256);
  }
}

// Filled and emptied within one call, so that all servers of a process can use them.
const options = new ScanOptions();
const found = new RefList();

/** Reads the options behind the cursor; false after replying with an error. */
function readOptions(call: Call): boolean {
  const args = call.args;
  options.matchIndex = 0;
  options.count = SCAN_COUNT;
  options.type = ANY_TYPE;
  for (let i = 2; i < args.count; i += 2) {
    const hasValue = i + 1 < args.count;
    if (hasValue && call.is(i, "count")) {
      const count = int64OrReply(call, i + 1);
      if (count !== count) return false;
      if (count < 1) {
        call.syntaxError();
        return false;
      }
      options.count = count;
    } else if (hasValue && call.is(i, "match")) {
      options.matchIndex = isMatchAll(args.bytes, args.starts[i + 1], args.ends[i + 1]) ? 0 : i + 1;
    } else if (hasValue && call.is(i, "type")) {
      options.type = typeNamed(call, i + 1);
    } else {
      call.syntaxError();
      return false;
    }
  }
  return true;
}

function typeNamed(call: Call, index: number): number {
  for (let type = 0; type < TYPE_NAMES.length; type++) {
    // A module's values have names of their own; "module" is none.
    if (TYPE_NAMES[type] !== "module" && call.is(index, TYPE_NAMES[type])) return type;
  }
  return UNKNOWN_TYPE;
}

/** Collects in `found` what the next segments have that is wanted; returns the next cursor. */
function collect(call: Call, cursor: number): number {
  const args = call.args;
  const heap = call.keyspace.heap;
  const dict = call.database.keys;
  const match = options.matchIndex;
  const start = args.starts[match];
  const end = args.ends[match];
  let segmentsLeft = options.count * SEGMENTS_PER_KEY_MAX;
  let sampled = 0;
  do {
    cursor = dict.scan(cursor);
    const refs = dict.scanned;
    const length = dict.scannedCount;
    sampled += length;
    warm(heap, refs, length);
    for (let i = 0; i < length; i++) {
      if (match !== 0 && !isKeyMatched(heap, refs[i], args.bytes, start, end)) continue;
      if (isWanted(call, refs[i])) found.push(refs[i]);
    }
  } while (cursor !== SCAN_START && sampled < options.count && --segmentsLeft > 0);
  return cursor;
}

/** Whether an entry is alive, deleting it when it is not, and of the type asked for. */
function isWanted(call: Call, ref: number): boolean {
  const { database, keyEvents, keyspace } = call;
  if (options.type === ANY_TYPE) return !keyspace.expireIfNeeded(database, ref);
  // Redis looks a key up to learn its type, which counts.
  const key = keyEvents.isActive ? database.keyOf(ref) : null;
  if (!keyspace.expireIfNeeded(database, ref)) {
    keyspace.hits++;
    return database.typeOf(ref) === options.type;
  }
  keyspace.misses++;
  if (key !== null) keyEvents.notify(database, key, 0, key.length, EVENT_KEY_MISS, "keymiss");
  return false;
}

function replyScan(call: Call, cursor: number): void {
  const reply = call.reply;
  const heap = call.keyspace.heap;
  reply.array(2);
  reply.bulkInteger(cursor);
  reply.array(found.count);
  for (let i = 0; i < found.count; i++) replyKey(reply, heap, found.refs[i]);
  found.clear();
}

/** The commands of this file. */
export const searchCommands: readonly CommandDefinition[] = [keys, scan];
