/** Sorted sets in their large form, as graphs of heap objects. */
import type { Graph } from "../graphs.ts";

export const ZSET_GRAPH: Graph = {
  free: (keyspace, root) => keyspace.zsets.large.freeSteps(root),
  copy: (keyspace, root) => keyspace.zsets.large.copy(root),
  bytes: (keyspace, root) => keyspace.zsets.large.bytes(root),
  check: (keyspace, root) => keyspace.zsets.large.check(root),
};
