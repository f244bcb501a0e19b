/**
 * Going once through all elements of a list in a heap, live or frozen: all that is needed of the
 * list is its entry. A live list must not change meanwhile.
 */
import {
  ENTRY_KEY_LENGTH_MASK,
  ENTRY_OUTSIDE,
  keyOffset,
  outsideOffset,
} from "../../heap/entry.ts";
import type { HeapView } from "../../heap/heap_view.ts";
import { ROOT_COUNT, rootWord } from "../../heap/tree_node.ts";
import { TreeWalk } from "../../heap/tree_walk.ts";
import { isGraph } from "../value_type.ts";
import { LeafReader } from "./leaf.ts";

export class ListWalk {
  /** The element that {@link next} has come to; before that, none. */
  readonly element: LeafReader = new LeafReader();
  /** How many elements the list has. */
  readonly count: number;

  readonly #view: HeapView;
  /** Null in a small list. */
  readonly #leaves: TreeWalk | null;
  #hasLeaf = false;

  constructor(view: HeapView, ref: number) {
    const word = view.read(ref) >>> 2;
    const words = view.words;
    const kind = words[word] & 0xff;
    const flags = words[word + 1];
    const length = words[word + 2];
    this.#view = view;
    let object = ref;
    let offset = keyOffset(flags) + (flags & ENTRY_KEY_LENGTH_MASK);
    if ((flags & ENTRY_OUTSIDE) !== 0) {
      object = words[word + (outsideOffset(flags) >>> 2)];
      offset = 0;
    }
    if (isGraph(kind)) {
      this.#leaves = new TreeWalk(view, object, 0);
      this.count = rootWord(view, object, ROOT_COUNT);
      return;
    }
    this.#leaves = null;
    this.#hasLeaf = true;
    const at = view.span(object, offset, length);
    if (view.spanLength === length) this.element.openListpack(view.bytes, at, false);
    else {
      const copy = new Uint8Array(length);
      view.copyOut(object, offset, length, copy, 0);
      this.element.openListpack(copy, 0, false);
    }
    this.count = this.element.count;
  }

  /** Goes to the next element; false at the end. */
  next(): boolean {
    const leaves = this.#leaves;
    for (;;) {
      if (this.#hasLeaf && this.element.next()) return true;
      if (leaves === null || !leaves.next()) return false;
      this.element.open(this.#view, leaves.leaf, false);
      this.#hasLeaf = true;
    }
  }
}
