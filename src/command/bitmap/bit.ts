/** One bit of a string: SETBIT and GETBIT. */
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { type ArgumentSpecification, defineCommand, keyRange } from "../definition.ts";
import { EVENT_STRING } from "../key_events.ts";
import { bitOffsetOrReply, prepared, stringForBits } from "./bit_offset.ts";

const KEY: ArgumentSpecification = { name: "key", type: "key", keySpec: 0 };
const OFFSET: ArgumentSpecification = { name: "offset", type: "integer" };

export const setbit = defineCommand({
  name: "setbit",
  summary:
    "Sets one bit of a string to 0 or 1 and returns what it was; the string grows to hold it.",
  since: "2.2.0",
  group: "bitmap",
  complexity: "O(1)",
  arity: 4,
  flags: ["write", "denyoom"],
  acl: ["bitmap"],
  keys: [keyRange(1, 1, 1, "RW access update")],
  arguments: [KEY, OFFSET, { name: "value", type: "integer" }],
  run(call) {
    const offset = bitOffsetOrReply(call, 2, 0);
    if (offset !== offset) return;
    const bit = call.safeInteger(3);
    if (bit !== 0 && bit !== 1) {
      return call.reply.error("ERR bit is not an integer or out of range");
    }
    const byteIndex = Math.floor(offset / 8);
    const ref = stringForBits(call, byteIndex + 1);
    if (ref === WRONG_TYPE_REPLIED) return;
    const shift = 7 - offset % 8;
    const old = byteAt(call, ref, byteIndex) >>> shift & 1;
    if (old !== bit) {
      // The place is asked for again: only a write may copy a page that a snapshot holds.
      const at = call.database.valueSpanToWrite(ref, byteIndex, 1);
      call.keyspace.heap.bytes[at] ^= 1 << shift;
    }
    if (prepared.isGrown || old !== bit) {
      call.dirty++;
      call.changed(1, EVENT_STRING, "setbit");
    }
    call.reply.integer(old);
  },
});

export const getbit = defineCommand({
  name: "getbit",
  summary: "Returns one bit of a string; bits beyond its end are 0.",
  since: "2.2.0",
  group: "bitmap",
  complexity: "O(1)",
  arity: 3,
  flags: ["readonly", "fast"],
  acl: ["bitmap"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: [KEY, OFFSET],
  run(call) {
    const offset = bitOffsetOrReply(call, 2, 0);
    if (offset !== offset) return;
    const ref = call.lookupStringRead(1);
    if (ref === WRONG_TYPE_REPLIED) return;
    const byteIndex = Math.floor(offset / 8);
    const isInside = ref !== 0 && byteIndex < call.database.valueLengthOf(ref);
    call.reply.integer(isInside ? byteAt(call, ref, byteIndex) >>> 7 - offset % 8 & 1 : 0);
  },
});

function byteAt(call: Call, ref: number, byteIndex: number): number {
  const at = call.database.valueSpan(ref, byteIndex, 1);
  return call.keyspace.heap.bytes[at];
}
