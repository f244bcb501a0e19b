/**
 * CLUSTER, READONLY, READWRITE and ASKING, as a server has them that is part of no cluster: each is
 * known, checked for its number of arguments, and refused.
 */
import type { Call } from "../../command/call.ts";
import type {
  ArgumentSpecification,
  CommandDefinition,
  CommandFlag,
} from "../../command/definition.ts";
import { defineCommand } from "../../command/definition.ts";

const DISABLED = "ERR This instance has cluster support disabled";

const ADMIN: readonly CommandFlag[] = ["admin", "stale"];
const CHANGE: readonly CommandFlag[] = ["no_async_loading", "admin", "stale"];
const TOLD: readonly CommandFlag[] = ["loading", "stale"];
const STALE: readonly CommandFlag[] = ["stale"];
const VARIES: readonly string[] = ["nondeterministic_output"];

const NODE_ID: readonly ArgumentSpecification[] = [{ name: "node-id", type: "string" }];
const SLOT: ArgumentSpecification = { name: "slot", type: "integer" };
const SLOTS: readonly ArgumentSpecification[] = [{ ...SLOT, flags: ["multiple"] }];
const RANGES: readonly ArgumentSpecification[] = [{
  name: "range",
  type: "block",
  flags: ["multiple"],
  arguments: [
    { name: "start-slot", type: "integer" },
    { name: "end-slot", type: "integer" },
  ],
}];

function refuse(call: Call): void {
  call.reply.error(DISABLED);
}

type Details = Pick<
  CommandDefinition,
  | "arguments"
  | "complexity"
  | "deprecatedSince"
  | "docFlags"
  | "history"
  | "replacedBy"
  | "tips"
>;

function about(
  name: string,
  arity: number,
  since: string,
  flags: readonly CommandFlag[],
  summary: string,
  details: Details = {},
): CommandDefinition {
  return defineCommand({
    name,
    summary,
    since,
    group: "cluster",
    complexity: "O(1)",
    arity,
    flags,
    ...details,
    run: refuse,
  });
}

const ABOUT_NODES: readonly CommandDefinition[] = [
  about("bumpepoch", 2, "3.0.0", CHANGE, "Moves the epoch of the configuration on.", {
    tips: VARIES,
  }),
  about(
    "count-failure-reports",
    3,
    "3.0.0",
    ADMIN,
    "Counts who takes a node for failing.",
    { complexity: "O(N) for N reports", tips: VARIES, arguments: NODE_ID },
  ),
  about("failover", -2, "3.0.0", CHANGE, "Makes a replica take its master's place.", {
    arguments: [{
      name: "options",
      type: "oneof",
      flags: ["optional"],
      arguments: [
        { name: "force", type: "pure-token", token: "FORCE" },
        { name: "takeover", type: "pure-token", token: "TAKEOVER" },
      ],
    }],
  }),
  about("forget", 3, "3.0.0", CHANGE, "Takes a node out of the table of nodes.", {
    arguments: NODE_ID,
  }),
  about("help", 2, "5.0.0", TOLD, "Tells of the subcommands."),
  about("info", 2, "3.0.0", STALE, "Tells how the cluster does.", { tips: VARIES }),
  about("links", 2, "7.0.0", STALE, "Lists the connections to other nodes.", {
    complexity: "O(N) for N nodes",
    tips: VARIES,
  }),
  about("meet", -4, "3.0.0", CHANGE, "Makes another node known.", {
    history: [["4.0.0", "The port of the cluster bus may be given."]],
    arguments: [
      { name: "ip", type: "string" },
      { name: "port", type: "integer" },
      { name: "cluster-bus-port", type: "integer", since: "4.0.0", flags: ["optional"] },
    ],
  }),
  about("myid", 2, "3.0.0", STALE, "Tells the id of this node."),
  about("myshardid", 2, "7.2.0", STALE, "Tells the id of this node's shard.", { tips: VARIES }),
  about("nodes", 2, "3.0.0", STALE, "Tells the configuration of the cluster as a node sees it.", {
    complexity: "O(N) for N nodes",
    tips: VARIES,
  }),
  about("replicas", 3, "5.0.0", ADMIN, "Lists the replicas of a master.", {
    complexity: "O(N) for N replicas",
    tips: VARIES,
    arguments: NODE_ID,
  }),
  about("replicate", 3, "3.0.0", CHANGE, "Makes this node a replica of a master.", {
    arguments: NODE_ID,
  }),
  about("reset", -2, "3.0.0", ["admin", "noscript", "stale"], "Makes this node a new one.", {
    complexity: "O(N) for N nodes known; keys may have to be deleted",
    arguments: [{
      name: "reset-type",
      type: "oneof",
      flags: ["optional"],
      arguments: [
        { name: "hard", type: "pure-token", token: "HARD" },
        { name: "soft", type: "pure-token", token: "SOFT" },
      ],
    }],
  }),
  about("saveconfig", 2, "3.0.0", CHANGE, "Writes the configuration of this node to its file."),
  about("set-config-epoch", 3, "3.0.0", CHANGE, "Gives a new node its epoch.", {
    arguments: [{ name: "config-epoch", type: "integer" }],
  }),
  about("shards", 2, "7.0.0", TOLD, "Tells which shard has which slots and nodes.", {
    complexity: "O(N) for N nodes",
    tips: VARIES,
  }),
  about("slaves", 3, "3.0.0", ADMIN, "Lists the replicas of a master.", {
    complexity: "O(N) for N replicas",
    deprecatedSince: "5.0.0",
    replacedBy: "`CLUSTER REPLICAS`",
    docFlags: ["deprecated"],
    tips: VARIES,
    arguments: NODE_ID,
  }),
];

const ABOUT_SLOTS: readonly CommandDefinition[] = [
  about("addslots", -3, "3.0.0", CHANGE, "Gives this node slots.", {
    complexity: "O(N) for N slots",
    arguments: SLOTS,
  }),
  about("addslotsrange", -4, "7.0.0", CHANGE, "Gives this node ranges of slots.", {
    complexity: "O(N) for N slots",
    arguments: RANGES,
  }),
  about("countkeysinslot", 3, "3.0.0", STALE, "Counts the keys in a slot.", {
    arguments: [SLOT],
  }),
  about("delslots", -3, "3.0.0", CHANGE, "Takes slots from this node's table.", {
    complexity: "O(N) for N slots",
    arguments: SLOTS,
  }),
  about("delslotsrange", -4, "7.0.0", CHANGE, "Takes ranges of slots from this node's table.", {
    complexity: "O(N) for N slots",
    arguments: RANGES,
  }),
  about("flushslots", 2, "3.0.0", CHANGE, "Takes all slots from this node's table."),
  about("getkeysinslot", 4, "3.0.0", STALE, "Tells keys of a slot.", {
    complexity: "O(N) for N keys asked for",
    tips: VARIES,
    arguments: [SLOT, { name: "count", type: "integer" }],
  }),
  about("keyslot", 3, "3.0.0", STALE, "Tells the slot of a key.", {
    complexity: "O(N) for a key of N bytes",
    arguments: [{ name: "key", type: "string" }],
  }),
  about("setslot", -4, "3.0.0", [...CHANGE, "may_replicate"], "Says which node a slot is at.", {
    arguments: [
      SLOT,
      {
        name: "subcommand",
        type: "oneof",
        arguments: [
          { name: "importing", type: "string", displayText: "node-id", token: "IMPORTING" },
          { name: "migrating", type: "string", displayText: "node-id", token: "MIGRATING" },
          { name: "node", type: "string", displayText: "node-id", token: "NODE" },
          { name: "stable", type: "pure-token", token: "STABLE" },
        ],
      },
    ],
  }),
  about("slots", 2, "3.0.0", TOLD, "Tells which node has which slots.", {
    complexity: "O(N) for N nodes",
    deprecatedSince: "7.0.0",
    replacedBy: "`CLUSTER SHARDS`",
    docFlags: ["deprecated"],
    history: [
      ["4.0.0", "The ids of the nodes."],
      ["7.0.0", "More about how nodes are reached."],
    ],
    tips: VARIES,
  }),
];

function single(
  name: string,
  flags: readonly CommandFlag[],
  summary: string,
): CommandDefinition {
  return { ...about(name, 1, "3.0.0", flags, summary), acl: ["connection"] };
}

export const clusterCommands: readonly CommandDefinition[] = [
  defineCommand({
    name: "cluster",
    summary: "Groups the commands about a cluster.",
    since: "3.0.0",
    group: "cluster",
    complexity: "That of the subcommand.",
    arity: -2,
    flags: [],
    subcommands: [...ABOUT_NODES, ...ABOUT_SLOTS],
  }),
  single("asking", ["fast"], "Says that the next command may use a slot that is being moved here."),
  single("readonly", ["loading", "stale", "fast"], "Lets a connection read from a replica."),
  single("readwrite", ["loading", "stale", "fast"], "Takes READONLY back."),
];
