/** Words for the commands about the server, its connections and what they listen to. */

/** Channels, of which some are names of keys and some match the patterns. */
const CHANNELS = ["news", "news.art", "text", "__keyspace@0__:text", "__keyevent@0__:set", ""];
const CHANNEL_PATTERNS = ["*", "news*", "__key*__:*", "n?ws", "[", "__keyevent@0__:expired"];
export const USERS = ["default", "alice", "bob", "nobody"];
const PASSWORDS = ["secret", "wrong", "p", ""];
const RULES = [
  ...["on", "off", "nopass", "resetpass", ">secret", ">p", "<secret", "<wrong", "reset"],
  ...["~*", "~t*", "%R~*", "%W~list", "%RW~n*", "%~x", "allkeys", "resetkeys", "~", "&*", "&n*"],
  ...["resetchannels", "allchannels", "+@all", "-@all", "+@read", "-@write", "+@nothing"],
  ...["-@dangerous", "+@fast", "+get", "-set", "+config|get", "-client|kill", "+select|0"],
  ...["+nosuch", "allcommands", "nocommands", "clearselectors", "(+get ~other*)", "(+@all"],
  ...["(~* &* +@all)", "(%R~text +mget)", "#00", "!00", `#${"ab".repeat(32)}`, "sanitize-payload"],
  ...["skip-sanitize-payload", "", "+", "-@", "nonsense"],
];
const CATEGORIES = ["read", "write", "pubsub", "dangerous", "all", "nothing"];
const EVENTS = ["command", "fast-command", "expire-cycle", "eviction-cycle", "nothing", ""];
const SECTIONS = [
  ...["server", "clients", "memory", "stats", "commandstats", "errorstats", "latencystats"],
  ...["everything", "all", "default", "keyspace", "cpu", "persistence", "nothing"],
];
const COMMAND_NAMES = ["get", "set", "config|get", "acl|setuser", "subscribe", "nosuch", "xread"];
/** Of commands that wait: short ones, for nobody shall wait long. */
export const TIMEOUTS: readonly string[] = [
  "0.01",
  "0.02",
  "0.001",
  "1",
  "0",
  "0.05",
  "-1",
  "x",
  "1e400",
  "0.5",
];

/** By the name of an argument, in the groups of commands that are about no data. */
export const SERVER_NAMED: Readonly<Record<string, readonly string[]>> = {
  channel: CHANNELS,
  shardchannel: CHANNELS,
  pattern: CHANNEL_PATTERNS,
  username: USERS,
  password: PASSWORDS,
  rule: RULES,
  category: CATEGORIES,
  event: EVENTS,
  section: SECTIONS,
  "command-name": COMMAND_NAMES,
  command: COMMAND_NAMES,
  protover: ["2", "3", "2", "3", "4", "x"],
  prefix: ["", "t", "te", "n", "list", "long "],
  message: ["hello", "", "\0\r\n", "x".repeat(3000), "12"],
  numreplicas: ["0", "0", "1", "-1"],
  numlocal: ["0", "1", "1", "2"],
  bits: ["5", "256", "4096", "4097", "0"],
  slot: ["0", "5461", "16383", "16384", "-1"],
  "connection-name": ["me", "", "with space", "you"],
  count: ["0", "1", "10", "-1", "1000"],
  addr: ["127.0.0.1:50000", "127.0.0.1:1", "x"],
  laddr: ["127.0.0.1:6379", "127.0.0.1:1"],
  maxage: ["0", "1", "100"],
};

/** XREAD BLOCK's. */
export const BLOCK_MS: readonly string[] = ["1", "5", "20", "0", "100", "-1"];

/** Directives with the values that change most. */
export const SETTINGS_OF: Readonly<Record<string, readonly string[]>> = {
  "maxmemory-policy": [
    ...["noeviction", "allkeys-lru", "allkeys-lfu", "allkeys-random"],
    ...["volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"],
  ],
  maxmemory: ["0", "1", "100kb", "1mb", "2mb", "5%", "100mb"],
  "maxmemory-clients": ["0", "1", "100kb", "200kb", "1mb", "5%"],
  "maxmemory-samples": ["1", "5", "64"],
  "maxmemory-eviction-tenacity": ["0", "10", "100"],
  "notify-keyspace-events": ["", "KEA", "KEAmn", "Kg$", "E", "AKEd", "x"],
  "slowlog-log-slower-than": ["0", "-1", "10000", "-2"],
  "slowlog-max-len": ["0", "1", "128"],
  "latency-monitor-threshold": ["0", "1", "100"],
  "latency-tracking": ["yes", "no"],
  "latency-tracking-info-percentiles": ["", "50 99 99.9", "0 100", "101"],
  "client-output-buffer-limit": [
    ...["normal 100kb 0 0", "pubsub 1kb 1kb 1", "normal 0 0 0 pubsub 32mb 8mb 60"],
    ...["pubsub 4kb 0 0", "replica 1 2", "normal 10kb 1kb 1"],
  ],
  "tracking-table-max-keys": ["0", "1", "3", "1000000"],
  "acl-pubsub-default": ["allchannels", "resetchannels"],
  "acllog-max-len": ["0", "1", "128"],
  requirepass: ["", "secret", "x"],
  timeout: ["0", "1"],
  maxclients: ["1", "3", "10000"],
  "client-query-buffer-limit": ["1mb", "1gb"],
  appendonly: ["yes", "no"],
  appendfsync: ["always", "everysec", "no"],
  save: ["", "1 1", "900 1"],
  "min-replicas-to-write": ["0", "1"],
  "lazyfree-lazy-expire": ["yes", "no"],
  "lazyfree-lazy-server-del": ["yes", "no"],
  "lazyfree-lazy-user-del": ["yes", "no"],
  "lazyfree-lazy-eviction": ["yes", "no"],
  "hide-user-data-from-log": ["yes", "no"],
  loglevel: ["debug", "notice", "verbose", "nothing"],
  hz: ["1", "10", "500"],
};

/** What changes the state of a connection, to be sent more often than its share of commands. */
export const STATE_COMMANDS: readonly string[] = [
  ...["multi", "multi", "exec", "exec", "exec", "discard", "watch", "unwatch"],
  ...["subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe"],
  ...["publish", "publish", "publish", "spublish", "hello", "hello", "reset", "monitor"],
  ...["client|tracking", "client|tracking", "client|tracking", "client|caching"],
  ...["client|unblock", "client|kill", "client|pause", "client|unpause", "client|no-evict"],
  ...["client|list", "auth", "acl|setuser", "acl|setuser", "acl|deluser", "wait", "waitaof"],
  ...["blpop", "brpop", "blmove", "brpoplpush", "blmpop", "bzpopmin", "bzpopmax", "bzmpop"],
  ...["xread", "xreadgroup", "rpush", "lpush", "zadd", "xadd", "set", "get", "mget", "del"],
  ...["config|set", "config|set", "swapdb", "flushall", "flushdb", "rename", "expire", "restore"],
  ...["slowlog|get", "latency|history", "memory|usage", "info", "move", "copy", "select"],
];
