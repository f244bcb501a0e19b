/** What SORT tells of keys. Checked against redis-server 7.0.15 and 8.0.2. */
import { test } from "node:test";
import { checkEvents } from "../fixture.ts";

test("sorting and storing", () => {
  checkEvents([
    ["RPUSH l 3 1 2", "touch l", "l rpush l"],
    ["SORT l store y", "touch y", "l sortstore y"],
    ["SORT nokey store y", "m keymiss nokey", "touch y", "g del y"],
    ["SORT nokey store y", "m keymiss nokey"],
    ["SORT l by w_*", "m keymiss w_3", "m keymiss w_1", "m keymiss w_2"],
    ["SORT l get w_* get #", "m keymiss w_1", "m keymiss w_2", "m keymiss w_3"],
    ["SORT nokey", "m keymiss nokey"],
    ["SORT_RO nokey", "m keymiss nokey"],
  ]);
});
