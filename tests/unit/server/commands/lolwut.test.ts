import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bench, startBench } from "./fixture.ts";

/** The lines of a picture; verifies that it ends with the version. */
function picture(bench: Bench, ...args: (string | number)[]): string[] {
  const reply = Buffer.from(bench.ask("LOLWUT", ...args), "latin1").toString("utf8");
  assert.match(reply, /^\$\d+\r\n/);
  assert(reply.endsWith("\nRedis ver. 7.2.5\n\r\n"), reply.slice(-40));
  const lines = reply.slice(reply.indexOf("\n") + 1).split("\n").slice(0, -3);
  for (const line of lines) assert.match(line, /^[\u2800-\u28ff]+$/);
  return lines;
}

function size(lines: readonly string[]): [columns: number, rows: number] {
  return [lines[0].length, lines.length];
}

test("LOLWUT: a picture as large as asked for", async () => {
  const bench = await startBench();
  assert.deepEqual(size(picture(bench)), [40, 12]);
  assert.deepEqual(size(picture(bench, "anything")), [40, 12]);
  assert.deepEqual(size(picture(bench, "VERSION")), [40, 12]);
  assert.deepEqual(size(picture(bench, "VERSION", 7, "x")), [40, 12]);
  assert.deepEqual(size(picture(bench, "version", 5)), [66, 50]);
  assert.deepEqual(size(picture(bench, "version", 5, 10, 1, 2)), [10, 10]);
  assert.deepEqual(size(picture(bench, "version", 5, -3)), [1, 1]);
  assert.deepEqual(size(picture(bench, "version", 6)), [80, 5]);
  assert.deepEqual(size(picture(bench, "version", 6, 3, 9)), [3, 3]);
  assert.deepEqual(size(picture(bench, "version", 6, 100_000, 1)), [1000, 1]);
});

test("LOLWUT: arguments that are no numbers", async () => {
  const bench = await startBench();
  const refused = "-ERR value is not an integer or out of range\r\n";
  assert.equal(bench.ask("LOLWUT", "VERSION", "x"), refused);
  assert.equal(bench.ask("LOLWUT", "VERSION", 5, "x"), refused);
  assert.equal(bench.ask("LOLWUT", "VERSION", 6, 1, "x"), refused);
});

test("LOLWUT: two pictures differ, and both have something in them", async () => {
  const bench = await startBench();
  const pictures = new Set(Array.from({ length: 20 }, () => picture(bench).join("\n")));
  assert(pictures.size > 10, String(pictures.size));
  for (const each of pictures) assert.match(each, /[\u2801-\u28ff]/);
});
