import assert from "node:assert/strict";
import { test } from "node:test";
import { Statistics } from "../../../src/server/statistics.ts";

test("errors are counted by their first word", () => {
  const statistics = new Statistics();
  statistics.countError("ERR one");
  statistics.countError("ERR two");
  statistics.countError("WRONGTYPE Operation");
  statistics.countError("ALONE");
  assert.deepEqual([...statistics.errors], [["ERR", 2], ["WRONGTYPE", 1], ["ALONE", 1]]);
  assert.equal(statistics.errorReplies, 4);
  statistics.reset();
  assert.equal(statistics.errors.size, 0);
});

test("what scripts make up is counted by 128 words, and then together", () => {
  const statistics = new Statistics();
  for (let i = 1; i <= 1100; i++) statistics.countError(`${i} my error message`, true);
  assert.equal(statistics.errors.get("ERRORSTATS_OVERFLOW"), 972);
  assert.equal(statistics.errors.get("1"), 1);
  statistics.countError("1 again", true);
  assert.equal(statistics.errors.get("1"), 2);
  statistics.countError("ERR syntax error");
  assert.equal(statistics.errors.get("ERR"), 1);
  statistics.countError("My error", true);
  assert.equal(statistics.errors.get("ERRORSTATS_OVERFLOW"), 973);
  assert.equal(statistics.errorReplies, 1103);
});
