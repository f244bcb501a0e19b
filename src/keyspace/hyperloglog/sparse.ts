/**
 * The sparse representation of a HyperLogLog's registers: runs of equal registers, in order.
 *
 *     00nnnnnn            ZERO    n + 1 registers (1-64) are 0
 *     01nnnnnn nnnnnnnn   XZERO   n + 1 registers (1-16384) are 0, the higher bits first
 *     1vvvvvnn            VAL     n + 1 registers (1-4) are v + 1 (1-32)
 *
 * It is valid when its runs cover 16384 registers. A client can set a string to anything, so every
 * reader here takes any bytes; an XZERO that the end cuts off has 0 for its second byte, because
 * Redis reads the NUL behind its string there.
 */
import { type RankCounts, REGISTER_COUNT } from "./cardinality.ts";
import { type PackedBuffer, setPackedRegister, type SpreadRegisters } from "./registers.ts";

/** The highest value that a VAL can say. */
export const SPARSE_VALUE_MAX = 32;

const ZERO_RUN_MAX = 64;
const XZERO = 0x40;
const VAL = 0x80;
const VAL_RUN_MAX = 4;
/** A representation with more bytes than this has hardly any long runs. */
const CROWDED_BYTES = 800;
/** What stands in {@link RUNS} for an XZERO: more than any register's index. */
const LONG_RUN = 1 << 20;

/** How many registers an opcode of one byte covers. */
const RUNS: Int32Array = Int32Array.from({ length: 256 }, (_, byte) => {
  if ((byte & VAL) !== 0) return (byte & 3) + 1;
  return (byte & XZERO) !== 0 ? LONG_RUN : byte + 1;
});

/** Where {@link findRun} has found a register. */
export interface FoundRun {
  /** Offset of the opcode in the bytes. */
  at: number;
  /** The first register that it covers, and how many it does. */
  first: number;
  run: number;
  /** Offset of the opcode before it, -1 at the first one. */
  previous: number;
}

export const found: FoundRun = { at: 0, first: 0, run: 0, previous: -1 };

/** True for a VAL. */
function isValue(opcode: number): boolean {
  return (opcode & VAL) !== 0;
}

/** The value that a VAL says. */
export function valueOf(opcode: number): number {
  return (opcode >>> 2 & 0x1f) + 1;
}

/** True when the register of an opcode needs not be raised to `value`. */
export function isAtLeast(opcode: number, value: number): boolean {
  return isValue(opcode) && valueOf(opcode) >= value;
}

function isLongZero(opcode: number): boolean {
  return (opcode & (VAL | XZERO)) === XZERO;
}

function longRun(bytes: Uint8Array, at: number, end: number): number {
  const low = at + 1 < end ? bytes[at + 1] : 0;
  return ((bytes[at] & 0x3f) << 8 | low) + 1;
}

/**
 * Finds the opcode that covers a register, from the opcode at `at` on, whose first register is
 * `first`; leaves it in {@link found}. False when none does.
 */
export function findRun(
  bytes: Uint8Array,
  at: number,
  end: number,
  first: number,
  register: number,
): boolean {
  return end - at > CROWDED_BYTES
    ? findInCrowded(bytes, at, end, first, register)
    : findInSmall(bytes, at, end, first, register);
}

function findInSmall(
  bytes: Uint8Array,
  at: number,
  end: number,
  first: number,
  register: number,
): boolean {
  let previous = -1;
  while (at < end) {
    const opcode = bytes[at];
    if ((opcode & (VAL | XZERO)) === XZERO) {
      const low = at + 1 < end ? bytes[at + 1] : 0;
      const run = ((opcode & 0x3f) << 8 | low) + 1;
      if (first + run > register) return setFound(at, first, run, previous);
      first += run;
      previous = at;
      at += 2;
    } else {
      const run = RUNS[opcode];
      if (first + run > register) return setFound(at, first, run, previous);
      first += run;
      previous = at;
      at++;
    }
  }
  return false;
}

/** Four opcodes at once: a long run among them, as the register, makes the sum too high. */
function findInCrowded(
  bytes: Uint8Array,
  at: number,
  end: number,
  first: number,
  register: number,
): boolean {
  let previous = -1;
  for (;;) {
    const begin = at;
    while (at + 4 <= end) {
      const next = first + RUNS[bytes[at]] + RUNS[bytes[at + 1]] + RUNS[bytes[at + 2]] +
        RUNS[bytes[at + 3]];
      if (next > register) break;
      first = next;
      at += 4;
    }
    while (at < end) {
      const next = first + RUNS[bytes[at]];
      if (next > register) break;
      first = next;
      at++;
    }
    if (at >= end) return false;
    if (at > begin) previous = at - 1;
    const isLong = isLongZero(bytes[at]);
    const run = isLong ? longRun(bytes, at, end) : RUNS[bytes[at]];
    if (first + run > register) return setFound(at, first, run, previous);
    first += run;
    previous = at;
    at += 2;
  }
}

function setFound(at: number, first: number, run: number, previous: number): true {
  found.at = at;
  found.first = first;
  found.run = run;
  found.previous = previous;
  return true;
}

/** Counts how many registers hold each value; false when the representation is not valid. */
export function countSparse(
  bytes: Uint8Array,
  at: number,
  end: number,
  counts: RankCounts,
): boolean {
  counts.fill(0);
  let covered = 0;
  while (at < end) {
    const opcode = bytes[at];
    const isLong = isLongZero(opcode);
    const run = isLong ? longRun(bytes, at, end) : RUNS[opcode];
    covered += run;
    if (covered > REGISTER_COUNT) return false;
    counts[isValue(opcode) ? valueOf(opcode) : 0] += run;
    at += isLong ? 2 : 1;
  }
  return covered === REGISTER_COUNT;
}

/** Raises registers to what a sparse representation says; false when it is not valid. */
export function mergeSparse(
  bytes: Uint8Array,
  at: number,
  end: number,
  into: SpreadRegisters,
): boolean {
  const registers = into.bytes;
  let covered = 0;
  while (at < end) {
    const opcode = bytes[at];
    const isLong = isLongZero(opcode);
    const next = covered + (isLong ? longRun(bytes, at, end) : RUNS[opcode]);
    if (next > REGISTER_COUNT) return false;
    if (isValue(opcode)) {
      const value = valueOf(opcode);
      for (let i = covered; i < next; i++) if (registers[i] < value) registers[i] = value;
    }
    covered = next;
    at += isLong ? 2 : 1;
  }
  return covered === REGISTER_COUNT;
}

/**
 * Makes the dense representation of a sparse one, header and all; false when it is not valid.
 * @param at where the representation, its header, begins.
 */
export function packSparse(
  bytes: Uint8Array,
  at: number,
  end: number,
  headerBytes: number,
  into: PackedBuffer,
): boolean {
  into.begin(bytes, at);
  let covered = 0;
  at += headerBytes;
  while (at < end) {
    const opcode = bytes[at];
    const isLong = isLongZero(opcode);
    const next = covered + (isLong ? longRun(bytes, at, end) : RUNS[opcode]);
    if (next > REGISTER_COUNT) return false;
    if (isValue(opcode)) {
      const value = valueOf(opcode);
      for (let i = covered; i < next; i++) setPackedRegister(into.bytes, headerBytes, i, value);
    }
    covered = next;
    at += isLong ? 2 : 1;
  }
  return covered === REGISTER_COUNT;
}

/** What a sparse representation says, as PFDEBUG DECODE shows it: `Z:1000 v:2,1 z:19`. */
export function describeSparse(bytes: Uint8Array, at: number, end: number): string {
  const words: string[] = [];
  while (at < end) {
    const opcode = bytes[at];
    if (isValue(opcode)) words.push(`v:${valueOf(opcode)},${RUNS[opcode]}`);
    else if (isLongZero(opcode)) words.push(`Z:${longRun(bytes, at, end)}`);
    else words.push(`z:${RUNS[opcode]}`);
    at += isLongZero(opcode) ? 2 : 1;
  }
  return words.join(" ");
}

/** {@link SparseEditor.raise}: the register is that high already. */
export const UNCHANGED = 0;
/** The register has been raised. */
export const RAISED = 1;
/** Nothing covers the register. */
export const UNCOVERED = 2;
/** It would take more than the bytes that are allowed: nothing was done. */
export const TOO_LONG = 3;

/** How many opcodes are looked at for neighbours that can be one, after a change. */
const MERGE_STEPS = 5;
/** Room behind the bytes for what one change adds. */
const SPARE_BYTES = 8;
/** A larger buffer, which only a string of a client's own making needs, is not kept. */
const KEPT_BYTES_MAX = 64 * 1024;

/**
 * A copy of a sparse representation in which registers are raised, byte for byte as Redis does it:
 * the run is split, and then equal neighbours from the opcode before on are joined.
 */
export class SparseEditor {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(4096);
  length = 0;

  readonly #headerBytes: number;
  /** The opcode before the last change, from which higher registers can be sought. */
  #resumeAt = 0;
  #resumeFirst = 0;

  constructor(headerBytes: number) {
    this.#headerBytes = headerBytes;
  }

  /** Makes room for `length` bytes at the beginning of `bytes`, which the caller writes. */
  begin(length: number): void {
    const isLarge = this.bytes.length > KEPT_BYTES_MAX;
    if (isLarge || this.bytes.length < length + SPARE_BYTES) {
      this.bytes = new Uint8Array(Math.max(4096, length + SPARE_BYTES));
    }
    this.length = length;
    this.#resumeAt = this.#headerBytes;
    this.#resumeFirst = 0;
  }

  /** Makes the representation of registers that are all 0; the header is the caller's to write. */
  beginEmpty(): void {
    this.begin(this.#headerBytes + 2);
    writeZeroRun(this.bytes, this.#headerBytes, REGISTER_COUNT);
  }

  /**
   * Raises a register to `value`, 1 to SPARSE_VALUE_MAX, if it is lower.
   * @param bytesMax the representation, header and all, may grow up to so many bytes.
   * @returns UNCHANGED, RAISED, UNCOVERED or TOO_LONG.
   */
  raise(register: number, value: number, bytesMax: number): number {
    this.#resumeAt = this.#headerBytes;
    this.#resumeFirst = 0;
    return this.raiseNext(register, value, bytesMax);
  }

  /** As {@link raise}, of a register that is higher than the one of the call before. */
  raiseNext(register: number, value: number, bytesMax: number): number {
    if (!this.#find(register)) return UNCOVERED;
    if (!isAtLeast(this.bytes[found.at], value)) return this.raiseFound(register, value, bytesMax);
    this.#resumeBeforeFound();
    return UNCHANGED;
  }

  /** Raises the register that {@link found} tells of, which is lower: RAISED or TOO_LONG. */
  raiseFound(register: number, value: number, bytesMax: number): number {
    const { at, run } = found;
    if (run === 1 && !isLongZero(this.bytes[at])) this.bytes[at] = valueOpcode(value, 1);
    else if (!this.#split(register, value, bytesMax)) return TOO_LONG;
    this.#resumeBeforeFound();
    this.#join(this.#resumeAt);
    return RAISED;
  }

  #resumeBeforeFound(): void {
    const { first, previous } = found;
    const isFirst = previous < 0;
    this.#resumeAt = isFirst ? this.#headerBytes : previous;
    this.#resumeFirst = isFirst ? 0 : first - runAt(this.bytes, previous, this.length);
  }

  #find(register: number): boolean {
    const { bytes, length } = this;
    if (!findRun(bytes, this.#resumeAt, length, this.#resumeFirst, register)) return false;
    if (found.previous >= 0 || this.#resumeAt === this.#headerBytes) return true;
    // What stands before it must be known.
    return findRun(bytes, this.#headerBytes, length, 0, register);
  }

  /** Puts up to three runs in the place of the one that was found. */
  #split(register: number, value: number, bytesMax: number): boolean {
    const { at, first, run } = found;
    const bytes = this.bytes;
    const opcode = bytes[at];
    const before = register - first;
    const behind = first + run - 1 - register;
    const oldLength = isLongZero(opcode) ? 2 : 1;
    const isOfValue = isValue(opcode);
    const newLength = 1 +
      (isOfValue
        ? (before > 0 ? 1 : 0) + (behind > 0 ? 1 : 0)
        : zeroRunBytes(before) + zeroRunBytes(behind));
    const growth = newLength - oldLength;
    if (growth > 0 && this.length + growth > bytesMax) return false;
    if (this.length + growth + SPARE_BYTES > bytes.length) this.#grow();
    const next = at + oldLength;
    const target = this.bytes;
    if (growth !== 0 && next < this.length) target.copyWithin(next + growth, next, this.length);
    this.length += growth;
    let to = at;
    if (before > 0) {
      if (isOfValue) target[to++] = valueOpcode(valueOf(opcode), before);
      else to = writeZeroRun(target, to, before);
    }
    target[to++] = valueOpcode(value, 1);
    if (behind > 0) {
      if (isOfValue) target[to++] = valueOpcode(valueOf(opcode), behind);
      else to = writeZeroRun(target, to, behind);
    }
    return true;
  }

  #grow(): void {
    const grown = new Uint8Array(this.bytes.length * 2);
    grown.set(this.bytes);
    this.bytes = grown;
  }

  /** Joins neighbours of the same value, in the few opcodes from `at` on that Redis looks at. */
  #join(at: number): void {
    const { bytes } = this;
    for (let steps = MERGE_STEPS; steps > 0 && at < this.length; steps--) {
      const opcode = bytes[at];
      if (!isValue(opcode)) {
        at += isLongZero(opcode) ? 2 : 1;
        continue;
      }
      const next = at + 1 < this.length ? bytes[at + 1] : 0;
      const run = RUNS[opcode] + RUNS[next];
      if (!isValue(next) || valueOf(next) !== valueOf(opcode) || run > VAL_RUN_MAX) {
        at++;
        continue;
      }
      bytes[at + 1] = valueOpcode(valueOf(opcode), run);
      bytes.copyWithin(at, at + 1, this.length);
      this.length--;
    }
  }
}

function runAt(bytes: Uint8Array, at: number, end: number): number {
  return isLongZero(bytes[at]) ? longRun(bytes, at, end) : RUNS[bytes[at]];
}

function valueOpcode(value: number, run: number): number {
  return VAL | value - 1 << 2 | run - 1;
}

function zeroRunBytes(run: number): number {
  return run === 0 ? 0 : run > ZERO_RUN_MAX ? 2 : 1;
}

/** Writes a ZERO or an XZERO of up to 16384 registers; returns where it ends. */
function writeZeroRun(bytes: Uint8Array, at: number, run: number): number {
  if (run <= ZERO_RUN_MAX) {
    bytes[at] = run - 1;
    return at + 1;
  }
  bytes[at] = XZERO | run - 1 >>> 8;
  bytes[at + 1] = run - 1 & 0xff;
  return at + 2;
}
