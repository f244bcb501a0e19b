/**
 * Hashes in digests (DEBUG DIGEST): of each field, in any order,
 *
 *     mix(field), mix(value), and xor("!!hexpire!!") where it has an expiry time
 */
import { latin1Bytes } from "../../base/ascii.ts";
import type { Database } from "../database.ts";
import { Digest } from "../digest.ts";
import { NO_EXPIRY } from "../entries.ts";

const EXPIRE_MARK = latin1Bytes("!!hexpire!!");

/** Adds the content of a value. */
export function digestHash(digest: Digest, database: Database, ref: number): void {
  const { heap, hashes } = database.keyspace;
  const one = new Digest(heap);
  hashes.beginWalk(database, ref);
  while (hashes.next()) {
    one.reset();
    hashes.field();
    one.mix(hashes.bytes, hashes.start, hashes.end);
    hashes.value();
    one.mix(hashes.bytes, hashes.start, hashes.end);
    if (hashes.expiresAtMs !== NO_EXPIRY) one.xor(EXPIRE_MARK);
    digest.xor(one.bytes);
  }
}
