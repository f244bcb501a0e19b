/**
 * What is to be saved: where each database stands in the heap, and what the file says beside keys
 * and values. It is plain data, so that it can go to a background worker together with the frozen
 * heap; the same description with the live heap serves a save that holds everything up.
 */
import type { DictRoot } from "../../heap/dict.ts";
import type { Keyspace } from "../../keyspace/keyspace.ts";
import { versionToWrite } from "./value_types.ts";

/** One database that is not empty. */
export interface RdbDatabase {
  readonly index: number;
  readonly keys: DictRoot;
  /** How many of its keys have an expiry time. */
  readonly expiresCount: number;
}

/** What is saved of an entry's use: nothing, idle seconds (LRU), or the counter (LFU). */
export type RdbAccess = "none" | "idle" | "frequency";

/** See the top of this file. */
export interface RdbContents {
  readonly version: number;
  /** Names and values of the AUX fields, in their order. */
  readonly aux: readonly (readonly [name: string, value: string])[];
  readonly databases: readonly RdbDatabase[];
  readonly keyCount: number;
  readonly access: RdbAccess;
  /** For idle times and counters: now, and `lfu-decay-time`. */
  readonly nowMs: number;
  readonly decayMinutes: number;
  /** `rdbcompression` and `rdbchecksum`. */
  readonly compresses: boolean;
  readonly checksums: boolean;
}

/** What {@link describeContents} has to be told by the server. */
export interface RdbContentSettings {
  /** The Redis version that the server says it is (AUX `redis-ver`). */
  readonly redisVersion: string;
  /** AUX `used-mem`. */
  readonly usedMemoryBytes: number;
  /** `maxmemory-policy`: an LRU or LFU policy has the use of every key saved. */
  readonly maxmemoryPolicy: string;
  readonly compresses: boolean;
  readonly checksums: boolean;
  /** True for the base of an append-only file (AUX `aof-base`). */
  readonly isAofBase?: boolean;
  /** Where the replication stream stands, for a primary or a replica. */
  readonly replication?: {
    readonly streamDatabase: number;
    readonly id: string;
    readonly offsetBytes: number;
  };
}

/** Describes what the keyspace holds at this moment; it is true as long as nothing changes. */
export function describeContents(keyspace: Keyspace, settings: RdbContentSettings): RdbContents {
  const databases: RdbDatabase[] = [];
  for (const { index, keys, expires } of keyspace.databases) {
    if (keys.count > 0) databases.push({ index, keys: keys.root, expiresCount: expires.count });
  }
  return {
    version: versionToWrite(keyspace),
    aux: auxFields(keyspace, settings),
    databases,
    keyCount: keyspace.size,
    access: accessSaved(settings.maxmemoryPolicy),
    nowMs: keyspace.nowMs,
    decayMinutes: keyspace.access.decayMinutes,
    compresses: settings.compresses,
    checksums: settings.checksums,
  };
}

function auxFields(keyspace: Keyspace, settings: RdbContentSettings): [string, string][] {
  const aux: [string, string][] = [
    ["redis-ver", settings.redisVersion],
    ["redis-bits", "64"],
    ["ctime", String(Math.floor(keyspace.nowMs / 1000))],
    ["used-mem", String(settings.usedMemoryBytes)],
  ];
  const replication = settings.replication;
  if (replication !== undefined) {
    aux.push(["repl-stream-db", String(replication.streamDatabase)]);
    aux.push(["repl-id", replication.id]);
    aux.push(["repl-offset", String(replication.offsetBytes)]);
  }
  aux.push(["aof-base", settings.isAofBase === true ? "1" : "0"]);
  return aux;
}

function accessSaved(maxmemoryPolicy: string): RdbAccess {
  if (maxmemoryPolicy.endsWith("-lfu")) return "frequency";
  return maxmemoryPolicy.endsWith("-lru") ? "idle" : "none";
}
