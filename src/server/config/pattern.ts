/**
 * Patterns of file names, for `include conf.d/*.conf`: `*`, `?`, `[a-z]`, `[!a-z]`, a backslash
 * before a character that means itself. Keys are matched by base/glob.ts, whose rules differ.
 */

/** Whether a text has something in it that makes it a pattern. */
export function isPattern(text: string): boolean {
  return /[*?[]/.test(text);
}

/**
 * Whether the whole text matches. Takes time in proportion to pattern times text at most.
 */
export function matchesPattern(pattern: string, text: string): boolean {
  let at = 0;
  let textAt = 0;
  let starAt = -1;
  let starTextAt = 0;
  while (textAt < text.length) {
    if (pattern[at] === "*") {
      starAt = ++at;
      starTextAt = textAt;
      continue;
    }
    const next = at < pattern.length ? matchOne(pattern, at, text[textAt]) : -1;
    if (next >= 0) {
      at = next;
      textAt++;
    } else if (starAt >= 0) {
      at = starAt;
      textAt = ++starTextAt;
    } else {
      return false;
    }
  }
  while (pattern[at] === "*") at++;
  return at === pattern.length;
}

/** Matches one character. @returns the place after that part of the pattern, or -1. */
function matchOne(pattern: string, at: number, character: string): number {
  const part = pattern[at];
  if (part === "?") return at + 1;
  if (part === "[") return matchClass(pattern, at + 1, character);
  if (part === "\\" && at + 1 < pattern.length) {
    return pattern[at + 1] === character ? at + 2 : -1;
  }
  return part === character ? at + 1 : -1;
}

/** A `]` that opens a class is one of it; a class that does not end is no class but a bracket. */
function matchClass(pattern: string, at: number, character: string): number {
  const open = at;
  const negated = pattern[at] === "!" || pattern[at] === "^";
  if (negated) at++;
  const first = at;
  let found = false;
  while (at < pattern.length && (pattern[at] !== "]" || at === first)) {
    if (pattern[at] === "\\" && at + 1 < pattern.length) {
      found ||= pattern[++at] === character;
    } else if (pattern[at + 1] === "-" && at + 2 < pattern.length && pattern[at + 2] !== "]") {
      found ||= character >= pattern[at] && character <= pattern[at + 2];
      at += 2;
    } else {
      found ||= pattern[at] === character;
    }
    at++;
  }
  if (at >= pattern.length) return character === "[" ? open : -1;
  return found !== negated ? at + 1 : -1;
}
