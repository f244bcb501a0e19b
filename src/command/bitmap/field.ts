/**
 * BITFIELD and BITFIELD_RO: a string as an array of integers of any width.
 *
 * All operations are read and checked before the first one is done; then the string is made long
 * enough for the furthest write, and they are done in turn.
 */
import { parseBigInteger, parseSafeInteger } from "../../base/integer_text.ts";
import { NOT_AN_INTEGER } from "../../protocol/wire_errors.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { type ArgumentSpecification, defineCommand, keyRange } from "../definition.ts";
import { EVENT_STRING } from "../key_events.ts";
import { bitOffsetOrReply, prepared, stringForBits } from "./bit_offset.ts";
import {
  fitted,
  fittedBig,
  NUMBER_BITS_MAX,
  NUMBER_MAGNITUDE_MAX,
  type Overflow,
  readBigBits,
  readBits,
  signed,
  unsigned,
  writeBigBits,
  writeBits,
} from "./field_value.ts";

const LETTER_I = 0x69;
const LETTER_U = 0x75;
const INVALID_TYPE = "ERR Invalid bitfield type. Use something like i16 u8. " +
  "Note that u64 is not supported but i64 is.";

const KEY: ArgumentSpecification = { name: "key", type: "key", keySpec: 0 };
const ENCODING: ArgumentSpecification = { name: "encoding", type: "string" };
const OFFSET: ArgumentSpecification = { name: "offset", type: "integer" };

export const bitfield = defineCommand({
  name: "bitfield",
  summary: "Reads, sets and increments integers of any width at any bit of a string.",
  since: "3.2.0",
  group: "bitmap",
  complexity: "O(1) for each operation",
  arity: -2,
  flags: ["write", "denyoom"],
  acl: ["bitmap"],
  keys: [
    keyRange(
      1,
      1,
      1,
      "RW access update variable_flags",
      "The operations decide whether the key is only read",
    ),
  ],
  arguments: [
    KEY,
    {
      name: "operation",
      type: "oneof",
      flags: ["optional", "multiple"],
      arguments: [
        { name: "get-block", type: "block", token: "GET", arguments: [ENCODING, OFFSET] },
        {
          name: "write",
          type: "block",
          arguments: [
            {
              name: "overflow-block",
              type: "oneof",
              token: "OVERFLOW",
              flags: ["optional"],
              arguments: [
                { name: "wrap", type: "pure-token", token: "WRAP" },
                { name: "sat", type: "pure-token", token: "SAT" },
                { name: "fail", type: "pure-token", token: "FAIL" },
              ],
            },
            {
              name: "write-operation",
              type: "oneof",
              arguments: [
                {
                  name: "set-block",
                  type: "block",
                  token: "SET",
                  arguments: [ENCODING, OFFSET, { name: "value", type: "integer" }],
                },
                {
                  name: "incrby-block",
                  type: "block",
                  token: "INCRBY",
                  arguments: [ENCODING, OFFSET, { name: "increment", type: "integer" }],
                },
              ],
            },
          ],
        },
      ],
    },
  ],
  run(call) {
    runOperations(call, false);
  },
});

export const bitfieldRo = defineCommand({
  name: "bitfield_ro",
  summary: "Reads integers of any width at any bit of a string.",
  since: "6.0.0",
  group: "bitmap",
  complexity: "O(1) for each operation",
  arity: -2,
  flags: ["readonly", "fast"],
  acl: ["bitmap"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: [
    KEY,
    {
      name: "get-block",
      type: "block",
      token: "GET",
      flags: ["optional", "multiple", "multiple_token"],
      arguments: [ENCODING, OFFSET],
    },
  ],
  run(call) {
    runOperations(call, true);
  },
});

/** One operation, read and checked. */
interface Operation {
  readonly kind: "get" | "set" | "incrby";
  readonly isSigned: boolean;
  readonly bits: number;
  /** Where the field begins, in bits. */
  readonly offset: number;
  /** The value to set or to add: a number where the number lane can do it. */
  readonly value: number | bigint;
  readonly overflow: Overflow;
}

/** A field's bytes and those that it shares its ends with. */
const fieldBytes = new Uint8Array(9);

function runOperations(call: Call, isReadOnly: boolean): void {
  const operations = readOperations(call);
  if (operations === undefined) return;
  let lastBit = -1;
  for (const { kind, offset, bits } of operations) {
    if (kind !== "get") lastBit = Math.max(lastBit, offset + bits - 1);
  }
  let ref: number;
  if (lastBit < 0) ref = call.lookupStringRead(1);
  else if (isReadOnly) {
    return call.reply.error("ERR BITFIELD_RO only supports the GET subcommand");
  } else ref = stringForBits(call, Math.floor(lastBit / 8) + 1);
  if (ref === WRONG_TYPE_REPLIED) return;
  const isGrown = lastBit >= 0 && prepared.isGrown;
  const dirtyBefore = call.dirty;
  call.reply.array(operations.length);
  for (const operation of operations) {
    loadField(call, ref, operation);
    const isBig = operation.bits > NUMBER_BITS_MAX || typeof operation.value === "bigint";
    const isChanged = isBig ? runBig(call, operation) : runNumber(call, operation);
    if (isChanged === undefined) continue;
    if (isChanged) storeField(call, ref, operation);
    if (isChanged || isGrown) call.dirty++;
  }
  if (call.dirty !== dirtyBefore) call.changed(1, EVENT_STRING, "setbit");
}

/** Does an operation on the field in `fieldBytes`; undefined when it wrote nothing by its nature. */
function runNumber(call: Call, operation: Operation): boolean | undefined {
  const { kind, isSigned, bits, offset, overflow } = operation;
  const bit = offset % 8;
  const raw = readBits(fieldBytes, bit, bits);
  const old = isSigned ? signed(raw, bits) : raw;
  if (kind === "get") {
    call.reply.integer(old);
    return undefined;
  }
  const isSet = kind === "set";
  const value = operation.value as number;
  const fresh = fitted(isSet ? 0 : old, value, bits, isSigned, overflow, isSet);
  if (fresh === undefined) {
    call.reply.null();
    return undefined;
  }
  call.reply.integer(isSet ? old : fresh);
  writeBits(fieldBytes, bit, bits, unsigned(fresh, bits));
  return fresh !== old;
}

/** As {@link runNumber}, for any field. */
function runBig(call: Call, operation: Operation): boolean | undefined {
  const { kind, isSigned, bits, offset, overflow } = operation;
  const bit = offset % 8;
  const raw = readBigBits(fieldBytes, bit, bits);
  const old = isSigned ? BigInt.asIntN(bits, raw) : raw;
  if (kind === "get") {
    call.reply.bigInteger(old);
    return undefined;
  }
  const isSet = kind === "set";
  const value = BigInt(operation.value);
  const fresh = fittedBig(isSet ? 0n : old, value, bits, isSigned, overflow, isSet);
  if (fresh === undefined) {
    call.reply.null();
    return undefined;
  }
  call.reply.bigInteger(isSet ? old : fresh);
  writeBigBits(fieldBytes, bit, bits, BigInt.asUintN(bits, fresh));
  return fresh !== old;
}

/** Copies the bytes that the field touches; beyond the end of the string they are zero. */
function loadField(call: Call, ref: number, operation: Operation): void {
  const first = Math.floor(operation.offset / 8);
  const length = ref === 0 ? 0 : call.database.valueLengthOf(ref);
  const available = Math.max(0, Math.min(length - first, bytesOf(operation)));
  fieldBytes.fill(0, available);
  if (available > 0) call.database.copyValue(ref, first, available, fieldBytes, 0);
}

function storeField(call: Call, ref: number, operation: Operation): void {
  const first = Math.floor(operation.offset / 8);
  call.database.writeValue(ref, first, fieldBytes, 0, bytesOf(operation));
}

/** How many bytes a field touches. */
function bytesOf(operation: Operation): number {
  return operation.offset % 8 + operation.bits + 7 >>> 3;
}

/** All operations, or undefined after replying with what is wrong with one of them. */
function readOperations(call: Call): Operation[] | undefined {
  const operations: Operation[] = [];
  let overflow: Overflow = "wrap";
  for (let i = 2; i < call.count;) {
    const rest = call.count - i - 1;
    if (call.is(i, "overflow") && rest >= 1) {
      const given = overflowAt(call, i + 1);
      if (given === undefined) return undefined;
      overflow = given;
      i += 2;
      continue;
    }
    const kind = kindAt(call, i, rest);
    const operation = kind && readOperation(call, i, kind, overflow);
    if (operation === undefined) return undefined;
    operations.push(operation);
    i += kind === "get" ? 3 : 4;
  }
  return operations;
}

function overflowAt(call: Call, index: number): Overflow | undefined {
  if (call.is(index, "wrap")) return "wrap";
  if (call.is(index, "sat")) return "sat";
  if (call.is(index, "fail")) return "fail";
  call.reply.error("ERR Invalid OVERFLOW type specified");
  return undefined;
}

/** @param rest how many arguments follow. */
function kindAt(call: Call, index: number, rest: number): Operation["kind"] | undefined {
  if (call.is(index, "get") && rest >= 2) return "get";
  if (call.is(index, "set") && rest >= 3) return "set";
  if (call.is(index, "incrby") && rest >= 3) return "incrby";
  call.syntaxError();
  return undefined;
}

function readOperation(
  call: Call,
  index: number,
  kind: Operation["kind"],
  overflow: Overflow,
): Operation | undefined {
  const { bytes, starts, ends } = call.args;
  const letter = starts[index + 1] < ends[index + 1] ? bytes[starts[index + 1]] : 0;
  const isSigned = letter === LETTER_I;
  const bits = parseSafeInteger(bytes, starts[index + 1] + 1, ends[index + 1]);
  const isWidth = bits >= 1 && bits <= (isSigned ? 64 : 63);
  if ((!isSigned && letter !== LETTER_U) || !isWidth) {
    call.reply.error(INVALID_TYPE);
    return undefined;
  }
  const offset = bitOffsetOrReply(call, index + 2, bits);
  if (offset !== offset) return undefined;
  const value = kind === "get" ? 0 : valueAt(call, index + 3);
  if (value === undefined) {
    call.reply.error(NOT_AN_INTEGER);
    return undefined;
  }
  return { kind, isSigned, bits, offset, value, overflow };
}

/** A number where the number lane can work with it. */
function valueAt(call: Call, index: number): number | bigint | undefined {
  const number = call.safeInteger(index);
  if (Math.abs(number) <= NUMBER_MAGNITUDE_MAX) return number;
  const args = call.args;
  return parseBigInteger(args.bytes, args.starts[index], args.ends[index]);
}
