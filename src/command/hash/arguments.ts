/** Arguments that many of the hash commands share, as COMMAND DOCS describes them, and the fields. */
import { ENCODING_LISTPACK } from "../../keyspace/value_type.ts";
import type { Call } from "../call.ts";
import type { ArgumentSpecification } from "../definition.ts";
import { EVENT_GENERIC, EVENT_HASH } from "../key_events.ts";

export const KEY: ArgumentSpecification = { name: "key", type: "key", keySpec: 0 };
export const FIELD: ArgumentSpecification = { name: "field", type: "string" };
export const VALUE: ArgumentSpecification = { name: "value", type: "string" };
export const FIELDS: ArgumentSpecification = { name: "field", type: "string", flags: ["multiple"] };

/** `FIELDS numfields field ...` */
export const FIELDS_BLOCK: ArgumentSpecification = {
  name: "fields",
  type: "block",
  token: "FIELDS",
  arguments: [{ name: "numfields", type: "integer" }, FIELDS],
};

/** The ways to give an expiry time. */
export const EXPIRATIONS: readonly ArgumentSpecification[] = [
  { name: "seconds", type: "integer", token: "EX" },
  { name: "milliseconds", type: "integer", token: "PX" },
  { name: "unix-time-seconds", type: "unix-time", token: "EXAT" },
  { name: "unix-time-milliseconds", type: "unix-time", token: "PXAT" },
];

/** Goes to the field at an argument: false when there is none. See `Hashes.find`. */
export function findField(call: Call, ref: number, index: number): boolean {
  const { bytes, starts, ends } = call.args;
  return call.keyspace.hashes.find(call.database, ref, bytes, starts[index], ends[index]);
}

/** Replies with the value at the place that a look-up has gone to. */
export function replyValue(call: Call): void {
  const hashes = call.keyspace.hashes;
  hashes.value();
  call.reply.bulk(hashes.bytes, hashes.start, hashes.end);
}

/** Replies with the name of the field at the place that a look-up has gone to. */
export function replyField(call: Call): void {
  const hashes = call.keyspace.hashes;
  hashes.field();
  call.reply.bulk(hashes.bytes, hashes.start, hashes.end);
}

/** Tells that fields have been deleted, and the key with the last of them. */
export function tellDeletion(call: Call): void {
  call.changed(1, EVENT_HASH, "hdel");
  if (call.keyspace.hashes.entry === 0) call.notify(1, EVENT_GENERIC, "del");
}

/** Whether an entry's hash is a listpack. */
export function isListpack(call: Call, ref: number): boolean {
  return call.database.encodingOf(ref) === ENCODING_LISTPACK;
}
