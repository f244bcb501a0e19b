/** The commands of SORT. */
import type { CommandDefinition } from "../definition.ts";
import { sort, sortRo } from "./sort.ts";

export const sortCommands: readonly CommandDefinition[] = [sort, sortRo];
