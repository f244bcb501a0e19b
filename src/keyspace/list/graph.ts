/** Lists in their large form, as graphs of heap objects. */
import type { Graph } from "../graphs.ts";

export const LIST_GRAPH: Graph = {
  free: (keyspace, root) => keyspace.lists.freeSteps(root),
  copy: (keyspace, root) => keyspace.lists.copy(root),
  bytes: (keyspace, root) => keyspace.lists.bytes(root),
  check: (keyspace, root) => keyspace.lists.check(root),
};
