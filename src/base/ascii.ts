/**
 * Bytes as text and text as bytes.
 *
 * Redis compares bytes, never characters: names of commands and options are ASCII without regard to
 * case, everything else is compared as `memcmp` does. The functions on ranges allocate nothing;
 * those that make or take a string are for messages, configuration and start-up.
 *
 * UTF-8 is done here rather than with TextDecoder because that one is not part of the language,
 * takes no SharedArrayBuffer on some runtimes and drops a leading byte order mark.
 */

/** Maps a byte to its lower case; only A-Z change (the C locale). */
export const LOWER: Uint8Array = caseTable(0x41, 0x5a, 32);

/** Maps a byte to its upper case; only a-z change (the C locale). */
export const UPPER: Uint8Array = caseTable(0x61, 0x7a, -32);

function caseTable(first: number, last: number, change: number): Uint8Array {
  const table = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte++) {
    table[byte] = byte >= first && byte <= last ? byte + change : byte;
  }
  return table;
}

/**
 * Whether `bytes[start..end)` spells a word, without regard to case.
 *
 * @param lowerWord the whole word in lower case, as {@link latin1Bytes} makes it.
 */
export function equalsIgnoringCase(
  bytes: Uint8Array,
  start: number,
  end: number,
  lowerWord: Uint8Array,
): boolean {
  const length = lowerWord.length;
  if (end - start !== length) return false;
  for (let i = 0; i < length; i++) {
    if (LOWER[bytes[start + i]] !== lowerWord[i]) return false;
  }
  return true;
}

/** Whether `a[aStart..aEnd)` and `b[bStart..bEnd)` hold the same bytes. */
export function equalBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): boolean {
  if (aEnd - aStart !== bEnd - bStart) return false;
  while (aStart < aEnd) {
    if (a[aStart++] !== b[bStart++]) return false;
  }
  return true;
}

/**
 * Orders two ranges as `memcmp` does, a prefix before what it is a prefix of.
 *
 * @returns a negative number, 0 or a positive number.
 */
export function compareBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const aLength = aEnd - aStart;
  const bLength = bEnd - bStart;
  const common = aLength < bLength ? aLength : bLength;
  for (let i = 0; i < common; i++) {
    const difference = a[aStart + i] - b[bStart + i];
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
}

/** One byte a character: the low eight bits of each UTF-16 unit. */
export function latin1Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/**
 * Writes a text of ASCII or Latin-1 characters, one byte each.
 *
 * @param into must have `text.length` bytes free from `at`.
 * @returns the position after the text.
 */
export function writeLatin1(into: Uint8Array, at: number, text: string): number {
  const length = text.length;
  for (let i = 0; i < length; i++) into[at + i] = text.charCodeAt(i);
  return at + length;
}

/** `bytes[start..end)` as a string with one character a byte: every byte survives. */
export function latin1(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  let text = "";
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at]);
  return text;
}

/** `bytes[start..end)` in lower case as a string with one character a byte. */
export function latin1Lower(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  let text = "";
  for (let at = start; at < end; at++) text += String.fromCharCode(LOWER[bytes[at]]);
  return text;
}

/** A string as UTF-8; a surrogate without its partner becomes U+FFFD. */
export function utf8Bytes(text: string): Uint8Array {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    length += unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
  }
  // A pair of surrogates was counted as six bytes and takes four.
  const bytes = new Uint8Array(length);
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    let code = text.codePointAt(i) as number;
    if (code > 0xffff) i++;
    else if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
    at = writeCodePoint(bytes, at, code);
  }
  return at === length ? bytes : bytes.slice(0, at);
}

function writeCodePoint(into: Uint8Array, at: number, code: number): number {
  if (code < 0x80) {
    into[at++] = code;
    return at;
  }
  if (code < 0x800) {
    into[at++] = 0xc0 | (code >> 6);
  } else {
    if (code < 0x10000) {
      into[at++] = 0xe0 | (code >> 12);
    } else {
      into[at++] = 0xf0 | (code >> 18);
      into[at++] = 0x80 | ((code >> 12) & 0x3f);
    }
    into[at++] = 0x80 | ((code >> 6) & 0x3f);
  }
  into[at++] = 0x80 | (code & 0x3f);
  return at;
}

/**
 * `bytes[start..end)` read as UTF-8. Bytes that are no UTF-8 become U+FFFD, one for each longest
 * beginning of a character (as the web platform's decoder does); a byte order mark stays.
 */
export function utf8(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  let text = "";
  let at = start;
  while (at < end) {
    const lead = bytes[at++];
    if (lead < 0x80) {
      text += String.fromCharCode(lead);
      continue;
    }
    let missing = lead >= 0xc2 && lead <= 0xdf
      ? 1
      : lead >= 0xe0 && lead <= 0xef
      ? 2
      : lead >= 0xf0 && lead <= 0xf4
      ? 3
      : 0;
    if (missing === 0) {
      text += "\ufffd";
      continue;
    }
    let code = lead & (0x3f >> missing);
    // The second byte is limited further: no overlong forms, surrogates or codes above U+10FFFF.
    let least = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    let most = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    while (missing > 0 && at < end && bytes[at] >= least && bytes[at] <= most) {
      code = (code << 6) | (bytes[at++] & 0x3f);
      missing--;
      least = 0x80;
      most = 0xbf;
    }
    text += missing === 0 ? String.fromCodePoint(code) : "\ufffd";
  }
  return text;
}

const HEX = "0123456789abcdef";

/**
 * Bytes between double quotes with everything unprintable escaped, as Redis shows arguments in
 * MONITOR, in its log and in redis-cli (`sdscatrepr`): `"a\n\x00\"b"`.
 */
export function quoteBytes(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  let text = '"';
  for (let at = start; at < end; at++) text += quoteByte(bytes[at]);
  return text + '"';
}

function quoteByte(byte: number): string {
  switch (byte) {
    case 0x07:
      return "\\a";
    case 0x08:
      return "\\b";
    case 0x09:
      return "\\t";
    case 0x0a:
      return "\\n";
    case 0x0d:
      return "\\r";
    case 0x22:
      return '\\"';
    case 0x5c:
      return "\\\\";
  }
  if (byte >= 0x20 && byte < 0x7f) return String.fromCharCode(byte);
  return "\\x" + HEX[byte >> 4] + HEX[byte & 15];
}
