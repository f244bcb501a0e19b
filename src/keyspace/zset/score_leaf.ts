/**
 * A leaf of a large sorted set: members in order of score and then of bytes, packed into one heap
 * object that grows by size class.
 *
 *     0        4                16               28
 *     +--------+----------------+----------------+- - -     - - -+----------+----------+
 *     | header | slot 0         | slot 1         | ->   free  <- | member   | member   |
 *     +--------+----------------+----------------+- - -     - - -+----------+----------+
 *                                                                                      ^ end
 *     header:  0 | capacity in 16 bytes 9 | used 12 | count 10
 *     slot:    two words of the score's key | place
 *     place:   flags | length 7 | distance 12
 *
 * - The score's key is what `splitScore` makes of it: compared as signed words, the first word first,
 *   keys are in the order of scores. -0 is 0 there, and a flag of the place tells it again.
 * - distance: from the end of the leaf back to where the member begins, so that it stays true when
 *   the leaf grows. Members stand in any order, without gaps.
 * - used: the bytes of all members.
 * - A member longer than 64 bytes stands in an object of its own, which belongs to the dict of the
 *   sorted set; here are its reference and its length, 4 bytes each.
 */
import type { HeapView } from "../../heap/heap_view.ts";
import type { Heap } from "../../heap/heap.ts";
import { SHORT_KEY_BYTES_MAX } from "../../heap/record_segment.ts";
import { joinScore } from "../../heap/tree_node.ts";

/** A leaf that would grow beyond this splits: a size class with little padding below it. */
export const LEAF_BYTES_MAX = 1168;
/** Longer members stand in an object of their own: those that the dict of scores puts there. */
export const SHORT_MEMBER_BYTES_MAX: number = SHORT_KEY_BYTES_MAX;
/** The bytes that stand for a long member. */
const LONG_MEMBER_BYTES = 8;
export const SLOT_WORDS = 3;
/** Where the first slot stands. */
export const SLOTS_WORD = 1;

const HEADER_BYTES = 4;
const SLOT_BYTES = 4 * SLOT_WORDS;
const COUNT_MASK = 0x3ff;
const USED_SHIFT = 10;
const USED_MASK = 0xfff;
const CAPACITY_SHIFT = 22;
const CAPACITY_UNIT_BITS = 4;

export const DISTANCE_MASK = 0xfff;
const LENGTH_SHIFT = 12;
const LENGTH_MASK = 0x7f;
export const PLACE_LONG = 1 << 20;
export const PLACE_NEGATIVE_ZERO = 1 << 21;
const FLAGS_MASK = PLACE_LONG | PLACE_NEGATIVE_ZERO;
/** So many words are moved by a loop; for more the call of an engine's own function pays. */
const LOOP_WORDS_MAX = 32;

const NO_BYTES = new Uint8Array(0);

/** Members of the leaf that has such a header. */
export function countIn(header: number): number {
  return header & COUNT_MASK;
}

/** The bytes that its members take beside their slots. */
export function usedIn(header: number): number {
  return header >>> USED_SHIFT & USED_MASK;
}

/** The bytes of the leaf, hence where its members end. */
export function capacityIn(header: number): number {
  return header >>> CAPACITY_SHIFT << CAPACITY_UNIT_BITS;
}

/** The bytes of a leaf with so many members of so many bytes together. */
export function leafBytes(count: number, used: number): number {
  return HEADER_BYTES + count * SLOT_BYTES + used;
}

/** The bytes that a member takes beside its slot. */
export function lengthIn(place: number): number {
  return place >>> LENGTH_SHIFT & LENGTH_MASK;
}

/** The header of a leaf, for `countIn`, `usedIn` and `capacityIn`. */
export function leafHeader(view: HeapView, leaf: number): number {
  const word = view.read(leaf) >>> 2;
  return view.words[word];
}

/** Members of a leaf. */
export function leafCount(view: HeapView, leaf: number): number {
  return leafHeader(view, leaf) & COUNT_MASK;
}

/** The score of a leaf's member. */
export function scoreAt(view: HeapView, leaf: number, index: number): number {
  const at = (view.read(leaf) >>> 2) + SLOTS_WORD + index * SLOT_WORDS;
  const words = view.words;
  if ((words[at + 2] & PLACE_NEGATIVE_ZERO) !== 0) return -0;
  return joinScore(words[at], words[at + 1]);
}

/** Four bytes at any place. */
export function wordIn(bytes: Uint8Array, at: number): number {
  return bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24;
}

/** Writes four bytes at any place. */
export function setWordIn(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word;
  bytes[at + 1] = word >>> 8;
  bytes[at + 2] = word >>> 16;
  bytes[at + 3] = word >>> 24;
}

/**
 * Makes a leaf without members that has room for so many bytes.
 * @throws {HeapFull}
 */
export function newLeaf(heap: Heap, sizeBytes: number): number {
  const leaf = heap.allocate(sizeBytes);
  const capacity = heap.capacityOf(leaf);
  const word = heap.write(leaf) >>> 2;
  heap.words[word] = capacity >>> CAPACITY_UNIT_BITS << CAPACITY_SHIFT;
  return leaf;
}

/** A member on its way into a leaf: the caller fills it in. */
export class LeafEntry {
  /** The key of the score. */
  readonly key: Int32Array = new Int32Array(2);
  /** PLACE_LONG, PLACE_NEGATIVE_ZERO. */
  flags = 0;
  /** What stands in the leaf: the member, or its reference and length. */
  bytes: Uint8Array = NO_BYTES;
  start = 0;
  length = 0;
  readonly #long: Uint8Array = new Uint8Array(LONG_MEMBER_BYTES);

  /** Takes a short member, which must stay where it is. */
  setShort(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.length = end - start;
    this.flags &= ~PLACE_LONG;
  }

  /** Takes a member that stands in an object of its own. */
  setLong(ref: number, length: number): void {
    setWordIn(this.#long, 0, ref);
    setWordIn(this.#long, 4, length);
    this.bytes = this.#long;
    this.start = 0;
    this.length = LONG_MEMBER_BYTES;
    this.flags |= PLACE_LONG;
  }
}

/** Puts a member into a leaf that has room for it, before the one at an index. */
export function insertEntry(heap: Heap, leaf: number, index: number, entry: LeafEntry): void {
  const at = heap.write(leaf);
  const words = heap.words;
  const bytes = heap.bytes;
  const word = at >>> 2;
  const header = words[word];
  const count = countIn(header);
  const length = entry.length;
  const distance = usedIn(header) + length;
  const slot = word + SLOTS_WORD + index * SLOT_WORDS;
  const slotsEnd = word + SLOTS_WORD + count * SLOT_WORDS;
  if (slotsEnd - slot > LOOP_WORDS_MAX) words.copyWithin(slot + SLOT_WORDS, slot, slotsEnd);
  else for (let i = slotsEnd - 1; i >= slot; i--) words[i + SLOT_WORDS] = words[i];
  words[slot] = entry.key[0];
  words[slot + 1] = entry.key[1];
  words[slot + 2] = entry.flags | length << LENGTH_SHIFT | distance;
  words[word] = header + (length << USED_SHIFT) + 1;
  const source = entry.bytes;
  const from = entry.start;
  const to = at + capacityIn(header) - distance;
  for (let i = 0; i < length; i++) bytes[to + i] = source[from + i];
}

/** Puts the members `from..to` of a leaf behind those of another one that has room for them. */
export function appendSlots(
  heap: Heap,
  source: number,
  from: number,
  to: number,
  target: number,
): void {
  if (from === to) return;
  const sourceAt = heap.read(source);
  const sourceWords = heap.words;
  const sourceBytes = heap.bytes;
  const at = heap.write(target);
  const words = heap.words;
  const bytes = heap.bytes;
  const sourceEnd = sourceAt + capacityIn(sourceWords[sourceAt >>> 2]);
  const header = words[at >>> 2];
  const end = at + capacityIn(header);
  let distance = usedIn(header);
  let slot = (at >>> 2) + SLOTS_WORD + countIn(header) * SLOT_WORDS;
  let sourceSlot = (sourceAt >>> 2) + SLOTS_WORD + from * SLOT_WORDS;
  for (let i = from; i < to; i++) {
    const place = sourceWords[sourceSlot + 2];
    const length = lengthIn(place);
    distance += length;
    words[slot] = sourceWords[sourceSlot];
    words[slot + 1] = sourceWords[sourceSlot + 1];
    words[slot + 2] = place & FLAGS_MASK | length << LENGTH_SHIFT | distance;
    const memberFrom = sourceEnd - (place & DISTANCE_MASK);
    for (let k = 0; k < length; k++) bytes[end - distance + k] = sourceBytes[memberFrom + k];
    slot += SLOT_WORDS;
    sourceSlot += SLOT_WORDS;
  }
  words[at >>> 2] = header + (distance - usedIn(header) << USED_SHIFT) + to - from;
}

/** Makes a larger leaf with the same members: two moves of bytes, whatever their number. */
export function enlarged(heap: Heap, leaf: number, sizeBytes: number): number {
  const header = leafHeader(heap, leaf);
  const used = usedIn(header);
  const larger = newLeaf(heap, sizeBytes);
  const capacity = heap.capacityOf(larger);
  heap.copyWithin(leaf, HEADER_BYTES, larger, HEADER_BYTES, countIn(header) * SLOT_BYTES);
  heap.copyWithin(leaf, capacityIn(header) - used, larger, capacity - used, used);
  const word = heap.write(larger) >>> 2;
  heap.words[word] |= header & (1 << CAPACITY_SHIFT) - 1;
  return larger;
}

/** Takes a member out of a leaf. */
export function cutSlot(heap: Heap, leaf: number, index: number): void {
  const at = heap.write(leaf);
  const words = heap.words;
  const word = at >>> 2;
  const header = words[word];
  const first = word + SLOTS_WORD;
  const slot = first + index * SLOT_WORDS;
  const place = words[slot + 2];
  const last = first + (countIn(header) - 1) * SLOT_WORDS;
  if (last - slot > LOOP_WORDS_MAX) words.copyWithin(slot, slot + SLOT_WORDS, last + SLOT_WORDS);
  else for (let i = slot; i < last; i++) words[i] = words[i + SLOT_WORDS];
  words[word] = header - (lengthIn(place) << USED_SHIFT) - 1;
  const used = usedIn(header);
  if ((place & DISTANCE_MASK) !== used) {
    closeGap(words, heap.bytes, first + 2, last, at + capacityIn(header), used, place);
  }
}

/**
 * Fills the place of a member that is out with the one that came last, where that is as long, for
 * moving many bytes costs more; else all that came later move up.
 * @param first the first slot's place in `words`; no slot begins at `last` or behind.
 */
function closeGap(
  words: Int32Array,
  bytes: Uint8Array,
  first: number,
  last: number,
  end: number,
  used: number,
  place: number,
): void {
  const length = lengthIn(place);
  const distance = place & DISTANCE_MASK;
  let newest = first;
  while (newest < last && (words[newest] & DISTANCE_MASK) !== used) newest += SLOT_WORDS;
  if (newest < last && lengthIn(words[newest]) === length) {
    words[newest] += distance - used;
    for (let i = 0; i < length; i++) bytes[end - distance + i] = bytes[end - used + i];
    return;
  }
  for (let i = first; i < last; i += SLOT_WORDS) {
    if ((words[i] & DISTANCE_MASK) > distance) words[i] -= length;
  }
  bytes.copyWithin(end - used + length, end - used, end - distance);
}

/** Gives a member another score, between those of its neighbours. */
export function setKeyAt(heap: Heap, leaf: number, index: number, entry: LeafEntry): void {
  const word = (heap.write(leaf) >>> 2) + SLOTS_WORD + index * SLOT_WORDS;
  const words = heap.words;
  words[word] = entry.key[0];
  words[word + 1] = entry.key[1];
  words[word + 2] = words[word + 2] & ~PLACE_NEGATIVE_ZERO | entry.flags & PLACE_NEGATIVE_ZERO;
}

/** A member and its score, read from a leaf; the bytes are the heap's until it changes. */
export class LeafMember {
  bytes: Uint8Array = NO_BYTES;
  start = 0;
  end = 0;
  score = 0;
  /** The object that holds a long member; 0 for a short one. */
  longRef = 0;
  #scratch: Uint8Array = NO_BYTES;

  load(view: HeapView, leaf: number, index: number): void {
    const at = view.read(leaf);
    const words = view.words;
    const bytes = view.bytes;
    const word = at >>> 2;
    const slot = word + SLOTS_WORD + index * SLOT_WORDS;
    const place = words[slot + 2];
    const from = at + capacityIn(words[word]) - (place & DISTANCE_MASK);
    this.score = joinScore(words[slot], words[slot + 1]);
    if ((place & FLAGS_MASK) !== 0) {
      if ((place & PLACE_NEGATIVE_ZERO) !== 0) this.score = -0;
      if ((place & PLACE_LONG) !== 0) {
        this.longRef = wordIn(bytes, from);
        return this.loadRange(view, this.longRef, 0, wordIn(bytes, from + 4));
      }
    }
    this.longRef = 0;
    this.bytes = bytes;
    this.start = from;
    this.end = from + lengthIn(place);
  }

  /** Takes the bytes of any object, in one piece. */
  loadRange(view: HeapView, ref: number, offset: number, length: number): void {
    const at = view.span(ref, offset, length);
    if (view.spanLength === length) {
      this.bytes = view.bytes;
      this.start = at;
      this.end = at + length;
      return;
    }
    if (this.#scratch.length < length) this.#scratch = new Uint8Array(length + (length >>> 2));
    view.copyOut(ref, offset, length, this.#scratch, 0);
    this.bytes = this.#scratch;
    this.start = 0;
    this.end = length;
  }
}
