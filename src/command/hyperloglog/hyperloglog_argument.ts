/** Keys that must hold a HyperLogLog. */
import { encodingOf } from "../../keyspace/hyperloglog/header.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";

export const CORRUPTED = "INVALIDOBJ Corrupted HLL object detected";
const NO_HYPERLOGLOG = "WRONGTYPE Key is not a valid HyperLogLog string value.";

/** The key at an argument, looked up for reading: its entry, 0, or WRONG_TYPE_REPLIED. */
export function lookupRead(call: Call, index: number): number {
  return onlyHyperloglog(call, call.lookupStringRead(index));
}

/** The key at an argument, looked up for writing: its entry, 0, or WRONG_TYPE_REPLIED. */
export function lookupWrite(call: Call, index: number): number {
  return onlyHyperloglog(call, call.lookupStringWrite(index));
}

function onlyHyperloglog(call: Call, ref: number): number {
  if (ref <= 0 || encodingOf(call.database, ref) >= 0) return ref;
  call.reply.error(NO_HYPERLOGLOG);
  return WRONG_TYPE_REPLIED;
}
