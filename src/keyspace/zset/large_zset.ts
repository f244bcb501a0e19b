/**
 * Large sorted sets: a dict from member to score, and a tree of leaves in order (member_tree.ts).
 *
 *     root of the tree -> dict (record_dict.ts): member -> score, 8 bytes
 *                      -> node -> leaf (score_leaf.ts): scores and members
 *
 * Always: the dict and the tree hold the same members with the same scores. Short members stand
 * twice, in the dict and in their leaf, which costs less than finding one from the other; long ones
 * stand once, in the dict's object.
 *
 * Whatever throws {@link HeapFull} leaves a sorted set as it was.
 */
import { assert } from "../../base/assert.ts";
import type { Heap } from "../../heap/heap.ts";
import { UNIT_BITS } from "../../heap/page_layout.ts";
import type { RecordDict } from "../../heap/record_dict.ts";
import { doubleIn } from "../../heap/record_segment.ts";
import { RecordWalk } from "../../heap/record_walk.ts";
import { MemberTree, SPARE_DICT, SPARE_LEAF_UNITS } from "./member_tree.ts";
import {
  appendSlots,
  capacityIn,
  countIn,
  insertEntry,
  leafBytes,
  leafCount,
  leafHeader,
  LeafMember,
  newLeaf,
  setKeyAt,
  SHORT_MEMBER_BYTES_MAX,
  usedIn,
} from "./score_leaf.ts";

const NO_BYTES = new Uint8Array(0);
/** Members whose records are fetched together: at most, at least, and of sets of so many. */
const FETCHED_MAX = 32;
const FETCHED_MIN = 4;
const FETCHING_COUNT_MIN = 2048;
/** So many at an end. */
const END_FETCHED = 8;

export class LargeZsets extends MemberTree {
  readonly #records: RecordDict;
  readonly #member: LeafMember = new LeafMember();
  /** The end that {@link removeEnd} took from last, and how many times in a row. */
  #endRoot = 0;
  #endIsLast = false;
  #endRun = 0;
  readonly #hashes: Int32Array = new Int32Array(FETCHED_MAX);

  constructor(heap: Heap, records: RecordDict) {
    super(heap);
    this.#records = records;
  }

  override dropViews(): void {
    super.dropViews();
    this.#member.bytes = NO_BYTES;
  }

  /**
   * Makes an empty sorted set and returns its root.
   * @throws {HeapFull}
   */
  create(): number {
    const dict = this.#records.create(true);
    try {
      const root = this.tree.create(0, 0);
      this.tree.setSpare(root, SPARE_DICT, dict);
      return root;
    } catch (thrown) {
      for (const _ of this.#records.freeSteps(dict));
      throw thrown;
    }
  }

  /** The root of the dict from member to score. */
  dictOf(root: number): number {
    return this.tree.spare(root, SPARE_DICT);
  }

  /** The bytes of all objects. */
  bytes(root: number): number {
    const tree = this.tree;
    const leaves = tree.spare(root, SPARE_LEAF_UNITS) * (1 << UNIT_BITS);
    return tree.innerBytes(root) + leaves + this.#records.bytes(this.dictOf(root));
  }

  /** The score of a member; NaN when there is none such. */
  score(root: number, bytes: Uint8Array, start: number, end: number): number {
    const dict = this.dictOf(root);
    return this.#records.find(dict, bytes, start, end) ? this.#records.score(dict) : NaN;
  }

  /**
   * Adds a member that is known to be absent, right after {@link score} said so.
   * @throws {HeapFull}
   */
  add(root: number, bytes: Uint8Array, start: number, end: number, score: number): void {
    const records = this.#records;
    const dict = this.dictOf(root);
    records.insertScore(dict, bytes, start, end, score);
    try {
      this.look(bytes, start, end, score);
      if (end - start > SHORT_MEMBER_BYTES_MAX) {
        records.find(dict, bytes, start, end);
        this.entry.setLong(records.keyRef, end - start);
      } else this.entry.setShort(bytes, start, end);
      this.insert(root);
    } catch (thrown) {
      if (records.find(dict, bytes, start, end)) records.remove(dict);
      throw thrown;
    }
  }

  /**
   * Adds a member that is known to be absent to the dict alone, right after {@link score} said so:
   * {@link indexAll} brings all of them into the tree when their scores are known.
   * @throws {HeapFull}
   */
  addUnordered(root: number, bytes: Uint8Array, start: number, end: number, score: number): void {
    this.#records.insertScore(this.dictOf(root), bytes, start, end, score);
  }

  /** Gives the member that {@link score} has found another score, in the dict alone. */
  setUnordered(root: number, score: number): void {
    this.#records.setScore(this.dictOf(root), score);
  }

  /** How many members the dict has. */
  unorderedCount(root: number): number {
    return this.#records.count(this.dictOf(root));
  }

  /**
   * Brings every member of the dict into the tree, which is empty.
   * @throws {HeapFull} and then the sorted set is only good to be freed.
   */
  indexAll(root: number): void {
    const heap = this.heap;
    const walk = new RecordWalk(heap, this.dictOf(root));
    const member = this.#member;
    while (walk.next()) {
      const score = this.#scoreIn(walk);
      member.loadRange(heap, walk.keyRef, walk.keyOffset, walk.keyLength);
      this.look(member.bytes, member.start, member.end, score);
      if (walk.keyLength > SHORT_MEMBER_BYTES_MAX) this.entry.setLong(walk.keyRef, walk.keyLength);
      else this.entry.setShort(member.bytes, member.start, member.end);
      this.insert(root);
    }
  }

  #scoreIn(walk: RecordWalk): number {
    const at = this.heap.read(walk.valueRef) + walk.valueOffset;
    return doubleIn(this.heap.bytes, at);
  }

  /**
   * Gives a member another score, right after {@link score} said that it has the old one.
   * @throws {HeapFull}
   */
  setScore(
    root: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    oldScore: number,
    score: number,
  ): void {
    const dict = this.dictOf(root);
    this.#records.setScore(dict, score);
    try {
      this.#moveMember(root, bytes, start, end, oldScore, score);
    } catch (thrown) {
      this.#records.setScore(dict, oldScore);
      throw thrown;
    }
  }

  /**
   * Takes a member out, right after {@link score} said which score it has.
   * @throws {HeapFull} only while the heap is frozen.
   */
  remove(root: number, bytes: Uint8Array, start: number, end: number, score: number): void {
    this.look(bytes, start, end, score);
    const leaf = this.seek(root);
    const index = this.search(leaf);
    this.thaw(this.tree, root, leaf);
    this.#records.remove(this.dictOf(root));
    this.drop(this.tree, root, leaf, index, index + 1);
  }

  /**
   * Takes members out by rank: `count` of them from `rank` on, which must be there.
   * @throws {HeapFull} only while the heap is frozen; what is out by then stays out.
   */
  removeRange(root: number, rank: number, count: number): void {
    const dict = this.dictOf(root);
    const member = this.#member;
    while (count > 0) {
      const leaf = this.tree.seekRank(root, rank);
      const index = rank - this.tree.before;
      const end = index + Math.min(leafCount(this.heap, leaf) - index, count);
      this.thaw(this.tree, root, leaf);
      let removedEnd = index;
      this.#fetch(dict, leaf, index, Math.min(end, index + FETCHED_MAX));
      try {
        for (; removedEnd < end; removedEnd++) {
          member.load(this.heap, leaf, removedEnd);
          const isFound = this.#records.find(dict, member.bytes, member.start, member.end);
          assert(isFound, "what is in a leaf is in the dict");
          this.#records.remove(dict);
        }
      } finally {
        if (removedEnd > index) this.drop(this.tree, root, leaf, index, removedEnd);
      }
      count -= end - index;
    }
  }

  /**
   * Takes out the first member or the last one, which must be there.
   * @throws {HeapFull} only while the heap is frozen.
   */
  removeEnd(root: number, isLast: boolean): void {
    const tree = this.tree;
    const leaf = isLast ? tree.last(root) : tree.first(root);
    const index = isLast ? leafCount(this.heap, leaf) - 1 : 0;
    const dict = this.dictOf(root);
    const member = this.#member;
    this.thaw(tree, root, leaf);
    this.#fetchEnd(root, dict, leaf, index, isLast);
    member.load(this.heap, leaf, index);
    const isFound = this.#records.find(dict, member.bytes, member.start, member.end);
    assert(isFound, "what is in a leaf is in the dict");
    this.#records.remove(dict);
    this.drop(tree, root, leaf, index, index + 1);
  }

  /** When an end has lost several members in a row, has the next ones fetched in the dict. */
  #fetchEnd(root: number, dict: number, leaf: number, index: number, isLast: boolean): void {
    if (root !== this.#endRoot || isLast !== this.#endIsLast) {
      this.#endRoot = root;
      this.#endIsLast = isLast;
      this.#endRun = 0;
    }
    if (++this.#endRun % END_FETCHED !== 0) return;
    if (isLast) this.#fetch(dict, leaf, Math.max(index + 1 - END_FETCHED, 0), index + 1);
    else this.#fetch(dict, leaf, 0, Math.min(END_FETCHED, leafCount(this.heap, leaf)));
  }

  /** Has the dict fetch from memory what is there of members of a leaf. */
  #fetch(dict: number, leaf: number, from: number, to: number): void {
    const records = this.#records;
    if (to - from < FETCHED_MIN || records.count(dict) < FETCHING_COUNT_MIN) return;
    const hashes = this.#hashes;
    const member = this.#member;
    for (let i = from; i < to; i++) {
      member.load(this.heap, leaf, i);
      hashes[i - from] = records.hashOfKey(member.bytes, member.start, member.end);
    }
    records.prefetch(dict, hashes, to - from);
  }

  /** Frees everything, in steps. */
  *freeSteps(root: number): Generator<undefined, void, void> {
    const dict = this.dictOf(root);
    yield* this.tree.freeSteps(root, (leaf) => this.heap.free(leaf));
    yield* this.#records.freeSteps(dict);
  }

  /**
   * Copies everything and returns the root of the copy.
   * @throws {HeapFull} and then nothing is left of it.
   */
  copy(root: number): number {
    const heap = this.heap;
    const dict = this.#records.copy(this.dictOf(root));
    let copied = 0;
    try {
      copied = this.tree.copy(
        root,
        (leaf) => this.#copyLeaf(leaf, dict),
        (leaf) => heap.free(leaf),
      );
      this.tree.setSpare(copied, SPARE_DICT, dict);
      return copied;
    } catch (thrown) {
      for (const _ of this.#records.freeSteps(dict));
      throw thrown;
    }
  }

  /** Verifies every invariant; slow. */
  check(root: number): void {
    const heap = this.heap;
    const records = this.#records;
    const dict = this.dictOf(root);
    const tree = this.tree;
    const previous = { score: -Infinity, bytes: NO_BYTES, isThere: false };
    let leavesBytes = 0;
    records.check(dict);
    assert(records.count(dict) === tree.count(root), "dict and tree hold as many members");
    const member = new LeafMember();
    const countLeaf = (leaf: number): number => {
      const header = leafHeader(heap, leaf);
      const count = countIn(header);
      assert(capacityIn(header) === heap.capacityOf(leaf), "a leaf knows its size");
      assert(count > 0, "no leaf is empty");
      assert(leafBytes(count, usedIn(header)) <= capacityIn(header), "a leaf fits its object");
      leavesBytes += heap.capacityOf(leaf);
      for (let i = 0; i < count; i++) {
        member.load(heap, leaf, i);
        const bytes = member.bytes.slice(member.start, member.end);
        const isInDict = records.find(dict, bytes, 0, bytes.length);
        assert(isInDict, "a member of the tree is in the dict");
        assert(Object.is(records.score(dict), member.score), "dict and tree know the same score");
        assert(
          member.longRef === 0 || member.longRef === records.keyRef,
          "long members are shared",
        );
        assert(i > 0 || tree.leafScore === member.score + 0, "the tree knows a leaf's first score");
        assert(
          !previous.isThere || isBefore(previous, member.score, bytes),
          "members are in order",
        );
        previous.score = member.score;
        previous.bytes = bytes;
        previous.isThere = true;
      }
      return count;
    };
    tree.check(root, countLeaf, false);
    assert(
      leavesBytes === tree.spare(root, SPARE_LEAF_UNITS) * (1 << UNIT_BITS),
      "the bytes of leaves are counted",
    );
  }

  #moveMember(
    root: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    oldScore: number,
    score: number,
  ): void {
    const heap = this.heap;
    const origin = this.origin;
    this.look(bytes, start, end, oldScore);
    let leaf = this.seekOrigin(root);
    let index = this.search(leaf);
    this.thaw(origin, root, leaf);
    this.lookForScore(score);
    if (this.staysAt(root, leaf, index, oldScore)) {
      if (index === 0) origin.setLeafScore(root, score);
      return setKeyAt(heap, leaf, index, this.entry);
    }
    if (end - start > SHORT_MEMBER_BYTES_MAX) {
      this.#member.load(heap, leaf, index);
      this.entry.setLong(this.#member.longRef, end - start);
    } else this.entry.setShort(bytes, start, end);
    this.insert(root);
    if (!origin.isPathGood(root)) {
      this.look(bytes, start, end, oldScore);
      leaf = this.seekOrigin(root);
      index = this.search(leaf);
    } else if (this.insertedLeaf === leaf && this.insertedIndex <= index) index++;
    this.drop(origin, root, leaf, index, index + 1);
  }

  /** A copy of a leaf whose long members are those of another dict. */
  #copyLeaf(leaf: number, dict: number): number {
    const heap = this.heap;
    const records = this.#records;
    const member = this.#member;
    const copied = newLeaf(heap, heap.capacityOf(leaf));
    try {
      const count = leafCount(heap, leaf);
      for (let i = 0; i < count; i++) {
        member.load(heap, leaf, i);
        if (member.longRef === 0) {
          appendSlots(heap, leaf, i, i + 1, copied);
          continue;
        }
        const isFound = records.find(dict, member.bytes, member.start, member.end);
        assert(isFound, "a copied dict has every member");
        this.lookForScore(member.score);
        this.entry.setLong(records.keyRef, records.keyLength);
        insertEntry(heap, copied, i, this.entry);
      }
    } catch (thrown) {
      heap.free(copied);
      throw thrown;
    }
    return copied;
  }
}

function isBefore(
  previous: { score: number; bytes: Uint8Array },
  score: number,
  bytes: Uint8Array,
): boolean {
  if (previous.score !== score) return previous.score < score;
  const length = Math.min(previous.bytes.length, bytes.length);
  for (let i = 0; i < length; i++) {
    if (previous.bytes[i] !== bytes[i]) return previous.bytes[i] < bytes[i];
  }
  return previous.bytes.length < bytes.length;
}
