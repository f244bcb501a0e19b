import assert from "node:assert/strict";
import { test } from "node:test";
import { CommandFixture } from "../fixture.ts";

test("GEOADD is told as the ZADD that it is, when it changed something", () => {
  const f = new CommandFixture();
  assert.equal(
    f.run("GEOADD", "k", "13.361389", "38.115556", "a", "180", "12.345672", "b"),
    ":2\r\n",
  );
  assert.equal(f.run("GEOADD", "k", "13.361389", "38.115556", "a"), ":0\r\n");
  assert.equal(f.run("geoadd", "k", "Xx", "CH", "0", "0", "a", "1", "1", "c"), ":1\r\n");
  assert.equal(f.run("GEOADD", "k", "NX", "0", "0", "a"), ":0\r\n");
  assert.equal(
    f.run("GEOADD", "k", "0", "100", "a"),
    "-ERR invalid longitude,latitude pair 0.000000,100.000000\r\n",
  );
  assert.deepEqual(f.takePropagated(), [
    // A geohash has more bits there than a score: all of them are told, as Redis does.
    "0 zadd k 3479099956230698 a 10150983690703189 b",
    "0 zadd k Xx CH 3377699720527872 a 3377822707026402 c",
  ]);
  assert.equal(f.call.dirty, 3);
  f.keyspace.check();
});

test("what is stored is told as it came, and only when something changed", () => {
  const f = new CommandFixture();
  f.run("GEOADD", "k", "1", "1", "a", "2", "2", "b");
  f.takePropagated();
  const circle = ["FROMLONLAT", "1", "1", "BYRADIUS", "10", "km"];
  assert.equal(f.run("GEOSEARCHSTORE", "to", "k", ...circle), ":1\r\n");
  assert.equal(f.run("GEOSEARCHSTORE", "to", "absent", ...circle), ":0\r\n");
  assert.equal(f.run("GEOSEARCHSTORE", "to", "absent", ...circle), ":0\r\n");
  assert.equal(f.run("GEORADIUS", "k", "1", "1", "999", "km", "STOREDIST", "to"), ":2\r\n");
  assert.equal(f.run("GEORADIUS", "k", "50", "50", "9", "km", "STOREDIST", "none"), ":0\r\n");
  f.run("GEORADIUS", "k", "1", "1", "999", "km");
  f.run("GEOSEARCH", "k", ...circle);
  assert.deepEqual(f.takePropagated(), [
    "0 GEOSEARCHSTORE to k FROMLONLAT 1 1 BYRADIUS 10 km",
    "0 GEOSEARCHSTORE to absent FROMLONLAT 1 1 BYRADIUS 10 km",
    "0 GEORADIUS k 1 1 999 km STOREDIST to",
  ]);
  assert.equal(f.call.dirty, 2 + 1 + 1 + 2);
  f.keyspace.check();
});
