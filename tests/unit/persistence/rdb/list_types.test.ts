/** Lists in RDB files: every type that holds one, what they become here, and what is refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Keyspace } from "../../../../src/keyspace/keyspace.ts";
import { CommandFixture } from "../../command/fixture.ts";
import { loadBytes, newKeyspace, rdbFile, refuses, row } from "./fixture.ts";
import {
  BAD_DATA,
  dumpedValue,
  mutationsDoNoHarm,
  restored as valueRestored,
  saved,
  survives,
} from "./value_fixture.ts";

const STRINGS = row([1, 4, 1, 97, 0xc0, 5, 0xc1, 1, 2, 3], "xyz");
/** a, 1000, -1, 7, and the text of bc. */
const ZIPLIST_BYTES = row(
  [28, 0, 0, 0, 22, 0, 0, 0, 5, 0, 0, 1, 97, 3, 0xc0, 0xe8, 3, 4, 0xfe, 255, 3, 0xf8],
  [2, 0x40, 2, 98, 99],
);
const ZIPLIST = row([ZIPLIST_BYTES.length + 1], ZIPLIST_BYTES, [255]);
const ZIPLIST_ELEMENTS = "a,1000,-1,7,bc";
/** a, bc, -5, nothing. */
const LISTPACK = row(
  [19, 19, 0, 0, 0, 4, 0, 0x81, 97, 2, 0x82, 98, 99, 3, 0xdf, 0xfb, 2, 0x80, 1, 255],
);
const LISTPACK_ELEMENTS = "a,bc,-5,";
const EMPTY_LISTPACK = row([7, 7, 0, 0, 0, 0, 0, 255]);
const EMPTY_ZIPLIST = row([11, 11, 0, 0, 0, 10, 0, 0, 0, 0, 0, 255]);

function elements(f: CommandFixture, key: string): string {
  return f.list("lrange", key, "0", "-1").join();
}

function restored(value: Uint8Array, change?: (keyspace: Keyspace) => void): string {
  return valueRestored(value, elements, change);
}

test("every type of the file", () => {
  assert.equal(restored(STRINGS), "listpack a,5,513,xyz");
  assert.equal(restored(row([10], ZIPLIST)), `listpack ${ZIPLIST_ELEMENTS}`);
  assert.equal(restored(row([14, 1], ZIPLIST)), `listpack ${ZIPLIST_ELEMENTS}`);
  assert.equal(restored(row([18, 1, 2], LISTPACK)), `listpack ${LISTPACK_ELEMENTS}`);
  assert.equal(
    restored(row([14, 3], ZIPLIST, EMPTY_ZIPLIST, ZIPLIST)),
    `quicklist ${ZIPLIST_ELEMENTS},${ZIPLIST_ELEMENTS}`,
  );
  assert.equal(
    restored(row([18, 4, 2], LISTPACK, [1, 3], "xyz", [2], EMPTY_LISTPACK, [2], LISTPACK)),
    `quicklist ${LISTPACK_ELEMENTS},xyz,${LISTPACK_ELEMENTS}`,
  );
  assert.equal(restored(row([18, 1, 1, 3], "xyz")), "quicklist xyz");
  const long = "x".repeat(16000);
  assert.equal(restored(row([1, 2, 0x7e, 0x80], long, [1], "y")), `quicklist ${long},y`);
});

test("what is too large for the limits becomes a quicklist", () => {
  const few = (keyspace: Keyspace) => {
    keyspace.limits.listMaxListpackSize = 3;
  };
  assert.equal(restored(STRINGS, few), "quicklist a,5,513,xyz");
  assert.equal(restored(row([10], ZIPLIST), few), `quicklist ${ZIPLIST_ELEMENTS}`);
  assert.equal(restored(row([18, 1, 2], LISTPACK), few), `quicklist ${LISTPACK_ELEMENTS}`);
});

test("lists without elements, and what is no list", () => {
  for (const value of [[1, 0], [14, 0], [18, 0], [18, 1, 1, 0], [18, 1, 3, 1, 97], [18, 1, 0]]) {
    assert.equal(restored(row(value)), BAD_DATA, value.join());
  }
  assert.equal(restored(row([18, 1, 2], EMPTY_LISTPACK)), BAD_DATA);
  assert.equal(restored(row([18, 2, 2], EMPTY_LISTPACK, [2], EMPTY_LISTPACK)), BAD_DATA);
  assert.equal(restored(row([10], EMPTY_ZIPLIST)), BAD_DATA);
  assert.equal(restored(row([14, 1], EMPTY_ZIPLIST)), BAD_DATA);
  const keyspace = newKeyspace();
  const file = rdbFile(
    row([1, 1], "a", [0, 18, 1], "b", [1, 2], EMPTY_LISTPACK, [0, 1], "c", [1], "v"),
    "REDIS0010",
  );
  assert.equal(loadBytes(file, keyspace).loadedCount, 1);
  keyspace.check();
  refuses(rdbFile(row([10, 1], "k", [3], "abc")), /^Ziplist integrity check failed\.$/);
  refuses(rdbFile(row([18, 1], "k", [1, 2, 3], "abc")), /^Listpack integrity check failed\.$/);
  refuses(rdbFile(row([18, 1], "k", [2, 7, 3], "abc")), /^Quicklist integrity check failed\.$/);
  refuses(rdbFile(row([18, 1], "k", [0x80, 255, 255, 255, 255, 2], LISTPACK)), /./);
});

/** Lists of all sizes, with elements of all lengths. */
function fill(f: CommandFixture): void {
  for (const count of [1, 3, 128, 600, 5000]) {
    const numbers = Array.from({ length: count }, (_, i) => String(i * i * i - 5));
    const texts = numbers.map((_, i) => `element:${String(i).padStart(8, "0")}`);
    f.run("rpush", `numbers${count}`, ...numbers);
    f.run("rpush", `texts${count}`, ...texts);
    f.run("lpush", `mixed${count}`, ...numbers, ...texts);
  }
  f.run("rpush", "wide", "1", "-9223372036854775808", "9223372036854775807", "4294967296");
  const lengths = [0, 60, 511, 512, 513, 700, 4095, 8184, 8192, 8193, 9000, 70_000, 300_000];
  const long = lengths.map((length) => new Uint8Array(length).fill(length));
  f.run("rpush", "long", ...long);
  f.run("rpush", "longer", ...Array.from({ length: 30 }, (_, i) => "y".repeat(500 + i)));
}

test("DUMP and RESTORE, a file and back, an append-only file and back", () => {
  const f = new CommandFixture();
  fill(f);
  survives(f, {
    describe: elements,
    typeOf: () => 18,
    rewritten: { names: ["RPUSH"], argumentsMax: 65 },
  });
});

test("a list is loaded as small as it was", () => {
  const f = new CommandFixture();
  const texts = Array.from({ length: 50_000 }, (_, i) => `element:${String(i).padStart(8, "0")}`);
  f.run("rpush", "k", ...texts);
  const loaded = new CommandFixture();
  loadBytes(saved(f.keyspace), loaded.keyspace);
  const bytes = loaded.database.bytesOf(loaded.entry("k"));
  assert.ok(bytes / 50_000 < 16.3, `${bytes / 50_000} bytes an element`);
});

test("payloads with any byte changed do no harm", () => {
  const f = new CommandFixture();
  fill(f);
  const dumps = ["numbers600", "mixed128", "wide", "longer"].map((key) => dumpedValue(f, key));
  const twoNodes = row([18, 3, 2], LISTPACK, [1, 3], "xyz", [2], LISTPACK);
  const values = [STRINGS, row([10], ZIPLIST), row([14, 2], ZIPLIST, ZIPLIST), twoNodes, ...dumps];
  mutationsDoNoHarm(values, [1, 10, 14, 18], (f, round) => {
    const [first = "", second = ""] = f.list("lrange", "k", "-2", "-1");
    f.run("lpush", "k", "more", "5");
    f.run("linsert", "k", "before", first, "x".repeat(round % 600));
    f.run("lset", "k", "-1", "another");
    f.run("lrem", "k", "0", second);
    f.run("rpop", "k", "3");
  });
});
