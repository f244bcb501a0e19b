/**
 * `--check-rdb`: reads a whole RDB file and says what is in it or what is wrong with it, in
 * redis-check-rdb's words.
 *
 * Where this says something else than redis-check-rdb of 7.0:
 *
 * - It gives no line of rdb.c and no second, always zero, offset, and goes on to the end of the
 *   report: the other one exits in the middle and logs `Terminating server`.
 * - It says why a file cannot be opened or read: the other one exits with 1 without a word, or calls
 *   it an unexpected end.
 * - Values that this server cannot hold are refused by name, as at loading. So are numbers beyond
 *   2^53, and encodings of strings, where a count is expected: the other one never looks at those.
 * - Bytes in names that could steer a terminal are shown as `\xNN`, instead of raw.
 */
import { utf8 } from "../base/ascii.ts";
import { RdbError } from "../persistence/rdb/rdb_format.ts";
import { RdbReader } from "../persistence/rdb/rdb_reader.ts";
import type { File } from "../platform/file_system.ts";
import { FileError } from "../platform/file_system.ts";
import type { Platform } from "../platform/platform.ts";
import { ITEM_AUX, ITEM_DATABASE, ITEM_END, ITEM_KEY, RdbScanner } from "./rdb_scanner.ts";
import type { ToolOutput } from "./tool_output.ts";
import { ToolFailure } from "./tool_output.ts";
import type { ValueForm } from "./value_forms.ts";
import { valueForm } from "./value_forms.ts";

/** Of longer names only the beginning is shown. */
const SHOWN_BYTES_MAX = 1000;

/** Checks a file; returns the exit code. */
export function checkRdbFile(platform: Platform, output: ToolOutput, path: string): number {
  output.print(`[offset 0] Checking RDB file ${path}`);
  const file = platform.files.open(path, "read");
  try {
    return checkOpenRdb(file, output, platform.clock.wallMs()) < 0 ? 1 : 0;
  } finally {
    file.close();
  }
}

/** Checks the base of an append-only file; returns where the RDB part ends. */
export function checkPreamble(
  file: File,
  output: ToolOutput,
  name: string,
  nowMs: number,
): number {
  output.print(`[offset 0] Checking RDB file ${name}`);
  const end = checkOpenRdb(file, output, nowMs);
  if (end < 0) throw new ToolFailure("RDB preamble of AOF file is not sane, aborting.");
  output.print("RDB preamble is OK, proceeding with AOF tail...");
  return end;
}

/** Returns where the RDB part ends, or -1 where it is not right. */
function checkOpenRdb(file: File, output: ToolOutput, nowMs: number): number {
  const check = new RdbCheck(RdbReader.ofFile(file, true), output, nowMs);
  return check.run();
}

class RdbCheck {
  readonly #reader: RdbReader;
  readonly #scanner: RdbScanner;
  readonly #output: ToolOutput;
  readonly #nowMs: bigint;
  #keys = 0;
  #expires = 0;
  #expired = 0;
  /** The type that is being read; redis-check-rdb begins with 0 and says so of an early error. */
  #form: ValueForm | undefined = valueForm(0, 0);

  constructor(reader: RdbReader, output: ToolOutput, nowMs: number) {
    this.#reader = reader;
    this.#scanner = new RdbScanner(reader);
    this.#output = output;
    this.#nowMs = BigInt(Math.floor(nowMs));
  }

  run(): number {
    const reader = this.#reader;
    try {
      while (this.#item()) this.#output.progress(reader.offsetBytes, reader.sizeBytes);
    } catch (error) {
      if (error instanceof RdbError) this.#report(error.reason);
      else if (error instanceof FileError) this.#report(error.message);
      else throw error;
      return -1;
    }
    this.#say("\\o/ RDB looks OK! \\o/");
    this.#totals();
    return reader.offsetBytes;
  }

  /** False at the end. */
  #item(): boolean {
    const scanner = this.#scanner;
    const item = this.#next();
    if (item === ITEM_AUX) {
      this.#say(`AUX FIELD ${shown(scanner.auxName)} = '${shown(scanner.auxValue)}'`);
    } else if (item === ITEM_DATABASE) this.#say(`Selecting DB ID ${scanner.database}`);
    else if (item === ITEM_KEY) {
      this.#keys++;
      scanner.form?.check(this.#reader);
      this.#form = undefined;
      this.#countExpiry();
    } else if (item === ITEM_END) this.#sayChecksum();
    return item !== ITEM_END;
  }

  #next(): number {
    try {
      return this.#scanner.next();
    } finally {
      this.#form = this.#scanner.form ?? this.#form;
    }
  }

  #countExpiry(): void {
    const expiresAtMs = this.#scanner.expiresAtMs;
    if (expiresAtMs === undefined) return;
    this.#expires++;
    if (expiresAtMs < this.#nowMs) this.#expired++;
  }

  #sayChecksum(): void {
    const checksum = this.#scanner.checksum;
    if (checksum === "right") this.#say("Checksum OK");
    else if (checksum === "off") {
      this.#say("RDB file was saved with checksum disabled: no check performed.");
    }
  }

  #report(reason: string): void {
    const output = this.#output;
    const doing = this.#scanner.doing;
    output.print("--- RDB ERROR DETECTED ---");
    this.#say(reason);
    output.print(`[additional info] While doing: ${doing}`);
    if (doing === "read-object-value") {
      const { keyBytes, keyStart, keyEnd } = this.#reader;
      const key = shown(keyBytes.subarray(keyStart, keyEnd));
      output.print(`[additional info] Reading key '${key}'`);
    }
    if (this.#form !== undefined) {
      output.print(`[additional info] Reading type ${this.#form.byte} (${this.#form.checkName})`);
    }
    this.#totals();
  }

  #say(text: string): void {
    this.#output.print(`[offset ${this.#reader.offsetBytes}] ${text}`);
  }

  #totals(): void {
    this.#output.print(`[info] ${this.#keys} keys read`);
    this.#output.print(`[info] ${this.#expires} expires`);
    this.#output.print(`[info] ${this.#expired} already expired`);
  }
}

function shown(bytes: Uint8Array): string {
  const text = utf8(bytes, 0, Math.min(bytes.length, SHOWN_BYTES_MAX));
  // deno-lint-ignore no-control-regex
  return text.replace(/[\0-\x1f\x7f-\x9f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}
