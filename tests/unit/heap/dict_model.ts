import assert from "node:assert/strict";
import { latin1, latin1Bytes } from "../../../src/base/ascii.ts";
import { Dict } from "../../../src/heap/dict.ts";
import { entriesOf } from "../../../src/heap/dict_walk.ts";
import type { DictRoot } from "../../../src/heap/dict.ts";
import { ENTRY_HEADER_BYTES, ENTRY_KEY_LENGTH_MASK } from "../../../src/heap/entry.ts";
import { Heap } from "../../../src/heap/heap.ts";
import type { HeapView } from "../../../src/heap/heap_view.ts";

/** From a key to 32 bits. */
export type HashFunction = (key: Uint8Array) => number;

/** FNV-1a with a final mix: spreads well enough for the top bits to split by. */
export function spreadHash(key: Uint8Array): number {
  let hash = 0x811c9dc5 | 0;
  for (const byte of key) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** A dict beside a Map from keys to references. */
export class DictModel {
  readonly heap: Heap;
  readonly dict: Dict;
  readonly map = new Map<string, number>();
  readonly #hash: HashFunction;

  constructor(hash: HashFunction, heap: Heap = new Heap()) {
    this.heap = heap;
    this.dict = new Dict(heap);
    this.#hash = hash;
  }

  find(key: string): number {
    const bytes = latin1Bytes(`..${key}.`);
    const ref = this.dict.find(this.#hash(latin1Bytes(key)), bytes, 2, bytes.length - 1);
    assert.equal(ref, this.map.get(key) ?? 0);
    return ref;
  }

  insert(key: string): void {
    const bytes = latin1Bytes(key);
    const ref = newEntry(this.heap, bytes);
    try {
      this.dict.insert(this.#hash(bytes), ref);
    } catch (thrown) {
      this.heap.free(ref);
      throw thrown;
    }
    this.map.set(key, ref);
    assert.equal(this.dict.count, this.map.size);
  }

  /** The entry moves, as one that grows does. */
  replace(key: string): void {
    const old = this.find(key);
    const moved = newEntry(this.heap, latin1Bytes(key));
    this.dict.replaceFound(moved);
    this.heap.free(old);
    this.map.set(key, moved);
    this.find(key);
  }

  remove(key: string, byReference = false): void {
    const ref = this.map.get(key)!;
    const hash = this.#hash(latin1Bytes(key));
    if (byReference) assert.ok(this.dict.findReference(hash, ref));
    else this.find(key);
    this.dict.removeFound();
    this.map.delete(key);
    assert.ok(!this.dict.findReference(hash, ref));
    this.heap.free(ref);
    assert.equal(this.dict.count, this.map.size);
  }

  clear(): void {
    for (const ref of this.map.values()) this.heap.free(ref);
    this.map.clear();
    this.dict.clear();
  }

  check(): void {
    this.dict.check((ref) => this.#hash(latin1Bytes(keyOf(this.heap, ref))));
    assert.equal(this.dict.count, this.map.size);
    for (const key of this.map.keys()) this.find(key);
  }

  /** Nothing but entries and index is in the heap. */
  checkBytes(): void {
    let bytes = this.dict.indexBytes;
    for (const ref of this.map.values()) bytes += this.heap.capacityOf(ref);
    assert.equal(this.heap.allocatedBytes, bytes);
  }
}

export function newEntry(heap: Heap, key: Uint8Array): number {
  const ref = heap.allocate(ENTRY_HEADER_BYTES + key.length);
  heap.setWordAt(ref, 4, key.length);
  heap.copyIn(ref, ENTRY_HEADER_BYTES, key, 0, key.length);
  return ref;
}

export function keyOf(heap: HeapView, ref: number): string {
  const key = new Uint8Array(heap.wordAt(ref, 4) & ENTRY_KEY_LENGTH_MASK);
  heap.copyOut(ref, ENTRY_HEADER_BYTES, key.length, key, 0);
  return latin1(key);
}

/** The keys of a dict in a heap, live or frozen, sorted. */
export function keysOf(heap: HeapView, root: DictRoot): string[] {
  const keys: string[] = [];
  for (const ref of entriesOf(heap, root)) keys.push(keyOf(heap, ref));
  return keys.sort();
}
