/**
 * `--check-aof`: an append-only file from its manifest, or one file of it, checked to the end, cut
 * off where it breaks (`--fix`) or where a time is over (`--truncate-to-timestamp`); in
 * redis-check-aof's words. What is cut is always the end of the last file.
 *
 * Where this says something else than redis-check-aof of 7.0: an error in the manifest is printed
 * without the prefix of a log line, and a file is opened for writing only when it is to be cut, so
 * that one can be checked that may only be read.
 */
import { AofManifestError, parseManifest } from "../persistence/aof/aof_manifest.ts";
import type { AofManifest } from "../persistence/aof/aof_manifest.ts";
import { pathIn } from "../persistence/file_path.ts";
import type { File } from "../platform/file_system.ts";
import { FileError } from "../platform/file_system.ts";
import type { Host } from "../platform/host.ts";
import type { Platform } from "../platform/platform.ts";
import { ANNOTATION, AofScanner, COMMAND, MISPLACED } from "./aof_scanner.ts";
import { BUFFER_BYTES, ByteSource } from "./byte_source.ts";
import { checkPreamble } from "./check_rdb.ts";
import type { ToolOutput } from "./tool_output.ts";
import { ToolFailure } from "./tool_output.ts";

/** What to check, and what may be done to it. */
export interface AofCheckSettings {
  readonly path: string;
  readonly fixes: boolean;
  /** In seconds; undefined or 0 for none. */
  readonly toTimestamp: bigint | undefined;
}

/** Checks the file; throws ToolFailure where it is not valid and stays so. */
export function checkAof(
  platform: Platform,
  host: Host,
  output: ToolOutput,
  settings: AofCheckSettings,
): void {
  new AofCheck(platform, host, output, settings).run();
}

/** One of the files, as it is called and where it is. */
interface AofPart {
  readonly name: string;
  readonly path: string;
  readonly isLast: boolean;
  readonly hasPreamble: boolean;
}

/** How a file has turned out. */
type Verdict = "valid" | "empty" | "truncated" | "truncated to time";

class AofCheck {
  readonly #platform: Platform;
  readonly #host: Host;
  readonly #output: ToolOutput;
  readonly #path: string;
  readonly #fixes: boolean;
  readonly #toTimestamp: bigint;
  /** Lines of all files so far. */
  #line = 1;

  constructor(platform: Platform, host: Host, output: ToolOutput, settings: AofCheckSettings) {
    this.#platform = platform;
    this.#host = host;
    this.#output = output;
    this.#path = settings.path;
    this.#fixes = settings.fixes;
    this.#toTimestamp = settings.toTimestamp ?? 0n;
  }

  run(): void {
    const path = this.#path;
    const manifest = this.#open(path, "", manifestBytes);
    if (manifest !== undefined) return this.#multiPart(manifest);
    const hasPreamble = this.#open(path, "", isRdb);
    this.#output.print("Start checking Old-Style AOF");
    const verdict = this.#part({ name: path, path, isLast: true, hasPreamble });
    this.#tell(verdict, "AOF", path);
  }

  #multiPart(bytes: Uint8Array): void {
    const output = this.#output;
    output.print("Start checking Multi Part AOF");
    const { base, incremental } = parsed(bytes);
    const slash = this.#path.lastIndexOf("/");
    const directory = slash < 0 ? "." : this.#path.slice(0, slash) || "/";
    if (base !== undefined) {
      const path = pathIn(directory, base.name);
      const hasPreamble = this.#open(path, "", isRdb);
      output.print(`Start to check BASE AOF (${hasPreamble ? "RDB" : "RESP"} format).`);
      const isLast = incremental.length === 0;
      const verdict = this.#part({ name: base.name, path, isLast, hasPreamble });
      this.#tell(verdict, "BASE AOF", base.name);
    }
    if (incremental.length > 0) output.print("Start to check INCR files.");
    for (const { name, sequence } of incremental) {
      const isLast = sequence === incremental.at(-1)?.sequence;
      const path = pathIn(directory, name);
      const verdict = this.#part({ name, path, isLast, hasPreamble: false });
      this.#tell(verdict, "INCR AOF", name);
    }
    output.print("All AOF files and manifest are valid");
  }

  #tell(verdict: Verdict, kind: string, name: string): void {
    const output = this.#output;
    if (verdict === "truncated") output.print(`Successfully truncated AOF ${name}`);
    else if (verdict === "truncated to time") {
      output.print(`Successfully truncated AOF ${name} to timestamp ${this.#toTimestamp}`);
    } else output.print(`${kind} ${name} is ${verdict}`);
  }

  #part(part: AofPart): Verdict {
    return this.#open(part.path, ", aborting...", (file) => {
      if (file.sizeBytes() === 0) return "empty";
      const start = part.hasPreamble
        ? checkPreamble(file, this.#output, part.name, this.#platform.clock.wallMs())
        : 0;
      const scanner = new AofScanner(file, start, part.path, this.#line);
      const cutAt = this.#scan(scanner, part);
      this.#line = scanner.line;
      if (cutAt >= 0) {
        this.#truncate(part, cutAt, ` to timestamp ${this.#toTimestamp}`);
        return "truncated to time";
      }
      return this.#conclude(scanner, part);
    });
  }

  /** Goes to the end; returns where the time is over, or -1. */
  #scan(scanner: AofScanner, part: AofPart): number {
    for (;;) {
      const found = scanner.next();
      if (found === ANNOTATION && this.#toTimestamp !== 0n && this.#isOver(scanner, part)) {
        return scanner.thingAt;
      }
      if (found === MISPLACED) this.#output.print(`AOF ${part.name} format error`);
      if (found !== COMMAND && found !== ANNOTATION) break;
      this.#output.progress(scanner.offsetBytes, scanner.sizeBytes);
    }
    if (scanner.error !== "") this.#output.print(scanner.error);
    return -1;
  }

  /** Whether an annotation is of a later time; fails where the file cannot be cut there. */
  #isOver(scanner: AofScanner, part: AofPart): boolean {
    if (!scanner.annotation.startsWith("#TS:")) return false;
    const seconds = /^#TS:([+-]?\d*)\r/.exec(scanner.annotation)?.[1];
    if (seconds === undefined || /^[+-]$/.test(seconds)) {
      throw new ToolFailure("Invalid timestamp annotation");
    }
    const to = this.#toTimestamp;
    if (BigInt(seconds.replace("+", "")) <= to) return false;
    const at = scanner.thingAt;
    if (at === 0) {
      throw new ToolFailure(`AOF ${part.path} has nothing before timestamp ${to}, aborting...`);
    }
    if (part.isLast) return true;
    throw new ToolFailure(
      `Failed to truncate AOF ${part.path} to timestamp ${to} to offset ${at} because it is not ` +
        "the last file.\nIf you insist, please delete all files after this file according to " +
        "the manifest file and delete the corresponding records in manifest file manually. " +
        "Then re-run redis-check-aof.",
    );
  }

  #conclude(scanner: AofScanner, part: AofPart): Verdict {
    const name = part.name;
    const size = scanner.sizeBytes;
    const upTo = scanner.wholeBytes;
    const over = size - upTo;
    if (over === 0 && this.#toTimestamp !== 0n) {
      this.#output.print(`Truncate nothing in AOF ${name} to timestamp ${this.#toTimestamp}`);
      return "valid";
    }
    this.#output.print(
      `AOF analyzed: filename=${name}, size=${size}, ok_up_to=${upTo}, ` +
        `ok_up_to_line=${scanner.line}, diff=${over}`,
    );
    if (over === 0) return "valid";
    if (!this.#fixes) {
      throw new ToolFailure(`AOF ${name} is not valid. Use the --fix option to try fixing it.`);
    }
    if (!part.isLast) {
      throw new ToolFailure(`Failed to truncate AOF ${name} because it is not the last file`);
    }
    this.#output.print(
      `This will shrink the AOF ${name} from ${size} bytes, with ${over} bytes, to ${upTo} bytes`,
    );
    this.#output.write("Continue? [y/N]: ");
    if (!/^y/i.test(this.#host.readAnswer())) throw new ToolFailure("Aborting...");
    this.#truncate(part, upTo, "");
    return "truncated";
  }

  #truncate(part: AofPart, sizeBytes: number, to: string): void {
    try {
      const file = this.#platform.files.open(part.path, "append");
      try {
        file.truncate(sizeBytes);
        file.sync();
      } finally {
        file.close();
      }
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      throw new ToolFailure(`Failed to truncate AOF ${part.name}${to}: ${error.message}`);
    }
  }

  /** Reads a file; `ending` ends the words for one that cannot be opened. */
  #open<Result>(path: string, ending: string, read: (file: File) => Result): Result {
    let file: File;
    try {
      file = this.#platform.files.open(path, "read");
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      throw new ToolFailure(`Cannot open file ${path}: ${error.message}${ending}`);
    }
    try {
      return read(file);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      throw new ToolFailure(`Cannot read file: ${path}: ${error.message}`);
    } finally {
      file.close();
    }
  }
}

/** The bytes of a manifest, or undefined where it is another file: its first line decides. */
function manifestBytes(file: File): Uint8Array | undefined {
  const source = new ByteSource(file, 0);
  let line: string;
  do line = source.line(BUFFER_BYTES); while (
    line.startsWith("#") && source.offsetBytes < BUFFER_BYTES
  );
  if (!line.startsWith("file")) return undefined;
  if (source.sizeBytes > BUFFER_BYTES) {
    throw new ToolFailure("The AOF manifest file is longer than 256 KiB, aborting...");
  }
  const whole = new ByteSource(file, 0);
  return whole.bytes.subarray(0, whole.ahead(BUFFER_BYTES));
}

/** Whether a file begins with an RDB. */
function isRdb(file: File): boolean {
  const source = new ByteSource(file, 0);
  // The other one asks for room for most of a header before it takes it for one.
  return source.ahead(8) >= 8 && source.line(5) === "REDIS";
}

function parsed(bytes: Uint8Array): AofManifest {
  try {
    return parseManifest(bytes);
  } catch (error) {
    if (!(error instanceof AofManifestError)) throw error;
    const { reason, lineNumber, line } = error;
    const place = line === undefined
      ? ""
      : `Reading the manifest file, at line ${lineNumber}\n>>> '${line}'\n`;
    throw new ToolFailure(`\n*** FATAL AOF MANIFEST FILE ERROR ***\n${place}${reason}`);
  }
}
