/** Sets in their large form, as graphs of heap objects: one dict without values each. */
import type { Graph } from "../graphs.ts";

export const SET_GRAPH: Graph = {
  free: (keyspace, root) => keyspace.records.freeSteps(root),
  copy: (keyspace, root) => keyspace.records.copy(root),
  bytes: (keyspace, root) => keyspace.records.bytes(root),
  check: (keyspace, root) => keyspace.records.check(root),
};
