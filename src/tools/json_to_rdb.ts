/**
 * `--json-to-rdb`: an RDB file from the JSON that `--rdb-to-json` writes (see there for its shape).
 *
 * The members of an object may come in any order, but for `type`, which says how `value` is read and
 * so stands before it. What is unknown, given twice, missing or out of its range is refused.
 */
import { latin1 } from "../base/ascii.ts";
import { RdbEncoder } from "../persistence/rdb/rdb_encoder.ts";
import {
  OPCODE_AUX,
  OPCODE_EOF,
  OPCODE_EXPIRETIME_MS,
  OPCODE_FREQ,
  OPCODE_IDLE,
  OPCODE_RESIZEDB,
  OPCODE_SELECTDB,
  RDB_CHECKSUM_VERSION,
  RdbError,
  readMagic,
} from "../persistence/rdb/rdb_format.ts";
import type { File } from "../platform/file_system.ts";
import { JsonReader } from "./json_reader.ts";
import type { ToolOutput } from "./tool_output.ts";
import type { ValueForm } from "./value_forms.ts";
import { valueFormNamed } from "./value_forms.ts";

/** The member that tells what an object is, and the others that it must and may have. */
interface Shape {
  readonly kind: string;
  readonly must: readonly string[];
  readonly may: readonly string[];
}

const SHAPES: readonly Shape[] = [
  { kind: "key", must: ["type", "value"], may: ["expiresAtMs", "idleSeconds", "frequency"] },
  { kind: "magic", must: [], may: [] },
  { kind: "aux", must: ["value"], may: [] },
  { kind: "database", must: [], may: [] },
  { kind: "keyCount", must: ["expiresCount"], may: [] },
];

/** Integers by their member, and between what they lie. */
const INTEGERS: ReadonlyMap<string, readonly [least: bigint, most: bigint]> = new Map([
  ["database", [0n, 2n ** 31n - 1n]],
  ["keyCount", [0n, 2n ** 53n - 1n]],
  ["expiresCount", [0n, 2n ** 53n - 1n]],
  ["expiresAtMs", [-(2n ** 63n), 2n ** 63n - 1n]],
  ["idleSeconds", [0n, 2n ** 53n - 1n]],
  ["frequency", [0n, 255n]],
]);

/**
 * Writes the RDB file of a JSON file to a sink, with memory for one value.
 * @throws {JsonError}
 */
export function jsonToRdb(file: File, sink: (bytes: Uint8Array) => void, output: ToolOutput): void {
  const json = new JsonReader(file);
  const encoder = new RdbEncoder(sink, true);
  const items = new ItemReader(json, encoder);
  json.expect("[");
  items.readMagic();
  while (json.take(",")) {
    items.read();
    output.progress(json.offsetBytes, json.sizeBytes);
  }
  json.expect("]");
  json.expectEnd();
  encoder.byte(OPCODE_EOF);
  if (items.version < RDB_CHECKSUM_VERSION) encoder.flush();
  else encoder.checksum();
}

/** Reads one object after the other, and writes what it stands for. */
class ItemReader {
  version = 0;

  readonly #json: JsonReader;
  readonly #encoder: RdbEncoder;
  /** What was read of the object, encoded: the key or the name, and the value. */
  readonly #name: RdbEncoder = new RdbEncoder(null, false);
  readonly #value: RdbEncoder = new RdbEncoder(null, false);
  readonly #seen: Set<string> = new Set();
  readonly #integers: Map<string, bigint> = new Map();
  #form: Required<ValueForm> | undefined;
  /** The byte of the value's type. */
  #byte = 0;

  constructor(json: JsonReader, encoder: RdbEncoder) {
    this.#json = json;
    this.#encoder = encoder;
  }

  /** The first object. */
  readMagic(): void {
    const start = this.#json.place();
    if (this.#readObject() !== "magic") {
      this.#json.fail('expected the object with "magic" first', start);
    }
  }

  /** Any other object. */
  read(): void {
    const encoder = this.#encoder;
    const start = this.#json.place();
    switch (this.#readObject()) {
      case "magic":
        return this.#json.fail('expected "magic" only once', start);
      case "aux":
        encoder.byte(OPCODE_AUX);
        this.#writeNameAndValue();
        return;
      case "database":
        encoder.byte(OPCODE_SELECTDB);
        encoder.lengthOf(this.#number("database"));
        return;
      case "keyCount":
        encoder.byte(OPCODE_RESIZEDB);
        encoder.lengthOf(this.#number("keyCount"));
        encoder.lengthOf(this.#number("expiresCount"));
        return;
      default:
        return this.#writeEntry();
    }
  }

  #writeEntry(): void {
    const encoder = this.#encoder;
    const expiresAtMs = this.#integers.get("expiresAtMs");
    if (expiresAtMs !== undefined) {
      encoder.byte(OPCODE_EXPIRETIME_MS);
      encoder.int32(Number(BigInt.asIntN(32, expiresAtMs)));
      encoder.int32(Number(expiresAtMs >> 32n));
    }
    if (this.#seen.has("idleSeconds")) {
      encoder.byte(OPCODE_IDLE);
      encoder.lengthOf(this.#number("idleSeconds"));
    }
    if (this.#seen.has("frequency")) {
      encoder.byte(OPCODE_FREQ);
      encoder.byte(this.#number("frequency"));
    }
    encoder.byte(this.#byte);
    this.#writeNameAndValue();
  }

  #writeNameAndValue(): void {
    this.#encoder.raw(this.#name.bytes, 0, this.#name.length);
    this.#encoder.raw(this.#value.bytes, 0, this.#value.length);
  }

  #number(member: string): number {
    return Number(this.#integers.get(member));
  }

  /** Reads an object; returns the member that tells what it is. */
  #readObject(): string {
    const json = this.#json;
    const start = json.place();
    this.#seen.clear();
    this.#integers.clear();
    this.#form = undefined;
    json.expect("{");
    do {
      const place = json.place();
      const member = json.readName();
      if (this.#seen.has(member)) json.fail(`"${member}" is given twice`, place);
      this.#seen.add(member);
      this.#readMember(member, place);
    } while (json.take(","));
    const end = json.place();
    json.expect("}");
    return this.#kind(start, end);
  }

  #kind(start: number, end: number): string {
    const seen = this.#seen;
    for (const { kind, must, may } of SHAPES) {
      if (!seen.has(kind)) continue;
      const missing = must.find((member) => !seen.has(member));
      if (missing !== undefined) this.#json.fail(`expected "${missing}" beside "${kind}"`, end);
      for (const member of seen) {
        if (member === kind || must.includes(member) || may.includes(member)) continue;
        this.#json.fail(`"${member}" does not go with "${kind}"`, start);
      }
      return kind;
    }
    return this.#json.fail(`expected one of ${SHAPES.map(({ kind }) => kind).join(", ")}`, start);
  }

  #readMember(member: string, place: number): void {
    const json = this.#json;
    const range = INTEGERS.get(member);
    if (range !== undefined) {
      this.#integers.set(member, json.readInteger(range[0], range[1]));
    } else if (member === "magic") this.#readVersion();
    else if (member === "aux" || member === "key") this.#readString(this.#name);
    else if (member === "type") this.#readType(place);
    else if (member !== "value") json.fail(`unknown member "${member}"`, place);
    else if (this.#form === undefined) this.#readString(this.#value);
    else {
      this.#value.reset();
      const byte = this.#form.readJson(json, this.#value);
      this.#byte = typeof byte === "number" ? byte : this.#form.byte;
    }
  }

  #readString(into: RdbEncoder): void {
    into.reset();
    this.#json.readString();
    into.string(this.#json.bytes, 0, this.#json.length);
  }

  #readType(place: number): void {
    const json = this.#json;
    if (this.#seen.has("value")) json.fail('expected "type" before "value"', place);
    const start = json.place();
    const name = json.readText("the name of a type");
    this.#form = valueFormNamed(name);
    if (this.#form === undefined) json.fail(`a ${name} is nothing that this version knows`, start);
  }

  #readVersion(): void {
    const json = this.#json;
    const start = json.place();
    json.readString();
    try {
      this.version = readMagic(json.bytes.subarray(0, json.length), 0);
    } catch (error) {
      if (!(error instanceof RdbError)) throw error;
      json.fail(`${latin1(json.bytes, 0, json.length)}: ${error.reason}`, start);
    }
    this.#encoder.raw(json.bytes, 0, json.length);
  }
}
