/**
 * Reading objects through a page table: what the live heap and a frozen one have in common. A
 * background worker makes a view of its own from what {@link HeapImage} carries across.
 *
 * Two ways to read:
 *
 * - {@link HeapView.read} for objects that share a page (up to 4 KiB): returns the offset of the
 *   object in `view.bytes` / `view.words`, valid until the next call. In two statements: JavaScript
 *   evaluates the `view.words` of `view.words[view.read(ref)]` first, and gets the chunk before.
 * - {@link HeapView.span} for objects of any size: large ones own several logical pages that need
 *   not be neighbours physically, so they are walked in runs of contiguous bytes.
 */
import {
  CHUNK_PAGE_BITS,
  CHUNK_PAGE_MASK,
  PAGE_BITS,
  PAGE_BYTES,
  PAGE_UNIT_BITS,
  PAGE_UNIT_MASK,
  UNIT_BITS,
} from "./page_layout.ts";

/** What a worker needs to read a frozen heap: structured clone shares the memory behind it. */
export interface HeapImage {
  readonly table: Int32Array;
  readonly chunks: readonly (SharedArrayBuffer | undefined)[];
}

/** How many words can be noted before they are touched. */
export const PLACES_MAX = 128;

/** What stands in the place of a chunk that is not there. */
const NO_BYTES = new Uint8Array(0);
const NO_WORDS = new Int32Array(0);
const NO_DATA = new DataView(new ArrayBuffer(0));

export class HeapView {
  /** How many bytes from the offset that the last `span` returned are contiguous. */
  spanLength = 0;

  /** What `touchNoted` has read, so that its reads are not useless. */
  touched = 0;

  readonly #notedChunks: Int32Array = new Int32Array(PLACES_MAX);
  readonly #notedWords: Int32Array = new Int32Array(PLACES_MAX);
  #notedCount = 0;
  /** The chunk that the last `read` or `span` landed in. */
  protected chunk = 0;
  protected table: Int32Array;
  protected readonly chunkBytes: Uint8Array[] = [];
  protected readonly chunkWords: Int32Array[] = [];
  protected readonly chunkData: DataView[] = [];

  constructor(image: HeapImage) {
    this.table = image.table;
    image.chunks.forEach((buffer, index) => this.placeChunk(index, buffer));
  }

  /** The bytes of the chunk that the last `read` or `span` landed in. */
  get bytes(): Uint8Array {
    return this.chunkBytes[this.chunk];
  }

  /** The same chunk as 32-bit words: word index = offset >>> 2. */
  get words(): Int32Array {
    return this.chunkWords[this.chunk];
  }

  /** The same chunk for words at any offset: to copy many short texts, four bytes at a time. */
  get data(): DataView {
    return this.chunkData[this.chunk];
  }

  /** Returns the offset of a small object and points `bytes` and `words` at its chunk. */
  read(ref: number): number {
    const physical = this.table[ref >>> PAGE_UNIT_BITS];
    const chunk = physical >>> CHUNK_PAGE_BITS;
    this.chunk = chunk;
    return ((physical & CHUNK_PAGE_MASK) << PAGE_BITS) | ((ref & PAGE_UNIT_MASK) << UNIT_BITS);
  }

  /** The 32-bit word at a byte offset (a multiple of 4) inside an object of any size. */
  wordAt(ref: number, offset: number): number {
    const inPage = ((ref & PAGE_UNIT_MASK) << UNIT_BITS) + offset;
    const physical = this.table[(ref >>> PAGE_UNIT_BITS) + (inPage >>> PAGE_BITS)];
    const at = ((physical & CHUNK_PAGE_MASK) << PAGE_BITS) | (inPage & (PAGE_BYTES - 1));
    return this.chunkWords[physical >>> CHUNK_PAGE_BITS][at >>> 2];
  }

  /**
   * Notes where a word of an object stands, for `touchNoted`: PLACES_MAX at most in a row. Beyond
   * the object's page the page's last word stands for it.
   */
  note(ref: number, offset: number): void {
    const word = ((ref & PAGE_UNIT_MASK) << (UNIT_BITS - 2)) + (offset >>> 2);
    const physical = this.table[ref >>> PAGE_UNIT_BITS];
    const index = this.#notedCount++;
    this.#notedChunks[index] = physical >>> CHUNK_PAGE_BITS;
    this.#notedWords[index] = (physical & CHUNK_PAGE_MASK) << (PAGE_BITS - 2) |
      (word < PAGE_BYTES >>> 2 ? word : (PAGE_BYTES >>> 2) - 1);
  }

  /**
   * Reads every noted word, so that it is in the processor's cache when it is needed. The loop is so
   * small that the processor runs ahead in it and waits for many words at once: finding a place and
   * reading it in one loop would wait for two.
   */
  touchNoted(): void {
    const chunks = this.#notedChunks;
    const words = this.#notedWords;
    const chunkWords = this.chunkWords;
    const count = this.#notedCount;
    let sum = 0;
    for (let i = 0; i < count; i++) sum ^= chunkWords[chunks[i]][words[i]];
    this.#notedCount = 0;
    this.touched = sum;
  }

  /** The byte at an offset inside an object of any size. */
  byteAt(ref: number, offset: number): number {
    const inPage = ((ref & PAGE_UNIT_MASK) << UNIT_BITS) + offset;
    const physical = this.table[(ref >>> PAGE_UNIT_BITS) + (inPage >>> PAGE_BITS)];
    const at = ((physical & CHUNK_PAGE_MASK) << PAGE_BITS) | (inPage & (PAGE_BYTES - 1));
    return this.chunkBytes[physical >>> CHUNK_PAGE_BITS][at];
  }

  /**
   * Points `bytes` at the run that begins `offset` bytes into an object, returns where it begins and
   * leaves its length, at most `length` and at least 1 where `length` is, in `spanLength`.
   */
  span(ref: number, offset: number, length: number): number {
    const inPage = ((ref & PAGE_UNIT_MASK) << UNIT_BITS) + offset;
    let page = (ref >>> PAGE_UNIT_BITS) + (inPage >>> PAGE_BITS);
    let physical = this.table[page];
    const chunk = physical >>> CHUNK_PAGE_BITS;
    const from = inPage & (PAGE_BYTES - 1);
    const at = ((physical & CHUNK_PAGE_MASK) << PAGE_BITS) | from;
    let run = PAGE_BYTES - from;
    while (run < length) {
      const next = this.table[++page];
      if (next !== physical + 1 || next >>> CHUNK_PAGE_BITS !== chunk) break;
      physical = next;
      run += PAGE_BYTES;
    }
    this.chunk = chunk;
    this.spanLength = run < length ? run : length;
    return at;
  }

  /** Copies `length` bytes from `offset` inside an object of any size to `target[at..]`. */
  copyOut(ref: number, offset: number, length: number, target: Uint8Array, at: number): void {
    while (length > 0) {
      const from = this.span(ref, offset, length);
      const run = this.spanLength;
      copyBytes(this.bytes, from, run, target, at);
      offset += run;
      at += run;
      length -= run;
    }
  }

  protected placeChunk(index: number, buffer: SharedArrayBuffer | undefined): void {
    this.chunkBytes[index] = buffer === undefined ? NO_BYTES : new Uint8Array(buffer);
    this.chunkWords[index] = buffer === undefined ? NO_WORDS : new Int32Array(buffer);
    this.chunkData[index] = buffer === undefined ? NO_DATA : new DataView(buffer);
  }
}

/**
 * Copies a range of bytes between different arrays. Short ranges are copied by a loop, which beats
 * the view that `set` needs up to about this length on every engine.
 */
export function copyBytes(
  source: Uint8Array,
  from: number,
  length: number,
  target: Uint8Array,
  at: number,
): void {
  if (length > 64) {
    target.set(source.subarray(from, from + length), at);
    return;
  }
  for (let i = 0; i < length; i++) target[at + i] = source[from + i];
}
