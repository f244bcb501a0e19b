/** Going through a set, some members at each call: SSCAN. */
import { ENCODING_HASHTABLE, TYPE_SET } from "../../keyspace/value_type.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { cursorOrReply, ElementScan } from "../scan_argument.ts";
import { KEY } from "./arguments.ts";

/** After so many segments for each member asked for, the call ends all the same. */
const SEGMENTS_PER_MEMBER_MAX = 10;

const options = new ElementScan();

export const sscan = defineCommand({
  name: "sscan",
  summary: "Goes through the members of a set, some at each call.",
  since: "2.8.0",
  group: "set",
  complexity: "O(1) a call; O(N) for all the calls that go through N members.",
  arity: -3,
  flags: ["readonly"],
  acl: ["set"],
  tips: ["nondeterministic_output"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: [
    KEY,
    { name: "cursor", type: "integer" },
    { name: "pattern", type: "pattern", token: "MATCH", flags: ["optional"] },
    { name: "count", type: "integer", token: "COUNT", flags: ["optional"] },
  ],
  run(call) {
    const cursor = cursorOrReply(call, 2);
    if (cursor !== cursor) return;
    const ref = call.lookupReadOf(1, TYPE_SET);
    if (ref === WRONG_TYPE_REPLIED) return;
    // Where there is no key Redis does not look at the options.
    if (ref !== 0 && !options.read(call, 3, "")) return;
    options.begin(call);
    options.end(call, ref === 0 ? 0 : replyMembers(call, ref, cursor));
  },
});

/** Writes the next members and returns the next cursor. */
function replyMembers(call: Call, ref: number, cursor: number): number {
  const { database, keyspace: { records, sets } } = call;
  if (database.encodingOf(ref) !== ENCODING_HASHTABLE) {
    const reader = sets.reader(0);
    reader.open(ref);
    while (reader.next()) {
      reader.text();
      replyMatching(call, reader.bytes, reader.start, reader.end);
    }
    reader.close();
    return 0;
  }
  // Cursors lie below 2^32; a higher one, which no reply of ours has named, is an end already.
  if (cursor >= 2 ** 32) return 0;
  const root = database.rootOf(ref);
  let segmentsLeft = options.count * SEGMENTS_PER_MEMBER_MAX;
  let scanned = 0;
  do {
    cursor = records.scan(root, cursor);
    scanned += records.scannedCount;
    for (let i = 0; i < records.scannedCount; i++) {
      records.select(i);
      const start = records.wholeKey();
      replyMatching(call, records.wholeBytes, start, start + records.keyLength);
    }
  } while (cursor !== 0 && scanned < options.count && --segmentsLeft > 0);
  return cursor;
}

function replyMatching(call: Call, bytes: Uint8Array, start: number, end: number): void {
  if (!options.isMatched(call, bytes, start, end)) return;
  call.reply.bulk(bytes, start, end);
  options.wrote(1);
}
