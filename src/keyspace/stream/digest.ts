/**
 * Streams in digests (DEBUG DIGEST): their entries alone, as in Redis, no groups and no counters.
 */
import { latin1Bytes } from "../../base/ascii.ts";
import { MAX_INTEGER_TEXT_BYTES, writeInt64 } from "../../base/integer_text.ts";
import type { Heap } from "../../heap/heap.ts";
import type { Database } from "../database.ts";
import type { Digest } from "../digest.ts";
import { LeafReader } from "./leaf_reader.ts";
import type { PartReader } from "./part_reader.ts";
import { objectWord, STREAM_ENTRIES } from "./stream_root.ts";
import { TreeWalk } from "../../heap/tree_walk.ts";

/** Adds the content of a value: of each entry its id, as `ms.seq`, and its fields and values. */
export function digestStream(digest: Digest, database: Database, ref: number): void {
  const { heap } = database.keyspace;
  const entry = new LeafReader(heap);
  const walk = new TreeWalk(heap, objectWord(heap, database.rootOf(ref), STREAM_ENTRIES), 16);
  while (walk.next()) {
    entry.openLive(walk.leaf);
    while (entry.nextLive()) {
      digest.mix(latin1Bytes(entry.id.toString().replace("-", ".")));
      entry.beginFields();
      for (let left = entry.numFields; left > 0; left--) {
        mixPart(digest, heap, entry.nextField());
        mixPart(digest, heap, entry.nextValue());
      }
    }
  }
}

function mixPart(digest: Digest, heap: Heap, part: PartReader): void {
  const text = new Uint8Array(part.isInteger ? MAX_INTEGER_TEXT_BYTES : part.textLength);
  let length = part.textLength;
  if (part.isInteger) length = writeInt64(text, 0, part.high, part.low);
  else heap.copyOut(part.leaf, part.textOffset, length, text, 0);
  digest.mix(text, 0, length);
}
