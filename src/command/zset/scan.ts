/** Going through a sorted set, some members at each call: ZSCAN. */
import { latin1Bytes } from "../../base/ascii.ts";
import { MAX_DOUBLE_TEXT_BYTES, writeDouble } from "../../base/double_text.ts";
import { TYPE_ZSET } from "../../keyspace/value_type.ts";
import { score17Text } from "../../keyspace/zset/score_text.ts";
import { isLarge } from "../../keyspace/zset/zsets.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { cursorOrReply, ElementScan } from "../scan_argument.ts";
import { KEY } from "./arguments.ts";

/** After so many segments for each member asked for, the call ends all the same. */
const SEGMENTS_PER_MEMBER_MAX = 10;

const options = new ElementScan();
const scratch = new Uint8Array(MAX_DOUBLE_TEXT_BYTES);

export const zscan = defineCommand({
  name: "zscan",
  summary: "Goes through the members of a sorted set and their scores, some at each call.",
  since: "2.8.0",
  group: "sorted-set",
  complexity: "O(1) a call; O(N) for all the calls that go through N members.",
  arity: -3,
  flags: ["readonly"],
  acl: ["sortedset"],
  tips: ["nondeterministic_output"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: [
    KEY,
    { name: "cursor", type: "integer" },
    { name: "pattern", type: "pattern", token: "MATCH", flags: ["optional"] },
    { name: "count", type: "integer", token: "COUNT", flags: ["optional"] },
    { name: "noscores", type: "pure-token", token: "NOSCORES", flags: ["optional"] },
  ],
  run(call) {
    const cursor = cursorOrReply(call, 2);
    if (cursor !== cursor) return;
    const ref = call.lookupReadOf(1, TYPE_ZSET);
    if (ref === WRONG_TYPE_REPLIED) return;
    // Where there is no key Redis does not look at the options.
    if (ref !== 0 && !options.read(call, 3, "noscores")) return;
    options.begin(call);
    options.end(call, ref === 0 ? 0 : replyMembers(call, ref, cursor));
  },
});

/** Writes the next members and returns the next cursor. */
function replyMembers(call: Call, ref: number, cursor: number): number {
  if (!isLarge(call.database, ref)) return replyAll(call, ref);
  const { keyspace: { records, zsets }, database } = call;
  const dict = zsets.large.dictOf(database.rootOf(ref));
  // Cursors lie below 2^32; a higher one, which no reply of ours has named, is an end already.
  if (cursor >= 2 ** 32) return 0;
  let segmentsLeft = options.count * SEGMENTS_PER_MEMBER_MAX;
  let scanned = 0;
  do {
    cursor = records.scan(dict, cursor);
    scanned += records.scannedCount;
    for (let i = 0; i < records.scannedCount; i++) {
      records.select(i);
      const start = records.wholeKey();
      const bytes = records.wholeBytes;
      const end = start + records.keyLength;
      if (!options.isMatched(call, bytes, start, end)) continue;
      call.reply.bulk(bytes, start, end);
      options.wrote(1);
      if (!options.hasValues) continue;
      // Redis, too, has other digits here than elsewhere.
      call.reply.bulk(latin1Bytes(score17Text(records.score(dict))));
      options.wrote(1);
    }
  } while (cursor !== 0 && scanned < options.count && --segmentsLeft > 0);
  return cursor;
}

function replyAll(call: Call, ref: number): number {
  const reader = call.keyspace.zsets.reader;
  reader.open(call.database, ref);
  for (let more = reader.seek(0); more; more = reader.next()) {
    if (!options.isMatched(call, reader.bytes, reader.start, reader.end)) continue;
    call.reply.bulk(reader.bytes, reader.start, reader.end);
    options.wrote(1);
    if (!options.hasValues) continue;
    call.reply.bulk(scratch, 0, writeDouble(scratch, 0, reader.score));
    options.wrote(1);
  }
  return 0;
}
