/**
 * LATENCY DOCTOR: what the samples of the latency monitor say, in words, and what could be done.
 */
import type { LatencySeries } from "./latency.ts";

/** What the doctor looks at beside the samples. */
export interface DoctorCase {
  readonly events: ReadonlyMap<string, LatencySeries>;
  /** `latency-monitor-threshold`; 0 where it is off. */
  readonly thresholdMs: number;
  readonly nowSeconds: number;
  /** `slowlog-log-slower-than`; Infinity where nothing is logged. */
  readonly slowLogUs: number;
  readonly hz: number;
  readonly syncsAlways: boolean;
  /** Bytes of the heap that were frozen in a second, the last time; 0 where nothing was frozen. */
  readonly freezeBytesPerSecond: number;
}

type Advice = keyof typeof ADVICE;

const ADVICE = {
  slowLogOff: "Commands take long and the slow log is off. Turn it on to see which they are: " +
    "CONFIG SET slowlog-log-slower-than <microseconds>.",
  slowLogCoarse:
    "The slow log only has what is slower than what is watched for here. Give it the " +
    "same threshold with CONFIG SET slowlog-log-slower-than.",
  slowLog: "SLOWLOG GET tells which commands took long.",
  scheduler: "Commands that do little took long: the process did not get the processor, or the " +
    "JavaScript engine was collecting garbage. Look for other load on this machine, for a noisy " +
    "neighbour where it is virtual, and with 'redis-cli --intrinsic-latency 100' for what the " +
    "system itself adds.",
  localDisk: "Keep the files on a local disk; remote ones are slow to write and slower to sync.",
  fasterDisk: "A disk without moving parts syncs much faster.",
  contention: "Find out who else writes to this disk.",
  noSyncOnRewrite: "Where the last second may be lost, 'no-appendfsync-on-rewrite yes' keeps " +
    "syncs from waiting for what a rewrite or snapshot writes.",
  relaxSync: "'appendfsync always' makes each reply wait for the disk. 'appendfsync everysec' " +
    "risks a second of writes and waits for nothing.",
  pace: "Raise 'hz', to 100 for example, so that what expires goes in smaller steps.",
  largeValues:
    "Deleting large values takes long, whether by DEL, by expiry or for maxmemory. Use " +
    "UNLINK and the lazyfree-lazy-* directives, or smaller values.",
  eviction: "Keys are evicted in masses when maxmemory is lowered or large values come in at once.",
  freeze:
    "Freezing the heap takes time with its size: a smaller data set in each server, or fewer " +
    "snapshots, make it shorter.",
} as const;

/** What each event suggests. */
const ADVICE_OF_EVENT: Readonly<Record<string, readonly Advice[]>> = {
  "command": ["slowLog", "largeValues"],
  "fast-command": ["scheduler"],
  "aof-write": ["localDisk", "fasterDisk"],
  "aof-write-pending-fsync": ["localDisk", "contention", "fasterDisk"],
  "aof-write-active-child": ["noSyncOnRewrite", "fasterDisk"],
  "aof-write-alone": ["localDisk", "fasterDisk"],
  "aof-fsync-always": ["fasterDisk"],
  "aof-rename": ["localDisk", "fasterDisk"],
  "expire-cycle": ["pace", "largeValues"],
  "expire-del": ["largeValues"],
  "eviction-del": ["largeValues"],
  "eviction-cycle": ["eviction"],
  "fork": ["freeze"],
};

/** The whole report. */
export function latencyReport(patient: DoctorCase): string {
  const { events, thresholdMs } = patient;
  if (events.size === 0) {
    if (thresholdMs > 0) return "No event has taken long so far. There is nothing to cure.\n";
    return "The latency monitor is off, so there is nothing to look at. Turn it on with " +
      '"CONFIG SET latency-monitor-threshold <milliseconds>" and ask again later.\n';
  }
  let text = "Some events of this server have taken long:\n\n";
  let number = 0;
  const advice = new Set<Advice>();
  for (const [event, series] of events) {
    text += `${++number}. ${event}: ${describe(series, patient.nowSeconds)}`;
    if (event === "fork" && patient.freezeBytesPerSecond > 0) {
      const perSecond = patient.freezeBytesPerSecond / 1024 ** 3;
      text += ` The heap was frozen at ${perSecond.toFixed(2)} GB a second.`;
    }
    text += "\n";
    for (const each of adviceFor(event, patient)) advice.add(each);
  }
  if (advice.size === 0) {
    return `${text}\nThere is no common remedy for these: show this report to somebody who knows.\n`;
  }
  text += "\nWhat may help:\n\n";
  for (const each of advice) text += `- ${ADVICE[each]}\n`;
  return text;
}

/** `3 times long (average 12ms, mean deviation 2ms, once in 4.00 sec), at worst 15ms.` */
function describe(series: LatencySeries, nowSeconds: number): string {
  const samples = series.samples();
  const count = samples.length;
  const average = Math.floor(samples.reduce((sum, { ms }) => sum + ms, 0) / count);
  const away = samples.reduce((sum, { ms }) => sum + Math.abs(average - ms), 0);
  const periodSeconds = Math.max(1, nowSeconds - samples[0].seconds);
  return `${count} latency spikes (average ${average}ms, mean deviation ` +
    `${Math.floor(away / count)}ms, one in ${(periodSeconds / count).toFixed(2)} sec), ` +
    `the worst ever ${series.maxMs}ms.`;
}

function adviceFor(event: string, patient: DoctorCase): readonly Advice[] {
  const usual = ADVICE_OF_EVENT[event] ?? [];
  if (event === "command") {
    if (patient.slowLogUs === Infinity) return ["slowLogOff", ...usual];
    if (patient.slowLogUs / 1000 > patient.thresholdMs) return ["slowLogCoarse", ...usual];
  }
  if (event === "aof-fsync-always" && patient.syncsAlways) return ["relaxSync", ...usual];
  if (event === "expire-cycle" && patient.hz >= 100) return ["largeValues"];
  return usual;
}
