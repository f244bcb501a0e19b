/** BITCOUNT: how many bits of a string, or of a part of it, are 1. */
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { int64OrReply } from "../integer_argument.ts";
import { endFromStart, isBackwardFromEnd, positionFromStart } from "../range_argument.ts";
import { countOnes, countOnesOfWord } from "./popcount.ts";

export const bitcount = defineCommand({
  name: "bitcount",
  summary: "Counts the bits of a string, or of a part of it, that are 1.",
  since: "2.6.0",
  group: "bitmap",
  complexity: "O(N)",
  history: [["7.0.0", "The option `BYTE|BIT` came."]],
  arity: -2,
  flags: ["readonly"],
  acl: ["bitmap"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: [
    { name: "key", type: "key", keySpec: 0 },
    {
      name: "range",
      type: "block",
      flags: ["optional"],
      arguments: [
        { name: "start", type: "integer" },
        { name: "end", type: "integer" },
        {
          name: "unit",
          type: "oneof",
          since: "7.0.0",
          flags: ["optional"],
          arguments: [
            { name: "byte", type: "pure-token", token: "BYTE" },
            { name: "bit", type: "pure-token", token: "BIT" },
          ],
        },
      ],
    },
  ],
  run(call) {
    // Valkey 8's order: the range is read before the key is looked at, so that a wrong one is told
    // whether or not the key exists; and the end may be left out. Redis 7 answers 0 for a missing
    // key whatever follows, and has no range without an end.
    if (call.count > 5) return call.syntaxError();
    let start = 0;
    let end = -1;
    if (call.count > 2) start = int64OrReply(call, 2);
    if (start !== start) return;
    if (call.count > 3) end = int64OrReply(call, 3);
    if (end !== end) return;
    const isBit = call.count === 5 && call.is(4, "bit");
    if (call.count === 5 && !isBit && !call.is(4, "byte")) return call.syntaxError();
    const ref = call.lookupStringRead(1);
    if (ref === WRONG_TYPE_REPLIED) return;
    if (ref === 0) return call.reply.integer(0);
    if (call.count > 3 && isBackwardFromEnd(call, 2, start, end)) return call.reply.integer(0);
    call.reply.integer(countRange(call, ref, start, end, isBit));
  },
});

function countRange(call: Call, ref: number, from: number, to: number, isBit: boolean): number {
  const length = call.database.valueLengthOf(ref);
  const total = isBit ? length * 8 : length;
  const start = positionFromStart(from, total);
  const end = endFromStart(to, total);
  if (start > end) return 0;
  return isBit ? countBits(call, ref, start, end) : countBytes(call, ref, start, end - start + 1);
}

/** The ones from bit `start` to bit `end`, both inclusive. */
function countBits(call: Call, ref: number, start: number, end: number): number {
  const first = Math.floor(start / 8);
  const last = Math.floor(end / 8);
  const before = byteAt(call, ref, first) & ~(0xff >>> start % 8);
  const behind = byteAt(call, ref, last) & 0x7f >>> end % 8;
  return countBytes(call, ref, first, last - first + 1) -
    countOnesOfWord(before) - countOnesOfWord(behind);
}

function countBytes(call: Call, ref: number, offset: number, length: number): number {
  const heap = call.keyspace.heap;
  let count = 0;
  while (length > 0) {
    const at = call.database.valueSpan(ref, offset, length);
    const run = heap.spanLength;
    count += countOnes(heap.bytes, heap.words, at, run);
    offset += run;
    length -= run;
  }
  return count;
}

function byteAt(call: Call, ref: number, byteIndex: number): number {
  const at = call.database.valueSpan(ref, byteIndex, 1);
  return call.keyspace.heap.bytes[at];
}
