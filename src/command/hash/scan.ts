/** Going through a hash, some fields at each call: HSCAN. */
import { TYPE_HASH } from "../../keyspace/value_type.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { cursorOrReply, ElementScan } from "../scan_argument.ts";
import { isListpack, KEY, replyField, replyValue } from "./arguments.ts";

/** After so many segments for each field asked for, the call ends all the same. */
const SEGMENTS_PER_FIELD_MAX = 10;

const options = new ElementScan();

export const hscan = defineCommand({
  name: "hscan",
  summary: "Goes through the fields of a hash and their values, some at each call.",
  since: "2.8.0",
  group: "hash",
  complexity: "O(1) a call; O(N) for all the calls that go through N fields.",
  arity: -3,
  flags: ["readonly"],
  acl: ["hash"],
  tips: ["nondeterministic_output"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: [
    KEY,
    { name: "cursor", type: "integer" },
    { name: "pattern", type: "pattern", token: "MATCH", flags: ["optional"] },
    { name: "count", type: "integer", token: "COUNT", flags: ["optional"] },
    { name: "novalues", type: "pure-token", token: "NOVALUES", flags: ["optional"] },
  ],
  run(call) {
    const cursor = cursorOrReply(call, 2);
    if (cursor !== cursor) return;
    const ref = call.lookupReadOf(1, TYPE_HASH);
    if (ref === WRONG_TYPE_REPLIED) return;
    // Where there is no key Redis does not look at the options.
    if (ref !== 0 && !options.read(call, 3, "novalues")) return;
    options.begin(call);
    options.end(call, ref === 0 ? 0 : replyFields(call, ref, cursor));
  },
});

/** Writes the next fields and returns the next cursor. */
function replyFields(call: Call, ref: number, cursor: number): number {
  const { database, keyspace: { hashes } } = call;
  if (isListpack(call, ref)) {
    for (hashes.beginWalk(database, ref); hashes.next();) replyMatching(call);
    return 0;
  }
  // Cursors lie below 2^32; a higher one, which no reply of ours has named, is an end already.
  if (cursor >= 2 ** 32) return 0;
  let segmentsLeft = options.count * SEGMENTS_PER_FIELD_MAX;
  let scanned = 0;
  do {
    cursor = hashes.scan(database, ref, cursor);
    scanned += hashes.scannedCount;
    for (let i = 0; i < hashes.scannedCount; i++) {
      if (hashes.select(i)) replyMatching(call);
    }
  } while (cursor !== 0 && scanned < options.count && --segmentsLeft > 0);
  return cursor;
}

function replyMatching(call: Call): void {
  const hashes = call.keyspace.hashes;
  hashes.field();
  if (!options.isMatched(call, hashes.bytes, hashes.start, hashes.end)) return;
  replyField(call);
  if (options.hasValues) replyValue(call);
  options.wrote(options.hasValues ? 2 : 1);
}
