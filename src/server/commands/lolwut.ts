/**
 * LOLWUT: a picture made of text, and the version.
 *
 * The picture is the pattern of a sea shell. Cone shells grow line by line at the edge, each cell
 * coloring itself by what its neighbors did a line before: a cellular automaton of one dimension.
 * Rule and first line are drawn by lot, so that hardly two are the same. Braille characters stand
 * for 2 by 4 cells each.
 */
import type { Prng } from "../../base/prng.ts";
import type { Call } from "../../command/call.ts";
import type { CommandDefinition } from "../../command/definition.ts";
import { defineCommand } from "../../command/definition.ts";
import { int64OrReply } from "../../command/integer_argument.ts";
import type { Engine } from "../engine.ts";
import { REDIS_VERSION } from "../version.ts";

const COLUMNS_MAX = 1000;
const ROWS_MAX = 1000;
/** Rules whose patterns are neither dull nor noise. */
const RULES = [18, 22, 30, 54, 60, 73, 90, 102, 105, 110, 126, 129, 150];
/** The bit of a Braille character for each cell: left column first, the lowest row apart. */
const BRAILLE_BITS = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]] as const;
const BRAILLE_BLANK = 0x2800;

/** The LOLWUT command of one server. */
export function lolwutCommands(engine: Engine): readonly CommandDefinition[] {
  return [
    defineCommand({
      name: "lolwut",
      summary: "Shows a generated picture and the version.",
      since: "5.0.0",
      group: "server",
      arity: -1,
      flags: ["readonly", "fast"],
      arguments: [{ name: "version", type: "integer", token: "VERSION", flags: ["optional"] }],
      run(call) {
        const size = sizeOrReply(call);
        if (size === undefined) return;
        const picture = shell(engine.keyspace.prng, size.columns, size.rows);
        call.reply.verbatim("txt", `${picture}\nRedis ver. ${REDIS_VERSION}\n`);
      },
    }),
  ];
}

interface Size {
  readonly columns: number;
  readonly rows: number;
}

/**
 * The size in characters. The arguments are those of Redis's pictures: `VERSION 5 [columns]
 * [squares per row] [squares per column]` and `VERSION 6 [columns] [rows]`; others have none.
 */
function sizeOrReply(call: Call): Size | undefined {
  if (call.count < 3 || !call.is(1, "version")) return { columns: 40, rows: 12 };
  const version = int64OrReply(call, 2);
  if (version !== version) return undefined;
  const given: number[] = [];
  const argumentCount = version === 5 ? 3 : version === 6 ? 2 : 0;
  for (let i = 3; i < call.count && given.length < argumentCount; i++) {
    const value = int64OrReply(call, i);
    if (value !== value) return undefined;
    given.push(value);
  }
  if (version === 6) {
    return {
      columns: within(given[0] ?? 80, COLUMNS_MAX),
      rows: within(Math.ceil((given[1] ?? 20) / 4), ROWS_MAX),
    };
  }
  if (version !== 5) return { columns: 40, rows: 12 };
  const columns = within(given[0] ?? 66, COLUMNS_MAX);
  const perRow = within(given[1] ?? 8, 200);
  const perColumn = within(given[2] ?? 12, 200);
  // A character is two cells wide and four high.
  return { columns, rows: within(Math.round(columns / 2 * perColumn / perRow), ROWS_MAX) };
}

function within(value: number, maximum: number): number {
  return Math.min(Math.max(value, 1), maximum);
}

/** A pattern of so many characters; lines are parted by line feeds. */
function shell(prng: Prng, columns: number, rows: number): string {
  const width = columns * 2;
  const rule = RULES[prng.below(RULES.length)];
  let cells: Uint8Array = new Uint8Array(width);
  // From a single cell, or from a few by lot.
  cells[width >>> 1] = 1;
  if (prng.below(2) === 1) {
    for (let i = 0; i < width; i++) if (prng.below(8) === 0) cells[i] = 1;
  }
  const lines: string[] = [];
  for (let row = 0; row < rows; row++) {
    const characters = new Uint16Array(columns).fill(BRAILLE_BLANK);
    for (const bits of BRAILLE_BITS) {
      for (let x = 0; x < width; x++) {
        if (cells[x] === 1) characters[x >>> 1] |= bits[x & 1];
      }
      cells = grown(cells, rule);
    }
    lines.push(String.fromCharCode(...characters));
  }
  return lines.join("\n");
}

/** The next line of cells; the first and the last are neighbors. */
function grown(cells: Uint8Array, rule: number): Uint8Array {
  const next = new Uint8Array(cells.length);
  for (let i = 0; i < cells.length; i++) {
    const left = cells[i === 0 ? cells.length - 1 : i - 1];
    const right = cells[i === cells.length - 1 ? 0 : i + 1];
    next[i] = rule >>> (left << 2 | cells[i] << 1 | right) & 1;
  }
  return next;
}
