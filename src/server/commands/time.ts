/** TIME and LASTSAVE. */
import type { CommandDefinition } from "../../command/definition.ts";
import { defineCommand } from "../../command/definition.ts";
import type { Engine } from "../engine.ts";

/** The commands of one server that tell times. */
export function timeCommands(engine: Engine): readonly CommandDefinition[] {
  return [
    defineCommand({
      name: "time",
      summary: "Tells the server's time.",
      since: "2.6.0",
      group: "server",
      complexity: "O(1)",
      arity: 1,
      flags: ["loading", "stale", "fast"],
      tips: ["nondeterministic_output"],
      run(call) {
        const us = Math.floor(engine.clock.wallMs() * 1000);
        const seconds = Math.floor(us / 1e6);
        call.reply.array(2);
        call.reply.bulkInteger(seconds);
        call.reply.bulkInteger(us - seconds * 1e6);
      },
    }),
    defineCommand({
      name: "lastsave",
      summary: "Tells when the data set was last saved, in seconds since the epoch.",
      since: "1.0.0",
      group: "server",
      complexity: "O(1)",
      arity: 1,
      flags: ["loading", "stale", "fast"],
      acl: ["admin", "dangerous"],
      tips: ["nondeterministic_output"],
      run: (call) => call.reply.integer(engine.persistence.snapshots.lastSaveSeconds),
    }),
  ];
}
