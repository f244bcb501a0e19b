/**
 * Reads a TypeScript file just far enough for the checks of scripts/tidy.ts: which bytes are code,
 * which are comment and which are the contents of a string. No parser is needed for that, and
 * without one a few hundred files take a few dozen milliseconds.
 */

/** A file in two readings of the same length, so that positions and lines agree. */
export interface SourceText {
  /** The file as it is. */
  readonly text: string;
  /** Comments and the contents of strings, templates and regular expressions blanked out. */
  readonly code: string;
  /** Only the comments blanked out. */
  readonly uncommented: string;
}

/** An import or re-export of another module. */
export interface ImportOf {
  readonly specifier: string;
  readonly line: number;
}

/** Splits a file into code, comments and strings. */
export function readSource(text: string): SourceText {
  const code = text.split("");
  const uncommented = text.split("");
  const blank = (into: string[], from: number, to: number) => {
    for (let i = from; i < to; i++) if (into[i] !== "\n") into[i] = " ";
  };
  /** For each open `${`, how many braces are open inside it. */
  const templates: number[] = [];
  let at = 0;
  let lastToken = "";
  while (at < text.length) {
    const character = text[at];
    const next = text[at + 1];
    if (character === "/" && (next === "/" || next === "*")) {
      const end = commentEnd(text, at);
      blank(code, at, end);
      blank(uncommented, at, end);
      at = end;
    } else if (character === '"' || character === "'") {
      const end = stringEnd(text, at, character);
      blank(code, at + 1, end - 1);
      lastToken = character;
      at = end;
    } else if (character === "`" || (character === "}" && templates.at(-1) === 0)) {
      if (character === "}") templates.pop();
      const [end, isOpen] = templateEnd(text, at + 1);
      blank(code, at + 1, isOpen ? end - 2 : end - 1);
      if (isOpen) templates.push(0);
      lastToken = isOpen ? "{" : "`";
      at = end;
    } else if (character === "/" && startsRegularExpression(lastToken)) {
      const end = regularExpressionEnd(text, at);
      blank(code, at + 1, end - 1);
      lastToken = "/";
      at = end;
    } else if (/[\w$]/.test(character)) {
      const word = /^[\w$]+/.exec(text.slice(at, at + 200))![0];
      lastToken = word;
      at += word.length;
    } else {
      if (templates.length > 0 && character === "{") templates[templates.length - 1]++;
      if (templates.length > 0 && character === "}") templates[templates.length - 1]--;
      if (!/\s/.test(character)) lastToken = character;
      at++;
    }
  }
  return { text, code: code.join(""), uncommented: uncommented.join("") };
}

/** Every module that the file names in an import, an export or an import() type or call. */
export function importsOf(source: SourceText): ImportOf[] {
  const found: ImportOf[] = [];
  const pattern = /\b(?:from|import)\s*\(?\s*(["'])/g;
  for (let match = pattern.exec(source.code); match; match = pattern.exec(source.code)) {
    const start = match.index + match[0].length;
    const end = source.code.indexOf(match[1], start);
    if (end < 0) continue;
    found.push({
      specifier: source.uncommented.slice(start, end),
      line: lineAt(source.text, match.index),
    });
  }
  return found;
}

/** The line of a position, from 1. */
export function lineAt(text: string, position: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < position; at = text.indexOf("\n", at + 1)) {
    line++;
  }
  return line;
}

function commentEnd(text: string, at: number): number {
  const isLine = text[at + 1] === "/";
  const end = text.indexOf(isLine ? "\n" : "*/", at + 2);
  if (end < 0) return text.length;
  return isLine ? end : end + 2;
}

function stringEnd(text: string, at: number, mark: string): number {
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === mark || text[i] === "\n") return i + 1;
  }
  return text.length;
}

/** Where a template's text ends, and whether it ends at `${`. */
function templateEnd(text: string, at: number): [number, boolean] {
  for (let i = at; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === "`") return [i + 1, false];
    else if (text[i] === "$" && text[i + 1] === "{") return [i + 2, true];
  }
  return [text.length, false];
}

function startsRegularExpression(lastToken: string): boolean {
  if (lastToken === "") return true;
  if (/^[\w$]+$/.test(lastToken)) return /^(return|typeof|case|in|of|do|else)$/.test(lastToken);
  return !/[)\]}"'`/]/.test(lastToken);
}

function regularExpressionEnd(text: string, at: number): number {
  let inClass = false;
  for (let i = at + 1; i < text.length; i++) {
    const character = text[i];
    if (character === "\\") i++;
    else if (character === "\n") return i;
    else if (character === "[") inClass = true;
    else if (character === "]") inClass = false;
    else if (character === "/" && !inClass) return i + 1;
  }
  return text.length;
}
