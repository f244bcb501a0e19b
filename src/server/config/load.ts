/**
 * Loads a server's configuration at start: defaults, then the file and standard input, then the
 * environment, then the command line, the later winning.
 */

import { latin1, utf8Bytes } from "../../base/ascii.ts";
import type { CommandLine } from "./command_line.ts";
import {
  ConfigError,
  type ConfigFileMissing,
  type ConfigFiles,
  ConfigReader,
  type Source,
} from "./conf_file.ts";
import type { Config } from "./config.ts";
import type { ChoiceName, ChoiceOf, DirectiveName, FlagName, NumberName } from "./directives.ts";
import { quoted } from "./line_text.ts";

/** What the server starts from. */
export interface StartInput {
  readonly commandLine: Extract<CommandLine, { action: "start" }>;
  /** What standard input held, where the command line asks for it. */
  readonly standardInput?: Uint8Array | string;
  /** The environment; only variables that begin with `PAGURUS_` are looked at. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly files: ConfigFiles;
}

const VARIABLE_PREFIX = "PAGURUS_";

/**
 * Sets everything in order, stopping at the first error. The config is then half set, and of no
 * further use.
 *
 * @returns undefined when all is well; `configErrorText` makes an error printable.
 */
export function loadConfig(
  config: Config,
  input: StartInput,
): ConfigError | ConfigFileMissing | undefined {
  const reader = new ConfigReader(input.files);
  const { file, options } = input.commandLine;
  const path = file === undefined ? undefined : absolutePath(config.text("dir"), file);
  const main = path === undefined ? "" : reader.read(path);
  if (typeof main !== "string") return main;
  config.file = path;
  // Redis glues file, standard input and options into one text: line numbers go on through it.
  const text = main + standardInputText(input.standardInput);
  const optionsLine = text.split("\n").length + 1;
  return applyLines(config, reader, { text, firstLine: 1 }) ??
    applyEnvironment(config, input.environment ?? {}) ??
    applyLines(config, reader, { text: options, firstLine: optionsLine }) ??
    applyEnd(config);
}

/**
 * A path made absolute as Redis does it: joined to the folder, `../` at its beginning taken off
 * with a folder each.
 */
export function absolutePath(folder: string, path: string): string {
  if (path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path)) return path;
  while (path.startsWith("../")) {
    path = path.slice(3);
    folder = folder.slice(0, Math.max(folder.lastIndexOf("/"), 0));
  }
  return `${folder === "/" ? "" : folder}/${path}`;
}

/**
 * Sets what an embedding program gives: `{ port: 0, save: "", appendonly: true }`.
 *
 * @returns the reason with the directive's name where one is refused.
 */
export function applyOptions(config: Config, options: DirectiveOptions): string | undefined {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const args = Array.isArray(value) ? value.map(optionText) : [optionText(value)];
    const reason = config.start(name, args, "option");
    if (reason !== undefined) return `${name}: ${reason}`;
  }
  return config.finishStart();
}

/** Directives by name, as options of a program. */
export type DirectiveOptions =
  & { readonly [N in FlagName]?: boolean | "yes" | "no" }
  & { readonly [N in NumberName]?: number | string }
  & { readonly [N in ChoiceName]?: ChoiceOf<N> }
  & {
    readonly [N in Exclude<DirectiveName, FlagName | NumberName | ChoiceName>]?:
      | string
      | readonly string[];
  };

function optionText(value: unknown): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  return latin1(utf8Bytes(String(value)));
}

/** The variables that begin with our prefix and name no directive: worth a warning. */
export function unknownVariables(
  config: Config,
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  return Object.keys(environment).filter((variable) =>
    variable.startsWith(VARIABLE_PREFIX) && directiveOf(config, variable) === undefined
  );
}

function standardInputText(contents: Uint8Array | string | undefined): string {
  if (contents === undefined) return "";
  return latin1(typeof contents === "string" ? utf8Bytes(contents) : contents);
}

function applyLines(
  config: Config,
  reader: ConfigReader,
  source: Source,
): ConfigError | ConfigFileMissing | undefined {
  for (const line of reader.lines(source)) {
    if (!("place" in line) || line instanceof ConfigError) return line;
    const reason = config.start(line.name, line.args, "line");
    if (reason !== undefined) return new ConfigError(reason, line.place);
  }
  return undefined;
}

function applyEnvironment(
  config: Config,
  environment: Readonly<Record<string, string | undefined>>,
): ConfigError | undefined {
  for (const [variable, value] of Object.entries(environment)) {
    if (value === undefined || !variable.startsWith(VARIABLE_PREFIX)) continue;
    const name = directiveOf(config, variable);
    if (name === undefined) continue;
    const bytes = latin1(utf8Bytes(value));
    const reason = config.start(name, [bytes], "option");
    if (reason !== undefined) {
      const shown = config.isSensitive(name) ? "" : `=${quoted(bytes)}`;
      return new ConfigError(`Environment variable ${variable}${shown}: ${reason}`);
    }
  }
  return undefined;
}

/** `PAGURUS_SERVER_CPULIST` is `server_cpulist`: dashes and underscores are one there. */
function directiveOf(config: Config, variable: string): string | undefined {
  const name = variable.slice(VARIABLE_PREFIX.length).toLowerCase();
  return config.primaryName(name.replaceAll("_", "-")) ?? config.primaryName(name);
}

function applyEnd(config: Config): ConfigError | undefined {
  const reason = config.finishStart();
  return reason === undefined ? undefined : new ConfigError(reason);
}
