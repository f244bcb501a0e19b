/** The string commands. */
import type { CommandDefinition } from "../definition.ts";
import { decr, decrby, incr, incrby, incrbyfloat } from "./counter.ts";
import { get, getdel, getex, strlen } from "./get.ts";
import { lcs } from "./lcs.ts";
import { mget, mset, msetnx } from "./multi.ts";
import { append, getrange, setrange, substr } from "./range.ts";
import { getset, psetex, set, setex, setnx } from "./set.ts";

export const stringCommands: readonly CommandDefinition[] = [
  append,
  decr,
  decrby,
  get,
  getdel,
  getex,
  getrange,
  getset,
  incr,
  incrby,
  incrbyfloat,
  lcs,
  mget,
  mset,
  msetnx,
  psetex,
  set,
  setex,
  setnx,
  setrange,
  strlen,
  substr,
];
