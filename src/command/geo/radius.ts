/** The searches of before GEOSEARCH: circles only, GEORADIUS and its relatives. */
import { TYPE_ZSET } from "../../keyspace/value_type.ts";
import type { Arguments } from "../../protocol/arguments.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import {
  type ArgumentSpecification,
  type CommandDefinition,
  defineCommand,
  keyRange,
  type KeySpecification,
} from "../definition.ts";
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
import { options, search } from "./search.ts";
import { TAKES_STORE } from "./search_options.ts";

const COMPLEXITY =
  "O(N+log(M)) where N is the number of members in the cells that cover the circle and M is the " +
  "number of all members.";
const CAPITALS: readonly [string, string] = ["7.0.0", "Units may be written in capitals."];
const ANY_CAME: readonly [string, string] = ["6.2.0", "The option `ANY` of `COUNT` came."];

const RADIUS: ArgumentSpecification = { name: "radius", type: "double" };

/** STORE and STOREDIST, which share a place in the syntax. */
const STORE: ArgumentSpecification = {
  name: "store",
  type: "oneof",
  flags: ["optional"],
  arguments: [
    { name: "storekey", displayText: "key", type: "key", keySpec: 1, token: "STORE" },
    { name: "storedistkey", displayText: "key", type: "key", keySpec: 2, token: "STOREDIST" },
  ],
};

export const georadius = radiusCommand("georadius", false, true);
export const georadiusRo = radiusCommand("georadius_ro", false, false);
export const georadiusbymember = radiusCommand("georadiusbymember", true, true);
export const georadiusbymemberRo = radiusCommand("georadiusbymember_ro", true, false);

function radiusCommand(name: string, isByMember: boolean, isStoring: boolean): CommandDefinition {
  const first = isByMember ? 5 : 6;
  const history = isByMember
    ? (isStoring ? [CAPITALS] : [])
    : isStoring
    ? [ANY_CAME, CAPITALS]
    : [ANY_CAME];
  const options: ArgumentSpecification[] = [
    wordArgument("withcoord"),
    wordArgument("withdist"),
    wordArgument("withhash"),
    countArgument(isByMember ? undefined : "6.2.0"),
    ORDER,
  ];
  return defineCommand({
    name,
    summary: `Returns the members in a circle around a ${isByMember ? "member" : "place"}` +
      (isStoring ? ", or stores them." : "; it never stores them."),
    since: isStoring ? "3.2.0" : "3.2.10",
    group: "geo",
    complexity: COMPLEXITY,
    docFlags: ["deprecated"],
    deprecatedSince: "6.2.0",
    replacedBy: replacement(isByMember, isStoring),
    ...(history.length === 0 ? {} : { history }),
    arity: -first,
    flags: isStoring ? ["write", "denyoom", "movablekeys"] : ["readonly"],
    acl: ["geo"],
    keys: [
      keyRange(1, 1, 1, "RO access"),
      ...(isStoring ? [keyAfter("STORE", first), keyAfter("STOREDIST", first)] : []),
    ],
    arguments: [
      KEY,
      ...(isByMember ? [MEMBER] : [LONGITUDE, LATITUDE]),
      RADIUS,
      UNIT,
      ...options,
      ...(isStoring ? [STORE] : []),
    ],
    ...(isStoring
      ? {
        getKeys: (args, positions, flags) => pushKeys(first, args, positions, flags),
      }
      : {}),
    run: (call) => searchCircle(call, isByMember, isStoring),
  });
}

function replacement(isByMember: boolean, isStoring: boolean): string {
  const commands = isStoring ? "`GEOSEARCH` and `GEOSEARCHSTORE`" : "`GEOSEARCH`";
  const words = isByMember ? "`BYRADIUS` and `FROMMEMBER` arguments" : "`BYRADIUS` argument";
  return `${commands} with the ${words}`;
}

function keyAfter(keyword: string, startFrom: number): KeySpecification {
  return {
    flags: "OW update",
    begin: { keyword, startFrom },
    find: { lastKey: 0, step: 1, limit: 0 },
  };
}

/** The key that is searched, and the last one that is given to store in. */
function pushKeys(
  first: number,
  args: Arguments,
  positions: number[],
  flags: string[],
): undefined {
  positions.push(1);
  let stored = 0;
  for (let i = first; i + 1 < args.count; i++) {
    if (args.is(i, "store") || args.is(i, "storedist")) stored = ++i;
  }
  if (stored !== 0) flags[positions.push(stored) - 1] = "OW update";
}

function searchCircle(call: Call, isByMember: boolean, isStoring: boolean): void {
  const ref = call.lookupReadOf(1, TYPE_ZSET);
  if (ref === WRONG_TYPE_REPLIED) return;
  options.begin(isStoring ? TAKES_STORE : 0);
  if (!isByMember) {
    if (!options.readMiddle(call, 2) || !options.readRadius(call, 4)) return;
    if (options.read(call, 6, ref)) search(call, ref);
    return;
  }
  // Where there is no member to search around, nobody looks at the radius.
  if (ref !== 0 && !(options.takeMember(call, 2, ref) && options.readRadius(call, 3))) return;
  if (options.read(call, 5, ref)) search(call, ref);
}
