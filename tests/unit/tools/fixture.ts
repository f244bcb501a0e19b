/** Running the tools in this process, on any platform, with an input and output of their own. */
import { memoryPlatform } from "../../../adapters/memory/mod.ts";
import type { MemoryPlatform } from "../../../adapters/memory/mod.ts";
import { latin1, latin1Bytes, utf8 } from "../../../src/base/ascii.ts";
import type { Prng } from "../../../src/base/prng.ts";
import type { Host } from "../../../src/platform/host.ts";
import type { Platform } from "../../../src/platform/platform.ts";
import { parseCommandLine } from "../../../src/server/config/command_line.ts";
import { runTool } from "../../../src/tools/tool.ts";
import { concat } from "../persistence/rdb/fixture.ts";

/** What a tool has done. */
export interface ToolRun {
  readonly code: number;
  /** Standard output. */
  readonly output: string;
  readonly error: string;
}

/** What is around a tool. */
export interface ToolSurroundings {
  /** What is typed when it asks. */
  readonly answer?: string;
  /** How wide the terminal is; none where it is left out. */
  readonly columns?: number;
  /** Takes what a tool makes for standard output. */
  writeOutput?(bytes: Uint8Array): void;
}

/** Runs a tool; the arguments are those of the program. */
export function runOn(
  platform: Platform,
  args: readonly string[],
  surroundings: ToolSurroundings = {},
): ToolRun {
  let output = "";
  let error = "";
  const parts: Uint8Array[] = [];
  const host: Host = {
    arguments: args,
    calledAs: [],
    environment: () => ({}),
    readStandardInput: unexpected,
    readAnswer: () => surroundings.answer ?? "",
    writeLog: (text) => output += text,
    writeError: (text) => error += text,
    writeOutput: surroundings.writeOutput ?? ((bytes) => parts.push(bytes.slice())),
    standardErrorColumns: () => surroundings.columns ?? 0,
    onSignal: unexpected,
    exit: unexpected,
  };
  const commandLine = parseCommandLine(args);
  if (commandLine.action !== "tool") throw new Error(`no tool: ${args.join(" ")}`);
  const code = runTool(commandLine.command, platform, host);
  return { code, output: output + utf8(concat(parts)), error };
}

function unexpected(): never {
  throw new Error("not to be called");
}

/** A platform with these files in its root folder. */
export function platformWith(files: Readonly<Record<string, Uint8Array | string>>): MemoryPlatform {
  const platform = memoryPlatform();
  for (const [name, content] of Object.entries(files)) {
    const bytes = typeof content === "string" ? latin1Bytes(content) : content;
    platform.files.writeFile(`/${name}`, bytes);
  }
  return platform;
}

/** A file's content as Latin-1; undefined where there is none. */
export function textOf(platform: MemoryPlatform, name: string): string | undefined {
  const bytes = platform.files.readFile(`/${name}`);
  return bytes && latin1(bytes);
}

/** A command as an append-only file holds it. */
export function command(...words: readonly string[]): string {
  return `*${words.length}\r\n` + words.map((word) => `$${word.length}\r\n${word}\r\n`).join("");
}

/** Bytes damaged in one to four places; `pieces` are put in now and then. */
export function damaged(prng: Prng, good: Uint8Array, pieces: readonly Uint8Array[]): Uint8Array {
  let bytes = good;
  for (let times = 1 + prng.below(4); times > 0; times--) {
    const at = prng.below(bytes.length + 1);
    const before = bytes.slice(0, at);
    const after = bytes.slice(at);
    const kind = prng.below(5);
    if (kind === 0) bytes = before;
    else if (kind === 1) bytes = concat([before, after.subarray(prng.below(8))]);
    else if (kind === 2) bytes = concat([before, pieces[prng.below(pieces.length)], after]);
    else {
      if (after.length > 0) after[0] = kind === 3 ? prng.below(256) : after[0] ^ 1 << prng.below(8);
      bytes = concat([before, after]);
    }
  }
  return bytes;
}
