/**
 * CRC-64/Jones, the checksum at the end of an RDB file and of a DUMP payload.
 *
 *     polynomial 0xad93d23594c935a9, bits reflected (0x95ac9329ac4bc9b5), start 0, no final xor
 *     "123456789" gives 0xe9c6d914c4b8d9ca
 *
 * JavaScript has no fast 64-bit integers, so the register is two int32 halves. Eight bytes a step:
 * table k tells what a byte does to the register when k more bytes follow it, and the eight answers
 * are xored together ("slicing by 8").
 *
 *     TABLE_LOW[k * 256 + byte], TABLE_HIGH[k * 256 + byte]      8 KiB each, made at first use
 */

const POLYNOMIAL_HIGH = 0x95ac9329 | 0;
const POLYNOMIAL_LOW = 0xac4bc9b5 | 0;

const TABLE_LOW: Int32Array = new Int32Array(8 * 256);
const TABLE_HIGH: Int32Array = new Int32Array(8 * 256);
let hasTables = false;

function makeTables(): void {
  for (let byte = 0; byte < 256; byte++) {
    let low = byte;
    let high = 0;
    for (let bit = 0; bit < 8; bit++) {
      const isOut = (low & 1) !== 0;
      low = (low >>> 1) | (high << 31);
      high = high >>> 1;
      if (isOut) {
        low ^= POLYNOMIAL_LOW;
        high ^= POLYNOMIAL_HIGH;
      }
    }
    TABLE_LOW[byte] = low;
    TABLE_HIGH[byte] = high;
  }
  for (let i = 256; i < 8 * 256; i++) {
    const low = TABLE_LOW[i - 256];
    const high = TABLE_HIGH[i - 256];
    TABLE_LOW[i] = ((low >>> 8) | (high << 24)) ^ TABLE_LOW[low & 255];
    TABLE_HIGH[i] = (high >>> 8) ^ TABLE_HIGH[low & 255];
  }
  hasTables = true;
}

/** A running checksum. */
export class Crc64 {
  /** Bits 31..0 of the checksum so far, an int32. */
  low = 0;
  /** Bits 63..32, an int32. */
  high = 0;

  constructor() {
    if (!hasTables) makeTables();
  }

  /** Begins anew. */
  reset(): void {
    this.low = 0;
    this.high = 0;
  }

  /** Goes on with `bytes[start..end)`. */
  update(bytes: Uint8Array, start: number, end: number): void {
    const tableLow = TABLE_LOW;
    const tableHigh = TABLE_HIGH;
    let low = this.low;
    let high = this.high;
    let at = start | 0;
    const stepsEnd = (end - 7) | 0;
    for (; at < stepsEnd; at = (at + 8) | 0) {
      const a = low ^
        (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24));
      const b = high ^
        (bytes[at + 4] | (bytes[at + 5] << 8) | (bytes[at + 6] << 16) | (bytes[at + 7] << 24));
      const i7 = 1792 + (a & 255);
      const i6 = 1536 + ((a >>> 8) & 255);
      const i5 = 1280 + ((a >>> 16) & 255);
      const i4 = 1024 + (a >>> 24);
      const i3 = 768 + (b & 255);
      const i2 = 512 + ((b >>> 8) & 255);
      const i1 = 256 + ((b >>> 16) & 255);
      const i0 = b >>> 24;
      low = tableLow[i7] ^ tableLow[i6] ^ tableLow[i5] ^ tableLow[i4] ^ tableLow[i3] ^
        tableLow[i2] ^ tableLow[i1] ^ tableLow[i0];
      high = tableHigh[i7] ^ tableHigh[i6] ^ tableHigh[i5] ^ tableHigh[i4] ^ tableHigh[i3] ^
        tableHigh[i2] ^ tableHigh[i1] ^ tableHigh[i0];
    }
    for (; at < end; at++) {
      const i = (low ^ bytes[at]) & 255;
      low = ((low >>> 8) | (high << 24)) ^ tableLow[i];
      high = (high >>> 8) ^ tableHigh[i];
    }
    this.low = low;
    this.high = high;
  }

  /** Writes the checksum as RDB holds it: eight bytes, little-endian. Returns the position after. */
  writeDigest(into: Uint8Array, at: number): number {
    for (let i = 0; i < 4; i++) {
      into[at + i] = this.low >>> (8 * i);
      into[at + 4 + i] = this.high >>> (8 * i);
    }
    return at + 8;
  }

  /** Whether `bytes[at..at+8)` holds this checksum as {@link writeDigest} writes it. */
  equalsDigest(bytes: Uint8Array, at: number): boolean {
    let difference = 0;
    for (let i = 0; i < 4; i++) {
      difference |= bytes[at + i] ^ ((this.low >>> (8 * i)) & 255);
      difference |= bytes[at + 4 + i] ^ ((this.high >>> (8 * i)) & 255);
    }
    return difference === 0;
  }
}
