/** Going through a set, some members at each call: SSCAN. */
import { ENCODING_HASHTABLE, TYPE_SET } from "../../keyspace/value_type.ts";
import type { Call } from "../call.ts";
import { CURSOR_END, type ElementScan, scanCommand } from "../element_scan.ts";

export const sscan = scanCommand({
  name: "sscan",
  summary: "Goes through the members of a set, some at each call.",
  group: "set",
  elements: "members",
  category: "set",
  type: TYPE_SET,
  noValues: "",
  reply(call, ref, cursor, scan) {
    const { database, keyspace: { records } } = call;
    if (database.encodingOf(ref) !== ENCODING_HASHTABLE) return replyAll(call, ref, scan);
    if (cursor >= CURSOR_END) return 0;
    const next = records.scan(database.rootOf(ref), cursor);
    scan.lookedAt(records.scannedCount);
    for (let i = 0; i < records.scannedCount; i++) {
      records.select(i);
      const start = records.wholeKey();
      replyMatching(call, records.wholeBytes, start, start + records.keyLength, scan);
    }
    return next;
  },
});

function replyAll(call: Call, ref: number, scan: ElementScan): number {
  const reader = call.keyspace.sets.reader(0);
  reader.open(ref);
  while (reader.next()) {
    reader.text();
    replyMatching(call, reader.bytes, reader.start, reader.end, scan);
  }
  reader.close();
  return 0;
}

function replyMatching(
  call: Call,
  bytes: Uint8Array,
  start: number,
  end: number,
  scan: ElementScan,
): void {
  if (!scan.isMatched(call, bytes, start, end)) return;
  call.reply.bulk(bytes, start, end);
  scan.wrote(1);
}
