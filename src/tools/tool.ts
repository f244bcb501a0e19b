/**
 * The tools for files, as modes of the program: checking and converting what a server has written.
 * None of them starts a server; each ends with an exit code, 1 for whatever is wrong.
 */
import { directoryOf, pathIn } from "../persistence/file_path.ts";
import { RdbError } from "../persistence/rdb/rdb_format.ts";
import { attempt, TemporaryFile } from "../persistence/temporary_file.ts";
import type { File } from "../platform/file_system.ts";
import { FileError } from "../platform/file_system.ts";
import type { Host } from "../platform/host.ts";
import type { Platform } from "../platform/platform.ts";
import { checkAof } from "./check_aof.ts";
import { checkRdbFile } from "./check_rdb.ts";
import { JsonError } from "./json_reader.ts";
import { jsonToRdb } from "./json_to_rdb.ts";
import { rdbToJson } from "./rdb_to_json.ts";
import { ToolFailure, ToolOutput } from "./tool_output.ts";

/** What a tool is called, and what it is given. */
interface ToolRow {
  /** The arguments, for the usage. */
  readonly usage: string;
  /** Where Redis prints it: redis-check-aof takes standard output. */
  readonly usageGoesTo: "output" | "error";
  /** Undefined where the arguments are not as the usage says. */
  start(args: readonly string[], tool: Tool): number | undefined;
}

interface Tool {
  readonly platform: Platform;
  readonly host: Host;
  readonly output: ToolOutput;
}

const TOOLS: Readonly<Record<string, ToolRow>> = {
  "check-rdb": {
    usage: "<rdb-file-name>",
    usageGoesTo: "error",
    start: ([path, ...more], { platform, output }) => {
      if (path === undefined || more.length > 0) return undefined;
      return checkRdbFile(platform, output, path);
    },
  },
  "check-aof": {
    usage: "[--fix|--truncate-to-timestamp $timestamp] <file.manifest|file.aof>",
    usageGoesTo: "output",
    start: startCheckAof,
  },
  "rdb-to-json": {
    usage: "<rdb-file-name> [<json-file-name>]",
    usageGoesTo: "error",
    start: ([from, to, ...more], tool) => {
      if (from === undefined || more.length > 0) return undefined;
      return convert(tool, from, to, rdbToJson);
    },
  },
  "json-to-rdb": {
    usage: "<json-file-name> <rdb-file-name>",
    usageGoesTo: "error",
    start: ([from, to, ...more], tool) => {
      if (from === undefined || to === undefined || more.length > 0) return undefined;
      return convert(tool, from, to, jsonToRdb);
    },
  },
};

/** The tools' names, each a mode of the program as `--name`, and the arguments that they take. */
export const TOOL_USAGES: ReadonlyMap<string, string> = new Map(
  Object.entries(TOOLS).map(([name, { usage }]) => [name, usage]),
);

/** A tool that was asked for. */
export interface ToolCommand {
  /** One of {@link TOOL_USAGES}. */
  readonly name: string;
  /** How it was called, for its usage. */
  readonly calledAs: string;
  readonly args: readonly string[];
}

/** Runs a tool to its end; returns the exit code. */
export function runTool(command: ToolCommand, platform: Platform, host: Host): number {
  const output = new ToolOutput(host);
  const { usage, usageGoesTo, start } = TOOLS[command.name];
  try {
    const code = start(command.args, { platform, host, output });
    if (code !== undefined) return code;
    const text = `Usage: ${command.calledAs} ${usage}`;
    if (usageGoesTo === "output") output.print(text);
    else output.warn(text);
    return 1;
  } catch (error) {
    if (error instanceof ToolFailure) output.print(error.message);
    else if (error instanceof FileError) output.warn(`${error.path}: ${error.message}`);
    else if (error instanceof ConversionError) output.warn(error.message);
    else throw error;
    return 1;
  } finally {
    output.clear();
  }
}

function startCheckAof(args: readonly string[], tool: Tool): number | undefined {
  const { platform, host, output } = tool;
  const options = args.slice(0, -1);
  const [option, timestamp] = options;
  const fixes = options.length === 1 && option === "--fix";
  const truncates = options.length === 2 && option === "--truncate-to-timestamp";
  const isRight = args.length === 1 || fixes || truncates;
  if (!isRight) return undefined;
  const toTimestamp = truncates ? timestampOf(timestamp) : undefined;
  checkAof(platform, host, output, { path: args[args.length - 1], fixes, toTimestamp });
  return 0;
}

function timestampOf(text: string): bigint {
  if (!/^\s*[+-]?\d{1,18}$/.test(text)) throw new ToolFailure("Invalid timestamp, aborting...");
  return BigInt(text.replace("+", ""));
}

/** What keeps a file from being converted, for standard error. */
class ConversionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ConversionError";
  }
}

type Converter = (file: File, sink: (bytes: Uint8Array) => void, output: ToolOutput) => void;

/** Converts a file to another, or to standard output; what stands there is replaced as a whole. */
function convert(tool: Tool, from: string, to: string | undefined, converter: Converter): number {
  const { platform, host, output } = tool;
  const file = platform.files.open(from, "read");
  try {
    if (to === undefined) {
      converter(file, (bytes) => host.writeOutput(bytes), output);
    } else writeWhole(platform, to, (sink) => converter(file, sink, output));
  } catch (error) {
    if (error instanceof RdbError) {
      throw new ConversionError(`${from}: offset ${error.offsetBytes}: ${error.reason}`);
    }
    if (error instanceof JsonError) throw new ConversionError(`${from}: ${error.message}`);
    throw error;
  } finally {
    file.close();
  }
  return 0;
}

function writeWhole(
  platform: Platform,
  path: string,
  write: (sink: (bytes: Uint8Array) => void) => void,
): void {
  const directory = directoryOf(path);
  const temporary = pathIn(
    directory,
    `temp-${platform.process.pid}.${path.slice(path.lastIndexOf("/") + 1)}`,
  );
  const writing = `Cannot write ${temporary}`;
  const error = (message: string) => new ConversionError(message);
  const file = new TemporaryFile(platform.files, temporary, {
    open: writing,
    write: writing,
    sync: writing,
    close: writing,
    move: `Cannot replace ${path}`,
    error,
  }, true);
  try {
    write((bytes) => file.append(bytes));
    file.finish();
    file.moveTo(path);
  } finally {
    file.end();
  }
  attempt(`Cannot sync ${directory}`, error, () => platform.files.syncDirectory(directory));
}
