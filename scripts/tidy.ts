/**
 * The rules of this project that no other tool knows: what a layer may import, what the core must
 * not touch, how files are named and what they have to hold. `node scripts/tidy.ts` prints one line
 * a violation, `file:line: what is wrong`, and exits 1 when there is any.
 *
 * The layers, lowest first; an import goes down or stays:
 *
 *     base < heap < protocol < keyspace < persistence < tools < command < server
 *
 * `platform` holds the adapters' interfaces: everybody may import it, it imports nothing but itself.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { importsOf, lineAt, readSource, type SourceText } from "./source_text.ts";

/** What a check found. */
export interface Violation {
  /** Relative to the project's root, with forward slashes. */
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

const LAYERS = [
  "base",
  "heap",
  "protocol",
  "keyspace",
  "persistence",
  "tools",
  "command",
  "server",
];
const FOLDERS = ["src", "adapters", "tests", "scripts"];
const MAXIMUM_LINES = 700;

/** What the core must not name: it belongs to one runtime, or is time or chance by the back door. */
const IMPURE: readonly (readonly [RegExp, string])[] = [
  [
    /(?<![\w$.#])(?:Deno|Bun|Buffer|process|console|crypto|performance|globalThis|window|self)\b(?!\s*[?]?:)/g,
    "belongs to a runtime; the platform gives what the core needs",
  ],
  [
    /(?<![\w$.#])(?:setTimeout|setInterval|setImmediate|clearTimeout|clearInterval|queueMicrotask|fetch|require)\s*\(/g,
    "belongs to a runtime; the platform gives what the core needs",
  ],
  [
    /\bDate\s*\.\s*now\b|\bnew\s+Date\s*\(\s*\)|(?<!new\s)(?<![\w$.])Date\s*\(/g,
    "reads the clock; time comes from the platform",
  ],
  [/\bMath\s*\.\s*random\b/g, "is chance of its own; randomness comes from the platform"],
];

/** Checks one file; `path` is relative to the root and decides which rules apply. */
export function checkFile(path: string, text: string): Violation[] {
  const source = readSource(text);
  const violations: Violation[] = [];
  const say = (line: number, message: string) => violations.push({ file: path, line, message });
  checkName(path, say);
  checkShape(path, source, say);
  checkImports(path, source, say);
  if (path.startsWith("src/")) checkPurity(source, say);
  if (path.endsWith(".test.ts")) checkTests(source, say);
  return violations;
}

type Say = (line: number, message: string) => void;

function checkName(path: string, say: Say): void {
  const name = posix.basename(path);
  const stem = name.replace(/(\.test|\.d)?\.(ts|mjs|js)$/, "");
  if (!/^[a-z0-9]+(_[a-z0-9]+)*$/.test(stem)) say(1, `file name "${name}" is not snake_case`);
  for (const part of [...path.split("/").slice(0, -1), stem]) {
    // "common_subsequence" says something, "common" does not.
    const vague = part === "common" ? part : /(?:^|_)(utils?|helpers?|managers?)$/.exec(part)?.[1];
    if (vague) say(1, `"${vague}" says nothing: name the file for what it owns`);
  }
}

function checkShape(path: string, source: SourceText, say: Say): void {
  const lines = source.text.split("\n").length - 1;
  if (lines > MAXIMUM_LINES) say(MAXIMUM_LINES, `${lines} lines; ${MAXIMUM_LINES} are the most`);
  if (!path.startsWith("tests/") && !opensWithComment(source.text)) {
    say(1, "opens without saying what the file is for");
  }
  // A rule's own patterns have to name what they forbid.
  const isTidy = path === "scripts/tidy.ts" || path === "tests/unit/scripts/tidy.test.ts";
  if (!isTidy) {
    each(source.text, /\b(TODO|FIXME|XXX|HACK)\b/g, (line, [word]) => {
      say(line, `${word}: finish it, or write it down where work is planned`);
    });
  }
  each(source.code, /\bexport\s+default\b|\bas\s+default\b/g, (line) => {
    say(line, "default export: give it a name");
  });
  each(source.code, /(?::\s*|<|\bas\s+|\bsatisfies\s+)any\b(?!\s*[(:.?])|,\s*any\s*>/g, (line) => {
    say(line, "any: say what it is, or unknown");
  });
  each(
    source.code,
    /^\s*(?:export\s+)?(?:const\s+)?(enum|namespace)\s+\w/gm,
    (line, m) => {
      say(line, `${m[1]}: not erasable`);
    },
  );
}

/** True when a comment comes before anything but imports. */
function opensWithComment(text: string): boolean {
  const withoutImports = text.replace(/^#!.*\n/, "")
    .replace(/^(?:\s*import\b[^;]*;)+/, "");
  return /^\s*(\/\*|\/\/)/.test(withoutImports);
}

function checkImports(path: string, source: SourceText, say: Say): void {
  const isTestLike = path.startsWith("tests/") || path.startsWith("scripts/");
  for (const { specifier, line } of importsOf(source)) {
    if (specifier.startsWith(".")) {
      if (!/\.(ts|mjs|json)$/.test(specifier)) {
        say(line, `"${specifier}": write the file's extension`);
      }
      const target = posix.normalize(posix.join(posix.dirname(path), specifier));
      const problem = isTestLike ? undefined : importProblem(path, target);
      if (problem) say(line, `imports ${target}: ${problem}`);
    } else if (path.startsWith("src/")) {
      say(line, `imports "${specifier}": the core imports only itself`);
    } else if (path.startsWith("adapters/") && !isOwnLibrary(path, specifier)) {
      say(line, `imports "${specifier}": an adapter needs no packages`);
    }
  }
}

function isOwnLibrary(path: string, specifier: string): boolean {
  if (specifier.startsWith("node:")) return !path.startsWith("adapters/memory/");
  return path.startsWith("adapters/bun/") && specifier.startsWith("bun");
}

/** Why `from` must not import `to`, or undefined where it may. Both are paths from the root. */
export function importProblem(from: string, to: string): string | undefined {
  const [fromTop, fromFolder, fromFamily] = from.split("/");
  const [toTop, toFolder, toFamily] = to.split("/");
  if (fromTop === "src") {
    if (toTop !== "src") return "the core imports only itself";
    if (toFolder === "platform") return undefined;
    if (fromFolder === "platform") return "platform imports nothing but itself";
    const fromLayer = LAYERS.indexOf(fromFolder);
    const toLayer = LAYERS.indexOf(toFolder);
    if (fromLayer < 0) return `src/${fromFolder} is no layer`;
    if (toLayer < 0) return `src/${toFolder} is no layer`;
    if (toLayer > fromLayer) return `${fromFolder} is below ${toFolder}`;
    const isOtherFamily = fromFolder === "command" && toFolder === "command" &&
      from.split("/").length > 3 && to.split("/").length > 3 && fromFamily !== toFamily;
    return isOtherFamily ? "command families do not import each other" : undefined;
  }
  if (fromTop === "adapters") {
    // Parts of the entrypoints: where adapters and the core's table of background jobs meet.
    if (from === "adapters/runtime.ts" || posix.basename(from) === "worker.ts") return undefined;
    if (toTop === "src") {
      return toFolder === "platform" ? undefined : "of src, an adapter imports only platform";
    }
    if (toTop !== "adapters") return "an adapter imports only src/platform and adapters/shared";
    return toFolder === fromFolder || toFolder === "shared"
      ? undefined
      : "adapters do not import each other";
  }
  return undefined;
}

function checkPurity(source: SourceText, say: Say): void {
  for (const [pattern, reason] of IMPURE) {
    each(source.code, pattern, (line, [what]) => {
      say(line, `${what.replace(/\s*\($/, "").trim()} ${reason}`);
    });
  }
}

function checkTests(source: SourceText, say: Say): void {
  // Suites that several files share are declared by a call too: `clockContract(...)`.
  if (!/\b(?:test|it|conformance\w*|\w*[cC]ontract\w*)\s*\(/.test(source.code)) {
    say(1, "a test file without a test");
  }
  each(source.code, /\b(?:test|it|describe)\s*\.\s*only\b|\bonly\s*:\s*true\b/g, (line) => {
    say(line, "only: the other tests would not run");
  });
  each(source.code, /\bskip\s*:\s*true\b|\.\s*skip\s*\(\s*\)/g, (line) => {
    say(line, 'skip without a reason: write skip: "why"');
  });
  each(source.code, /\b(?:test|it|describe)\s*\.\s*(?:skip|todo)\b|\btodo\s*:/g, (line) => {
    say(line, 'skip without a reason: write { skip: "why" }');
  });
}

function each(
  text: string,
  pattern: RegExp,
  found: (line: number, match: RegExpExecArray) => void,
) {
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    const leading = match[0].length - match[0].trimStart().length;
    found(lineAt(text, match.index + leading), match);
  }
}

/** Checks every source file below `root`. */
export function checkProject(root: string): { files: number; violations: Violation[] } {
  const paths = FOLDERS.flatMap((folder) => sourcesBelow(root, folder));
  const violations = ["mod.ts", ...paths].flatMap((path) => {
    const text = readIfThere(join(root, path));
    return text === undefined ? [] : checkFile(path, text);
  });
  return { files: paths.length, violations };
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return undefined;
    throw error;
  }
}

function sourcesBelow(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return sourcesBelow(root, path);
    return /\.(ts|mjs|js)$/.test(entry.name) ? [path] : [];
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  const { files, violations } = checkProject(root);
  for (const { file, line, message } of violations) console.log(`${file}:${line}: ${message}`);
  console.log(`tidy: ${files} files, ${violations.length} violations`);
  process.exitCode = violations.length > 0 ? 1 : 0;
}
