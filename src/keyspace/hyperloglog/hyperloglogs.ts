/**
 * HyperLogLogs as values of keys: adding elements, counting them, and unions.
 *
 * A sparse one is read where it stands; the first change takes a copy, in which all changes of the
 * command are made, and which then takes the value's place. So a heap that is full is found out
 * before anything has changed. A dense one always stands in an object of its own and is changed in
 * place.
 *
 * When it becomes dense is Redis's rule, because the bytes must be the same: when a rank is higher
 * than a VAL can say, or a run that is split would make it longer than `hll-sparse-max-bytes`.
 */
import { copyBytes } from "../../heap/heap_view.ts";
import { type Database, NO_EXPIRY } from "../database.ts";
import { ENCODING_RAW, TYPE_STRING } from "../value_type.ts";
import { estimate, REGISTER_COUNT, REGISTER_MAX } from "./cardinality.ts";
import { placeOf, rankOf, registerOf } from "./element_hash.ts";
import {
  DENSE,
  DENSE_BYTES,
  encodingOf,
  HEADER_BYTES,
  markStale,
  markValueStale,
  setEncoding,
  writeEmptyHeader,
} from "./header.ts";
import {
  countPacked,
  PACKED_BYTES,
  PackedBuffer,
  packedRegister,
  setPackedRegister,
  SpreadRegisters,
} from "./registers.ts";
import {
  countSparse,
  findRun,
  found,
  isAtLeast,
  mergeSparse,
  packSparse,
  RAISED,
  SPARSE_VALUE_MAX,
  SparseEditor,
  TOO_LONG,
  UNCHANGED,
  UNCOVERED,
} from "./sparse.ts";

/** What adding and converting return for a sparse representation that is not valid. */
export const CORRUPT = -1;

const KIND_RAW = TYPE_STRING | ENCODING_RAW << 4;

const editor = new SparseEditor(HEADER_BYTES);
const packed = new PackedBuffer(HEADER_BYTES);
const union = new SpreadRegisters();
const counts = new Int32Array(REGISTER_MAX + 1);

/** What {@link raiseInEditor} and {@link addElements} have done so far. */
const progress = { raised: 0, isPacked: false };

/** A HyperLogLog that is about to be used is a string of its own bytes from now on. */
export function unshare(database: Database, ref: number): void {
  if (database.kindOf(ref) !== KIND_RAW) database.setKind(ref, TYPE_STRING, ENCODING_RAW);
}

/**
 * Adds the elements `bytes[starts[i]..ends[i])`, i from `first` to `count`, to a HyperLogLog.
 * @returns how many of them raised a register, or CORRUPT.
 */
export function addElements(
  database: Database,
  ref: number,
  bytes: Uint8Array,
  starts: ArrayLike<number>,
  ends: ArrayLike<number>,
  first: number,
  count: number,
): number {
  if (encodingOf(database, ref) === DENSE) {
    let raised = 0;
    for (let i = first; i < count; i++) {
      const place = placeOf(bytes, starts[i], ends[i]);
      if (raiseDense(database, ref, registerOf(place), rankOf(place))) raised++;
    }
    return raised;
  }
  const length = database.valueLengthOf(ref);
  const at = database.wholeValue(ref);
  const value = database.wholeBytes;
  for (let i = first; i < count; i++) {
    const place = placeOf(bytes, starts[i], ends[i]);
    const rank = rankOf(place);
    if (rank <= SPARSE_VALUE_MAX) {
      if (!findRun(value, at + HEADER_BYTES, at + length, 0, registerOf(place))) return CORRUPT;
      if (isAtLeast(value[found.at], rank)) continue;
    }
    editor.begin(length);
    copyBytes(value, at, length, editor.bytes, 0);
    found.at -= at;
    if (found.previous >= 0) found.previous -= at;
    const bytesMax = database.keyspace.limits.hllSparseMaxBytes;
    const isGood = raiseInEditor(bytes, starts, ends, i, count, place, bytesMax);
    if (progress.raised > 0) storeEdited(database, ref);
    return isGood ? progress.raised : CORRUPT;
  }
  return 0;
}

/** Adds a key that is known to be absent, right after the look-up that said so, with elements. */
export function addWithElements(
  database: Database,
  key: number,
  bytes: Uint8Array,
  starts: ArrayLike<number>,
  ends: ArrayLike<number>,
  first: number,
  count: number,
): number {
  editor.beginEmpty();
  writeEmptyHeader(editor.bytes);
  markStale(editor.bytes);
  const bytesMax = database.keyspace.limits.hllSparseMaxBytes;
  raiseInEditor(bytes, starts, ends, first, count, -1, bytesMax);
  storeNew(database, bytes, starts[key], ends[key]);
  return progress.raised;
}

/**
 * Adds elements to what is in the editor, or in `packed` from where it had to become dense.
 * @param place what is known of the first element, whose run is in `found`; or -1.
 * @returns false when it is not valid, and then what was added before that stays.
 */
function raiseInEditor(
  bytes: Uint8Array,
  starts: ArrayLike<number>,
  ends: ArrayLike<number>,
  first: number,
  count: number,
  place: number,
  bytesMax: number,
): boolean {
  progress.raised = 0;
  progress.isPacked = false;
  for (let i = first; i < count; i++) {
    const isKnown = place >= 0;
    if (!isKnown) place = placeOf(bytes, starts[i], ends[i]);
    const register = registerOf(place);
    const rank = rankOf(place);
    place = -1;
    if (progress.isPacked) {
      if (raisePacked(register, rank)) progress.raised++;
      continue;
    }
    const done = rank > SPARSE_VALUE_MAX
      ? TOO_LONG
      : isKnown
      ? editor.raiseFound(register, rank, bytesMax)
      : editor.raise(register, rank, bytesMax);
    if (done === UNCHANGED) continue;
    if (done === UNCOVERED) return false;
    if (done === RAISED) {
      markStale(editor.bytes);
    } else {
      if (!packSparse(editor.bytes, 0, editor.length, HEADER_BYTES, packed)) return false;
      setEncoding(packed.bytes, DENSE);
      markStale(packed.bytes);
      progress.isPacked = true;
      raisePacked(register, rank);
    }
    progress.raised++;
  }
  return true;
}

function raisePacked(register: number, rank: number): boolean {
  if (packedRegister(packed.bytes, HEADER_BYTES, register) >= rank) return false;
  setPackedRegister(packed.bytes, HEADER_BYTES, register, rank);
  return true;
}

/** Puts what was edited in the place of a value. */
function storeEdited(database: Database, ref: number): void {
  if (progress.isPacked) replaceBytes(database, ref, packed.bytes, DENSE_BYTES);
  else replaceBytes(database, ref, editor.bytes, editor.length);
}

/** Adds a key with what was edited. */
function storeNew(database: Database, key: Uint8Array, start: number, end: number): void {
  const source = progress.isPacked ? packed.bytes : editor.bytes;
  const length = progress.isPacked ? DENSE_BYTES : editor.length;
  const ref = database.add(key, start, end, KIND_RAW, length, NO_EXPIRY);
  database.writeValue(ref, 0, source, 0, length);
}

/** Gives a value other bytes; returns where the entry now is. */
function replaceBytes(
  database: Database,
  ref: number,
  source: Uint8Array,
  length: number,
): number {
  const oldLength = database.valueLengthOf(ref);
  // What a snapshot holds is copied now: later a full heap would leave half of the value.
  if (database.keyspace.heap.isFrozen) copyFrozen(database, ref, oldLength);
  if (length !== oldLength) ref = database.resizeValue(ref, length, 0);
  database.writeValue(ref, 0, source, 0, length);
  return ref;
}

function copyFrozen(database: Database, ref: number, length: number): void {
  for (let offset = 0; offset < length; offset += database.keyspace.heap.spanLength) {
    database.valueSpanToWrite(ref, offset, length - offset);
  }
}

/** Raises a register of a dense one in its place; false when it is that high already. */
function raiseDense(database: Database, ref: number, register: number, rank: number): boolean {
  const heap = database.keyspace.heap;
  const outside = database.outsideOf(ref);
  const bit = register * 6;
  const offset = HEADER_BYTES + (bit >>> 3);
  const shift = bit & 7;
  let value = heap.byteAt(outside, offset) >>> shift;
  if (shift > 2) value |= heap.byteAt(outside, offset + 1) << 8 - shift;
  if ((value & REGISTER_MAX) >= rank) return false;
  // Both pages, where a register lies in two, may be written before either is.
  if (shift > 2) heap.spanToWrite(outside, offset + 1, 1);
  heap.spanToWrite(outside, offset, 1);
  markValueStale(database, ref);
  const at = heap.spanToWrite(outside, offset, 1);
  heap.bytes[at] = heap.bytes[at] & ~(REGISTER_MAX << shift) | rank << shift;
  if (shift > 2) {
    const carried = 8 - shift;
    const next = heap.spanToWrite(outside, offset + 1, 1);
    heap.bytes[next] = heap.bytes[next] & ~(REGISTER_MAX >>> carried) | rank >>> carried;
  }
  return true;
}

/** The estimated cardinality of a HyperLogLog (see estimate); NaN when it is not valid. */
export function cardinalityOf(database: Database, ref: number): number {
  if (encodingOf(database, ref) === DENSE) {
    const heap = database.keyspace.heap;
    const at = database.valueSpan(ref, HEADER_BYTES, PACKED_BYTES);
    if (heap.spanLength === PACKED_BYTES) countPacked(heap.words, at >>> 2, counts);
    else {
      database.copyValue(ref, 0, DENSE_BYTES, packed.bytes, 0);
      countPacked(packed.words, packed.firstWord, counts);
    }
    return estimate(counts);
  }
  const at = database.wholeValue(ref);
  const end = at + database.valueLengthOf(ref);
  return countSparse(database.wholeBytes, at + HEADER_BYTES, end, counts) ? estimate(counts) : NaN;
}

/** Begins a union of HyperLogLogs. */
export function beginUnion(): void {
  union.clear();
}

/** Takes one into the union; false when it is not valid. */
export function mergeIntoUnion(database: Database, ref: number): boolean {
  if (encodingOf(database, ref) === DENSE) {
    const heap = database.keyspace.heap;
    const at = database.valueSpan(ref, HEADER_BYTES, PACKED_BYTES);
    if (heap.spanLength === PACKED_BYTES) union.mergePacked(heap.words, at >>> 2);
    else {
      database.copyValue(ref, 0, DENSE_BYTES, packed.bytes, 0);
      union.mergePacked(packed.words, packed.firstWord);
    }
    return true;
  }
  const at = database.wholeValue(ref);
  const end = at + database.valueLengthOf(ref);
  return mergeSparse(database.wholeBytes, at + HEADER_BYTES, end, union);
}

/** The estimated cardinality of the union. */
export function unionCardinality(): number {
  union.count(counts);
  return estimate(counts);
}

/**
 * Makes a HyperLogLog the union, into which it was taken itself, or adds a key with it, right after
 * the look-up that said that it is absent.
 * @param ref 0 when the key is absent.
 * @param isDense whether any of those that were taken in is dense: then this one will be.
 */
export function storeUnion(
  database: Database,
  ref: number,
  key: Uint8Array,
  start: number,
  end: number,
  isDense: boolean,
): void {
  const length = ref === 0 ? 0 : database.valueLengthOf(ref);
  if (ref === 0) {
    editor.beginEmpty();
    writeEmptyHeader(editor.bytes);
  } else {
    const size = isDense ? HEADER_BYTES : length;
    editor.begin(size);
    database.copyValue(ref, 0, size, editor.bytes, 0);
  }
  markStale(editor.bytes);
  progress.isPacked = isDense || !raiseToUnion(database.keyspace.limits.hllSparseMaxBytes);
  if (progress.isPacked) {
    packed.begin(editor.bytes, 0);
    setEncoding(packed.bytes, DENSE);
    union.pack(packed.words, packed.firstWord);
  }
  if (ref === 0) return storeNew(database, key, start, end);
  unshare(database, ref);
  storeEdited(database, ref);
}

/** Raises all registers in the editor to the union's; false when it would be too long. */
function raiseToUnion(bytesMax: number): boolean {
  const registers = union.bytes;
  let register = union.nextNonZero(0);
  while (register < REGISTER_COUNT) {
    if (editor.raiseNext(register, registers[register], bytesMax) === TOO_LONG) return false;
    register = union.nextNonZero(register + 1);
  }
  return true;
}

/**
 * Makes a sparse one dense.
 * @returns where the entry now is, or CORRUPT.
 */
export function toDense(database: Database, ref: number): number {
  const at = database.wholeValue(ref);
  const end = at + database.valueLengthOf(ref);
  if (!packSparse(database.wholeBytes, at, end, HEADER_BYTES, packed)) return CORRUPT;
  setEncoding(packed.bytes, DENSE);
  return replaceBytes(database, ref, packed.bytes, DENSE_BYTES);
}

/** Copies the packed registers of a dense one to `target`, one of them a byte. */
export function copyRegisters(database: Database, ref: number, target: Uint8Array): void {
  database.copyValue(ref, 0, DENSE_BYTES, packed.bytes, 0);
  for (let i = 0; i < REGISTER_COUNT; i++) {
    target[i] = packedRegister(packed.bytes, HEADER_BYTES, i);
  }
}
