/** MONITOR: shows every command that the server runs. */
import type { CommandDefinition } from "../../command/definition.ts";
import { defineCommand } from "../../command/definition.ts";
import type { Engine } from "../engine.ts";

/** The MONITOR command of one server. */
export function monitorCommands(engine: Engine): readonly CommandDefinition[] {
  return [
    defineCommand({
      name: "monitor",
      summary: "Shows every command that the server runs from now on.",
      since: "1.0.0",
      group: "server",
      arity: 1,
      flags: ["admin", "noscript", "loading", "stale"],
      run(call) {
        const client = engine.currentClient!;
        // What it is told would stand among the replies to the transaction's other commands.
        if (client.transaction !== null) {
          return call.reply.error("ERR MONITOR isn't allowed for DENY BLOCKING client");
        }
        // Asked for again, it is not even answered.
        if (client.isMonitor) return;
        engine.monitors.add(client);
        call.reply.ok();
      },
    }),
  ];
}
