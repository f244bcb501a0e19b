/**
 * SET and the older commands that are SET with one of its options: SETNX, SETEX, PSETEX, GETSET.
 *
 * A relative expiry is told to others as an absolute one (`SET key value PXAT ms`), so that it ends
 * at the same instant wherever it is repeated. An expiry that is past is no error: the key is set,
 * and gone at the next look.
 */
import { NO_EXPIRY } from "../../keyspace/database.ts";
import { KEEP_EXPIRY, setString } from "../../keyspace/string_value.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { type ArgumentSpecification, defineCommand, keyRange } from "../definition.ts";
import { EX, positiveExpiryOrReply, PX, PXAT } from "../expiry_argument.ts";
import { EVENT_GENERIC, EVENT_STRING } from "../key_events.ts";
import { StringOptions } from "./options.ts";

const KEY: ArgumentSpecification = { name: "key", type: "key", keySpec: 0 };
const VALUE: ArgumentSpecification = { name: "value", type: "string" };

const options = new StringOptions();

export const set = defineCommand({
  name: "set",
  summary: "Stores a string under a key, whatever the key held, if the given condition allows it.",
  since: "1.0.0",
  group: "string",
  complexity: "O(1)",
  history: [
    ["2.6.12", "The options `EX`, `PX`, `NX` and `XX` came."],
    ["6.0.0", "The option `KEEPTTL` came."],
    ["6.2.0", "The options `GET`, `EXAT` and `PXAT` came."],
    ["7.0.0", "`NX` and `GET` may be given together."],
  ],
  arity: -3,
  flags: ["write", "denyoom"],
  acl: ["string"],
  keys: [
    keyRange(
      1,
      1,
      1,
      "RW access update variable_flags",
      "The old value is read only when `GET` is given",
    ),
  ],
  arguments: [
    KEY,
    VALUE,
    {
      name: "condition",
      type: "oneof",
      since: "2.6.12",
      flags: ["optional"],
      arguments: [
        { name: "nx", type: "pure-token", token: "NX" },
        { name: "xx", type: "pure-token", token: "XX" },
      ],
    },
    { name: "get", type: "pure-token", token: "GET", since: "6.2.0", flags: ["optional"] },
    {
      name: "expiration",
      type: "oneof",
      flags: ["optional"],
      arguments: [
        { name: "seconds", type: "integer", token: "EX", since: "2.6.12" },
        { name: "milliseconds", type: "integer", token: "PX", since: "2.6.12" },
        { name: "unix-time-seconds", type: "unix-time", token: "EXAT", since: "6.2.0" },
        { name: "unix-time-milliseconds", type: "unix-time", token: "PXAT", since: "6.2.0" },
        { name: "keepttl", type: "pure-token", token: "KEEPTTL", since: "6.0.0" },
      ],
    },
  ],
  run(call) {
    if (call.count === 3) {
      store(call, call.lookupWrite(1), 2, NO_EXPIRY);
      call.reply.ok();
    } else setWithOptions(call);
  },
});

export const setnx = defineCommand({
  name: "setnx",
  summary: "Stores a string under a key that does not exist yet.",
  since: "1.0.0",
  group: "string",
  complexity: "O(1)",
  deprecatedSince: "2.6.12",
  replacedBy: "`SET` with the `NX` argument",
  docFlags: ["deprecated"],
  arity: 3,
  flags: ["write", "denyoom", "fast"],
  acl: ["string"],
  keys: [keyRange(1, 1, 1, "OW insert")],
  arguments: [KEY, VALUE],
  run(call) {
    const ref = call.lookupWrite(1);
    if (ref === 0) store(call, ref, 2, NO_EXPIRY);
    call.reply.integer(ref === 0 ? 1 : 0);
  },
});

export const setex = defineCommand({
  name: "setex",
  summary: "Stores a string under a key that will live for so many seconds.",
  since: "2.0.0",
  group: "string",
  complexity: "O(1)",
  deprecatedSince: "2.6.12",
  replacedBy: "`SET` with the `EX` argument",
  docFlags: ["deprecated"],
  arity: 4,
  flags: ["write", "denyoom"],
  acl: ["string"],
  keys: [keyRange(1, 1, 1, "OW update")],
  arguments: [KEY, { name: "seconds", type: "integer" }, VALUE],
  run(call) {
    setExpiring(call, positiveExpiryOrReply(call, 2, EX));
  },
});

export const psetex = defineCommand({
  name: "psetex",
  summary: "Stores a string under a key that will live for so many milliseconds.",
  since: "2.6.0",
  group: "string",
  complexity: "O(1)",
  deprecatedSince: "2.6.12",
  replacedBy: "`SET` with the `PX` argument",
  docFlags: ["deprecated"],
  arity: 4,
  flags: ["write", "denyoom"],
  acl: ["string"],
  keys: [keyRange(1, 1, 1, "OW update")],
  arguments: [KEY, { name: "milliseconds", type: "integer" }, VALUE],
  run(call) {
    setExpiring(call, positiveExpiryOrReply(call, 2, PX));
  },
});

export const getset = defineCommand({
  name: "getset",
  summary: "Stores a string under a key and returns the one that was there.",
  since: "1.0.0",
  group: "string",
  complexity: "O(1)",
  deprecatedSince: "6.2.0",
  replacedBy: "`SET` with the `!GET` argument",
  docFlags: ["deprecated"],
  arity: 3,
  flags: ["write", "denyoom", "fast"],
  acl: ["string"],
  keys: [keyRange(1, 1, 1, "RW access update")],
  arguments: [KEY, VALUE],
  run(call) {
    const ref = call.lookupStringRead(1);
    if (ref === WRONG_TYPE_REPLIED) return;
    replyOld(call, ref);
    store(call, ref, 2, NO_EXPIRY);
    if (call.propagation.isActive) {
      call.propagation.replaceWith(
        call.database.index,
        "SET",
        call.args.view(1),
        call.args.view(2),
      );
    }
  },
});

function setWithOptions(call: Call): void {
  if (!options.read(call, 3, true)) return;
  const unit = options.unit;
  let expiresAtMs = options.isKeepTtl ? KEEP_EXPIRY : NO_EXPIRY;
  if (unit !== null) {
    expiresAtMs = positiveExpiryOrReply(call, options.expiryIndex, unit);
    if (expiresAtMs !== expiresAtMs) return;
  }
  const isGet = options.isGet;
  const ref = isGet ? call.lookupStringRead(1) : call.lookupWrite(1);
  if (isGet) {
    if (ref === WRONG_TYPE_REPLIED) return;
    replyOld(call, ref);
  }
  if (ref === 0 ? options.isXx : options.isNx) {
    if (!isGet) call.reply.null();
    return;
  }
  store(call, ref, 2, expiresAtMs);
  if (unit !== null) call.notify(1, EVENT_GENERIC, "expire");
  if (!isGet) call.reply.ok();
  if (!call.propagation.isActive) return;
  if (unit !== null && unit !== PXAT) propagateExpiring(call, 2, expiresAtMs);
  else if (unit === null && isGet) propagateWithoutGet(call);
}

/** SETEX and PSETEX, their expiry being read: NaN when it was refused. */
function setExpiring(call: Call, expiresAtMs: number): void {
  if (expiresAtMs !== expiresAtMs) return;
  store(call, call.lookupWrite(1), 3, expiresAtMs);
  call.notify(1, EVENT_GENERIC, "expire");
  call.reply.ok();
  if (call.propagation.isActive) propagateExpiring(call, 3, expiresAtMs);
}

/** Sets the key of argument 1, just looked up, to the value at an argument. */
function store(call: Call, ref: number, valueIndex: number, expiresAtMs: number): void {
  const { bytes, starts, ends } = call.args;
  setString(
    call.database,
    ref,
    bytes,
    starts[1],
    ends[1],
    bytes,
    starts[valueIndex],
    ends[valueIndex],
    expiresAtMs,
  );
  call.dirty++;
  call.changed(1, EVENT_STRING, "set");
}

function replyOld(call: Call, ref: number): void {
  if (ref === 0) call.reply.null();
  else call.replyValue(ref, 0, call.database.valueLengthOf(ref));
}

function propagateExpiring(call: Call, valueIndex: number, expiresAtMs: number): void {
  const args = call.args;
  call.propagation.replaceWith(
    call.database.index,
    "SET",
    args.view(1),
    args.view(valueIndex),
    "PXAT",
    BigInt(expiresAtMs).toString(),
  );
}

/** Nobody who repeats the command has a use for the old value. */
function propagateWithoutGet(call: Call): void {
  const parts: Uint8Array[] = [];
  for (let i = 0; i < call.count; i++) {
    if (i < 3 || !call.is(i, "get")) parts.push(call.args.view(i));
  }
  call.propagation.replaceWith(call.database.index, ...parts);
}
