/**
 * The syntax of redis.conf: lines of a directive and its arguments, comments, `include`.
 *
 * A file is read as a stream of lines in the order in which they apply, an included file's lines
 * standing where its `include` stands. What is wrong in a line therefore shows when those before it
 * have been applied, and the first error is the first of the file, as in Redis.
 *
 * ```text
 * # a comment, to the end of the line when it begins one
 * maxmemory 100mb
 * requirepass "with \x41 escapes and \"quotes\""
 * save 3600 1 300 100
 * include conf.d/*.conf
 * ```
 */

import { latin1, latin1Bytes, utf8, utf8Bytes } from "../../base/ascii.ts";
import { errorText, FileError } from "../../platform/file_system.ts";
import { splitArguments, trimmed } from "./line_text.ts";
import { isPattern, matchesPattern } from "./pattern.ts";

/**
 * How the reader gets at files; failures throw a `FileError`. A relative path is relative to the
 * folder of the moment, which a `dir` line before an `include` may have changed.
 */
export interface ConfigFiles {
  /** The contents of a file; a string is taken as text. */
  read(path: string): Uint8Array | string;
  /** The names in a folder, for `include` with a pattern. */
  list(path: string): readonly string[];
}

/** A part of the start's configuration: the lines of one origin. */
export interface Source {
  /** The path of an included file. */
  readonly path?: string;
  /** Byte text. */
  readonly text: string;
  /** The number of the first line, from 1. */
  readonly firstLine: number;
}

/** A line to apply. */
export interface ConfigLine {
  readonly name: string;
  readonly args: readonly string[];
  readonly place: Place;
}

/** Where a line stands, for error messages. */
export interface Place {
  /** The included file; undefined for the main file, standard input and the command line. */
  readonly file: string | undefined;
  readonly line: number;
  /** The line itself, trimmed. */
  readonly text: string;
}

/** Why a start stops. */
export class ConfigError {
  readonly reason: string;
  /** Undefined where no single line is to blame. */
  readonly place: Place | undefined;
  constructor(reason: string, place?: Place) {
    this.reason = reason;
    this.place = place;
  }
}

/** A file that cannot be opened, which Redis reports in its log and not in the fatal error's form. */
export class ConfigFileMissing {
  readonly path: string;
  readonly reason: string;
  constructor(path: string, reason: string) {
    this.path = path;
    this.reason = reason;
  }
}

/** How deep files may include files: enough for any use, and a circle ends. */
const INCLUDE_DEPTH_MAX = 16;
/** How much text one configuration may be. */
const CONFIG_BYTES_MAX = 64 * 1024 * 1024;

/** Reads lines, following includes. One reader is for one start: it adds up what it has read. */
export class ConfigReader {
  readonly #files: ConfigFiles;
  #totalBytes = 0;

  constructor(files: ConfigFiles) {
    this.#files = files;
  }

  /** The contents of a file as byte text. */
  read(path: string): string | ConfigError | ConfigFileMissing {
    let contents: Uint8Array | string;
    try {
      contents = this.#files.read(path);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      // A folder opens and holds nothing, as for C's fopen: conf.d/* may have folders in it.
      if (error.code === "EISDIR") return "";
      return new ConfigFileMissing(path, errorText(error.code));
    }
    const bytes = typeof contents === "string" ? utf8Bytes(contents) : contents;
    this.#totalBytes += bytes.length;
    if (this.#totalBytes > CONFIG_BYTES_MAX) {
      return new ConfigError(`Configuration files hold more than ${CONFIG_BYTES_MAX} bytes`);
    }
    return latin1(bytes);
  }

  /** The lines of a source and of what it includes; an error is the last thing that comes. */
  *lines(source: Source, depth = 0): Generator<ConfigLine | ConfigError | ConfigFileMissing> {
    let number = source.firstLine - 1;
    for (const raw of source.text.split("\n")) {
      number++;
      const text = trimmed(raw);
      if (text === "" || text.startsWith("#")) continue;
      const place: Place = { file: source.path, line: number, text };
      const words = splitArguments(text);
      if (words === undefined) {
        yield new ConfigError("Unbalanced quotes in configuration line", place);
        return;
      }
      if (words.length === 0) continue;
      const [name, ...args] = words;
      if (name.toLowerCase() === "include" && args.length === 1) {
        yield* this.#included(args[0], place, depth + 1);
      } else {
        yield { name: name.toLowerCase(), args, place };
      }
    }
  }

  *#included(
    path: string,
    place: Place,
    depth: number,
  ): Generator<ConfigLine | ConfigError | ConfigFileMissing> {
    if (depth > INCLUDE_DEPTH_MAX) {
      yield new ConfigError(`Files are included more than ${INCLUDE_DEPTH_MAX} deep`, place);
      return;
    }
    const given = utf8(latin1Bytes(path));
    for (const file of isPattern(given) ? this.#expand(given) : [given]) {
      const text = this.read(file);
      if (typeof text === "string") {
        yield* this.lines({ path: file, text, firstLine: 1 }, depth);
      } else {
        yield text instanceof ConfigError ? new ConfigError(text.reason, place) : text;
        return;
      }
    }
  }

  /** The paths that match, in order; none is no error, so that conf.d may be empty. */
  #expand(pattern: string): readonly string[] {
    let paths = [pattern.startsWith("/") ? "/" : ""];
    let guessed = false;
    for (const part of pattern.split("/")) {
      if (part === "") continue;
      const mustExist = guessed;
      guessed ||= isPattern(part);
      paths = paths.flatMap((folder) => this.#step(folder, part, mustExist));
    }
    return paths.sort();
  }

  /** What one part of a pattern makes of a folder's path. */
  #step(folder: string, part: string, mustExist: boolean): string[] {
    const prefix = folder === "" || folder.endsWith("/") ? folder : `${folder}/`;
    if (!isPattern(part) && !mustExist) return [prefix + part];
    if (part === "." || part === "..") return [prefix + part];
    return this.#names(prefix === "" ? "." : prefix)
      .filter((name) => part.startsWith(".") || !name.startsWith("."))
      .filter((name) => matchesPattern(part, name))
      .map((name) => prefix + name);
  }

  #names(folder: string): readonly string[] {
    try {
      return this.#files.list(folder);
    } catch (error) {
      if (error instanceof FileError) return [];
      throw error;
    }
  }
}

/**
 * The text that goes to standard error when a start stops at its configuration, as Redis prints it.
 *
 * @param version the version that we say we are, `7.2.5`.
 */
export function configErrorText(error: ConfigError | ConfigFileMissing, version: string): string {
  if (error instanceof ConfigFileMissing) {
    return `Fatal error, can't open config file '${error.path}': ${error.reason}\n`;
  }
  let text = `\n*** FATAL CONFIG FILE ERROR (Redis ${version}) ***\n`;
  if (error.place !== undefined) {
    const { file, line, text: lineText } = error.place;
    const name = file === undefined ? "" : ` '${file}'`;
    text += `Reading the configuration file${name}, at line ${line}\n>>> '${lineText}'\n`;
  }
  return text + `${error.reason}\n`;
}
