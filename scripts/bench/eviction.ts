/**
 * `eviction`: what happens at the limit of `maxmemory`. How far used_memory goes beyond it, and RSS
 * with it, while values of all types and sizes are written; and how often a cache finds what is asked
 * for, by LRU and by LFU, when keys are asked for as Zipf has it.
 *
 * All servers get the same requests: chance comes from a generator with a fixed seed.
 */
import { Prng } from "../../src/base/prng.ts";
import { Pipeline, request } from "./pipeline.ts";
import type { Plan, ServerName } from "./plan.ts";
import { residentBytes } from "./process_memory.ts";
import { type RunningServer, start, stop } from "./servers.ts";
import { format, Line, OWN_RATIO, progress } from "./table.ts";

const LIMIT_BYTES = 100 * 2 ** 20;
const CACHE_BYTES = 16 * 2 ** 20;
const BATCH = 64;
/** Batches between two looks at the memory. */
const LOOK_BATCHES = 20;
const VALUE_BYTES_MAX = 2000;
const ZIPF_EXPONENT = 0.99;
const CACHED_VALUE = "v".repeat(100);

export async function measureEviction(plan: Plan): Promise<Line[]> {
  const most = new Line("eviction", "most used_memory / maxmemory 100 MiB", OWN_RATIO, false);
  const resident = new Line("eviction", "most RSS at maxmemory 100 MiB", "bytes", false);
  const speed = new Line("eviction", "writes at the limit", "commands/s", true);
  const lru = new Line("eviction", "hits at maxmemory 16 MiB, allkeys-lru", "%", true);
  const lfu = new Line("eviction", "hits at maxmemory 16 MiB, allkeys-lfu", "%", true);
  for (const name of plan.servers) {
    const found = await writeAtLimit(plan, name);
    most.samples.add(name, found.mostUsed / LIMIT_BYTES);
    resident.samples.add(name, found.mostResident);
    speed.samples.add(name, found.perSecond);
    most.notes.set(name, `${found.evicted} keys evicted`);
    for (const [line, policy] of [[lru, "allkeys-lru"], [lfu, "allkeys-lfu"]] as const) {
      const { percent, keys } = await cache(plan, name, policy);
      line.samples.add(name, percent);
      line.notes.set(name, `${percent.toFixed(2)} %, ${keys} keys in memory`);
    }
    progress(`eviction ${name}: ${format(found.perSecond)} writes/s`);
  }
  return [most, resident, speed, lru, lfu];
}

interface Written {
  readonly mostUsed: number;
  readonly mostResident: number;
  readonly evicted: number;
  readonly perSecond: number;
}

async function writeAtLimit(plan: Plan, name: ServerName): Promise<Written> {
  const server = await limited(name, LIMIT_BYTES, "allkeys-lru");
  const pipeline = new Pipeline(server.port);
  const prng = new Prng(new Uint8Array(16).fill(7));
  const batches = Math.ceil(Math.max(plan.keyCount, 600_000) / 2 / BATCH);
  let mostUsed = 0;
  let mostResident = 0;
  let elapsedMs = 0;
  for (let batch = 0; batch < batches; batch++) {
    let text = "";
    for (let i = 0; i < BATCH; i++) text += write(prng);
    const beganMs = performance.now();
    const replies = await pipeline.send(text, BATCH);
    elapsedMs += performance.now() - beganMs;
    for (const reply of replies) if (reply?.startsWith("-") === true) throw new Error(reply);
    if (batch % LOOK_BATCHES !== 0) continue;
    mostUsed = Math.max(mostUsed, await infoOf(pipeline, "memory", "used_memory"));
    mostResident = Math.max(mostResident, residentBytes(server.pid));
  }
  const evicted = await infoOf(pipeline, "stats", "evicted_keys");
  pipeline.close();
  await stop(server);
  return { mostUsed, mostResident, evicted, perSecond: batches * BATCH / elapsedMs * 1000 };
}

/** A write of any type; what it adds is up to 2000 bytes. */
function write(prng: Prng): string {
  const value = "x".repeat(1 + prng.below(VALUE_BYTES_MAX));
  const key = prng.below(1_000_000);
  switch (prng.below(4)) {
    case 0:
      return request("SET", `string:${key}`, value);
    case 1:
      return request("HSET", `hash:${key % 20_000}`, `field:${prng.below(100)}`, value);
    case 2:
      return request("ZADD", `zset:${key % 20_000}`, String(key), `${key}:${value.slice(0, 100)}`);
    default:
      return request("LPUSH", `list:${key % 20_000}`, value);
  }
}

/** Asks for keys and writes those that are not there: the hits once the cache is full. */
async function cache(
  plan: Plan,
  name: ServerName,
  policy: string,
): Promise<{ percent: number; keys: number }> {
  const server = await limited(name, CACHE_BYTES, policy);
  const pipeline = new Pipeline(server.port);
  const prng = new Prng(new Uint8Array(16).fill(9));
  const draw = zipf(prng, 400_000);
  const batches = Math.ceil(Math.max(plan.keyCount, 1_000_000) / BATCH);
  let hits = 0;
  let asked = 0;
  for (let batch = 0; batch < batches; batch++) {
    const keys = Array.from({ length: BATCH }, () => `key:${draw()}`);
    const found = await pipeline.send(keys.map((key) => request("GET", key)).join(""), BATCH);
    const absent = keys.filter((_, i) => found[i] === null);
    if (batch > batches / 2) {
      asked += BATCH;
      hits += BATCH - absent.length;
    }
    if (absent.length === 0) continue;
    const text = absent.map((key) => request("SET", key, CACHED_VALUE)).join("");
    await pipeline.send(text, absent.length);
  }
  const [size] = await pipeline.send(request("DBSIZE"), 1);
  pipeline.close();
  await stop(server);
  return { percent: hits / asked * 100, keys: Number(size!.slice(1)) };
}

/** Draws numbers below `count`, the i-th with a chance in proportion to 1 / i^0.99. */
function zipf(prng: Prng, count: number): () => number {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let i = 0; i < count; i++) sums[i] = sum += 1 / (i + 1) ** ZIPF_EXPONENT;
  return () => {
    const wanted = prng.nextDouble() * sum;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sums[middle] < wanted) low = middle + 1;
      else high = middle;
    }
    // Scattered, so that the order of the numbers says nothing.
    return Math.imul(low, 0x9e3779b1) >>> 0;
  };
}

function limited(name: ServerName, bytes: number, policy: string): Promise<RunningServer> {
  return start(name, ["--maxmemory", String(bytes), "--maxmemory-policy", policy]);
}

async function infoOf(pipeline: Pipeline, section: string, field: string): Promise<number> {
  const [text] = await pipeline.send(request("INFO", section), 1);
  return Number(new RegExp(`^${field}:(\\d+)`, "m").exec(text ?? "")?.[1]);
}
