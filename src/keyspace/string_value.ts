/**
 * Strings: their bytes stand in the entry or in an object of their own, as the entry's length
 * demands. An integer is kept as its text: GET copies it out as it is, and INCR on short text costs
 * less than turning 64-bit numbers into text at every read would.
 *
 * Encodings: `int` for what Redis would keep as an integer, `embstr` up to 44 bytes, `raw` for
 * longer ones and for all that were changed in place.
 */
import { isCanonicalInteger, MAX_INTEGER_TEXT_BYTES } from "../base/integer_text.ts";
import type { Database } from "./database.ts";
import {
  EMBSTR_BYTES_MAX,
  ENCODING_EMBSTR,
  ENCODING_INT,
  ENCODING_RAW,
  TYPE_STRING,
} from "./value_type.ts";

/** `expiresAtMs` for {@link setString}: the key keeps the expiry time it has. */
export const KEEP_EXPIRY = -2;

const KIND_RAW = TYPE_STRING | ENCODING_RAW << 4;
const KIND_INT = TYPE_STRING | ENCODING_INT << 4;
const KIND_EMBSTR = TYPE_STRING | ENCODING_EMBSTR << 4;

/** The kind (type and encoding) of a string that is set whole. */
export function stringKind(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length > EMBSTR_BYTES_MAX) return KIND_RAW;
  // No integer begins with anything but a digit or a minus, which spares most values the parse.
  if (length > 0 && length <= MAX_INTEGER_TEXT_BYTES && bytes[start] <= 0x39) {
    if (isCanonicalInteger(bytes, start, end)) return KIND_INT;
  }
  return KIND_EMBSTR;
}

/**
 * Sets a key to a string, whatever it held, and returns its entry.
 * @param ref what the look-up of the key, just done, returned: 0 when it is absent.
 * @param expiresAtMs milliseconds since the epoch, NO_EXPIRY or {@link KEEP_EXPIRY}.
 */
export function setString(
  database: Database,
  ref: number,
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
  value: Uint8Array,
  start: number,
  end: number,
  expiresAtMs: number,
): number {
  const kind = stringKind(value, start, end);
  const length = end - start;
  if (expiresAtMs === KEEP_EXPIRY) expiresAtMs = ref === 0 ? -1 : database.expiresAtMs(ref);
  if (ref !== 0 && database.typeOf(ref) !== TYPE_STRING) {
    database.deleteReplaced(ref, true);
    ref = database.find(key, keyStart, keyEnd);
  }
  ref = ref === 0
    ? database.add(key, keyStart, keyEnd, kind, length, expiresAtMs)
    : database.replaceValue(ref, kind, length, expiresAtMs);
  database.writeValue(ref, 0, value, start, length);
  return ref;
}

/**
 * Gives a string that is about to be changed in place another length; what is new is zero bytes.
 * Returns where its entry now is; the string is `raw` from now on.
 */
export function resizeString(database: Database, ref: number, length: number): number {
  const oldLength = database.valueLengthOf(ref);
  if (length !== oldLength) {
    ref = database.resizeValue(ref, length, oldLength);
    if (length > oldLength) database.clearValue(ref, oldLength, length - oldLength);
  }
  database.setKind(ref, TYPE_STRING, ENCODING_RAW);
  return ref;
}

/** A copy of a range of a string's bytes. */
export function stringBytes(
  database: Database,
  ref: number,
  offset = 0,
  length: number = database.valueLengthOf(ref),
): Uint8Array {
  const copy = new Uint8Array(length);
  database.copyValue(ref, offset, length, copy, 0);
  return copy;
}
