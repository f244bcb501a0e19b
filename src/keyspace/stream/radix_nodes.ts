/**
 * How many nodes Redis's radix tree of a stream's listpacks has (XINFO STREAM, `radix-tree-nodes`):
 * it is a trie of the 16 bytes of master ids, in which runs of bytes without a choice are one node,
 * so its shape follows from the ids alone.
 *
 *     each id is a leaf; each place where ids part is a node; and between such two, and before the
 *     first, one more node holds the bytes that lie between, where there are any
 *
 * Ids are counted in their order. What is known after some of them, that the next one goes on from,
 * stands in two of the owner's words in the tree of entries (tree_node.ts):
 *
 *     word 0   nodes to which no later id can add anything
 *     word 1   a bit for each depth, in bytes, at which ids part above the last one; STALE when a
 *              leaf has been taken away since: then all ids are counted anew when somebody asks
 */
import type { CountedTree } from "../../heap/counted_tree.ts";
import type { Heap } from "../../heap/heap.ts";
import { TreeWalk } from "../../heap/tree_walk.ts";
import type { StreamId } from "./stream_id.ts";

const SPARE_NODES = 0;
const SPARE_BRANCHES = 1;
const STALE = -1;
const ID_BYTES = 16;

/** Counts the nodes of a row of ids. */
class NodeCounter {
  nodes = 0;
  branches = 0;

  /** The next id begins with so many bytes of the last one. */
  next(common: number): void {
    // Everything below the place where this id parts from the one before is done.
    const depth = this.#close(common);
    this.nodes += nodesBetween(depth, common);
    this.branches |= 1 << common;
  }

  /** All nodes, when there are no more ids. */
  total(): number {
    const depth = this.#close(-1);
    return this.nodes + nodesBetween(depth, -1);
  }

  /** Counts the nodes deeper than a place above the last id, and returns where the highest is. */
  #close(above: number): number {
    let depth = ID_BYTES;
    for (;;) {
      const branch = 31 - Math.clz32(this.branches);
      if (branch <= above) return depth;
      this.branches ^= 1 << branch;
      this.nodes += nodesBetween(depth, branch);
      depth = branch;
    }
  }
}

const counter = new NodeCounter();

/** A node below a place where ids part (-1: none), and one for what lies between. */
function nodesBetween(depth: number, above: number): number {
  return depth > above + 1 ? 2 : 1;
}

/** Reckons with a new last leaf, before it is put behind the one at the path of the tree. */
export function reckonLeaf(tree: CountedTree, root: number, id: StreamId): void {
  counter.nodes = tree.spare(root, SPARE_NODES);
  counter.branches = tree.spare(root, SPARE_BRANCHES);
  if (counter.branches === STALE || tree.leafCount(root) === 0) return;
  counter.next(commonBytes(
    tree.leafIdWord(0) ^ id.msHigh,
    tree.leafIdWord(1) ^ id.msLow,
    tree.leafIdWord(2) ^ id.seqHigh,
    tree.leafIdWord(3) ^ id.seqLow,
  ));
}

/** Notes what {@link reckonLeaf} has come to, once the leaf is there. */
export function noteLeaf(tree: CountedTree, root: number): void {
  note(tree, root, counter.nodes, counter.branches);
}

/** A leaf has been taken away. */
export function noteLeafGone(tree: CountedTree, root: number): void {
  note(tree, root, 0, tree.leafCount(root) === 0 ? 0 : STALE);
}

function note(tree: CountedTree, root: number, nodes: number, branches: number): void {
  tree.setSpare(root, SPARE_NODES, nodes);
  tree.setSpare(root, SPARE_BRANCHES, branches);
}

/** How many nodes there are for the leaves of a tree of entries. */
export function radixNodeCount(heap: Heap, tree: CountedTree, root: number): number {
  if (tree.leafCount(root) === 0) return 1;
  counter.nodes = tree.spare(root, SPARE_NODES);
  counter.branches = tree.spare(root, SPARE_BRANCHES);
  if (counter.branches === STALE) {
    countAll(heap, root);
    // A frozen heap may have no room for the page that this would write.
    if (!heap.isFrozen) noteLeaf(tree, root);
  }
  return counter.total();
}

/** As {@link radixNodeCount}, whatever is noted. */
export function recountRadixNodes(heap: Heap, tree: CountedTree, root: number): number {
  if (tree.leafCount(root) === 0) return 1;
  countAll(heap, root);
  return counter.total();
}

function countAll(heap: Heap, root: number): void {
  const walk = new TreeWalk(heap, root, 16);
  counter.nodes = 0;
  counter.branches = 0;
  let word0 = 0;
  let word1 = 0;
  let word2 = 0;
  let word3 = 0;
  for (let isFirst = true; walk.next(); isFirst = false) {
    const [last0, last1, last2, last3] = [word0, word1, word2, word3];
    word0 = walk.idWord(0);
    word1 = walk.idWord(1);
    word2 = walk.idWord(2);
    word3 = walk.idWord(3);
    if (isFirst) continue;
    counter.next(commonBytes(last0 ^ word0, last1 ^ word1, last2 ^ word2, last3 ^ word3));
  }
}

/** How many bytes two ids begin with alike, of which the words differ by these bits. */
function commonBytes(word0: number, word1: number, word2: number, word3: number): number {
  if (word0 !== 0) return Math.clz32(word0) >>> 3;
  if (word1 !== 0) return 4 + (Math.clz32(word1) >>> 3);
  if (word2 !== 0) return 8 + (Math.clz32(word2) >>> 3);
  return 12 + (Math.clz32(word3) >>> 3);
}
