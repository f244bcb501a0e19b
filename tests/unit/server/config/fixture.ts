/** What the tests of the configuration share: a file system of plain objects, and short calls. */

import { FileError } from "../../../../src/platform/file_system.ts";
import { parseCommandLine } from "../../../../src/server/config/command_line.ts";
import {
  ConfigError,
  configErrorText,
  ConfigFileMissing,
  type ConfigFiles,
} from "../../../../src/server/config/conf_file.ts";
import { Config, type StartChecks } from "../../../../src/server/config/config.ts";
import { loadConfig } from "../../../../src/server/config/load.ts";

/** Folders `/`, `/data` and `/other`; anything else is not there. */
export class FakeDirectories {
  current = "/data";

  currentDirectory(): string {
    return this.current;
  }

  changeDirectory(path: string): void {
    const target = path.startsWith("/") ? path : `${this.current}/${path}`.replace(/\/\.?\/?$/, "");
    if (!["/", "/data", "/other", "/data/sub"].includes(target)) {
      throw new FileError("ENOENT", path, "no such folder");
    }
    this.current = target;
  }
}

/** Files by absolute path; a relative path is looked for in the current folder. */
export class FakeFiles implements ConfigFiles {
  readonly contents: Record<string, string | Uint8Array>;
  readonly directories: FakeDirectories;

  constructor(contents: Record<string, string | Uint8Array>, directories: FakeDirectories) {
    this.contents = contents;
    this.directories = directories;
  }

  read(path: string): Uint8Array | string {
    const absolute = this.#absolute(path);
    const found = this.contents[absolute];
    if (found !== undefined) return found;
    const isFolder = Object.keys(this.contents).some((name) => name.startsWith(`${absolute}/`));
    throw new FileError(isFolder ? "EISDIR" : "ENOENT", path, "not readable");
  }

  list(path: string): readonly string[] {
    const folder = this.#absolute(path).replace(/\/*$/, "/");
    const names = Object.keys(this.contents)
      .filter((name) => name.startsWith(folder))
      .map((name) => name.slice(folder.length).split("/")[0]);
    if (names.length === 0) throw new FileError("ENOENT", path, "no such folder");
    return [...new Set(names)].reverse();
  }

  #absolute(path: string): string {
    return path.startsWith("/")
      ? path
      : path === "."
      ? this.directories.current
      : `${this.directories.current}/${path}`;
  }
}

export function newConfig(checks: StartChecks = {}): Config {
  return new Config(new FakeDirectories(), checks);
}

export const NOWHERE = { local: false, loading: false };

export interface Started {
  readonly config: Config;
  /** The fatal error's text; empty where the start went well. */
  readonly error: string;
}

/** Starts from a command line, files by path and an environment. */
export function start(
  args: readonly string[],
  contents: Record<string, string | Uint8Array> = {},
  more: { environment?: Record<string, string>; standardInput?: string; checks?: StartChecks } = {},
): Started {
  const directories = new FakeDirectories();
  const config = new Config(directories, more.checks);
  const commandLine = parseCommandLine(args);
  if (commandLine.action !== "start") throw new Error(`not a start: ${commandLine.action}`);
  const outcome = loadConfig(config, {
    commandLine,
    standardInput: commandLine.standardInput ? more.standardInput : undefined,
    environment: more.environment,
    files: new FakeFiles(contents, directories),
  });
  const failed = outcome instanceof ConfigError || outcome instanceof ConfigFileMissing;
  return { config, error: failed ? configErrorText(outcome, "7.0.15") : "" };
}
