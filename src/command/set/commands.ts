/** The set commands. */
import type { CommandDefinition } from "../definition.ts";
import {
  sdiff,
  sdiffstore,
  sinter,
  sintercard,
  sinterstore,
  sunion,
  sunionstore,
} from "./algebra.ts";
import { sadd, scard, sismember, smembers, smismember, smove, srem } from "./member.ts";
import { spop, srandmember } from "./random.ts";
import { sscan } from "./scan.ts";

export const setCommands: readonly CommandDefinition[] = [
  sadd,
  scard,
  sdiff,
  sdiffstore,
  sinter,
  sintercard,
  sinterstore,
  sismember,
  smembers,
  smismember,
  smove,
  spop,
  srandmember,
  srem,
  sscan,
  sunion,
  sunionstore,
];
