/**
 * The sections of INFO: every field that Redis 7.2 has, in its order, and two of our own.
 *
 * A field tells what is so here; where this server has no such thing it shows what Redis shows
 * while the thing rests (0 for counters, -1 for times of what never happened), so that tools which
 * expect the field find it.
 *
 * Redis 8's section `keysizes`, how many keys of each type are how long by powers of two, is not
 * here: all keys are visited for it (info_keysizes.ts), so it comes only when it is asked for by its
 * name. To have it ready for INFO ALL, as Redis has, every command that makes a value longer or
 * shorter would have to tell.
 */
import { latin1Bytes } from "../../base/ascii.ts";
import { Crc64 } from "../../base/crc64.ts";
import { percentileText } from "../config/number_text.ts";
import type { Engine } from "../engine.ts";
import { memoryFigures, ratio } from "../memory_figures.ts";
import type { Command } from "../registry.ts";
import { PAGURUS_VERSION, REDIS_VERSION } from "../version.ts";

/** What `mem_allocator` says: our own heap (src/heap). */
export const ALLOCATOR_NAME = "paged-heap";

/** One line; the value must hold no line break. */
export type InfoField = readonly [name: string, value: string | number];

/** A part of INFO's answer. */
export interface InfoSection {
  /** What it is asked for by, in lower case. */
  readonly name: string;
  readonly alias?: string;
  /** What stands in its first line. */
  readonly heading: string;
  /** In the answer to INFO without arguments; in that to INFO ALL. */
  readonly isDefault: boolean;
  readonly isInAll: boolean;
  fields(engine: Engine): readonly InfoField[];
}

/** All of them, in the order in which they are answered. */
export const INFO_SECTIONS: readonly InfoSection[] = [
  section("server", "Server", server),
  section("clients", "Clients", clients),
  section("memory", "Memory", memory),
  section("persistence", "Persistence", persistence),
  section("stats", "Stats", stats),
  section("replication", "Replication", replication),
  section("cpu", "CPU", cpu),
  { ...section("modules", "Modules", () => []), alias: "module_list" },
  { ...section("commandstats", "Commandstats", commandStats), isDefault: false },
  section("errorstats", "Errorstats", errorStats),
  { ...section("latencystats", "Latencystats", latencyStats), isDefault: false },
  section("cluster", "Cluster", () => [["cluster_enabled", 0]]),
  section("keyspace", "Keyspace", keyspace),
  { ...section("debug", "Debug", debug), isDefault: false, isInAll: false },
];

function section(name: string, heading: string, fields: InfoSection["fields"]): InfoSection {
  return { name, heading, isDefault: true, isInAll: true, fields };
}

function server(engine: Engine): InfoField[] {
  const { config, platform, keyspace } = engine;
  const { runtime, pid, operatingSystem, executable } = platform.process;
  const wallMs = engine.clock.wallMs();
  const uptimeSeconds = Math.max(0, Math.floor((wallMs - engine.startedMs) / 1000));
  const runtimeName = runtime.split(" ")[0];
  return [
    ["redis_version", REDIS_VERSION],
    ["pagurus_version", PAGURUS_VERSION],
    ["pagurus_runtime", runtime],
    ["redis_git_sha1", "00000000"],
    ["redis_git_dirty", 0],
    ["redis_build_id", buildId(runtime)],
    ["redis_mode", "standalone"],
    ["os", operatingSystem],
    ["arch_bits", 64],
    ["monotonic_clock", `${runtimeName} performance.now`],
    ["multiplexing_api", runtimeName],
    ["atomicvar_api", "ecmascript-atomics"],
    ["gcc_version", "0.0.0"],
    ["process_id", pid],
    ["process_supervised", "no"],
    ["run_id", engine.runId],
    ["tcp_port", engine.tcpPort() || engine.tlsPort()],
    ["server_time_usec", Math.floor(wallMs * 1000)],
    ["uptime_in_seconds", uptimeSeconds],
    ["uptime_in_days", Math.floor(uptimeSeconds / 86400)],
    ["hz", engine.hz],
    ["configured_hz", config.number("hz")],
    ["lru_clock", Math.floor(keyspace.nowMs / 1000) & 0xffffff],
    ["executable", executable],
    ["config_file", config.file ?? ""],
    ["io_threads_active", 0],
    ...listeners(engine),
  ];
}

/** `listener0:name=tcp,bind=127.0.0.1,port=6379`; kinds of connections are numbered as in Redis. */
function listeners(engine: Engine): InfoField[] {
  const { config } = engine;
  const fields: InfoField[] = [];
  const binds = config.bindAddresses().map((address) => `,bind=${address}`).join("");
  const port = engine.tcpPort();
  if (port > 0) fields.push(["listener0", `name=tcp${binds},port=${port}`]);
  const path = config.text("unixsocket");
  if (path !== "") fields.push(["listener1", `name=unix,bind=${path}`]);
  const tlsPort = engine.tlsPort();
  if (tlsPort > 0) fields.push(["listener2", `name=tls${binds},port=${tlsPort}`]);
  return fields;
}

/** Changes with the version and the runtime. */
function buildId(runtime: string): string {
  const text = latin1Bytes(`${REDIS_VERSION} ${PAGURUS_VERSION} ${runtime}`);
  const crc = new Crc64();
  crc.update(text, 0, text.length);
  const hex = (word: number) => (word >>> 0).toString(16).padStart(8, "0");
  return hex(crc.high) + hex(crc.low);
}

function clients(engine: Engine): InfoField[] {
  const { blocking, care, watchedKeys } = engine;
  return [
    ["connected_clients", engine.clients.size],
    ["cluster_connections", 0],
    ["maxclients", engine.config.number("maxclients")],
    ["client_recent_max_input_buffer", care.recentInputMax],
    ["client_recent_max_output_buffer", care.recentOutputMax],
    // As in Redis, those whom CLIENT PAUSE holds are among them.
    ["blocked_clients", blocking.clientCount + engine.pause.waiting.size],
    ["tracking_clients", engine.tracking.clients.size],
    // These three are Redis 7.4's.
    ["pubsub_clients", engine.pubSub.clientCount],
    ["watching_clients", watchedKeys.clientCount],
    ["clients_in_timeout_table", blocking.timedCount],
    ["total_watched_keys", watchedKeys.keyCount],
    ["total_blocking_keys", blocking.keyCount],
    ["total_blocking_keys_on_nokey", blocking.missingKeyCount],
  ];
}

function memory(engine: Engine): InfoField[] {
  const { config, platform } = engine;
  const figures = memoryFigures(engine);
  const { used, residentSet, peak, resident, active, allocated, maximum } = figures;
  const total = platform.process.totalMemoryBytes();
  return [
    ...withHuman("used_memory", used),
    ...withHuman("used_memory_rss", residentSet),
    ...withHuman("used_memory_peak", peak),
    ["used_memory_peak_perc", `${figures.peakPercent.toFixed(2)}%`],
    ["used_memory_overhead", figures.overhead],
    ["used_memory_startup", figures.startup],
    ["used_memory_dataset", figures.dataset],
    ["used_memory_dataset_perc", `${figures.datasetPercent.toFixed(2)}%`],
    ["allocator_allocated", allocated],
    ["allocator_active", active],
    ["allocator_resident", resident],
    ...withHuman("total_system_memory", total),
    ["used_memory_lua", 0],
    ["used_memory_vm_eval", 0],
    ["used_memory_lua_human", humanBytes(0)],
    ["used_memory_scripts_eval", 0],
    ["number_of_cached_scripts", 0],
    ["number_of_functions", 0],
    ["number_of_libraries", 0],
    ["used_memory_vm_functions", 0],
    ...withHuman("used_memory_vm_total", 0),
    ["used_memory_functions", 0],
    ...withHuman("used_memory_scripts", 0),
    ...withHuman("maxmemory", maximum),
    ["maxmemory_policy", config.choice("maxmemory-policy")],
    ["allocator_frag_ratio", ratio(active, allocated).toFixed(2)],
    ["allocator_frag_bytes", active - allocated],
    ["allocator_rss_ratio", ratio(resident, active).toFixed(2)],
    ["allocator_rss_bytes", resident - active],
    ["rss_overhead_ratio", ratio(residentSet, resident).toFixed(2)],
    ["rss_overhead_bytes", residentSet - resident],
    ["mem_fragmentation_ratio", ratio(residentSet, used).toFixed(2)],
    ["mem_fragmentation_bytes", residentSet - used],
    ["mem_not_counted_for_evict", 0],
    ["mem_replication_backlog", 0],
    ["mem_total_replication_buffers", 0],
    ["mem_clients_slaves", engine.clientMemory.replica],
    ["mem_clients_normal", engine.clientMemory.evictableBytes],
    ["mem_cluster_links", 0],
    ["mem_aof_buffer", engine.persistence.log.buffer.bytes.length],
    ["mem_allocator", ALLOCATOR_NAME],
    // As Redis 7.4. Indexes of keys grow in small steps: none is ever rehashed.
    ["mem_overhead_db_hashtable_rehashing", 0],
    ["active_defrag_running", 0],
    ["lazyfree_pending_objects", engine.keyspace.lazyFree.pendingCount],
    ["lazyfreed_objects", engine.keyspace.lazyFree.freedCount],
  ];
}

function persistence(engine: Engine): InfoField[] {
  const { job, snapshots, rewrites, log, loading: loaded } = engine.persistence;
  const { copiedBytes } = job;
  return [
    ["loading", engine.isLoading ? 1 : 0],
    ["async_loading", 0],
    // Pages are copied and never given back while a job runs: the peak is what there is now.
    ["current_cow_peak", copiedBytes],
    ["current_cow_size", copiedBytes],
    ["current_cow_size_age", 0],
    ["current_fork_perc", keyPercent(job.keysWritten, job.isBusy ? job.keyCount : 0)],
    ["current_save_keys_processed", job.isBusy ? job.keysWritten : 0],
    ["current_save_keys_total", job.isBusy ? job.keyCount : 0],
    ["rdb_changes_since_last_save", snapshots.dirty],
    ["rdb_bgsave_in_progress", snapshots.isRunning ? 1 : 0],
    ["rdb_last_save_time", snapshots.lastSaveSeconds],
    ["rdb_last_bgsave_status", snapshots.isLastSaveOk ? "ok" : "err"],
    ["rdb_last_bgsave_time_sec", snapshots.lastSaveTookSeconds],
    ["rdb_current_bgsave_time_sec", job.secondsOf("rdb")],
    ["rdb_saves", snapshots.saveCount],
    ["rdb_last_cow_size", job.lastCopiedBytes.rdb],
    ["rdb_last_load_keys_expired", loaded.expiredCount],
    ["rdb_last_load_keys_loaded", loaded.loadedCount],
    ["aof_enabled", rewrites.state === "off" ? 0 : 1],
    ["aof_rewrite_in_progress", rewrites.isRunning ? 1 : 0],
    ["aof_rewrite_scheduled", rewrites.isScheduled ? 1 : 0],
    ["aof_last_rewrite_time_sec", rewrites.lastTookSeconds],
    ["aof_current_rewrite_time_sec", job.secondsOf("aof")],
    ["aof_last_bgrewrite_status", rewrites.isLastOk ? "ok" : "err"],
    ["aof_rewrites", rewrites.count],
    ["aof_rewrites_consecutive_failures", rewrites.failuresInARow],
    ["aof_last_write_status", log.error === "" ? "ok" : "err"],
    ["aof_last_cow_size", job.lastCopiedBytes.aof],
    ["module_fork_in_progress", 0],
    ["module_fork_last_cow_size", 0],
    ...appendOnly(engine),
    ...loading(engine),
  ];
}

/** Only while there is an append-only file. */
function appendOnly(engine: Engine): InfoField[] {
  const { rewrites, log } = engine.persistence;
  if (rewrites.state === "off") return [];
  return [
    ["aof_current_size", log.sizeBytes],
    ["aof_base_size", rewrites.baseSizeBytes],
    ["aof_pending_rewrite", 0],
    ["aof_buffer_length", log.buffer.length],
    ["aof_pending_bio_fsync", log.isSyncing ? 1 : 0],
    ["aof_delayed_fsync", log.delayedSyncCount],
  ];
}

function keyPercent(written: number, count: number): string {
  return (count === 0 ? 0 : written * 100 / count).toFixed(2);
}

/** Only while a file is being loaded. */
function loading(engine: Engine): InfoField[] {
  if (!engine.isLoading) return [];
  const { progress, startedMs, usedMemoryBytes } = engine.persistence.loading;
  const total = progress?.totalBytes ?? 0;
  const loaded = progress?.loadedBytes ?? 0;
  const elapsedSeconds = Math.floor((engine.clock.wallMs() - startedMs) / 1000);
  // As Redis: a made-up second as long as there is nothing to go by.
  const etaSeconds = elapsedSeconds <= 0
    ? 1
    : Math.floor(elapsedSeconds * (total - loaded) / (loaded + 1));
  return [
    ["loading_start_time", Math.floor(startedMs / 1000)],
    ["loading_total_bytes", total],
    ["loading_rdb_used_mem", usedMemoryBytes],
    ["loading_loaded_bytes", loaded],
    ["loading_loaded_perc", (total === 0 ? 0 : loaded * 100 / total).toFixed(2)],
    ["loading_eta_seconds", etaSeconds],
  ];
}

function stats(engine: Engine): InfoField[] {
  const { statistics, keyspace: data, expiry, pubSub, tracking } = engine;
  const cyclesPerSecond = statistics.cycleRate.perSecond;
  const cycleUsPerSecond = statistics.cycleTimeRate.perSecond;
  return [
    ["total_connections_received", statistics.connectionsReceived],
    ["total_commands_processed", statistics.commandsProcessed],
    ["instantaneous_ops_per_sec", Math.floor(statistics.commandRate.perSecond)],
    ["total_net_input_bytes", statistics.netInputBytes],
    ["total_net_output_bytes", statistics.netOutputBytes],
    ["total_net_repl_input_bytes", 0],
    ["total_net_repl_output_bytes", 0],
    ["instantaneous_input_kbps", (statistics.inputRate.perSecond / 1024).toFixed(2)],
    ["instantaneous_output_kbps", (statistics.outputRate.perSecond / 1024).toFixed(2)],
    ["instantaneous_input_repl_kbps", "0.00"],
    ["instantaneous_output_repl_kbps", "0.00"],
    ["rejected_connections", statistics.rejectedConnections],
    ["sync_full", 0],
    ["sync_partial_ok", 0],
    ["sync_partial_err", 0],
    ["expired_keys", data.expiredCount],
    // As Redis 7.4 and newer: fields of hashes.
    ["expired_subkeys", data.hashes.expiredFieldCount],
    ["expired_stale_perc", expiry.stalePercent.toFixed(2)],
    ["expired_time_cap_reached_count", expiry.timeCapReachedCount],
    ["expire_cycle_cpu_milliseconds", Math.floor(statistics.expiryUs / 1000)],
    ["evicted_keys", engine.memoryLimit.evictedKeys],
    ["evicted_clients", engine.memoryLimit.evictedClients],
    ["total_eviction_exceeded_time", engine.memoryLimit.totalExceededMs],
    ["current_eviction_exceeded_time", engine.memoryLimit.currentExceededMs],
    ["keyspace_hits", data.hits],
    ["keyspace_misses", data.misses],
    ["pubsub_channels", pubSub.channels.count],
    ["pubsub_patterns", pubSub.patterns.count],
    ["pubsubshard_channels", pubSub.shardChannels.count],
    ["latest_fork_usec", Math.floor(engine.persistence.job.freezeUs)],
    ["total_forks", engine.persistence.job.freezeCount],
    ["migrate_cached_sockets", 0],
    ["slave_expires_tracked_keys", 0],
    ["active_defrag_hits", 0],
    ["active_defrag_misses", 0],
    ["active_defrag_key_hits", 0],
    ["active_defrag_key_misses", 0],
    ["total_active_defrag_time", 0],
    ["current_active_defrag_time", 0],
    ["tracking_total_keys", tracking.keys.count],
    ["tracking_total_items", tracking.keys.itemCount],
    ["tracking_total_prefixes", tracking.prefixes.all.length],
    ["unexpected_error_replies", 0],
    ["total_error_replies", statistics.errorReplies],
    ["dump_payload_sanitizations", 0],
    ["total_reads_processed", statistics.readEvents],
    ["total_writes_processed", statistics.writeEvents],
    ["io_threaded_reads_processed", 0],
    ["io_threaded_writes_processed", 0],
    // As Redis 7.4.
    ["client_query_buffer_limit_disconnections", statistics.inputBufferLimitDisconnections],
    ["client_output_buffer_limit_disconnections", statistics.outputBufferLimitDisconnections],
    ["reply_buffer_shrinks", engine.replyBuffers.shrinkCount],
    ["reply_buffer_expands", engine.replyBuffers.expandCount],
    ["eventloop_cycles", statistics.cycles],
    ["eventloop_duration_sum", Math.floor(statistics.cycleUs)],
    ["eventloop_duration_cmd_sum", Math.floor(commandUs(engine.commands.commands))],
    ["instantaneous_eventloop_cycles_per_sec", Math.floor(cyclesPerSecond)],
    [
      "instantaneous_eventloop_duration_usec",
      cyclesPerSecond === 0 ? 0 : Math.floor(cycleUsPerSecond / cyclesPerSecond),
    ],
    ["acl_access_denied_auth", engine.acl.log.denials.auth],
    ["acl_access_denied_cmd", engine.acl.log.denials.command],
    ["acl_access_denied_key", engine.acl.log.denials.key],
    ["acl_access_denied_channel", engine.acl.log.denials.channel],
  ];
}

function commandUs(commands: readonly Command[]): number {
  let sum = 0;
  for (const command of commands) {
    sum += command.microseconds + commandUs(command.subcommands?.commands ?? []);
  }
  return sum;
}

function replication(engine: Engine): InfoField[] {
  const { config } = engine;
  const wantsReplicas = config.number("min-replicas-to-write") > 0 &&
    config.number("min-replicas-max-lag") > 0;
  return [
    ["role", "master"],
    ["connected_slaves", 0],
    ...(wantsReplicas ? [["min_slaves_good_slaves", 0] as const] : []),
    ["master_failover_state", "no-failover"],
    ["master_replid", engine.replicationId],
    ["master_replid2", "0".repeat(40)],
    ["master_repl_offset", 0],
    ["second_repl_offset", -1],
    ["repl_backlog_active", 0],
    ["repl_backlog_size", config.number("repl-backlog-size")],
    ["repl_backlog_first_byte_offset", 0],
    ["repl_backlog_histlen", 0],
  ];
}

/** The runtime tells of the whole process only, so the main thread's figures are the process's. */
function cpu(engine: Engine): InfoField[] {
  const { user, system } = engine.platform.process.cpuUs();
  return [
    ["used_cpu_sys", seconds(system)],
    ["used_cpu_user", seconds(user)],
    ["used_cpu_sys_children", seconds(0)],
    ["used_cpu_user_children", seconds(0)],
    ["used_cpu_sys_main_thread", seconds(system)],
    ["used_cpu_user_main_thread", seconds(user)],
  ];
}

/** `cmdstat_config|get:calls=1,...`: commands that have been called or refused. */
function commandStats(engine: Engine): InfoField[] {
  const fields: InfoField[] = [];
  addCommandStats(fields, engine.commands.commands);
  return fields;
}

function addCommandStats(fields: InfoField[], commands: readonly Command[]): void {
  for (const command of commands) {
    const { calls, rejectedCalls, failedCalls } = command;
    if (calls > 0 || rejectedCalls > 0 || failedCalls > 0) {
      const us = Math.floor(command.microseconds);
      const usPerCall = (calls === 0 ? 0 : us / calls).toFixed(2);
      fields.push([
        `cmdstat_${safeName(command.fullName)}`,
        `calls=${calls},usec=${us},usec_per_call=${usPerCall},` +
        `rejected_calls=${rejectedCalls},failed_calls=${failedCalls}`,
      ]);
    }
    if (command.subcommands !== null) addCommandStats(fields, command.subcommands.commands);
  }
}

/** `latency_percentiles_usec_get:p50=1.003,p99=...`: commands that have been timed. */
function latencyStats(engine: Engine): InfoField[] {
  const fields: InfoField[] = [];
  const percentiles = engine.config.latencyPercentiles();
  addLatencyStats(fields, engine.commands.commands, percentiles);
  return fields;
}

function addLatencyStats(
  fields: InfoField[],
  commands: readonly Command[],
  percentiles: readonly number[],
): void {
  for (const { fullName, latencyHistogram, subcommands } of commands) {
    if (latencyHistogram !== null) {
      const parts = percentiles.map((percent) => {
        const us = latencyHistogram.percentile(percent) / 1000;
        return `p${percentileText(percent)}=${us.toFixed(3)}`;
      });
      fields.push([`latency_percentiles_usec_${safeName(fullName)}`, parts.join(",")]);
    }
    if (subcommands !== null) addLatencyStats(fields, subcommands.commands, percentiles);
  }
}

function errorStats(engine: Engine): InfoField[] {
  const codes = [...engine.statistics.errors.keys()].sort();
  return codes.map((code) => [
    `errorstat_${safeName(code)}`,
    `count=${engine.statistics.errors.get(code)}`,
  ]);
}

function keyspace(engine: Engine): InfoField[] {
  const fields: InfoField[] = [];
  for (const { index, size, expires, averageTtlMs } of engine.keyspace.databases) {
    if (size === 0) continue;
    const averageTtl = Math.floor(averageTtlMs);
    fields.push([`db${index}`, `keys=${size},expires=${expires.count},avg_ttl=${averageTtl}`]);
  }
  return fields;
}

function debug(engine: Engine): InfoField[] {
  const { statistics } = engine;
  return [
    ["eventloop_duration_aof_sum", 0],
    ["eventloop_duration_cron_sum", Math.floor(statistics.tickUs)],
    ["eventloop_duration_max", Math.floor(statistics.longestCycleUs)],
    ["eventloop_cmd_per_cycle_max", statistics.batchCommandsMax],
  ];
}

/** A size, and the same with a unit. */
function withHuman(name: string, bytes: number): InfoField[] {
  return [[name, bytes], [`${name}_human`, humanBytes(bytes)]];
}

/** `100B`, `2.00K`, `1.50G`: as Redis shortens sizes. */
export function humanBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes}B`;
  const power = Math.min(5, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(2)}${"BKMGTP"[power]}`;
}

/** Microseconds as seconds with six digits. */
function seconds(us: number): string {
  return (us / 1e6).toFixed(6);
}

/** A name that comes from outside must not be taken for a field or a section. */
function safeName(name: string): string {
  return name.replace(/[#:\n\r]/g, "_");
}

/** The text of sections, in their own order and with an empty line between two. */
export function sectionsText(engine: Engine, sections: readonly InfoSection[]): string {
  return sections.map(({ heading, fields }) => {
    const lines = fields(engine).map(([name, value]) => `${name}:${value}\r\n`);
    return `# ${heading}\r\n${lines.join("")}`;
  }).join("\r\n");
}
