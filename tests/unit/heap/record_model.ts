import assert from "node:assert/strict";
import { latin1, latin1Bytes } from "../../../src/base/ascii.ts";
import { Heap } from "../../../src/heap/heap.ts";
import type { HeapView } from "../../../src/heap/heap_view.ts";
import { RecordDict } from "../../../src/heap/record_dict.ts";
import type { RecordHash } from "../../../src/heap/record_dict.ts";
import type { RecordPlace } from "../../../src/heap/record_segment.ts";
import { RecordWalk } from "../../../src/heap/record_walk.ts";

/** What a record of the model holds. */
export interface ModelRecord {
  readonly value: string;
  readonly expiresAtMs: number;
}

/** A function from a key to 32 bits, as a dict takes it. */
export function hashBy(of: (key: Uint8Array) => number): RecordHash {
  return { hash: (bytes, start, end) => of(bytes.subarray(start, end)) | 0 };
}

/** A record dict beside a Map. */
export class RecordModel {
  readonly heap: Heap;
  readonly dict: RecordDict;
  readonly root: number;
  readonly map = new Map<string, ModelRecord>();
  readonly hasValues: boolean;

  constructor(hash: RecordHash, hasValues: boolean, heap: Heap = new Heap()) {
    this.heap = heap;
    this.dict = new RecordDict(heap, hash);
    this.hasValues = hasValues;
    this.root = this.dict.create(hasValues);
  }

  find(key: string): boolean {
    const bytes = latin1Bytes(`..${key}.`);
    const record = this.map.get(key);
    const found = this.dict.find(this.root, bytes, 2, bytes.length - 1);
    assert.equal(found, record !== undefined);
    if (record !== undefined) this.#checkFound(key, record);
    return found;
  }

  /** Sets a key's value, as a hash does. */
  set(key: string, text: string, expiresAtMs = -1): void {
    const value = this.hasValues ? text : "";
    const bytes = latin1Bytes(`.${value}`);
    const name = latin1Bytes(key);
    const old = this.map.get(key);
    if (this.find(key)) {
      this.dict.setValue(this.root, bytes, 1, bytes.length);
      this.map.set(key, { value, expiresAtMs: old!.expiresAtMs });
      this.#checkFound(key, this.map.get(key)!);
    } else {
      this.dict.insert(this.root, name, 0, name.length, bytes, 1, bytes.length, expiresAtMs);
      this.map.set(key, { value, expiresAtMs });
    }
    assert.equal(this.dict.count(this.root), this.map.size);
  }

  setExpiry(key: string, expiresAtMs: number): void {
    if (!this.find(key)) return;
    this.dict.setExpiry(this.root, expiresAtMs);
    this.map.set(key, { value: this.map.get(key)!.value, expiresAtMs });
    this.#checkFound(key, this.map.get(key)!);
  }

  remove(key: string): void {
    if (!this.find(key)) return;
    this.dict.remove(this.root);
    this.map.delete(key);
    assert.equal(this.dict.count(this.root), this.map.size);
  }

  #checkFound(key: string, record: ModelRecord): void {
    assert.equal(keyAt(this.heap, this.dict), key);
    assert.equal(valueAt(this.heap, this.dict), record.value);
    assert.equal(this.dict.expiresAtMs, record.expiresAtMs);
  }

  check(): void {
    this.dict.check(this.root);
    assert.equal(this.dict.count(this.root), this.map.size);
    assert.equal(this.dict.bytes(this.root), this.heap.allocatedBytes);
    const expiring = [...this.map.values()].filter((record) => record.expiresAtMs >= 0).length;
    assert.equal(this.dict.expiringCount(this.root), expiring);
  }

  checkAll(): void {
    this.check();
    for (const key of this.map.keys()) this.find(key);
    checkWalk(this.heap, this.root, this.map);
    this.heap.check();
  }

  free(): void {
    for (const _ of this.dict.freeSteps(this.root));
    assert.equal(this.heap.allocatedBytes, 0);
  }
}

export function keyAt(view: HeapView, place: RecordPlace): string {
  return rangeText(view, place.keyRef, place.keyOffset, place.keyLength);
}

export function valueAt(view: HeapView, place: RecordPlace): string {
  return rangeText(view, place.valueRef, place.valueOffset, place.valueLength);
}

function rangeText(view: HeapView, ref: number, offset: number, length: number): string {
  const bytes = new Uint8Array(length);
  view.copyOut(ref, offset, length, bytes, 0);
  return latin1(bytes);
}

/** A walk finds what the map holds, each record once. */
export function checkWalk(
  view: HeapView,
  root: number,
  map: ReadonlyMap<string, ModelRecord>,
): void {
  const walk = new RecordWalk(view, root);
  const seen = new Set<string>();
  while (walk.next()) {
    const key = keyAt(view, walk);
    assert.ok(!seen.has(key));
    seen.add(key);
    const record = map.get(key);
    assert.ok(record !== undefined);
    assert.equal(valueAt(view, walk), record.value);
    assert.equal(walk.expiresAtMs, record.expiresAtMs);
  }
  assert.equal(seen.size, map.size);
}
