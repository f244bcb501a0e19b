/**
 * What DUMP makes of values of every type and encoding, compressed and not, and payloads as servers
 * have made them that are older than all this: what is damaged before it is restored.
 */
import { Crc64 } from "../../src/base/crc64.ts";
import { concat, int64, row } from "../unit/persistence/rdb/fixture.ts";
import { ziplistOf, zipmapOf } from "../unit/persistence/ziplist_model.ts";
import { listpackOf } from "../unit/heap/listpack_model.ts";
import { encodeCommand } from "../support/resp_client.ts";
import type { Argument } from "../support/resp_client.ts";
import { everyType } from "../support/every_type.ts";
import { FuzzServer } from "./fuzz_server.ts";

/** A good payload without its footer. */
export interface GoodPayload {
  /** Of which type its value is, as TYPE answers. */
  readonly type: string;
  /** The type's byte and the value. */
  readonly body: Uint8Array;
}

/** Longer ones would be all that there is time for. */
const BODY_BYTES_MAX = 20_000;
const FOOTER_BYTES = 10;
const RDB_VERSION = 12;
/** In the year 2050. */
const LATER_MS = 2_524_608_000_000;

/** Values that are small and have something of everything: damage falls on what counts. */
export const SMALL_VALUES: readonly Argument[][] = [
  ["SET", "string empty", ""],
  ["SET", "string text", "hello"],
  ["SET", "string integer", "-12345"],
  ["SET", "string same", "0123456789".repeat(100)],
  ["RPUSH", "list pair", "a", "1"],
  ["RPUSH", "list numbers", "1", "128", "-40000", "70000", "99999999", "9223372036854775807"],
  ["RPUSH", "list long", "x".repeat(5000), "y", "z".repeat(9000)],
  ["RPUSH", "list fixed", ...Array.from({ length: 700 }, (_, i) => `element:${1000 + i}`)],
  ["HSET", "hash pair", "a", "1"],
  ["HSET", "hash few", "name", "someone", "age", "41", "", "empty", "big", "-99999999999"],
  ["HSET", "hash long", "field", "v".repeat(65), "f".repeat(70), "w".repeat(200)],
  ["HSET", "hash times", "a", "1", "b", "2", "c", "3", "d", "4"],
  ["HPEXPIREAT", "hash times", LATER_MS, "FIELDS", "2", "a", "c"],
  ["SADD", "set pair", "a", "1"],
  ["SADD", "set int16", "1", "2", "-30000"],
  ["SADD", "set int32", "1", "70000"],
  ["SADD", "set int64", "1", "-9223372036854775808"],
  ["SADD", "set long", "m".repeat(65), "n".repeat(70), "o"],
  ["ZADD", "zset pair", "1", "a", "2.5", "b"],
  ["ZADD", "zset scores", "-inf", "a", "-0", "b", "0.1", "c", "3", "d", "3", "e", "inf", "f"],
  ["ZADD", "zset long", "1", "m".repeat(65), "1", "n".repeat(70), "2", "o", "inf", "p"],
  ["XADD", "stream one", "1-1", "field", "value"],
  ["XADD", "stream few", "5-1", "a", "1", "b", "2"],
  ["XADD", "stream few", "5-2", "a", "3", "b", "4"],
  ["XADD", "stream few", "9-0", "other", "field"],
  ["XADD", "stream few", "9-5", "a", "70000", "b", "-1"],
  ["XDEL", "stream few", "5-2"],
  ["XGROUP", "CREATE", "stream few", "g", "0"],
  ["XGROUP", "CREATE", "stream few", "h", "$"],
  ["XREADGROUP", "GROUP", "g", "alice", "COUNT", "2", "STREAMS", "stream few", ">"],
  ["XREADGROUP", "GROUP", "g", "bob", "STREAMS", "stream few", ">"],
  ["XGROUP", "CREATECONSUMER", "stream few", "h", "idle"],
  ["PFADD", "hll", "a", "b", "c"],
];

/** All good payloads; those made by {@link SMALL_VALUES} and the old ones first, `smallCount` of them. */
export function goodPayloads(): { readonly payloads: GoodPayload[]; readonly smallCount: number } {
  const small: GoodPayload[] = [];
  const large: GoodPayload[] = [];
  for (const compresses of ["no", "yes"]) {
    small.push(...dumpsOf(SMALL_VALUES, { rdbcompression: compresses }));
    // The same few values in their large encodings.
    small.push(...dumpsOf(SMALL_VALUES, { rdbcompression: compresses, ...NOTHING_SMALL }));
    large.push(...dumpsOf(everyType(), { rdbcompression: compresses }));
  }
  small.push(...oldPayloads(), ...small.flatMap(olderStreams));
  const fitting = large.filter(({ body }) => body.length <= BODY_BYTES_MAX);
  return { payloads: [...small, ...fitting], smallCount: small.length };
}

const NOTHING_SMALL = {
  "hash-max-listpack-entries": "0",
  "set-max-listpack-entries": "0",
  "set-max-intset-entries": "0",
  "zset-max-listpack-entries": "0",
  "list-max-listpack-size": "1",
  "stream-node-max-entries": "2",
};

/** What DUMP answers for each key that commands make. */
function dumpsOf(commands: readonly Argument[][], options: Record<string, string>): GoodPayload[] {
  const server = new FuzzServer(options);
  for (const command of commands) {
    const answer = server.ask(encodeCommand(command));
    if (answer[0] === 45) throw new Error(Buffer.from(answer).toString("latin1"));
  }
  const keys = new Set(commands.map((command) => String(command[keyIndexOf(command)])));
  return [...keys].flatMap((key) => {
    const type = Buffer.from(server.ask(encodeCommand(["TYPE", key]))).toString().slice(1, -2);
    if (type === "none") return [];
    const dump = server.ask(encodeCommand(["DUMP", key]));
    const start = dump.indexOf(10) + 1;
    return [{ type, body: dump.slice(start, dump.length - 2 - FOOTER_BYTES) }];
  });
}

function keyIndexOf(command: readonly Argument[]): number {
  if (command[0] === "XGROUP") return 2;
  return command[0] === "XREADGROUP" ? command.length - 2 : 1;
}

/** The body with a footer that is right. */
export function payloadOf(body: Uint8Array): Uint8Array {
  const payload = concat([body, row(RDB_VERSION, 0), new Uint8Array(8)]);
  const crc = new Crc64();
  crc.update(payload, 0, payload.length - 8);
  crc.writeDigest(payload, payload.length - 8);
  return payload;
}

/** A length and that many bytes. */
function stringOf(bytes: Uint8Array): Uint8Array {
  return concat([lengthOf(bytes.length), bytes]);
}

function lengthOf(length: number): Uint8Array {
  if (length < 64) return row(length);
  return row(0x80, length >>> 24, length >>> 16 & 255, length >>> 8 & 255, length & 255);
}

const FEW = ["a", "1", "b", "22", "text with spaces", "-70000"];
const MANY = Array.from({ length: 40 }, (_, i) => i % 3 === 0 ? `${i * 999}` : `item ${i}`);
const LONG = ["x".repeat(70), "1", "y".repeat(300), "2"];

/** As Redis 2 to 6 and the first servers with times of fields have written values. */
function oldPayloads(): GoodPayload[] {
  const payloads: GoodPayload[] = [];
  const add = (type: string, ...parts: readonly (number | Uint8Array)[]) =>
    payloads.push({ type, body: row(...parts) });
  for (const texts of [FEW, MANY, LONG]) {
    const strings = texts.map((text) => stringOf(row(text)));
    const half = lengthOf(texts.length / 2);
    const whole = lengthOf(texts.length);
    const scored = texts.filter((_, i) => i % 2 === 0).flatMap((text, i) => [text, `${i - 1.5}`]);
    add("list", 1, whole, ...strings);
    add("set", 2, whole, ...strings);
    add("zset", 3, half, ...scored.map((text) => stringOf(row(text))));
    add("zset", 3, row(3, 1, "a", 3, "1.5", 1, "b", 254, 1, "c", 255));
    add("hash", 4, half, ...strings);
    add("hash", 9, stringOf(zipmapOf(texts, 2)));
    add("list", 10, stringOf(ziplistOf(texts)));
    add("zset", 12, stringOf(ziplistOf(scored)));
    add("hash", 13, stringOf(ziplistOf(texts)));
    add("list", 14, 2, stringOf(ziplistOf(texts)), stringOf(ziplistOf(FEW)));
    add("set", 20, stringOf(listpackOf(texts)));
    const middle = texts.length / 2;
    // Those that do not expire stand behind all others.
    const times = texts.flatMap((text, i) =>
      i % 2 === 0 ? [] : [texts[i - 1], text, i < middle ? `${LATER_MS + i}` : "0"]
    );
    add("hash", 23, stringOf(listpackOf(times)));
    add("hash", 25, row(int64(BigInt(LATER_MS))), stringOf(listpackOf(times)));
    const relative = strings.map((string, i) =>
      i % 2 === 1 ? string : concat([lengthOf(i % 4 === 0 ? i + 1 : 0), string])
    );
    add("hash", 24, row(int64(BigInt(LATER_MS))), half, ...relative);
    const absolute = strings.map((string, i) => {
      if (i % 2 === 1) return string;
      const time = i % 4 === 0 ? row(0x81, int64(BigInt(LATER_MS + i)).toReversed()) : row(0);
      return concat([time, string]);
    });
    add("hash", 22, half, ...absolute);
  }
  return payloads;
}

/** A stream's payload as the formats before and after it, found by reading it once. */
function olderStreams({ type, body }: GoodPayload): GoodPayload[] {
  if (type !== "stream" || body[0] !== 19) return [];
  return [15, 21].map((format) => ({ type, body: new StreamTranslation(body, format).run() }));
}

/** Reads a stream of format 19 and writes it as another. */
class StreamTranslation {
  readonly #bytes: Uint8Array;
  readonly #format: number;
  readonly #parts: Uint8Array[] = [];
  #at = 1;

  constructor(bytes: Uint8Array, format: number) {
    this.#bytes = bytes;
    this.#format = format;
    this.#parts.push(row(format));
  }

  run(): Uint8Array {
    const isOld = this.#format === 15;
    for (let nodes = this.#length(true); nodes > 0; nodes--) {
      this.#string();
      this.#string();
    }
    for (let i = 0; i < 3; i++) this.#length(true);
    for (let i = 0; i < 5; i++) this.#length(!isOld);
    for (let groups = this.#length(true); groups > 0; groups--) {
      this.#string();
      for (let i = 0; i < 2; i++) this.#length(true);
      this.#length(!isOld);
      for (let pending = this.#length(true); pending > 0; pending--) {
        this.#raw(24);
        this.#length(true);
      }
      for (let consumers = this.#length(true); consumers > 0; consumers--) {
        this.#string();
        this.#raw(8);
        if (!isOld) this.#parts.push(this.#bytes.slice(this.#at - 8, this.#at));
        for (let pending = this.#length(true); pending > 0; pending--) this.#raw(16);
      }
    }
    if (this.#at !== this.#bytes.length) throw new Error("the stream is longer than it should be");
    return concat(this.#parts);
  }

  #raw(count: number): void {
    this.#parts.push(this.#bytes.slice(this.#at, this.#at += count));
  }

  /** Reads a length, which is copied or left out. */
  #length(isCopied: boolean): number {
    const from = this.#at;
    const bytes = this.#bytes;
    const first = bytes[this.#at++];
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    let length = first & 63;
    if (first >>> 6 === 1) length = length << 8 | bytes[this.#at++];
    else if (first === 0x80) {
      length = view.getUint32(this.#at);
      this.#at += 4;
    } else if (first === 0x81) {
      length = Number(view.getBigUint64(this.#at));
      this.#at += 8;
    }
    if (isCopied) this.#parts.push(bytes.slice(from, this.#at));
    return length;
  }

  #string(): void {
    const from = this.#at;
    const first = this.#bytes[from];
    if (first === 0xc3) {
      this.#at++;
      const compressed = this.#length(false);
      this.#length(false);
      this.#at += compressed;
    } else if (first >= 0xc0) this.#at += 1 + (1 << (first & 3));
    else {
      // Not in one step: reading the length moves the position.
      const length = this.#length(false);
      this.#at += length;
    }
    this.#parts.push(this.#bytes.slice(from, this.#at));
  }
}
