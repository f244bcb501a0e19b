/** Entries that are in no database any more, and are still to be freed. */
import type { Dict } from "../heap/dict.ts";
import { DictWalk } from "../heap/dict_walk.ts";
import type { Database } from "./database.ts";
import { graphOf } from "./graphs.ts";
import { isGraph } from "./value_type.ts";

/**
 * Frees the entries of a dict that a database has given up, and the dict, in steps of some ten
 * microseconds.
 */
export function* freeDetached(database: Database, keys: Dict): Generator<undefined, void, void> {
  const { keyspace } = database;
  const { heap } = keyspace;
  const walk = new DictWalk(heap, keys.root);
  while (walk.next()) {
    for (let i = 0; i < walk.count; i++) {
      const kind = database.kindOf(walk.refs[i]);
      const outside = database.outsideOf(walk.refs[i]);
      heap.free(walk.refs[i]);
      if (isGraph(kind)) yield* graphOf(kind).free(keyspace, outside);
      else if (outside !== 0) heap.free(outside);
    }
    yield;
  }
  keys.clear();
}
