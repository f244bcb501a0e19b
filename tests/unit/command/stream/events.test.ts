/** What the commands on streams tell of keys. Checked against redis-server 7.0.15 and 8.0.2. */
import { test } from "node:test";
import { checkEvents } from "../fixture.ts";

test("entries that come and go", () => {
  checkEvents([
    ["XADD s 1 a 1", "t xadd s", "touch s"],
    ["XADD s 2 a 1", "t xadd s", "touch s"],
    ["XADD s maxlen 1 3 a 1", "t xadd s", "t xtrim s", "touch s"],
    ["XADD s maxlen 9 4 a 1", "t xadd s", "touch s"],
    ["XADD s nomkstream 5 a 1", "t xadd s", "touch s"],
    ["XADD nokey nomkstream 5 a 1"],
    ["XADD s 1 a 1"],
    ["XDEL s 99"],
    ["XDEL s 3", "touch s", "t xdel s"],
    ["XDEL nokey 3"],
    ["XTRIM s maxlen 1", "touch s", "t xtrim s"],
    ["XTRIM s maxlen 1"],
    ["XTRIM nokey maxlen 1"],
    ["XSETID s 99", "t xsetid s"],
    ["XSETID nokey 99"],
  ]);
});

test("groups and consumers", () => {
  checkEvents([
    ["XADD s 4 a 1", "t xadd s", "touch s"],
    ["XADD s 5 a 1", "t xadd s", "touch s"],
    ["XGROUP create s g 0", "t xgroup-create s"],
    ["XGROUP create s g 0"],
    ["XGROUP create n g 0 mkstream", "touch n", "t xgroup-create n"],
    ["XGROUP create n g2 0 mkstream", "t xgroup-create n"],
    ["XGROUP setid s g 0", "t xgroup-setid s"],
    ["XGROUP createconsumer s g c", "t xgroup-createconsumer s"],
    ["XGROUP createconsumer s g c"],
    ["XGROUP delconsumer s g c", "t xgroup-delconsumer s"],
    ["XGROUP delconsumer s g c"],
    ["XGROUP destroy s g", "t xgroup-destroy s"],
    ["XGROUP destroy s g"],
    ["XGROUP create s g 0", "t xgroup-create s"],
    ["XREADGROUP group g c1 streams s >", "t xgroup-createconsumer s"],
    ["XREADGROUP group g c1 streams s >"],
    ["XREADGROUP group g c2 streams s 0", "t xgroup-createconsumer s"],
    ["XREADGROUP group g c3 noack streams s >", "t xgroup-createconsumer s"],
    ["XREADGROUP group g c3 streams s nokey > >", "m keymiss nokey"],
    ["XREAD streams nokey 0", "m keymiss nokey", "m keymiss nokey"],
    ["XREAD streams s nokey 0 0", "m keymiss nokey", "m keymiss nokey"],
    ["XREAD block 1 streams nokey 0", "m keymiss nokey", "m keymiss nokey"],
    ["XCLAIM s g c4 0 5", "t xgroup-createconsumer s"],
    ["XCLAIM s g c5 0 99", "t xgroup-createconsumer s"],
    ["XCLAIM nokey g c5 0 99", "m keymiss nokey"],
    ["XAUTOCLAIM s g c6 0 0", "t xgroup-createconsumer s"],
    ["XAUTOCLAIM nokey g c6 0 0", "m keymiss nokey"],
    ["XACK s g 5"],
    ["XACK nokey g 5", "m keymiss nokey"],
    ["XPENDING s g"],
    ["XPENDING nokey g", "m keymiss nokey"],
    ["XLEN nokey", "m keymiss nokey"],
    ["XRANGE nokey - +", "m keymiss nokey"],
    ["XREVRANGE nokey + -", "m keymiss nokey"],
    ["XINFO stream nokey", "m keymiss nokey"],
    ["XINFO groups nokey", "m keymiss nokey"],
    ["XINFO consumers nokey g", "m keymiss nokey"],
    ["XINFO stream s"],
  ]);
});

test("entries that are pending", () => {
  checkEvents([
    ["XGROUP CREATE s g 0 MKSTREAM", "touch s", "t xgroup-create s"],
    ["XADD s 100 a 1", "t xadd s", "touch s"],
    ["XADD s 101 a 1", "t xadd s", "touch s"],
    ["XADD s 102 a 1", "t xadd s", "touch s"],
    ["XREADGROUP group g c1 streams s >", "t xgroup-createconsumer s"],
    ["XDEL s 102", "touch s", "t xdel s"],
    ["XCLAIM s g c7 0 102", "t xgroup-createconsumer s"],
    ["XDEL s 101", "touch s", "t xdel s"],
    ["XAUTOCLAIM s g c7 0 0"],
    ["XSETID s 200", "t xsetid s"],
    ["XTRIM s minid 500", "touch s", "t xtrim s"],
  ]);
});
