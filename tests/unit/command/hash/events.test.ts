/** What the commands on hashes tell of keys. Checked against redis-server 7.0.15 and 8.0.2. */
import { test } from "node:test";
import { checkEvents } from "../fixture.ts";

test("setting, counting and deleting fields", () => {
  checkEvents([
    ["HSET h a 1 b 2", "touch h", "h hset h"],
    ["HSET h a 1", "touch h", "h hset h"],
    ["HSETNX h c 1", "touch h", "h hset h"],
    ["HSETNX h c 1"],
    ["HINCRBY h c 1", "touch h", "h hincrby h"],
    ["HINCRBYFLOAT h c 1.5", "touch h", "h hincrbyfloat h"],
    ["HDEL h zz"],
    ["HDEL h a b", "touch h", "h hdel h"],
    ["HDEL h c", "touch h", "h hdel h", "g del h"],
    ["HMSET h a 1", "touch h", "h hset h"],
    ["HINCRBY h a 0", "touch h", "h hincrby h"],
    ["HINCRBY h a x"],
    ["HINCRBY h n 9223372036854775807", "touch h", "h hincrby h"],
    ["HINCRBY h n 1"],
    ["HDEL nokey b"],
  ]);
});

test("fields that expire", () => {
  checkEvents([
    ["HSET h a 1 b 2 c 3 d 4", "touch h", "h hset h"],
    ["HEXPIRE h 100 fields 1 a", "touch h", "h hexpire h"],
    ["HEXPIRE h 100 NX fields 1 a"],
    ["HEXPIRE h 100 fields 2 a zz", "touch h", "h hexpire h"],
    ["HEXPIRE nokey 100 fields 1 a"],
    ["HPERSIST h fields 1 a", "touch h", "h hpersist h"],
    ["HPERSIST h fields 1 a"],
    ["HEXPIRE h 0 fields 1 a", "touch h", "h hdel h"],
    ["HEXPIREAT h 1 fields 2 b zz", "touch h", "h hdel h"],
    ["HPEXPIRE h 0 fields 2 c d", "touch h", "h hdel h", "g del h"],
    ["HSET h a 1 b 2 c 3 d 4", "touch h", "h hset h"],
    ["HEXPIRE h 0 fields 4 a b c d", "touch h", "h hdel h", "g del h"],
  ]);
});

test("reading fields and changing them", () => {
  checkEvents([
    ["HSET h a 1 b 2 c 3 d 4", "touch h", "h hset h"],
    ["HGETDEL h fields 1 zz"],
    ["HGETDEL h fields 1 a", "touch h", "h hdel h"],
    ["HGETDEL h fields 3 b c d", "touch h", "h hdel h", "g del h"],
    ["HSET h a 1 b 2 c 3 d 4", "touch h", "h hset h"],
    ["HGETEX h fields 1 a"],
    ["HGETEX h EX 100 fields 1 a", "touch h", "h hexpire h"],
    ["HGETEX h EX 100 fields 1 a", "touch h", "h hexpire h"],
    ["HGETEX h EX 100 fields 1 zz"],
    ["HGETEX h persist fields 1 b"],
    ["HGETEX h persist fields 1 a", "touch h", "h hpersist h"],
    ["HGETEX h EXAT 1 fields 1 a", "touch h", "h hdel h"],
    ["HGETEX h EXAT 1 fields 3 b c d", "touch h", "h hdel h", "g del h"],
  ]);
});

test("setting fields with an expiry time", () => {
  checkEvents([
    ["HSETEX h FIELDS 1 a 1", "touch h", "h hset h"],
    ["HSETEX h EX 100 FIELDS 1 a 1", "touch h", "h hset h", "h hexpire h"],
    ["HSETEX h EX 100 FIELDS 2 a 1 b 2", "touch h", "h hset h", "h hexpire h"],
    ["HSETEX h FNX FIELDS 1 a 1"],
    ["HSETEX h KEEPTTL FIELDS 1 a 5", "touch h", "h hset h"],
    ["HSETEX h EXAT 1 FIELDS 1 a 1", "touch h", "h hset h", "touch h", "h hdel h"],
    ["HSETEX h EXAT 1 FIELDS 2 b 1 c 1", "touch h", "h hset h", "touch h", "h hdel h", "g del h"],
    ["HSETEX h EXAT 1 FIELDS 2 b 1 c 1", "touch h", "h hset h", "touch h", "h hdel h", "g del h"],
  ]);
});

test("fields and keys that are not there", () => {
  checkEvents([
    ["HGET nokey b", "m keymiss nokey"],
    ["HLEN nokey", "m keymiss nokey"],
    ["HMGET nokey b c", "m keymiss nokey"],
    ["HTTL nokey fields 1 a", "m keymiss nokey"],
    ["HPERSIST nokey fields 1 a"],
    ["HGETDEL nokey fields 1 a"],
    ["HGETDEL nokey fields 1 a"],
  ]);
});
