/**
 * The lists of tests of the Valkey suite that do not pass: one a line of external-skips.tsv and
 * internal-skips.tsv, `unit <tab> test name <tab> reason`; lines that begin with # are comments.
 */
import { readFileSync } from "node:fs";

/** A server that is there already, or servers that the suite starts, stops and kills itself. */
export type SuiteMode = "external" | "internal";

/** A test of the suite that is passed over. */
export interface Skip {
  /** The suite's name for the file that it is in: `unit/type/string`. */
  readonly unit: string;
  /**
   * The test's name exactly as the suite prints it; in parentheses, what fails between tests:
   * `(start)` and why a server could not start.
   */
  readonly name: string;
  /** `needs A, B`, `differs` or `differs on deno, bun`, and what explains it. */
  readonly reason: string;
  /** Where in the file it stands, counted from 1. */
  readonly line: number;
}

/** Reads the list of a mode, in its order. Throws where a line is not made of three texts. */
export function readSkips(mode: SuiteMode): Skip[] {
  const fileName = `${mode}-skips.tsv`;
  const skips: Skip[] = [];
  const text = readFileSync(new URL(fileName, import.meta.url), "utf8");
  for (const [index, row] of text.split("\n").entries()) {
    if (row === "" || row.startsWith("#")) continue;
    const columns = row.split("\t");
    if (columns.length !== 3 || columns.some((column) => column.trim() !== column || !column)) {
      throw new Error(`${fileName}:${index + 1}: not "unit <tab> name <tab> reason"`);
    }
    const [unit, name, reason] = columns;
    skips.push({ unit, name, reason, line: index + 1 });
  }
  return skips;
}

/** The commands that a reason names: `needs LPUSH, DEBUG LOADAOF (...)` gives both. */
export function neededCommands(reason: string): string[] {
  const names = /^needs ([A-Z_]+(?: [A-Z]+)?(?:, [A-Z_]+(?: [A-Z]+)?)*)(?: \([^()]+\))?$/.exec(
    reason,
  );
  return names === null ? [] : names[1].split(", ");
}

const DIFFERENCE = /^differs(?: on ([a-z]+(?:, [a-z]+)*))?: \S/;

/** Whether a reason says that Pagurus is another way on purpose: `differs: no child process`. */
export function isDifference(reason: string): boolean {
  return DIFFERENCE.test(reason);
}

/**
 * Whether a reason holds on a runtime: `differs on deno, bun: no such cipher` does on these two.
 */
export function holdsOn(reason: string, runtime: string): boolean {
  const names = DIFFERENCE.exec(reason)?.[1];
  return names === undefined || names.split(", ").includes(runtime);
}

/** Whether a test that is passed over would hang: `needs REPLICAOF (waits for ever)`. */
export function waitsForEver(reason: string): boolean {
  return reason.endsWith(" (waits for ever)");
}
