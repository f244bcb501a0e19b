/** The invariants of a database, verified: for tests and DEBUG. */
import { assert } from "../base/assert.ts";
import { entriesOf } from "../heap/dict_walk.ts";
import { ENTRY_KEY_LENGTH_MASK, keyOffset } from "../heap/entry.ts";
import type { Database } from "./database.ts";
import { NO_EXPIRY } from "./entries.ts";
import { graphOf } from "./graphs.ts";
import { ENCODING_HASHTABLE, isGraph, TYPE_HASH } from "./value_type.ts";

/** Verifies the dicts and every entry's place in them; slow. */
export function checkDatabase(database: Database): void {
  const { heap } = database.keyspace;
  const hashOf = (ref: number) => database.hashOf(ref);
  database.keys.check(hashOf);
  database.expires.check(hashOf);
  database.expiringFields.check(hashOf);
  let expiring = 0;
  let withExpiringFields = 0;
  for (const ref of entriesOf(heap, database.keys.root)) {
    if (checkEntry(database, ref)) withExpiringFields++;
    if (database.expiresAtMs(ref) === NO_EXPIRY) continue;
    expiring++;
    assert(database.expires.findReference(hashOf(ref), ref), "an expiring entry is known as one");
  }
  assert(expiring === database.expires.count, "nothing else is known as expiring");
  assert(
    withExpiringFields === database.expiringFields.count,
    "no other hash is known for expiring fields",
  );
}

/** Verifies an entry and its value; true for a hash with expiring fields. */
function checkEntry(database: Database, ref: number): boolean {
  const { keyspace } = database;
  const { heap } = keyspace;
  const kind = database.kindOf(ref);
  const outside = database.outsideOf(ref);
  if (!isGraph(kind)) {
    const flags = heap.wordAt(ref, 4);
    const keyEnd = keyOffset(flags) + (flags & ENTRY_KEY_LENGTH_MASK);
    const valueLength = database.valueLengthOf(ref);
    const inEntry = outside === 0 ? valueLength : 0;
    assert(keyEnd + inEntry <= heap.capacityOf(ref), "an entry fits its object");
    const fits = outside === 0 || valueLength <= heap.capacityOf(outside);
    assert(fits, "a value fits its object");
    return false;
  }
  assert(outside !== 0, "a graph has a root");
  graphOf(kind).check(keyspace, outside);
  if (kind !== (TYPE_HASH | ENCODING_HASHTABLE << 4)) return false;
  const isExpiring = keyspace.records.expiringCount(outside) > 0;
  const isKnown = database.expiringFields.findReference(database.hashOf(ref), ref);
  assert(isKnown === isExpiring, "a hash with expiring fields is known as one");
  return isExpiring;
}
