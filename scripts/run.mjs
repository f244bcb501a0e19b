/**
 * What `npm start`, `npm test`, `npm run check`, `npm run bench` and `npm run build` call.
 *
 * This file has to run on whatever Node a machine brings (20 and newer) before anything is
 * installed, so it is plain JavaScript and imports nothing but Node. It does two things:
 *
 * 1. It installs what package-lock.json names where node_modules is missing or older than that.
 * 2. It runs the script, or the server, under the Node that the lockfile pins.
 *
 * It never writes to stdout: that belongs to the server's log. npm's own output goes to stderr.
 *
 * Signals. A Ctrl-C reaches every process of the terminal's group, and npm passes on what it gets
 * once more: a server that is asked twice stops at once, without saving. So the child lives in a
 * group of its own and hears only of this process, which passes a signal on once and drops the
 * echoes that follow within {@link ECHO_MS}.
 */
import { spawn } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

/** A signal that comes again within this time is the same one by another road. */
const ECHO_MS = 150;

const root = fileURLToPath(new URL("..", import.meta.url));
const node = `${root}node_modules/.bin/node`;

/** The scripts by the name that package.json calls them. */
const SCRIPTS = {
  start: "mod.ts",
  test: "scripts/test.ts",
  check: "scripts/check.ts",
  bench: "scripts/bench.ts",
  build: "scripts/build.ts",
};

/** True when npm has finished an install since the lockfile was last changed. */
function isInstalled() {
  const marker = `${root}node_modules/.package-lock.json`;
  return existsSync(node) && existsSync(marker) &&
    statSync(marker).mtimeMs >= statSync(`${root}package-lock.json`).mtimeMs;
}

/** @returns {Promise<number>} npm's exit code */
function install() {
  // Under `npm run` the npm in use and the Node below it are named; that Node must not be one that
  // `npm ci` is about to remove.
  const npm = process.env.npm_execpath;
  const [program, ...before] = npm
    ? [process.env.npm_node_execpath ?? process.execPath, npm]
    : ["npm"];
  return run(program, [...before, "ci", "--no-audit", "--no-fund"], ["ignore", 2, 2]);
}

/**
 * Loopback and the usual port, unless the user says otherwise: on the command line, in a
 * configuration file (the first argument, when it is not an option) or in the environment.
 */
function serverArguments(args) {
  const first = args[0];
  const hasFile = first !== undefined && (first === "-" || !first.startsWith("-"));
  const isQuestion = first !== undefined && /^(-v|-h|--version|--help)$/.test(first);
  if (hasFile || isQuestion) return args;
  const defaults = [];
  for (const [name, value] of [["bind", "127.0.0.1"], ["port", "6379"]]) {
    const isSaid = args.some((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`)) ||
      process.env[`PAGURUS_${name.toUpperCase()}`] !== undefined;
    if (!isSaid) defaults.push(`--${name}`, value);
  }
  return [...defaults, ...args];
}

const [name, ...args] = process.argv.slice(2);
if (!Object.hasOwn(SCRIPTS, name ?? "")) {
  console.error(`usage: node scripts/run.mjs ${Object.keys(SCRIPTS).join("|")} [argument ...]`);
  process.exit(2);
}

let child;
const lastSentMs = new Map();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    const now = performance.now();
    if (now - (lastSentMs.get(signal) ?? -Infinity) < ECHO_MS) return;
    lastSentMs.set(signal, now);
    // A closed terminal is a wish to end in order; servers ignore SIGHUP itself.
    child?.kill(signal === "SIGHUP" ? "SIGTERM" : signal);
  });
}

/** Runs a program to its end in a group of its own; gives its exit code as a shell would. */
function run(program, args, stdio) {
  return new Promise((resolve) => {
    child = spawn(program, args, { stdio, detached: true, cwd: root });
    child.on("error", (error) => {
      console.error(`cannot run ${program}: ${error.message}`);
      resolve(1);
    });
    child.on("exit", (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}

let exitCode = 0;
if (!isInstalled()) {
  exitCode = await install();
  if (exitCode !== 0) console.error(`npm ci failed with exit code ${exitCode}`);
}
if (exitCode === 0) {
  // Relative paths count from the project's root, which is where npm runs its scripts too.
  const scriptArguments = name === "start" ? serverArguments(args) : args;
  exitCode = await run(node, [`${root}${SCRIPTS[name]}`, ...scriptArguments], "inherit");
}
process.exit(exitCode);
