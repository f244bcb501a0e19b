/**
 * The lines of the result: a number a server, how it compares, and how it is printed.
 *
 * Speeds and costs are compared to redis-server's number, as a multiple of it: a speed is better
 * above 1, a cost below 1. A line whose unit is {@link OWN_RATIO} holds ratios already, each of a
 * server to itself at another time, and these are shown as they are.
 */
import { spawnSync } from "node:child_process";
import { arch, cpus } from "node:os";
import process from "node:process";
import type { Plan, Row, ServerName } from "./plan.ts";

/** The unit of a line whose values are ratios of a server to itself. */
export const OWN_RATIO = "x";

/** What was measured of each server, round by round. */
export class Samples {
  readonly #lists = new Map<ServerName, number[]>();

  add(server: ServerName, value: number): void {
    const list = this.#lists.get(server) ?? [];
    list.push(value);
    this.#lists.set(server, list);
  }

  /** Undefined where nothing was measured. */
  median(server: ServerName): number | undefined {
    const sorted = [...this.#lists.get(server) ?? []].sort((a, b) => a - b);
    if (sorted.length === 0) return undefined;
    const middle = sorted.length >> 1;
    return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  max(server: ServerName): number {
    return Math.max(...this.#lists.get(server) ?? []);
  }
}

/** One row of the result. What counts is the median of a server's samples. */
export class Line {
  readonly row: Row;
  readonly name: string;
  readonly unit: string;
  readonly isMoreBetter: boolean;
  readonly samples = new Samples();
  /** What else there is to say of a server, for the second table. */
  readonly notes = new Map<ServerName, string>();

  constructor(row: Row, name: string, unit: string, isMoreBetter: boolean) {
    this.row = row;
    this.name = name;
    this.unit = unit;
    this.isMoreBetter = isMoreBetter;
  }

  /** How a server compares, as `0.52x`; empty where a number is missing. */
  ratio(server: ServerName): string {
    const value = this.samples.median(server);
    const base = this.unit === OWN_RATIO ? 1 : this.samples.median("redis");
    return value === undefined || base === undefined ? "" : `${(value / base).toFixed(2)}x`;
  }
}

/** A number with as many digits as one can use. */
export function format(value: number | undefined): string {
  if (value === undefined) return "";
  if (value >= 1e9) return `${(value / 1e9).toFixed(2)}G`;
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)}M`;
  if (value >= 1e4) return `${(value / 1e3).toFixed(1)}k`;
  return value.toFixed(value < 100 ? 1 : 0);
}

/** Says on a terminal what is under way, on a line that the next one replaces. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

/** Prints the ratios with the numbers, then the notes. */
export function printMarkdown(plan: Plan, lines: readonly Line[]): void {
  const version = spawnSync("redis-server", ["--version"], { encoding: "utf8" }).stdout;
  const machine = `${cpus().length} x ${cpus()[0]?.model.trim()} ${arch()}`;
  console.log(
    `${machine}, redis-server ${/v=(\S+)/.exec(version)?.[1]}, rounds: ${plan.rounds} ` +
      `(load ${plan.loadRounds}), medians; ratios to redis-server: of what is counted a second ` +
      "higher is better, of the rest lower; a ratio without a number is a server's to itself\n",
  );
  printTable(plan, lines, cellOf);
  const noted = lines.filter((line) => line.notes.size > 0);
  if (noted.length === 0) return;
  console.log();
  printTable(plan, noted, (line, name) => line.notes.get(name) ?? "");
}

function cellOf(line: Line, name: ServerName): string {
  if (line.unit === OWN_RATIO) return `**${line.ratio(name)}**`;
  const value = format(line.samples.median(name));
  return name === "redis" ? `${value} ${line.unit}` : `**${line.ratio(name)}** ${value}`;
}

function printTable(
  plan: Plan,
  lines: readonly Line[],
  cell: (line: Line, name: ServerName) => string,
): void {
  const titles = plan.servers.map((name) => name === "redis" ? "redis-server" : name);
  console.log(`| | ${titles.join(" | ")} |`);
  console.log(`|---|${titles.map(() => "---|").join("")}`);
  for (const line of lines) {
    console.log(`| ${line.name} | ${plan.servers.map((name) => cell(line, name)).join(" | ")} |`);
  }
}

/** Prints the same for programs. */
export function printJson(plan: Plan, lines: readonly Line[]): void {
  const byServer = (of: (name: ServerName) => unknown) =>
    Object.fromEntries(plan.servers.map((name) => [name, of(name)]));
  const objects = lines.map((line) => ({
    row: line.row,
    name: line.name,
    unit: line.unit,
    isMoreBetter: line.isMoreBetter,
    values: byServer((name) => line.samples.median(name)),
    notes: byServer((name) => line.notes.get(name)),
    ratios: byServer((name) => line.ratio(name)),
  }));
  console.log(JSON.stringify(objects, undefined, 2));
}
