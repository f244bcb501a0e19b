/** All fields at once: HGETALL, HKEYS, HVALS. */
import { TYPE_HASH } from "../../keyspace/value_type.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { type CommandDefinition, defineCommand, keyRange } from "../definition.ts";
import { KEY, replyField, replyValue } from "./arguments.ts";

export const hgetall = allCommand("hgetall", "Returns all fields with their values.", true, true);
export const hkeys = allCommand("hkeys", "Returns all fields.", true, false);
export const hvals = allCommand("hvals", "Returns the values of all fields.", false, true);

function allCommand(
  name: string,
  summary: string,
  hasFields: boolean,
  hasValues: boolean,
): CommandDefinition {
  return defineCommand({
    name,
    summary,
    since: "2.0.0",
    group: "hash",
    complexity: "O(N) where N is the number of fields.",
    arity: 2,
    flags: ["readonly"],
    acl: ["hash"],
    tips: ["nondeterministic_output_order"],
    keys: [keyRange(1, 1, 1, "RO access")],
    arguments: [KEY],
    run: (call) => replyAll(call, hasFields, hasValues),
  });
}

function replyAll(call: Call, hasFields: boolean, hasValues: boolean): void {
  const ref = call.lookupReadOf(1, TYPE_HASH);
  if (ref === WRONG_TYPE_REPLIED) return;
  const { database, keyspace: { hashes }, reply } = call;
  const count = ref === 0 ? 0 : hashes.liveCount(database, ref);
  if (hasFields && hasValues) reply.map(count);
  else reply.array(count);
  if (count === 0) return;
  for (hashes.beginWalk(database, ref); hashes.next();) {
    if (hasFields) replyField(call);
    if (hasValues) replyValue(call);
  }
}
