/**
 * Strings as numbers: INCR, DECR, INCRBY, DECRBY on 64-bit integers, INCRBYFLOAT on long doubles.
 *
 * An integer is kept as its text, so a counter is read from the heap, added to and written back in
 * place. Doubles carry the sum as long as it is a safe integer; the rest of the 64-bit range is for
 * bigints, which no counter meets in practice.
 */
import { latin1Bytes } from "../../base/ascii.ts";
import {
  integerTextLength,
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
import { stringBytes } from "../../keyspace/string_value.ts";
import {
  EMBSTR_BYTES_MAX,
  ENCODING_EMBSTR,
  ENCODING_INT,
  ENCODING_RAW,
  TYPE_STRING,
} from "../../keyspace/value_type.ts";
import { INCREMENT_OVERFLOW, NOT_A_FLOAT, NOT_AN_INTEGER } from "../../protocol/wire_errors.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { type ArgumentSpecification, defineCommand, keyRange } from "../definition.ts";
import { EVENT_STRING } from "../key_events.ts";

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);
const KIND_INT = TYPE_STRING | ENCODING_INT << 4;
/** Longer text is no long double to Redis; see parseLongDouble. */
const FLOAT_TEXT_BYTES_MAX = 5 * 1024;

const KEY: ArgumentSpecification = { name: "key", type: "key", keySpec: 0 };

export const incr = defineCommand({
  name: "incr",
  summary: "Adds one to the integer that a key holds; a missing key counts as 0.",
  since: "1.0.0",
  group: "string",
  complexity: "O(1)",
  arity: 2,
  flags: ["write", "denyoom", "fast"],
  acl: ["string"],
  keys: [keyRange(1, 1, 1, "RW access update")],
  arguments: [KEY],
  run(call) {
    add(call, 1);
  },
});

export const decr = defineCommand({
  name: "decr",
  summary: "Takes one from the integer that a key holds; a missing key counts as 0.",
  since: "1.0.0",
  group: "string",
  complexity: "O(1)",
  arity: 2,
  flags: ["write", "denyoom", "fast"],
  acl: ["string"],
  keys: [keyRange(1, 1, 1, "RW access update")],
  arguments: [KEY],
  run(call) {
    add(call, -1);
  },
});

export const incrby = defineCommand({
  name: "incrby",
  summary: "Adds an integer to the one that a key holds; a missing key counts as 0.",
  since: "1.0.0",
  group: "string",
  complexity: "O(1)",
  arity: 3,
  flags: ["write", "denyoom", "fast"],
  acl: ["string"],
  keys: [keyRange(1, 1, 1, "RW access update")],
  arguments: [KEY, { name: "increment", type: "integer" }],
  run(call) {
    const increment = call.safeInteger(2);
    if (increment === increment) return add(call, increment);
    const exact = argumentBigInteger(call, 2);
    if (exact === undefined) call.reply.error(NOT_AN_INTEGER);
    else addBig(call, exact);
  },
});

export const decrby = defineCommand({
  name: "decrby",
  summary: "Takes an integer from the one that a key holds; a missing key counts as 0.",
  since: "1.0.0",
  group: "string",
  complexity: "O(1)",
  arity: 3,
  flags: ["write", "denyoom", "fast"],
  acl: ["string"],
  keys: [keyRange(1, 1, 1, "RW access update")],
  arguments: [KEY, { name: "decrement", type: "integer" }],
  run(call) {
    const decrement = call.safeInteger(2);
    if (decrement === decrement) return add(call, -decrement);
    const exact = argumentBigInteger(call, 2);
    if (exact === undefined) call.reply.error(NOT_AN_INTEGER);
    else if (exact === INT64_MIN) call.reply.error("ERR decrement would overflow");
    else addBig(call, -exact);
  },
});

export const incrbyfloat = defineCommand({
  name: "incrbyfloat",
  summary: "Adds a floating point number to the one that a key holds; a missing key counts as 0.",
  since: "2.6.0",
  group: "string",
  complexity: "O(1)",
  arity: 3,
  flags: ["write", "denyoom", "fast"],
  acl: ["string"],
  keys: [keyRange(1, 1, 1, "RW access update")],
  arguments: [KEY, { name: "increment", type: "double" }],
  run(call) {
    const ref = call.lookupStringWrite(1);
    if (ref === WRONG_TYPE_REPLIED) return;
    const args = call.args;
    const value = ref === 0 ? LONG_DOUBLE_ZERO : floatAt(call, ref);
    const increment = value && parseLongDouble(args.bytes, args.starts[2], args.ends[2]);
    if (value === undefined || increment === undefined) return call.reply.error(NOT_A_FLOAT);
    const sum = addLongDoubles(value, increment);
    if (sum === undefined) {
      return call.reply.error("ERR increment would produce NaN or Infinity");
    }
    const text = latin1Bytes(formatLongDouble(sum));
    // Never `int`, even when the sum is one: Redis makes a plain string of the text.
    const encoding = text.length <= EMBSTR_BYTES_MAX ? ENCODING_EMBSTR : ENCODING_RAW;
    storeText(call, ref, TYPE_STRING | encoding << 4, text);
    call.changed(1, EVENT_STRING, "incrbyfloat");
    call.reply.bulk(text);
    // The sum itself is repeated: others may add, or print, in another precision.
    if (call.propagation.isActive) {
      call.propagation.replaceWith(call.database.index, "SET", args.view(1), text, "KEEPTTL");
    }
  },
});

/** Adds a safe integer to the integer at argument 1. */
function add(call: Call, increment: number): void {
  const ref = call.lookupStringWrite(1);
  if (ref === WRONG_TYPE_REPLIED) return;
  const database = call.database;
  let sum = increment;
  if (ref !== 0) {
    const length = database.valueLengthOf(ref);
    if (length > MAX_INTEGER_TEXT_BYTES) return call.reply.error(NOT_AN_INTEGER);
    const at = database.valueSpan(ref, 0, length);
    sum += parseSafeInteger(call.keyspace.heap.bytes, at, at + length);
  }
  // NaN where the value is no safe integer; a sum that is one was exact on the way.
  if (sum <= Number.MAX_SAFE_INTEGER && sum >= Number.MIN_SAFE_INTEGER) {
    storeInteger(call, ref, sum);
    call.changed(1, EVENT_STRING, "incrby");
    call.reply.integer(sum);
  } else addBigTo(call, ref, BigInt(increment));
}

function addBig(call: Call, increment: bigint): void {
  const ref = call.lookupStringWrite(1);
  if (ref !== WRONG_TYPE_REPLIED) addBigTo(call, ref, increment);
}

function addBigTo(call: Call, ref: number, increment: bigint): void {
  const value = ref === 0 ? 0n : bigIntegerAt(call, ref);
  if (value === undefined) return call.reply.error(NOT_AN_INTEGER);
  const sum = value + increment;
  if (sum > INT64_MAX || sum < INT64_MIN) return call.reply.error(INCREMENT_OVERFLOW);
  storeText(call, ref, KIND_INT, latin1Bytes(sum.toString()));
  call.changed(1, EVENT_STRING, "incrby");
  call.reply.bigInteger(sum);
}

/** Makes a safe integer the value of argument 1, in place; its expiry time stays. */
function storeInteger(call: Call, ref: number, value: number): void {
  const database = call.database;
  // -0 comes of 0 minus 0 and is written as 0.
  const length = integerTextLength(value);
  ref = placeForText(call, ref, KIND_INT, length);
  const at = database.valueSpanToWrite(ref, 0, length);
  writeInteger(call.keyspace.heap.bytes, at, value);
  call.dirty++;
}

/** Makes a text the value of argument 1; its expiry time stays. */
function storeText(call: Call, ref: number, kind: number, text: Uint8Array): void {
  ref = placeForText(call, ref, kind, text.length);
  call.database.writeValue(ref, 0, text, 0, text.length);
  call.dirty++;
}

/** The entry of argument 1 with a value of that kind and length, to be written. */
function placeForText(call: Call, ref: number, kind: number, length: number): number {
  const database = call.database;
  if (ref === 0) {
    const { bytes, starts, ends } = call.args;
    return database.add(bytes, starts[1], ends[1], kind, length, NO_EXPIRY);
  }
  if (length !== database.valueLengthOf(ref)) ref = database.resizeValue(ref, length, 0);
  if (database.kindOf(ref) !== kind) database.setKind(ref, TYPE_STRING, kind >>> 4);
  return ref;
}

function argumentBigInteger(call: Call, index: number): bigint | undefined {
  const args = call.args;
  return parseBigInteger(args.bytes, args.starts[index], args.ends[index]);
}

function bigIntegerAt(call: Call, ref: number): bigint | undefined {
  const length = call.database.valueLengthOf(ref);
  if (length > MAX_INTEGER_TEXT_BYTES) return undefined;
  const at = call.database.valueSpan(ref, 0, length);
  return parseBigInteger(call.keyspace.heap.bytes, at, at + length);
}

function floatAt(call: Call, ref: number): LongDouble | undefined {
  const length = call.database.valueLengthOf(ref);
  if (length >= FLOAT_TEXT_BYTES_MAX) return undefined;
  return parseLongDouble(stringBytes(call.database, ref), 0, length);
}
