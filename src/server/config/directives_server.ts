/**
 * Directives of the server itself: network, clients, logging, security, memory, the process.
 * Names, defaults and limits are those of Redis 7.2 (started without a configuration file).
 */

import {
  choice,
  choices,
  GIB,
  INT_MAX,
  integer,
  KIB,
  LONG_MAX,
  memory,
  memoryOrPercent,
  MIB,
  octal,
  optionalText,
  special,
  text,
  UINT_MAX,
  ULONG_MAX,
  yesNo,
} from "./directive.ts";
import { refusesLocale, refusesShutdownWords, refusesTitleTemplate } from "./text_rules.ts";

const PROTECTED_ACTIONS = ["no", "yes", "local"] as const;
const SHUTDOWN_WORDS = ["default", "save", "nosave", "now", "force"] as const;
const SHUTDOWN = { refuses: refusesShutdownWords };
const NO_DEFRAGMENTATION = "Active defragmentation cannot be enabled: it requires a Redis server " +
  "compiled with a modified Jemalloc like the one shipped by default with the Redis source " +
  "distribution";

/**
 * Where the server listens and how long it waits. Kept alone are those of connections that a server
 * opens itself, to a master or in a cluster, and marks on sockets, which no runtime can set.
 */
export const NETWORK_DIRECTIVES = [
  special("bind", "addresses"),
  integer("port", 6379, 0, 65535),
  yesNo("protected-mode", true),
  integer("tcp-backlog", 511, 0, INT_MAX, { immutable: true }),
  optionalText("unixsocket", { immutable: true }),
  octal("unixsocketperm", 0, 0, 0o777, { immutable: true }),
  integer("timeout", 0, 0, INT_MAX),
  integer("tcp-keepalive", 300, 0, INT_MAX),
  optionalText("bind-source-addr", { kept: true }),
  integer("socket-mark-id", 0, 0, UINT_MAX, { immutable: true, kept: true }),
  integer("tls-port", 0, 0, 65535),
  integer("tls-session-cache-size", 20 * KIB, 0, INT_MAX),
  integer("tls-session-cache-timeout", 300, 0, INT_MAX),
  yesNo("tls-cluster", false, { kept: true }),
  yesNo("tls-replication", false, { kept: true }),
  choice("tls-auth-clients", "yes", ["no", "yes", "optional"]),
  yesNo("tls-prefer-server-ciphers", false),
  yesNo("tls-session-caching", true),
  optionalText("tls-cert-file", { volatile: true }),
  optionalText("tls-key-file", { volatile: true }),
  optionalText("tls-key-file-pass", { sensitive: true }),
  optionalText("tls-client-cert-file", { volatile: true, kept: true }),
  optionalText("tls-client-key-file", { volatile: true, kept: true }),
  optionalText("tls-client-key-file-pass", { sensitive: true, kept: true }),
  optionalText("tls-dh-params-file", { volatile: true }),
  optionalText("tls-ca-cert-file", { volatile: true }),
  optionalText("tls-ca-cert-dir", { volatile: true }),
  optionalText("tls-protocols"),
  optionalText("tls-ciphers"),
  optionalText("tls-ciphersuites"),
  integer("metrics-port", 0, 0, 65535, { immutable: true, hidden: true }),
  text("metrics-bind", "127.0.0.1", { immutable: true, hidden: true }),
] as const;

/** What clients may cost. */
export const CLIENT_DIRECTIVES = [
  integer("maxclients", 10000, 1, UINT_MAX),
  special("client-output-buffer-limit", "output-buffer-limits"),
  memory("client-query-buffer-limit", GIB, MIB, LONG_MAX),
  memory("proto-max-bulk-len", 512 * MIB, MIB, LONG_MAX),
  memoryOrPercent("maxmemory-clients", 0, -100, LONG_MAX),
  integer("tracking-table-max-keys", 1000000, 0, LONG_MAX),
  special("notify-keyspace-events", "keyspace-events"),
] as const;

/** Who may do what. */
export const SECURITY_DIRECTIVES = [
  optionalText("requirepass", { sensitive: true, binary: true }),
  text("aclfile", "", { immutable: true }),
  choice("acl-pubsub-default", "resetchannels", ["allchannels", "resetchannels"]),
  integer("acllog-max-len", 128, 0, LONG_MAX),
  choice("enable-protected-configs", "no", PROTECTED_ACTIONS, { immutable: true }),
  choice("enable-debug-command", "no", PROTECTED_ACTIONS, { immutable: true }),
  choice("enable-module-command", "no", PROTECTED_ACTIONS, { immutable: true }),
] as const;

/**
 * The log, the slow log and latency. Kept alone are those of the system's log, which no runtime
 * reaches, and of a check of the memory after a crash, which is for what has no garbage collector.
 */
export const LOG_DIRECTIVES = [
  choice("loglevel", "notice", ["debug", "verbose", "notice", "warning", "nothing"]),
  text("logfile", "", { immutable: true }),
  yesNo("syslog-enabled", false, { immutable: true, kept: true }),
  text("syslog-ident", "redis", { immutable: true, kept: true }),
  choice("syslog-facility", "local0", [
    "user",
    "local0",
    "local1",
    "local2",
    "local3",
    "local4",
    "local5",
    "local6",
    "local7",
  ], { immutable: true, kept: true }),
  yesNo("always-show-logo", false, { immutable: true }),
  yesNo("crash-log-enabled", true),
  yesNo("crash-memcheck-enabled", true, { kept: true }),
  integer("slowlog-log-slower-than", 10000, -1, LONG_MAX),
  integer("slowlog-max-len", 128, 0, LONG_MAX),
  integer("latency-monitor-threshold", 0, 0, LONG_MAX),
  yesNo("latency-tracking", true),
  special("latency-tracking-info-percentiles", "percentiles"),
] as const;

/**
 * Memory, eviction and expiry. Kept alone are `activerehashing`, for tables grow in small steps, and
 * those of jemalloc: the heap moves pages together by itself.
 */
export const MEMORY_DIRECTIVES = [
  memory("maxmemory", 0, 0, ULONG_MAX),
  choice("maxmemory-policy", "noeviction", [
    "volatile-lru",
    "volatile-lfu",
    "volatile-random",
    "volatile-ttl",
    "allkeys-lru",
    "allkeys-lfu",
    "allkeys-random",
    "noeviction",
  ]),
  integer("maxmemory-samples", 5, 1, INT_MAX),
  integer("maxmemory-eviction-tenacity", 10, 0, 100),
  integer("lfu-log-factor", 10, 0, INT_MAX),
  integer("lfu-decay-time", 1, 0, INT_MAX),
  integer("active-expire-effort", 1, 1, 10),
  yesNo("lazyfree-lazy-eviction", false),
  yesNo("lazyfree-lazy-expire", false),
  yesNo("lazyfree-lazy-server-del", false),
  yesNo("lazyfree-lazy-user-del", false),
  yesNo("lazyfree-lazy-user-flush", false),
  yesNo("activerehashing", true, { kept: true }),
  yesNo("activedefrag", false, { cannotTurnOn: NO_DEFRAGMENTATION, kept: true }),
  integer("active-defrag-cycle-min", 1, 1, 99, { kept: true }),
  integer("active-defrag-cycle-max", 25, 1, 99, { kept: true }),
  integer("active-defrag-threshold-lower", 10, 0, 1000, { kept: true }),
  integer("active-defrag-threshold-upper", 100, 0, 1000, { kept: true }),
  memory("active-defrag-ignore-bytes", 100 * MIB, 1, LONG_MAX, { kept: true }),
  integer("active-defrag-max-scan-fields", 1000, 1, LONG_MAX, { kept: true }),
  yesNo("jemalloc-bg-thread", true, { kept: true }),
] as const;

/**
 * The process and its rhythm. Kept alone are those for which a runtime has no call: to go to the
 * background, to tell systemd or upstart, titles, locales, processors and huge pages; and those of
 * threads, replicas and scripts, which are not here.
 */
export const PROCESS_DIRECTIVES = [
  special("dir", "directory", { protected: true, denyLoading: true }),
  integer("databases", 16, 1, INT_MAX, { immutable: true }),
  integer("hz", 10, 0, INT_MAX, { clamp: [1n, 500n] }),
  yesNo("dynamic-hz", true),
  yesNo("daemonize", false, { immutable: true, kept: true }),
  optionalText("pidfile", { immutable: true }),
  choice("supervised", "no", ["upstart", "systemd", "auto", "no"], { immutable: true, kept: true }),
  choices("shutdown-on-sigint", SHUTDOWN_WORDS, SHUTDOWN),
  choices("shutdown-on-sigterm", SHUTDOWN_WORDS, SHUTDOWN),
  integer("shutdown-timeout", 10, 0, INT_MAX, { kept: true }),
  integer("busy-reply-threshold", 5000, 0, LONG_MAX, { alias: "lua-time-limit", kept: true }),
  yesNo("set-proc-title", true, { immutable: true, kept: true }),
  text("proc-title-template", "{title} {listen-addr} {server-mode}", {
    refuses: refusesTitleTemplate,
    kept: true,
  }),
  text("locale-collate", "", { refuses: refusesLocale, kept: true }),
  text("ignore-warnings", "", { kept: true }),
  integer("io-threads", 1, 1, 128, { immutable: true, kept: true }),
  yesNo("io-threads-do-reads", false, { immutable: true, kept: true }),
  optionalText("server_cpulist", { laterAlias: "server-cpulist", immutable: true, kept: true }),
  optionalText("bio_cpulist", { laterAlias: "bio-cpulist", immutable: true, kept: true }),
  optionalText("aof_rewrite_cpulist", {
    laterAlias: "aof-rewrite-cpulist",
    immutable: true,
    kept: true,
  }),
  optionalText("bgsave_cpulist", { laterAlias: "bgsave-cpulist", immutable: true, kept: true }),
  choice("oom-score-adj", "no", ["no", "yes", "relative", "absolute"], {
    synonyms: { relative: "yes" },
  }),
  special("oom-score-adj-values", "oom-score-adj-values"),
  yesNo("disable-thp", true, { immutable: true, kept: true }),
] as const;
