/**
 * MODULE: there are none. Modules are shared libraries for redis-server's own interface in C, which
 * this server does not have: loading one fails as it does there when the file is no module.
 */
import type { Call } from "../../command/call.ts";
import type { CommandDefinition } from "../../command/definition.ts";
import { defineCommand } from "../../command/definition.ts";
import { helpCommand } from "../../command/help.ts";
import type { Engine } from "../engine.ts";

const HELP = [
  "LIST",
  "    The modules that are loaded: none.",
  "LOAD <path> [<arg> ...]",
  "    Load a module, which this server cannot.",
  "LOADEX <path> [CONFIG <name> <value> ...] [ARGS <arg> ...]",
  "    The same, with configuration.",
  "UNLOAD <name>",
  "    Unload a module.",
];

/** What the subcommands that would change which modules there are have in common. */
const CHANGE = {
  group: "server",
  complexity: "O(1)",
  flags: ["no_async_loading", "admin", "noscript", "protected"],
} as const;

/** The MODULE command of one server. */
export function moduleCommands(engine: Engine): readonly CommandDefinition[] {
  return [
    defineCommand({
      name: "module",
      summary: "Groups the commands about modules.",
      since: "4.0.0",
      group: "server",
      complexity: "That of the subcommand.",
      arity: -2,
      flags: [],
      subcommands: [
        defineCommand({
          name: "list",
          summary: "Lists the modules that are loaded.",
          since: "4.0.0",
          group: "server",
          complexity: "O(N) for N modules",
          arity: 2,
          flags: ["admin", "noscript"],
          tips: ["nondeterministic_output_order"],
          run: (call) => call.reply.array(0),
        }),
        ...loading(engine),
        defineCommand({
          ...CHANGE,
          name: "unload",
          summary: "Unloads a module.",
          since: "4.0.0",
          arity: 3,
          arguments: [{ name: "name", type: "string" }],
          run(call) {
            call.reply.error("ERR Error unloading module: no such module with that name");
          },
        }),
        helpCommand("MODULE", "5.0.0", "server", HELP),
      ],
    }),
  ];
}

function loading(engine: Engine): readonly CommandDefinition[] {
  return [
    defineCommand({
      ...CHANGE,
      name: "load",
      summary: "Loads a module.",
      since: "4.0.0",
      arity: -3,
      arguments: [
        { name: "path", type: "string" },
        { name: "arg", type: "string", flags: ["optional", "multiple"] },
      ],
      run: (call) => refuse(engine, call),
    }),
    defineCommand({
      ...CHANGE,
      name: "loadex",
      summary: "Loads a module with configuration.",
      since: "7.0.0",
      arity: -3,
      arguments: [
        { name: "path", type: "string" },
        {
          name: "configs",
          type: "block",
          token: "CONFIG",
          flags: ["optional", "multiple", "multiple_token"],
          arguments: [
            { name: "name", type: "string" },
            { name: "value", type: "string" },
          ],
        },
        { name: "args", type: "string", token: "ARGS", flags: ["optional", "multiple"] },
      ],
      run: (call) => refuse(engine, call),
    }),
  ];
}

function refuse(engine: Engine, call: Call): void {
  const path = call.utf8(2);
  engine.log.warning(`Module ${path} failed to load: this server has no interface for modules`);
  call.reply.error("ERR Error loading the extension. Please check the server logs.");
}
