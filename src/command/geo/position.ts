/** Where members are: GEOPOS, GEOHASH, and how far from each other, GEODIST. */
import { distanceOfScores, GEOHASH_TEXT_BYTES, writeGeohashText } from "../../base/geohash.ts";
import { TYPE_ZSET } from "../../keyspace/value_type.ts";
import type { ReplyWriter } from "../../protocol/reply_writer.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { type CommandDefinition, defineCommand, keyRange } from "../definition.ts";
import { KEY, MEMBER, metersOfUnitOrReply, UNIT } from "./arguments.ts";
import { replyDistance, replyPlace } from "./replies.ts";

export const geopos = placesCommand(
  "geopos",
  "Returns the longitudes and latitudes of members.",
  (reply, score) => {
    if (score !== score) reply.nullArray();
    else replyPlace(reply, score);
  },
);

export const geohash = placesCommand(
  "geohash",
  "Returns the places of members as geohash texts.",
  (reply, score) => {
    if (score !== score) return reply.null();
    const at = reply.beginBulk(GEOHASH_TEXT_BYTES);
    writeGeohashText(reply.bytes, at, score);
    reply.endBulk();
  },
);

/** A command that replies for each member by its score, which is NaN where it is none. */
function placesCommand(
  name: string,
  summary: string,
  replyScore: (reply: ReplyWriter, score: number) => void,
): CommandDefinition {
  return defineCommand({
    name,
    summary,
    since: "3.2.0",
    group: "geo",
    complexity: "O(log(N)) for each member asked for, where N is the number of members.",
    arity: -2,
    flags: ["readonly"],
    acl: ["geo"],
    keys: [keyRange(1, 1, 1, "RO access")],
    arguments: [KEY, { ...MEMBER, flags: ["optional", "multiple"] }],
    run(call) {
      const ref = call.lookupReadOf(1, TYPE_ZSET);
      if (ref === WRONG_TYPE_REPLIED) return;
      const reply = call.reply;
      reply.array(call.count - 2);
      for (let i = 2; i < call.count; i++) replyScore(reply, scoreOf(call, ref, i));
    },
  });
}

export const geodist = defineCommand({
  name: "geodist",
  summary: "Returns how far two members are from each other.",
  since: "3.2.0",
  group: "geo",
  complexity: "O(log(N)) where N is the number of members.",
  arity: -4,
  flags: ["readonly"],
  acl: ["geo"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: [
    KEY,
    { ...MEMBER, name: "member1" },
    { ...MEMBER, name: "member2" },
    { ...UNIT, flags: ["optional"] },
  ],
  run(call) {
    let metersOfUnit = 1;
    if (call.count === 5) {
      metersOfUnit = metersOfUnitOrReply(call, 4);
      if (metersOfUnit !== metersOfUnit) return;
    } else if (call.count > 5) return call.syntaxError();
    const ref = call.lookupReadOf(1, TYPE_ZSET);
    if (ref === WRONG_TYPE_REPLIED) return;
    const from = scoreOf(call, ref, 2);
    const to = from === from ? scoreOf(call, ref, 3) : from;
    if (to !== to) return call.reply.null();
    replyDistance(call.reply, distanceOfScores(from, to) / metersOfUnit);
  },
});

/** The score of the member at an argument; NaN when there is none such, or no key. */
function scoreOf(call: Call, ref: number, index: number): number {
  if (ref === 0) return NaN;
  const { bytes, starts, ends } = call.args;
  return call.keyspace.zsets.scoreOf(call.database, ref, bytes, starts[index], ends[index]);
}
