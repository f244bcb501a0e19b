/** Loading what is to be sorted: the elements of a list, a set or a sorted set. */
import { copyElement } from "../../keyspace/list/list_reader.ts";
import { FORM_ALONE } from "../../keyspace/list/leaf.ts";
import { listCount } from "../../keyspace/list/list_value.ts";
import { TYPE_LIST, TYPE_SET, TYPE_ZSET } from "../../keyspace/value_type.ts";
import { WRONG_TYPE } from "../../protocol/wire_errors.ts";
import type { Call } from "../call.ts";
import type { SortVector } from "./sort_vector.ts";

/** How many elements a value has, 0 for no key; NaN after replying that it has none at all. */
export function elementCountOrReply(call: Call, ref: number): number {
  if (ref === 0) return 0;
  const { database, keyspace } = call;
  const type = database.typeOf(ref);
  if (type === TYPE_LIST) return listCount(keyspace, database, ref);
  if (type === TYPE_SET) return keyspace.sets.count(database, ref);
  if (type === TYPE_ZSET) return keyspace.zsets.count(database, ref);
  call.reply.error(WRONG_TYPE);
  return NaN;
}

/**
 * Loads `count` elements, the first of them that of an index, in the order that they have in the
 * value; with `isBackward` in the other one, counted from the end. A set has no other order.
 */
export function loadElements(
  call: Call,
  ref: number,
  vector: SortVector,
  first: number,
  count: number,
  isBackward: boolean,
): void {
  vector.begin(count);
  if (count === 0) return;
  const type = call.database.typeOf(ref);
  if (type === TYPE_LIST) loadList(call, ref, vector, first, count, isBackward);
  else if (type === TYPE_SET) loadSet(call, ref, vector, first, count);
  else loadZset(call, ref, vector, first, count, isBackward);
}

function loadList(
  call: Call,
  ref: number,
  vector: SortVector,
  first: number,
  count: number,
  isBackward: boolean,
): void {
  const { database, keyspace } = call;
  const elements = keyspace.lists.elements;
  const index = isBackward ? listCount(keyspace, database, ref) - 1 - first : first;
  elements.open(database, ref, index, isBackward);
  const element = elements.element;
  while (vector.count < count && elements.next()) {
    if (element.form === FORM_ALONE) {
      const at = vector.addUndefined(element.length);
      copyElement(keyspace.heap, element, vector.bytes.subarray(at));
      continue;
    }
    element.text();
    vector.add(element.bytes, element.start, element.end);
  }
}

function loadSet(call: Call, ref: number, vector: SortVector, first: number, count: number): void {
  const reader = call.keyspace.sets.reader(0);
  reader.open(ref);
  for (let i = 0; i < first; i++) reader.next();
  while (vector.count < count && reader.next()) {
    reader.text();
    vector.add(reader.bytes, reader.start, reader.end);
  }
  reader.close();
}

function loadZset(
  call: Call,
  ref: number,
  vector: SortVector,
  first: number,
  count: number,
  isBackward: boolean,
): void {
  const reader = call.keyspace.zsets.reader;
  reader.open(call.database, ref);
  let more = reader.seek(isBackward ? reader.count - 1 - first : first);
  while (more) {
    vector.add(reader.bytes, reader.start, reader.end);
    if (vector.count === count) return;
    more = isBackward ? reader.previous() : reader.next();
  }
}
