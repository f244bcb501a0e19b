/** What the commands on sorted sets tell of keys. Checked against redis-server 7.0.15 and 8.0.2. */
import { test } from "node:test";
import { checkEvents } from "../fixture.ts";

test("members that come and go", () => {
  checkEvents([
    ["ZADD z 1 a 2 b", "touch z", "z zadd z"],
    ["ZADD z 1 a"],
    ["ZADD z ch 1 a 3 b", "touch z", "z zadd z"],
    ["ZADD z nx 5 a"],
    ["ZADD z incr 1 a", "touch z", "z zincr z"],
    ["ZADD z xx 1 zz"],
    ["ZADD nokey xx 1 zz"],
    ["ZINCRBY z 0 a"],
    ["ZINCRBY z 1 a", "touch z", "z zincr z"],
    ["ZINCRBY z nan a"],
    ["ZREM z zz"],
    ["ZREM z a", "z zrem z", "touch z"],
    ["ZREM z b", "z zrem z", "g del z", "touch z"],
    ["ZADD z 1 a 2 b 3 c 4 d 5 e 6 f", "touch z", "z zadd z"],
    ["ZREMRANGEBYRANK z 0 0", "touch z", "z zremrangebyrank z"],
    ["ZREMRANGEBYSCORE z 2 2", "touch z", "z zremrangebyscore z"],
    ["ZREMRANGEBYLEX z [c [c", "touch z", "z zremrangebylex z"],
    ["ZREMRANGEBYRANK z 7 9"],
  ]);
});

test("the lowest and the highest", () => {
  checkEvents([
    ["ZADD z 4 d 5 e 6 f", "touch z", "z zadd z"],
    ["ZPOPMIN z", "z zpopmin z", "touch z"],
    ["ZPOPMAX z 0"],
    ["ZPOPMAX z 9", "z zpopmax z", "g del z", "touch z"],
    ["ZADD z 1 a 2 b 3 c 4 d 5 e 6 f", "touch z", "z zadd z"],
    ["ZMPOP 2 nokey z min count 2", "z zpopmin z", "touch z"],
    ["ZMPOP 2 nokey z max count 20", "z zpopmax z", "g del z", "touch z"],
    ["ZMPOP 2 nokey z max count 20"],
    ["ZPOPMIN z"],
    ["ZADD z 1 a 2 b 3 c", "touch z", "z zadd z"],
    ["BZPOPMIN nokey z 0", "z zpopmin z", "touch z"],
    ["BZPOPMAX z 0", "z zpopmax z", "touch z"],
    ["BZMPOP 0 2 nokey z max count 2", "z zpopmax z", "g del z", "touch z"],
  ]);
});

test("results that are stored", () => {
  checkEvents([
    ["ZADD z 1 a 2 b 3 c", "touch z", "z zadd z"],
    ["ZRANGESTORE y z 0 -1", "touch y", "z zrangestore y"],
    ["ZRANGESTORE y z 8 9", "touch y", "g del y"],
    ["ZRANGESTORE y nokey 0 -1", "m keymiss nokey"],
    ["ZUNIONSTORE y 2 z nokey", "m keymiss nokey", "touch y", "z zunionstore y"],
    ["ZINTERSTORE y 2 z z", "touch y", "z zinterstore y"],
    ["ZDIFFSTORE y 1 z", "touch y", "z zdiffstore y"],
    ["ZDIFFSTORE y 2 z z", "touch y", "g del y"],
    ["ZDIFFSTORE y 2 z z"],
    ["ZUNIONSTORE y 2 nokey nokey", "m keymiss nokey", "m keymiss nokey"],
  ]);
});

test("sorted sets that are not there", () => {
  checkEvents([
    ["ZADD z 1 a", "touch z", "z zadd z"],
    ["ZUNION 2 nokey nokey", "m keymiss nokey", "m keymiss nokey"],
    ["ZINTER 2 nokey z", "m keymiss nokey"],
    ["ZDIFF 2 nokey z", "m keymiss nokey"],
    ["ZINTERCARD 2 nokey z", "m keymiss nokey"],
    ["ZSCORE nokey a", "m keymiss nokey"],
    ["ZMSCORE nokey a", "m keymiss nokey"],
    ["ZRANGE nokey 0 -1", "m keymiss nokey"],
    ["ZRANK nokey a", "m keymiss nokey"],
    ["ZCOUNT nokey 0 1", "m keymiss nokey"],
    ["ZLEXCOUNT nokey - +", "m keymiss nokey"],
    ["ZCARD nokey", "m keymiss nokey"],
    ["ZRANDMEMBER nokey", "m keymiss nokey"],
    ["ZSCAN nokey 0", "m keymiss nokey"],
  ]);
});
