/** PFDEBUG and PFSELFTEST: looking into a HyperLogLog, and trying whether they work at all. */
import { REGISTER_COUNT } from "../../keyspace/hyperloglog/cardinality.ts";
import { DENSE, encodingOf, HEADER_BYTES } from "../../keyspace/hyperloglog/header.ts";
import {
  copyRegisters,
  CORRUPT,
  toDense,
  unshare,
} from "../../keyspace/hyperloglog/hyperloglogs.ts";
import { selfTest } from "../../keyspace/hyperloglog/self_test.ts";
import { describeSparse } from "../../keyspace/hyperloglog/sparse.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { CORRUPTED, lookupWrite } from "./hyperloglog_argument.ts";

const KEY = 2;

export const pfdebug = defineCommand({
  name: "pfdebug",
  summary: "Shows the registers or the encoding of a HyperLogLog, or makes it dense.",
  since: "2.8.9",
  group: "hyperloglog",
  complexity: "O(1): a HyperLogLog has 16384 registers",
  docFlags: ["syscmd"],
  arity: 3,
  flags: ["write", "denyoom", "admin"],
  acl: ["hyperloglog"],
  keys: [keyRange(2, 2, 1, "RW access")],
  arguments: [
    { name: "subcommand", type: "string" },
    { name: "key", type: "key", keySpec: 0 },
  ],
  run(call) {
    const ref = lookupWrite(call, KEY);
    if (ref === WRONG_TYPE_REPLIED) return;
    if (ref === 0) return call.reply.error("ERR The specified key does not exist");
    unshare(call.database, ref);
    if (call.is(1, "getreg")) return replyRegisters(call, ref);
    if (call.is(1, "decode")) return replyDecoded(call, ref);
    if (call.is(1, "encoding")) {
      return call.reply.simple(encodingOf(call.database, ref) === DENSE ? "dense" : "sparse");
    }
    if (call.is(1, "todense")) return convert(call, ref);
    const name = call.text(1).split("\0", 1)[0];
    call.reply.error(`ERR Unknown PFDEBUG subcommand '${name}'`);
  },
});

function replyRegisters(call: Call, ref: number): void {
  const dense = denseOrReply(call, ref);
  if (dense === CORRUPT) return;
  const registers = new Uint8Array(REGISTER_COUNT);
  copyRegisters(call.database, dense, registers);
  call.reply.array(REGISTER_COUNT);
  for (let i = 0; i < REGISTER_COUNT; i++) call.reply.integer(registers[i]);
}

function replyDecoded(call: Call, ref: number): void {
  const database = call.database;
  if (encodingOf(database, ref) === DENSE) {
    return call.reply.error("ERR HLL encoding is not sparse");
  }
  const at = database.wholeValue(ref);
  const end = at + database.valueLengthOf(ref);
  call.reply.bulkText(describeSparse(database.wholeBytes, at + HEADER_BYTES, end));
}

function convert(call: Call, ref: number): void {
  const wasDense = encodingOf(call.database, ref) === DENSE;
  if (denseOrReply(call, ref) !== CORRUPT) call.reply.integer(wasDense ? 0 : 1);
}

/** Makes a sparse one dense, which others repeat; returns where the entry is, or CORRUPT. */
function denseOrReply(call: Call, ref: number): number {
  if (encodingOf(call.database, ref) === DENSE) return ref;
  const dense = toDense(call.database, ref);
  if (dense === CORRUPT) call.reply.error(CORRUPTED);
  else call.dirty++;
  return dense;
}

export const pfselftest = defineCommand({
  name: "pfselftest",
  summary: "Tests HyperLogLogs of its own, which takes about a second.",
  since: "2.8.9",
  group: "hyperloglog",
  complexity: "O(1), but some ten million elements are added",
  docFlags: ["syscmd"],
  arity: 1,
  flags: ["admin"],
  acl: ["hyperloglog"],
  run(call) {
    const { prng, limits } = call.keyspace;
    const failure = selfTest(prng, limits.hllSparseMaxBytes);
    if (failure === "") call.reply.ok();
    else call.reply.error(`ERR ${failure}`);
  },
});
