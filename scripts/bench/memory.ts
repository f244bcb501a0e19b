/**
 * `memory`: what a data set costs, by used_memory and by RSS. `types`: the same of collections. `peak`: the most that a server and its
 * children hold while a BGSAVE runs and nobody writes, as a multiple of what it held before.
 */
import type { Plan } from "./plan.ts";
import { familyResidentBytes, residentBytes } from "./process_memory.ts";
import {
  ask,
  feed,
  fill,
  infoNumber,
  isSaving,
  type RunningServer,
  sleep,
  start,
  stop,
} from "./servers.ts";
import { format, Line, OWN_RATIO, progress } from "./table.ts";

/** The time between two looks at the memory during a BGSAVE. */
const SAMPLE_MS = 20;

export async function measureMemory(plan: Plan): Promise<Line[]> {
  const { keyCount } = plan;
  const used = new Line("memory", `used_memory of ${format(keyCount)} keys`, "bytes", false);
  const resident = new Line("memory", `RSS of ${format(keyCount)} keys`, "bytes", false);
  for (const name of plan.servers) {
    const server = await start(name);
    // A first key brings in what is made once: the tables, the first chunk, the compiled code.
    await fill(server.port, 1000);
    await ask(server.port, "FLUSHALL");
    const before = await memoryOf(server);
    await fill(server.port, keyCount);
    const after = await memoryOf(server);
    await stop(server);
    for (
      const [line, growth] of [
        [used, after.used - before.used],
        [resident, after.resident - before.resident],
      ] as const
    ) {
      line.samples.add(name, growth);
      line.notes.set(name, `${(growth / keyCount).toFixed(1)} bytes a key`);
      progress(`${line.name} ${name}: ${format(growth)}`);
    }
  }
  return [used, resident];
}

/** Collections whose cost is compared: how many commands make them, and which. */
const COLLECTIONS: readonly (readonly [string, (index: number, digits: string) => string[]])[] = [
  ["hashes of 10 short fields", (_, digits) => {
    const words = ["HSET", `hash:${digits}`];
    for (let i = 0; i < 10; i++) words.push(`field${i}`, `value${i}`);
    return words;
  }],
  ["fields of one hash", (_, digits) => ["HSET", "hash", `fld:${digits}`, `value:${digits}`]],
  ["members of one set", (_, digits) => ["SADD", "set", `mem:${digits}`]],
  ["members of one sorted set", (index, digits) => {
    return ["ZADD", "zset", String(Math.imul(index, 0x9e3779b1) >>> 0), `mem:${digits}`];
  }],
  ["elements of one list", (_, digits) => ["RPUSH", "list", `val:${digits}`]],
  ["entries of one stream", (index, digits) => {
    return ["XADD", "stream", `${1e12 + index * 3}-0`, "sensor", String(index % 1000), "v", digits];
  }],
];

/** `types`: used_memory of collections, as many elements in each as keys elsewhere. */
export async function measureTypes(plan: Plan): Promise<Line[]> {
  const lines: Line[] = [];
  const count = plan.elementCount;
  for (const [what, commandOf] of COLLECTIONS) {
    const line = new Line("types", `used_memory of ${format(count)} ${what}`, "bytes", false);
    for (const name of plan.servers) {
      const server = await start(name);
      await fill(server.port, 1000);
      await ask(server.port, "FLUSHALL");
      const before = await memoryOf(server);
      await feed(server.port, count, (i) => commandOf(i, String(i).padStart(12, "0")));
      const growth = (await memoryOf(server)).used - before.used;
      await stop(server);
      line.samples.add(name, growth);
      line.notes.set(name, `${(growth / count).toFixed(1)} bytes each`);
      progress(`${line.name} ${name}: ${format(growth)}`);
    }
    lines.push(line);
  }
  return lines;
}

async function memoryOf(server: RunningServer): Promise<{ used: number; resident: number }> {
  const used = infoNumber(await ask(server.port, "INFO memory"), "used_memory");
  return { used, resident: residentBytes(server.pid) };
}

export async function measurePeak(plan: Plan): Promise<Line[]> {
  const line = new Line(
    "peak",
    `peak memory in BGSAVE of ${format(plan.keyCount)} keys / before`,
    OWN_RATIO,
    false,
  );
  for (const name of plan.servers) {
    const server = await start(name);
    await fill(server.port, plan.keyCount);
    await sleep(plan.restSeconds * 1000);
    const before = familyResidentBytes(server.pid);
    const peak = await peakOfSave(server);
    await stop(server);
    line.samples.add(name, peak / before);
    line.notes.set(name, `${format(before)} to ${format(peak)} bytes`);
    progress(`${line.name} ${name}: ${line.ratio(name)}`);
  }
  return [line];
}

async function peakOfSave(server: RunningServer): Promise<number> {
  let peak = 0;
  const look = () => peak = Math.max(peak, familyResidentBytes(server.pid));
  await ask(server.port, "BGSAVE");
  do {
    look();
    await sleep(SAMPLE_MS);
  } while (await isSaving(server.port));
  look();
  return peak;
}
