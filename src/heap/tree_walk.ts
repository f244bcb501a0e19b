/**
 * Reading the leaves of a {@link CountedTree} from the outside: live while nothing changes, or
 * frozen, in a worker too. All that is needed of the tree is the reference of its root object.
 */
import type { HeapView } from "./heap_view.ts";
import {
  CAPACITY_SHIFT,
  CHILDREN_MASK,
  HEIGHT_MAX,
  joinScore,
  KEY_BIAS,
  KEY_WORDS_MAX,
  ROOT_COUNT,
  ROOT_HEIGHT,
  ROOT_KEY,
  ROOT_TOP,
  rootWord,
  type TreeKeyBytes,
} from "./tree_node.ts";

/** Goes through the leaves of a tree in order. */
export class TreeWalk {
  /** The leaf that {@link next} has come to, and how many elements it holds. */
  leaf = 0;
  count = 0;

  readonly #view: HeapView;
  readonly #root: number;
  readonly #keyWords: number;
  readonly #height: number;
  readonly #key: Int32Array = new Int32Array(KEY_WORDS_MAX);
  readonly #nodes: Int32Array = new Int32Array(HEIGHT_MAX);
  readonly #indexes: Int32Array = new Int32Array(HEIGHT_MAX);
  #begun = false;

  constructor(view: HeapView, root: number, keyBytes: TreeKeyBytes) {
    this.#view = view;
    this.#root = root;
    this.#keyWords = keyBytes >>> 2;
    this.#height = rootWord(view, root, ROOT_HEIGHT);
  }

  /** Goes to the next leaf, at first to the first one; false at the end. */
  next(): boolean {
    const top = this.#begun ? 0 : rootWord(this.#view, this.#root, ROOT_TOP);
    this.#begun = true;
    if (this.#height === 0) return this.#onlyLeaf(top);
    let level = this.#height - 1;
    if (top !== 0) {
      level = 0;
      this.#nodes[0] = top;
      this.#indexes[0] = -1;
    }
    for (; level >= 0; level--) {
      const at = this.#view.read(this.#nodes[level]) >>> 2;
      const children = this.#view.words[at] & CHILDREN_MASK;
      if (++this.#indexes[level] < children) break;
    }
    if (level < 0) return false;
    this.#descend(level);
    return true;
  }

  /** The score of the leaf, in a tree of scores. */
  get score(): number {
    return joinScore(this.#key[0], this.#key[1]);
  }

  /** One of the four words of the leaf's id, in a tree of ids. */
  idWord(index: number): number {
    return this.#key[index] ^ KEY_BIAS;
  }

  #onlyLeaf(leaf: number): boolean {
    if (leaf === 0) return false;
    const at = this.#view.read(this.#root) >>> 2;
    const words = this.#view.words;
    this.leaf = leaf;
    this.count = words[at + ROOT_COUNT];
    for (let i = 0; i < this.#keyWords; i++) this.#key[i] = words[at + ROOT_KEY + i];
    return true;
  }

  #descend(level: number): void {
    const keyWords = this.#keyWords;
    for (;; level++) {
      const at = this.#view.read(this.#nodes[level]) >>> 2;
      const words = this.#view.words;
      const capacity = words[at] >>> CAPACITY_SHIFT;
      const index = this.#indexes[level];
      const refs = at + 1 + capacity * keyWords;
      const child = words[refs + index];
      if (level + 1 < this.#height) {
        this.#nodes[level + 1] = child;
        this.#indexes[level + 1] = 0;
        continue;
      }
      this.leaf = child;
      this.count = words[refs + capacity + index];
      for (let i = 0; i < keyWords; i++) this.#key[i] = words[at + 1 + index * keyWords + i];
      return;
    }
  }
}
