/** GEOSEARCH and GEOSEARCHSTORE, and what GEORADIUS and its relatives have in common with them. */
import { TYPE_ZSET } from "../../keyspace/value_type.ts";
import type { ZsetBuilder } from "../../keyspace/zset/zset_builder.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { type ArgumentSpecification, defineCommand, keyRange } from "../definition.ts";
import { replaceByResult } from "../zset_result.ts";
import { GeoArea } from "./area.ts";
import {
  countArgument,
  KEY,
  LATITUDE,
  LONGITUDE,
  MEMBER,
  ORDER,
  UNIT,
  wordArgument,
} from "./arguments.ts";
import { GeoMatches } from "./matches.ts";
import { replyDistance, replyPlace, replyScoreAsInteger } from "./replies.ts";
import { GeoSearchOptions, TAKES_AREA, TAKES_STOREDIST_WORD } from "./search_options.ts";

const COMPLEXITY =
  "O(N+log(M)) where N is the number of members in the cells that cover the area and M is the " +
  "number of all members.";

/** What is searched, how, and what has been found: of one call at a time. */
export const area: GeoArea = new GeoArea();
export const options: GeoSearchOptions = new GeoSearchOptions(area);
const matches = new GeoMatches();

const FROM: ArgumentSpecification = {
  name: "from",
  type: "oneof",
  arguments: [
    { ...MEMBER, token: "FROMMEMBER" },
    { name: "fromlonlat", type: "block", token: "FROMLONLAT", arguments: [LONGITUDE, LATITUDE] },
  ],
};
const BY: ArgumentSpecification = {
  name: "by",
  type: "oneof",
  arguments: [
    {
      name: "circle",
      type: "block",
      arguments: [{ name: "radius", type: "double", token: "BYRADIUS" }, UNIT],
    },
    {
      name: "box",
      type: "block",
      arguments: [
        { name: "width", type: "double", token: "BYBOX" },
        { name: "height", type: "double" },
        UNIT,
      ],
    },
  ],
};

export const geosearch = defineCommand({
  name: "geosearch",
  summary: "Returns the members in a circle or a box.",
  since: "6.2.0",
  group: "geo",
  complexity: COMPLEXITY,
  history: [["7.0.0", "Units may be written in capitals."]],
  arity: -7,
  flags: ["readonly"],
  acl: ["geo"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: [
    KEY,
    FROM,
    BY,
    ORDER,
    countArgument(),
    wordArgument("withcoord"),
    wordArgument("withdist"),
    wordArgument("withhash"),
  ],
  run(call) {
    const ref = call.lookupReadOf(1, TYPE_ZSET);
    if (ref === WRONG_TYPE_REPLIED) return;
    options.begin(TAKES_AREA);
    if (options.read(call, 2, ref)) search(call, ref);
  },
});

export const geosearchstore = defineCommand({
  name: "geosearchstore",
  summary: "Makes the members in a circle or a box another sorted set.",
  since: "6.2.0",
  group: "geo",
  complexity: COMPLEXITY,
  history: [["7.0.0", "Units may be written in capitals."]],
  arity: -8,
  flags: ["write", "denyoom"],
  acl: ["geo"],
  keys: [keyRange(1, 1, 1, "OW update"), keyRange(2, 2, 1, "RO access")],
  arguments: [
    { name: "destination", type: "key", keySpec: 0 },
    { name: "source", type: "key", keySpec: 1 },
    FROM,
    BY,
    ORDER,
    countArgument(),
    wordArgument("storedist"),
  ],
  run(call) {
    const ref = call.lookupReadOf(2, TYPE_ZSET);
    if (ref === WRONG_TYPE_REPLIED) return;
    options.begin(TAKES_AREA | TAKES_STOREDIST_WORD);
    options.storeIndex = 1;
    if (options.read(call, 3, ref)) search(call, ref);
  },
});

/**
 * Does the search that `area` and `options` say, and replies or stores what it finds.
 * @param ref the sorted set; 0 when there is none.
 */
export function search(call: Call, ref: number): void {
  const isStored = options.storeIndex !== 0;
  try {
    if (ref !== 0) {
      area.cover();
      find(call, ref, options.isAny ? options.count : Infinity);
    }
    const count = Math.min(matches.count, options.count);
    // Of the nearest there must be an order, whether it is asked for or not.
    const isOrdered = options.isAscending || options.isDescending ||
      (options.count !== Infinity && !options.isAny);
    if (isOrdered && count > 0) matches.sort(options.isDescending, count);
    if (isStored) store(call, count);
    else reply(call, count);
  } finally {
    matches.clear();
  }
}

/** Collects what is in the area, up to so many members. */
function find(call: Call, ref: number, limit: number): void {
  const database = call.database;
  const zsets = call.keyspace.zsets;
  const reader = zsets.reader;
  reader.open(database, ref);
  for (let cell = 0; cell < area.cellCount; cell++) {
    const maximum = area.maximums[cell];
    const rank = zsets.rankOfScore(database, ref, area.minimums[cell], false);
    for (let more = reader.seek(rank); more; more = reader.next()) {
      const score = reader.score;
      if (score >= maximum) break;
      area.score = score;
      if (!area.contains()) continue;
      matches.add(reader.bytes, reader.start, reader.end, score, area.distance);
      if (matches.count >= limit) return;
    }
  }
}

function reply(call: Call, count: number): void {
  const reply = call.reply;
  const { hasDistance, hasHash, hasCoordinates } = options;
  const fields = 1 + (hasDistance ? 1 : 0) + (hasHash ? 1 : 0) + (hasCoordinates ? 1 : 0);
  const { bytes, ends, order, scores, distances } = matches;
  reply.array(count);
  for (let i = 0; i < count; i++) {
    const index = order[i];
    if (fields > 1) reply.array(fields);
    reply.bulk(bytes, matches.startOf(index), ends[index]);
    if (hasDistance) replyDistance(reply, distances[index] / area.metersOfUnit);
    if (hasHash) replyScoreAsInteger(reply, scores[index]);
    if (hasCoordinates) replyPlace(reply, scores[index]);
  }
}

/** Makes the result the value of a key, in the place of any other; nothing only deletes that. */
function store(call: Call, count: number): void {
  const { builder } = call.keyspace.zsets;
  builder.begin();
  try {
    build(builder, count);
    const event = call.name === "geosearchstore" ? call.name : "georadiusstore";
    replaceByResult(call, options.storeIndex, builder, event);
    // Redis counts what is stored.
    if (count > 0) call.dirty += count - 1;
  } finally {
    builder.end();
  }
  call.reply.integer(count);
}

function build(builder: ZsetBuilder, count: number): void {
  const { bytes, ends, order, scores, distances } = matches;
  for (let i = 0; i < count; i++) {
    const index = order[i];
    const start = matches.startOf(index);
    const score = options.storesDistance ? distances[index] / area.metersOfUnit : scores[index];
    if (!builder.has(bytes, start, ends[index])) builder.add(bytes, start, ends[index], score);
  }
  builder.order();
}
