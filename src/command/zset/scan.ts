/** Going through a sorted set, some members at each call: ZSCAN. */
import { latin1Bytes } from "../../base/ascii.ts";
import { MAX_DOUBLE_TEXT_BYTES, writeDouble } from "../../base/double_text.ts";
import { TYPE_ZSET } from "../../keyspace/value_type.ts";
import { score17Text } from "../../keyspace/zset/score_text.ts";
import { isLarge } from "../../keyspace/zset/zsets.ts";
import type { Call } from "../call.ts";
import { CURSOR_END, type ElementScan, scanCommand } from "../element_scan.ts";

const scratch = new Uint8Array(MAX_DOUBLE_TEXT_BYTES);

export const zscan = scanCommand({
  name: "zscan",
  summary: "Goes through the members of a sorted set and their scores, some at each call.",
  group: "sorted-set",
  elements: "members",
  category: "sortedset",
  type: TYPE_ZSET,
  noValues: "noscores",
  reply(call, ref, cursor, scan) {
    const { database, keyspace: { records, zsets } } = call;
    if (!isLarge(database, ref)) return replyAll(call, ref, scan);
    if (cursor >= CURSOR_END) return 0;
    const dict = zsets.large.dictOf(database.rootOf(ref));
    const next = records.scan(dict, cursor);
    scan.lookedAt(records.scannedCount);
    for (let i = 0; i < records.scannedCount; i++) {
      records.select(i);
      const start = records.wholeKey();
      if (!replyMember(call, records.wholeBytes, start, start + records.keyLength, scan)) continue;
      // Redis, too, has other digits here than elsewhere.
      call.reply.bulk(latin1Bytes(score17Text(records.score(dict))));
    }
    return next;
  },
});

function replyAll(call: Call, ref: number, scan: ElementScan): number {
  const reader = call.keyspace.zsets.reader;
  reader.open(call.database, ref);
  for (let more = reader.seek(0); more; more = reader.next()) {
    if (!replyMember(call, reader.bytes, reader.start, reader.end, scan)) continue;
    call.reply.bulk(scratch, 0, writeDouble(scratch, 0, reader.score));
  }
  return 0;
}

/** Writes a member that matches; true when its score is to follow. */
function replyMember(
  call: Call,
  bytes: Uint8Array,
  start: number,
  end: number,
  scan: ElementScan,
): boolean {
  if (!scan.isMatched(call, bytes, start, end)) return false;
  call.reply.bulk(bytes, start, end);
  scan.wrote(scan.hasValues ? 2 : 1);
  return scan.hasValues;
}
