import assert from "node:assert/strict";
import { Heap, HeapFull } from "../../../src/heap/heap.ts";
import { HeapView } from "../../../src/heap/heap_view.ts";
import type { HeapImage } from "../../../src/heap/heap_view.ts";
import { CHUNK_BYTES, CHUNK_PAGES, PAGE_BYTES } from "../../../src/heap/page_layout.ts";
import type { Prng } from "../../../src/base/prng.ts";
import { randomBytes, sameBytes } from "./seeded.ts";

/** A heap beside what it must hold: for each object its bytes, for a freeze a copy of all. */
export class HeapModel {
  readonly heap: Heap;
  readonly objects = new Map<number, Uint8Array>();
  /** Allocations and resizes that found the heap full. */
  fullCount = 0;
  /** The largest object that a step makes. */
  sizeMax: number = 20 * PAGE_BYTES;
  readonly #prng: Prng;
  #refs: number[] = [];
  #image: HeapImage | null = null;
  #frozen = new Map<number, Uint8Array>();

  constructor(prng: Prng, capacityBitsMax?: number) {
    this.#prng = prng;
    this.heap = new Heap(capacityBitsMax);
  }

  get isFrozen(): boolean {
    return this.#image !== null;
  }

  /** One random step. */
  step(): void {
    const prng = this.#prng;
    const choice = prng.below(1000);
    if (this.#refs.length === 0 || choice < 330) this.allocate(this.#size());
    else if (choice < 530) this.free(this.#anyRef());
    else if (choice < 680) this.resize(this.#anyRef(), this.#size());
    else if (choice < 830) this.overwrite(this.#anyRef());
    else if (choice < 900) this.copyWithin(this.#anyRef(), this.#anyRef());
    else if (choice < 930) this.fill(this.#anyRef());
    else if (choice < 950) this.setWords(this.#anyRef());
    else if (choice < 955) this.clear();
    else if (choice < 965) this.heap.releaseEmptyChunks(0);
    else if (choice < 985) this.isFrozen ? this.release() : this.freeze();
    else if (choice < 993) this.compact();
    else this.readOne(this.#anyRef());
  }

  allocate(sizeBytes: number): void {
    const bytesBefore = this.heap.allocatedBytes;
    const ref = this.#unlessFull(() => this.heap.allocate(sizeBytes));
    if (ref === undefined) return assert.equal(this.heap.allocatedBytes, bytesBefore);
    assert.ok(!this.objects.has(ref) && ref > 0);
    assert.equal(this.heap.capacityOf(ref), Heap.capacityFor(sizeBytes));
    assert.ok(this.heap.capacityOf(ref) >= sizeBytes);
    this.#put(ref, randomBytes(this.#prng, sizeBytes));
    this.heap.copyIn(ref, 0, this.objects.get(ref)!, 0, sizeBytes);
  }

  free(ref: number): void {
    this.heap.free(ref);
    this.#drop(ref);
  }

  resize(ref: number, sizeBytes: number): void {
    const old = this.objects.get(ref)!;
    const kept = Math.min(this.#prng.below(old.length + 1), sizeBytes);
    const moved = this.#unlessFull(() => this.heap.resize(ref, sizeBytes, kept));
    if (moved === undefined) return assert.ok(sameBytes(old, this.readOne(ref)));
    this.#drop(ref);
    const bytes = randomBytes(this.#prng, sizeBytes);
    bytes.set(old.subarray(0, kept));
    this.heap.copyIn(moved, kept, bytes, kept, sizeBytes - kept);
    this.#put(moved, bytes);
  }

  overwrite(ref: number): void {
    const bytes = this.objects.get(ref)!;
    const [from, length] = this.#range(bytes.length);
    const fresh = randomBytes(this.#prng, length);
    bytes.set(fresh, from);
    this.heap.copyIn(ref, from, fresh, 0, length);
  }

  fill(ref: number): void {
    const bytes = this.objects.get(ref)!;
    const [from, length] = this.#range(bytes.length);
    const value = this.#prng.below(256);
    bytes.fill(value, from, from + length);
    this.heap.fill(ref, from, length, value);
  }

  setWords(ref: number): void {
    const bytes = this.objects.get(ref)!;
    const words = bytes.length >>> 2;
    if (words === 0) return;
    const from = this.#prng.below(words);
    const count = this.#prng.below(words - from + 1);
    const view = new DataView(bytes.buffer);
    for (let i = from; i < from + count; i++) view.setInt32(i * 4, 0x12345678 + count, true);
    this.heap.fillWords(ref, from * 4, count, 0x12345678 + count);
    view.setInt32(from * 4, -5, true);
    this.heap.setWordAt(ref, from * 4, -5);
    assert.equal(this.heap.wordAt(ref, from * 4), -5);
  }

  copyWithin(source: number, target: number): void {
    if (source === target) return;
    const from = this.objects.get(source)!;
    const to = this.objects.get(target)!;
    const [at, length] = this.#range(to.length);
    const taken = Math.min(length, from.length);
    const start = this.#prng.below(from.length - taken + 1);
    to.set(from.subarray(start, start + taken), at);
    this.heap.copyWithin(source, start, target, at, taken);
  }

  clear(): void {
    this.heap.clear();
    this.objects.clear();
    this.#refs = [];
    assert.equal(this.heap.objectCount, 0);
    assert.equal(this.heap.allocatedBytes, 0);
    if (!this.isFrozen) assert.equal(this.heap.mappedBytes, 0);
  }

  freeze(): void {
    this.#image = this.#unlessFull(() => this.heap.freeze()) ?? null;
    if (this.#image === null) return;
    this.#frozen = new Map([...this.objects].map(([ref, bytes]) => [ref, bytes.slice()]));
  }

  release(): void {
    this.checkFrozen();
    this.heap.release();
    this.#image = null;
    this.#frozen.clear();
    this.heap.check();
  }

  /** Leaves objects scattered over so many chunks, most of whose pages are free again. */
  scatter(chunks: number): void {
    const ballast: number[] = [];
    for (let pages = 0; pages < chunks * CHUNK_PAGES; pages += 500) {
      ballast.push(this.heap.allocate(500 * PAGE_BYTES));
      this.allocate(this.#size());
    }
    for (const ref of ballast) this.heap.free(ref);
  }

  compact(): void {
    const { heap } = this;
    const { isSparse, mappedBytes, reservedBytes } = heap;
    const pagesMax = this.#prng.below(200);
    const moved = heap.compact(pagesMax);
    assert.ok(moved >= 0 && moved <= pagesMax);
    assert.equal(heap.mappedBytes, mappedBytes, "no page is lost or made");
    assert.ok(heap.reservedBytes <= reservedBytes);
    if (isSparse) return assert.equal(this.isFrozen, false, "no page is moved under a freeze");
    assert.equal(moved, 0, "nothing is moved when it does not pay");
    assert.equal(heap.reservedBytes, reservedBytes);
  }

  /** Compacts until it does not pay any more. */
  compactAll(): void {
    const { heap } = this;
    const mapped = heap.mappedBytes / PAGE_BYTES;
    const chunks = heap.reservedBytes / CHUNK_BYTES;
    let moved = 0;
    for (let calls = 0; heap.isSparse; calls++) {
      moved += heap.compact(64);
      assert.ok(calls <= mapped / 64 + 2 * chunks, "it comes to an end");
    }
    assert.ok(moved <= mapped, "no page is moved twice");
    const spare = Math.max(2 * CHUNK_BYTES, heap.reservedBytes / 8);
    assert.ok(heap.reservedBytes <= heap.mappedBytes + spare, "memory has come back");
    this.checkAll();
  }

  readOne(ref: number): Uint8Array {
    const bytes = contents(this.heap, ref, this.objects.get(ref)!.length);
    assert.ok(sameBytes(bytes, this.objects.get(ref)!), "an object holds what was written");
    return bytes;
  }

  /** The frozen objects are what they were, read through a view of its own. */
  checkFrozen(): void {
    if (this.#image === null) return;
    const view = new HeapView(this.#image);
    for (const [ref, bytes] of this.#frozen) {
      assert.ok(sameBytes(contents(view, ref, bytes.length), bytes), "a freeze stands still");
    }
  }

  checkAll(): void {
    this.heap.check();
    assert.equal(this.heap.objectCount, this.objects.size);
    let bytes = 0;
    for (const [ref, expected] of this.objects) {
      bytes += this.heap.capacityOf(ref);
      this.readOne(ref);
      assert.ok(this.heap.capacityOf(ref) >= expected.length);
    }
    assert.equal(this.heap.allocatedBytes, bytes);
    this.checkFrozen();
  }

  /** Frees everything and ends the freeze: no page may remain. */
  finish(): void {
    for (const ref of [...this.objects.keys()]) this.free(ref);
    if (this.isFrozen) this.release();
    this.heap.check();
    assert.equal(this.heap.mappedBytes, 0);
    assert.equal(this.heap.allocatedBytes, 0);
  }

  #unlessFull<T>(action: () => T): T | undefined {
    try {
      return action();
    } catch (thrown) {
      if (!(thrown instanceof HeapFull)) throw thrown;
      if (this.fullCount++ % 16 === 0) this.heap.check();
      return undefined;
    }
  }

  #put(ref: number, bytes: Uint8Array): void {
    this.objects.set(ref, bytes);
    this.#refs.push(ref);
  }

  #drop(ref: number): void {
    this.objects.delete(ref);
    this.#refs[this.#refs.indexOf(ref)] = this.#refs[this.#refs.length - 1];
    this.#refs.pop();
  }

  #anyRef(): number {
    return this.#refs[this.#prng.below(this.#refs.length)];
  }

  /** Mostly small, sometimes at the border of a page, sometimes many pages. */
  #size(): number {
    const prng = this.#prng;
    const choice = prng.below(10);
    if (choice < 5) return prng.below(300);
    if (choice < 8) return prng.below(5000);
    if (choice < 9) {
      return Math.min(this.sizeMax, PAGE_BYTES * (1 + prng.below(4)) + prng.below(3) - 1);
    }
    return prng.below(this.sizeMax + 1);
  }

  #range(length: number): [from: number, length: number] {
    const from = this.#prng.below(length + 1);
    return [from, this.#prng.below(length - from + 1)];
  }
}

/** The first bytes of an object. */
export function contents(view: HeapView, ref: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  view.copyOut(ref, 0, length, bytes, 0);
  return bytes;
}
