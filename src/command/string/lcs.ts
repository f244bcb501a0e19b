/**
 * LCS: the longest common subsequence of two strings, its length, or where its parts stand.
 *
 * Redis refuses what its table would take more than `proto-max-bulk-len` bytes for. Ours takes a
 * 32nd of that (common_subsequence.ts), but refuses the same.
 */
import { stringBytes } from "../../keyspace/string_value.ts";
import { TYPE_STRING } from "../../keyspace/value_type.ts";
import type { Call } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { int64OrReply } from "../integer_argument.ts";
import { CommonSubsequence } from "./common_subsequence.ts";

const UINT32_MAX = 2 ** 32 - 1;
const EMPTY = new Uint8Array(0);

export const lcs = defineCommand({
  name: "lcs",
  summary: "Finds the longest sequence of bytes that two strings have in common, gaps allowed.",
  since: "7.0.0",
  group: "string",
  complexity: "O(N*M), N and M being the lengths of the two strings",
  arity: -3,
  flags: ["readonly"],
  acl: ["string"],
  keys: [keyRange(1, 2, 1, "RO access")],
  arguments: [
    { name: "key1", type: "key", keySpec: 0 },
    { name: "key2", type: "key", keySpec: 0 },
    { name: "len", type: "pure-token", token: "LEN", flags: ["optional"] },
    { name: "idx", type: "pure-token", token: "IDX", flags: ["optional"] },
    { name: "min-match-len", type: "integer", token: "MINMATCHLEN", flags: ["optional"] },
    { name: "withmatchlen", type: "pure-token", token: "WITHMATCHLEN", flags: ["optional"] },
  ],
  run(call) {
    const database = call.database;
    const refA = call.lookupRead(1);
    const refB = call.lookupRead(2);
    if (!isStringOrNone(call, refA) || !isStringOrNone(call, refB)) {
      return call.reply.error("ERR The specified keys must contain string values");
    }
    if (!options.read(call)) return;
    const lengthA = refA === 0 ? 0 : database.valueLengthOf(refA);
    const lengthB = refB === 0 ? 0 : database.valueLengthOf(refB);
    if (!isTableAllowed(call, lengthA, lengthB)) return;
    const found = find(
      refA === 0 ? EMPTY : stringBytes(database, refA),
      refB === 0 ? EMPTY : stringBytes(database, refB),
    );
    if (found === undefined) {
      return call.reply.error(
        "ERR Insufficient memory, failed allocating transient memory for LCS",
      );
    }
    if (options.isIdx) replyMatches(call, found);
    else if (options.isLen) call.reply.integer(found.length);
    else call.reply.bulk(subsequenceOf(found));
  },
});

/** The options of one call. */
class LcsOptions {
  isLen = false;
  isIdx = false;
  isWithMatchLen = false;
  minMatchLen = 0;

  /** False, after replying, when they are not valid. */
  read(call: Call): boolean {
    this.isLen = false;
    this.isIdx = false;
    this.isWithMatchLen = false;
    this.minMatchLen = 0;
    for (let i = 3; i < call.count; i++) {
      if (call.is(i, "idx")) this.isIdx = true;
      else if (call.is(i, "len")) this.isLen = true;
      else if (call.is(i, "withmatchlen")) this.isWithMatchLen = true;
      else if (call.is(i, "minmatchlen") && i + 1 < call.count) {
        const length = int64OrReply(call, ++i);
        if (length !== length) return false;
        this.minMatchLen = length;
      } else {
        call.syntaxError();
        return false;
      }
    }
    if (!this.isLen || !this.isIdx) return true;
    call.reply.error("ERR If you want both the length and indexes, please just use IDX.");
    return false;
  }
}

const options = new LcsOptions();

function isStringOrNone(call: Call, ref: number): boolean {
  return ref === 0 || call.database.typeOf(ref) === TYPE_STRING;
}

/** False, after replying, when Redis would not make the table. */
function isTableAllowed(call: Call, lengthA: number, lengthB: number): boolean {
  if (lengthA >= UINT32_MAX - 1 || lengthB >= UINT32_MAX - 1) {
    call.reply.error("ERR String too long for LCS");
    return false;
  }
  if ((lengthA + 1) * (lengthB + 1) * 4 <= call.settings.bulkLengthMax) return true;
  call.reply.error(
    "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len",
  );
  return false;
}

/** Undefined where there is no memory for it. */
function find(a: Uint8Array, b: Uint8Array): CommonSubsequence | undefined {
  try {
    return new CommonSubsequence(a, b, options.isIdx || !options.isLen);
  } catch (thrown) {
    if (thrown instanceof RangeError) return undefined;
    throw thrown;
  }
}

function subsequenceOf(found: CommonSubsequence): Uint8Array {
  const bytes = new Uint8Array(found.length);
  let at = found.length;
  found.walkBack((aIndex) => {
    bytes[--at] = found.a[aIndex];
  });
  return bytes;
}

/** Replies with the ranges that match, the last one first, and the length of all. */
function replyMatches(call: Call, found: CommonSubsequence): void {
  const reply = call.reply;
  reply.map(2);
  reply.bulkText("matches");
  const mark = reply.beginDeferred();
  let count = 0;
  // The range that grows backwards at the moment: [startA, startA + length) and the same in b.
  let startA = 0;
  let startB = 0;
  let length = 0;
  const end = () => {
    if (length === 0 || length < options.minMatchLen) return;
    replyRange(call, startA, startB, length);
    count++;
  };
  found.walkBack((aIndex, bIndex) => {
    if (length > 0 && aIndex === startA - 1 && bIndex === startB - 1) length++;
    else {
      end();
      length = 1;
    }
    startA = aIndex;
    startB = bIndex;
  });
  end();
  reply.endDeferred(mark, "array", count);
  reply.bulkText("len");
  reply.integer(found.length);
}

function replyRange(call: Call, startA: number, startB: number, length: number): void {
  const reply = call.reply;
  reply.array(options.isWithMatchLen ? 3 : 2);
  reply.array(2);
  reply.integer(startA);
  reply.integer(startA + length - 1);
  reply.array(2);
  reply.integer(startB);
  reply.integer(startB + length - 1);
  if (options.isWithMatchLen) reply.integer(length);
}
