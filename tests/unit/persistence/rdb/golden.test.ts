/**
 * Files that hold every type of value that an RDB file can have, those of old versions and of the
 * newest, loaded in one go: the data set is that which commands make.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { latin1Bytes } from "../../../../src/base/ascii.ts";
import { keyspaceDigest } from "../../../../src/keyspace/digest.ts";
import type { Keyspace } from "../../../../src/keyspace/keyspace.ts";
import { ENCODING_NAMES } from "../../../../src/keyspace/value_type.ts";
import { CommandFixture } from "../../command/fixture.ts";
import { listpackOf } from "../../heap/listpack_model.ts";
import { ziplistOf, zipmapOf } from "../ziplist_model.ts";
import { entryOf, int64, loadBytes, newKeyspace, put, rdbFile, row } from "./fixture.ts";
import { saved } from "./value_fixture.ts";

/** In the year 2100, and so many milliseconds after it. */
const LATER_MS = 4_102_444_800_000n;
const PAIRS = ["field", "value", "1", "-2", "", "x".repeat(40)];
const ELEMENTS = ["a", "12", "-3000", "70000", "9223372036854775807", "", "y".repeat(70), "a"];
const MEMBERS = ["a", "12", "-3000", "text"];
const SCORES = ["low", "-1.5", "mid", "2", "high", "100000"];

/** A string as a file holds it, of up to 16383 bytes. */
function string(value: string | Uint8Array): Uint8Array {
  const bytes = typeof value === "string" ? latin1Bytes(value) : value;
  return row([0x40 | bytes.length >> 8, bytes.length & 255], bytes);
}

function strings(values: readonly string[]): Uint8Array {
  return row(...values.map(string));
}

/** A score in eight bytes. */
function binary(score: string): Uint8Array {
  return new Uint8Array(Float64Array.of(Number(score)).buffer);
}

/** Members, each with its score as the format has it. */
function scored(score: (text: string) => Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let i = 0; i < SCORES.length; i += 2) parts.push(string(SCORES[i]), score(SCORES[i + 1]));
  return row(...parts);
}

/** A set of integers, two bytes each. */
const INTSET = row([2, 0, 0, 0, 3, 0, 0, 0], [0, 128, 5, 0, 255, 127]);

/** One entry, 1-1 with field f and value v, in the node of a stream. */
const NODE = listpackOf(["1", "0", "1", "f", "0", "2", "0", "0", "v", "4"]);

function stream(type: 15 | 19 | 21): Uint8Array {
  const counters = type === 15 ? row() : row([1, 1, 0, 0, 1]);
  const masterId = row([16], int64(1n).reverse(), int64(1n).reverse());
  const seen = int64(1_600_000_000_000n);
  const pendingId = row(int64(1n).reverse(), int64(1n).reverse());
  return row(
    ...[[1], masterId, string(NODE), [1, 1, 1], counters],
    // One group g behind 1-1, with one entry pending for one consumer.
    ...[[1, 1], "g", [1, 1], type === 15 ? row() : [1]],
    ...[[1], pendingId, seen, [3, 1, 1], "c", seen, type === 21 ? seen : row(), [1], pendingId],
  );
}

interface Golden {
  readonly type: number;
  readonly value: Uint8Array;
  /** What makes the same under a key. */
  readonly command: readonly [name: string, ...values: string[]];
  /** What becomes of it. */
  readonly encoding: string;
}

function hash(type: number, value: Uint8Array, encoding: string = "listpack"): Golden {
  return { type, value, command: ["hset", ...PAIRS], encoding };
}

function list(type: number, value: Uint8Array, encoding: string = "listpack"): Golden {
  return { type, value, command: ["rpush", ...ELEMENTS], encoding };
}

function zset(type: number, value: Uint8Array): Golden {
  const pairs = SCORES.flatMap((text, i) => i % 2 === 0 ? [SCORES[i + 1], text] : []);
  return { type, value, command: ["zadd", ...pairs], encoding: "listpack" };
}

const [FIRST, REST] = [ELEMENTS.slice(0, 3), ELEMENTS.slice(3)];

const OLD: readonly Golden[] = [
  list(1, row([ELEMENTS.length], strings(ELEMENTS))),
  {
    type: 2,
    value: row([MEMBERS.length], strings(MEMBERS)),
    command: ["sadd", ...MEMBERS],
    encoding: "listpack",
  },
  zset(3, row([SCORES.length / 2], scored((text) => row([text.length], text)))),
  hash(4, row([PAIRS.length / 2], strings(PAIRS))),
  zset(5, row([SCORES.length / 2], scored(binary))),
  hash(9, string(zipmapOf(PAIRS, 3))),
  list(10, string(ziplistOf(ELEMENTS))),
  {
    type: 11,
    value: string(INTSET),
    command: ["sadd", "-32768", "5", "32767"],
    encoding: "intset",
  },
  zset(12, string(ziplistOf(SCORES))),
  hash(13, string(ziplistOf(PAIRS))),
  list(14, row([2], string(ziplistOf(FIRST)), string(ziplistOf(REST))), "quicklist"),
  hash(16, string(listpackOf(PAIRS))),
  zset(17, string(listpackOf(SCORES))),
  list(18, row([2, 2], string(listpackOf(FIRST)), [2], string(listpackOf(REST))), "quicklist"),
  {
    type: 20,
    value: string(listpackOf(MEMBERS)),
    command: ["sadd", ...MEMBERS],
    encoding: "listpack",
  },
  ...([15, 19, 21] as const).map((type): Golden => ({
    type,
    value: stream(type),
    command: ["xadd", "1-1", "f", "v"],
    encoding: "stream",
  })),
];

/** The fields of which every second one expires: its time, field and value. */
const TIMED: readonly (readonly [timeMs: bigint, field: string, value: string])[] = [
  ...[[LATER_MS + 5n, "soon", "1"], [LATER_MS + 9n, "later", "2"], [0n, "never", "3"]] as const,
];

function timedListpack(): Uint8Array {
  const texts = TIMED.flatMap(([timeMs, field, value]) => [field, value, String(timeMs)]);
  return string(listpackOf(texts));
}

/** Fields, of which each time is written by the format's own rule. */
function timed(time: (timeMs: bigint) => Uint8Array, isTimeFirst: boolean): Uint8Array {
  const parts = TIMED.map(([timeMs, field, value]) => {
    const pair = row(string(field), string(value));
    return isTimeFirst ? row(time(timeMs), pair) : row(pair, time(timeMs));
  });
  return row([TIMED.length], ...parts);
}

/** A number as a length of eight bytes. */
function long(value: bigint): Uint8Array {
  return row([0x81], int64(value).reverse());
}

const SOONEST = int64(LATER_MS + 5n);
const relative = (timeMs: bigint) => long(timeMs === 0n ? 0n : timeMs - LATER_MS - 5n + 1n);

const EXPIRING: Readonly<Record<number, Uint8Array>> = {
  22: timed(long, true),
  23: timedListpack(),
  24: row(SOONEST, timed(relative, true)),
  25: row(SOONEST, timedListpack()),
};

function setUp() {
  const keyspace = newKeyspace();
  return { keyspace, f: new CommandFixture(keyspace) };
}

/** What the files hold, made by commands. */
function made(golden: readonly Golden[], expiring: readonly number[]): Keyspace {
  const { keyspace, f } = setUp();
  put(keyspace, 0, "type 0", "value");
  put(keyspace, 0, "integer", "-70000");
  for (const { type, command: [name, ...values] } of golden) {
    assert.match(f.run(name, `type ${type}`, ...values), /^[:$]/);
  }
  for (const type of expiring) {
    for (const [timeMs, field, value] of TIMED) {
      f.run("hset", `type ${type}`, field, value);
      if (timeMs === 0n) continue;
      f.run("hpexpireat", `type ${type}`, String(timeMs), "FIELDS", "1", field);
    }
  }
  return keyspace;
}

/** A file with all of that. */
function file(golden: readonly Golden[], expiring: readonly number[], magic: string): Uint8Array {
  return rdbFile(
    row(
      ...[[0xfe, 0], [0], string("type 0"), string("value"), [0], string("integer")],
      [0xc2, 0x90, 0xee, 0xfe, 0xff],
      ...golden.flatMap(({ type, value }) => [[type], string(`type ${type}`), value]),
      ...expiring.flatMap((type) => [[type], string(`type ${type}`), EXPIRING[type]]),
    ),
    magic,
  );
}

test("every type of every version, in one file", () => {
  const all = [22, 23, 24, 25];
  const { keyspace, f } = setUp();
  loadBytes(file(OLD, all, "REDIS0012"), keyspace);
  keyspace.check();
  const expected = made(OLD, all);
  assert.equal(keyspace.size, 2 + OLD.length + all.length);
  assert.equal(keyspaceDigest(keyspace), keyspaceDigest(expected));
  for (const { type, encoding } of OLD) {
    const ref = entryOf(keyspace, 0, `type ${type}`);
    const found = ENCODING_NAMES[keyspace.databases[0].encodingOf(ref)];
    assert.equal(found, encoding, `type ${type}`);
  }
  const times = (of: CommandFixture, type: number) =>
    of.run("hpexpiretime", `type ${type}`, "FIELDS", "3", ...TIMED.map(([, field]) => field));
  const other = new CommandFixture(expected);
  for (const type of all) assert.equal(times(f, type), times(other, type), `type ${type}`);
  for (const type of [15, 19, 21]) {
    const pending = f.run("xpending", `type ${type}`, "g", "-", "+", "9");
    assert.match(pending, /^\*1\r\n\*4\r\n\$3\r\n1-1\r\n\$1\r\nc\r\n:\d+\r\n:3\r\n$/);
  }
});

test("and written again, in the version that it takes", () => {
  for (const [expiring, magic] of [[[], "REDIS0010"], [[24], "REDIS0012"]] as const) {
    const expected = made(OLD, expiring);
    const bytes = saved(expected);
    assert.deepEqual(bytes.subarray(0, 9), latin1Bytes(magic));
    const { keyspace } = setUp();
    loadBytes(bytes, keyspace);
    keyspace.check();
    assert.equal(keyspaceDigest(keyspace), keyspaceDigest(expected));
  }
});

test("a file of Valkey 9, where 22 is another type", () => {
  const { keyspace } = setUp();
  const value = timed((timeMs) => row(int64(timeMs === 0n ? -1n : timeMs)), false);
  const body = row([0xfe, 0], [22], string("type 22"), value);
  loadBytes(rdbFile(body, "VALKEY080"), keyspace);
  keyspace.check();
  const { keyspace: expected, f } = setUp();
  for (const [timeMs, field, text] of TIMED) {
    f.run("hset", "type 22", field, text);
    if (timeMs === 0n) continue;
    f.run("hpexpireat", "type 22", String(timeMs), "FIELDS", "1", field);
  }
  assert.equal(keyspaceDigest(keyspace), keyspaceDigest(expected));
});
