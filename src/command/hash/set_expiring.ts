/** Setting fields together with their expiry time: HSETEX (Redis 8.0). */
import { NO_EXPIRY } from "../../keyspace/database.ts";
import { TYPE_HASH } from "../../keyspace/value_type.ts";
import { wrongArity } from "../../protocol/wire_errors.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { EVENT_HASH, EVENT_NEW } from "../key_events.ts";
import { EXPIRATIONS, FIELD, findField, KEY, tellDeletion, VALUE } from "./arguments.ts";
import { expiryUnitAt, fieldExpiryOrReply, propagateDeletions } from "./field_arguments.ts";

const ONE_EXPIRATION = "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified";
const ONE_CONDITION = "ERR Only one of FXX or FNX arguments can be specified";
const INVALID_FIELD_COUNT = "ERR invalid number of fields";
const FIELD_COUNT_MAX = 2 ** 31 - 1;

export const hsetex = defineCommand({
  name: "hsetex",
  summary: "Sets fields of a hash, with an expiry time, if none or all of them are there.",
  since: "8.0.0",
  group: "hash",
  complexity: "O(N) where N is the number of fields given.",
  arity: -6,
  flags: ["write", "denyoom", "fast"],
  acl: ["hash"],
  keys: [keyRange(1, 1, 1, "RW update")],
  arguments: [
    KEY,
    {
      name: "condition",
      type: "oneof",
      flags: ["optional"],
      arguments: [
        { name: "fnx", type: "pure-token", token: "FNX" },
        { name: "fxx", type: "pure-token", token: "FXX" },
      ],
    },
    {
      name: "expiration",
      type: "oneof",
      flags: ["optional"],
      arguments: [...EXPIRATIONS, { name: "keepttl", type: "pure-token", token: "KEEPTTL" }],
    },
    {
      name: "fields",
      type: "block",
      token: "FIELDS",
      arguments: [
        { name: "numfields", type: "integer" },
        { name: "data", type: "block", flags: ["multiple"], arguments: [FIELD, VALUE] },
      ],
    },
  ],
  run(call) {
    if (!options.read(call)) return;
    let ref = call.lookupWriteOf(1, TYPE_HASH);
    if (ref === WRONG_TYPE_REPLIED) return;
    if (!isConditionMet(call, ref)) return call.reply.integer(0);
    // Looking for a field whose time is past may have taken the key along.
    if (ref !== 0 && (options.isFnx || options.isFxx)) ref = call.keyspace.hashes.entry;
    const expiresAtMs = options.expiresAtMs;
    if (expiresAtMs !== NO_EXPIRY && call.keyspace.isPast(expiresAtMs)) deleteFields(call, ref);
    else setFields(call, ref);
    call.reply.integer(1);
  },
});

/** What stands between the key and the fields; one object serves every call. */
class SetOptions {
  isFnx = false;
  isFxx = false;
  keepsExpiry = false;
  /** NO_EXPIRY when none is given. */
  expiresAtMs = NO_EXPIRY;
  /** Where the unit of the time stands; 0 when there is none. */
  unitIndex = 0;
  /** The argument of the first field. */
  first = 0;

  /** False after replying with an error. */
  read(call: Call): boolean {
    this.isFnx = false;
    this.isFxx = false;
    this.keepsExpiry = false;
    this.expiresAtMs = NO_EXPIRY;
    this.unitIndex = 0;
    const problem = this.#problem(call);
    if (problem !== undefined && problem !== "") call.reply.error(problem);
    return problem === undefined;
  }

  /** The error; "" when it has been replied, undefined when there is none. */
  #problem(call: Call): string | undefined {
    for (let i = 2; i < call.count; i++) {
      const isTimed = this.keepsExpiry || this.unitIndex !== 0;
      const unit = expiryUnitAt(call, i);
      if (unit !== null || call.is(i, "keepttl")) {
        if (isTimed) return ONE_EXPIRATION;
        if (unit === null) this.keepsExpiry = true;
        else {
          if (i + 1 >= call.count) return wrongArity(call.name);
          this.expiresAtMs = fieldExpiryOrReply(call, i + 1, unit);
          if (this.expiresAtMs !== this.expiresAtMs) return "";
          this.unitIndex = i++;
        }
      } else if (call.is(i, "fnx") || call.is(i, "fxx")) {
        if (this.isFnx || this.isFxx) return ONE_CONDITION;
        this.isFnx = call.is(i, "fnx");
        this.isFxx = !this.isFnx;
      } else if (call.is(i, "fields")) {
        this.first = i + 2;
        return this.#fieldsProblem(call, i + 1);
      } else return `ERR unknown argument: ${call.text(i)}`;
    }
    return wrongArity(call.name);
  }

  #fieldsProblem(call: Call, index: number): string | undefined {
    if (index >= call.count) return wrongArity(call.name);
    const count = call.safeInteger(index);
    if (!(count >= 1 && count <= FIELD_COUNT_MAX)) return INVALID_FIELD_COUNT;
    return call.count - index - 1 === 2 * count ? undefined : wrongArity(call.name);
  }
}

const options = new SetOptions();

/** Whether none or all of the fields are there, as is wanted. */
function isConditionMet(call: Call, ref: number): boolean {
  if (!options.isFnx && !options.isFxx) return true;
  for (let i = options.first; i < call.count; i += 2) {
    const isThere = ref !== 0 && findField(call, ref, i);
    if (ref !== 0) ref = call.keyspace.hashes.entry;
    if (isThere === options.isFnx) return false;
  }
  return true;
}

/** A time in the past: as if the fields had been set, and had gone at once. */
function deleteFields(call: Call, ref: number): void {
  const { database, keyspace: { hashes } } = call;
  const deleted: number[] = [];
  if (ref === 0 && call.keyspace.signalsNewKeys) call.notify(1, EVENT_NEW, "new");
  call.changed(1, EVENT_HASH, "hset");
  for (let i = options.first; i < call.count; i += 2) {
    if (ref !== 0 && findField(call, ref, i)) hashes.removeFound(database);
    if (ref !== 0) ref = hashes.entry;
    deleted.push(i);
  }
  if (ref === 0) hashes.entry = 0;
  call.dirty += deleted.length;
  tellDeletion(call);
  propagateDeletions(call, deleted);
}

function setFields(call: Call, ref: number): void {
  const { args: { bytes, starts, ends }, database, keyspace: { hashes } } = call;
  const { expiresAtMs, first, keepsExpiry } = options;
  const pairCount = (call.count - first) / 2;
  const expires = expiresAtMs !== NO_EXPIRY;
  const keeps = keepsExpiry || expires;
  const isThere = ref !== 0;
  if (!isThere) {
    hashes.add(database, 1, bytes, starts, ends, first, pairCount);
    ref = hashes.entry;
    call.dirty += pairCount;
  }
  for (let i = first; i < call.count; i += 2) {
    const field = starts[i];
    const end = ends[i];
    if (isThere) {
      hashes.set(database, ref, bytes, field, end, bytes, starts[i + 1], ends[i + 1], keeps);
      ref = hashes.entry;
      call.dirty++;
    }
    if (expires && hashes.find(database, ref, bytes, field, end)) {
      hashes.setExpiry(database, bytes, field, end, expiresAtMs);
      ref = hashes.entry;
    }
  }
  call.changed(1, EVENT_HASH, "hset");
  if (expires) call.notify(1, EVENT_HASH, "hexpire");
  propagateTime(call);
}

/** Repeats the command with the absolute time. */
function propagateTime(call: Call): void {
  const { args, database, propagation } = call;
  const { expiresAtMs, unitIndex } = options;
  if (unitIndex === 0 || call.is(unitIndex, "pxat") || !propagation.isActive) return;
  const parts: (string | Uint8Array)[] = [];
  for (let i = 0; i < call.count; i++) {
    if (i === unitIndex) parts.push("PXAT");
    else if (i === unitIndex + 1) parts.push(String(expiresAtMs));
    else parts.push(args.view(i));
  }
  propagation.replaceWith(database.index, ...parts);
}
