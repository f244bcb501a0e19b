/**
 * FUNCTION FLUSH, which tools and test suites send to reach a clean state. Libraries of functions
 * cannot be loaded yet, so there is never one to delete: the command checks its arguments, counts as
 * a change as it does in Redis, and is done.
 */
import type { CommandDefinition } from "../../command/definition.ts";
import { defineCommand } from "../../command/definition.ts";
import { unknownSubcommandOrArity } from "../../protocol/wire_errors.ts";

const flush = defineCommand({
  name: "flush",
  summary: "Deletes every library of functions.",
  since: "7.0.0",
  group: "scripting",
  complexity: "O(N), N being the functions deleted",
  arity: -2,
  flags: ["write", "noscript"],
  acl: ["scripting"],
  tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
  arguments: [{
    name: "flush-type",
    type: "oneof",
    flags: ["optional"],
    arguments: [
      { name: "async", type: "pure-token", token: "ASYNC" },
      { name: "sync", type: "pure-token", token: "SYNC" },
    ],
  }],
  run(call) {
    if (call.count > 3) return call.reply.error(unknownSubcommandOrArity(call.text(1), "function"));
    if (call.count === 3 && !call.is(2, "sync") && !call.is(2, "async")) {
      return call.reply.error("ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
    }
    call.dirty++;
    call.reply.ok();
  },
});

export const functionCommands: readonly CommandDefinition[] = [
  defineCommand({
    name: "function",
    summary: "Groups the commands about libraries of functions.",
    since: "7.0.0",
    group: "scripting",
    complexity: "That of the subcommand.",
    arity: -2,
    flags: [],
    subcommands: [flush],
  }),
];
