/**
 * What a stream of bytes asks for, read in the plainest way: the whole stream at hand, strings and
 * regular expressions, nothing fast. It is what the parser is measured by.
 */

/** What holds for the connection. */
export interface RequestModelLimits {
  /** The client has yet to authenticate. */
  readonly isGuarded: boolean;
  readonly bulkLengthMax: number;
}

/** See {@link readRequests}. */
export interface RequestModel {
  /** Commands that are there as a whole and have a name. */
  readonly commandCount: number;
  /** What ends the connection, without `Protocol error: `. */
  readonly error: string | undefined;
}

/** Reads a stream, one byte a character, of less than 64 KB: longer lines have limits of their own. */
export function readRequests(text: string, limits: RequestModelLimits): RequestModel {
  let commandCount = 0;
  let rest = text;
  const end = (error?: string): RequestModel => ({ commandCount, error });
  for (;;) {
    if (rest[0] !== "*") {
      const newline = rest.indexOf("\n");
      if (newline < 0) return end();
      const words = inlineWordCount(rest.slice(0, newline).replace(/\r$/, ""));
      if (words === undefined) return end("unbalanced quotes in request");
      if (words > 0) commandCount++;
      rest = rest.slice(newline + 1);
      continue;
    }
    const header = lineOf(rest);
    if (header === undefined) return end();
    const count = integerOf(header.slice(1));
    if (!(count <= 2147483647)) return end("invalid multibulk length");
    if (limits.isGuarded && count > 10) return end("unauthenticated multibulk length");
    rest = rest.slice(header.length + 2);
    for (let i = 0; i < count; i++) {
      const line = lineOf(rest);
      if (line === undefined) return end();
      const type = rest[0];
      if (type !== "$") return end(`expected '$', got '${type.replace(/[\r\n]/, " ")}'`);
      const length = integerOf(line.slice(1));
      if (!(length >= 0 && length <= limits.bulkLengthMax)) return end("invalid bulk length");
      if (limits.isGuarded && length > 16384) return end("unauthenticated bulk length");
      const size = line.length + 2 + length + 2;
      if (rest.length < size) return end();
      rest = rest.slice(size);
    }
    if (count > 0) commandCount++;
  }
}

/** The text before the first \r, if that and the byte after it are there. */
function lineOf(text: string): string | undefined {
  const end = text.indexOf("\r");
  return end < 0 || end + 1 >= text.length ? undefined : text.slice(0, end);
}

/** NaN where it is no 64-bit integer in its one right form. */
function integerOf(text: string): number {
  if (!/^(0|-?[1-9]\d{0,18})$/.test(text)) return NaN;
  return BigInt.asIntN(64, BigInt(text)) === BigInt(text) ? Number(text) : NaN;
}

const SPACE = "[ \\t\\n\\v\\f\\r]";
/** What a word without quotes is made of: not all that separates words ends one. */
const PLAIN = `[^"' \\t\\n\\r]`;

/** How many words an inline command has; undefined where its quotes do not match. */
function inlineWordCount(line: string): number | undefined {
  // As C reads a string.
  let rest = line.replace(/\0[^]*$/, "");
  let count = 0;
  for (;;) {
    rest = rest.replace(/^[ \t\n\v\f\r]+/, "");
    if (rest === "") return count;
    const found = WORD.exec(rest);
    if (found === null) return undefined;
    rest = rest.slice(found[0].length);
    // A quote that is not closed, or whose end is not the word's.
    if (/^["']/.test(rest)) return undefined;
    count++;
  }
}

/** Plain bytes and at most one quoted part, which ends the word. */
const WORD = new RegExp(
  `^(?:${PLAIN}*(?:"(?:\\\\[^]|[^"\\\\])*"|'(?:\\\\'|(?!\\\\')[^'])*')(?=${SPACE}|$)|${PLAIN}+)`,
);
