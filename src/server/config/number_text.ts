/**
 * Numbers as the configuration writes them, read exactly as the C library and Redis read them:
 * 64 bits wide, wrapping and saturating where they do. Start-up and CONFIG SET only, so BigInt.
 */

import { LONG_MAX, ULONG_MAX } from "./directive.ts";

const LONG_MIN = -LONG_MAX - 1n;

/** Redis's string2ll: canonical decimal, no sign but `-`, no leading zero, within 64 bits signed. */
export function parseInteger(text: string): bigint | undefined {
  if (text.length > 20 || !/^(0|-?[1-9][0-9]*)$/.test(text)) return undefined;
  const value = BigInt(text);
  return value < LONG_MIN || value > LONG_MAX ? undefined : value;
}

/**
 * C's strtoll on a whole text: leading white space, a sign, digits; out of range saturates. A text
 * without a digit is 0 when it is empty, and no number otherwise.
 */
export function parseStrtoll(text: string): bigint | undefined {
  if (text === "") return 0n;
  const match = /^[ \t\n\v\f\r]*([+-]?)([0-9]+)$/.exec(text);
  if (match === null) return undefined;
  const value = BigInt(match[2]) * (match[1] === "-" ? -1n : 1n);
  return value < LONG_MIN ? LONG_MIN : value > LONG_MAX ? LONG_MAX : value;
}

/** The same in base 8, where out of range is no number. */
export function parseOctal(text: string): bigint | undefined {
  if (text === "") return 0n;
  const match = /^[ \t\n\v\f\r]*([+-]?)([0-7]+)$/.exec(text);
  if (match === null) return undefined;
  const value = BigInt("0o" + match[2]) * (match[1] === "-" ? -1n : 1n);
  return value < LONG_MIN || value > LONG_MAX ? undefined : value;
}

const UNITS: Readonly<Record<string, bigint>> = {
  "": 1n,
  b: 1n,
  k: 1000n,
  kb: 1024n,
  m: 1000n * 1000n,
  mb: 1024n * 1024n,
  g: 1000n * 1000n * 1000n,
  gb: 1024n * 1024n * 1024n,
};

/**
 * Redis's memtoull: digits (none is 0), then a unit in any case. The digits saturate at 64 bits and
 * the product wraps, as there.
 *
 * @returns bytes, 0 .. 2^64-1.
 */
export function parseMemory(text: string): bigint | undefined {
  const match = /^([0-9]{0,127})([A-Za-z]{0,2})$/.exec(text);
  if (match === null) return undefined;
  const unit = UNITS[match[2].toLowerCase()];
  if (unit === undefined) return undefined;
  const amount = match[1] === "" ? 0n : BigInt(match[1]);
  return BigInt.asUintN(64, (amount > ULONG_MAX ? ULONG_MAX : amount) * unit);
}

/** As CONFIG REWRITE writes bytes: the largest of gb, mb and kb that divides them. */
export function memoryText(bytes: bigint): string {
  if (bytes !== 0n) {
    for (const unit of ["gb", "mb", "kb"]) {
      if (bytes % UNITS[unit] === 0n) return `${bytes / UNITS[unit]}${unit}`;
    }
  }
  return String(bytes);
}

/** C's strtod on a whole text that begins with no white space: decimal, hexadecimal, infinity. */
export function parseDouble(text: string): number | undefined {
  if (/^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?$/i.test(text)) {
    const value = Number(text);
    const underflows = value === 0 && /[1-9]/.test(text.replace(/e.*/i, ""));
    return Number.isFinite(value) && !underflows ? value : undefined;
  }
  if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  const hex = /^([+-]?)0x([0-9a-f]*)\.?([0-9a-f]*)(?:p([+-]?[0-9]+))?$/i.exec(text);
  if (hex === null || hex[2] + hex[3] === "") return undefined;
  const digits = Number.parseInt(hex[2] + hex[3], 16);
  const value = digits * 2 ** (Number(hex[4] ?? 0) - 4 * hex[3].length);
  if (!Number.isFinite(value) || (value === 0 && digits !== 0)) return undefined;
  return hex[1] === "-" ? -value : value;
}

/** `%f` without the zeros at its end: six digits after the point at most. */
export function percentileText(value: number): string {
  return value.toFixed(6).replace(/\.?0+$/, "");
}
