/**
 * Glob patterns over bytes, as KEYS, SCAN, PSUBSCRIBE, CONFIG GET and ACL rules take them: Redis's
 * `stringmatchlen` with all its corners.
 *
 *     *        any bytes, none among them        \x       the byte x
 *     ?        any one byte                      [^...]   a byte that is not listed
 *     [...]    one of those listed: bytes, ranges a-z (also z-a), \x; an open "[..." closes itself
 *
 * Corners that are kept because clients can see them:
 * - The empty string matches the empty pattern only, not "*".
 * - A range compares signed bytes, as `char` is signed on the machines Redis runs on.
 * - Case is ignored in ranges by lowering their ends, after they were put in order.
 * - More than 1000 stars with something behind them match nothing.
 *
 * Where Redis recurses at each '*', this goes back to the last '*' only. It gives the same answers:
 * Redis, too, gives up when what follows a later '*' is found nowhere in the rest, because an
 * earlier '*' that takes more would leave even less. So a pattern never costs more than its length
 * times that of the string, and no stack.
 */

import { LOWER } from "./ascii.ts";

const STAR = 0x2a;
const QUESTION = 0x3f;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const CARET = 0x5e;
const DASH = 0x2d;
const BACKSLASH = 0x5c;

/** Redis's limit against patterns that eat up the stack. */
const MAX_STARS = 1000;

/** Where the last class ended: the position of its ']', or of the pattern's last byte. */
let classEnd = 0;

/**
 * Whether the whole of `text[textStart..textEnd)` matches the whole of
 * `pattern[patternStart..patternEnd)`.
 *
 * @param ignoresCase treats A-Z and a-z alike.
 */
export function matchesGlob(
  pattern: Uint8Array,
  patternStart: number,
  patternEnd: number,
  text: Uint8Array,
  textStart: number,
  textEnd: number,
  ignoresCase: boolean,
): boolean {
  let patternAt = patternStart;
  let textAt = textStart;
  let afterStar = -1;
  let starTextAt = 0;
  let stars = 0;
  for (;;) {
    if (patternAt < patternEnd && textAt < textEnd) {
      let isMatch = true;
      const byte = pattern[patternAt];
      if (byte === STAR) {
        while (patternAt + 1 < patternEnd && pattern[patternAt + 1] === STAR) patternAt++;
        patternAt++;
        if (patternAt === patternEnd) return true;
        if (++stars > MAX_STARS) return false;
        afterStar = patternAt;
        starTextAt = textAt;
        continue;
      }
      if (byte === OPEN) {
        isMatch = matchesClass(pattern, patternAt + 1, patternEnd, text[textAt], ignoresCase);
        patternAt = classEnd;
      } else if (byte !== QUESTION) {
        if (byte === BACKSLASH && patternEnd - patternAt >= 2) patternAt++;
        isMatch = equalByte(pattern[patternAt], text[textAt], ignoresCase);
      }
      if (isMatch) {
        patternAt++;
        textAt++;
        if (textAt < textEnd) continue;
        while (patternAt < patternEnd && pattern[patternAt] === STAR) patternAt++;
      }
    }
    if (textAt === textEnd && patternAt === patternEnd) return true;
    // Let the last star take one byte more.
    if (afterStar < 0 || ++starTextAt >= textEnd) return false;
    patternAt = afterStar;
    textAt = starTextAt;
  }
}

function equalByte(a: number, b: number, ignoresCase: boolean): boolean {
  return a === b || (ignoresCase && LOWER[a] === LOWER[b]);
}

/** Whether a class lists `byte`. Begins behind the '['; leaves the end in `classEnd`. */
function matchesClass(
  pattern: Uint8Array,
  start: number,
  end: number,
  byte: number,
  ignoresCase: boolean,
): boolean {
  let at = start;
  let isListed = false;
  const isNegated = at < end && pattern[at] === CARET;
  if (isNegated) at++;
  for (;; at++) {
    if (at >= end) {
      classEnd = end - 1;
      break;
    }
    if (pattern[at] === BACKSLASH && end - at >= 2) {
      at++;
      // An escaped byte counts as it is written, even where case does not.
      if (pattern[at] === byte) isListed = true;
    } else if (pattern[at] === CLOSE) {
      classEnd = at;
      break;
    } else if (end - at >= 3 && pattern[at + 1] === DASH) {
      if (isInRange(pattern[at], pattern[at + 2], byte, ignoresCase)) isListed = true;
      at += 2;
    } else if (equalByte(pattern[at], byte, ignoresCase)) {
      isListed = true;
    }
  }
  return isListed !== isNegated;
}

function isInRange(a: number, b: number, byte: number, ignoresCase: boolean): boolean {
  let least = signed(a);
  let most = signed(b);
  let value = signed(byte);
  if (least > most) {
    const swapped = least;
    least = most;
    most = swapped;
  }
  if (ignoresCase) {
    least = signedLower(least);
    most = signedLower(most);
    value = signedLower(value);
  }
  return value >= least && value <= most;
}

function signed(byte: number): number {
  return (byte << 24) >> 24;
}

function signedLower(value: number): number {
  return value < 0 ? value : LOWER[value];
}
