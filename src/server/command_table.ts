/** Every command that a server has: the families that work on data, and its own. */
import { bitmapCommands } from "../command/bitmap/commands.ts";
import { genericCommands } from "../command/generic/commands.ts";
import { dumpCommands } from "../command/generic/dump.ts";
import { geoCommands } from "../command/geo/commands.ts";
import { hashCommands } from "../command/hash/commands.ts";
import { hyperloglogCommands } from "../command/hyperloglog/commands.ts";
import { listCommands } from "../command/list/commands.ts";
import { setCommands } from "../command/set/commands.ts";
import { sortCommands } from "../command/sort/commands.ts";
import { streamCommands } from "../command/stream/commands.ts";
import { stringCommands } from "../command/string/commands.ts";
import { zsetCommands } from "../command/zset/commands.ts";
import { aclCommands } from "./commands/acl.ts";
import { clientCommands } from "./commands/client.ts";
import { clusterCommands } from "./commands/cluster.ts";
import { commandCommands } from "./commands/command.ts";
import { configCommands } from "./commands/config.ts";
import { connectionCommands } from "./commands/connection.ts";
import { debugCommands } from "./commands/debug.ts";
import { functionCommands } from "./commands/function.ts";
import { infoCommands } from "./commands/info.ts";
import { latencyCommands } from "./commands/latency.ts";
import { lolwutCommands } from "./commands/lolwut.ts";
import { memoryCommands } from "./commands/memory.ts";
import { moduleCommands } from "./commands/module.ts";
import { monitorCommands } from "./commands/monitor.ts";
import { persistenceCommands } from "./commands/persistence.ts";
import { roleCommands } from "./commands/role.ts";
import { slowLogCommands } from "./commands/slowlog.ts";
import { pubSubCommands } from "./commands/pubsub.ts";
import { timeCommands } from "./commands/time.ts";
import { transactionCommands } from "./commands/transaction.ts";
import { waitCommands } from "./commands/wait.ts";
import { ConfigError } from "./config/conf_file.ts";
import type { Engine } from "./engine.ts";
import { Command, CommandTable } from "./registry.ts";

/** Makes the table of one server's commands. */
export function commandTable(engine: Engine): CommandTable {
  const definitions = [
    ...stringCommands,
    ...bitmapCommands,
    ...hyperloglogCommands,
    ...listCommands,
    ...hashCommands,
    ...setCommands,
    ...zsetCommands,
    ...geoCommands,
    ...streamCommands,
    ...sortCommands,
    ...genericCommands,
    ...dumpCommands,
    ...connectionCommands(engine),
    ...aclCommands(engine),
    ...clientCommands(engine),
    ...commandCommands(engine),
    ...configCommands(engine),
    ...persistenceCommands(engine),
    ...functionCommands,
    ...infoCommands(engine),
    ...memoryCommands(engine),
    ...debugCommands(engine),
    ...timeCommands(engine),
    ...transactionCommands(engine),
    ...waitCommands(engine),
    ...pubSubCommands(engine),
    ...lolwutCommands(engine),
    ...slowLogCommands(engine),
    ...latencyCommands(engine),
    ...monitorCommands(engine),
    ...moduleCommands(engine),
    ...roleCommands,
    ...clusterCommands,
  ];
  const commands = definitions.map((definition) => new Command(definition, null));
  numberCommands(commands, 0);
  return new CommandTable(commands, renamedCommands(engine, commands));
}

/** `rename-command`: the names that this server's commands are called by instead of their own. */
function renamedCommands(engine: Engine, commands: readonly Command[]): Map<string, string> {
  const renamed = new Map<string, string>();
  const taken = new Set(commands.map((command) => command.definition.name));
  for (const [from, to] of engine.config.renamedCommands) {
    const name = from.toLowerCase();
    if (!taken.has(name)) throw new ConfigError("No such command in rename-command");
    const next = to.toLowerCase();
    if (taken.has(next)) throw new ConfigError("Target command name already exists");
    taken.delete(name);
    if (next !== "") taken.add(next);
    renamed.set(name, next);
  }
  return renamed;
}

/** Numbers commands and what is below them; returns the next number. */
function numberCommands(commands: readonly Command[], first: number): number {
  let id = first;
  for (const command of commands) {
    command.id = id++;
    id = numberCommands(command.subcommands?.commands ?? [], id);
  }
  return id;
}
