/** ZUNION, ZINTER, ZDIFF, what stores their results, and ZINTERCARD: sorted sets and sets together. */
import { conformance, type Scenario } from "../support/compare.ts";

/** Small and large sorted sets and sets, beside each other. */
function fill(c: Scenario): void {
  c.do("ZADD", "a", "1", "x", "2", "y", "3", "z", "4", "5", "-1", "long".repeat(30));
  c.do("ZADD", "b", "10", "x", "20.5", "y", "30", "w", "40", "5");
  c.do("CONFIG", "SET", "zset-max-listpack-entries", "2");
  c.do("ZADD", "c", ...["100", "x", "200", "z", "300", "v", "-5", "5", "7", "long".repeat(30)]);
  c.do("CONFIG", "SET", "zset-max-listpack-entries", "128");
  c.do("SADD", "s", "x", "5", "v", "q");
  c.do("SADD", "i", "5", "6", "7");
  c.do("ZADD", "inf", "inf", "x", "-inf", "y", "0", "z");
  c.do("ZADD", "minus", "-inf", "x", "inf", "y", "0", "z");
  c.do("SET", "string", "v");
}

const INPUTS = [
  ...["1 a", "1 none", "2 a b", "2 b a", "2 a a", "3 a b c", "2 a s", "2 s a", "2 a i", "2 i s"],
  ...["3 c s i", "2 a none", "2 none a", "3 c c a", "2 inf minus", "2 inf inf", "2 s s"],
];

conformance("ZUNION, ZINTER, ZDIFF, ZINTERCARD", (c) => {
  fill(c);
  for (const inputs of INPUTS) {
    for (const command of ["ZUNION", "ZINTER", "ZDIFF", "ZINTERCARD"]) {
      c.do(command, ...inputs.split(" "));
      c.do(command, ...inputs.split(" "), "WITHSCORES");
    }
    for (const aggregate of ["SUM", "MIN", "MAX", "sum"]) {
      c.do("ZUNION", ...inputs.split(" "), "AGGREGATE", aggregate, "WITHSCORES");
      c.do("ZINTER", ...inputs.split(" "), "WITHSCORES", "AGGREGATE", aggregate);
    }
    const weights = ["WEIGHTS", "2", "-1.5", "0"].slice(0, 1 + Number(inputs[0]));
    c.do("ZUNION", ...inputs.split(" "), ...weights, "WITHSCORES");
    c.do("ZINTER", ...inputs.split(" "), ...weights, "WITHSCORES", "AGGREGATE", "MAX");
    for (const limit of ["0", "1", "2", "100"]) {
      c.do("ZINTERCARD", ...inputs.split(" "), "LIMIT", limit);
    }
  }
  c.do("ZUNION", "2", "inf", "minus", "WEIGHTS", "0", "inf", "WITHSCORES");
  c.do("ZINTER", "2", "inf", "minus", "WEIGHTS", "0", "-inf", "WITHSCORES", "AGGREGATE", "MIN");
});

conformance("what is stored", (c) => {
  fill(c);
  for (const inputs of INPUTS) {
    for (const command of ["ZUNIONSTORE", "ZINTERSTORE", "ZDIFFSTORE"]) {
      c.do(command, "to", ...inputs.split(" "));
      c.do("ZRANGE", "to", "0", "-1", "WITHSCORES");
      c.do("OBJECT", "ENCODING", "to");
      c.do("EXISTS", "to");
    }
  }
  c.do("SET", "to", "v", "EX", "100");
  c.do("ZUNIONSTORE", "to", "2", "a", "b", "WEIGHTS", "1", "2", "AGGREGATE", "MAX");
  c.do("TTL", "to");
  c.do("ZRANGE", "to", "0", "-1", "WITHSCORES");
  c.do("ZUNIONSTORE", "a", "2", "a", "a");
  c.do("ZRANGE", "a", "0", "-1", "WITHSCORES");
  c.do("ZINTERSTORE", "c", "2", "c", "none");
  c.do("EXISTS", "c");
  c.do("ZDIFFSTORE", "string", "1", "none");
  c.do("EXISTS", "string");
  const many = Array.from({ length: 200 }, (_, i) => [String(i), `m${i}`]).flat();
  c.do("ZADD", "many", ...many);
  c.do("ZUNIONSTORE", "to", "2", "many", "b");
  c.do("OBJECT", "ENCODING", "to");
  c.do("ZINTERSTORE", "to", "2", "many", "to", "WEIGHTS", "1", "-1");
  c.do("ZRANGE", "to", "0", "-1", "WITHSCORES");
  c.do("ZREMRANGEBYRANK", "many", "0", "-120");
  c.do("ZDIFFSTORE", "to", "1", "many");
  c.do("OBJECT", "ENCODING", "to");
  c.do("DEBUG", "DIGEST");
});

conformance("ZUNION and the like: errors", (c) => {
  fill(c);
  for (
    const rest of [
      ...["x a", "0 a", "-1 a", "2 a", "1 string", "2 a string", "1 a FOO", "1 a WEIGHTS"],
      ...[
        "1 a WEIGHTS x",
        "2 a b WEIGHTS 1",
        "1 a WEIGHTS 1 2",
        "1 a WEIGHTS nan",
        "1 a AGGREGATE",
      ],
      ...["1 a AGGREGATE FOO", "1 a LIMIT", "1 a LIMIT -1", "1 a LIMIT x", "1 a LIMIT 1 LIMIT 2"],
      ...["1 a WEIGHTS 1 AGGREGATE SUM", "1 string FOO", "1 a WITHSCORES WITHSCORES", "1"],
      ...["9223372036854775808 a", "9223372036854775807 a", "1 a AGGREGATE SUM AGGREGATE MAX"],
      ...["1 a WEIGHTS 2 WEIGHTS 3 WITHSCORES", "2 string x FOO"],
    ]
  ) {
    for (const command of ["ZUNION", "ZINTER", "ZDIFF", "ZINTERCARD"]) {
      c.do(command, ...rest.split(" "));
    }
    for (const command of ["ZUNIONSTORE", "ZINTERSTORE", "ZDIFFSTORE"]) {
      c.do(command, "to", ...rest.split(" "));
    }
  }
  c.do("ZUNION");
  c.do("ZUNIONSTORE", "to");
});
