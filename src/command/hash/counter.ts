/**
 * Fields as numbers: HINCRBY on 64-bit integers, HINCRBYFLOAT on long doubles. A missing field
 * counts as 0. The expiry time of a field stays.
 */
import { latin1Bytes } from "../../base/ascii.ts";
import {
  MAX_INTEGER_TEXT_BYTES,
  parseBigInteger,
  parseSafeInteger,
  writeInteger,
} from "../../base/integer_text.ts";
import {
  addLongDoubles,
  formatLongDouble,
  LONG_DOUBLE_ZERO,
  parseLongDouble,
} from "../../base/long_double.ts";
import type { LongDouble } from "../../base/long_double.ts";
import { NO_EXPIRY } from "../../keyspace/database.ts";
import { TYPE_HASH } from "../../keyspace/value_type.ts";
import { INCREMENT_OVERFLOW, NOT_A_FLOAT, NOT_AN_INTEGER } from "../../protocol/wire_errors.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { EVENT_HASH } from "../key_events.ts";
import { FIELD, KEY } from "./arguments.ts";

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

const digits = new Uint8Array(MAX_INTEGER_TEXT_BYTES);

export const hincrby = defineCommand({
  name: "hincrby",
  summary: "Adds an integer to the one that a field holds; a missing field counts as 0.",
  since: "2.0.0",
  group: "hash",
  complexity: "O(1)",
  arity: 4,
  flags: ["write", "denyoom", "fast"],
  acl: ["hash"],
  keys: [keyRange(1, 1, 1, "RW access update")],
  arguments: [KEY, FIELD, { name: "increment", type: "integer" }],
  run(call) {
    const { bytes, starts, ends } = call.args;
    const increment = call.safeInteger(3);
    if (increment !== increment && parseBigInteger(bytes, starts[3], ends[3]) === undefined) {
      return call.reply.error(NOT_AN_INTEGER);
    }
    const ref = call.lookupWriteOf(1, TYPE_HASH);
    if (ref === WRONG_TYPE_REPLIED) return;
    const { database, keyspace: { hashes } } = call;
    const found = ref !== 0 && hashes.seek(database, ref, bytes, starts[2], ends[2]);
    const sum = increment + (found ? integerAtPlace(call) : 0);
    // NaN where one of them is no safe integer; a sum that is one was exact on the way.
    if (sum <= Number.MAX_SAFE_INTEGER && sum >= Number.MIN_SAFE_INTEGER) {
      const length = writeInteger(digits, 0, sum);
      store(call, ref, found, digits, length, "hincrby");
      call.reply.integer(sum);
    } else addBig(call, ref, found);
  },
});

/** The field's value as an integer that a double holds exactly, else NaN. */
function integerAtPlace(call: Call): number {
  const hashes = call.keyspace.hashes;
  const value = hashes.integerValue;
  if (value === value) return value;
  if (hashes.valueLength > MAX_INTEGER_TEXT_BYTES) return NaN;
  hashes.value();
  return parseSafeInteger(hashes.bytes, hashes.start, hashes.end);
}

function addBig(call: Call, ref: number, found: boolean): void {
  const { bytes, starts, ends } = call.args;
  const increment = parseBigInteger(bytes, starts[3], ends[3])!;
  const hashes = call.keyspace.hashes;
  let value: bigint | undefined = 0n;
  if (found) {
    hashes.value();
    value = parseBigInteger(hashes.bytes, hashes.start, hashes.end);
  }
  if (value === undefined) return call.reply.error("ERR hash value is not an integer");
  const sum = value + increment;
  if (sum > INT64_MAX || sum < INT64_MIN) return call.reply.error(INCREMENT_OVERFLOW);
  const text = latin1Bytes(sum.toString());
  store(call, ref, found, text, text.length, "hincrby");
  call.reply.bigInteger(sum);
}

export const hincrbyfloat = defineCommand({
  name: "hincrbyfloat",
  summary:
    "Adds a floating point number to the one that a field holds; a missing field counts as 0.",
  since: "2.6.0",
  group: "hash",
  complexity: "O(1)",
  arity: 4,
  flags: ["write", "denyoom", "fast"],
  acl: ["hash"],
  keys: [keyRange(1, 1, 1, "RW access update")],
  arguments: [KEY, FIELD, { name: "increment", type: "double" }],
  run(call) {
    const { bytes, starts, ends } = call.args;
    const increment = parseLongDouble(bytes, starts[3], ends[3]);
    if (increment === undefined) return call.reply.error(NOT_A_FLOAT);
    if (increment.isInfinite) return call.reply.error("ERR value is NaN or Infinity");
    const ref = call.lookupWriteOf(1, TYPE_HASH);
    if (ref === WRONG_TYPE_REPLIED) return;
    const { database, keyspace: { hashes } } = call;
    const found = ref !== 0 && hashes.seek(database, ref, bytes, starts[2], ends[2]);
    const value = found ? floatAtPlace(call) : LONG_DOUBLE_ZERO;
    if (value === undefined) return call.reply.error("ERR hash value is not a float");
    const sum = addLongDoubles(value, increment);
    if (sum === undefined) return call.reply.error("ERR increment would produce NaN or Infinity");
    const text = latin1Bytes(formatLongDouble(sum));
    const expires = found && hashes.expiresAtMs !== NO_EXPIRY;
    store(call, ref, found, text, text.length, "hincrbyfloat");
    call.reply.bulk(text);
    propagateSum(call, text, expires);
  },
});

function floatAtPlace(call: Call): LongDouble | undefined {
  const hashes = call.keyspace.hashes;
  hashes.value();
  return parseLongDouble(hashes.bytes, hashes.start, hashes.end);
}

/**
 * The sum itself is repeated: others may add, or print, in another precision. Where the field
 * expires an HSET would end that, as it does for those who follow a Redis 8.0.
 */
function propagateSum(call: Call, text: Uint8Array, expires: boolean): void {
  const { args, database, propagation } = call;
  if (!propagation.isActive) return;
  const key = args.view(1);
  const field = args.view(2);
  if (!expires) propagation.replaceWith(database.index, "HSET", key, field, text);
  else {
    const words = ["KEEPTTL", "FIELDS", "1"];
    propagation.replaceWith(database.index, "HSETEX", key, ...words, field, text);
  }
}

/** Gives the field that has just been sought a number's text as its value. */
function store(
  call: Call,
  ref: number,
  found: boolean,
  text: Uint8Array,
  length: number,
  event: string,
): void {
  const { bytes, starts, ends } = call.args;
  const { database, keyspace: { hashes } } = call;
  if (ref !== 0) {
    hashes.setSought(database, found, bytes, starts[2], ends[2], text, 0, length);
  } else hashes.addOne(database, bytes, starts[1], ends[1], starts[2], ends[2], text, 0, length);
  call.dirty++;
  call.changed(1, EVENT_HASH, event);
}
