import assert from "node:assert/strict";
import { test } from "node:test";
import { latin1Bytes } from "../../../../src/base/ascii.ts";
import { parseWeight } from "../../../../src/command/sort/weight.ts";
import { CommandFixture } from "../fixture.ts";

function weight(text: string): number {
  return parseWeight(latin1Bytes(`9${text}9`), 1, 1 + text.length);
}

test("weights are what strtod reads, up to a zero byte", () => {
  assert.equal(weight(""), 0);
  assert.equal(weight("\0 and more"), 0);
  assert.equal(weight(" \t\n\v\f\r-1.5e2"), -150);
  assert.equal(weight("7\0x"), 7);
  assert.equal(weight("0x10"), 16);
  assert.equal(weight("inf"), Infinity);
  for (const wrong of [" ", "x", "1x", "1 ", "nan", "1e400", "-1e400", "1e-400", "1e-310"]) {
    assert.ok(Number.isNaN(weight(wrong)), wrong);
  }
});

test("what SORT stores is told as it came, and only when something changed", () => {
  const f = new CommandFixture();
  f.run("RPUSH", "l", "3", "1", "2");
  f.takePropagated();
  assert.equal(f.run("SORT", "l", "STORE", "to"), ":3\r\n");
  assert.equal(f.run("SORT", "absent", "STORE", "to"), ":0\r\n");
  assert.equal(f.run("SORT", "absent", "STORE", "to"), ":0\r\n");
  f.run("SORT", "l");
  assert.deepEqual(f.takePropagated(), ["0 SORT l STORE to", "0 SORT absent STORE to"]);
  assert.equal(f.call.dirty, 3 + 3 + 1);
  f.keyspace.check();
});

test("keys whose time comes while SORT looks them up", () => {
  const f = new CommandFixture();
  f.run("RPUSH", "l", "a", "b", "c");
  for (const [i, name] of ["a", "b", "c"].entries()) f.set(`w_${name}`, String(3 - i), 10);
  f.set("w_b", "9");
  f.advance(11);
  f.takePropagated();
  assert.equal(
    f.run("SORT", "l", "BY", "w_*", "GET", "#", "GET", "w_*"),
    "*6\r\n$1\r\na\r\n$-1\r\n$1\r\nc\r\n$-1\r\n$1\r\nb\r\n$1\r\n9\r\n",
  );
  assert.deepEqual(f.takePropagated(), ["MULTI", "0 DEL w_a", "0 DEL w_c", "EXEC"]);
  f.keyspace.check();
});

test("elements and patterns of many lengths, more than fit a batch", () => {
  const f = new CommandFixture();
  const elements = Array.from({ length: 300 }, (_, i) => "x".repeat(i * 7 % 301) + i);
  f.run("RPUSH", "l", ...elements);
  for (const [i, element] of elements.entries()) f.set(`k${element}`, String(i * 131 % 300));
  const sorted = [...elements.keys()].sort((a, b) => a * 131 % 300 - b * 131 % 300);
  assert.deepEqual(f.list("SORT", "l", "BY", "k*"), sorted.map((i) => elements[i]));
  const pairs = sorted.flatMap((i) => [String(i * 131 % 300), elements[i]]);
  assert.deepEqual(f.list("SORT", "l", "BY", "k*", "GET", "k*", "GET", "#"), pairs);
  assert.equal(f.run("SORT", "l", "BY", "k*", "GET", "k*", "GET", "#", "STORE", "l"), ":600\r\n");
  assert.deepEqual(f.list("LRANGE", "l", "0", "-1"), pairs);
  f.keyspace.check();
});
