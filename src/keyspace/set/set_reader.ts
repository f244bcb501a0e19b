/**
 * Reading a set of the live keyspace: its members in turn (set_walk.ts), and whether something is
 * one of them. What it has open must not change meanwhile; other values may.
 */
import { parsed64, parseInt64 } from "../../base/integer_text.ts";
import { intsetSearch } from "../../heap/intset.ts";
import { ListpackReader } from "../../heap/listpack.ts";
import type { HeapView } from "../../heap/heap_view.ts";
import type { RecordDict } from "../../heap/record_dict.ts";
import { ENCODING_HASHTABLE, ENCODING_LISTPACK } from "../value_type.ts";
import { SetWalk } from "./set_walk.ts";

export class SetReader extends SetWalk {
  readonly #records: RecordDict;
  /** Looks members up, apart from the one that goes through them. */
  readonly #probe: ListpackReader = new ListpackReader();

  /** @param records the dicts of that heap. */
  constructor(heap: HeapView, records: RecordDict) {
    super(heap);
    this.#records = records;
  }

  /** Whether the text is a member. */
  has(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.encoding === ENCODING_HASHTABLE) {
      return this.#records.has(this.root, bytes, start, end);
    }
    if (this.encoding === ENCODING_LISTPACK) {
      this.#probe.open(this.valueBytes, this.valueStart);
      return this.#probe.find(bytes, start, end, 0);
    }
    return parseInt64(bytes, start, end) &&
      intsetSearch(this.valueBytes, this.valueStart, parsed64.high, parsed64.low) >= 0;
  }

  /** Whether the member that another reader is at is a member here, too. */
  hasMemberOf(other: SetWalk): boolean {
    if (other.isInteger && this.encoding !== ENCODING_HASHTABLE) {
      if (this.encoding !== ENCODING_LISTPACK) {
        return intsetSearch(this.valueBytes, this.valueStart, other.high, other.low) >= 0;
      }
    }
    other.text();
    return this.has(other.bytes, other.start, other.end);
  }

  override close(): void {
    super.close();
    this.#probe.close();
  }
}
