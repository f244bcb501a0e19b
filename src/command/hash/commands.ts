/** The commands on hashes. */
import type { CommandDefinition } from "../definition.ts";
import { hgetall, hkeys, hvals } from "./all.ts";
import { hincrby, hincrbyfloat } from "./counter.ts";
import { hdel } from "./delete.ts";
import { expireCommands } from "./expire.ts";
import { hexists, hget, hlen, hmget, hstrlen } from "./get.ts";
import { hgetdel, hgetex } from "./get_and_change.ts";
import { hrandfield } from "./random.ts";
import { hscan } from "./scan.ts";
import { hmset, hset, hsetnx } from "./set.ts";
import { hsetex } from "./set_expiring.ts";
import { timeToLiveCommands } from "./time_to_live.ts";

export const hashCommands: readonly CommandDefinition[] = [
  hdel,
  hexists,
  hget,
  hgetall,
  hgetdel,
  hgetex,
  hincrby,
  hincrbyfloat,
  hkeys,
  hlen,
  hmget,
  hmset,
  hrandfield,
  hscan,
  hset,
  hsetex,
  hsetnx,
  hstrlen,
  hvals,
  ...expireCommands,
  ...timeToLiveCommands,
];
