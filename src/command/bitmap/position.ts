/** BITPOS: where the first 0 or 1 stands in a string or in a part of it. */
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { int64OrReply } from "../integer_argument.ts";
import { endFromStart, positionFromStart } from "../range_argument.ts";
import { firstOtherByte } from "./first_byte.ts";

const NOT_FOUND = -1;

export const bitpos = defineCommand({
  name: "bitpos",
  summary: "Finds the first bit that is 1, or 0, in a string or in a part of it.",
  since: "2.8.7",
  group: "bitmap",
  complexity: "O(N)",
  history: [["7.0.0", "The option `BYTE|BIT` came."]],
  arity: -3,
  flags: ["readonly"],
  acl: ["bitmap"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: [
    { name: "key", type: "key", keySpec: 0 },
    { name: "bit", type: "integer" },
    {
      name: "range",
      type: "block",
      flags: ["optional"],
      arguments: [
        { name: "start", type: "integer" },
        {
          name: "end-unit-block",
          type: "block",
          flags: ["optional"],
          arguments: [
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
    },
  ],
  run(call) {
    const bit = int64OrReply(call, 2);
    if (bit !== bit) return;
    if (bit !== 0 && bit !== 1) {
      return call.reply.error("ERR The bit argument must be 1 or 0.");
    }
    // Valkey 8's order, as for BITCOUNT: the range is read before the key is looked at.
    const count = call.count;
    if (count > 6) return call.syntaxError();
    let start = 0;
    let end = -1;
    if (count > 3) start = int64OrReply(call, 3);
    if (start !== start) return;
    const isBit = count === 6 && call.is(5, "bit");
    if (count === 6 && !isBit && !call.is(5, "byte")) return call.syntaxError();
    if (count > 4) end = int64OrReply(call, 4);
    if (end !== end) return;
    const ref = call.lookupStringRead(1);
    if (ref === WRONG_TYPE_REPLIED) return;
    // A missing key is endless zeros, whatever the range.
    if (ref === 0) return call.reply.integer(bit === 1 ? NOT_FOUND : 0);
    replyPosition(call, ref, bit, start, end, isBit);
  },
});

function replyPosition(
  call: Call,
  ref: number,
  bit: number,
  from: number,
  to: number,
  isBit: boolean,
): void {
  const length = call.database.valueLengthOf(ref);
  const total = isBit ? length * 8 : length;
  const start = positionFromStart(from, total);
  const end = endFromStart(to, total);
  if (start > end) return call.reply.integer(NOT_FOUND);
  const firstBit = isBit ? start : start * 8;
  const endBit = isBit ? end + 1 : (end + 1) * 8;
  const position = findBit(call, ref, bit, firstBit, endBit);
  // Without an end the string goes on in zeros, and the first of them stands right behind it.
  if (position === endBit && (bit === 1 || call.count > 4)) call.reply.integer(NOT_FOUND);
  else call.reply.integer(position);
}

/** The first such bit from `firstBit` on, or `endBit` when there is none before it. */
function findBit(call: Call, ref: number, bit: number, firstBit: number, endBit: number): number {
  const heap = call.keyspace.heap;
  const skip = bit === 1 ? 0 : 0xff;
  const endByte = Math.ceil(endBit / 8);
  let offset = Math.floor(firstBit / 8);
  // The bits before the first of the range are made such that they are passed over.
  let at = call.database.valueSpan(ref, offset, 1);
  const ignored = ~(0xff >>> firstBit % 8) & 0xff;
  const firstByte = bit === 1 ? heap.bytes[at] & ~ignored : heap.bytes[at] | ignored;
  if (firstByte !== skip) return Math.min(offset * 8 + firstIn(firstByte ^ skip), endBit);
  offset++;
  while (offset < endByte) {
    at = call.database.valueSpan(ref, offset, endByte - offset);
    const run = heap.spanLength;
    const found = firstOtherByte(heap.bytes, heap.words, at, at + run, skip);
    if (found < at + run) {
      const position = (offset + found - at) * 8 + firstIn(heap.bytes[found] ^ skip);
      return Math.min(position, endBit);
    }
    offset += run;
  }
  return endBit;
}

/** Which is the first 1 in a byte that has one, the highest bit being 0. */
function firstIn(byte: number): number {
  return Math.clz32(byte) - 24;
}
