/**
 * Runs one unit of the suite and reads what it prints:
 *
 *     [ok]: NAME (12 ms)                              a test
 *     [skip]: NAME                                    a test that was told to be left out
 *     [ignore]: REASON                                a test or block that does not fit this mode
 *     [err]: NAME in tests/unit/aofrw.tcl             a test, its reason on the lines that follow
 *     [err]: Can't start the Valkey server            between tests; configuration and log follow
 *     sock55 => (IN PROGRESS) NAME                    after [TIMEOUT]: where it hangs
 *     [1/1 done]: unit/aofrw (61 seconds)             the end
 *
 * What goes wrong between tests has a name in parentheses here, made of what the suite says:
 * `(start) Unknown command 'sadd' ...`. No such thing can be left out by its name.
 */
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { run } from "../processes.ts";

/** No progress for so long is a hang. */
const STALL_SECONDS = 60;
const UNIT_TIMEOUT_MS = 1_200_000;

/**
 * The suite looks for free ports from here on and uses each port's number plus 10000, too: all of
 * that is below the ports that systems give out by themselves. Several suites can run at once, each
 * from a base of its own: the port that a suite listens on itself is CONTROL_PORT_DISTANCE below.
 */
const FIRST_BASE_PORT = 11_032;
const PORTS = 1000;
const BASE_PORTS = 8;
const CONTROL_PORT_DISTANCE = 32;

/** What the suite said of a unit: test names, as often as they came. */
export interface UnitResults {
  readonly passed: string[];
  readonly failed: string[];
  readonly skipped: string[];
  /** Tests and blocks of tests that the suite does not run in this mode. */
  readonly ignored: string[];
  /**
   * Of those that passed: what came just before was an error that has no test's name. Either that
   * was between tests, or the test has failed inside of a server of its own, which hides it.
   */
  readonly doubtful: string[];
  /** The test that ran when nothing more came. */
  readonly hung: string | undefined;
}

/** A run of a unit. */
export interface UnitRun extends UnitResults {
  /** What ended the unit before its end, or was wrong besides its tests. */
  readonly problem: string | undefined;
  readonly output: string;
}

/** Where a unit runs. */
export interface UnitPlace {
  /** The folder that the suite is started in: it looks for its own files there. */
  readonly folder: string;
  /** More arguments for the suite. */
  readonly args: readonly string[];
  /** A file that it may write. */
  readonly skipFile: string;
}

/** Runs a unit without the tests named. What it leaves behind is ended. */
export async function runUnit(
  unit: string,
  without: readonly string[],
  place: UnitPlace,
): Promise<UnitRun> {
  writeFileSync(place.skipFile, without.join("\n"));
  const basePort = await freeBasePort();
  const args = [
    ...["tests/test_helper.tcl", ...place.args, "--clients", "1", "--single", unit],
    ...["--baseport", String(basePort), "--portcount", String(PORTS - CONTROL_PORT_DISTANCE)],
    ...["--skipfile", place.skipFile, "--durable", "--dont-clean"],
    ...["--timeout", String(STALL_SECONDS)],
  ];
  const { output, code, isTimedOut } = await run(
    "/bin/sh",
    ["-c", 'cd "$0" && exec tclsh "$@"', place.folder, ...args],
    { timeoutMs: UNIT_TIMEOUT_MS, env: { TERM: "dumb" } },
  );
  const read = readOutput(output);
  let problem: string | undefined;
  if (isTimedOut) problem = `ended after ${UNIT_TIMEOUT_MS / 1000} s`;
  else if (!/^\[1\/1 done\]: /m.test(output)) problem = "did not come to its end";
  else if (code !== 0 && read.failed.length === 0) problem = `exit code ${code}`;
  if (problem !== undefined) problem += `\n${output.slice(-1500)}`;
  return { ...read, problem, output };
}

/** A base from which no other suite runs, unless there are as many of them as bases. */
async function freeBasePort(): Promise<number> {
  const first = Math.floor(Math.random() * BASE_PORTS);
  for (let index = first; index < first + BASE_PORTS; index++) {
    const basePort = FIRST_BASE_PORT + PORTS * (index % BASE_PORTS);
    if (await isFree(basePort - CONTROL_PORT_DISTANCE)) return basePort;
  }
  return FIRST_BASE_PORT + PORTS * first;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** What the suite has printed, by kinds. */
export function readOutput(output: string): UnitResults {
  const failed = failuresIn(output);
  return {
    passed: all(output, /^\[ok\]: (.*) \(\d+ ms\)$/gm).filter((name) => !failed.includes(name)),
    failed,
    skipped: all(output, /^\[skip\]: (.*)$/gm),
    ignored: all(output, /^\[ignore\]: (.*)$/gm),
    doubtful: doubtfulIn(output),
    hung: /^\[TIMEOUT\]/m.test(output)
      ? /^sock\S* => \(IN PROGRESS\) (.*)$/m.exec(output)?.[1]
      : undefined,
  };
}

function all(text: string, pattern: RegExp): string[] {
  return Array.from(text.matchAll(pattern), (match) => match[1]);
}

const TEST_NAME = /^(.*) in tests\/\S+\.tcl$/;

/** What the suite has printed, from each line that begins with a state in brackets. */
function partsOf(output: string): string[] {
  return output.split(/^(?=\[(?:ok|err|skip|ignore|exception|TIMEOUT|1\/1 done)\]: )/m);
}

/** The names of what failed; a name in parentheses is none of a test. */
function failuresIn(output: string): string[] {
  const names: string[] = [];
  for (const part of partsOf(output)) {
    const title = errorIn(part);
    if (title === undefined) continue;
    const test = TEST_NAME.exec(title) ?? startingTestIn(part);
    if (test !== null) names.push(test[1]);
    else if (!title.startsWith("Can't start ")) names.push(`(between tests) ${title}`);
    else names.push(`(start) ${startFailureIn(part)}`);
  }
  return names;
}

function doubtfulIn(output: string): string[] {
  const names: string[] = [];
  let isAfterNameless = false;
  for (const part of partsOf(output)) {
    const passed = /^\[ok\]: (.*) \(\d+ ms\)$/m.exec(part);
    if (isAfterNameless && passed?.index === 0) names.push(passed[1]);
    const title = errorIn(part);
    isAfterNameless = title !== undefined && !TEST_NAME.test(title);
  }
  return names;
}

/** The first line of a part that is an error. */
function errorIn(part: string): string | undefined {
  return part.startsWith("[err]: ") ? /^\[err\]: (.*)$/m.exec(part)?.[1] : undefined;
}

/**
 * The test that started the last server in a log, null where that was done between tests. To the
 * suite a test has passed that could not start its server.
 */
function startingTestIn(text: string): RegExpExecArray | null {
  const starts = all(text, /^### Starting server for test (.*)$/gm);
  return TEST_NAME.exec(starts.at(-1) ?? "");
}

/** The first warning of the last server in a log, without the folder that the suite has made. */
function startFailureIn(text: string): string {
  const last = text.slice(text.lastIndexOf("Server initialized"));
  const warning = /^\d+:M .* # (.*)$/m.exec(last)?.[1] ?? text.trimEnd().split("\n").at(-1)!;
  return warning.replaceAll(/\S*\/tests\/tmp\/[^/\s]+\//g, "");
}
