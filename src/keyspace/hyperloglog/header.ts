/**
 * What every HyperLogLog begins with. It is a string like any other: clients may read it with GET
 * and keep it elsewhere, so its bytes are Redis's.
 *
 *      0  "HYLL"
 *      4  encoding: 0 dense, 1 sparse
 *      5  three bytes that are not used
 *      8  cardinality at the last PFCOUNT, 8 bytes, little-endian; its highest bit is set when the
 *         registers have changed since
 *     16  the registers, packed (registers.ts) or sparse (sparse.ts)
 */
import type { Database } from "../database.ts";
import { PACKED_BYTES } from "./registers.ts";

export const HEADER_BYTES = 16;
/** A dense one has exactly so many bytes. */
export const DENSE_BYTES = HEADER_BYTES + PACKED_BYTES;

export const DENSE = 0;
const SPARSE = 1;

const ENCODING_AT = 4;
const CARDINALITY_AT = 8;
const CARDINALITY_END = 16;
/** The byte that has the bit, and the bit. */
const STALE_AT = 15;
const STALE = 0x80;

/** The cached cardinality as two halves. */
export interface CachedCardinality {
  high: number;
  low: number;
}

/** What {@link readCardinality} has found. */
export const cached: CachedCardinality = { high: 0, low: 0 };

/** Writes the header of one that has no elements yet. */
export function writeEmptyHeader(bytes: Uint8Array): void {
  bytes.fill(0, 0, HEADER_BYTES);
  bytes[0] = 0x48;
  bytes[1] = 0x59;
  bytes[2] = bytes[3] = 0x4c;
  bytes[ENCODING_AT] = SPARSE;
}

/** Sets the encoding in a header at the beginning of `bytes`. */
export function setEncoding(bytes: Uint8Array, encoding: number): void {
  bytes[ENCODING_AT] = encoding;
}

/** Says, in a header at the beginning of `bytes`, that the registers have changed. */
export function markStale(bytes: Uint8Array): void {
  bytes[STALE_AT] |= STALE;
}

/** DENSE or SPARSE; -1 when a string is no HyperLogLog. */
export function encodingOf(database: Database, ref: number): number {
  const length = database.valueLengthOf(ref);
  if (length < HEADER_BYTES) return -1;
  const at = database.valueSpan(ref, 0, HEADER_BYTES);
  const bytes = database.keyspace.heap.bytes;
  if (bytes[at] !== 0x48 || bytes[at + 1] !== 0x59) return -1;
  if (bytes[at + 2] !== 0x4c || bytes[at + 3] !== 0x4c) return -1;
  const encoding = bytes[at + ENCODING_AT];
  if (encoding === DENSE) return length === DENSE_BYTES ? DENSE : -1;
  return encoding === SPARSE ? SPARSE : -1;
}

/** Reads the cached cardinality to {@link cached}; false when it is stale. */
export function readCardinality(database: Database, ref: number): boolean {
  const at = database.valueSpan(ref, 0, HEADER_BYTES);
  const bytes = database.keyspace.heap.bytes;
  if ((bytes[at + STALE_AT] & STALE) !== 0) return false;
  cached.low = word(bytes, at + CARDINALITY_AT);
  cached.high = word(bytes, at + CARDINALITY_AT + 4);
  return true;
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24) >>> 0;
}

/**
 * Caches a cardinality.
 * @throws {HeapFull} while a snapshot holds the page; nothing has changed then.
 */
export function writeCardinality(database: Database, ref: number, cardinality: number): void {
  const low = cardinality % 2 ** 32 | 0;
  const high = Math.floor(cardinality / 2 ** 32) | 0;
  const at = database.valueSpanToWrite(ref, 0, HEADER_BYTES);
  const bytes = database.keyspace.heap.bytes;
  for (let i = CARDINALITY_AT; i < CARDINALITY_END; i++) {
    const half = i < CARDINALITY_AT + 4 ? low : high;
    bytes[at + i] = half >>> (i & 3) * 8;
  }
}

/** Says that the registers of one in the heap have changed. */
export function markValueStale(database: Database, ref: number): void {
  const at = database.valueSpan(ref, 0, HEADER_BYTES);
  if ((database.keyspace.heap.bytes[at + STALE_AT] & STALE) !== 0) return;
  const to = database.valueSpanToWrite(ref, 0, HEADER_BYTES);
  database.keyspace.heap.bytes[to + STALE_AT] |= STALE;
}
