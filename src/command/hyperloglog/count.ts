/** PFADD, PFCOUNT, PFMERGE. */
import { HeapFull } from "../../heap/heap.ts";
import {
  cached,
  DENSE,
  encodingOf,
  readCardinality,
  writeCardinality,
} from "../../keyspace/hyperloglog/header.ts";
import {
  addElements,
  addWithElements,
  beginUnion,
  cardinalityOf,
  CORRUPT,
  mergeIntoUnion,
  storeUnion,
  unionCardinality,
  unshare,
} from "../../keyspace/hyperloglog/hyperloglogs.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { EVENT_STRING } from "../key_events.ts";
import { CORRUPTED, lookupRead, lookupWrite } from "./hyperloglog_argument.ts";

export const pfadd = defineCommand({
  name: "pfadd",
  summary: "Adds elements to a HyperLogLog, which is made where there is none.",
  since: "2.8.9",
  group: "hyperloglog",
  complexity: "O(1) for each element",
  arity: -2,
  flags: ["write", "denyoom", "fast"],
  acl: ["hyperloglog"],
  keys: [keyRange(1, 1, 1, "RW insert")],
  arguments: [
    { name: "key", type: "key", keySpec: 0 },
    { name: "element", type: "string", flags: ["optional", "multiple"] },
  ],
  run(call) {
    const ref = lookupWrite(call, 1);
    if (ref === WRONG_TYPE_REPLIED) return;
    const { bytes, starts, ends, count } = call.args;
    if (ref === 0) {
      call.dirty += 1 + addWithElements(call.database, 1, bytes, starts, ends, 2, count);
      call.changed(1, EVENT_STRING, "pfadd");
      return call.reply.integer(1);
    }
    unshare(call.database, ref);
    const raised = addElements(call.database, ref, bytes, starts, ends, 2, count);
    if (raised === CORRUPT) return call.reply.error(CORRUPTED);
    if (raised > 0) {
      call.dirty += raised;
      call.changed(1, EVENT_STRING, "pfadd");
    }
    call.reply.integer(raised > 0 ? 1 : 0);
  },
});

export const pfcount = defineCommand({
  name: "pfcount",
  summary: "Estimates how many different elements were added to HyperLogLogs, all taken together.",
  since: "2.8.9",
  group: "hyperloglog",
  complexity:
    "O(1) for one key, and hardly any work when it has not changed since the last time; O(N) for " +
    "N keys, with much more work for each",
  arity: -2,
  // What it finds out is kept in the value, which repeats it everywhere.
  flags: ["readonly", "may_replicate"],
  acl: ["hyperloglog"],
  keys: [keyRange(1, -1, 1, "RW access", "It may keep the result in the value and repeat that")],
  arguments: [{ name: "key", type: "key", keySpec: 0, flags: ["multiple"] }],
  run(call) {
    if (call.count > 2) return replyUnion(call);
    const ref = lookupRead(call, 1);
    if (ref === WRONG_TYPE_REPLIED) return;
    if (ref === 0) return call.reply.integer(0);
    unshare(call.database, ref);
    if (readCardinality(call.database, ref)) {
      if (cached.high < 2 ** 21) return call.reply.integer(cached.high * 2 ** 32 + cached.low);
      return call.reply.bigInteger(BigInt(cached.high) << 32n | BigInt(cached.low));
    }
    const cardinality = cardinalityOf(call.database, ref);
    if (cardinality !== cardinality) return call.reply.error(CORRUPTED);
    if (keep(call, ref, cardinality)) {
      call.dirty++;
      call.touched(1);
    }
    replyCardinality(call, cardinality);
  },
});

/** Caches a cardinality; false where there is no memory for it, and then it is counted again. */
function keep(call: Call, ref: number, cardinality: number): boolean {
  try {
    writeCardinality(call.database, ref, cardinality);
    return true;
  } catch (thrown) {
    if (!(thrown instanceof HeapFull)) throw thrown;
    return false;
  }
}

function replyUnion(call: Call): void {
  beginUnion();
  for (let i = 1; i < call.count; i++) {
    const ref = lookupRead(call, i);
    if (ref === WRONG_TYPE_REPLIED) return;
    if (ref !== 0 && !mergeIntoUnion(call.database, ref)) return call.reply.error(CORRUPTED);
  }
  replyCardinality(call, unionCardinality());
}

function replyCardinality(call: Call, cardinality: number): void {
  if (Number.isSafeInteger(cardinality)) call.reply.integer(cardinality);
  else call.reply.bigInteger(BigInt(cardinality));
}

export const pfmerge = defineCommand({
  name: "pfmerge",
  summary: "Makes a HyperLogLog the union of itself and others.",
  since: "2.8.9",
  group: "hyperloglog",
  complexity: "O(N) for N HyperLogLogs, with much work for each",
  arity: -2,
  flags: ["write", "denyoom"],
  acl: ["hyperloglog"],
  keys: [keyRange(1, 1, 1, "RW access insert"), keyRange(2, -1, 1, "RO access")],
  arguments: [
    { name: "destkey", type: "key", keySpec: 0 },
    { name: "sourcekey", type: "key", keySpec: 1, flags: ["optional", "multiple"] },
  ],
  run(call) {
    const { database } = call;
    beginUnion();
    let isDense = false;
    for (let i = 1; i < call.count; i++) {
      const ref = lookupRead(call, i);
      if (ref === WRONG_TYPE_REPLIED) return;
      if (ref === 0) continue;
      if (encodingOf(database, ref) === DENSE) isDense = true;
      if (!mergeIntoUnion(database, ref)) return call.reply.error(CORRUPTED);
    }
    const { bytes, starts, ends } = call.args;
    storeUnion(database, call.lookupWrite(1), bytes, starts[1], ends[1], isDense);
    call.dirty++;
    call.changed(1, EVENT_STRING, "pfadd");
    call.reply.ok();
  },
});
