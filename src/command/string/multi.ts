/** Several keys at once: MGET, MSET, MSETNX. */
import { NO_EXPIRY } from "../../keyspace/database.ts";
import { KEYS_AHEAD_MAX } from "../../keyspace/keys_ahead.ts";
import { setString } from "../../keyspace/string_value.ts";
import { TYPE_STRING } from "../../keyspace/value_type.ts";
import { wrongArity } from "../../protocol/wire_errors.ts";
import type { Call } from "../call.ts";
import { type ArgumentSpecification, defineCommand, keyRange } from "../definition.ts";
import { EVENT_STRING } from "../key_events.ts";

const PAIRS: ArgumentSpecification = {
  name: "data",
  type: "block",
  flags: ["multiple"],
  arguments: [
    { name: "key", type: "key", keySpec: 0 },
    { name: "value", type: "string" },
  ],
};

export const mget = defineCommand({
  name: "mget",
  summary: "Returns the strings that several keys hold, as they are at one instant.",
  since: "1.0.0",
  group: "string",
  complexity: "O(N), N being the number of keys.",
  arity: -2,
  flags: ["readonly", "fast"],
  acl: ["string"],
  tips: ["request_policy:multi_shard"],
  keys: [keyRange(1, -1, 1, "RO access")],
  arguments: [{ name: "key", type: "key", keySpec: 0, flags: ["multiple"] }],
  run(call) {
    const reply = call.reply;
    const database = call.database;
    const count = call.count;
    reply.array(count - 1);
    for (let i = 1; i < count; i++) {
      if (i % KEYS_AHEAD_MAX === 1) call.fetchKeys(i, 1);
      const ref = call.lookupRead(i);
      if (ref === 0 || database.typeOf(ref) !== TYPE_STRING) reply.null();
      else call.replyValue(ref, 0, database.valueLengthOf(ref));
    }
  },
});

export const mset = defineCommand({
  name: "mset",
  summary: "Stores a string under each of several keys, all at one instant.",
  since: "1.0.1",
  group: "string",
  complexity: "O(N), N being the number of keys.",
  arity: -3,
  flags: ["write", "denyoom"],
  acl: ["string"],
  tips: ["request_policy:multi_shard", "response_policy:all_succeeded"],
  keys: [keyRange(1, -1, 2, "OW update")],
  arguments: [PAIRS],
  run(call) {
    if (!hasWholePairs(call)) return;
    storePairs(call);
    call.reply.ok();
  },
});

export const msetnx = defineCommand({
  name: "msetnx",
  summary: "Stores a string under each of several keys, but only when none of them exists.",
  since: "1.0.1",
  group: "string",
  complexity: "O(N), N being the number of keys.",
  arity: -3,
  flags: ["write", "denyoom"],
  acl: ["string"],
  keys: [keyRange(1, -1, 2, "OW insert")],
  arguments: [PAIRS],
  run(call) {
    if (!hasWholePairs(call)) return;
    for (let i = 1; i < call.count; i += 2) {
      if (call.lookupWrite(i) !== 0) return call.reply.integer(0);
    }
    storePairs(call);
    call.reply.integer(1);
  },
});

/** False, after replying, when the last key has no value. */
function hasWholePairs(call: Call): boolean {
  if (call.count % 2 === 1) return true;
  call.reply.error(wrongArity(call.name));
  return false;
}

function storePairs(call: Call): void {
  const { bytes, starts, ends, count } = call.args;
  const database = call.database;
  for (let i = 1; i < count; i += 2) {
    if (i % (KEYS_AHEAD_MAX * 2) === 1) call.fetchKeys(i, 2);
    setString(
      database,
      call.lookupWrite(i),
      bytes,
      starts[i],
      ends[i],
      bytes,
      starts[i + 1],
      ends[i + 1],
      NO_EXPIRY,
    );
    call.changed(i, EVENT_STRING, "set");
  }
  call.dirty += (count - 1) / 2;
}
