/**
 * The manifest of an append-only file: which files it consists of, and in which order. Pure data;
 * {@link AofDirectory} reads and writes it.
 *
 *     file appendonly.aof.2.base.rdb seq 2 type b      the data set at the last rewrite, at most one
 *     file appendonly.aof.1.incr.aof seq 1 type h      history: replaced by a rewrite, to be removed
 *     file appendonly.aof.2.incr.aof seq 2 type i      what was written since, sequences ascending
 *
 * Names are base names; they stand in double quotes where they hold anything that splits a line.
 * A manifest never names a file twice if it was made here: a sequence whose name is taken is skipped.
 */
import { latin1, quoteBytes, utf8, utf8Bytes } from "../../base/ascii.ts";
import { Arguments } from "../../protocol/arguments.ts";
import { splitInline } from "../../protocol/inline_command.ts";

/** One file of an append-only file. */
export interface AofFile {
  /** Without a folder. */
  readonly name: string;
  readonly sequence: number;
  readonly type: "base" | "history" | "incremental";
}

/** See the top of this file. */
export interface AofManifest {
  readonly base: AofFile | undefined;
  readonly history: readonly AofFile[];
  /** In the order in which they are loaded. */
  readonly incremental: readonly AofFile[];
  /** The last sequences given out, 0 before the first. */
  readonly baseSequence: number;
  readonly incrementalSequence: number;
}

/** Of an append-only file that has no files yet. */
export const EMPTY_MANIFEST: AofManifest = {
  base: undefined,
  history: [],
  incremental: [],
  baseSequence: 0,
  incrementalSequence: 0,
};

/** A manifest that cannot be understood. */
export class AofManifestError extends Error {
  /** What Redis says of it. */
  readonly reason: string;
  /** The line that is wrong, from 1; 0 where there is none. */
  readonly lineNumber: number;
  /** The line without blanks around it; undefined where Redis does not show it. */
  readonly line: string | undefined;

  constructor(reason: string, lineNumber: number, line?: string) {
    super(reason);
    this.name = "AofManifestError";
    this.reason = reason;
    this.lineNumber = lineNumber;
    this.line = line;
  }
}

/** Longer lines are refused, their end included. */
const LINE_BYTES_MAX = 1024;
const HASH = 35;
const LINE_FEED = 10;

const TYPE_LETTERS = { base: "b", history: "h", incremental: "i" } as const;
const TYPES_BY_LETTER: ReadonlyMap<string, AofFile["type"]> = new Map([
  ["b", "base"],
  ["h", "history"],
  ["i", "incremental"],
]);

/**
 * Reads a manifest as strictly as Redis does: an empty one is refused, and so is a last line without
 * its end. Keys that are not known are passed over, for newer versions have more of them.
 * @throws {AofManifestError}
 */
export function parseManifest(bytes: Uint8Array): AofManifest {
  if (bytes.length === 0) throw new AofManifestError("Found an empty AOF manifest", 0);
  let manifest = EMPTY_MANIFEST;
  let lineNumber = 0;
  for (let at = 0; at < bytes.length;) {
    const piece = nextLine(bytes, at);
    at += piece.length;
    lineNumber++;
    if (piece[0] === HASH) continue;
    // Text ends at a zero byte, so a line with one has no end.
    const zero = piece.indexOf(0);
    if (!(zero < 0 ? piece : piece.subarray(0, zero)).includes(LINE_FEED)) {
      throw new AofManifestError("The AOF manifest file contains too long line", lineNumber);
    }
    manifest = withParsedLine(manifest, piece, lineNumber);
  }
  return manifest;
}

/** A line with its end, or as much of it as one may have. */
function nextLine(bytes: Uint8Array, at: number): Uint8Array {
  const rest = bytes.subarray(at, at + LINE_BYTES_MAX);
  const end = rest.indexOf(LINE_FEED);
  return end < 0 ? rest : rest.subarray(0, end + 1);
}

function withParsedLine(manifest: AofManifest, bytes: Uint8Array, lineNumber: number): AofManifest {
  const line = latin1(bytes).replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
  const fail = (reason: string): never => {
    throw new AofManifestError(reason, lineNumber, line);
  };
  const file = parseLine(bytes, fail);
  const { history, incremental } = manifest;
  if (file.type === "history") return { ...manifest, history: [...history, file] };
  if (file.type === "base") {
    if (manifest.base !== undefined) fail("Found duplicate base file information");
    return { ...manifest, base: file, baseSequence: file.sequence };
  }
  if (file.sequence <= manifest.incrementalSequence) fail("Found a non-monotonic sequence number");
  return {
    ...manifest,
    incremental: [...incremental, file],
    incrementalSequence: file.sequence,
  };
}

function parseLine(bytes: Uint8Array, fail: (reason: string) => never): AofFile {
  const words = new Arguments();
  const isSplit = splitInline(bytes, 0, bytes.length, words);
  if (!isSplit || words.count < 6 || words.count % 2 !== 0) return invalidFormat(fail);
  let name = "";
  let sequence = 0;
  let letter = "";
  for (let i = 0; i < words.count; i += 2) {
    const key = latin1(words.view(i)).toLowerCase();
    const value = words.view(i + 1);
    if (key === "file") {
      name = utf8(value);
      if (/[/\\]/.test(name)) fail("File can't be a path, just a filename");
    } else if (key === "seq") {
      sequence = Number(/^[ \t-\r]*([+-]?\d+)/.exec(latin1(value))?.[1] ?? 0);
    } else if (key === "type") letter = latin1(value, 0, Math.min(1, value.length));
  }
  // Redis takes an empty name and sequences beyond 2^53 too; neither leads anywhere.
  if (name === "" || letter === "" || sequence === 0 || !Number.isSafeInteger(sequence)) {
    return invalidFormat(fail);
  }
  const type = TYPES_BY_LETTER.get(letter) ?? fail("Unknown AOF file type");
  return { name, sequence, type };
}

function invalidFormat(fail: (reason: string) => never): never {
  return fail("Invalid AOF manifest file format");
}

/** The bytes of a manifest, which {@link parseManifest} reads back. */
export function formatManifest(manifest: AofManifest): Uint8Array {
  const { base, history, incremental } = manifest;
  const files = [...(base === undefined ? [] : [base]), ...history, ...incremental];
  return utf8Bytes(files.map(formatLine).join(""));
}

function formatLine({ name, sequence, type }: AofFile): string {
  // Redis leaves a single quote as it is, and then cannot read its manifest back.
  const needsQuotes = /[^!-~]|["'\\]/.test(name);
  const written = needsQuotes ? quoteBytes(utf8Bytes(name)) : name;
  return `file ${written} seq ${sequence} type ${TYPE_LETTERS[type]}\n`;
}

/** With a new base, which has the next sequence; the one before becomes history. */
export function withNewBase(
  manifest: AofManifest,
  appendFileName: string,
  isRdb: boolean,
): AofManifest {
  const { base, history } = manifest;
  const file = newFile(manifest, "base", manifest.baseSequence, (sequence) => {
    return `${appendFileName}.${sequence}.base.${isRdb ? "rdb" : "aof"}`;
  });
  return {
    ...manifest,
    base: file,
    history: base === undefined ? history : [asHistory(base), ...history],
    baseSequence: file.sequence,
  };
}

/** With a new incremental file behind the others, which has the next sequence. */
export function withNewIncremental(manifest: AofManifest, appendFileName: string): AofManifest {
  const file = newFile(manifest, "incremental", manifest.incrementalSequence, (sequence) => {
    return `${appendFileName}.${sequence}.incr.aof`;
  });
  return {
    ...manifest,
    incremental: [...manifest.incremental, file],
    incrementalSequence: file.sequence,
  };
}

/**
 * A file of the next sequence whose name is free. Sequences are those of files in use, so history
 * that nobody has removed yet may own a name: its removal would take the new file away.
 */
function newFile(
  manifest: AofManifest,
  type: AofFile["type"],
  lastSequence: number,
  nameOf: (sequence: number) => string,
): AofFile {
  const names = new Set([...manifest.history, ...manifest.incremental].map(({ name }) => name));
  if (manifest.base !== undefined) names.add(manifest.base.name);
  for (let sequence = lastSequence + 1;; sequence++) {
    const name = nameOf(sequence);
    if (!names.has(name)) return { name, sequence, type };
  }
}

/**
 * After a rewrite: the incremental files are in the new base and become history.
 * @param keepLast whether the last one is the file in use, which the new base does not cover.
 */
export function withRewritten(manifest: AofManifest, keepLast: boolean): AofManifest {
  const { history, incremental } = manifest;
  const count = keepLast ? Math.max(0, incremental.length - 1) : incremental.length;
  return {
    ...manifest,
    history: [...incremental.slice(0, count).map(asHistory), ...history],
    incremental: incremental.slice(count),
  };
}

/** When the files that were replaced have been removed. */
export function withoutHistory(manifest: AofManifest): AofManifest {
  return { ...manifest, history: [] };
}

function asHistory({ name, sequence }: AofFile): AofFile {
  return { name, sequence, type: "history" };
}
