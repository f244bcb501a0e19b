/**
 * What PFSELFTEST does, with HyperLogLogs of its own: registers keep what they are set to, a sparse
 * and a dense one agree, and estimates are as near as they should be.
 */
import type { Prng } from "../../base/prng.ts";
import { estimate, REGISTER_COUNT, REGISTER_MAX } from "./cardinality.ts";
import { placeOf, rankOf, registerOf } from "./element_hash.ts";
import { HEADER_BYTES, writeEmptyHeader } from "./header.ts";
import { countPacked, PackedBuffer, packedRegister, setPackedRegister } from "./registers.ts";
import { countSparse, packSparse, SPARSE_VALUE_MAX, SparseEditor, TOO_LONG } from "./sparse.ts";

const ROUNDS = 1000;
const ELEMENTS = 10_000_000;
/** How many standard errors an estimate may be off. */
const ERRORS_MAX = 6;
const STANDARD_ERROR = 1.04 / Math.sqrt(REGISTER_COUNT);

/** Runs all tests; returns what went wrong, or "". */
export function selfTest(prng: Prng, sparseBytesMax: number): string {
  return testRegisters(prng) || testEstimates(prng, sparseBytesMax);
}

function testRegisters(prng: Prng): string {
  const packed = new PackedBuffer(HEADER_BYTES);
  const expected = new Uint8Array(REGISTER_COUNT);
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < REGISTER_COUNT; i++) {
      expected[i] = prng.nextUint32() & REGISTER_MAX;
      setPackedRegister(packed.bytes, HEADER_BYTES, i, expected[i]);
    }
    for (let i = 0; i < REGISTER_COUNT; i++) {
      const actual = packedRegister(packed.bytes, HEADER_BYTES, i);
      if (actual === expected[i]) continue;
      return `TESTFAILED Register ${i} should be ${expected[i]} but is ${actual}`;
    }
  }
  return "";
}

/** One that is sparse at first and one that is dense, with the same elements. */
class Twins {
  readonly dense: PackedBuffer = new PackedBuffer(HEADER_BYTES);
  isSparse = true;
  readonly #sparse: SparseEditor = new SparseEditor(HEADER_BYTES);
  readonly #promoted: PackedBuffer = new PackedBuffer(HEADER_BYTES);
  readonly #counts = new Int32Array(REGISTER_MAX + 1);
  readonly #bytesMax: number;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#sparse.beginEmpty();
    writeEmptyHeader(this.#sparse.bytes);
  }

  add(element: Uint8Array): void {
    const place = placeOf(element, 0, element.length);
    const register = registerOf(place);
    const rank = rankOf(place);
    raise(this.dense, register, rank);
    if (this.isSparse) {
      const isSayable = rank <= SPARSE_VALUE_MAX;
      if (isSayable && this.#sparse.raise(register, rank, this.#bytesMax) !== TOO_LONG) return;
      const { bytes, length } = this.#sparse;
      packSparse(bytes, 0, length, HEADER_BYTES, this.#promoted);
      this.isSparse = false;
    }
    raise(this.#promoted, register, rank);
  }

  denseEstimate(): number {
    countPacked(this.dense.words, this.dense.firstWord, this.#counts);
    return estimate(this.#counts);
  }

  sparseEstimate(): number {
    if (this.isSparse) {
      const { bytes, length } = this.#sparse;
      countSparse(bytes, HEADER_BYTES, length, this.#counts);
    } else countPacked(this.#promoted.words, this.#promoted.firstWord, this.#counts);
    return estimate(this.#counts);
  }
}

function raise(packed: PackedBuffer, register: number, rank: number): void {
  if (packedRegister(packed.bytes, HEADER_BYTES, register) >= rank) return;
  setPackedRegister(packed.bytes, HEADER_BYTES, register, rank);
}

function testEstimates(prng: Prng, sparseBytesMax: number): string {
  const twins = new Twins(sparseBytesMax);
  const element = new Uint8Array(8);
  const words = new Int32Array(element.buffer);
  const seed = prng.nextUint32();
  words[1] = prng.nextUint32();
  let checkpoint = 1;
  for (let count = 1; count <= ELEMENTS; count++) {
    words[0] = count ^ seed;
    twins.add(element);
    if (count !== checkpoint) continue;
    const failure = testTwins(twins, count, sparseBytesMax);
    if (failure !== "") return failure;
    checkpoint *= 10;
  }
  return "";
}

function testTwins(twins: Twins, count: number, sparseBytesMax: number): string {
  if (count < sparseBytesMax / 2 && !twins.isSparse) return "TESTFAILED sparse encoding not used";
  const estimated = twins.denseEstimate();
  if (estimated !== twins.sparseEstimate()) return "TESTFAILED dense/sparse disagree";
  const error = Math.abs(count - estimated);
  // Two of ten elements in one register are not so rare.
  const errorMax = count === 10 ? 1 : Math.ceil(STANDARD_ERROR * ERRORS_MAX * count);
  if (error <= errorMax) return "";
  return `TESTFAILED Too big error. card:${count} abserr:${error}`;
}
