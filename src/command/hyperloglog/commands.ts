/** The commands of HyperLogLog. */
import type { CommandDefinition } from "../definition.ts";
import { pfadd, pfcount, pfmerge } from "./count.ts";
import { pfdebug, pfselftest } from "./debug.ts";

export const hyperloglogCommands: readonly CommandDefinition[] = [
  pfadd,
  pfcount,
  pfdebug,
  pfmerge,
  pfselftest,
];
