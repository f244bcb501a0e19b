/** SLOWLOG: the commands that took long. */
import { latin1Bytes } from "../../base/ascii.ts";
import type { Call } from "../../command/call.ts";
import type { CommandDefinition } from "../../command/definition.ts";
import { defineCommand } from "../../command/definition.ts";
import { helpCommand } from "../../command/help.ts";
import { int64AtLeastOrReply } from "../../command/integer_argument.ts";
import type { Engine } from "../engine.ts";
import { replyWrongCount } from "./plain_argument.ts";

/** What GET tells without a count. */
const COUNT_DEFAULT = 10;

const COUNT_TOO_SMALL = "ERR count should be greater than or equal to -1";

const HELP = [
  "GET [<count>]",
  "    The newest entries, newest first: 10, or <count> of them, or all where it is -1. An entry is:",
  "    number, time in seconds, duration in microseconds, arguments, address and name of the client.",
  "LEN",
  "    How many entries there are.",
  "RESET",
  "    Drop all entries.",
];

/** The SLOWLOG command of one server. */
export function slowLogCommands(engine: Engine): readonly CommandDefinition[] {
  return [
    defineCommand({
      name: "slowlog",
      summary: "Groups the commands about what took long.",
      since: "2.2.12",
      group: "server",
      complexity: "That of the subcommand.",
      arity: -2,
      flags: [],
      subcommands: [
        defineCommand({
          name: "get",
          summary: "Tells the newest entries of the slow log.",
          since: "2.2.12",
          group: "server",
          complexity: "O(N) for N entries told",
          history: [["4.0.0", "Address, port and name of the client."]],
          arity: -2,
          flags: ["admin", "loading", "stale"],
          tips: ["request_policy:all_nodes", "nondeterministic_output"],
          arguments: [{ name: "count", type: "integer", flags: ["optional"] }],
          run: (call) => get(engine, call),
        }),
        defineCommand({
          name: "len",
          summary: "Counts the entries of the slow log.",
          since: "2.2.12",
          group: "server",
          complexity: "O(1)",
          arity: 2,
          flags: ["admin", "loading", "stale"],
          tips: [
            "request_policy:all_nodes",
            "response_policy:agg_sum",
            "nondeterministic_output",
          ],
          run: (call) => call.reply.integer(engine.slowLog.length),
        }),
        defineCommand({
          name: "reset",
          summary: "Empties the slow log.",
          since: "2.2.12",
          group: "server",
          complexity: "O(N) for N entries",
          arity: 2,
          flags: ["admin", "loading", "stale"],
          tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
          run(call) {
            engine.slowLog.reset();
            call.reply.ok();
          },
        }),
        helpCommand("SLOWLOG", "6.2.0", "server", HELP),
      ],
    }),
  ];
}

function get(engine: Engine, call: Call): void {
  const { reply } = call;
  if (call.count > 3) return replyWrongCount(call, "slowlog");
  let count = COUNT_DEFAULT;
  if (call.count === 3) {
    count = int64AtLeastOrReply(call, 2, -1, COUNT_TOO_SMALL);
    if (count !== count) return;
    if (count === -1) count = engine.slowLog.length;
  }
  const entries = engine.slowLog.newest(count);
  reply.array(entries.length);
  for (const { id, seconds, us, args, address, clientName } of entries) {
    reply.array(6);
    reply.integer(id);
    reply.integer(seconds);
    reply.integer(us);
    reply.array(args.length);
    for (const arg of args) reply.bulk(arg);
    reply.bulkText(address);
    reply.bulk(latin1Bytes(clientName));
  }
}
