/** What the two ways between bytes and JSON share: which bytes are text, and base64 for the others. */

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PADDING = 0x3d;

/** The characters of base64 by what they stand for. */
export const BASE64_CHARACTERS: Uint8Array = Uint8Array.from(BASE64, (c) => c.charCodeAt(0));
const NOT_BASE64 = 64;
const BASE64_VALUES: Uint8Array = base64Values();

function base64Values(): Uint8Array {
  const values = new Uint8Array(256).fill(NOT_BASE64);
  BASE64_CHARACTERS.forEach((character, value) => values[character] = value);
  return values;
}

/** Whether bytes are well-formed UTF-8: what is comes back from JSON as it was. */
export function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end;) {
    const lead = bytes[at++];
    if (lead < 0x80) continue;
    if (lead < 0xc2 || lead > 0xf4) return false;
    const following = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (at + following > end || !isSecond(lead, bytes[at])) return false;
    for (let i = 1; i < following; i++) if (bytes[at + i] >> 6 !== 2) return false;
    at += following;
  }
  return true;
}

/** The second byte of a character rules out long forms, surrogates and what is beyond U+10FFFF. */
function isSecond(lead: number, byte: number): boolean {
  if (byte >> 6 !== 2) return false;
  if (lead === 0xe0) return byte >= 0xa0;
  if (lead === 0xed) return byte < 0xa0;
  if (lead === 0xf0) return byte >= 0x90;
  return lead !== 0xf4 || byte < 0x90;
}

/** Writes the base64 of up to three bytes as four characters. */
export function writeBase64(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: Uint8Array,
  at: number,
): void {
  const second = start + 1 < end ? bytes[start + 1] : 0;
  const third = start + 2 < end ? bytes[start + 2] : 0;
  const bits = bytes[start] << 16 | second << 8 | third;
  into[at] = BASE64_CHARACTERS[bits >> 18];
  into[at + 1] = BASE64_CHARACTERS[bits >> 12 & 63];
  into[at + 2] = start + 1 < end ? BASE64_CHARACTERS[bits >> 6 & 63] : PADDING;
  into[at + 3] = start + 2 < end ? BASE64_CHARACTERS[bits & 63] : PADDING;
}

/** Decodes the base64 in the first `length` bytes in place; returns the bytes it makes, or -1. */
export function decodeBase64(bytes: Uint8Array, length: number): number {
  if (length % 4 !== 0) return -1;
  let padding = 0;
  while (padding < 2 && padding < length && bytes[length - 1 - padding] === PADDING) padding++;
  let made = 0;
  let bits = 0;
  for (let at = 0; at < length - padding; at++) {
    const value = BASE64_VALUES[bytes[at]];
    if (value === NOT_BASE64) return -1;
    bits = bits << 6 | value;
    const place = at & 3;
    if (place > 0) bytes[made++] = bits >> (6 - 2 * place);
  }
  // What the padding leaves over of the last character stands for nothing: one spelling for each.
  return padding > 0 && (bits & (1 << 2 * padding) - 1) !== 0 ? -1 : made;
}
