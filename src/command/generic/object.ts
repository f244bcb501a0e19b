/** How a value is kept: OBJECT and its subcommands. None of them touches the key. */
import { ENCODING_INT, ENCODING_NAMES } from "../../keyspace/value_type.ts";
import type { Call } from "../call.ts";
import type { ArgumentSpecification, CommandDefinition } from "../definition.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { helpCommand } from "../help.ts";

const SWITCHING = "Please note that when switching between policies at runtime LRU and LFU data " +
  "will take some time to adjust.";
const IDLE_TIME_NOT_TRACKED =
  `ERR An LFU maxmemory policy is selected, idle time not tracked. ${SWITCHING}`;
const FREQUENCY_NOT_TRACKED =
  `ERR An LFU maxmemory policy is not selected, access frequency not tracked. ${SWITCHING}`;

/** What Redis answers for its shared integers, 0 to 9999: the count that is never changed. */
const SHARED_REFERENCE_COUNT = 2 ** 31 - 1;
const SHARED_INTEGER_DIGITS_MAX = 4;
const MINUS = 0x2d;

const KEY: readonly ArgumentSpecification[] = [{ name: "key", type: "key", keySpec: 0 }];
const READ_KEY = [keyRange(2, 2, 1, "RO")];
const TIPS = ["nondeterministic_output"];

const HELP = [
  "ENCODING <key>",
  "    Names the encoding in which the value of <key> is kept.",
  "FREQ <key>",
  "    Shows how often <key> is used: a counter that grows with the logarithm of",
  "    its accesses. Needs an LFU maxmemory-policy.",
  "IDLETIME <key>",
  "    Shows for how many seconds nobody has used <key>. Needs a maxmemory-policy",
  "    that is not LFU.",
  "REFCOUNT <key>",
  "    Counts the references to the value of <key>.",
];

const encoding = defineCommand({
  name: "encoding",
  summary: "Names the encoding in which a key's value is kept.",
  since: "2.2.3",
  group: "generic",
  complexity: "O(1)",
  arity: 3,
  flags: ["readonly"],
  acl: ["keyspace"],
  tips: TIPS,
  keys: READ_KEY,
  arguments: KEY,
  run(call) {
    const ref = lookupOrReply(call);
    if (ref !== 0) call.reply.bulkText(ENCODING_NAMES[call.database.encodingOf(ref)]);
  },
});

const freq = defineCommand({
  name: "freq",
  summary: "Shows how often a key is used, on a logarithmic scale.",
  since: "4.0.0",
  group: "generic",
  complexity: "O(1)",
  arity: 3,
  flags: ["readonly"],
  acl: ["keyspace"],
  tips: TIPS,
  keys: READ_KEY,
  arguments: KEY,
  run(call) {
    const ref = lookupOrReply(call);
    if (ref === 0) return;
    const access = call.keyspace.access;
    if (!access.isLfu) return call.reply.error(FREQUENCY_NOT_TRACKED);
    call.reply.integer(access.frequency(call.database.accessOf(ref)));
  },
});

const idletime = defineCommand({
  name: "idletime",
  summary: "Shows for how many seconds a key has not been used.",
  since: "2.2.3",
  group: "generic",
  complexity: "O(1)",
  arity: 3,
  flags: ["readonly"],
  acl: ["keyspace"],
  tips: TIPS,
  keys: READ_KEY,
  arguments: KEY,
  run(call) {
    const ref = lookupOrReply(call);
    if (ref === 0) return;
    const access = call.keyspace.access;
    if (access.isLfu) return call.reply.error(IDLE_TIME_NOT_TRACKED);
    call.reply.integer(access.idleSeconds(call.database.accessOf(ref)));
  },
});

const refcount = defineCommand({
  name: "refcount",
  summary: "Counts the references to a key's value.",
  since: "2.2.3",
  group: "generic",
  complexity: "O(1)",
  arity: 3,
  flags: ["readonly"],
  acl: ["keyspace"],
  tips: TIPS,
  keys: READ_KEY,
  arguments: KEY,
  run(call) {
    const ref = lookupOrReply(call);
    if (ref === 0) return;
    call.reply.integer(isSharedInteger(call, ref) ? SHARED_REFERENCE_COUNT : 1);
  },
});

const help = helpCommand("OBJECT", "6.2.0", "generic", HELP, ["keyspace"]);

/** A key that is missing here is no event. */
function lookupOrReply(call: Call): number {
  const args = call.args;
  const ref = call.database.peekRead(args.bytes, args.starts[2], args.ends[2]);
  if (ref === 0) call.reply.null();
  return ref;
}

/** Whether Redis would keep the value as one of the integers that all keys share. */
function isSharedInteger(call: Call, ref: number): boolean {
  const database = call.database;
  if (!call.settings.sharesIntegers || database.encodingOf(ref) !== ENCODING_INT) return false;
  const length = database.valueLengthOf(ref);
  if (length > SHARED_INTEGER_DIGITS_MAX) return false;
  const at = database.valueSpan(ref, 0, length);
  return call.keyspace.heap.bytes[at] !== MINUS;
}

/** OBJECT. */
export const objectCommand: CommandDefinition = defineCommand({
  name: "object",
  summary: "Looks at how the values of keys are kept.",
  since: "2.2.3",
  group: "generic",
  complexity: "Depends on subcommand.",
  arity: -2,
  flags: [],
  subcommands: [encoding, freq, help, idletime, refcount],
});
