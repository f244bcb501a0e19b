/** Sorted sets in RDB files: every type that holds one, what they become here, what is refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CommandFixture } from "../../command/fixture.ts";
import { listpackOf } from "../../heap/listpack_model.ts";
import { ziplistOf } from "../ziplist_model.ts";
import { loadBytes, newKeyspace, rdbFile, refuses, row } from "./fixture.ts";
import {
  BAD_DATA,
  dumpedValue,
  mutationsDoNoHarm,
  restored as valueRestored,
  survives,
} from "./value_fixture.ts";

/** A listpack as a string of an RDB file. */
function listpack(...entries: (string | number)[]): Uint8Array {
  const bytes = listpackOf(entries.map(String));
  return row([bytes.length], bytes);
}

/** A ziplist as a string of an RDB file. */
function ziplist(...entries: (string | number)[]): Uint8Array {
  const bytes = ziplistOf(entries.map(String));
  return row([bytes.length], bytes);
}

/** A score in eight bytes. */
function binary(score: number): Uint8Array {
  return new Uint8Array(Float64Array.of(score).buffer);
}

const LISTPACK = row([17], listpack("low", "-1.5", "a", 1, "b", 1, 12, 100, "top", "inf"));
const CONTENT = "low=-1.5,a=1,b=1,12=100,top=inf";
const BINARY = row(
  ...[[5, 3, 1], "a", binary(1), [2], "bc", binary(1.5), [0xc0, 12], binary(-Infinity)],
);
const TEXT = row(
  ...[[3, 5, 1], "a", [1], "1", [2], "bc", [3], "1.5", [1], "x", [254]],
  ...[[1], "y", [255, 1], "z", [4], "-0.5"],
);

function pairs(f: CommandFixture, key: string): string {
  const texts = f.list("zrange", key, "0", "-1", "withscores");
  return texts.flatMap((text, i) => i % 2 === 0 ? [`${text}=${texts[i + 1]}`] : []).join(",");
}

function restored(value: Uint8Array, entries = 128): string {
  return valueRestored(value, pairs, ({ limits }) => limits.zsetMaxListpackEntries = entries);
}

test("every type of the file", () => {
  assert.equal(restored(LISTPACK), `listpack ${CONTENT}`);
  assert.equal(restored(BINARY), "listpack 12=-inf,a=1,bc=1.5");
  assert.equal(restored(TEXT), "listpack y=-inf,z=-0.5,a=1,bc=1.5,x=inf");
  const long = "x".repeat(65);
  assert.equal(restored(row([5, 1, 0x40, 65], long, binary(2))), `skiplist ${long}=2`);
});

test("what is too large for the limits becomes a graph", () => {
  for (const entries of [0, 2]) {
    assert.equal(restored(LISTPACK, entries), `skiplist ${CONTENT}`);
    assert.equal(restored(BINARY, entries), "skiplist 12=-inf,a=1,bc=1.5");
    assert.equal(restored(TEXT, entries), "skiplist y=-inf,z=-0.5,a=1,bc=1.5,x=inf");
  }
});

test("a ziplist becomes a listpack", () => {
  const own = row([12], ziplist("a", 1, "bc", 2, "d", 12));
  assert.equal(restored(own), "listpack a=1,bc=2,d=12");
  assert.equal(restored(own, 2), "skiplist a=1,bc=2,d=12");
  assert.equal(restored(row([12], ziplist("a", 1, "a", 2))), BAD_DATA);
  assert.equal(restored(row([12], ziplist())), BAD_DATA);
  assert.equal(restored(own.slice(0, 20)), BAD_DATA);
});

test("a listpack that is out of order is put into order", () => {
  assert.equal(restored(row([17], listpack("b", 5, "a", 5, "c", 1))), "listpack c=1,a=5,b=5");
});

test("members that are there twice, scores that are none, and nothing at all", () => {
  assert.equal(restored(row([5, 2, 1], "a", binary(1), [1], "a", binary(1))), BAD_DATA);
  assert.equal(restored(row([5, 2, 1], "a", binary(1), [1], "a", binary(2)), 0), BAD_DATA);
  assert.equal(restored(row([5, 1, 1], "a", binary(NaN))), BAD_DATA);
  assert.equal(restored(row([5, 1, 1], "a", binary(NaN)), 0), BAD_DATA);
  assert.equal(restored(row([3, 1, 1], "a", [253])), BAD_DATA);
  assert.equal(restored(row([3, 1, 1], "a", [3], "abc")), BAD_DATA);
  assert.equal(restored(row([17], listpack("a", 1, "a", 2))), BAD_DATA);
  assert.equal(restored(row([17], listpack("a", 1, "b"))), BAD_DATA);
  assert.equal(restored(row([17], listpack("a", "nan"))), BAD_DATA);
  assert.equal(restored(row([17], listpack("a", "x"))), BAD_DATA);
  assert.equal(restored(row([5, 0])), BAD_DATA);
  assert.equal(restored(row([17], listpack())), BAD_DATA);
});

test("in a file an empty sorted set is passed over, and other errors are told", () => {
  const keyspace = newKeyspace();
  const file = rdbFile(row([5, 1], "a", [0, 17, 1], "b", listpack(), [0, 1], "c", [1], "v"));
  assert.equal(loadBytes(file, keyspace).loadedCount, 1);
  keyspace.check();
  refuses(rdbFile(row([5, 1], "k", [1, 1], "a", binary(NaN))), /^Zset with NAN score detected$/);
  const twice = row([5, 1], "k", [2, 1], "a", binary(1), [1], "a", binary(1));
  refuses(rdbFile(twice), /^Duplicate zset fields detected$/);
  refuses(rdbFile(row([17, 1], "k", [3], "abc")), /^Zset listpack integrity check failed\.$/);
  refuses(rdbFile(row([12, 1], "k", [3], "abc")), /^Zset ziplist integrity check failed\.$/);
});

/** Sorted sets of both encodings and all sizes, members of all lengths. */
function fill(f: CommandFixture): void {
  for (const count of [1, 3, 128, 129, 700, 3000]) {
    const words = Array.from({ length: count }, (_, i) => [String(i % 97 / 8), `m${i * 13}`]);
    f.run("zadd", `z${count}`, ...words.flat());
  }
  f.run("zadd", "scores", "inf", "a", "-inf", "b", "0.1", "c", "1e300", "d", "-5e-324", "e");
  const long = [60, 64, 65, 5000, 9000, 70_000, 300_000].flatMap((length) => [
    String(length % 7),
    new Uint8Array(length).fill(length),
  ]);
  f.run("zadd", "long", ...long);
}

test("DUMP and RESTORE, a file and back, an append-only file and back", () => {
  const f = new CommandFixture();
  fill(f);
  survives(f, {
    describe: pairs,
    typeOf: (f, key) => f.encoding(key) === "listpack" ? 17 : 5,
    rewritten: { names: ["ZADD"], argumentsMax: 129 },
  });
});

test("payloads with any byte changed do no harm", () => {
  const f = new CommandFixture();
  fill(f);
  const dumps = ["z3", "z129", "scores"].map((key) => dumpedValue(f, key));
  const small = row([12], ziplist("a", 1, "bc", 2, "d", 12));
  mutationsDoNoHarm([LISTPACK, BINARY, TEXT, small, ...dumps], [3, 5, 12, 17], (f) => {
    const count = Number(f.run("zcard", "k").slice(1));
    assert.equal(pairs(f, "k").length > 0, count > 0);
    f.run("zadd", "k", "5", "more", "-1", "a", "7", "bc");
    f.run("zcount", "k", "(1", "7");
    f.run("zremrangebyscore", "k", "1", "3");
    f.run("zpopmin", "k", "2");
  }, ({ limits }, round) => limits.zsetMaxListpackEntries = round % 3 === 0 ? 2 : 128);
});
