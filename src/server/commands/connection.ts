/** The connection family: PING. */
import type { CommandDefinition } from "../../command/definition.ts";
import { defineCommand } from "../../command/definition.ts";
import { wrongArity } from "../../protocol/wire_errors.ts";
import type { Engine } from "../engine.ts";

/** The connection commands of one server. */
export function connectionCommands(_engine: Engine): readonly CommandDefinition[] {
  return [
    defineCommand({
      name: "ping",
      summary: "Answers PONG, or the message given.",
      since: "1.0.0",
      group: "connection",
      complexity: "O(1)",
      arity: -1,
      flags: ["fast"],
      acl: ["connection"],
      tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
      arguments: [{ name: "message", type: "string", flags: ["optional"] }],
      run(call) {
        if (call.count > 2) return call.reply.error(wrongArity("ping"));
        if (call.count === 1) return call.reply.simple("PONG");
        call.reply.bulk(call.args.bytes, call.args.starts[1], call.args.ends[1]);
      },
    }),
  ];
}
