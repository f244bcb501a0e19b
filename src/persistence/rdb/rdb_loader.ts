/**
 * Loading an RDB file into a keyspace, in steps: opcodes, keys, checksum. What a step has loaded is
 * in the keyspace at once; it is load.ts that takes everything back when a later one fails.
 *
 * Nothing is allocated per key: key and value go from the reader's chunk to the heap.
 */
import { quoteBytes, utf8 } from "../../base/ascii.ts";
import { Database, NO_EXPIRY } from "../../keyspace/database.ts";
import type { Keyspace } from "../../keyspace/keyspace.ts";
import {
  CHECKSUM_BYTES,
  EXPIRES_AT_MS_MAX,
  KEY_BYTES_MAX,
  LENGTH_64_BITS,
  MAGIC_BYTES,
  OPCODE_AUX,
  OPCODE_EOF,
  OPCODE_EXPIRETIME,
  OPCODE_EXPIRETIME_MS,
  OPCODE_FIRST,
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
} from "./rdb_format.ts";
import type { RdbReader } from "./rdb_reader.ts";
import { StringBatch } from "./string_batch.ts";
import type { RdbValueType } from "./rdb_value.ts";
import { RdbTarget } from "./rdb_value.ts";
import { valueTypes } from "./value_types.ts";

/** No IDLE or FREQ precedes the key. */
const NOT_GIVEN = -1;
/** An idle time of half the clock's range stands for all that are beyond it. */
const IDLE_SECONDS_MAX = 0x7fffff;
const IDLE_CLOCK_SECONDS = 0xffffff;
/** AUX fields are short words and numbers; of a longer one only the beginning is kept. */
const AUX_BYTES_MAX = 1024;
/** Empty keys that are told one by one. */
const EMPTY_KEYS_TOLD_MAX = 10;
/** As Valkey and Redis name modules: nine characters of six bits, then ten bits of a version. */
const MODULE_NAME_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** How a file is loaded. */
export interface RdbLoadSettings {
  /** `rdbchecksum`, unless DEBUG set-skip-checksum-validation is on. */
  readonly verifiesChecksum: boolean;
  /** `sanitize-dump-payload yes`: elements that are there twice are looked for, too. */
  readonly sanitizes?: boolean;
  /** True for a replica and for the base of an append-only file: expired keys are kept. */
  readonly keepsExpired?: boolean;
  /**
   * True to load into a keyspace that is not empty; keys of the file replace those that are there
   * (DEBUG RELOAD MERGE). What was loaded before a failure then stays.
   */
  readonly merges?: boolean;
  /** Told each AUX field, as the file gives them. */
  aux?(name: string, value: string): void;
  /** Told what Redis logs at level notice. */
  notice?(text: string): void;
}

export class RdbLoader {
  /** Keys added, and keys dropped because their time is over. */
  loadedCount = 0;
  expiredCount = 0;
  /** Keys passed over because their values are collections without an element. */
  emptyCount = 0;

  readonly #reader: RdbReader;
  readonly #keyspace: Keyspace;
  readonly #settings: RdbLoadSettings;
  readonly #target: RdbTarget;
  /** Takes the keys that are dropped, each for a moment. */
  readonly #dropped: Database;
  readonly #batch: StringBatch = new StringBatch();
  readonly #expiredBeforeMs: number;
  #database: Database;
  #types: readonly (RdbValueType | undefined)[] = [];
  #version = 0;
  /** Of the entry that comes next. */
  #expiresAtMs = NO_EXPIRY;
  #idleSeconds = NOT_GIVEN;
  #frequency = NOT_GIVEN;

  constructor(reader: RdbReader, keyspace: Keyspace, settings: RdbLoadSettings) {
    this.#reader = reader;
    reader.isSanitizing = settings.sanitizes === true;
    this.#keyspace = keyspace;
    this.#settings = settings;
    this.#dropped = new Database(keyspace, 0);
    this.#expiredBeforeMs = settings.keepsExpired === true ? -Infinity : keyspace.nowMs;
    this.#database = keyspace.databases[0];
    this.#target = new RdbTarget(this.#database);
  }

  /**
   * Loads some of the file: what one chunk holds, or a piece of a long value. True at its end.
   * @throws {RdbError} and what the file system and the heap throw.
   */
  step(): boolean {
    if (this.#version === 0) this.#begin();
    const target = this.#target;
    if (target.rest !== null) {
      if (target.rest.next().done !== true) return false;
      target.rest = null;
      this.#settle();
    }
    const reader = this.#reader;
    const fillCount = reader.fillCount;
    while (reader.fillCount === fillCount) {
      if (this.#isPlain) {
        this.loadedCount += this.#batch.load(reader, this.#database, this.#expiredBeforeMs);
      }
      const byte = reader.readByte();
      if (byte < OPCODE_FIRST) {
        if (!this.#entry(byte)) return false;
      } else if (byte === OPCODE_EOF) {
        this.#finish();
        return true;
      } else this.#opcode(byte);
    }
    return false;
  }

  /** Takes back an entry whose value is not whole. */
  abandon(): void {
    const target = this.#target;
    if (target.ref !== 0) target.database.delete(target.ref);
    target.ref = 0;
    target.rest = null;
  }

  #begin(): void {
    const reader = this.#reader;
    reader.need(MAGIC_BYTES);
    this.#version = readMagic(reader.bytes, reader.at);
    reader.at += MAGIC_BYTES;
    this.#types = valueTypes(this.#version);
  }

  /** Loads an entry; false where its value is long and there is a rest. */
  #entry(byte: number): boolean {
    const reader = this.#reader;
    const type = this.#types[byte];
    if (type === undefined || type.load === undefined) refuseType(reader, byte, type);
    reader.readWholeString();
    if (reader.stringEnd - reader.stringStart > KEY_BYTES_MAX) {
      reader.fail("key longer than 512 MiB", "loadKey");
    }
    reader.holdKey();
    const target = this.#target;
    target.expiresAtMs = this.#expiresAtMs;
    target.database = this.#isExpired() ? this.#dropped : this.#database;
    const { keyBytes, keyStart, keyEnd } = reader;
    const ref = target.database.find(keyBytes, keyStart, keyEnd);
    if (ref !== 0) this.#replace(ref);
    type.load(reader, target);
    if (target.rest !== null) return false;
    this.#settle();
    return true;
  }

  /** True when nothing has been said yet of the entry that comes next. */
  get #isPlain(): boolean {
    return this.#expiresAtMs === NO_EXPIRY && this.#idleSeconds === NOT_GIVEN &&
      this.#frequency === NOT_GIVEN;
  }

  #isExpired(): boolean {
    return this.#expiresAtMs !== NO_EXPIRY && this.#expiresAtMs < this.#expiredBeforeMs;
  }

  /** The key is there already. */
  #replace(ref: number): void {
    const reader = this.#reader;
    const { keyBytes, keyStart, keyEnd } = reader;
    if (this.#settings.merges !== true) {
      const key = quoteBytes(keyBytes, keyStart, Math.min(keyEnd, keyStart + AUX_BYTES_MAX));
      reader.fail(`RDB has duplicated key ${key} in DB ${this.#database.index}`, "loadKey");
    }
    this.#database.delete(ref);
    this.#database.find(keyBytes, keyStart, keyEnd);
  }

  /** The entry is whole. */
  #settle(): void {
    const target = this.#target;
    const ref = target.ref;
    target.ref = 0;
    if (ref === 0) this.#skipEmpty();
    else if (target.database === this.#dropped) {
      target.database.delete(ref);
      this.expiredCount++;
    } else {
      this.loadedCount++;
      if (this.#idleSeconds !== NOT_GIVEN || this.#frequency !== NOT_GIVEN) {
        applyUse(this.#keyspace, this.#database, ref, this.#idleSeconds, this.#frequency);
      }
    }
    this.#expiresAtMs = NO_EXPIRY;
    this.#idleSeconds = NOT_GIVEN;
    this.#frequency = NOT_GIVEN;
  }

  /** Nothing was added: a collection without elements, which old versions could leave behind. */
  #skipEmpty(): void {
    const { keyBytes, keyStart, keyEnd } = this.#reader;
    if (this.emptyCount++ >= EMPTY_KEYS_TOLD_MAX) return;
    const key = utf8(keyBytes, keyStart, Math.min(keyEnd, keyStart + AUX_BYTES_MAX));
    this.#settings.notice?.(`rdbLoadObject skipping empty key: ${key}`);
  }

  #opcode(opcode: number): void {
    const reader = this.#reader;
    switch (opcode) {
      case OPCODE_EXPIRETIME_MS:
        this.#expiresAtMs = Math.min(reader.readInt64(), EXPIRES_AT_MS_MAX);
        return;
      case OPCODE_EXPIRETIME:
        this.#expiresAtMs = reader.readInt32() * 1000;
        return;
      case OPCODE_IDLE:
        this.#idleSeconds = reader.readLength();
        return;
      case OPCODE_FREQ:
        this.#frequency = reader.readByte();
        return;
      case OPCODE_AUX:
        return this.#aux();
      case OPCODE_SELECTDB:
        return this.#selectDatabase();
      case OPCODE_RESIZEDB:
        // A hint at the size of Redis's tables; a dict that grows by segments needs none.
        reader.readLength();
        reader.readLength();
        return;
      case OPCODE_SLOT_INFO:
        // The same for a cluster's slot: its number, its keys, those that expire.
        reader.readLength();
        reader.readLength();
        reader.readLength();
        return;
      case OPCODE_MODULE_AUX:
        return refuseModuleData(reader);
      case OPCODE_FUNCTION2:
        return refuseItem(reader, "a function library");
      case OPCODE_FUNCTION_PRE_GA:
        return reader.fail("Pre-release function format not supported.", "loadOpcode");
      default:
        return refuseItem(reader, `an unknown opcode (${opcode})`);
    }
  }

  #selectDatabase(): void {
    const reader = this.#reader;
    const index = reader.readLength();
    const databases = this.#keyspace.databases;
    if (index >= databases.length) {
      reader.fail(
        "Data file was created with a Redis server configured to handle more than " +
          `${databases.length} databases`,
        "loadOpcode",
      );
    }
    this.#database = databases[index];
  }

  #aux(): void {
    const name = this.#auxText();
    const value = this.#auxText();
    const { aux, notice } = this.#settings;
    aux?.(name, value);
    if (notice === undefined) return;
    if (name.startsWith("%")) notice(`RDB '${name}': ${value}`);
    else if (name === "redis-ver") notice(`Loading RDB produced by version ${value}`);
    else if (name === "valkey-ver") notice(`Loading RDB produced by valkey version ${value}`);
    else if (name === "ctime") {
      const ageSeconds = Math.floor(this.#keyspace.nowMs / 1000) - Number(value);
      notice(`RDB age ${Math.max(0, ageSeconds || 0)} seconds`);
    } else if (name === "used-mem") {
      notice(`RDB memory usage when created ${(Number(value) / 2 ** 20).toFixed(2)} Mb`);
    } else if (name === "aof-base" && Number(value) !== 0) notice("RDB is base AOF");
  }

  #auxText(): string {
    const reader = this.#reader;
    if (!reader.readString()) {
      reader.fail("AUX field longer than allowed", "loadAux");
    }
    const { stringBytes, stringStart, stringEnd } = reader;
    return utf8(stringBytes, stringStart, Math.min(stringEnd, stringStart + AUX_BYTES_MAX));
  }

  /** The end: verifies the checksum. */
  #finish(): void {
    const reader = this.#reader;
    const crc = reader.finishChecksum();
    if (this.#version < RDB_CHECKSUM_VERSION) return;
    reader.need(CHECKSUM_BYTES);
    const { bytes, at } = reader;
    reader.at += CHECKSUM_BYTES;
    if (crc === null || crc.equalsDigest(bytes, at)) return;
    if (bytes.subarray(at, at + CHECKSUM_BYTES).every((byte) => byte === 0)) {
      this.#settings.notice?.("RDB file was saved with checksum disabled: no check performed.");
      return;
    }
    const found = hex(bytes, at);
    const expected = new Uint8Array(CHECKSUM_BYTES);
    crc.writeDigest(expected, 0);
    reader.fail(
      `RDB CRC error: Wrong RDB checksum expected: (${hex(expected, 0)}) but got (${found})`,
      "finish",
      reader.offsetBytes - CHECKSUM_BYTES,
    );
  }
}

/**
 * Gives an entry the use that a file or RESTORE says it had, where the policy keeps such a thing:
 * the counter under an LFU policy, the idle time under any other.
 */
export function applyUse(
  keyspace: Keyspace,
  database: Database,
  ref: number,
  idleSeconds: number,
  frequency: number,
): void {
  const access = keyspace.access;
  if (access.isLfu) {
    if (frequency >= 0) database.setAccess(ref, access.forFrequency(frequency));
  } else if (idleSeconds >= 0) {
    const seconds = idleSeconds > IDLE_CLOCK_SECONDS ? IDLE_SECONDS_MAX : idleSeconds;
    database.setAccess(ref, access.forIdleSeconds(seconds));
  }
}

/** Refuses a value, right after its type's byte, that this version cannot load. */
export function refuseType(
  reader: RdbReader,
  byte: number,
  type: RdbValueType | undefined,
): never {
  if (type === undefined) refuseItem(reader, `a value of unknown type ${byte}`);
  return refuseItem(reader, `a ${type.typeName} (type ${byte}, ${type.format})`);
}

/** Refuses what stands one byte back. */
export function refuseItem(reader: RdbReader, what: string): never {
  const offset = reader.offsetBytes - 1;
  const reason = `the file holds ${what} at offset ${offset}, which this version cannot hold`;
  return reader.fail(reason, "loadEntry", offset);
}

/** Refuses a module's data, right after the opcode. */
export function refuseModuleData(reader: RdbReader): never {
  const offset = reader.offsetBytes - 1;
  const name = moduleName(reader);
  return reader.fail(
    `The RDB file contains AUX module data I can't load: no matching module '${name}'`,
    "loadOpcode",
    offset,
  );
}

/** A module's name is packed into the 64 bits of its id. */
function moduleName(reader: RdbReader): string {
  // Only the nine byte form can hold one; the double that readLength makes of it cannot.
  if (reader.readByte() !== LENGTH_64_BITS) return "?";
  let id = 0n;
  for (let i = 0; i < 8; i++) id = id << 8n | BigInt(reader.readByte());
  let name = "";
  for (let i = 0; i < 9; i++) {
    const shift = BigInt(10 + 6 * (8 - i));
    name += MODULE_NAME_CHARACTERS[Number(id >> shift & 63n)];
  }
  return name;
}

/** Eight little-endian bytes as Redis prints a number. */
function hex(bytes: Uint8Array, at: number): string {
  let text = "";
  for (let i = CHECKSUM_BYTES - 1; i >= 0; i--) {
    text += bytes[at + i].toString(16).padStart(2, "0");
  }
  return text.replace(/^0+(?=.)/, "");
}
