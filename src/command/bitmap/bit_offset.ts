/**
 * Bit offsets: bit 0 is the highest bit of the first byte. And a string that is made long enough
 * for the bits that are to be written.
 */
import { parseSafeInteger } from "../../base/integer_text.ts";
import { NO_EXPIRY } from "../../keyspace/database.ts";
import { resizeString } from "../../keyspace/string_value.ts";
import { ENCODING_RAW, TYPE_STRING } from "../../keyspace/value_type.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";

const KIND_RAW = TYPE_STRING | ENCODING_RAW << 4;
const HASH = 0x23;

/**
 * The argument as a bit offset that a string may have; NaN, after replying, when it is none.
 * @param fieldBits for BITFIELD, whose "#3" counts in fields of so many bits; else 0.
 */
export function bitOffsetOrReply(call: Call, index: number, fieldBits: number): number {
  const args = call.args;
  const start = args.starts[index];
  const end = args.ends[index];
  const isCounted = fieldBits > 0 && start < end && args.bytes[start] === HASH;
  const number = parseSafeInteger(args.bytes, isCounted ? start + 1 : start, end);
  const offset = isCounted ? number * fieldBits : number;
  if (offset >= 0 && Math.floor(offset / 8) < call.settings.bulkLengthMax) return offset;
  call.reply.error("ERR bit offset is not an integer or out of range");
  return NaN;
}

/** What {@link stringForBits} did to the string. */
export interface PreparedString {
  /** True when it was made, or made longer. */
  isGrown: boolean;
}

export const prepared: PreparedString = { isGrown: false };

/**
 * Looks the string at argument 1 up for writing and makes it `raw` and at least so long; new bytes
 * are zero. Leaves in {@link prepared} what it did.
 * @returns its entry, or WRONG_TYPE_REPLIED.
 */
export function stringForBits(call: Call, lengthBytes: number): number {
  const database = call.database;
  const ref = call.lookupStringWrite(1);
  if (ref === WRONG_TYPE_REPLIED) return ref;
  prepared.isGrown = true;
  if (ref === 0) {
    const { bytes, starts, ends } = call.args;
    const added = database.add(bytes, starts[1], ends[1], KIND_RAW, lengthBytes, NO_EXPIRY);
    database.clearValue(added, 0, lengthBytes);
    return added;
  }
  if (database.valueLengthOf(ref) < lengthBytes) return resizeString(database, ref, lengthBytes);
  prepared.isGrown = false;
  if (database.kindOf(ref) !== KIND_RAW) database.setKind(ref, TYPE_STRING, ENCODING_RAW);
  return ref;
}
