/**
 * The set commands. Redis 7.0 has no sets in listpacks, so encodings are compared only where both
 * have the same; tests/unit/command/set pins those of 7.2.
 */
import { conformance, conformanceOf } from "../support/compare.ts";
import { type Reply, textOf } from "../support/reply.ts";
import type { Argument } from "../support/resp_client.ts";
import type { Scenario } from "../support/compare.ts";
import { seeded } from "../unit/heap/seeded.ts";

const BINARY = Uint8Array.from({ length: 256 }, (_, i) => i);
/** Sizes around those at which encodings change. */
const SIZES = [1, 2, 10, 127, 128, 129, 300, 511, 512, 513, 2000];

function integers(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, i) => String(from + i));
}

function texts(count: number, from = 0): string[] {
  return integers(count, from).map((number) => `member:${number}`);
}

/** What is the same of a random reply: its kind and how long it is. */
function size(reply: Reply): Reply {
  if (!("items" in reply)) return reply;
  return { ...reply, items: reply.items.map(() => ({ kind: "null" }) as Reply) };
}

/** A DUMP without its footer: the version that it names is the lowest that suffices. */
function payload(reply: Reply): Reply {
  return "bytes" in reply ? { ...reply, bytes: reply.bytes.slice(0, -10) } : reply;
}

function every(c: Scenario, key: string): void {
  c.doSorted("SMEMBERS", key);
  c.do("SCARD", key);
  c.do("TYPE", key);
}

conformance("SADD, SREM, SISMEMBER, SMISMEMBER, SCARD, SMEMBERS", (c) => {
  c.do("SADD", "s", "a");
  c.do("SADD", "s", "a");
  c.do("SADD", "s", "a", "b", "b", "c");
  every(c, "s");
  c.do("SISMEMBER", "s", "a");
  c.do("SISMEMBER", "s", "z");
  c.do("SISMEMBER", "none", "z");
  c.do("SMISMEMBER", "s", "a", "z", "b", "a");
  c.do("SMISMEMBER", "none", "a", "z");
  c.do("SREM", "s", "z");
  c.do("SREM", "s", "a", "z", "a");
  c.do("SREM", "none", "a");
  every(c, "s");
  c.do("SREM", "s", "b", "c", "d");
  c.do("EXISTS", "s");
  every(c, "s");
  c.do("SADD", "s", "", BINARY, "x".repeat(64), "x".repeat(65), "x".repeat(100_000));
  c.do("SISMEMBER", "s", "");
  c.do("SISMEMBER", "s", BINARY);
  c.do("SISMEMBER", "s", "x".repeat(100_000));
  every(c, "s");
  c.do("SREM", "s", "", BINARY);
  every(c, "s");
});

conformance("integers in every spelling", (c) => {
  const numbers = ["0", "-0", "1", "+1", "01", "-1", " 1", "1 ", "1.0", "127", "128", "-4096"];
  numbers.push("32767", "32768", "-32768", "-32769", "2147483647", "2147483648", "-2147483648");
  numbers.push("-2147483649", "9007199254740991", "9007199254740993", "9223372036854775807");
  numbers.push("9223372036854775808", "-9223372036854775808", "-9223372036854775809");
  for (const number of numbers) {
    c.do("SADD", "s", number);
    c.do("SADD", "s", number);
    c.do("SMISMEMBER", "s", ...numbers);
    c.do("SADD", `alone${number}`, number);
    c.doSorted("SMEMBERS", `alone${number}`);
  }
  every(c, "s");
  for (const number of numbers) {
    c.do("SREM", "s", number);
    c.do("SMISMEMBER", "s", ...numbers);
  }
});

conformance("intsets keep their order and grow wider", (c) => {
  for (const number of [5, -3, 70000, 2, -70000, 2 ** 40, 3, -(2 ** 40), 65535]) {
    c.do("SADD", "s", number);
    c.do("SMEMBERS", "s");
    c.do("OBJECT", "ENCODING", "s");
  }
  c.do("SREM", "s", 2 ** 40, 3, 4);
  c.do("SMEMBERS", "s");
  c.do("SSCAN", "s", 0);
  c.doNormalized(payload, "DUMP", "s");
});

conformance("sets of every size", (c) => {
  for (const count of SIZES) {
    c.do("SADD", `i${count}`, ...integers(count));
    c.do("OBJECT", "ENCODING", `i${count}`);
    c.do("SADD", `t${count}`, ...texts(count));
    c.do("SADD", `m${count}`, ...texts(count / 2), ...integers(count));
    for (const kind of ["i", "t", "m"]) {
      every(c, kind + count);
      c.do("DEBUG", "DIGEST-VALUE", kind + count);
    }
    c.do("SADD", `i${count}`, "text");
    c.do("SADD", `i${count}`, "text", 3, count + 5);
    every(c, `i${count}`);
    c.do("SREM", `t${count}`, ...texts(count - 1));
    every(c, `t${count}`);
    c.do("SREM", `m${count}`, ...integers(count));
    every(c, `m${count}`);
  }
  for (let i = 0; i < 600; i++) c.do("SADD", "grown", i * 3 % 601);
  c.do("OBJECT", "ENCODING", "grown");
  every(c, "grown");
});

conformance("members of every length", (c) => {
  const lengths = [0, 1, 11, 12, 62, 63, 64, 65, 127, 128, 255, 256, 4095, 4096, 4097, 70_000];
  for (const length of lengths) {
    c.do("SADD", "s", "m".repeat(length));
    c.do("SISMEMBER", "s", "m".repeat(length));
    c.do("SADD", `s${length}`, "m".repeat(length), "other");
    every(c, `s${length}`);
  }
  every(c, "s");
  c.do("DEBUG", "DIGEST-VALUE", "s");
  for (const length of lengths) c.do("SREM", "s", "m".repeat(length));
  c.do("EXISTS", "s");
});

conformance("SMOVE", (c) => {
  c.do("SADD", "a", "1", "2", "x");
  c.do("SADD", "b", "3");
  for (const member of ["1", "1", "x", "nothing", "2", "2"]) {
    c.do("SMOVE", "a", "b", member);
    every(c, "a");
    every(c, "b");
  }
  c.do("EXISTS", "a");
  c.do("SMOVE", "b", "new", "1");
  c.do("SMOVE", "b", "other", "x");
  every(c, "new");
  every(c, "other");
  c.do("SMOVE", "b", "b", "3");
  c.do("SMOVE", "b", "b", "z");
  c.do("SADD", "c", "3");
  c.do("SMOVE", "b", "c", "3");
  every(c, "b");
  every(c, "c");
  c.do("SMOVE", "none", "b", "3");
  c.do("SET", "string", "v");
  c.do("SMOVE", "none", "string", "3");
  c.do("SMOVE", "b", "string", "3");
  c.do("SMOVE", "string", "b", "3");
});

conformance("errors, arity and wrong types", (c) => {
  c.do("SET", "string", "v");
  c.do("SADD", "s", "a", "b", "c", "1");
  const commands = [
    ...["SADD", "SREM", "SISMEMBER", "SMISMEMBER", "SCARD", "SMEMBERS", "SPOP", "SRANDMEMBER"],
    ...["SINTER", "SUNION", "SDIFF", "SINTERSTORE", "SUNIONSTORE", "SDIFFSTORE", "SINTERCARD"],
    ...["SSCAN", "SMOVE"],
  ];
  for (const command of commands) {
    c.do(command);
    c.do(command, "string");
    if (command !== "SSCAN") c.do(command, "string", "x");
    c.do(command, "string", "0");
    c.do(command, "string", "string", "string", "string");
    if (command.endsWith("STORE")) c.do(command, "d", "s", "string");
    else if (command !== "SADD" && command !== "SSCAN") c.do(command, "s", "string", "none");
  }
  for (const count of ["-1", "x", "", "9223372036854775808", "-9223372036854775808", "1.5", "0"]) {
    c.do("SPOP", "s", count);
    c.do("SPOP", "none", count);
    c.do("SPOP", "string", count);
    if (count === "-1") continue;
    c.do("SRANDMEMBER", "s", count);
    c.do("SRANDMEMBER", "none", count);
    c.do("SRANDMEMBER", "string", count);
  }
  c.do("SPOP", "none", "9223372036854775807");
  c.do("SRANDMEMBER", "none", "-9223372036854775807");
  c.do("SPOP", "s", "1", "1");
  c.do("SRANDMEMBER", "s", "1", "1");
  c.do("SRANDMEMBER", "none");
  c.do("SRANDMEMBER", "none", "5");
  c.do("SPOP", "none");
  c.do("SPOP", "none", "5");
  for (
    const args of [
      ...[["0", "s"], ["-1", "s"], ["x", "s"], ["2", "s"], ["1", "s", "s"], ["1", "s", "LIMIT"]],
      ...[["1", "s", "LIMIT", "-1"], ["1", "s", "LIMIT", "x"], ["1", "s", "LIMITED", "1"]],
      ...[["1", "none", "LIMIT", "-1"], ["2", "none", "string"], ["1", "s", "limit", "2"]],
      ...[["1", "s", "LIMIT", "2", "LIMIT", "3"], ["9223372036854775807", "s"]],
    ]
  ) c.do("SINTERCARD", ...args);
  for (
    const args of [
      ...[["s", "x"], ["none", "x"], ["string", "x"], ["string", "0"], [
        "s",
        "18446744073709551616",
      ]],
      ...[["none", "0", "COUNT", "x"], ["s", "0", "COUNT", "0"], ["s", "0", "COUNT", "-1"]],
      ...[["s", "0", "COUNT", "x"], ["s", "0", "COUNT"], ["s", "0", "FOO", "x"], [
        "s",
        "0",
        "TYPE",
        "set",
      ]],
    ]
  ) c.do("SSCAN", ...args);
});

conformance("SPOP and SRANDMEMBER: how many, and what is left", (c) => {
  for (const count of SIZES) {
    for (const members of [integers(count), texts(count)]) {
      for (const wanted of [0, 1, 2, Math.floor(count / 2), count - 1, count, count + 1]) {
        if (wanted < 0) continue;
        c.do("DEL", "s");
        c.do("SADD", "s", ...members);
        c.do("EXPIRE", "s", "1000");
        c.doNormalized(size, "SRANDMEMBER", "s", wanted);
        c.doNormalized(size, "SRANDMEMBER", "s", -wanted);
        c.doNormalized(size, "SPOP", "s", wanted);
        c.do("SCARD", "s");
        c.do("TTL", "s");
        c.do("EXISTS", "s");
      }
    }
  }
  c.do("SADD", "one", "only");
  c.do("SRANDMEMBER", "one");
  c.do("SRANDMEMBER", "one", "1");
  c.do("SRANDMEMBER", "one", "-3");
  c.do("SPOP", "one");
  c.do("EXISTS", "one");
});

/** Draws again and again: are they different members of the set, and does each get its turn? */
conformanceOf("what is drawn", async (client) => {
  const observed: unknown[] = [];
  for (const members of [integers(200), texts(100), texts(600)]) {
    await client.command("DEL", "s");
    await client.command("SADD", "s", ...members);
    const all = new Set(members);
    for (const count of [5, 50, 99, 150, 199]) {
      const drawn = itemTexts(await client.command("SRANDMEMBER", "s", count));
      observed.push([drawn.length, new Set(drawn).size, drawn.every((member) => all.has(member))]);
    }
    const seen = new Set<string>();
    for (let i = 0; i < 40; i++) {
      for (const member of itemTexts(await client.command("SRANDMEMBER", "s", "-500"))) {
        seen.add(member);
      }
      for (const member of itemTexts(await client.command("SRANDMEMBER", "s", "90"))) {
        seen.add(member);
      }
    }
    observed.push(seen.size);
    const popped = new Set<string>();
    for (const count of ["1", "3", "50", undefined]) {
      const args: Argument[] = count === undefined ? ["SPOP", "s"] : ["SPOP", "s", count];
      const reply = await client.command(...args);
      for (const member of count === undefined ? [textOf(reply)] : itemTexts(reply)) {
        popped.add(member);
      }
    }
    const left = itemTexts(await client.command("SMEMBERS", "s"));
    observed.push([popped.size, left.length, new Set([...popped, ...left]).size]);
  }
  return observed;
});

function itemTexts(reply: Reply): string[] {
  return ("items" in reply ? reply.items : []).map(textOf);
}

const OPERANDS: Readonly<Record<string, readonly string[]>> = {
  ints: integers(100),
  moreInts: integers(100, 50),
  manyInts: integers(1000, 20),
  texts: texts(50),
  moreTexts: texts(100, 25),
  manyTexts: texts(1000, 10),
  mixed: [...texts(30), ...integers(30)],
  manyMixed: [...texts(300, 5), ...integers(300, 7)],
  one: ["member:27"],
  number: ["55"],
  empty: [],
};

conformance("SINTER, SUNION, SDIFF and their brothers: every pair", (c) => {
  for (const [key, members] of Object.entries(OPERANDS)) {
    if (members.length > 0) c.do("SADD", key, ...members);
  }
  c.do("SET", "string", "v");
  for (const a of Object.keys(OPERANDS)) {
    for (const b of Object.keys(OPERANDS)) {
      for (const name of ["SINTER", "SUNION", "SDIFF"]) {
        c.doSorted(name, a, b);
        c.do(`${name}STORE`, "target", a, b);
        every(c, "target");
      }
      c.do("SINTERCARD", "2", a, b);
      c.do("SINTERCARD", "2", a, b, "LIMIT", "3");
      c.do("SINTERCARD", "2", a, b, "LIMIT", "0");
    }
  }
});

conformance("SINTER, SUNION, SDIFF: more keys, the same one, the target among them", (c) => {
  for (const [key, members] of Object.entries(OPERANDS)) {
    if (members.length > 0) c.do("SADD", key, ...members);
  }
  c.do("SET", "string", "v");
  const lists = [
    ["ints"],
    ["empty"],
    ["manyTexts"],
    ["ints", "ints"],
    ["ints", "moreInts", "manyInts"],
    ["manyInts", "ints", "number", "mixed"],
    ["manyTexts", "texts", "moreTexts", "one", "mixed", "manyMixed"],
    ["texts", "manyTexts", "moreTexts", "one", "mixed", "manyMixed", "texts"],
    ["manyMixed", "mixed", "empty", "one", "number", "one", "number"],
    ["manyMixed", "one", "one", "one", "one", "one", "number", "number", "number"],
    ["texts", "one", "number", "one", "number", "one", "number"],
    ["mixed", "string"],
    ["empty", "string"],
    ["string", "mixed"],
  ];
  for (const keys of lists) {
    for (const name of ["SINTER", "SUNION", "SDIFF"]) {
      c.doSorted(name, ...keys);
      c.do(`${name}STORE`, "target", ...keys);
      every(c, "target");
      c.do("DEBUG", "DIGEST-VALUE", "target");
    }
    c.do("SINTERCARD", keys.length, ...keys);
    c.do("SINTERCARD", keys.length, ...keys, "LIMIT", "1");
  }
  c.do("SUNIONSTORE", "texts", "texts", "ints");
  every(c, "texts");
  c.do("SINTERSTORE", "texts", "texts", "ints");
  every(c, "texts");
  c.do("SDIFFSTORE", "texts", "texts", "texts");
  c.do("EXISTS", "texts");
  c.do("EXPIRE", "moreTexts", "100");
  c.do("SUNIONSTORE", "moreTexts", "one");
  c.do("TTL", "moreTexts");
  c.do("SUNIONSTORE", "string", "one", "ints");
  every(c, "string");
  c.do("SDIFFSTORE", "string", "empty", "ints");
  c.do("EXISTS", "string");
});

conformanceOf("SSCAN: members that stay are visited, whatever else happens", async (client) => {
  const observed: unknown[] = [];
  for (const members of [integers(300), texts(100), texts(3000)]) {
    await client.command("DEL", "s");
    await client.command("SADD", "s", ...members);
    for (
      const options of [[], ["COUNT", "7"], ["COUNT", "1000"], ["MATCH", "*1*"], ["MATCH", "*"], [
        "MATCH",
        "member:2?",
        "COUNT",
        "100000",
      ]]
    ) {
      const seen = new Set<string>();
      let cursor = "0";
      do {
        const reply = await client.command("SSCAN", "s", cursor, ...options);
        const [next, items] = "items" in reply ? reply.items : [];
        for (const member of itemTexts(items)) seen.add(member);
        cursor = textOf(next);
      } while (cursor !== "0");
      observed.push([options, [...seen].sort()]);
    }
    const seen = new Set<string>();
    let cursor = "0";
    let round = 0;
    do {
      const reply = await client.command("SSCAN", "s", cursor, "COUNT", "20");
      const [next, items] = "items" in reply ? reply.items : [];
      for (const member of itemTexts(items)) seen.add(member);
      cursor = textOf(next);
      const extra = texts(150, 10_000 + 150 * (round % 10));
      await client.command(round % 20 < 10 ? "SADD" : "SREM", "s", ...extra);
      round++;
    } while (cursor !== "0");
    observed.push(members.every((member) => seen.has(member)));
  }
  return observed;
});

for (let seed = 1; seed <= 4; seed++) {
  conformance(`thousands of random commands, seed ${seed}`, (c) => {
    randomCommands(c, seed);
  }, { protocols: [seed % 2 === 0 ? 2 : 3] });
}

function randomCommands(c: Scenario, seed: number): void {
  const prng = seeded(seed);
  const random = () => prng.nextDouble();
  const below = (limit: number) => Math.floor(random() * limit);
  const key = () => `k${below(6)}`;
  const member = () => {
    const number = below(700);
    if (random() < 0.5) return String(number);
    return random() < 0.02 ? "long".repeat(below(60)) + number : `m${number}`;
  };
  const members = () => Array.from({ length: random() < 0.1 ? 1 + below(200) : 1 }, member);
  const keys = () => Array.from({ length: 1 + below(4) }, key);
  for (let i = 0; i < 1500; i++) {
    const choice = random();
    if (choice < 0.4) c.do("SADD", key(), ...members());
    else if (choice < 0.55) c.do("SREM", key(), ...members());
    else if (choice < 0.62) c.do("SMISMEMBER", key(), ...members());
    else if (choice < 0.68) c.do("SMOVE", key(), key(), member());
    else if (choice < 0.8) c.do(pick(STORES, random()), key(), ...keys());
    else if (choice < 0.9) c.doSorted(pick(READS, random()), ...keys());
    else if (choice < 0.93) {
      const list = keys();
      c.do("SINTERCARD", list.length, ...list, "LIMIT", below(20));
    } else if (choice < 0.96) c.doSorted("SMEMBERS", key());
    else if (choice < 0.98) c.do("COPY", key(), key(), "REPLACE");
    else if (choice < 0.99) c.do("DEL", key());
    else c.doNormalized(size, "SPOP", "spare", below(5));
  }
  for (let i = 0; i < 6; i++) {
    c.do("SCARD", `k${i}`);
    c.do("DEBUG", "DIGEST-VALUE", `k${i}`);
  }
}

const STORES = ["SUNIONSTORE", "SINTERSTORE", "SDIFFSTORE"];
const READS = ["SUNION", "SINTER", "SDIFF"];

function pick(names: readonly string[], random: number): string {
  return names[Math.floor(random * names.length)];
}
