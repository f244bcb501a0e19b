/** Deleting fields: HDEL. */
import { TYPE_HASH } from "../../keyspace/value_type.ts";
import { WRONG_TYPE_REPLIED } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { FIELDS, findField, KEY, tellDeletion } from "./arguments.ts";

export const hdel = defineCommand({
  name: "hdel",
  summary: "Deletes fields; the key goes with the last one.",
  since: "2.0.0",
  group: "hash",
  complexity: "O(N) where N is the number of fields given.",
  history: [["2.4.0", "Takes several fields."]],
  arity: -3,
  flags: ["write", "fast"],
  acl: ["hash"],
  keys: [keyRange(1, 1, 1, "RW delete")],
  arguments: [KEY, FIELDS],
  run(call) {
    let ref = call.lookupWriteOf(1, TYPE_HASH);
    if (ref === WRONG_TYPE_REPLIED) return;
    const { database, keyspace: { hashes } } = call;
    let deleted = 0;
    for (let i = 2; i < call.count && ref !== 0; i++) {
      if (findField(call, ref, i)) {
        hashes.removeFound(database);
        call.dirty++;
        deleted++;
      }
      ref = hashes.entry;
    }
    if (deleted > 0) tellDeletion(call);
    call.reply.integer(deleted);
  },
});
