/**
 * Cells: one command at one pipeline depth, put to all servers in turn by redis-benchmark.
 */
import { run } from "../processes.ts";
import type { Plan, Row, ServerName } from "./plan.ts";
import { inTurn, type RunningServer, settle } from "./servers.ts";
import { format, Line, progress, Samples } from "./table.ts";

/** What a cell measures. */
export interface CellKind {
  readonly name: string;
  /** A test of redis-benchmark by its name. */
  readonly command: string;
  readonly pipeline: number;
  /** Instead of the test: a command with its arguments. */
  readonly words?: readonly string[];
  /** Instead of 50 connections. */
  readonly connections?: number;
  /** The requests of a short one that says how many the cell takes; 20,000 where not given. */
  readonly probeRequests?: number;
}

/** What redis-benchmark says of one cell. */
interface Cell {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

async function benchmark(
  plan: Plan,
  server: RunningServer,
  kind: CellKind,
  requests: number,
): Promise<Cell> {
  const { command, pipeline, words, connections = 50 } = kind;
  const { code, stdout, output } = await run("/usr/bin/env", [
    ...["redis-benchmark", "-h", "127.0.0.1", "-p", String(server.port), "--csv"],
    ...["-n", String(requests), "-r", String(plan.keyRange), "-d", "16"],
    ...["-c", String(connections), "-P", String(pipeline), "--threads", "1"],
    ...(words ?? ["-t", command.toLowerCase()]),
  ]);
  // "test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95","p99","max"
  const line = stdout.trim().split("\n").at(-1) ?? "";
  const fields = [...line.matchAll(/"([^"]*)"/g)].map((match) => match[1]);
  if (code !== 0 || fields.length < 8) throw new Error(`redis-benchmark: ${output}`);
  return {
    requestsPerSecond: Number(fields[1]),
    p50Ms: Number(fields[4]),
    p99Ms: Number(fields[6]),
  };
}

/** Makes every key that SET and GET draw from, and has their code compiled. */
export async function warmUp(plan: Plan, servers: readonly RunningServer[]): Promise<void> {
  for (const server of servers) {
    await benchmark(plan, server, { name: "", command: "SET", pipeline: 64 }, plan.keyRange * 2);
    await benchmark(plan, server, { name: "", command: "GET", pipeline: 16 }, plan.keyRange);
  }
}

/** One line a cell. */
export async function measureCells(
  plan: Plan,
  row: Row,
  servers: readonly RunningServer[],
  kinds: readonly CellKind[],
): Promise<Line[]> {
  const cells = kinds.map((kind) => new MeasuredCell(plan, row, kind));
  for (let round = 0; round < plan.rounds; round++) {
    for (const cell of cells) {
      for (const server of inTurn(servers, round)) {
        settle(server.directory);
        await cell.measure(server);
      }
    }
  }
  return cells.map((cell) => cell.line);
}

/** A cell and what was measured of it so far. */
class MeasuredCell {
  readonly line: Line;
  readonly #plan: Plan;
  readonly #kind: CellKind;
  readonly #p50Ms = new Samples();
  readonly #p99Ms = new Samples();
  /** Found by the first measurement, the same for all. */
  #requests = 0;

  constructor(plan: Plan, row: Row, kind: CellKind) {
    this.#plan = plan;
    this.#kind = kind;
    this.line = new Line(row, kind.name, "requests/s", true);
  }

  async measure(server: RunningServer): Promise<void> {
    if (this.#requests === 0) {
      const { probeRequests = 20_000, pipeline } = this.#kind;
      const probe = await this.#benchmark(server, probeRequests * pipeline ** 0.5 | 0);
      const requests = Math.round(probe.requestsPerSecond * this.#plan.cellSeconds);
      this.#requests = Math.max(probeRequests >> 1, requests);
    }
    const cell = await this.#benchmark(server, this.#requests);
    this.line.samples.add(server.name, cell.requestsPerSecond);
    this.#p50Ms.add(server.name, cell.p50Ms);
    this.#p99Ms.add(server.name, cell.p99Ms);
    this.line.notes.set(server.name, this.#note(server.name));
    progress(`${this.line.name} ${server.name}: ${format(cell.requestsPerSecond)}`);
  }

  #benchmark(server: RunningServer, requests: number): Promise<Cell> {
    return benchmark(this.#plan, server, this.#kind, requests);
  }

  #note(name: ServerName): string {
    const p50 = this.#p50Ms.median(name)?.toFixed(3);
    const p99 = this.#p99Ms.median(name)?.toFixed(3);
    return `p50 ${p50} p99 ${p99} ms, best ${format(this.line.samples.max(name))}`;
  }
}
