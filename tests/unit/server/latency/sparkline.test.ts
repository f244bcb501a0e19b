import assert from "node:assert/strict";
import { test } from "node:test";
import { sparkline } from "../../../../src/server/latency/sparkline.ts";

test("columns and labels", () => {
  const values = [1, 2, 4, 12, 9];
  const columns = values.map((value, i) => ({ value, label: `${50 - i * 10}s` }));
  assert.equal(
    sparkline(columns),
    [
      "   # ",
      "   |#",
      "  _||",
      "_o|||",
      "     ",
      "54321",
      "00000",
      "sssss",
      "",
    ].join("\n"),
  );
});

test("all of one height", () => {
  assert.equal(
    sparkline([{ value: 7, label: "1m" }, { value: 7, label: "9s" }]),
    "  \n  \n  \n__\n  \n19\nms\n",
  );
});

test("more than fit a line go on below", () => {
  const columns = Array.from({ length: 90 }, (_, i) => ({ value: i, label: "" }));
  const lines = sparkline(columns).split("\n");
  assert.deepEqual(lines.map((line) => line.length), [
    ...[80, 80, 80, 80, 80],
    0,
    ...[10, 10, 10, 10, 10],
    0,
  ]);
});

test("none", () => {
  assert.equal(sparkline([]), "");
});
