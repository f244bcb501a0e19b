/** Sets in digests (DEBUG DIGEST): their members, in no order. */
import type { Database } from "../database.ts";
import type { Digest } from "../digest.ts";
import { SetWalk } from "./set_walk.ts";

/** Adds the content of a value. */
export function digestSet(digest: Digest, database: Database, ref: number): void {
  const walk = new SetWalk(database.keyspace.heap);
  walk.open(ref);
  while (walk.next()) {
    walk.text();
    digest.xor(walk.bytes, walk.start, walk.end);
  }
}
