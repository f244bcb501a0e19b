/**
 * Directives of the data: encodings, snapshots, the append-only file, replication, the cluster;
 * then those that Redis hides, those of later servers that tools send, and our own.
 */

import {
  choice,
  INT_MAX,
  INT_MIN,
  integer,
  LONG_MAX,
  memory,
  MIB,
  optionalText,
  special,
  text,
  ULONG_MAX,
  yesNo,
} from "./directive.ts";
import {
  refusesAppendDirectoryName,
  refusesAppendFileName,
  refusesDumpFileName,
  refusesHostName,
  refusesIpv4,
  refusesIpv6,
  refusesNodeName,
} from "./text_rules.ts";

/** How large a value stays in its small encoding. */
export const ENCODING_DIRECTIVES = [
  integer("hash-max-listpack-entries", 512, 0, LONG_MAX, {
    alias: "hash-max-ziplist-entries",
  }),
  memory("hash-max-listpack-value", 64, 0, LONG_MAX, {
    alias: "hash-max-ziplist-value",
  }),
  integer("list-max-listpack-size", -2, INT_MIN, INT_MAX, {
    alias: "list-max-ziplist-size",
  }),
  integer("list-compress-depth", 0, 0, INT_MAX),
  integer("set-max-intset-entries", 512, 0, LONG_MAX),
  integer("set-max-listpack-entries", 128, 0, LONG_MAX),
  integer("set-max-listpack-value", 64, 0, LONG_MAX),
  integer("zset-max-listpack-entries", 128, 0, LONG_MAX, {
    alias: "zset-max-ziplist-entries",
  }),
  memory("zset-max-listpack-value", 64, 0, LONG_MAX, {
    alias: "zset-max-ziplist-value",
  }),
  memory("hll-sparse-max-bytes", 3000, 0, LONG_MAX),
  memory("stream-node-max-bytes", 4096, 0, LONG_MAX),
  integer("stream-node-max-entries", 100, 0, LONG_MAX),
] as const;

/** Snapshots. Kept alone is the one about files that come from a master. */
export const SNAPSHOT_DIRECTIVES = [
  special("save", "save-points"),
  text("dbfilename", "dump.rdb", { protected: true, refuses: refusesDumpFileName }),
  yesNo("rdbcompression", true),
  yesNo("rdbchecksum", true, { immutable: true }),
  yesNo("rdb-del-sync-files", false, { kept: true }),
  yesNo("rdb-save-incremental-fsync", true),
  yesNo("stop-writes-on-bgsave-error", true),
  choice("sanitize-dump-payload", "no", ["no", "yes", "clients"]),
  // Ours: what a start does with a damaged file. Refuse to start, or put the file aside.
  choice("corrupt-file-policy", "refuse", ["refuse", "quarantine"]),
] as const;

/** The append-only file. */
export const APPEND_ONLY_DIRECTIVES = [
  yesNo("appendonly", false, { denyLoading: true }),
  text("appendfilename", "appendonly.aof", {
    immutable: true,
    refuses: refusesAppendFileName,
  }),
  text("appenddirname", "appendonlydir", {
    immutable: true,
    refuses: refusesAppendDirectoryName,
  }),
  choice("appendfsync", "everysec", ["everysec", "always", "no"]),
  yesNo("no-appendfsync-on-rewrite", false),
  integer("auto-aof-rewrite-percentage", 100, 0, INT_MAX),
  memory("auto-aof-rewrite-min-size", 64 * MIB, 0, LONG_MAX),
  yesNo("aof-load-truncated", true),
  yesNo("aof-use-rdb-preamble", true),
  yesNo("aof-timestamp-enabled", false),
  yesNo("aof-rewrite-incremental-fsync", true),
] as const;

/** Replication. There is none yet: nearly all are kept alone. */
export const REPLICATION_DIRECTIVES = [
  special("replicaof", "replica-of", { alias: "slaveof", immutable: true, kept: true }),
  optionalText("masteruser", { laterAlias: "primaryuser", sensitive: true, kept: true }),
  optionalText("masterauth", {
    laterAlias: "primaryauth",
    sensitive: true,
    binary: true,
    kept: true,
  }),
  yesNo("replica-serve-stale-data", true, { alias: "slave-serve-stale-data", kept: true }),
  yesNo("replica-read-only", true, { alias: "slave-read-only", kept: true }),
  yesNo("replica-lazy-flush", false, { alias: "slave-lazy-flush", kept: true }),
  yesNo("replica-ignore-maxmemory", true, { alias: "slave-ignore-maxmemory", kept: true }),
  yesNo("replica-ignore-disk-write-errors", false, { kept: true }),
  yesNo("replica-announced", true, { kept: true }),
  optionalText("replica-announce-ip", { alias: "slave-announce-ip", kept: true }),
  integer("replica-announce-port", 0, 0, 65535, { alias: "slave-announce-port", kept: true }),
  integer("replica-priority", 100, 0, INT_MAX, { alias: "slave-priority", kept: true }),
  yesNo("repl-diskless-sync", true, { kept: true }),
  integer("repl-diskless-sync-delay", 5, 0, INT_MAX, { kept: true }),
  integer("repl-diskless-sync-max-replicas", 0, 0, INT_MAX, { kept: true }),
  choice("repl-diskless-load", "disabled", ["disabled", "on-empty-db", "swapdb"], {
    denyLoading: true,
    kept: true,
  }),
  yesNo("repl-disable-tcp-nodelay", false, { kept: true }),
  integer("repl-timeout", 60, 1, INT_MAX, { kept: true }),
  integer("repl-ping-replica-period", 10, 1, INT_MAX, {
    alias: "repl-ping-slave-period",
    kept: true,
  }),
  memory("repl-backlog-size", MIB, 1, LONG_MAX, { kept: true }),
  integer("repl-backlog-ttl", 3600, 0, LONG_MAX, { kept: true }),
  integer("min-replicas-to-write", 0, 0, INT_MAX, { alias: "min-slaves-to-write" }),
  integer("min-replicas-max-lag", 10, 0, INT_MAX, { alias: "min-slaves-max-lag" }),
  choice("propagation-error-behavior", "ignore", ["ignore", "panic", "panic-on-replicas"], {
    kept: true,
  }),
] as const;

/** The cluster. There is none: all are kept alone. */
export const CLUSTER_DIRECTIVES = [
  yesNo("cluster-enabled", false, { immutable: true, kept: true }),
  text("cluster-config-file", "nodes.conf", { immutable: true, kept: true }),
  integer("cluster-node-timeout", 15000, 0, LONG_MAX, { kept: true }),
  integer("cluster-port", 0, 0, 65535, { immutable: true, kept: true }),
  yesNo("cluster-require-full-coverage", true, { kept: true }),
  yesNo("cluster-replica-no-failover", false, { alias: "cluster-slave-no-failover", kept: true }),
  integer("cluster-replica-validity-factor", 10, 0, INT_MAX, {
    alias: "cluster-slave-validity-factor",
    kept: true,
  }),
  integer("cluster-migration-barrier", 1, 0, INT_MAX, { kept: true }),
  yesNo("cluster-allow-replica-migration", true, { kept: true }),
  yesNo("cluster-allow-reads-when-down", false, { kept: true }),
  yesNo("cluster-allow-pubsubshard-when-down", true, { kept: true }),
  memory("cluster-link-sendbuf-limit", 0, 0, ULONG_MAX, { kept: true }),
  choice("cluster-preferred-endpoint-type", "ip", ["ip", "hostname", "unknown-endpoint"], {
    kept: true,
  }),
  optionalText("cluster-announce-ip", { kept: true }),
  integer("cluster-announce-port", 0, 0, 65535, { kept: true }),
  integer("cluster-announce-tls-port", 0, 0, 65535, { kept: true }),
  integer("cluster-announce-bus-port", 0, 0, 65535, { kept: true }),
  optionalText("cluster-announce-hostname", { refuses: refusesHostName, kept: true }),
  optionalText("cluster-announce-human-nodename", { refuses: refusesNodeName, kept: true }),
] as const;

/**
 * Hidden in Redis 7.2 too: for tests and for debugging. Kept alone are those of core dumps, signals,
 * the cluster and builds with a log of requests; and the interval of loading, which yields by time.
 */
export const HIDDEN_DIRECTIVES = [
  yesNo("use-exit-on-panic", false, { hidden: true, kept: true }),
  yesNo("aof-disable-auto-gc", false, { hidden: true }),
  integer("rdb-key-save-delay", 0, INT_MIN, INT_MAX, { hidden: true }),
  integer("key-load-delay", 0, INT_MIN, INT_MAX, { hidden: true }),
  integer("watchdog-period", 0, 0, INT_MAX, { hidden: true, kept: true }),
  integer("loading-process-events-interval-bytes", 2 * MIB, 1024, INT_MAX, {
    hidden: true,
    kept: true,
  }),
  integer("cluster-ping-interval", 0, 0, LONG_MAX, { hidden: true, kept: true }),
  integer("client-default-resp", 2, 2, 3, { immutable: true, hidden: true }),
  optionalText("req-res-logfile", { immutable: true, hidden: true, kept: true }),
] as const;

/**
 * Directives of servers after 7.2 that files and tools of today hold (Valkey 8, Redis 7.4 and 8).
 * Hidden, so that CONFIG GET with a pattern shows what a 7.2 shows. Kept alone are those of threads,
 * replicas, the cluster and builds for debugging, and what no runtime lets a server choose: how many
 * connections are taken at once, the group of a socket file.
 */
export const LATER_DIRECTIVES = [
  yesNo("hide-user-data-from-log", false, { hidden: true }),
  yesNo("enable-debug-assert", false, { immutable: true, hidden: true, kept: true }),
  text("debug-context", "", { immutable: true, hidden: true, kept: true }),
  yesNo("extended-redis-compatibility", false, { hidden: true, kept: true }),
  yesNo("dual-channel-replication-enabled", false, { hidden: true, kept: true }),
  yesNo("cluster-slot-stats-enabled", false, { hidden: true, kept: true }),
  integer("cluster-blacklist-ttl", 60, 0, LONG_MAX, { hidden: true, kept: true }),
  optionalText("cluster-announce-client-ipv4", {
    hidden: true,
    refuses: refusesIpv4,
    kept: true,
  }),
  optionalText("cluster-announce-client-ipv6", {
    hidden: true,
    refuses: refusesIpv6,
    kept: true,
  }),
  text("availability-zone", "", { hidden: true, kept: true }),
  integer("events-per-io-thread", 2, 0, INT_MAX, { hidden: true, kept: true }),
  integer("prefetch-batch-max-size", 16, 0, 128, { hidden: true, kept: true }),
  integer("max-new-connections-per-cycle", 10, 1, 1000, { hidden: true, kept: true }),
  integer("max-new-tls-connections-per-cycle", 1, 1, 1000, { hidden: true, kept: true }),
  optionalText("unixsocketgroup", { immutable: true, hidden: true, kept: true }),
] as const;
