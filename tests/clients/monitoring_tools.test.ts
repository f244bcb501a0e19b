/**
 * redis_exporter and RedisInsight, request by request: none gets an error that redis-server would
 * not give, replies have the same form, and INFO has what they read.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { bytesOf, describe, type Reply, textOf } from "../support/reply.ts";
import type { RespClient } from "../support/resp_client.ts";
import {
  skipWithout,
  startPagurus,
  startRedis,
  stopServers,
  type TestServer,
} from "../support/servers.ts";

after(stopServers);

const both = { skip: skipWithout("redis-server") };

/** What redis_exporter maps to metrics of what Redis 7 has. */
const EXPORTED_FIELDS = [
  ...["uptime_in_seconds", "process_id", "io_threads_active", "redis_version", "redis_build_id"],
  ...["redis_mode", "os", "tcp_port", "run_id", "role", "maxmemory_policy", "connected_clients"],
  ...["blocked_clients", "tracking_clients", "clients_in_timeout_table", "maxclients"],
  ...["client_recent_max_output_buffer", "client_recent_max_input_buffer", "cluster_connections"],
  ...["allocator_active", "allocator_allocated", "allocator_resident", "allocator_frag_ratio"],
  ...["allocator_frag_bytes", "allocator_rss_ratio", "allocator_rss_bytes", "used_memory"],
  ...["used_memory_rss", "used_memory_peak", "used_memory_lua", "used_memory_vm_eval"],
  ...[
    "used_memory_scripts_eval",
    "used_memory_overhead",
    "used_memory_startup",
    "mem_clients_slaves",
  ],
  ...[
    "used_memory_dataset",
    "used_memory_vm_functions",
    "used_memory_scripts",
    "used_memory_vm_total",
  ],
  ...["used_memory_functions", "number_of_cached_scripts", "number_of_functions", "maxmemory"],
  ...[
    "number_of_libraries",
    "mem_fragmentation_ratio",
    "mem_fragmentation_bytes",
    "mem_aof_buffer",
  ],
  ...[
    "mem_clients_normal",
    "mem_cluster_links",
    "mem_total_replication_buffers",
    "mem_replication_backlog",
  ],
  ...["mem_not_counted_for_evict", "lazyfree_pending_objects", "lazyfreed_objects"],
  ...["active_defrag_running", "active_defrag_hits", "active_defrag_misses"],
  ...["active_defrag_key_hits", "active_defrag_key_misses", "migrate_cached_sockets"],
  ...["expired_stale_perc", "expired_time_cap_reached_count", "loading", "async_loading"],
  ...["rdb_changes_since_last_save", "rdb_bgsave_in_progress", "rdb_last_save_time"],
  ...["rdb_last_bgsave_status", "rdb_last_bgsave_time_sec", "rdb_current_bgsave_time_sec"],
  ...["rdb_saves", "rdb_last_cow_size", "rdb_last_load_keys_expired", "rdb_last_load_keys_loaded"],
  ...[
    "aof_enabled",
    "aof_rewrite_in_progress",
    "aof_rewrite_scheduled",
    "aof_last_rewrite_time_sec",
  ],
  ...["aof_current_rewrite_time_sec", "aof_last_cow_size", "aof_last_bgrewrite_status"],
  ...["aof_last_write_status", "module_fork_in_progress", "module_fork_last_cow_size"],
  ...["current_cow_peak", "current_cow_size", "current_cow_size_age", "current_fork_perc"],
  ...["current_save_keys_processed", "current_save_keys_total", "pubsub_channels"],
  ...["pubsub_patterns", "pubsubshard_channels", "latest_fork_usec", "unexpected_error_replies"],
  ...["connected_slaves", "repl_backlog_size", "repl_backlog_active"],
  ...["repl_backlog_first_byte_offset", "repl_backlog_histlen", "master_repl_offset"],
  ...["second_repl_offset", "slave_expires_tracked_keys", "sync_full", "sync_partial_ok"],
  ...["sync_partial_err", "total_connections_received", "total_commands_processed"],
  ...["instantaneous_ops_per_sec", "instantaneous_input_kbps", "instantaneous_output_kbps"],
  ...["rejected_connections", "total_net_input_bytes", "total_net_output_bytes"],
  ...["total_net_repl_input_bytes", "total_net_repl_output_bytes", "expired_keys"],
  ...["expire_cycle_cpu_milliseconds", "evicted_keys", "evicted_clients", "total_forks"],
  ...["total_eviction_exceeded_time", "current_eviction_exceeded_time", "keyspace_hits"],
  ...["keyspace_misses", "total_active_defrag_time", "current_active_defrag_time"],
  ...["tracking_total_keys", "tracking_total_items", "tracking_total_prefixes"],
  ...["total_error_replies", "total_reads_processed", "total_writes_processed"],
  ...["io_threaded_reads_processed", "io_threaded_writes_processed", "dump_payload_sanitizations"],
  ...["reply_buffer_shrinks", "reply_buffer_expands", "used_cpu_sys", "used_cpu_user"],
  ...["used_cpu_sys_children", "used_cpu_user_children", "used_cpu_sys_main_thread"],
  ...["used_cpu_user_main_thread", "cluster_enabled", "total_system_memory"],
  // What came after 7.0, from 7.2 on.
  ...["total_blocking_keys", "total_blocking_keys_on_nokey", "watching_clients", "pubsub_clients"],
  ...[
    "total_watched_keys",
    "eventloop_cycles",
    "eventloop_duration_sum",
    "eventloop_duration_cmd_sum",
  ],
  ...["instantaneous_eventloop_cycles_per_sec", "instantaneous_eventloop_duration_usec"],
  ...["acl_access_denied_auth", "acl_access_denied_cmd", "acl_access_denied_key"],
  ...["acl_access_denied_channel"],
];

/** Something of everything, so that there is something to tell. */
const DATA = [
  "SET string value",
  "SETEX expiring 1000 value",
  "RPUSH list a b",
  "SADD set a b",
  "HSET hash f v",
  "ZADD zset 1 a",
  "XADD stream 1-1 f v",
  "XGROUP CREATE stream group 0",
  "XREADGROUP GROUP group consumer STREAMS stream >",
  "PFADD hll a",
  "GET string",
  "GET missing",
  "INCR list",
  "NOSUCH",
  "CONFIG SET slowlog-log-slower-than 0",
  "ZRANGE zset 0 -1",
];

const EXPORTER = [
  "CLIENT SETNAME redis_exporter",
  "PING",
  "INFO ALL",
  "CONFIG GET databases",
  "CONFIG GET maxmemory",
  "LATENCY LATEST",
  "LATENCY HISTOGRAM set get",
  "SLOWLOG LEN",
  "SELECT 0",
  "SCAN 0 MATCH str* COUNT 1000",
  ...["string", "list", "set", "hash", "zset", "stream", "hll", "missing"].map((k) => `TYPE ${k}`),
  "GET string",
  "STRLEN string",
  "PFCOUNT hll",
  "LLEN list",
  "SCARD set",
  "HLEN hash",
  "ZCARD zset",
  "XLEN stream",
  "MEMORY USAGE string",
  "XINFO STREAM stream",
  "XINFO GROUPS stream",
  "XINFO CONSUMERS stream group",
  "MODULE LIST",
  "CLUSTER INFO",
  "SENTINEL MASTERS",
  "CONFIG GET nosuch",
];

const REDIS_INSIGHT = [
  "INFO",
  "CLIENT SETNAME redisinsight-common-1",
  "COMMAND INFO get set",
  "MODULE LIST",
  "COMMAND INFO ft.search json.get graph.query ts.add bf.add cf.add tdigest.add topk.add",
  "FT._LIST",
  "JSON.GET key",
  "DBSIZE",
  "CONFIG GET databases",
  "ACL WHOAMI",
  "ACL DRYRUN default GET string",
  "ACL CAT nosuch",
  "CLUSTER NODES",
  "CLUSTER SLOTS",
  "SENTINEL MASTERS",
  "SCAN 0 MATCH * COUNT 500",
  "SCAN 0 MATCH * COUNT 10000 TYPE hash",
  "TTL expiring",
  "PTTL string",
  "OBJECT ENCODING string",
  "MEMORY USAGE hash SAMPLES 0",
  "HSCAN hash 0 MATCH * COUNT 100",
  "SSCAN set 0 MATCH * COUNT 100",
  "ZSCAN zset 0 MATCH * COUNT 100",
  "ZRANGE zset 0 10 WITHSCORES",
  "LRANGE list 0 500",
  "XREVRANGE stream + - COUNT 500",
  "XPENDING stream group - + 10",
  "XINFO CONSUMERS stream group",
  "GETRANGE string 0 10",
  "CONFIG GET slowlog*",
  "CONFIG GET notify-keyspace-events",
  "CONFIG SET slowlog-max-len 200",
  "CLIENT NO-EVICT on",
  "CLIENT TRACKINGINFO",
  "CLIENT INFO",
  "PUBSUB CHANNELS *",
  "PUBLISH channel message",
  "MEMORY DOCTOR",
  "ROLE",
  "LASTSAVE",
];

/** Fields of INFO by section. */
function sectionsOf(info: string): Map<string, Map<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  let section = new Map<string, string>();
  for (const line of info.split("\r\n")) {
    if (line.startsWith("# ")) sections.set(line.slice(2), section = new Map());
    else if (line !== "") {
      section.set(line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1));
    }
  }
  return sections;
}

/** What a value looks like: numbers are all one number, of a list of fields the names stay. */
function formOf(value: string): string {
  return value.replace(/-?\d+(\.\d+)?/g, "0");
}

/** A reply's form: its kinds and names, no numbers. */
function replyForm(line: string, reply: Reply): string {
  if (bytesOf(reply) && textOf(reply).startsWith("# ")) return "INFO";
  const form = formOf(describe(reply)).replaceAll(/\w{40}/g, "0");
  // What comes in the order of hashes.
  return /^(S?SCAN|CONFIG GET)/.test(line) ? form.split(/[^\w-]+/).sort().join() : form;
}

async function connect(server: TestServer, protocol: 2 | 3): Promise<RespClient> {
  const client = await server.client();
  if (protocol === 3) await client.command("HELLO", "3");
  for (const line of DATA) await client.command(...line.split(" "));
  return client;
}

for (const protocol of [2, 3] as const) {
  test(`what they ask is answered as by redis-server, RESP${protocol}`, both, async () => {
    const servers = [await startRedis(), await startPagurus()];
    const [redis, pagurus] = [
      await connect(servers[0], protocol),
      await connect(servers[1], protocol),
    ];
    for (const line of [...EXPORTER, ...REDIS_INSIGHT]) {
      const args = line.split(" ");
      const [expected, reply] = [await redis.command(...args), await pagurus.command(...args)];
      if (FREE_FORM.has(line)) assert.equal(reply.kind, expected.kind, line);
      else assert.equal(replyForm(line, reply), replyForm(line, expected), line);
    }
    for (const server of servers) await server.stop();
  });
}

/** What may say other things, so long as it is a reply of the same kind. */
const FREE_FORM: ReadonlySet<string> = new Set([
  "LATENCY HISTOGRAM set get",
  "XINFO STREAM stream",
  "XINFO CONSUMERS stream group",
  "COMMAND INFO get set",
  "CLIENT INFO",
  "MEMORY DOCTOR",
]);

test(
  "INFO has every section and field that redis-server's has, of the same form",
  both,
  async () => {
    const servers = [await startRedis(), await startPagurus()];
    const clients = [await connect(servers[0], 2), await connect(servers[1], 2)];
    for (const which of ["", "ALL", "EVERYTHING", "DEFAULT"]) {
      const args = which === "" ? ["INFO"] : ["INFO", which];
      const [expected, actual] = [
        sectionsOf(textOf(await clients[0].command(...args))),
        sectionsOf(textOf(await clients[1].command(...args))),
      ];
      for (const [section, fields] of expected) {
        const ours = actual.get(section);
        assert.ok(ours, `INFO ${which} has no section ${section}`);
        for (const [name, value] of fields) {
          // Events of the kernel's polling and of forks that one of them has not had.
          if (/^(cmdstat_|latency_percentiles_usec_)/.test(name) && !ours.has(name)) {
            assert.fail(`INFO ${which}: ${section} has no ${name}`);
          }
          assert.ok(ours.has(name), `INFO ${which}: ${section} has no ${name}`);
          if (/^-?[\d.]+$/.test(value)) {
            assert.match(ours.get(name)!, /^-?[\d.]+$/, name);
          } else if (
            section === "Commandstats" || section === "Errorstats" || section === "Keyspace"
          ) {
            assert.equal(formOf(ours.get(name)!), formOf(value), name);
          }
        }
      }
      assert.deepEqual([...actual.keys()].filter((name) => expected.has(name)), [
        ...expected.keys(),
      ]);
    }
    for (const server of servers) await server.stop();
  },
);

test("INFO has what redis_exporter maps, and nothing that says it is something else", async () => {
  const server = await startPagurus();
  const client = await connect(server, 2);
  const info = textOf(await client.command("INFO", "ALL"));
  const fields = new Map([...sectionsOf(info).values()].flatMap((section) => [...section]));
  const missing = EXPORTED_FIELDS.filter((name) => !fields.has(name));
  assert.deepEqual(missing, []);
  for (const name of ["tile38_version", "dragonfly_version", "keydb_version", "valkey_version"]) {
    assert.ok(!fields.has(name), name);
  }
  assert.match(fields.get("db0")!, /^keys=\d+,expires=1,avg_ttl=\d+/);
  assert.match(
    fields.get("cmdstat_get")!,
    /^calls=2,usec=\d+,usec_per_call=[\d.]+,rejected_calls=0,failed_calls=0$/,
  );
  assert.equal(fields.get("errorstat_WRONGTYPE"), "count=1");
  assert.match(
    fields.get("latency_percentiles_usec_get")!,
    /^p50=[\d.]+,p99=[\d.]+,p99\.9=[\d.]+$/,
  );
  await server.stop();
});
