/** Taking members out, by name, rank, score or bytes: ZREM, ZREMRANGEBYRANK and the like. */
import { TYPE_ZSET } from "../../keyspace/value_type.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import type { ArgumentSpecification } from "../definition.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { EVENT_GENERIC, EVENT_ZSET } from "../key_events.ts";
import { KEY, MEMBERS } from "./arguments.ts";
import { BY_LEX, BY_RANK, BY_SCORE, MemberRange } from "./range_argument.ts";

const range = new MemberRange();

export const zrem = defineCommand({
  name: "zrem",
  summary: "Takes members out of a sorted set; without members the key is gone, too.",
  since: "1.2.0",
  group: "sorted-set",
  complexity: "O(M*log(N)) to take M members out of N.",
  history: [["2.4.0", "More than one member at once."]],
  arity: -3,
  flags: ["write", "fast"],
  acl: ["sortedset"],
  keys: [keyRange(1, 1, 1, "RW delete")],
  arguments: [KEY, MEMBERS],
  run(call) {
    const { args, database, keyspace: { zsets } } = call;
    let ref = call.lookupWriteOf(1, TYPE_ZSET);
    if (ref === WRONG_TYPE_REPLIED) return;
    if (ref === 0) return call.reply.integer(0);
    let removed = 0;
    let left = zsets.count(database, ref);
    for (let i = 2; i < args.count && left > 0; i++) {
      if (!zsets.remove(database, ref, args.bytes, args.starts[i], args.ends[i])) continue;
      ref = zsets.ref;
      removed++;
      left--;
      call.dirty++;
    }
    if (left === 0) database.delete(ref);
    if (removed > 0) {
      call.notify(1, EVENT_ZSET, "zrem");
      if (left === 0) call.notify(1, EVENT_GENERIC, "del");
      call.touched(1);
    }
    call.reply.integer(removed);
  },
});

/** One of the three, which differ in how a range is given. */
function removal(
  name: string,
  kind: number,
  since: string,
  what: string,
  bounds: readonly ArgumentSpecification[],
): ReturnType<typeof defineCommand> {
  return defineCommand({
    name,
    summary: `Takes the members of a range of ${what} out of a sorted set.`,
    since,
    group: "sorted-set",
    complexity: "O(log(N)+M) to take M members out of N.",
    arity: 4,
    flags: ["write"],
    acl: ["sortedset"],
    keys: [keyRange(1, 1, 1, "RW delete")],
    arguments: [KEY, ...bounds],
    run: (call) => removeRange(call, kind),
  });
}

export const zremrangebyrank = removal("zremrangebyrank", BY_RANK, "2.0.0", "ranks", [
  { name: "start", type: "integer" },
  { name: "stop", type: "integer" },
]);

export const zremrangebyscore = removal("zremrangebyscore", BY_SCORE, "1.2.0", "scores", [
  { name: "min", type: "double" },
  { name: "max", type: "double" },
]);

export const zremrangebylex = removal("zremrangebylex", BY_LEX, "2.8.9", "bytes", [
  { name: "min", type: "string" },
  { name: "max", type: "string" },
]);

function removeRange(call: Call, kind: number): void {
  if (!range.read(call, 2, kind, false)) return;
  const { database, keyspace: { zsets } } = call;
  const ref = call.lookupWriteOf(1, TYPE_ZSET);
  if (ref === WRONG_TYPE_REPLIED) return;
  if (ref === 0) return call.reply.integer(0);
  range.resolve(call, ref);
  const count = range.to - range.from;
  const isAll = count === zsets.count(database, ref);
  if (isAll) database.delete(ref);
  else if (count > 0) zsets.removeRange(database, ref, range.from, count);
  call.dirty += count;
  if (count > 0) {
    call.changed(1, EVENT_ZSET, call.name);
    if (isAll) call.notify(1, EVENT_GENERIC, "del");
  }
  call.reply.integer(count);
}
