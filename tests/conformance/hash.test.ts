/**
 * The hash commands that Redis 7.0 has, in both encodings; tests/unit/command/hash pins what came
 * with 7.4 and 8.0.
 */
import { conformance, conformanceOf, type Scenario } from "../support/compare.ts";
import { itemsOf, type Reply, textOf } from "../support/reply.ts";
import type { Argument, RespClient } from "../support/resp_client.ts";
import { seeded } from "../unit/heap/seeded.ts";

const BINARY = Uint8Array.from({ length: 256 }, (_, i) => i);
/** Lengths of fields and values around hash-max-listpack-value, and beyond a page. */
const LENGTHS = [0, 1, 63, 64, 65, 127, 128, 129, 255, 4096, 10_000];
/** Numbers of fields around hash-max-listpack-entries. */
const SIZES = [1, 2, 100, 511, 512, 513, 2000];

function pairs(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, i) => [`field:${from + i}`, `value ${from + i}`]).flat();
}

/** What is there, whatever the order. */
function everything(c: Scenario, key: string): void {
  c.do("HLEN", key);
  c.do("TYPE", key);
  c.doSorted("HKEYS", key);
  c.doSorted("HVALS", key);
  c.doSorted("HGETALL", key);
  c.do("DEBUG", "DIGEST-VALUE", key);
}

/** What is the same of a random reply: its kind and how long it is. */
function size(reply: Reply): Reply {
  if (!("items" in reply)) return { kind: "null", form: "bulk" };
  return { ...reply, items: reply.items.map(size) };
}

conformance("HSET, HMSET, HSETNX, HGET, HMGET, HEXISTS, HSTRLEN, HLEN, HDEL", (c) => {
  c.do("HSET", "h", "a", "1");
  c.do("HSET", "h", "a", "2");
  c.do("HSET", "h", "a", "3", "b", "4", "c", "5", "b", "6");
  c.do("HGETALL", "h");
  c.do("HMSET", "h", "d", "7", "a", "8");
  c.do("HSETNX", "h", "a", "9");
  c.do("HSETNX", "h", "e", "9");
  c.do("HSETNX", "new", "e", "9");
  c.do("HGETALL", "new");
  c.do("HSET", "dup", "a", "1", "b", "2", "a", "3", "c", "4", "a", "5");
  c.do("HGETALL", "dup");
  c.do("OBJECT", "ENCODING", "dup");
  for (const field of ["a", "b", "e", "z", ""]) {
    c.do("HGET", "h", field);
    c.do("HEXISTS", "h", field);
    c.do("HSTRLEN", "h", field);
  }
  c.do("HMGET", "h", "a", "z", "a", "b");
  c.do("HMGET", "none", "a", "z");
  c.do("HGET", "none", "a");
  c.do("HSTRLEN", "none", "a");
  c.do("HEXISTS", "none", "a");
  c.do("HLEN", "none");
  for (const command of ["HGETALL", "HKEYS", "HVALS"]) {
    c.do(command, "none");
    c.do(command, "h");
  }
  c.do("HDEL", "h", "z");
  c.do("HDEL", "none", "a");
  c.do("HDEL", "h", "a", "z", "a", "b");
  everything(c, "h");
  c.do("HDEL", "h", "c", "d", "e", "f");
  c.do("EXISTS", "h");
  c.do("HSET", BINARY, BINARY, BINARY, "", "");
  c.do("HGET", BINARY, BINARY);
  c.do("HGET", BINARY, "");
  c.doSorted("HGETALL", BINARY);
});

conformance("values of all kinds", (c) => {
  const integers = ["0", "127", "128", "-1", "4095", "-4096", "32767", "8388608", "-2147483648"];
  const others = [
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "007",
    "-0",
  ];
  const texts = ["", "+1", "1.5", " 1", "1 ", "a", "9007199254740993"];
  [...integers, ...others, ...texts].forEach((text, i) => {
    c.do("HSET", "h", `f${i}`, text, text, `v${i}`);
    c.do("HGET", "h", `f${i}`);
    c.do("HGET", "h", text);
    c.do("HSTRLEN", "h", `f${i}`);
  });
  everything(c, "h");
  c.do("DUMP", "h");
  c.do("HGETALL", "h");
});

conformance("encodings: lengths", (c) => {
  for (const length of LENGTHS) {
    const long = "x".repeat(length);
    for (const command of ["HSET", "HSETNX", "HMSET"]) {
      c.do("HSET", "h", "a", "1", "b", "2");
      c.do(command, "h", long, "1");
      c.do("OBJECT", "ENCODING", "h");
      c.do(command, "h", "c", long);
      c.do("OBJECT", "ENCODING", "h");
      c.do("HSTRLEN", "h", "c");
      c.do("HGET", "h", long);
      everything(c, "h");
      c.do("HDEL", "h", long, "c");
      c.do("OBJECT", "ENCODING", "h");
      c.do("DEL", "h");
      c.do(command, "h", long, long);
      c.do("OBJECT", "ENCODING", "h");
      c.do("HSET", "h", long, "short");
      c.do("HSET", "h", long, long + long);
      c.do("HSET", "h", long, long);
      everything(c, "h");
      c.do("DEL", "h");
    }
  }
});

conformance("encodings: numbers of fields", (c) => {
  for (const count of SIZES) {
    c.do("HSET", "h", ...pairs(count));
    c.do("OBJECT", "ENCODING", "h");
    everything(c, "h");
    c.do("HSET", "h", ...pairs(3, count - 1));
    c.do("OBJECT", "ENCODING", "h");
    everything(c, "h");
    for (let i = 0; i < 4; i++) c.do("HSET", "slow", ...pairs(Math.ceil(count / 4), i * count));
    c.do("OBJECT", "ENCODING", "slow");
    everything(c, "slow");
    c.do("COPY", "slow", "copy");
    everything(c, "copy");
    c.do("RENAME", "copy", "moved");
    everything(c, "moved");
    c.do("HDEL", "h", ...pairs(count + 3).filter((_, i) => i % 2 === 0));
    c.do("EXISTS", "h");
    c.do("DEL", "slow", "moved");
  }
});

conformance("other limits", (c) => {
  for (const [entries, value] of [["0", "64"], ["2", "3"], ["512", "0"], ["1", "100000"]]) {
    c.do("CONFIG", "SET", "hash-max-listpack-entries", entries);
    c.do("CONFIG", "SET", "hash-max-listpack-value", value);
    for (const args of [["a", "1"], ["", ""], ["a", "1", "b", "2"], ["abcd", "1"], ["a", "abcd"]]) {
      c.do("HSET", "h", ...args);
      c.do("OBJECT", "ENCODING", "h");
      c.do("HINCRBY", "i", args[0], 1);
      c.do("OBJECT", "ENCODING", "i");
      c.do("HINCRBYFLOAT", "f", args[0], "1000.5");
      c.do("OBJECT", "ENCODING", "f");
      c.do("DEL", "h", "i", "f");
    }
  }
  c.do("CONFIG", "SET", "hash-max-listpack-entries", "512");
  c.do("CONFIG", "SET", "hash-max-listpack-value", "64");
});

conformance("HINCRBY", (c) => {
  const fields = [
    "1",
    "-5",
    "1.5",
    "abc",
    "9223372036854775807",
    "12 ",
    "007",
    "",
    "9007199254740993",
  ];
  const increments = [
    "1",
    "-1",
    "0",
    "x",
    "1.5",
    "",
    "9223372036854775807",
    "-9223372036854775808",
  ];
  for (const key of ["small", "large"]) {
    if (key === "large") c.do("HSET", key, "long", "x".repeat(100));
    for (const [i, value] of fields.entries()) {
      for (const increment of [...increments, "9223372036854775808"]) {
        c.do("HSET", key, `f${i}`, value);
        c.do("HINCRBY", key, `f${i}`, increment);
        c.do("HGET", key, `f${i}`);
      }
    }
    c.do("HINCRBY", key, "new", "-3");
    c.do("HINCRBY", key, "x".repeat(100), "5");
    everything(c, key);
    c.do("OBJECT", "ENCODING", key);
  }
  c.do("HINCRBY", "none", "a", "x");
  c.do("HINCRBY", "none", "a", "7");
  c.do("HGETALL", "none");
});

conformance("HINCRBYFLOAT", (c) => {
  const fields = [
    "1",
    "3.0",
    "abc",
    "inf",
    "-inf",
    "nan",
    "1e300",
    "12 ",
    "",
    "0.1",
    "x".repeat(5200),
  ];
  const increments = ["1", "0.1", "-1.5", "x", "", "nan", "inf", "-inf", "1e10", "1e-20", "1e4000"];
  for (const key of ["small", "large"]) {
    if (key === "large") c.do("HSET", key, "long", "x".repeat(100));
    for (const [i, value] of fields.entries()) {
      for (const increment of increments) {
        c.do("HSET", key, `f${i}`, value);
        c.do("HINCRBYFLOAT", key, `f${i}`, increment);
        c.do("HGET", key, `f${i}`);
      }
    }
    c.do("HINCRBYFLOAT", key, "new", "5.0e3");
    everything(c, key);
  }
  c.do("HINCRBYFLOAT", "none", "a", "2.50");
  c.do("HGETALL", "none");
});

conformance("HRANDFIELD", (c) => {
  c.do("HRANDFIELD", "none");
  c.do("HRANDFIELD", "none", "5");
  c.do("HRANDFIELD", "none", "-5", "WITHVALUES");
  const sizes: [string, number][] = [["one", 1], ["small", 10], ["large", 1000]];
  for (const [key, count] of sizes) {
    c.do("HSET", key, ...pairs(count));
    c.doNormalized(size, "HRANDFIELD", key);
    for (const wanted of [0, 1, 2, 9, 10, 11, 333, 400, 999, 1000, 1001, "9223372036854775807"]) {
      c.doNormalized(size, "HRANDFIELD", key, wanted);
      if (typeof wanted === "string") continue;
      c.doNormalized(size, "HRANDFIELD", key, wanted, "WITHVALUES");
      c.doNormalized(size, "HRANDFIELD", key, -wanted);
      c.doNormalized(size, "HRANDFIELD", key, -wanted, "withvalues");
    }
    c.doSorted("HRANDFIELD", key, count);
    c.doSorted("HRANDFIELD", key, count, "WITHVALUES");
  }
  c.do("HRANDFIELD", "one", "-3", "WITHVALUES");
});

/** Each call draws `count` fields: whether they are of the hash, and none comes twice. */
async function drawsWell(client: RespClient, key: string, count: number): Promise<boolean> {
  const fields = itemsOf(await client.command("HRANDFIELD", key, count)).map(textOf);
  const there = await client.command("HMGET", key, ...fields);
  return itemsOf(there).every((value) => value.kind !== "null") &&
    new Set(fields).size === fields.length && fields.length > 0;
}

conformanceOf("HRANDFIELD draws different fields that are there", async (client) => {
  const observed: boolean[] = [];
  for (const count of [10, 1000]) {
    await client.command("HSET", `h${count}`, ...pairs(count));
    for (const wanted of [1, 3, 9, 200, 400, 2000]) {
      observed.push(await drawsWell(client, `h${count}`, wanted));
    }
  }
  return observed;
});

/** Everything that a whole iteration visits, without repetitions, in order. */
async function scanAll(client: RespClient, key: string, ...options: Argument[]): Promise<string[]> {
  const seen = new Map<string, string>();
  let cursor = "0";
  for (let calls = 0; calls < 100_000; calls++) {
    const [next, elements] = itemsOf(await client.command("HSCAN", key, cursor, ...options));
    const texts = itemsOf(elements).map(textOf);
    for (let i = 0; i < texts.length; i += 2) seen.set(texts[i], texts[i + 1]);
    cursor = textOf(next);
    if (cursor === "0") return [...seen].map((pair) => pair.join("=")).sort();
  }
  throw new Error("HSCAN does not come to an end");
}

conformanceOf("a whole HSCAN", async (client) => {
  const observed: unknown[] = [await scanAll(client, "none")];
  for (const count of [10, 3000]) {
    await client.command("HSET", "h", ...pairs(count));
    for (
      const options of [
        ...[[], ["COUNT", "1"], ["COUNT", "77"], ["COUNT", "1000000"], ["MATCH", "*"]],
        ...[["MATCH", "field:1*"], ["MATCH", "value*"], ["match", "field:?", "count", "50"]],
      ]
    ) observed.push([options, await scanAll(client, "h", ...options)]);
  }
  return observed;
});

conformanceOf("fields that stay are visited whatever else changes", async (client) => {
  // It begins as a listpack and becomes a table on the way.
  await client.command("HSET", "h", ...pairs(400));
  const seen = new Set<string>();
  let cursor = "0";
  let round = 0;
  do {
    const [next, elements] = itemsOf(await client.command("HSCAN", "h", cursor, "COUNT", "10"));
    itemsOf(elements).forEach((field) => seen.add(textOf(field)));
    cursor = textOf(next);
    round++;
    if (round < 20) await client.command("HSET", "h", ...pairs(100, 1000 * round));
    else if (round < 40) {
      const gone = pairs(100, 1000 * (round - 19)).filter((_, i) => i % 2 === 0);
      await client.command("HDEL", "h", ...gone);
    }
  } while (cursor !== "0");
  return pairs(400).filter((_, i) => i % 2 === 0).map((field) => seen.has(field));
});

conformance("errors", (c) => {
  c.do("SET", "string", "x");
  c.do("HSET", "h", "a", "1");
  const commands: Argument[][] = [
    ...[["HGET", "a"], ["HMGET", "a"], ["HSET", "a", "1"], ["HMSET", "a", "1"], ["HGETALL"]],
    ...[["HSETNX", "a", "1"], ["HDEL", "a"], ["HLEN"], ["HSTRLEN", "a"], ["HEXISTS", "a"]],
    ...[["HKEYS"], ["HVALS"], ["HINCRBY", "a", "1"], ["HINCRBYFLOAT", "a", "1"], ["HRANDFIELD"]],
    ...[["HRANDFIELD", "1"], ["HRANDFIELD", "x"], ["HSCAN", "0"], ["HSCAN", "x"]],
    ...[["HINCRBY", "a", "x"], ["HINCRBYFLOAT", "a", "x"], ["HSET", "a", "1", "b"]],
  ];
  for (const [name, ...rest] of commands) {
    c.do(name, "string", ...rest);
    c.do(name, "h", ...rest);
    c.do(name, "h", ...rest.slice(0, -1));
    c.do(name);
  }
  for (const rest of [["1", "x"], ["1", "withvalues", "x"], ["x", "withvalues"], ["1.5"]]) {
    c.do("HRANDFIELD", "h", ...rest);
  }
  for (const count of ["4611686018427387904", "-4611686018427387904", "-9223372036854775808"]) {
    c.do("HRANDFIELD", "h", count, "withvalues");
    c.do("HRANDFIELD", "none", count, "withvalues");
    c.do("HRANDFIELD", "none", count);
  }
  for (
    const rest of [
      ...[["0", "x"], ["0", "COUNT"], ["0", "COUNT", "0"], ["0", "COUNT", "x"], ["0", "MATCH"]],
      ...[["0", "TYPE", "hash"], ["x"], ["18446744073709551616"], ["0", "COUNT", "-1"], [" 0"]],
      ...[["0", "MATCH", "a", "MATCH", "z"], ["", "COUNT", "5"]],
    ]
  ) {
    c.do("HSCAN", "h", ...rest);
    c.do("HSCAN", "none", ...rest);
  }
});

/** One random command on one of a few keys, so that encodings change and keys go. */
function randomCommand(prng: ReturnType<typeof seeded>): Argument[] {
  const key = `h${prng.below(4)}`;
  const field = () => prng.below(8) === 0 ? String(prng.below(200)) : `f${prng.below(700)}`;
  const value = () => {
    const kind = prng.below(20);
    if (kind === 0) return "x".repeat(prng.below(400));
    return kind < 8 ? String(prng.below(100_000) - 50_000) : `v${prng.below(1000)}`;
  };
  const several = (count: number) => Array.from({ length: 1 + prng.below(count) }, field);
  switch (prng.below(13)) {
    case 0:
    case 1:
    case 2:
      return ["HSET", key, ...several(prng.below(10) === 0 ? 300 : 6).flatMap((f) => [f, value()])];
    case 3:
      return ["HMSET", key, field(), value()];
    case 4:
      return ["HSETNX", key, field(), value()];
    case 5:
    case 6:
      return ["HDEL", key, ...several(20)];
    case 7:
      return ["HINCRBY", key, field(), prng.below(1000)];
    case 8:
      return ["HINCRBYFLOAT", key, field(), `${prng.below(1000)}.25`];
    case 9:
      return ["HMGET", key, ...several(5)];
    case 10:
      return prng.below(40) === 0 ? ["DEL", key] : ["HLEN", key];
    case 11:
      return prng.below(10) === 0
        ? ["COPY", key, `h${prng.below(4)}`, "REPLACE"]
        : ["HGET", key, field()];
    default:
      return ["OBJECT", "ENCODING", key];
  }
}

for (const seed of [1, 2, 3]) {
  conformance(`random commands, seed ${seed}`, (c) => {
    const prng = seeded(seed);
    for (let i = 0; i < 3000; i++) {
      c.do(...randomCommand(prng));
      if (i % 300 === 0) c.do("DEBUG", "DIGEST");
    }
    for (let i = 0; i < 4; i++) everything(c, `h${i}`);
    c.do("DEBUG", "RELOAD");
    c.do("DEBUG", "DIGEST");
  }, { protocols: [2] });
}
