/** The bitmap commands. */
import type { CommandDefinition } from "../definition.ts";
import { getbit, setbit } from "./bit.ts";
import { bitcount } from "./count.ts";
import { bitfield, bitfieldRo } from "./field.ts";
import { bitop } from "./operation.ts";
import { bitpos } from "./position.ts";

export const bitmapCommands: readonly CommandDefinition[] = [
  bitcount,
  bitfield,
  bitfieldRo,
  bitop,
  bitpos,
  getbit,
  setbit,
];
