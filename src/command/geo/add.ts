/**
 * GEOADD: a ZADD whose scores are geohashes. That is also how it is repeated to those who repeat
 * commands.
 */
import {
  columnOf,
  geohashHigh,
  geohashLow,
  rowOf,
  scoreOfPlace,
  STEP_MAX,
} from "../../base/geohash.ts";
import { writeInt64 } from "../../base/integer_text.ts";
import { NO_EXPIRY } from "../../keyspace/database.ts";
import { TYPE_ZSET } from "../../keyspace/value_type.ts";
import { PUT_ADDED, PUT_NX, PUT_UPDATED, PUT_XX } from "../../keyspace/zset/zsets.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { EVENT_ZSET } from "../key_events.ts";
import { KEY, LATITUDE, LONGITUDE, MEMBER, place, readPlace, wordArgument } from "./arguments.ts";

/** Reply with the number of changes. */
const CHANGES = 32;
/** A longer list of places is given back after use. */
const KEPT_PLACES_MAX = 16 * 1024;
const SCORE_TEXT_BYTES = 20;

/** Longitude and latitude of each member of a call, filled and read within it. */
let places = new Float64Array(64);

export const geoadd = defineCommand({
  name: "geoadd",
  summary: "Adds places to a sorted set, each by its longitude and latitude.",
  since: "3.2.0",
  group: "geo",
  complexity: "O(log(N)) for each place, where N is the number of members in the sorted set.",
  history: [["6.2.0", "The options `CH`, `NX` and `XX` came."]],
  arity: -5,
  flags: ["write", "denyoom"],
  acl: ["geo"],
  keys: [keyRange(1, 1, 1, "RW update")],
  arguments: [
    KEY,
    {
      name: "condition",
      type: "oneof",
      since: "6.2.0",
      flags: ["optional"],
      arguments: [
        { name: "nx", type: "pure-token", token: "NX" },
        { name: "xx", type: "pure-token", token: "XX" },
      ],
    },
    { ...wordArgument("change", "6.2.0"), token: "CH" },
    { name: "data", type: "block", flags: ["multiple"], arguments: [LONGITUDE, LATITUDE, MEMBER] },
  ],
  run(call) {
    let first = 2;
    let options = 0;
    for (; first < call.count; first++) {
      const option = optionAt(call, first);
      if (option === 0) break;
      options |= option;
    }
    const both = PUT_NX | PUT_XX;
    const count = (call.count - first) / 3;
    if (count === 0 || count !== Math.floor(count) || (options & both) === both) {
      return call.syntaxError();
    }
    if (count * 2 > places.length) places = new Float64Array(count * 4);
    if (readPlaces(call, first, count)) put(call, first, count, options);
    if (places.length > KEPT_PLACES_MAX) places = new Float64Array(64);
  },
});

function optionAt(call: Call, index: number): number {
  if (call.is(index, "nx")) return PUT_NX;
  if (call.is(index, "xx")) return PUT_XX;
  return call.is(index, "ch") ? CHANGES : 0;
}

/** Reads all places before anything is changed; false after replying. */
function readPlaces(call: Call, first: number, count: number): boolean {
  for (let i = 0; i < count; i++) {
    if (!readPlace(call, first + 3 * i)) return false;
    places[2 * i] = place.longitude;
    places[2 * i + 1] = place.latitude;
  }
  return true;
}

/** Puts the members whose places have been read. */
function put(call: Call, first: number, count: number, options: number): void {
  const { args, database } = call;
  const zsets = call.keyspace.zsets;
  let ref = openTarget(call, first, count, options);
  if (ref === WRONG_TYPE_REPLIED) return;
  if (ref === 0) return call.reply.integer(0);
  const conditions = options & ~CHANGES;
  let added = 0;
  let updated = 0;
  let done = 0;
  try {
    for (let i = 0, index = first + 2; i < count; i++, index += 3) {
      const score = scoreOfPlace(places[2 * i], places[2 * i + 1]);
      const start = args.starts[index];
      const end = args.ends[index];
      const outcome = zsets.put(database, ref, args.bytes, start, end, score, conditions);
      ref = zsets.ref;
      if (outcome === PUT_ADDED) added++;
      else if (outcome === PUT_UPDATED) updated++;
      done++;
    }
  } finally {
    call.dirty += added + updated;
    if (added + updated > 0) {
      call.changed(1, EVENT_ZSET, "zadd");
      if (call.propagation.isActive) propagate(call, first, done);
    }
    // When the heap was full for the first member of all.
    if (added === 0 && zsets.count(database, ref) === 0) database.delete(ref);
  }
  call.reply.integer((options & CHANGES) !== 0 ? added + updated : added);
}

/** The sorted set to add to, made where there is none and one may be; 0 where none is needed. */
function openTarget(call: Call, first: number, count: number, options: number): number {
  const { args, database } = call;
  const zsets = call.keyspace.zsets;
  const ref = call.lookupWriteOf(1, TYPE_ZSET);
  if (ref === WRONG_TYPE_REPLIED) return ref;
  if (ref === 0 && (options & PUT_XX) !== 0) return 0;
  let longest = 0;
  for (let i = first + 2; i < args.count; i += 3) longest = Math.max(longest, args.lengthOf(i));
  if (ref !== 0) return zsets.expect(database, ref, count, longest);
  const { bytes, starts, ends } = args;
  return zsets.create(database, bytes, starts[1], ends[1], count, longest, NO_EXPIRY);
}

function propagate(call: Call, first: number, count: number): void {
  const args = call.args;
  const parts: (string | Uint8Array)[] = ["zadd"];
  for (let i = 1; i < first; i++) parts.push(args.copy(i));
  for (let i = 0; i < count; i++) {
    parts.push(scoreText(places[2 * i], places[2 * i + 1]), args.copy(first + 3 * i + 2));
  }
  call.propagation.replaceWith(call.database.index, ...parts);
}

/** All bits of a geohash: it can have more of them than a score keeps. */
function scoreText(longitude: number, latitude: number): Uint8Array {
  const column = columnOf(longitude, STEP_MAX);
  const row = rowOf(latitude, STEP_MAX);
  const text = new Uint8Array(SCORE_TEXT_BYTES);
  const length = writeInt64(text, 0, geohashHigh(column, row), geohashLow(column, row));
  return text.subarray(0, length);
}
