/**
 * A graph of numbers in plain text, as LATENCY GRAPH draws it: a column a number, four lines high,
 * filled below, and under each column its label from top to bottom.
 *
 * ```text
 *      #
 *    _ |
 *   _| |
 * __||_|
 *
 * 432110
 * ssssss
 * ```
 */

const COLUMNS = 80;
const ROWS = 4;
/** What the top of a column looks like, from low to high. */
const TOPS = "_o#";
/** Between the columns and the labels. */
const EMPTY_ROWS = 1;

/** A column: how high it is, and what stands below it. */
export interface Column {
  readonly value: number;
  readonly label: string;
}

/** The graph; what is wider than {@link COLUMNS} goes on below. Every line ends in a line feed. */
export function sparkline(columns: readonly Column[]): string {
  let lowest = Infinity;
  let highest = -Infinity;
  for (const { value } of columns) {
    lowest = Math.min(lowest, value);
    highest = Math.max(highest, value);
  }
  // All of one height: they are drawn at the bottom.
  const range = highest - lowest || 1;
  let text = "";
  for (let first = 0; first < columns.length; first += COLUMNS) {
    if (first > 0) text += "\n";
    text += part(columns.slice(first, first + COLUMNS), lowest, range);
  }
  return text;
}

function part(columns: readonly Column[], lowest: number, range: number): string {
  const steps = columns.map(({ value }) => {
    const step = Math.floor((value - lowest) * ROWS * TOPS.length / range);
    return Math.min(step, ROWS * TOPS.length - 1);
  });
  let text = "";
  for (let row = 0; row < ROWS; row++) {
    const bottom = (ROWS - 1 - row) * TOPS.length;
    text += `${steps.map((step) => cell(step - bottom)).join("")}\n`;
  }
  text += `${" ".repeat(columns.length)}\n`.repeat(EMPTY_ROWS);
  const labelRows = Math.max(...columns.map(({ label }) => label.length));
  for (let row = 0; row < labelRows; row++) {
    text += `${columns.map(({ label }) => label[row] ?? " ").join("")}\n`;
  }
  return text;
}

function cell(step: number): string {
  if (step < 0) return " ";
  return step < TOPS.length ? TOPS[step] : "|";
}
