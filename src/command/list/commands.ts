/** The commands on lists. */
import type { CommandDefinition } from "../definition.ts";
import { blmove, blmpop, blpop, brpop, brpoplpush } from "./blocking.ts";
import { linsert, lrem, lset } from "./change.ts";
import { lmove, rpoplpush } from "./move.ts";
import { lmpop, lpop, rpop } from "./pop.ts";
import { lpos } from "./position.ts";
import { lpush, lpushx, rpush, rpushx } from "./push.ts";
import { lindex, llen, lrange, ltrim } from "./range.ts";

export const listCommands: readonly CommandDefinition[] = [
  blmove,
  blmpop,
  blpop,
  brpop,
  brpoplpush,
  lindex,
  linsert,
  llen,
  lmove,
  lmpop,
  lpop,
  lpos,
  lpush,
  lpushx,
  lrange,
  lrem,
  lset,
  ltrim,
  rpop,
  rpoplpush,
  rpush,
  rpushx,
];
