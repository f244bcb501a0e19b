/**
 * `commands`: everything that redis-benchmark measures when it is not told what, in its order, at
 * pipeline 1, 16 and 64. Its lists and sets are those that the cells before have left.
 *
 * `large`: commands on collections of a million elements, where the structure decides.
 */
import { type CellKind, measureCells, warmUp } from "./cells.ts";
import type { Plan } from "./plan.ts";
import { feed, type RunningServer, startAll, stop } from "./servers.ts";
import { format, type Line } from "./table.ts";

const COMMANDS = [
  ...["PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "LPUSH", "RPUSH", "LPOP", "RPOP"],
  ...["SADD", "HSET", "SPOP", "ZADD", "ZPOPMIN"],
  ...["LRANGE_100", "LRANGE_300", "LRANGE_500", "LRANGE_600", "MSET"],
];
const PIPELINES = [1, 16, 64];

export async function measureCommands(plan: Plan): Promise<Line[]> {
  const kinds: CellKind[] = PIPELINES.flatMap((pipeline) =>
    COMMANDS.map((command) => ({
      name: `${command} P${pipeline}`,
      command,
      pipeline,
      probeRequests: command.startsWith("LRANGE") ? 4000 : 20_000,
    }))
  );
  const servers = await startAll(plan);
  await warmUp(plan, servers);
  const lines = await measureCells(plan, "commands", servers, kinds);
  for (const server of servers) await stop(server);
  return lines;
}

/** What redis-benchmark puts a random number in the place of: twelve digits. */
const RANDOM = "__rand_int__";

export async function measureLarge(plan: Plan): Promise<Line[]> {
  const { elementCount } = plan;
  const large: Plan = { ...plan, keyRange: elementCount };
  const servers = await startAll(plan);
  for (const server of servers) await fillCollections(server, elementCount);
  const middle = String(elementCount >> 1);
  const name = format(elementCount);
  const kinds: CellKind[] = [
    ...[1, 16].flatMap((pipeline) => [
      cell(`ZADD new scores in ${name} P${pipeline}`, ["ZADD", "zset", RANDOM, member(RANDOM)], {
        pipeline,
      }),
      cell(`ZRANK in ${name} P${pipeline}`, ["ZRANK", "zset", member(RANDOM)], { pipeline }),
    ]),
    ...[1, 64].map((pipeline) =>
      cell(`LINDEX in the middle of ${name} P${pipeline}`, ["LINDEX", "list", middle], { pipeline })
    ),
    ...[1, 16].map((pipeline) =>
      cell(`XADD P${pipeline}`, ["XADD", "grown", "*", "sensor", "1234", "value", RANDOM], {
        pipeline,
      })
    ),
    ...["1", "100", "1000"].map((count) =>
      cell(`XREAD of ${count} in ${name}`, [
        ...["XREAD", "COUNT", count, "STREAMS", "stream", `${RANDOM}-0`],
      ])
    ),
    cell(`SINTER of two sets of ${name}`, ["SINTERCARD", "2", "one", "other"], {
      connections: 1,
      probeRequests: 10,
    }),
  ];
  const lines = await measureCells(large, "large", servers, kinds);
  for (const server of servers) await stop(server);
  return lines;
}

function cell(name: string, words: readonly string[], rest: Partial<CellKind> = {}): CellKind {
  return { name, command: "", pipeline: 1, words, ...rest };
}

function member(digits: string): string {
  return `member:${digits}`;
}

async function fillCollections({ port }: RunningServer, count: number): Promise<void> {
  const digits = (index: number) => String(index).padStart(12, "0");
  const scattered = (index: number) => String(Math.imul(index, 0x9e3779b1) >>> 0);
  await feed(port, count, (i) => ["ZADD", "zset", scattered(i), member(digits(i))]);
  await feed(port, count, (i) => ["RPUSH", "list", `val:${digits(i)}`]);
  await feed(port, count, (i) => ["SADD", "one", member(digits(i))]);
  await feed(port, count, (i) => ["SADD", "other", member(digits(i + (count >> 1)))]);
  await feed(port, count, (i) => ["XADD", "stream", `${i + 1}-0`, "sensor", "1", "value", "23"]);
}
