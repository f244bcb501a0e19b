/**
 * Values in their large form: graphs of heap objects that hang on a root object. What everything
 * else does with them without knowing their type: free, copy, measure.
 */
import { assert } from "../base/assert.ts";
import { HASH_GRAPH } from "./hash/graph.ts";
import type { Keyspace } from "./keyspace.ts";
import { LIST_GRAPH } from "./list/graph.ts";
import { SET_GRAPH } from "./set/graph.ts";
import { STREAM_GRAPH } from "./stream/graph.ts";
import {
  ENCODING_HASHTABLE,
  ENCODING_QUICKLIST,
  ENCODING_SKIPLIST,
  ENCODING_STREAM,
  TYPE_HASH,
  TYPE_LIST,
  TYPE_SET,
  TYPE_STREAM,
  TYPE_ZSET,
} from "./value_type.ts";
import { ZSET_GRAPH } from "./zset/graph.ts";

/** How graphs of one kind are treated. */
export interface Graph {
  /** Frees everything, the root too, in steps of some ten microseconds. */
  free(keyspace: Keyspace, root: number): Generator<undefined, void, void>;
  /**
   * Copies everything and returns the copy's root.
   * @throws {HeapFull} and then nothing is left of the copy.
   */
  copy(keyspace: Keyspace, root: number): number;
  /** The bytes of all its objects. */
  bytes(keyspace: Keyspace, root: number): number;
  /** Verifies its invariants; slow. */
  check(keyspace: Keyspace, root: number): void;
}

const GRAPHS: readonly (readonly [kind: number, graph: Graph])[] = [
  [TYPE_LIST | ENCODING_QUICKLIST << 4, LIST_GRAPH],
  [TYPE_SET | ENCODING_HASHTABLE << 4, SET_GRAPH],
  [TYPE_ZSET | ENCODING_SKIPLIST << 4, ZSET_GRAPH],
  [TYPE_HASH | ENCODING_HASHTABLE << 4, HASH_GRAPH],
  [TYPE_STREAM | ENCODING_STREAM << 4, STREAM_GRAPH],
];

const BY_KIND: ReadonlyMap<number, Graph> = new Map(GRAPHS);

/** How graphs of that kind are treated. */
export function graphOf(kind: number): Graph {
  const graph = BY_KIND.get(kind);
  assert(graph !== undefined, "every graph is of a known kind");
  return graph;
}

/** Frees a graph in one go. */
export function freeGraph(keyspace: Keyspace, kind: number, root: number): void {
  const steps = graphOf(kind).free(keyspace, root);
  while (steps.next().done !== true);
}
