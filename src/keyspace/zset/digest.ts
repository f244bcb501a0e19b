/**
 * Sorted sets in digests (DEBUG DIGEST): of each member and its score, in any order,
 *
 *     xor(mix(mix(0, member), score as C's "%.17g" writes it))
 *
 * which is how Redis 7.0 writes scores there; 7.2 has other text for some.
 */
import { latin1Bytes } from "../../base/ascii.ts";
import type { Database } from "../database.ts";
import { Digest } from "../digest.ts";
import { score17Text } from "./score_text.ts";
import { ZsetReader } from "./zset_reader.ts";

/** Adds the content of a value. */
export function digestZset(digest: Digest, database: Database, ref: number): void {
  const reader = new ZsetReader(database.keyspace.heap);
  const one = new Digest(database.keyspace.heap);
  reader.open(database, ref);
  for (let more = reader.seek(0); more; more = reader.next()) {
    one.reset();
    one.mix(reader.bytes, reader.start, reader.end);
    one.mix(latin1Bytes(score17Text(reader.score)));
    digest.xor(one.bytes);
  }
}
