/** CONFIG: reads and changes the directives of the running server, and writes them to its file. */
import { latin1, latin1Bytes } from "../../base/ascii.ts";
import type { Call } from "../../command/call.ts";
import type { CommandDefinition } from "../../command/definition.ts";
import { defineCommand } from "../../command/definition.ts";
import { rewriteConfig } from "../config_file.ts";
import type { Engine } from "../engine.ts";
import { helpCommand } from "../../command/help.ts";

const HELP = [
  "GET <pattern> [<pattern> ...]",
  "    The directives whose names match a glob-style pattern, with their values.",
  "SET <directive> <value> [<directive> <value> ...]",
  "    Give directives other values: all of them or, when one is refused, none.",
  "RESETSTAT",
  "    Begin the counters that INFO shows anew.",
  "REWRITE",
  "    Write the values in force to the configuration file.",
];

/** The CONFIG command of one server. */
export function configCommands(engine: Engine): readonly CommandDefinition[] {
  return [
    defineCommand({
      name: "config",
      summary: "Groups the commands that read and change the configuration.",
      since: "2.0.0",
      group: "server",
      complexity: "That of the subcommand.",
      arity: -2,
      flags: [],
      subcommands: [
        defineCommand({
          name: "set",
          summary: "Changes directives while the server runs.",
          since: "2.0.0",
          group: "server",
          complexity: "O(N), N being the directives named",
          history: [["7.0.0", "Takes several directives in one call."]],
          arity: -4,
          flags: ["admin", "noscript", "loading", "stale"],
          tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
          arguments: [{
            name: "data",
            type: "block",
            flags: ["multiple"],
            arguments: [
              { name: "parameter", type: "string" },
              { name: "value", type: "string" },
            ],
          }],
          run: (call) => set(engine, call),
        }),
        defineCommand({
          name: "get",
          summary: "Tells the values of directives.",
          since: "2.0.0",
          group: "server",
          complexity: "O(N), N being the directives named",
          history: [["7.0.0", "Takes several patterns in one call."]],
          arity: -3,
          flags: ["admin", "noscript", "loading", "stale"],
          arguments: [{ name: "parameter", type: "string", flags: ["multiple"] }],
          run(call) {
            const found = engine.config.matching(textsFrom(call, 2));
            call.reply.map(found.length);
            for (const [name, value] of found) {
              call.reply.bulk(latin1Bytes(name));
              call.reply.bulk(latin1Bytes(value));
            }
          },
        }),
        defineCommand({
          name: "resetstat",
          summary: "Sets the counters of INFO back.",
          since: "2.0.0",
          group: "server",
          complexity: "O(1)",
          arity: 2,
          flags: ["admin", "noscript", "loading", "stale"],
          tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
          run(call) {
            engine.resetStatistics();
            call.reply.ok();
          },
        }),
        defineCommand({
          name: "rewrite",
          summary: "Writes the configuration in force to its file.",
          since: "2.8.0",
          group: "server",
          complexity: "O(1)",
          arity: 2,
          flags: ["admin", "noscript", "loading", "stale"],
          tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
          run: (call) => rewrite(engine, call),
        }),
        helpCommand("CONFIG", "5.0.0", "server", HELP),
      ],
    }),
  ];
}

function set(engine: Engine, call: Call): void {
  const result = engine.config.set(textsFrom(call, 2), {
    local: engine.currentClient?.socket.isLocal ?? true,
    loading: engine.isLoading,
  });
  if (!result.ok) return call.reply.error(result.error);
  const client = engine.currentClient!;
  // A transaction cannot wait: where it fails after all, only the log says so.
  if (result.later === undefined || client.transaction !== null) return call.reply.ok();
  const isHeard = client.replyMode === "on";
  const answered = result.later.then((error) => {
    if (error !== undefined) engine.statistics.countError(error);
    if (!isHeard || client.isClosed) return;
    if (error === undefined) client.reply.ok();
    else client.reply.error(error);
  });
  engine.waitFor(client, answered);
}

function rewrite(engine: Engine, call: Call): void {
  const { config, log } = engine;
  if (config.file === undefined) {
    return call.reply.error("ERR The server is running without a config file");
  }
  const failure = rewriteConfig(engine, config.file, false);
  if (failure !== undefined) {
    log.warning(`CONFIG REWRITE failed: ${failure}`);
    return call.reply.error(`ERR Rewriting config file: ${failure}`);
  }
  log.notice("CONFIG REWRITE executed with success.");
  call.reply.ok();
}

/** The arguments from an index on, as byte text. */
function textsFrom(call: Call, index: number): string[] {
  const { bytes, starts, ends } = call.args;
  const texts: string[] = [];
  for (let i = index; i < call.count; i++) texts.push(latin1(bytes, starts[i], ends[i]));
  return texts;
}
