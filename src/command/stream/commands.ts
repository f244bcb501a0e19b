/** The commands on streams. */
import type { CommandDefinition } from "../definition.ts";
import { xadd } from "./add.ts";
import { xautoclaim, xclaim } from "./claim.ts";
import { xgroup } from "./group.ts";
import { xinfo } from "./info.ts";
import { xack, xpending } from "./pending.ts";
import { xlen, xrange, xrevrange } from "./range.ts";
import { xread, xreadgroup } from "./read.ts";
import { xdel, xsetid, xtrim } from "./remove.ts";

export const streamCommands: readonly CommandDefinition[] = [
  xadd,
  xlen,
  xrange,
  xrevrange,
  xread,
  xdel,
  xtrim,
  xsetid,
  xgroup,
  xreadgroup,
  xack,
  xpending,
  xclaim,
  xautoclaim,
  xinfo,
];
