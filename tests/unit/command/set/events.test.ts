/** What the commands on sets tell of keys. Checked against redis-server 7.0.15 and 8.0.2. */
import { test } from "node:test";
import { checkEvents } from "../fixture.ts";

test("members that come and go", () => {
  checkEvents([
    ["SADD s a b c d", "touch s", "s sadd s"],
    ["SADD s a"],
    ["SREM s zz"],
    ["SREM s a b", "touch s", "s srem s"],
    ["SMOVE s t c", "s srem s", "touch s", "touch t", "s sadd t"],
    ["SMOVE s t zz"],
    ["SMOVE s t d", "s srem s", "g del s", "touch s", "touch t", "s sadd t"],
    ["SMOVE t t d"],
    ["SMOVE nokey t d"],
    ["SADD s c d", "touch s", "s sadd s"],
    ["SMOVE s t c", "s srem s", "touch s"],
    ["SMOVE s t d", "s srem s", "g del s", "touch s"],
  ]);
});

test("members at random", () => {
  checkEvents([
    ["SADD t c d", "touch t", "s sadd t"],
    ["SPOP t", "s spop t", "touch t"],
    ["SPOP t", "s spop t", "g del t", "touch t"],
    ["SPOP t 1"],
    ["SADD t a b c d e", "touch t", "s sadd t"],
    ["SPOP t 2", "s spop t", "touch t"],
    ["SPOP t 0"],
    ["SPOP t 9", "s spop t", "g del t", "touch t"],
    ["SRANDMEMBER t", "m keymiss t"],
    ["SMEMBERS t", "m keymiss t"],
    ["SISMEMBER t a", "m keymiss t"],
    ["SMISMEMBER t a", "m keymiss t"],
  ]);
});

test("several sets", () => {
  checkEvents([
    ["SADD s 1 2 3", "touch s", "s sadd s"],
    ["SADD t 2 3 4", "touch t", "s sadd t"],
    ["SINTERSTORE u s t", "touch u", "s sinterstore u"],
    ["SINTERSTORE u s nokey", "m keymiss nokey", "touch u", "g del u"],
    ["SINTERSTORE u s nokey", "m keymiss nokey"],
    ["SUNIONSTORE u s t", "touch u", "s sunionstore u"],
    ["SUNIONSTORE u nokey nokey", "m keymiss nokey", "m keymiss nokey", "touch u", "g del u"],
    ["SDIFFSTORE u s t", "touch u", "s sdiffstore u"],
    ["SDIFFSTORE u s s", "touch u", "g del u"],
    ["SDIFFSTORE u nokey s", "m keymiss nokey"],
    ["SINTER nokey s t nokey", "m keymiss nokey", "m keymiss nokey"],
    ["SUNION nokey nokey", "m keymiss nokey", "m keymiss nokey"],
    ["SDIFF nokey s", "m keymiss nokey"],
    ["SINTERCARD 2 nokey s", "m keymiss nokey"],
    ["SSCAN nokey 0", "m keymiss nokey"],
    ["SCARD nokey", "m keymiss nokey"],
  ]);
});
