/**
 * How many nodes Redis's radix tree of a stream's listpacks has (XINFO STREAM, `radix-tree-nodes`):
 * it is a trie of the 16 bytes of master ids, in which runs of bytes without a choice are one node,
 * so its shape follows from the ids alone.
 *
 *     each id is a leaf; each place where ids part is a node; and between such two, and before the
 *     first, one more node holds the bytes that lie between, where there are any
 */
import type { HeapView } from "../../heap/heap_view.ts";
import { TreeWalk } from "../../heap/tree_walk.ts";
import { objectWord, STREAM_ENTRIES } from "./stream_root.ts";

const ID_BYTES = 16;

/** Counts the nodes; walks over all leaves of the stream. */
export function radixNodeCount(view: HeapView, root: number): number {
  const walk = new TreeWalk(view, objectWord(view, root, STREAM_ENTRIES), 16);
  if (!walk.next()) return 1;
  const last = [walk.idWord(0), walk.idWord(1), walk.idWord(2), walk.idWord(3)];
  /** Where ids part above the leaf that was last added, by how many bytes are alike. */
  const branches: number[] = [];
  let nodes = 0;
  /** Counts a node that is done, below a place where ids part (-1: none), and what lies between. */
  const count = (depth: number, above: number) => {
    nodes += depth > above + 1 ? 2 : 1;
  };
  let depth = ID_BYTES;
  while (walk.next()) {
    const common = commonBytes(last, walk);
    // Everything below the place where this id parts from the one before is done.
    while (branches.length > 0 && branches[branches.length - 1] > common) {
      const branch = branches.pop()!;
      count(depth, branch);
      depth = branch;
    }
    count(depth, common);
    if (branches.length === 0 || branches[branches.length - 1] < common) branches.push(common);
    depth = ID_BYTES;
    for (let i = 0; i < 4; i++) last[i] = walk.idWord(i);
  }
  while (branches.length > 0) {
    const branch = branches.pop()!;
    count(depth, branch);
    depth = branch;
  }
  count(depth, -1);
  return nodes;
}

/** How many bytes two ids begin with alike. */
function commonBytes(last: readonly number[], walk: TreeWalk): number {
  let word = 0;
  while (word < 3 && last[word] === walk.idWord(word)) word++;
  return 4 * word + (Math.clz32(last[word] ^ walk.idWord(word)) >>> 3);
}
