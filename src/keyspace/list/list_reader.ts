/**
 * Going through the elements of a list, small or large, forwards or backwards, from any of them.
 * The list must not change meanwhile; other lists may be read.
 */
import { copyBytes, type HeapView } from "../../heap/heap_view.ts";
import type { Database } from "../database.ts";
import { isGraph } from "../value_type.ts";
import { FORM_ALONE, LEAF_HEADER_BYTES, LeafReader } from "./leaf.ts";
import type { QuicklistEnds } from "./quicklist_ends.ts";

export class ListReader {
  /** The element that `next` or `find` has gone to. */
  readonly element: LeafReader = new LeafReader();
  /** How many elements have been passed since the list was opened, that one included. */
  passed = 0;
  /** Whether `next` goes towards the beginning. */
  isBackward = false;

  readonly #heap: HeapView;
  readonly #lists: QuicklistEnds;
  #root = 0;
  /** The element that the next leaf is opened at, of so many. */
  #rank = 0;
  #count = 0;
  #hasElement = false;
  /** Elements to come in a leaf that has just been opened. */
  #left = 0;

  constructor(heap: HeapView, lists: QuicklistEnds) {
    this.#heap = heap;
    this.#lists = lists;
  }

  /**
   * Opens the list of an entry before the element of an index, 0 to its count: `next` goes to that
   * one, and then to those behind it, or before it.
   */
  open(database: Database, ref: number, index: number, isBackward: boolean): void {
    this.passed = 0;
    this.isBackward = isBackward;
    if (isGraph(database.kindOf(ref))) {
      this.#root = database.rootOf(ref);
      this.#count = this.#lists.count(this.#root);
      this.#rank = index;
      this.#hasElement = false;
      return;
    }
    const element = this.element;
    const at = database.wholeValue(ref);
    element.openListpack(database.wholeBytes, at, isBackward);
    this.#root = 0;
    this.#hasElement = true;
    const count = element.count;
    if (index === (isBackward ? count - 1 : 0) || index < 0 || index >= count) return;
    element.packed.seek(index);
    if (isBackward) element.packed.next();
    else element.packed.openAt(database.wholeBytes, at, element.packed.offset);
  }

  /** Goes to the next element; false at the end. */
  next(): boolean {
    const element = this.element;
    if (this.#hasElement && (this.isBackward ? element.previous() : element.next())) {
      this.passed++;
      return true;
    }
    if (this.#root === 0 || !this.#openLeaf()) return false;
    return this.next();
  }

  /** As `count` times `next`, in a run that has so many to come. */
  passRun(count: number): void {
    this.element.passRun(count);
    this.passed += count;
  }

  /**
   * Goes to the next element that is the text of `element.prepare`; false when there is none among
   * the first `passedMax`.
   */
  find(passedMax: number): boolean {
    const element = this.element;
    while (this.passed < passedMax) {
      if (this.#hasElement && (this.isBackward ? element.previous() : element.next())) {
        this.passed++;
        if (element.isPrepared()) return true;
      } else if (this.#root === 0 || !this.#openLeaf()) return false;
      else if (!element.mayHoldPrepared()) {
        this.passed += this.#left;
        this.#hasElement = false;
      }
    }
    return false;
  }

  /** Goes to the leaf at the rank that has been come to. */
  #openLeaf(): boolean {
    const rank = this.#rank;
    if (rank < 0 || rank >= this.#count) return false;
    const heap = this.#heap;
    const element = this.element;
    const tree = this.#lists.tree;
    const leaf = tree.seekRank(this.#root, rank);
    const before = tree.before;
    const count = tree.countInLeaf;
    const local = rank - before;
    this.#hasElement = true;
    if (this.isBackward) {
      this.#rank = before - 1;
      this.#left = local + 1;
      element.open(heap, leaf, true);
      for (let i = count - 1; i > local; i--) element.previous();
      return true;
    }
    this.#rank = before + count;
    this.#left = count - local;
    element.open(heap, leaf, false);
    if (local > 0) element.skip(local);
    return true;
  }
}

/** Copies the element that a reader is at to the beginning of an array; returns its length. */
export function copyElement(view: HeapView, element: LeafReader, target: Uint8Array): number {
  const length = element.length;
  if (element.form === FORM_ALONE) {
    view.copyOut(element.aloneLeaf, LEAF_HEADER_BYTES, length, target, 0);
    return length;
  }
  element.text();
  copyBytes(element.bytes, element.start, length, target, 0);
  return length;
}
