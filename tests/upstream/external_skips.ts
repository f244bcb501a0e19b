/**
 * The list of tests of the Valkey suite that cannot pass yet: one a line of external-skips.tsv,
 * `unit <tab> test name <tab> reason`; lines that begin with # are comments.
 */
import { readFileSync } from "node:fs";

/** A test of the suite that is passed over. */
export interface ExternalSkip {
  /** The suite's name for the file that it is in: `unit/type/string`. */
  readonly unit: string;
  /** The test's name exactly as the suite prints it. */
  readonly name: string;
  /** `needs A, B` and, in parentheses, what explains it. */
  readonly reason: string;
  /** Where in the file it stands, counted from 1. */
  readonly line: number;
}

/** Reads the list, in its order. Throws where a line is not made of three texts. */
export function readExternalSkips(): ExternalSkip[] {
  const file = new URL("external-skips.tsv", import.meta.url);
  const skips: ExternalSkip[] = [];
  for (const [index, text] of readFileSync(file, "utf8").split("\n").entries()) {
    if (text === "" || text.startsWith("#")) continue;
    const columns = text.split("\t");
    if (columns.length !== 3 || columns.some((column) => column.trim() !== column || !column)) {
      throw new Error(`external-skips.tsv:${index + 1}: not "unit <tab> name <tab> reason"`);
    }
    const [unit, name, reason] = columns;
    skips.push({ unit, name, reason, line: index + 1 });
  }
  return skips;
}

/** The commands that a reason names: `needs LPUSH, DEBUG LOADAOF (...)` gives both. */
export function neededCommands(reason: string): string[] {
  const names = /^needs ([A-Z]+(?: [A-Z]+)?(?:, [A-Z]+(?: [A-Z]+)?)*)(?: \([^()]+\))?$/.exec(
    reason,
  );
  return names === null ? [] : names[1].split(", ");
}
