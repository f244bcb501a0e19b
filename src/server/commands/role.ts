/** ROLE: a master without replicas, for nothing replicates yet. */
import type { CommandDefinition } from "../../command/definition.ts";
import { defineCommand } from "../../command/definition.ts";

export const roleCommands: readonly CommandDefinition[] = [
  defineCommand({
    name: "role",
    summary: "Tells whether the server is a master or a replica, and of whom.",
    since: "2.8.12",
    group: "server",
    complexity: "O(1)",
    arity: 1,
    flags: ["noscript", "loading", "stale", "fast"],
    acl: ["admin", "dangerous"],
    run(call) {
      call.reply.array(3);
      call.reply.bulkText("master");
      call.reply.integer(0);
      call.reply.array(0);
    },
  }),
];
