/**
 * redis-server's command line: `[file or -] [--name value ...]`, and the tools: `--check-rdb file`
 * and its like, or the program under the name of Redis's own tool.
 *
 * The options become lines of configuration, one a `--name`, that are read after the file: so does
 * redis-server, and so an error shows the line that the option became. Beyond it, `--name=value` is
 * understood.
 */

import { latin1, utf8Bytes } from "../../base/ascii.ts";
import type { ToolCommand } from "../../tools/tool.ts";
import { TOOL_USAGES } from "../../tools/tool.ts";
import { quoted, splitArguments } from "./line_text.ts";

/** What a command line asks for. */
export type CommandLine =
  /** `program` is set where it is one of Redis's tools that tells its version. */
  | { readonly action: "version"; readonly program?: string }
  | { readonly action: "help" }
  /** Something that this server does not do: print the message, exit with 1. */
  | { readonly action: "refuse"; readonly message: string }
  | { readonly action: "tool"; readonly command: ToolCommand }
  | {
    readonly action: "start";
    /** The path of the configuration file, as given. */
    readonly file: string | undefined;
    /** Configuration is also read from standard input, after the file. */
    readonly standardInput: boolean;
    /** The lines that the options became; byte text. */
    readonly options: string;
  };

/**
 * @param args the arguments after the program's name.
 * @param calledAs the paths that the program was called by.
 */
export function parseCommandLine(
  args: readonly string[],
  calledAs: readonly string[] = [],
): CommandLine {
  const first = args[0];
  const alias = toolOfName(calledAs);
  if (alias !== undefined) {
    if (args.length === 1 && (first === "-v" || first === "--version")) {
      return { action: "version", program: alias.calledAs };
    }
    return { action: "tool", command: { ...alias, args } };
  }
  if (first === "-v" || first === "--version") return { action: "version" };
  if (first === "-h" || first === "--help") return { action: "help" };
  const tool = first?.slice(2);
  if (first?.startsWith("--") && TOOL_USAGES.has(tool)) {
    const calledAs = `pagurus ${first}`;
    return { action: "tool", command: { name: tool, calledAs, args: args.slice(1) } };
  }
  const refused = REFUSED.find(([word]) => first === word);
  if (refused !== undefined) return { action: "refuse", message: refused[1] };
  if (args.includes("--sentinel")) {
    return { action: "refuse", message: "Sentinel mode is not supported by this server." };
  }
  const hasFile = first !== undefined && first !== "" && !first.startsWith("-");
  return new OptionLines(args, hasFile ? 1 : 0).parse();
}

/** The tool that has a name of its own in Redis, if the program is called by it. */
function toolOfName(calledAs: readonly string[]): Omit<ToolCommand, "args"> | undefined {
  for (const path of calledAs) {
    const program = path.slice(path.lastIndexOf("/") + 1);
    const name = /(?:redis|valkey)-(check-(?:rdb|aof))/.exec(program)?.[1];
    if (name !== undefined) return { name, calledAs: program };
  }
  return undefined;
}

const REFUSED: readonly (readonly [string, string])[] = [
  ["--test-memory", "Testing the machine's memory is not done by this server."],
  ["--check-system", "Checking the operating system is not done by this server."],
];

class OptionLines {
  readonly #args: readonly string[];
  readonly #first: number;
  #text = "";
  #standardInput = false;
  /** Whether the last `--name` has got a value: if not, even what begins with `--` is one. */
  #hasValue = true;

  constructor(args: readonly string[], first: number) {
    this.#args = args;
    this.#first = first;
  }

  parse(): CommandLine {
    const last = this.#args.length - 1;
    for (let at = this.#first; at <= last; at++) {
      const arg = this.#args[at];
      if (arg === "-" && (at === 0 || at === last)) this.#standardInput = true;
      else if (this.#hasValue && arg.startsWith("--")) this.#readName(arg, this.#args[at + 1]);
      else this.#readValue(arg);
    }
    return {
      action: "start",
      file: this.#first === 1 ? this.#args[0] : undefined,
      standardInput: this.#standardInput,
      options: this.#text,
    };
  }

  #readName(arg: string, next: string | undefined): void {
    if (this.#text !== "") this.#text += "\n";
    const together = /^--([A-Za-z0-9_.-]+)=/.exec(arg);
    if (together !== null) {
      const value = latin1(utf8Bytes(arg.slice(together[0].length)));
      this.#text += `${together[1]} ${quoted(value)} `;
      return;
    }
    const bytes = latin1(utf8Bytes(arg));
    this.#text += `${bytes.slice(2)} `;
    // `--port 6380` may come as one argument, and then it has its value.
    this.#hasValue = splitArguments(bytes)?.length !== 1;
    if (arg.toLowerCase() !== "--save") return;
    // Nothing after `--save` means no save points: an empty list that a program put there.
    if (next === undefined) this.#text += '""';
    else if (next.startsWith("--")) {
      this.#text += '""';
      this.#hasValue = true;
    }
  }

  #readValue(arg: string): void {
    this.#text += `${quoted(latin1(utf8Bytes(arg)))} `;
    this.#hasValue = true;
  }
}

/** What `--version` prints, in the form that tools parse. */
export function versionText(version: string, runtime: string, build: string): string {
  return `Redis server v=${version} sha=00000000:0 malloc=${runtime} bits=64 build=${build}\n`;
}

function toolUsages(program: string): string {
  const lines = [...TOOL_USAGES].map(([name, usage]) => `       ${program} --${name} ${usage}\n`);
  return lines.join("");
}

/** What `--help` prints. */
export function helpText(program: string): string {
  return `Usage: ${program} [/path/to/redis.conf] [options] [-]
       ${program} - (read config from stdin)
       ${program} -v or --version
       ${program} -h or --help
${toolUsages(program)}
Every directive of redis.conf is an option: --port 7777, --port=7777,
--save 3600 1 300 100, --client-output-buffer-limit "normal 0 0 0".
It is also a variable of the environment: PAGURUS_PORT=7777.
What comes later in this list wins: defaults, file, environment, options.

Examples:
       ${program} (run the server with default conf)
       echo 'maxmemory 128mb' | ${program} -
       ${program} /etc/redis/6379.conf
       ${program} --port 7777
       ${program} /etc/redis/6379.conf --loglevel verbose -
`;
}
