/**
 * The encodings of sets, as redis-server 8.0.2 answers OBJECT ENCODING after the same commands
 * (7.0 knows no listpacks).
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { integers, SetFixture, texts } from "./fixture.ts";

type Step = readonly [command: readonly string[], encoding: string];

function check(steps: readonly Step[], change?: (f: SetFixture) => void): void {
  const f = new SetFixture();
  change?.(f);
  for (const [command, encoding] of steps) {
    f.run(...command);
    const key = /STORE|SMOVE/.test(command[0]) && command[0] === "SMOVE" ? command[2] : command[1];
    assert.equal(f.encoding(key), encoding, command.join(" ").slice(0, 100));
    f.keyspace.check();
  }
}

test("SADD makes a set that suits its first member and how many there are", () => {
  check([
    [["SADD", "a", "1"], "intset"],
    [["SADD", "b", "x"], "listpack"],
    [["SADD", "c", ...integers(512)], "intset"],
    [["SADD", "d", ...integers(513)], "hashtable"],
    [["SADD", "e", ...texts(128)], "listpack"],
    [["SADD", "f", ...texts(129)], "hashtable"],
    // As many arguments count, not as many members.
    [["SADD", "g", ...Array<string>(129).fill("x")], "hashtable"],
    [["SADD", "h", "1", ...texts(127)], "listpack"],
    [["SADD", "i", "1", ...texts(128)], "hashtable"],
    [["SADD", "j", ...integers(128), "x"], "hashtable"],
    [["SADD", "k", ...integers(127), "x"], "listpack"],
    [["SADD", "l", "x", ...integers(200)], "hashtable"],
    [["SADD", "m", "x".repeat(64)], "listpack"],
    [["SADD", "n", "x".repeat(65)], "hashtable"],
    [["SADD", "o", "1", "x".repeat(65)], "hashtable"],
    [["SADD", "p", "007"], "listpack"],
    [["SADD", "q", "9223372036854775807"], "intset"],
    [["SADD", "r", "9223372036854775808"], "listpack"],
  ]);
});

test("SADD changes the encoding of a set that is there", () => {
  check([
    [["SADD", "a", ...integers(512)], "intset"],
    [["SADD", "a", "5"], "intset"],
    [["SADD", "a", "512"], "hashtable"],
    [["SREM", "a", ...integers(512)], "hashtable"],
    [["SADD", "b", ...integers(127)], "intset"],
    [["SADD", "b", "x"], "listpack"],
    [["SADD", "b", "y"], "hashtable"],
    [["SADD", "c", ...integers(128)], "intset"],
    [["SADD", "c", "x"], "hashtable"],
    [["SADD", "d", "x"], "listpack"],
    [["SADD", "d", "x".repeat(65)], "hashtable"],
    [["SADD", "e", "1"], "intset"],
    [["SADD", "e", "x".repeat(65)], "hashtable"],
    // So many arguments alone make a table of it.
    [["SADD", "f", "x"], "listpack"],
    [["SADD", "f", ...Array<string>(129).fill("x")], "hashtable"],
    [["SADD", "g", "1"], "intset"],
    [["SADD", "g", ...Array<string>(513).fill("1")], "hashtable"],
  ]);
});

test("SMOVE makes and changes the target as SADD does", () => {
  check([
    [["SADD", "s", "1", "2", "x", "y".repeat(65)], "hashtable"],
    [["SMOVE", "s", "t", "1"], "intset"],
    [["SMOVE", "s", "t", "x"], "listpack"],
    [["SMOVE", "s", "t", "y".repeat(65)], "hashtable"],
    [["SMOVE", "s", "u", "2"], "intset"],
    [["SMOVE", "t", "v", "y".repeat(65)], "hashtable"],
  ]);
});

test("results have the encoding that Redis gives them", () => {
  check([
    [["SADD", "ints", ...integers(100)], "intset"],
    [["SADD", "texts", ...texts(100)], "listpack"],
    [["SADD", "mixed", ...integers(600), ...texts(600)], "hashtable"],
    [["SUNIONSTORE", "t", "ints"], "intset"],
    [["SUNIONSTORE", "t", "ints", "texts"], "hashtable"],
    [["SUNIONSTORE", "t", "texts"], "listpack"],
    [["SINTERSTORE", "t", "ints", "mixed"], "intset"],
    [["SINTERSTORE", "t", "texts", "mixed"], "listpack"],
    [["SADD", "many", ...integers(400), ...texts(300)], "hashtable"],
    [["SADD", "others", ...integers(400), ...texts(300, 1000)], "hashtable"],
    // Only integers are left of two tables: an intset again.
    [["SINTERSTORE", "t", "many", "others"], "intset"],
    [["SADD", "big", ...integers(2000)], "hashtable"],
    [["SINTERSTORE", "t", "big", "big"], "hashtable"],
    [["SDIFFSTORE", "t", "big", "ints"], "hashtable"],
    [["SDIFFSTORE", "t", "ints", "texts"], "intset"],
    [["SDIFFSTORE", "t", "many", "ints", "mixed"], ""],
    [["SDIFFSTORE", "t", "mixed", "big"], "hashtable"],
  ]);
});

test("SPOP of nearly all makes a set anew", () => {
  check([
    [["SADD", "a", ...texts(600)], "hashtable"],
    [["SPOP", "a", "300"], "hashtable"],
    [["SPOP", "a", "100"], "hashtable"],
    [["SPOP", "a", "170"], "listpack"],
    [["SADD", "b", ...integers(2000)], "hashtable"],
    [["SPOP", "b", "1900"], "listpack"],
    [["SADD", "c", ...texts(6000)], "hashtable"],
    [["SPOP", "c", "5800"], "hashtable"],
    [["SADD", "d", ...integers(512)], "intset"],
    [["SPOP", "d", "500"], "intset"],
    [["SPOP", "d", "1"], "intset"],
  ]);
});

test("other limits", () => {
  check([
    [["SADD", "a", "1", "2"], "intset"],
    [["SADD", "a", "3"], "hashtable"],
    [["SADD", "b", "1"], "intset"],
    [["SADD", "b", "xyz"], "hashtable"],
    [["SADD", "c", "12"], "intset"],
    [["SADD", "c", "x"], "listpack"],
    [["SADD", "d", "123"], "intset"],
    // An integer with a longer text than a listpack takes.
    [["SADD", "d", "x"], "hashtable"],
    [["SADD", "e", "xy", "a", "b"], "listpack"],
    [["SADD", "e", "c"], "hashtable"],
  ], (f) => {
    Object.assign(f.keyspace.limits, {
      setMaxIntsetEntries: 2,
      setMaxListpackEntries: 3,
      setMaxListpackValue: 2,
    });
  });
  check([
    [["SADD", "a", "1"], "listpack"],
    [["SADD", "b", "x"], "listpack"],
  ], (f) => Object.assign(f.keyspace.limits, { setMaxIntsetEntries: 0 }));
  check([
    [["SADD", "a", "1"], "hashtable"],
    [["SADD", "b", "x"], "hashtable"],
    [["SADD", "c", "1", "x"], "hashtable"],
  ], (f) => Object.assign(f.keyspace.limits, { setMaxIntsetEntries: 0, setMaxListpackEntries: 0 }));
});
