import { test } from "node:test";
import { checkEvents } from "../fixture.ts";

test("the events of pushing and popping", () => {
  checkEvents([
    ["LPUSHX l a"],
    ["LPUSH l a b", "touch l", "l lpush l"],
    ["RPUSH l c", "touch l", "l rpush l"],
    ["LPUSHX l d", "touch l", "l lpush l"],
    ["RPUSHX l e", "touch l", "l rpush l"],
    ["LPOP l", "l lpop l", "touch l"],
    ["RPOP l 2", "l rpop l", "touch l"],
    ["LPOP l 0"],
    ["LPOP l 5", "l lpop l", "g del l", "touch l"],
    ["RPUSH l a", "touch l", "l rpush l"],
    ["RPOP l", "l rpop l", "g del l", "touch l"],
    ["LPOP l"],
    ["RPUSH l a b", "touch l", "l rpush l"],
    ["LMPOP 2 x l RIGHT", "l rpop l", "touch l"],
    ["BLMPOP 0 2 x l LEFT COUNT 9", "l lpop l", "g del l", "touch l"],
    ["LMPOP 2 x l RIGHT"],
  ]);
});

test("the events of pushing and popping at a large list", () => {
  const many = Array.from({ length: 2000 }, (_, i) => `element:${i}`).join(" ");
  checkEvents([
    [`RPUSH l ${many}`, "touch l", "l rpush l"],
    ["LPOP l", "l lpop l", "touch l"],
    ["LPOP l 1998", "l lpop l", "touch l"],
    ["BRPOP l 0", "l rpop l", "g del l", "touch l"],
  ]);
});

test("the events of changing a list in its middle", () => {
  checkEvents([
    ["RPUSH l a b c a", "touch l", "l rpush l"],
    ["LSET l 0 x", "touch l", "l lset l"],
    ["LSET l 9 x"],
    ["LINSERT l BEFORE b y", "touch l", "l linsert l"],
    ["LINSERT l BEFORE nothing y"],
    ["LREM l 0 nothing"],
    ["LREM l 0 y", "l lrem l", "touch l"],
    ["LTRIM l 0 -1", "l ltrim l", "touch l"],
    ["LTRIM l 0 0", "l ltrim l", "touch l"],
    ["LREM l 0 x", "l lrem l", "g del l", "touch l"],
    ["LTRIM l 0 0"],
    ["RPUSH l a", "touch l", "l rpush l"],
    ["LTRIM l 5 9", "l ltrim l", "g del l", "touch l"],
    ["LLEN l", "m keymiss l"],
    ["LRANGE l 0 1", "m keymiss l"],
    ["LINDEX l 0", "m keymiss l"],
    ["LPOS l a", "m keymiss l"],
  ]);
});

test("the events of moving elements", () => {
  checkEvents([
    ["RPUSH l a b", "touch l", "l rpush l"],
    ["LMOVE l m LEFT RIGHT", "touch m", "l rpush m", "l lpop l", "touch l"],
    ["RPOPLPUSH l m", "touch m", "l lpush m", "l rpop l", "g del l", "touch l"],
    ["LMOVE m m LEFT LEFT", "touch m", "l lpush m", "l lpop m", "touch m"],
    ["BLMOVE m l RIGHT RIGHT 0", "touch l", "l rpush l", "l rpop m", "touch m"],
    ["BRPOPLPUSH m l 0", "touch l", "l lpush l", "l rpop m", "g del m", "touch m"],
    ["LMOVE m l LEFT LEFT"],
    ["BRPOPLPUSH m l 0"],
  ]);
});
