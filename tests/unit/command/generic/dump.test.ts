import assert from "node:assert/strict";
import { test } from "node:test";
import { latin1Bytes } from "../../../../src/base/ascii.ts";
import {
  contentsOf,
  entryOf,
  newKeyspace,
  NOW_MS,
  put,
  row,
} from "../../persistence/rdb/fixture.ts";
import { BAD_DATA, payload } from "../../persistence/rdb/value_fixture.ts";
import { CommandFixture } from "../fixture.ts";

const VALUE = payload(row(0, 5, "hello"), 9);

function setUp() {
  const keyspace = newKeyspace();
  return { keyspace, f: new CommandFixture(keyspace) };
}

test("DUMP writes a value and its footer", () => {
  const { keyspace, f } = setUp();
  put(keyspace, 0, "k", "hello");
  put(keyspace, 0, "n", "-7", NOW_MS + 5);
  assert.deepEqual(f.bulk("dump", "k"), VALUE);
  assert.deepEqual(f.bulk("dump", "n"), payload(row(0, 0xc0, 0xf9), 9));
  assert.equal(f.run("dump", "none"), "$-1\r\n");
  assert.deepEqual(f.takePropagated(), []);
});

test("RESTORE makes what DUMP has said, whatever its length", () => {
  const { keyspace, f } = setUp();
  for (const length of [0, 1, 20, 21, 44, 45, 900, 1024, 1100, 4096, 9000, 70_000, 1_000_000]) {
    for (const step of [0, 7919]) {
      const value = Uint8Array.from({ length }, (_, i) => i * i * step >> 6);
      put(keyspace, 0, "from", value);
      assert.equal(f.run("restore", "to", "0", f.bulk("dump", "from")), "+OK\r\n");
      const contents = contentsOf(keyspace);
      assert.ok(contents.get("0 to") === contents.get("0 from"), String(length));
      keyspace.databases[0].delete(entryOf(keyspace, 0, "to"));
    }
  }
  keyspace.check();
});

test("RESTORE accepts the payloads of Redis up to 8.4", () => {
  const { f } = setUp();
  for (const version of [1, 6, 9, 10, 11, 12]) {
    const bytes = payload(row(0, 1, "v"), version);
    assert.equal(f.run("restore", `k${version}`, "0", bytes), "+OK\r\n");
  }
  const wrong = "-ERR DUMP payload version or checksum are wrong\r\n";
  for (const version of [13, 80, 0x0109]) {
    assert.equal(f.run("restore", "k", "0", payload(row(0, 1, "v"), version)), wrong);
  }
});

test("RESTORE: a key that is there", () => {
  const { keyspace, f } = setUp();
  put(keyspace, 0, "k", "old", NOW_MS + 100);
  const busy = "-BUSYKEY Target key name already exists.\r\n";
  assert.equal(f.run("restore", "k", "0", VALUE), busy);
  assert.equal(f.run("restore", "k", "x", "y"), busy);
  assert.equal(f.run("restore", "k", "0", VALUE, "REPLACE"), "+OK\r\n");
  assert.deepEqual(contentsOf(keyspace), new Map([["0 k", "hello -1 128"]]));
  assert.deepEqual(f.takePropagated(), [
    "0 restore k 0 " + "\0\x05hello" + tail(VALUE) + " REPLACE",
  ]);
  assert.equal(f.call.dirty, 1);
  // One whose time is over is not there.
  put(keyspace, 0, "gone", "old", NOW_MS - 1);
  assert.equal(f.run("restore", "gone", "0", VALUE), "+OK\r\n");
  keyspace.check();
});

function tail(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(7));
}

test("RESTORE: times to live, and how they are repeated", () => {
  const { keyspace, f } = setUp();
  const long = payload(row(0, 0x40, 40, "0123456789".repeat(4)));
  f.databaseIndex = 3;
  assert.equal(f.run("restore", "a", "1000", long), "+OK\r\n");
  assert.deepEqual(f.takePropagated(), [`3 restore a ${NOW_MS + 1000} ... ABSTTL`]);
  assert.equal(f.run("restore", "b", String(NOW_MS + 7), long, "absttl"), "+OK\r\n");
  assert.deepEqual(f.takePropagated(), [`3 restore b ${NOW_MS + 7} ... absttl`]);
  assert.equal(f.run("restore", "c", "9223372036854775807", long), "+OK\r\n");
  const database = keyspace.databases[3];
  const expiry = (key: string) => database.expiresAtMs(entryOf(keyspace, 3, key));
  assert.deepEqual(["a", "b", "c"].map(expiry), [NOW_MS + 1000, NOW_MS + 7, 2 ** 63 - 1024]);
  assert.equal(database.expires.count, 3);
  keyspace.check();
});

test("RESTORE with a time that is past makes nothing and may delete", () => {
  const { keyspace, f } = setUp();
  assert.equal(f.run("restore", "k", "1", VALUE, "ABSTTL"), "+OK\r\n");
  assert.equal(keyspace.size, 0);
  assert.deepEqual(f.takePropagated(), []);
  assert.equal(f.call.dirty, 0);
  put(keyspace, 0, "k", "old");
  const now = String(NOW_MS);
  assert.equal(f.run("restore", "k", now, VALUE, "ABSTTL", "REPLACE"), "+OK\r\n");
  assert.equal(keyspace.size, 0);
  assert.deepEqual(f.takePropagated(), ["0 DEL k"]);
  assert.equal(f.call.dirty, 1);
  assert.equal(keyspace.heap.objectCount, 0);
});

test("RESTORE: IDLETIME and FREQ", () => {
  const { keyspace, f } = setUp();
  assert.equal(f.run("restore", "k", "0", VALUE, "IDLETIME", "1000"), "+OK\r\n");
  const access = () => keyspace.databases[0].accessOf(entryOf(keyspace, 0, "k"));
  assert.equal(keyspace.access.idleSeconds(access()), 1000);
  assert.equal(f.run("restore", "k", "0", VALUE, "replace", "FREQ", "9"), "+OK\r\n");
  assert.equal(keyspace.access.idleSeconds(access()), 0);
  keyspace.access.isLfu = true;
  keyspace.access.tick(NOW_MS);
  assert.equal(f.run("restore", "k", "0", VALUE, "replace", "FREQ", "255"), "+OK\r\n");
  assert.equal(keyspace.access.frequency(access()), 255);
});

test("RESTORE: what is wrong with the arguments, in Redis's order", () => {
  const { keyspace, f } = setUp();
  const reply = (...words: string[]) => f.run("restore", "k", ...words);
  const integer = "-ERR value is not an integer or out of range\r\n";
  const wrong = "-ERR DUMP payload version or checksum are wrong\r\n";
  const syntax = "-ERR syntax error\r\n";
  const frequency = "-ERR Invalid FREQ value, must be >= 0 and <= 255\r\n";
  assert.equal(reply("-1", "x"), "-ERR Invalid TTL value, must be >= 0\r\n");
  assert.equal(reply("a", "x"), integer);
  assert.equal(reply("99999999999999999999", "x"), integer);
  assert.equal(reply("0", "x"), wrong);
  assert.equal(reply("0", "x".repeat(20)), wrong);
  assert.equal(reply("0", "x", "nope"), syntax);
  assert.equal(reply("0", "x", "idletime"), syntax);
  assert.equal(reply("0", "x", "freq", "1", "idletime", "1"), syntax);
  assert.equal(reply("0", "x", "idletime", "1", "freq", "1"), syntax);
  assert.equal(reply("0", "x", "idletime", "a"), integer);
  const idle = "-ERR Invalid IDLETIME value, must be >= 0\r\n";
  assert.equal(reply("0", "x", "idletime", "-1"), idle);
  assert.equal(reply("0", "x", "freq", "-1"), frequency);
  assert.equal(reply("0", "x", "freq", "256"), frequency);
  assert.equal(reply("0", "x", "freq", "a"), integer);
  assert.equal(keyspace.size, 0);
});

test("RESTORE: bad data changes nothing", () => {
  const { keyspace, f } = setUp();
  put(keyspace, 0, "k", "old");
  const objectCount = keyspace.heap.objectCount;
  const values = [
    row(),
    row(0),
    row(0, 5, "hell"),
    row(0, 0xc4),
    row(0, 0x80, 0xff, 0xff, 0xff, 0xff),
    row(0, 0xc3, 5, 11, 0, "a", 0xe0, 0, 0),
    row(1, 0),
    row(14, 0),
    row(8),
    row(255),
  ];
  for (const value of values) {
    assert.equal(f.run("restore", "k", "0", payload(value), "replace"), BAD_DATA);
    assert.equal(f.run("restore", "new", "5", payload(value)), BAD_DATA);
  }
  assert.deepEqual(contentsOf(keyspace), new Map([["0 k", "old -1 128"]]));
  assert.equal(keyspace.heap.objectCount, objectCount);
  keyspace.check();
});

test("RESTORE: what is wrong with a payload goes to the log", () => {
  const { f } = setUp();
  f.settings.skipChecksumValidation = true;
  // A listpack whose header claims more bytes than there are.
  const broken = latin1Bytes("\x10\x07\xff\0\0\0\0\0\xff\x0a\0\0\0\0\0\0\0\0\0");
  assert.equal(f.run("restore", "k", "0", broken), BAD_DATA);
  assert.equal(f.warnings.length, 1);
  assert.match(f.warnings[0], /^Internal error in RDB reading .* integrity check failed\.$/);
});

test("DEBUG set-skip-checksum-validation lets any checksum pass, no version", () => {
  const { f } = setUp();
  const wrong = VALUE.slice();
  wrong[wrong.length - 1] ^= 1;
  const error = "-ERR DUMP payload version or checksum are wrong\r\n";
  assert.equal(f.run("restore", "k", "0", wrong), error);
  f.settings.skipChecksumValidation = true;
  assert.equal(f.run("restore", "k", "0", wrong), "+OK\r\n");
  wrong[wrong.length - 10] = 99;
  assert.equal(f.run("restore", "k2", "0", wrong), error);
});
