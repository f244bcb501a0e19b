/** Going through a hash, some fields at each call: HSCAN. */
import { TYPE_HASH } from "../../keyspace/value_type.ts";
import type { Call } from "../call.ts";
import { CURSOR_END, type ElementScan, scanCommand } from "../element_scan.ts";
import { isListpack, replyField, replyValue } from "./arguments.ts";

export const hscan = scanCommand({
  name: "hscan",
  summary: "Goes through the fields of a hash and their values, some at each call.",
  group: "hash",
  elements: "fields",
  category: "hash",
  type: TYPE_HASH,
  noValues: "novalues",
  reply(call, ref, cursor, scan) {
    const { database, keyspace: { hashes } } = call;
    if (isListpack(call, ref)) {
      for (hashes.beginWalk(database, ref); hashes.next();) replyMatching(call, scan);
      return 0;
    }
    if (cursor >= CURSOR_END) return 0;
    const next = hashes.scan(database, ref, cursor);
    scan.lookedAt(hashes.scannedCount);
    for (let i = 0; i < hashes.scannedCount; i++) {
      if (hashes.select(i)) replyMatching(call, scan);
    }
    return next;
  },
});

function replyMatching(call: Call, scan: ElementScan): void {
  const hashes = call.keyspace.hashes;
  hashes.field();
  if (!scan.isMatched(call, hashes.bytes, hashes.start, hashes.end)) return;
  replyField(call);
  if (scan.hasValues) replyValue(call);
  scan.wrote(scan.hasValues ? 2 : 1);
}
