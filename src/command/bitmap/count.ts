/** BITCOUNT: how many bits of a string, or of a part of it, are 1. */
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { int64OrReply } from "../expiry_argument.ts";
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
    // A missing key is 0 before anything else is looked at, as in Redis 7.2.
    const ref = call.lookupStringRead(1);
    if (ref === WRONG_TYPE_REPLIED) return;
    if (ref === 0) return call.reply.integer(0);
    const length = call.database.valueLengthOf(ref);
    if (call.count === 2) return call.reply.integer(countBytes(call, ref, 0, length));
    if (call.count !== 4 && call.count !== 5) return call.syntaxError();
    countRange(call, ref, length);
  },
});

function countRange(call: Call, ref: number, length: number): void {
  let start = int64OrReply(call, 2);
  if (start !== start) return;
  let end = int64OrReply(call, 3);
  if (end !== end) return;
  if (isBackwardFromEnd(call, 2, start, end)) return call.reply.integer(0);
  const isBit = call.count === 5 && call.is(4, "bit");
  if (call.count === 5 && !isBit && !call.is(4, "byte")) return call.syntaxError();
  const total = isBit ? length * 8 : length;
  start = positionFromStart(start, total);
  end = endFromStart(end, total);
  if (start > end) return call.reply.integer(0);
  call.reply.integer(
    isBit ? countBits(call, ref, start, end) : countBytes(call, ref, start, end - start + 1),
  );
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
