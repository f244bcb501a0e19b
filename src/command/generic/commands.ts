/** The generic family: keys whatever they hold, their expiry times, and whole databases. */
import type { CommandDefinition } from "../definition.ts";
import { databaseCommands } from "./database.ts";
import { expireCommands } from "./expire.ts";
import { keyCommands } from "./key.ts";
import { objectCommand } from "./object.ts";
import { relocationCommands } from "./relocation.ts";
import { searchCommands } from "./search.ts";
import { timeToLiveCommands } from "./time_to_live.ts";

/** All commands of the family but DUMP and RESTORE (dump.ts). */
export const genericCommands: readonly CommandDefinition[] = [
  ...keyCommands,
  ...searchCommands,
  ...relocationCommands,
  objectCommand,
  ...expireCommands,
  ...timeToLiveCommands,
  ...databaseCommands,
];
