/** The commands on sorted sets, in both encodings, but for those that combine several. */
import { conformance, type Scenario } from "../support/compare.ts";
import { array, bulk, error, integer, itemsOf, type Reply, textOf } from "../support/reply.ts";

/** What a scenario does to small sorted sets, and to large ones. */
function inBothEncodings(name: string, body: (c: Scenario) => void): void {
  for (const [encoding, entries] of [["small", "128"], ["large", "0"]]) {
    conformance(`${name}: ${encoding}`, (c) => {
      c.do("CONFIG", "SET", "zset-max-listpack-entries", entries);
      body(c);
      c.do("CONFIG", "SET", "zset-max-listpack-entries", "128");
    });
  }
}

const BINARY = Uint8Array.from({ length: 256 }, (_, i) => i);

inBothEncodings("ZADD", (c) => {
  c.do("ZADD", "z", "1", "a");
  c.do("OBJECT", "ENCODING", "z");
  c.do("ZADD", "z", "1", "a");
  c.do("ZADD", "z", "2", "a", "3", "b", "3", "B", "-1", "c");
  c.do("ZADD", "z", "CH", "2", "a", "4", "b", "9", "new");
  c.do("ZADD", "z", "NX", "CH", "7", "a", "7", "newer");
  c.do("ZADD", "z", "XX", "7", "a", "7", "none");
  c.do("ZADD", "z", "XX", "CH", "8", "a", "7", "none");
  c.do("ZADD", "z", "GT", "CH", "1", "a", "9", "b", "5", "gt");
  c.do("ZADD", "z", "LT", "CH", "1", "a", "10", "b", "5", "lt");
  c.do("ZADD", "z", "xx", "gt", "ch", "100", "a", "1", "b", "1", "none");
  c.do("ZADD", "z", "INCR", "5", "a");
  c.do("ZADD", "z", "NX", "INCR", "5", "a");
  c.do("ZADD", "z", "XX", "INCR", "5", "none");
  c.do("ZADD", "z", "NX", "INCR", "5", "incr");
  c.do("ZADD", "z", "GT", "INCR", "-5", "a");
  c.do("ZADD", "z", "LT", "INCR", "-5", "a");
  c.do("ZADD", "none", "XX", "1", "a");
  c.do("ZADD", "none", "XX", "INCR", "1", "a");
  c.do("EXISTS", "none");
  c.do("ZADD", "z", "1", "same", "2", "same", "3", "same");
  c.do("ZRANGE", "z", "0", "-1", "WITHSCORES");
  c.do("ZADD", "z", "1", "", "2", BINARY, "3", "12", "4", "0012", "5", "-7", "6", "x".repeat(64));
  c.do("ZADD", "z", "7", "y".repeat(65), "8", "z".repeat(5000), "9", "w".repeat(70_000));
  c.do("ZADD", "z", "8", "y".repeat(65), "9", "z".repeat(5000), "-9", "w".repeat(70_000));
  c.do("ZRANGE", "z", "0", "-1", "WITHSCORES");
  c.do("ZSCORE", "z", "w".repeat(70_000));
  c.do("ZREM", "z", "w".repeat(70_000), "y".repeat(65));
  c.do("ZRANGE", "z", "0", "-1");
  c.do("DEBUG", "DIGEST-VALUE", "z", "none");
});

inBothEncodings("scores", (c) => {
  c.do("ZADD", "z", "inf", "a", "-inf", "b", "+inf", "c", "Infinity", "d", "-INFINITY", "e");
  c.do("ZADD", "z", "1e10", "f", "0x10", "g", ".5", "h", "5.", "i", "1e-3", "j", "-0.25", "k");
  c.do(
    "ZADD",
    "z",
    "9007199254740992",
    "l",
    "-9007199254740992",
    "m",
    "1e15",
    "n",
    "123456.5",
    "o",
  );
  c.do("ZRANGE", "z", "0", "-1", "WITHSCORES");
  for (const score of ["nan", "abc", "", "1 ", " 1", "1e400", "1e-400", "(1", "0x", "--1"]) {
    c.do("ZADD", "z", score, "bad");
    c.do("ZINCRBY", "z", score, "bad");
    c.do("ZADD", "z", "1", "good", score, "bad");
  }
  c.do("ZINCRBY", "z", "inf", "b");
  c.do("ZADD", "z", "INCR", "-inf", "a");
  c.do("ZINCRBY", "z", "1.5", "new");
  c.do("ZINCRBY", "z", "-2", "new");
  c.do("ZINCRBY", "z", "0", "new");
  c.do("ZSCORE", "z", "new");
  c.do("ZSCORE", "z", "none");
  c.do("ZSCORE", "none", "new");
  c.do("ZMSCORE", "z", "a", "none", "b", "f");
  c.do("ZMSCORE", "none", "a", "b");
  c.do("ZADD", "fractions", "0.1", "a", "28.37439", "b", "3.3333333333333335", "c");
  c.doNear(1e-12, "ZRANGE", "fractions", "0", "-1", "WITHSCORES");
  c.do("DEBUG", "DIGEST-VALUE", "z", "fractions");
});

conformance("ZADD: errors", (c) => {
  c.do("SET", "s", "v");
  c.do("ZADD", "z");
  c.do("ZADD", "z", "1");
  c.do("ZADD", "z", "1", "a", "2");
  c.do("ZADD", "z", "NX", "a");
  c.do("ZADD", "z", "NX", "XX", "1", "a");
  c.do("ZADD", "z", "NX", "GT", "1", "a");
  c.do("ZADD", "z", "NX", "LT", "1", "a");
  c.do("ZADD", "z", "GT", "LT", "1", "a");
  c.do("ZADD", "z", "NX", "XX", "GT", "LT", "INCR", "x", "a", "1", "b");
  c.do("ZADD", "z", "INCR", "1", "a", "2", "b");
  c.do("ZADD", "z", "NX", "XX", "CH", "INCR");
  c.do("ZADD", "z", "FOO", "1", "a");
  c.do("ZADD", "z", "FOO", "1");
  c.do("ZADD", "s", "1", "a");
  c.do("ZADD", "s", "x", "a");
  c.do("ZADD", "s", "XX", "1", "a");
  c.do("ZINCRBY", "z", "1");
  c.do("ZINCRBY", "z", "NX", "a");
  c.do("ZINCRBY", "z", "x", "a");
  c.do("ZINCRBY", "s", "1", "a");
  c.do("EXISTS", "z");
});

inBothEncodings("ZREM, ZCARD, ZRANK", (c) => {
  c.do("ZADD", "z", "1", "a", "2", "b", "2", "c", "3", "d", "4", "5");
  c.do("ZCARD", "z");
  for (const member of ["a", "b", "c", "d", "5", "none", ""]) {
    c.do("ZRANK", "z", member);
    c.do("ZREVRANK", "z", member);
    c.do("ZRANK", "none", member);
  }
  c.do("ZREM", "z", "a", "none", "a", "5");
  c.do("ZRANGE", "z", "0", "-1");
  c.do("ZREM", "z", "b", "c", "d", "e");
  c.do("EXISTS", "z");
  c.do("ZREM", "z", "a");
  c.do("ZCARD", "z");
  c.do("SET", "s", "v");
  for (const command of ["ZCARD s", "ZREM s a", "ZSCORE s a", "ZMSCORE s a", "ZRANK s a"]) {
    c.do(...command.split(" "));
  }
  for (const command of ["ZCARD", "ZCARD z a", "ZREM z", "ZSCORE z", "ZSCORE z a b", "ZMSCORE z"]) {
    c.do(...command.split(" "));
  }
});

// Redis 7.2 has ZRANK ... WITHSCORE; 8.0 says all of this.
inBothEncodings("ZRANK WITHSCORE", (c) => {
  c.do("ZADD", "z", "1", "a", "2.5", "b");
  const score: Reply = c.protocol === 2 ? bulk("2.5") : { kind: "double", text: "2.5" };
  c.doExpect(array(integer(1), score), "ZRANK", "z", "b", "WITHSCORE");
  c.doExpect(array(integer(0), score), "ZREVRANK", "z", "b", "withscore");
  c.doExpect(error("ERR syntax error"), "ZRANK", "z", "a", "foo");
  c.doExpect(error("ERR syntax error"), "ZRANK", "none", "a", "foo");
  c.doExpect(
    error("ERR wrong number of arguments for 'zrank' command"),
    ...["ZRANK", "z", "a", "WITHSCORE", "b"],
  );
});

const SPAN = ["0", "1", "2", "5", "9", "10", "100", "-1", "-2", "-9", "-10", "-11", "-100"];

inBothEncodings("ranges by rank", (c) => {
  for (let i = 0; i < 10; i++) c.do("ZADD", "z", `${i >> 1}`, `m${i}`);
  for (const start of SPAN) {
    for (const stop of SPAN) {
      c.do("ZRANGE", "z", start, stop);
      c.do("ZRANGE", "z", start, stop, "REV", "WITHSCORES");
      c.do("ZREVRANGE", "z", start, stop);
      c.do("ZRANGESTORE", "to", "z", start, stop);
      c.do("ZRANGE", "to", "0", "-1", "WITHSCORES");
      c.do("ZRANGESTORE", "to", "z", start, stop, "REV");
      c.do("ZRANGE", "to", "0", "-1", "WITHSCORES");
    }
  }
  for (const start of SPAN) {
    for (const stop of SPAN) {
      c.do("ZRANGESTORE", "to", "z", "0", "-1");
      c.do("ZREMRANGEBYRANK", "to", start, stop);
      c.do("ZRANGE", "to", "0", "-1", "WITHSCORES");
      c.do("EXISTS", "to");
    }
  }
});

const SCORES = [
  "-inf",
  "+inf",
  "0",
  "2",
  "(2",
  "(0",
  "4",
  "(4",
  "1.5",
  "inf",
  "(inf",
  "(-inf",
  "-0",
];

inBothEncodings("ranges by score", (c) => {
  for (let i = 0; i < 10; i++) c.do("ZADD", "z", `${i >> 1}`, `m${i}`);
  c.do("ZADD", "z", "inf", "top", "-inf", "bottom");
  for (const min of SCORES) {
    for (const max of SCORES) {
      c.do("ZCOUNT", "z", min, max);
      c.do("ZRANGEBYSCORE", "z", min, max);
      c.do("ZRANGEBYSCORE", "z", min, max, "WITHSCORES", "LIMIT", "1", "2");
      c.do("ZREVRANGEBYSCORE", "z", max, min, "LIMIT", "1", "-1", "WITHSCORES");
      c.do("ZRANGE", "z", min, max, "BYSCORE");
      c.do("ZRANGE", "z", max, min, "BYSCORE", "REV", "LIMIT", "0", "3");
      c.do("ZRANGESTORE", "to", "z", min, max, "BYSCORE");
      c.do("ZREMRANGEBYSCORE", "to", max, min);
      c.do("ZRANGE", "to", "0", "-1", "WITHSCORES");
    }
  }
  for (
    const limit of [["0", "0"], ["-1", "5"], ["20", "5"], ["5", "-7"], ["11", "1"], ["12", "1"]]
  ) {
    c.do("ZRANGEBYSCORE", "z", "-inf", "inf", "LIMIT", ...limit);
    c.do("ZREVRANGEBYSCORE", "z", "inf", "-inf", "LIMIT", ...limit);
    c.do("ZRANGESTORE", "to", "z", "-inf", "inf", "BYSCORE", "LIMIT", ...limit);
  }
  for (
    const bound of ["", "(", " 1", "1 ", "nan", "(nan", "x", "1e400", "-1e400", "0x2", "1e-400"]
  ) {
    c.do("ZCOUNT", "z", bound, "3");
    c.do("ZCOUNT", "z", "0", bound);
    c.do("ZCOUNT", "none", bound, bound);
  }
});

const BOUNDS = ["-", "+", "[b", "(b", "[", "(", "[bb", "(bb", "[e", "(e", "[zz", "[a\0"];

inBothEncodings("ranges by bytes", (c) => {
  c.do("ZADD", "z", ...["a", "b", "bb", "c", "d", "e", "10", "9"].flatMap((m) => ["0", m]));
  for (const min of BOUNDS) {
    for (const max of BOUNDS) {
      c.do("ZLEXCOUNT", "z", min, max);
      c.do("ZRANGEBYLEX", "z", min, max);
      c.do("ZREVRANGEBYLEX", "z", max, min);
      c.do("ZRANGEBYLEX", "z", min, max, "LIMIT", "1", "2");
      c.do("ZREVRANGEBYLEX", "z", max, min, "LIMIT", "1", "-1");
      c.do("ZRANGE", "z", min, max, "BYLEX");
      c.do("ZRANGE", "z", max, min, "BYLEX", "REV");
      c.do("ZRANGESTORE", "to", "z", min, max, "BYLEX");
      c.do("ZREMRANGEBYLEX", "to", max, min);
      c.do("ZRANGE", "to", "0", "-1");
    }
  }
  for (const bound of ["", "a", "*", "--", "+a", "1", "\0"]) {
    c.do("ZLEXCOUNT", "z", bound, "+");
    c.do("ZRANGEBYLEX", "z", "-", bound);
    c.do("ZREMRANGEBYLEX", "none", bound, "+");
  }
});

conformance("ranges: options and errors", (c) => {
  c.do("ZADD", "z", "1", "a", "2", "b");
  c.do("SET", "s", "v");
  for (
    const command of [
      ...["ZRANGE z 0 1 LIMIT 0 1", "ZRANGE z 0 1 LIMIT 0 -1", "ZRANGE z 0 1 LIMIT 5 -1"],
      ...["ZRANGE z 0 1 BYLEX", "ZRANGE z - + BYLEX WITHSCORES", "ZRANGE z 0 1 REV REV"],
      ...["ZRANGE z 0 1 BYSCORE BYLEX", "ZRANGE z 0 1 FOO", "ZRANGE z 0 1 LIMIT 1"],
      ...["ZRANGE z 0 1 LIMIT x 1", "ZRANGE z 0 1 LIMIT 1 x", "ZRANGE z x 1", "ZRANGE z 1 x"],
      ...["ZRANGE z 0 9223372036854775807", "ZRANGE z -9223372036854775808 -1"],
      ...["ZRANGE z 0 9223372036854775808", "ZRANGE none 0 -1", "ZRANGE s 0 -1", "ZRANGE z 0"],
      ...["ZRANGE none x y", "ZRANGE s x y", "ZRANGE z 0 1 WITHSCORES WITHSCORES"],
      ...["ZREVRANGE z 0 1 REV", "ZREVRANGE z 0 1 BYSCORE", "ZREVRANGE z 0 1 LIMIT 0 1"],
      ...["ZRANGEBYSCORE z 0 1 REV", "ZRANGEBYSCORE z 0 1 BYLEX", "ZRANGEBYSCORE z x 1"],
      ...["ZRANGEBYLEX z - + WITHSCORES", "ZRANGEBYLEX z - + LIMIT 0", "ZRANGEBYLEX s - +"],
      ...["ZRANGESTORE to z 0 1 WITHSCORES", "ZRANGESTORE to s 0 1", "ZRANGESTORE to z 0"],
      ...["ZRANGESTORE to none 0 1", "ZRANGESTORE s z 5 1", "EXISTS s", "SET s v"],
      ...["ZRANGESTORE s z 0 1", "TYPE s", "ZRANGESTORE z z 1 1", "ZRANGE z 0 -1 WITHSCORES"],
      ...["ZREMRANGEBYRANK z x 1", "ZREMRANGEBYRANK z 0", "ZREMRANGEBYSCORE z x 1"],
      ...["ZREMRANGEBYLEX z x 1", "ZREMRANGEBYRANK none 0 1", "SET s v", "ZREMRANGEBYRANK s 0 1"],
      ...["ZREMRANGEBYSCORE s 0 1", "ZREMRANGEBYLEX s - +", "ZCOUNT s 0 1", "ZLEXCOUNT s - +"],
      ...["ZCOUNT none 0 1", "ZLEXCOUNT none - +", "ZCOUNT z 0", "ZLEXCOUNT z - + a"],
    ]
  ) c.do(...command.split(" "));
  c.do("ZADD", "t", "1", "a");
  c.do("EXPIRE", "t", "100");
  c.do("ZADD", "t", "1", "b");
  c.do("TTL", "t");
  c.do("ZRANGESTORE", "t", "z", "0", "-1");
  c.do("TTL", "t");
});

inBothEncodings("ZPOPMIN, ZPOPMAX, ZMPOP", (c) => {
  const fill = () => c.do("ZADD", "z", "1", "a", "2", "b", "2.5", "c", "3", "d", "4", "5");
  for (const command of ["ZPOPMIN", "ZPOPMAX"]) {
    fill();
    c.do(command, "z");
    c.do(command, "z", "1");
    c.do(command, "z", "0");
    c.do(command, "z", "2");
    c.do(command, "z", "10");
    c.do("EXISTS", "z");
    c.do(command, "z");
    c.do(command, "z", "1");
    for (const count of ["-1", "x", "9223372036854775807", "9223372036854775808", "1.5"]) {
      fill();
      c.do(command, "z", count);
      c.do(command, "none", count);
    }
    c.do(command, "z", "1", "2");
    c.do(command);
    c.do("SET", "s", "v");
    c.do(command, "s");
    c.do(command, "s", "0");
  }
  fill();
  for (
    const command of [
      ...["ZMPOP 1 z MIN", "ZMPOP 2 none z MAX", "ZMPOP 1 z min COUNT 2", "ZMPOP 1 z MAX COUNT 10"],
      ...["ZMPOP 1 z MIN", "ZMPOP 0 z MIN", "ZMPOP -1 z MIN", "ZMPOP x z MIN", "ZMPOP 2 z MIN"],
      ...["ZMPOP 3 z MIN x", "ZMPOP 1 z FOO", "ZMPOP 1 z MIN COUNT", "ZMPOP 1 z MIN COUNT 0"],
      ...["ZMPOP 1 z MIN COUNT x", "ZMPOP 1 z MIN COUNT 1 COUNT 1", "ZMPOP 1 z MIN FOO 1"],
      ...["ZMPOP 1 z MIN COUNT 0 x", "ZMPOP 1 s MIN", "ZMPOP 2 none s MIN", "ZMPOP 1 z"],
      ...["ZMPOP 2 none none MAX COUNT 5", "ZMPOP 9999999999999999999 z MIN"],
    ]
  ) c.do(...command.split(" "));
});

inBothEncodings("ZRANDMEMBER", (c) => {
  c.do("ZADD", "z", "1", "a", "2", "b", "2.5", "c");
  c.do("ZADD", "one", "7", "x");
  c.do("ZRANDMEMBER", "one");
  c.do("ZRANDMEMBER", "one", "-3");
  c.do("ZRANDMEMBER", "one", "-3", "WITHSCORES");
  c.do("ZRANDMEMBER", "one", "5", "WITHSCORES");
  c.do("ZRANDMEMBER", "z", "0");
  c.doSorted("ZRANDMEMBER", "z", "3");
  c.doSorted("ZRANDMEMBER", "z", "10");
  if (c.protocol === 3) c.doSorted("ZRANDMEMBER", "z", "10", "withscores");
  c.doLoose("ZRANDMEMBER", "z");
  c.doLoose("ZRANDMEMBER", "z", "2");
  for (const args of ["", " 1", " -1", " 0", " 1 WITHSCORES"]) {
    c.do(...`ZRANDMEMBER none${args}`.split(" "));
  }
  c.do("SET", "s", "v");
  for (
    const args of [
      ...["s", "s 1", "z x", "z 1 FOO", "z 1 WITHSCORES x", "z 9223372036854775808", "none x"],
      ...["z -9223372036854775808", "z -9223372036854775807 WITHSCORES", "none 1 FOO"],
      ...["z 4611686018427387904 WITHSCORES", "none 4611686018427387903 WITHSCORES"],
    ]
  ) c.do("ZRANDMEMBER", ...args.split(" "));
});

/** The cursor, and the pairs in order. */
function scanned(reply: Reply): Reply {
  const [cursor, members] = itemsOf(reply);
  const texts = itemsOf(members).map(textOf);
  const pairs = texts.flatMap((text, i) => i % 2 === 0 ? [`${text}=${texts[i + 1]}`] : []);
  return array(cursor, ...pairs.sort().map(bulk));
}

inBothEncodings("ZSCAN", (c) => {
  c.do("ZADD", "z", "1", "a", "2", "b", "30", "c", "4", "10", "5", "11");
  c.doNormalized(scanned, "ZSCAN", "z", "0");
  c.do("ZSCAN", "none", "0");
  c.do("ZSCAN", "none", "0", "FOO");
  c.do("ZSCAN", "z", "x");
  c.do("ZSCAN", "z", "0", "FOO");
  c.do("ZSCAN", "z", "0", "COUNT", "0");
  c.do("ZSCAN", "z", "0", "COUNT", "x");
  c.do("ZSCAN", "z", "0", "MATCH");
  c.do("ZSCAN", "z", "0", "TYPE", "string");
  c.do("ZSCAN", "z");
  c.do("ZSCAN", "z", "0", "MATCH", "c");
  c.do("ZSCAN", "z", "0", "MATCH", "none*", "COUNT", "100");
  c.do("SET", "s", "v");
  c.do("ZSCAN", "s", "0");
  // Valkey 8 has it; Redis does not.
  const members = array(bulk("0"), array(bulk("c")));
  c.doExpect(members, "ZSCAN", "z", "0", "MATCH", "c", "NOSCORES");
  c.doExpect(members, "ZSCAN", "z", "0", "noscores", "COUNT", "100", "MATCH", "c");
});
