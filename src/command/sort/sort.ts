/**
 * SORT and SORT_RO: the elements of a list, a set or a sorted set, sorted by themselves or by what
 * stands elsewhere.
 *
 * Elements are copied first (sort_vector.ts): looking up what stands elsewhere may end keys whose
 * time has come.
 */
import { pushToList } from "../../keyspace/list/list_value.ts";
import { TYPE_SET } from "../../keyspace/value_type.ts";
import type { Arguments } from "../../protocol/arguments.ts";
import type { Call } from "../call.ts";
import { type ArgumentSpecification, defineCommand, keyRange } from "../definition.ts";
import type { KeySpecification } from "../definition.ts";
import { EVENT_GENERIC, EVENT_LIST } from "../key_events.ts";
import { elementCountOrReply, loadElements } from "./elements.ts";
import { PatternLookups, type SortPattern } from "./pattern.ts";
import { SortOptions } from "./sort_options.ts";
import { SortVector } from "./sort_vector.ts";
import { parseWeight } from "./weight.ts";

const NOT_A_WEIGHT = "ERR One or more scores can't be converted into double";
const COMPLEXITY =
  "O(N+M*log(M)) where N is the number of elements to sort and M the number of those returned; " +
  "O(N) where nothing is sorted.";
const ELSEWHERE_NOTES = "What BY and GET name depends on the elements that are sorted.";
const STORE_NOTES = "STORE may stand anywhere among the options.";

const ELSEWHERE: KeySpecification = {
  flags: "RO access",
  notes: ELSEWHERE_NOTES,
  begin: "unknown",
  find: "unknown",
};

const ARGUMENTS: readonly ArgumentSpecification[] = [
  { name: "key", type: "key", keySpec: 0 },
  {
    name: "by-pattern",
    displayText: "pattern",
    type: "pattern",
    keySpec: 1,
    token: "BY",
    flags: ["optional"],
  },
  {
    name: "limit",
    type: "block",
    token: "LIMIT",
    flags: ["optional"],
    arguments: [{ name: "offset", type: "integer" }, { name: "count", type: "integer" }],
  },
  {
    name: "get-pattern",
    displayText: "pattern",
    type: "pattern",
    keySpec: 1,
    token: "GET",
    flags: ["optional", "multiple", "multiple_token"],
  },
  {
    name: "order",
    type: "oneof",
    flags: ["optional"],
    arguments: [
      { name: "asc", type: "pure-token", token: "ASC" },
      { name: "desc", type: "pure-token", token: "DESC" },
    ],
  },
  { name: "sorting", type: "pure-token", token: "ALPHA", flags: ["optional"] },
];

const options = new SortOptions();
const vector = new SortVector();
const lookups = new PatternLookups();

export const sort = defineCommand({
  name: "sort",
  summary: "Sorts the elements of a list, a set or a sorted set, and may store them as a list.",
  since: "1.0.0",
  group: "generic",
  complexity: COMPLEXITY,
  arity: -2,
  flags: ["write", "denyoom", "movablekeys"],
  acl: ["set", "sortedset", "list", "dangerous"],
  keys: [
    keyRange(1, 1, 1, "RO access"),
    ELSEWHERE,
    { flags: "OW update", notes: STORE_NOTES, begin: "unknown", find: "unknown" },
  ],
  arguments: [
    ...ARGUMENTS,
    { name: "destination", type: "key", keySpec: 2, token: "STORE", flags: ["optional"] },
  ],
  getKeys(args, positions, flags) {
    positions.push(1);
    const stored = storedKey(args);
    if (stored !== 0) flags[positions.push(stored) - 1] = "OW update";
    return undefined;
  },
  run: (call) => run(call, true),
});

export const sortRo = defineCommand({
  name: "sort_ro",
  summary: "Sorts the elements of a list, a set or a sorted set; it never stores them.",
  since: "7.0.0",
  group: "generic",
  complexity: COMPLEXITY,
  arity: -2,
  flags: ["readonly", "movablekeys"],
  acl: ["set", "sortedset", "list", "dangerous"],
  keys: [keyRange(1, 1, 1, "RO access"), ELSEWHERE],
  arguments: ARGUMENTS,
  getKeys(_args, positions) {
    positions.push(1);
    return undefined;
  },
  run: (call) => run(call, false),
});

/** The argument behind the last STORE that can be one; 0 for none. */
function storedKey(args: Arguments): number {
  let stored = 0;
  for (let i = 2; i < args.count; i++) {
    if (args.is(i, "limit")) i += 2;
    else if (args.is(i, "get") || args.is(i, "by")) i++;
    else if (args.is(i, "store") && i + 1 < args.count) stored = ++i;
  }
  return stored;
}

function run(call: Call, takesStore: boolean): void {
  if (!options.read(call, takesStore)) return;
  const ref = call.lookupRead(1);
  const count = elementCountOrReply(call, ref);
  if (count !== count) return;
  const first = Math.min(Math.max(options.offset, 0), count);
  const length = options.count < 0 ? count - first : Math.min(options.count, count - first);
  const isStored = options.storeIndex !== 0;
  if (options.isUnsorted && isStored && ref !== 0 && call.database.typeOf(ref) === TYPE_SET) {
    // A set has no order of its own that two servers would agree on.
    options.isUnsorted = false;
    options.isAlphabetic = true;
    options.by = null;
  }
  try {
    let from = first;
    if (options.isUnsorted) {
      loadElements(call, ref, vector, first, length, options.isDescending);
      from = 0;
    } else {
      loadElements(call, ref, vector, 0, count, false);
      if (!weigh(call)) return call.reply.error(NOT_A_WEIGHT);
      arrange(isStored, first, first + length - 1);
    }
    if (isStored) store(call, from, length);
    else reply(call, from, length);
  } finally {
    vector.clear();
    lookups.finish();
    options.clear();
  }
}

/** Finds out what each element is sorted by; false when that is no number and has to be one. */
function weigh(call: Call): boolean {
  if (options.by !== null) return weighBy(call, options.by);
  if (options.isAlphabetic) return true;
  const { bytes, ends, scores, count } = vector;
  for (let i = 0, start = 0; i < count; i++) {
    const score = parseWeight(bytes, start, ends[i]);
    if (score !== score) return false;
    scores[i] = score;
    start = ends[i];
  }
  return true;
}

function weighBy(call: Call, by: SortPattern): boolean {
  const isAlphabetic = options.isAlphabetic;
  if (isAlphabetic) vector.beginWeights();
  for (let first = 0; first < vector.count; first += lookups.prepared) {
    lookups.begin(call);
    for (let i = first; i < vector.count && lookups.hasRoom; i++) lookups.add(by, vector, i);
    lookups.prefetch();
    for (let i = 0; i < lookups.prepared; i++) {
      const element = first + i;
      if (!lookups.find(i, by, vector, element)) continue;
      const { bytes, start, end } = lookups;
      if (isAlphabetic) {
        vector.setWeight(element, bytes, start, end);
        continue;
      }
      const score = parseWeight(bytes, start, end);
      if (score !== score) return false;
      vector.scores[element] = score;
    }
  }
  return true;
}

/** Brings the elements into order, of which those from `first` to `last` are wanted. */
function arrange(isStored: boolean, first: number, last: number): void {
  const { by, isAlphabetic, isDescending } = options;
  if (!isAlphabetic) return vector.sortByScore(isDescending, first, last);
  // What is stored is compared byte by byte, so that it does not depend on a server's language.
  vector.sortByBytes(by !== null, isDescending, !isStored, first, last);
}

function reply(call: Call, from: number, length: number): void {
  const reply = call.reply;
  const { gets } = options;
  if (gets.length > 0) {
    reply.array(length * gets.length);
    return forEachGet(call, from, length, (isFound) => {
      if (isFound) reply.bulk(lookups.bytes, lookups.start, lookups.end);
      else reply.null();
    });
  }
  reply.array(length);
  const { bytes, ends, order } = vector;
  for (let i = from; i < from + length; i++) {
    const element = order[i];
    reply.bulk(bytes, vector.startOf(element), ends[element]);
  }
}

/** Calls `take` for every value that is to be returned, in order; `lookups` has it. */
function forEachGet(
  call: Call,
  from: number,
  length: number,
  take: (isFound: boolean) => void,
): void {
  const { gets } = options;
  const order = vector.order;
  const total = length * gets.length;
  for (let done = 0; done < total; done += lookups.prepared) {
    lookups.begin(call);
    for (let i = done; i < total && lookups.hasRoom; i++) {
      const element = order[from + Math.floor(i / gets.length)];
      lookups.add(gets[i % gets.length], vector, element);
    }
    lookups.prefetch();
    for (let i = 0; i < lookups.prepared; i++) {
      const element = order[from + Math.floor((done + i) / gets.length)];
      take(lookups.find(i, gets[(done + i) % gets.length], vector, element));
    }
  }
}

/** Makes the result a list, in the place of any other value; nothing only deletes that. */
function store(call: Call, from: number, length: number): void {
  const { database, keyspace } = call;
  const count = options.gets.length > 0 ? length * options.gets.length : length;
  const starts = new Int32Array(count);
  const ends = new Int32Array(count);
  if (options.gets.length > 0) collectGets(call, from, length, starts, ends);
  else {
    for (let i = 0; i < length; i++) {
      const element = vector.order[from + i];
      starts[i] = vector.startOf(element);
      ends[i] = vector.ends[element];
    }
  }
  const args = call.args;
  const key = args.bytes;
  const start = args.starts[options.storeIndex];
  const end = args.ends[options.storeIndex];
  const old = database.peek(key, start, end);
  if (old !== 0) {
    database.deleteReplaced(old, count > 0);
    // Now: should there be no room for the result, this has been changed.
    call.dirty++;
  }
  if (count > 0) {
    database.peek(key, start, end);
    const bytes = vector.bytes;
    pushToList(keyspace, database, 0, key, start, end, true, bytes, starts, ends, 0, count - 1);
    call.dirty += old === 0 ? count : count - 1;
    call.changed(options.storeIndex, EVENT_LIST, "sortstore");
  } else if (old !== 0) {
    call.changed(options.storeIndex, EVENT_GENERIC, "del");
  }
  call.reply.integer(count);
}

/** Copies what is to be stored behind the elements; what is missing is an empty text. */
function collectGets(
  call: Call,
  from: number,
  length: number,
  starts: Int32Array,
  ends: Int32Array,
): void {
  let index = 0;
  forEachGet(call, from, length, (isFound) => {
    starts[index] = vector.length;
    if (isFound) vector.append(lookups.bytes, lookups.start, lookups.end);
    ends[index++] = vector.length;
  });
}
