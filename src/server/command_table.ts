/** Every command that a server has: the families that work on data, and its own. */
import { connectionCommands } from "./commands/connection.ts";
import type { Engine } from "./engine.ts";
import { Command, CommandTable } from "./registry.ts";

/** Makes the table of one server's commands. */
export function commandTable(engine: Engine): CommandTable {
  const definitions = [...connectionCommands(engine)];
  return new CommandTable(definitions.map((definition) => new Command(definition, null)));
}
