/** Lists in digests (DEBUG DIGEST). */
import type { Database } from "../database.ts";
import type { Digest } from "../digest.ts";
import { FORM_ALONE } from "./leaf.ts";
import { copyElement } from "./list_reader.ts";
import { ListWalk } from "./list_walk.ts";

/** Adds the content of a value: its elements in their order. */
export function digestList(digest: Digest, database: Database, ref: number): void {
  const heap = database.keyspace.heap;
  const walk = new ListWalk(heap, ref);
  const element = walk.element;
  while (walk.next()) {
    if (element.form === FORM_ALONE) {
      const copy = new Uint8Array(element.length);
      copyElement(heap, element, copy);
      digest.mix(copy);
    } else {
      element.text();
      digest.mix(element.bytes, element.start, element.end);
    }
  }
}
