/**
 * Reads the JUnit reports that Node's, Deno's and Bun's test runners write, each in its own dialect:
 *
 * - Node nests suites and does not count a suite as a test.
 * - Deno lists a suite as a test, beside its parts, whose names it spells `suite > part`; its own
 *   suites only tell whether something was in the right file.
 * - Bun nests suites as Node does, and gives some failures no text.
 */

/** One test as it went. */
export interface TestResult {
  readonly name: string;
  readonly state: "passed" | "failed" | "skipped";
  /** What is said of a failure, or the reason of a skip. */
  readonly message: string;
}

/** The tests of a report; suites are not among them, unless a suite failed by itself. */
export function readJunit(xml: string): TestResult[] {
  const all: TestResult[] = [];
  const pattern = /<testcase\b((?:[^>"]|"[^"]*")*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g;
  for (let match = pattern.exec(xml); match; match = pattern.exec(xml)) {
    all.push(readCase(match[1], match[2] ?? ""));
  }
  const suites = new Set(all.flatMap(({ name }) => prefixes(name)));
  const tests = all.filter(({ name }) => !suites.has(name));
  const isExplained = tests.some(({ state }) => state === "failed");
  const alone = isExplained ? [] : all.filter((t) => suites.has(t.name) && t.state === "failed");
  return [...tests, ...alone];
}

function readCase(attributes: string, body: string): TestResult {
  const name = attribute(attributes, "name");
  const failure =
    /<(?:failure|error)\b((?:[^>"]|"[^"]*")*?)(?:\/>|>([\s\S]*?)<\/(?:failure|error)>)/
      .exec(body);
  if (failure) {
    const text = unescape(failure[2] ?? "").trim();
    return { name, state: "failed", message: text || attribute(failure[1], "message") };
  }
  const skipped = /<skipped\b((?:[^>"]|"[^"]*")*?)\/?>/.exec(body);
  if (skipped) return { name, state: "skipped", message: attribute(skipped[1], "message") };
  return { name, state: "passed", message: "" };
}

function prefixes(name: string): string[] {
  const parts = name.split(" > ");
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join(" > "));
}

function attribute(attributes: string, name: string): string {
  return unescape(new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1] ?? "");
}

function unescape(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-f]+)|#(\d+)|(lt|gt|amp|quot|apos));/gi,
    (_, hex, decimal, word) => {
      if (hex) return String.fromCodePoint(parseInt(hex, 16));
      if (decimal) return String.fromCodePoint(Number(decimal));
      return { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" }[word as string] ?? "";
    },
  );
}
