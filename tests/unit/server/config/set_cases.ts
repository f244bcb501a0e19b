/**
 * CONFIG SET as redis-server 7.0.15 answers it: arguments, then `OK` or the error, then the value
 * that CONFIG GET tells of the first directive afterwards. Run in order on one server, in the unit
 * test against the recorded answers and in the comparison against a real server.
 */

export type SetCase = readonly [args: readonly string[], reply: string, value?: string];

function refused(name: string, value: string, reason: string): SetCase {
  const reply = `ERR CONFIG SET failed (possibly related to argument '${name}') - ${reason}`;
  return [[name, value], reply];
}

const POLICIES = "argument(s) must be one of the following: volatile-lru, volatile-lfu, " +
  "volatile-random, volatile-ttl, allkeys-lru, allkeys-lfu, allkeys-random, noeviction";
const PERCENTILES = "latency-tracking-info-percentiles";
const BUFFERS = "client-output-buffer-limit";

export const SET_CASES: readonly SetCase[] = [
  [["MAXMEMORY", "1kb"], "OK", "1024"],
  [["maxmemory", ""], "OK", "0"],
  [["maxmemory", "1K"], "OK", "1000"],
  [["maxmemory", "2M"], "OK", "2000000"],
  [["maxmemory", "2mB"], "OK", "2097152"],
  [["maxmemory", "3g"], "OK", "3000000000"],
  [["maxmemory", "3gb"], "OK", "3221225472"],
  [["maxmemory", "7b"], "OK", "7"],
  [["maxmemory", "b"], "OK", "0"],
  refused("maxmemory", "-1", "argument must be a memory value"),
  refused("maxmemory", "1.5gb", "argument must be a memory value"),
  refused("maxmemory", "5%", "argument must be a memory value"),
  refused("maxmemory", " 1", "argument must be a memory value"),
  [["maxmemory", "18446744073709551615"], "OK", "18446744073709551615"],
  [["maxmemory", "99999999999999999999999"], "OK", "18446744073709551615"],
  [["maxmemory", "99999999999gb"], "OK", "15140462030378500096"],
  [["maxmemory", "0"], "OK", "0"],
  [["maxmemory-clients", "5%"], "OK", "5%"],
  refused("maxmemory-clients", "101%", "percentage argument must be less or equal to 100"),
  refused("maxmemory-clients", "-5%", "argument must be a memory or percent value"),
  refused("maxmemory-clients", "%", "argument must be a memory or percent value"),
  refused("maxmemory-clients", "x", "argument must be a memory or percent value"),
  [["maxmemory-clients", "18446744073709551615"], "OK", "1%"],
  [["maxmemory-clients", "0"], "OK", "0"],
  refused("maxclients", "-1", "argument must be between 1 and 4294967295 inclusive"),
  refused("maxclients", "abc", "argument couldn't be parsed into an integer"),
  refused("port", "70000", "argument must be between 0 and 65535 inclusive"),
  refused("port", "01", "argument couldn't be parsed into an integer"),
  refused("port", "+1", "argument couldn't be parsed into an integer"),
  refused("port", "-0", "argument couldn't be parsed into an integer"),
  refused("port", "", "argument couldn't be parsed into an integer"),
  [["hz", "10000"], "OK", "500"],
  [["hz", "0"], "OK", "1"],
  [["hz", "10"], "OK", "10"],
  refused(
    "proto-max-bulk-len",
    "1",
    "argument must be between 1048576 and 9223372036854775807 inclusive",
  ),
  refused("proto-max-bulk-len", "1x", "argument must be a memory value"),
  [["proto-max-bulk-len", "9223372036854775807"], "OK", "9223372036854775807"],
  refused(
    "proto-max-bulk-len",
    "9223372036854775808",
    "argument must be between 1048576 and 9223372036854775807 inclusive",
  ),
  [["proto-max-bulk-len", "512mb"], "OK", "536870912"],
  refused("appendonly", "maybe", "argument must be 'yes' or 'no'"),
  [["rdbcompression", "NO"], "OK", "no"],
  [["rdbcompression", "Yes"], "OK", "yes"],
  refused("maxmemory-policy", "x", POLICIES),
  [["maxmemory-policy", "ALLKEYS-LRU"], "OK", "allkeys-lru"],
  [["maxmemory-policy", "noeviction"], "OK", "noeviction"],
  [["shutdown-on-sigterm", "force now"], "OK", "now force"],
  refused(
    "shutdown-on-sigterm",
    "save nosave",
    "shutdown options SAVE and NOSAVE can't be used simultaneously",
  ),
  refused(
    "shutdown-on-sigterm",
    "",
    "argument(s) must be one of the following: default, save, nosave, now, force",
  ),
  [["shutdown-on-sigterm", "force default"], "OK", "force"],
  [["shutdown-on-sigterm", "default"], "OK", "default"],
  refused("save", "900", "Invalid save parameters"),
  refused("save", "900 1 300", "Invalid save parameters"),
  refused("save", "0 1", "Invalid save parameters"),
  refused("save", "900 -1", "Invalid save parameters"),
  refused("save", "900 1x", "Invalid save parameters"),
  refused("save", "900  1", "Invalid save parameters"),
  [["save", "900 "], "OK", "900 0"],
  [["save", "900 +1"], "OK", "900 1"],
  [["save", "900 4294967297"], "OK", "900 1"],
  [["save", ""], "OK", ""],
  [["save", "3600 1 300 100"], "OK", "3600 1 300 100"],
  [
    [BUFFERS, "normal 1 2 3"],
    "OK",
    "normal 1 2 3 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
  ],
  [
    [BUFFERS, "replica 1gb 2mb 3 PUBSUB 1 1 1"],
    "OK",
    "normal 1 2 3 slave 1073741824 2097152 3 pubsub 1 1 1",
  ],
  [
    [BUFFERS, "slave 18446744073709551615 0 0"],
    "OK",
    "normal 1 2 3 slave 18446744073709551615 0 0 pubsub 1 1 1",
  ],
  refused(BUFFERS, "normal 1 2", "Wrong number of arguments in buffer limit configuration."),
  refused(
    BUFFERS,
    "master 1 2 3",
    "Invalid client class specified in buffer limit configuration.",
  ),
  refused(
    BUFFERS,
    "normal 1 2 x",
    "Error in hard, soft or soft_seconds setting in buffer limit configuration.",
  ),
  refused(
    BUFFERS,
    "normal 1 2 -3",
    "Error in hard, soft or soft_seconds setting in buffer limit configuration.",
  ),
  [[BUFFERS, ""], "OK", "normal 1 2 3 slave 18446744073709551615 0 0 pubsub 1 1 1"],
  refused("oom-score-adj-values", "1 2", "wrong number of arguments"),
  refused(
    "oom-score-adj-values",
    "1 2 3000",
    "Invalid oom-score-adj-values, elements must be between -2000 and 2000.",
  ),
  [["oom-score-adj-values", "+1 02 300"], "OK", "1 2 300"],
  [["notify-keyspace-events", "KEAn"], "OK", "AKE"],
  [["notify-keyspace-events", "mnKg"], "OK", "gnKm"],
  [["notify-keyspace-events", "g$lshzxetdKEm"], "OK", "AKEm"],
  refused(
    "notify-keyspace-events",
    "q",
    "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.",
  ),
  [["notify-keyspace-events", ""], "OK", ""],
  refused(PERCENTILES, "50 a", "Invalid latency-tracking-info-percentiles parameters"),
  refused(PERCENTILES, "50  99", "Invalid latency-tracking-info-percentiles parameters"),
  refused(PERCENTILES, "nan", "Invalid latency-tracking-info-percentiles parameters"),
  refused(
    PERCENTILES,
    "inf",
    "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]",
  ),
  refused(
    PERCENTILES,
    "50 101",
    "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]",
  ),
  [[PERCENTILES, "50 99.99999999 0.1e1 0x10 0x.8p1 100 0"], "OK", "50 100 1 16 1 100 0"],
  [[PERCENTILES, ""], "OK", ""],
  refused("dir", "/nonexistent", "can't set protected config"),
  refused("dbfilename", "a", "can't set protected config"),
  refused("databases", "3", "can't set immutable config"),
  refused("unixsocketperm", "777", "can't set immutable config"),
  [
    ["rdbchecksum", "no", "maxmemory", "1"],
    "ERR CONFIG SET failed (possibly related to argument 'rdbchecksum') - can't set immutable config",
  ],
  [
    ["maxmemory", "1", "MAXMEMORY", "2"],
    "ERR CONFIG SET failed (possibly related to argument 'MAXMEMORY') - duplicate parameter",
    "0",
  ],
  [["repl-ping-slave-period", "2", "repl-ping-replica-period", "3"], "OK", "3"],
  [
    ["hz", "20", "repl-ping-slave-period", "4", "repl-ping-replica-period", "0"],
    "ERR CONFIG SET failed (possibly related to argument 'repl-ping-replica-period') - argument must be between 1 and 2147483647 inclusive",
    "10",
  ],
  [["repl-ping-slave-period", "3"], "OK", "3"],
  [
    ["maxmemory", "1", "foo", "bar"],
    "ERR Unknown option or number of arguments for CONFIG SET - 'foo'",
    "0",
  ],
  [["maxmemory", "1", "foo"], "ERR syntax error", "0"],
  [
    ["SLAVE-READ-ONLY", "maybe"],
    "ERR CONFIG SET failed (possibly related to argument 'slave-read-only') - argument must be 'yes' or 'no'",
    "yes",
  ],
  [
    ["maxmemory", "100", "timeout", "x"],
    "ERR CONFIG SET failed (possibly related to argument 'timeout') - argument couldn't be parsed into an integer",
    "0",
  ],
  refused(
    "activedefrag",
    "yes",
    "Active defragmentation cannot be enabled: it requires a Redis server compiled with a modified Jemalloc like the one shipped by default with the Redis source distribution",
  ),
  refused(
    "cluster-announce-hostname",
    "a b",
    "Hostnames may only contain alphanumeric characters, hyphens or dots",
  ),
  refused(
    "cluster-announce-hostname",
    "a".repeat(256),
    "Hostnames must be less than 256 characters",
  ),
  refused(
    "proc-title-template",
    "{x}",
    "template format is invalid or contains unknown variables",
  ),
  refused("proc-title-template", "", "template format is invalid or contains unknown variables"),
  refused("proc-title-template", "{", "template format is invalid or contains unknown variables"),
  refused(
    "proc-title-template",
    " {title} ",
    "template format is invalid or contains unknown variables",
  ),
  [["proc-title-template", "{{a {port}"], "OK", "{{a {port}"],
  refused(
    "list-max-listpack-size",
    "-2147483649",
    "argument must be between -2147483648 and 2147483647 inclusive",
  ),
  refused(
    "slowlog-log-slower-than",
    "-2",
    "argument must be between -1 and 9223372036854775807 inclusive",
  ),
  refused(
    "latency-monitor-threshold",
    "9223372036854775808",
    "argument couldn't be parsed into an integer",
  ),
  refused("tcp-keepalive", "1k", "argument couldn't be parsed into an integer"),
  [["hash-max-ziplist-value", "1k"], "OK", "1000"],
  [["masterauth", 'se"cret'], "OK", 'se"cret'],
  [["masterauth", ""], "OK", ""],
];
