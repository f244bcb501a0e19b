/**
 * What is done to a whole {@link RecordDict}: copying it, freeing it in slices, verifying it.
 */
import { assert } from "../base/assert.ts";
import {
  rangeEnd,
  ROOT_BYTES,
  ROOT_CHAIN_MAX,
  ROOT_DEPTH,
  ROOT_DIRECTORY,
  ROOT_HAS_VALUES,
  ROOT_LINKS,
  ROOT_RECORDS_MAX,
  ROOT_SEGMENTS,
  segmentOf,
} from "./record_directory.ts";
import { RecordRoom } from "./record_room.ts";
import {
  capacityIn,
  countIn,
  depthIn,
  DISTANCE_BITS,
  DISTANCE_MASK,
  endDistance,
  EXPIRY_BYTES,
  hasValuesIn,
  LONG_VALUE_BYTES,
  placeAt,
  RECORD_EXPIRES,
  SEGMENT_BYTES_MAX,
  segmentBytes,
  setWordIn,
  SHORT_KEY_BYTES_MAX,
  SHORT_VALUE_BYTES_MAX,
  TAG_MASK,
  tagAt,
  usedIn,
} from "./record_segment.ts";

/** Objects freed between two yields. */
const STEP_OBJECTS = 50;

export class RecordWhole extends RecordRoom {
  /**
   * Copies a dict and returns the root of the copy.
   * @throws {HeapFull} and then nothing is left of the copy.
   */
  copy(root: number): number {
    const heap = this.heap;
    this.foundSegment = 0;
    const copied = heap.allocate(ROOT_BYTES);
    heap.copyWithin(root, 0, copied, 0, ROOT_BYTES);
    const depth = this.rootWord(root, ROOT_DEPTH);
    const length = 2 ** depth;
    let directory = 0;
    try {
      if (depth > 0) {
        directory = heap.allocate(length * 4);
        heap.fillWords(directory, 0, length, 0);
      }
      this.setRootWord(copied, ROOT_DIRECTORY, directory);
      const old = depth === 0 ? 0 : heap.capacityOf(this.rootWord(root, ROOT_DIRECTORY));
      this.addBytes(copied, (depth === 0 ? 0 : heap.capacityOf(directory)) - old);
      for (let prefix = 0; prefix < 2 ** 32;) {
        const first = segmentOf(heap, root, prefix | 0);
        this.#copyChain(copied, prefix | 0, first);
        prefix = rangeEnd(heap, first, prefix);
      }
    } catch (thrown) {
      if (depth === 0 || directory !== 0) { for (const _ of this.#freeSegments(copied)); }
      if (directory !== 0) heap.free(directory);
      heap.free(copied);
      throw thrown;
    }
    return copied;
  }

  /** Copies a segment and those that follow it; what is copied is linked at once. */
  #copyChain(root: number, hash: number, first: number): void {
    const heap = this.heap;
    let previous = 0;
    for (let segment = first; segment !== 0; segment = heap.wordAt(segment, 4)) {
      const copied = this.#copySegment(root, segment);
      if (previous !== 0) heap.setWordAt(previous, 4, copied);
      else this.link(root, depthIn(heap.wordAt(segment, 0)), hash, copied);
      previous = copied;
    }
  }

  #copySegment(root: number, segment: number): number {
    const heap = this.heap;
    const capacity = heap.capacityOf(segment);
    const copied = heap.allocate(capacity);
    heap.copyWithin(segment, 0, copied, 0, capacity);
    heap.setWordAt(copied, 4, 0);
    const count = countIn(heap.wordAt(segment, 0));
    let slot = 0;
    try {
      for (; slot < count; slot++) this.#copyOutside(root, copied, slot);
    } catch (thrown) {
      for (let i = 0; i < slot; i++) this.#freeOutside(copied, i);
      heap.free(copied);
      throw thrown;
    }
    return copied;
  }

  /** Lets a record that has just been copied have a long key and a long value of its own. */
  #copyOutside(root: number, segment: number, slot: number): void {
    const heap = this.heap;
    this.place(heap, segment, slot);
    const { keyRef, keyLength, valueRef, valueLength } = this;
    let key = 0;
    let value = 0;
    if (keyRef !== segment) key = this.#copyObject(keyRef, keyLength);
    try {
      if (valueRef !== segment) value = this.#copyObject(valueRef, valueLength);
    } catch (thrown) {
      if (key !== 0) heap.free(key);
      throw thrown;
    }
    if (key === 0 && value === 0) return;
    const at = heap.write(segment);
    const words = heap.words;
    const end = at + capacityIn(words[at >>> 2]);
    const begins = placeAt(words, at >>> 2, slot);
    const expiry = (begins >>> DISTANCE_BITS & RECORD_EXPIRES) === 0 ? 0 : EXPIRY_BYTES;
    if (key !== 0) setWordIn(heap.bytes, end - (begins & DISTANCE_MASK) + expiry + 4, key);
    if (value !== 0) {
      setWordIn(heap.bytes, end - endDistance(words, at >>> 2, slot) - LONG_VALUE_BYTES, value);
    }
    const grown = (key === 0 ? 0 : heap.capacityOf(key) - heap.capacityOf(keyRef)) +
      (value === 0 ? 0 : heap.capacityOf(value) - heap.capacityOf(valueRef));
    if (grown !== 0) this.addBytes(root, grown);
  }

  #copyObject(ref: number, length: number): number {
    const copied = this.heap.allocate(length);
    this.heap.copyWithin(ref, 0, copied, 0, length);
    return copied;
  }

  /** Ends the dict, in slices; nobody may use it once this has begun. */
  *freeSteps(root: number): Generator<undefined, void, void> {
    this.foundSegment = 0;
    yield* this.#freeSegments(root);
    if (this.rootWord(root, ROOT_DEPTH) > 0) this.heap.free(this.rootWord(root, ROOT_DIRECTORY));
    this.heap.free(root);
  }

  /** Frees segments and what stands outside them; a copy that was given up lacks some. */
  *#freeSegments(root: number): Generator<undefined, void, void> {
    const heap = this.heap;
    const depth = this.rootWord(root, ROOT_DEPTH);
    let freed = 0;
    for (let prefix = 0; prefix < 2 ** 32;) {
      let segment = segmentOf(heap, root, prefix | 0);
      prefix = segment === 0 ? prefix + 2 ** (32 - depth) : rangeEnd(heap, segment, prefix);
      while (segment !== 0) {
        const next = heap.wordAt(segment, 4);
        const count = countIn(heap.wordAt(segment, 0));
        for (let slot = 0; slot < count; slot++) freed += this.#freeOutside(segment, slot);
        heap.free(segment);
        segment = next;
        if (++freed >= STEP_OBJECTS) {
          freed = 0;
          yield;
        }
      }
    }
  }

  /** The hash of the key of the record gone to. */
  #keyHash(): number {
    const key = new Uint8Array(this.keyLength);
    this.heap.copyOut(this.keyRef, this.keyOffset, this.keyLength, key, 0);
    return this.hasher.hash(key, 0, key.length);
  }

  #freeOutside(segment: number, slot: number): number {
    this.place(this.heap, segment, slot);
    const { keyRef, valueRef } = this;
    if (keyRef !== segment) this.heap.free(keyRef);
    if (valueRef !== segment) this.heap.free(valueRef);
    return (keyRef !== segment ? 1 : 0) + (valueRef !== segment ? 1 : 0);
  }

  /** Verifies every invariant of a dict; throws when one is broken. Slow: for tests and DEBUG. */
  check(root: number): void {
    this.foundSegment = 0;
    let bytes = this.heap.capacityOf(root);
    const depth = this.rootWord(root, ROOT_DEPTH);
    if (depth > 0) bytes += this.heap.capacityOf(this.rootWord(root, ROOT_DIRECTORY));
    let count = 0;
    let segments = 0;
    let deepest = 0;
    let links = 0;
    let expiring = 0;
    for (let prefix = 0; prefix < 2 ** 32;) {
      const first = segmentOf(this.heap, root, prefix | 0);
      const end = rangeEnd(this.heap, first, prefix);
      assert(end > prefix && prefix % (end - prefix) === 0, "a segment serves an aligned range");
      assert(segmentOf(this.heap, root, (end - 1) | 0) === first, "a range has one segment");
      const firstDepth = depthIn(this.heap.wordAt(first, 0));
      if (firstDepth === depth) deepest++;
      let length = 0;
      for (let segment = first; segment !== 0; segment = this.heap.wordAt(segment, 4)) {
        length++;
        const header = this.heap.wordAt(segment, 0);
        assert(depthIn(header) === firstDepth, "a chain is of one depth");
        this.#checkSegment(root, segment, prefix, end);
        count += countIn(header);
        bytes += this.heap.capacityOf(segment);
        for (let slot = 0; slot < countIn(header); slot++) {
          this.place(this.heap, segment, slot);
          if (this.keyRef !== segment) bytes += this.heap.capacityOf(this.keyRef);
          if (this.valueRef !== segment) bytes += this.heap.capacityOf(this.valueRef);
          if (this.expiresAtMs < 0) continue;
          expiring++;
          assert(this.expiresAtMs >= this.soonestExpiryMs(root), "none expires sooner than known");
        }
      }
      segments += length;
      links += length - 1;
      assert(length <= this.rootWord(root, ROOT_CHAIN_MAX), "no chain is longer than known");
      prefix = end;
    }
    assert(count === this.count(root), "every record is counted");
    assert(bytes === this.bytes(root), "every byte is counted");
    assert(expiring === this.expiringCount(root), "every expiry is counted");
    assert(segments === this.rootWord(root, ROOT_SEGMENTS), "every segment is counted");
    assert(links === this.rootWord(root, ROOT_LINKS), "every link of a chain is counted");
    this.checkDirectory(root, deepest);
  }

  #checkSegment(root: number, segment: number, from: number, end: number): void {
    const heap = this.heap;
    const header = heap.wordAt(segment, 0);
    const count = countIn(header);
    const hasValues = hasValuesIn(header);
    assert(
      hasValues === (this.rootWord(root, ROOT_HAS_VALUES) !== 0),
      "a segment knows what its records are",
    );
    assert(capacityIn(header) === heap.capacityOf(segment), "a segment knows its size");
    assert(segmentBytes(count, usedIn(header)) <= capacityIn(header), "records fit the segment");
    assert(capacityIn(header) <= SEGMENT_BYTES_MAX, "no segment is too large");
    assert(count <= this.rootWord(root, ROOT_RECORDS_MAX), "no segment holds more than known");
    const word = heap.read(segment) >>> 2;
    const words = heap.words;
    const used = count === 0 ? 0 : endDistance(words, word, count);
    assert(used === usedIn(header), "a segment knows how much is used");
    for (let slot = 0; slot < count; slot++) {
      const place = placeAt(words, word, slot);
      const flags = place >>> DISTANCE_BITS;
      assert(
        (place & DISTANCE_MASK) >= endDistance(words, word, slot),
        "records stand in the order of the index",
      );
      this.place(heap, segment, slot);
      assert(this.keyLength > SHORT_KEY_BYTES_MAX === ((flags & 1) !== 0), "long keys are outside");
      assert(this.valueLength >= 0, "a record holds what it says");
      assert(
        this.valueLength > SHORT_VALUE_BYTES_MAX === ((flags & 2) !== 0),
        "long values are outside",
      );
      const hash = this.#keyHash();
      assert(this.hashOf(segment, slot) === hash, "a record knows its hash");
      assert(
        (hash & TAG_MASK) === tagAt(heap.bytes, heap.read(segment), slot),
        "a tag is a byte of the hash",
      );
      assert(hash >>> 0 >= from && hash >>> 0 < end, "a hash stands in its segment");
    }
  }
}
