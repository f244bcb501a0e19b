/**
 * Walking through an RDB file item by item, without a keyspace: what the checker and the converter
 * to JSON have in common. Memory is bounded by one value.
 *
 * After a key its value stands next, and whoever asked for the item reads it, by its form. What this
 * server cannot hold is refused by name, as it is at loading.
 */
import { latin1 } from "../base/ascii.ts";
import {
  CHECKSUM_BYTES,
  MAGIC_BYTES,
  OPCODE_AUX,
  OPCODE_EOF,
  OPCODE_EXPIRETIME,
  OPCODE_EXPIRETIME_MS,
  OPCODE_FREQ,
  OPCODE_FUNCTION2,
  OPCODE_FUNCTION_PRE_GA,
  OPCODE_IDLE,
  OPCODE_MODULE_AUX,
  OPCODE_RESIZEDB,
  OPCODE_SELECTDB,
  OPCODE_SLOT_INFO,
  RDB_CHECKSUM_VERSION,
  readMagic,
} from "../persistence/rdb/rdb_format.ts";
import { refuseItem, refuseModuleData, refuseType } from "../persistence/rdb/rdb_loader.ts";
import type { RdbReader } from "../persistence/rdb/rdb_reader.ts";
import type { RdbValueType } from "../persistence/rdb/rdb_value.ts";
import { valueTypes } from "../persistence/rdb/value_types.ts";
import type { ValueForm } from "./value_forms.ts";
import { valueForm } from "./value_forms.ts";

export const ITEM_END = 0;
/** `auxName` and `auxValue`. */
export const ITEM_AUX = 1;
/** `database`. */
export const ITEM_DATABASE = 2;
/** `keyCount` and `expiresCount`: what the file says of the database. */
export const ITEM_SIZES = 3;
/** The key that the reader holds, `form` and what is said of its time and use. */
export const ITEM_KEY = 4;

/** What is being read, in redis-check-rdb's words. */
export type RdbDoing =
  | "start"
  | "read-type"
  | "read-expire"
  | "read-key"
  | "read-object-value"
  | "check-sum"
  | "read-len"
  | "read-aux"
  | "read-module-aux"
  | "read-functions";

/** How the checksum of a file that has been read to its end has turned out. */
export type RdbChecksum = "none" | "off" | "right";

export class RdbScanner {
  readonly reader: RdbReader;
  doing: RdbDoing = "start";
  /** The file's first bytes: `REDIS0010`. */
  magic = "";

  auxName: Uint8Array = new Uint8Array(0);
  auxValue: Uint8Array = new Uint8Array(0);
  database = 0;
  keyCount = 0;
  expiresCount = 0;

  /** Of the last key; the form is known before the key is. */
  form: ValueForm | undefined;
  expiresAtMs: bigint | undefined;
  idleSeconds: number | undefined;
  frequency: number | undefined;

  /** After the end: `none` before version 5, `off` where the file was saved without. */
  checksum: RdbChecksum = "none";

  #version = 0;
  #types: readonly (RdbValueType | undefined)[] = [];

  constructor(reader: RdbReader) {
    this.reader = reader;
  }

  /**
   * Goes on to the next item.
   * @throws {RdbError}; the reader's offset and `doing` tell where.
   */
  next(): number {
    const reader = this.reader;
    if (this.#version === 0) this.#begin();
    else if (this.doing === "read-object-value") this.#forgetKey();
    for (;;) {
      this.doing = "read-type";
      const byte = reader.readByte();
      switch (byte) {
        case OPCODE_EXPIRETIME:
          this.doing = "read-expire";
          this.expiresAtMs = BigInt(reader.readInt32()) * 1000n;
          break;
        case OPCODE_EXPIRETIME_MS:
          this.doing = "read-expire";
          this.expiresAtMs = this.#int64();
          break;
        case OPCODE_FREQ:
          this.frequency = reader.readByte();
          break;
        case OPCODE_IDLE:
          this.idleSeconds = this.#count();
          break;
        case OPCODE_SLOT_INFO:
          // What a cluster's slot holds: a hint at the size of Redis's tables.
          this.doing = "read-len";
          for (let i = 0; i < 3; i++) reader.readLength();
          break;
        case OPCODE_EOF:
          this.#finish();
          return ITEM_END;
        case OPCODE_SELECTDB:
          this.doing = "read-len";
          this.database = this.#count();
          return ITEM_DATABASE;
        case OPCODE_RESIZEDB:
          this.doing = "read-len";
          this.keyCount = this.#count();
          this.expiresCount = this.#count();
          return ITEM_SIZES;
        case OPCODE_AUX:
          this.doing = "read-aux";
          this.auxName = this.#string();
          this.auxValue = this.#string();
          return ITEM_AUX;
        case OPCODE_MODULE_AUX:
          this.doing = "read-module-aux";
          return refuseModuleData(reader);
        case OPCODE_FUNCTION2:
          this.doing = "read-functions";
          return refuseItem(reader, "a function library");
        case OPCODE_FUNCTION_PRE_GA:
          this.doing = "read-functions";
          return reader.fail("Pre-release function format not supported.", "next");
        default:
          this.#key(byte);
          return ITEM_KEY;
      }
    }
  }

  #begin(): void {
    const reader = this.reader;
    reader.need(MAGIC_BYTES);
    const at = reader.at;
    reader.at += MAGIC_BYTES;
    this.#version = readMagic(reader.bytes, at);
    this.magic = latin1(reader.bytes, at, at + MAGIC_BYTES);
    this.#types = valueTypes(this.#version);
  }

  #key(byte: number): void {
    const reader = this.reader;
    const type = this.#types[byte];
    if (type === undefined) reader.fail(`Invalid object type: ${byte}`, "next");
    const form = valueForm(byte, this.#version);
    if (form === undefined) refuseType(reader, byte, type);
    this.form = form;
    this.doing = "read-key";
    reader.readWholeString();
    reader.holdKey();
    this.doing = "read-object-value";
  }

  #forgetKey(): void {
    this.form = undefined;
    this.expiresAtMs = undefined;
    this.idleSeconds = undefined;
    this.frequency = undefined;
  }

  #string(): Uint8Array {
    this.reader.readWholeString();
    return this.reader.stringBytes.slice(this.reader.stringStart, this.reader.stringEnd);
  }

  /** A length that is not one of bytes; nobody has so many of anything. */
  #count(): number {
    const count = this.reader.readLength();
    if (count > Number.MAX_SAFE_INTEGER) this.reader.fail("number beyond 2^53", "readLength");
    return count;
  }

  /** Exactly, unlike the reader's. */
  #int64(): bigint {
    this.reader.need(8);
    const low = this.reader.readInt32() >>> 0;
    return BigInt(this.reader.readInt32()) << 32n | BigInt(low);
  }

  #finish(): void {
    if (this.#version < RDB_CHECKSUM_VERSION) return;
    const reader = this.reader;
    this.doing = "check-sum";
    const crc = reader.finishChecksum();
    reader.need(CHECKSUM_BYTES);
    const { bytes, at } = reader;
    reader.at += CHECKSUM_BYTES;
    if (crc === null || crc.equalsDigest(bytes, at)) this.checksum = "right";
    else if (isZero(bytes, at)) this.checksum = "off";
    else reader.fail("RDB CRC error", "finish");
  }
}

function isZero(bytes: Uint8Array, at: number): boolean {
  return bytes.subarray(at, at + CHECKSUM_BYTES).every((byte) => byte === 0);
}
