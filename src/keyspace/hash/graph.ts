/** Hashes in their large form, as graphs of heap objects. */
import type { Graph } from "../graphs.ts";

export const HASH_GRAPH: Graph = {
  free: (keyspace, root) => keyspace.records.freeSteps(root),
  copy: (keyspace, root) => keyspace.records.copy(root),
  bytes: (keyspace, root) => keyspace.records.bytes(root),
  check: (keyspace, root) => keyspace.records.check(root),
};
