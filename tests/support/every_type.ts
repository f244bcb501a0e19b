/**
 * Commands that make values of every type, in every encoding and of sizes around every threshold:
 * what files, replays and tools are tested with. All of them are known to redis-server 7.0.
 */
import type { Argument } from "./resp_client.ts";

type Commands = Argument[][];

/** In the year 2050: no run of a test comes near it. */
const LATER_MS = 2_524_608_000_000;
/** How many elements a value has: around the limits of all small encodings, and beyond them. */
const COUNTS = [1, 2, 5, 64, 127, 128, 129, 511, 512, 513, 3000];
/** Elements that are encoded in all sorts of ways. */
const ELEMENTS: readonly (string | Uint8Array)[] = [
  ...["", " ", "a", "0", "-1", "00", "+1", "1.5", "-0", "\r\n", "long".repeat(15)],
  ...["x".repeat(63), "y".repeat(64), "z".repeat(65), "w".repeat(300), "v".repeat(5000)],
  ...["127", "128", "-4096", "4096", "32767", "32768", "-8388608", "8388608", "2147483648"],
  ...["9223372036854775807", "-9223372036854775808", "9223372036854775808"],
  Uint8Array.from({ length: 40 }, (_, i) => i * 37),
];

/** The commands, of which each makes or changes one key. */
export function everyType(): Commands {
  return [
    ...lists(),
    ...hashes(),
    ...sets(),
    ...sortedSets(),
    ...streams(),
    ...groups(),
    ...others(),
  ];
}

/** Hashes with field expiry times, which Redis has since 7.4: commands of their own. */
export function fieldExpiry(): Commands {
  const commands: Commands = [];
  for (const count of [1, 20, 512, 513, 2000]) {
    const key = `expiring ${count}`;
    const fields = elements(count, "member");
    commands.push(["HSET", key, ...fields.flatMap((field, i) => [field, `v${i}`])]);
    const some = fields.filter((_, i) => i % 3 === 0);
    for (const [i, field] of some.entries()) {
      commands.push(["HPEXPIREAT", key, LATER_MS + i * i, "FIELDS", 1, field]);
    }
    commands.push(["HPEXPIREAT", key, LATER_MS - 5, "FIELDS", some.length >> 1 || 1, ...some]
      .slice(0, 5 + (some.length >> 1 || 1)));
  }
  commands.push(["HSET", "expiring values", ...ELEMENTS.flatMap((value, i) => [value, `${i}`])]);
  commands.push([
    "HEXPIREAT",
    "expiring values",
    LATER_MS / 1000,
    "FIELDS",
    2,
    "",
    "v".repeat(5000),
  ]);
  commands.push(["HSET", "expiring huge", "f", "h".repeat(100_000), "g", "1"]);
  commands.push(["HPEXPIREAT", "expiring huge", LATER_MS + 1, "FIELDS", 1, "f"]);
  commands.push(["COPY", "expiring 513", "expiring copy"], [
    "HPERSIST",
    "expiring 20",
    "FIELDS",
    1,
  ]);
  commands[commands.length - 1].push("member:000000003");
  commands.push(["PEXPIREAT", "expiring copy", LATER_MS + 7]);
  return commands;
}

/** `count` elements: some of the special ones, then plain ones. */
function elements(count: number, name: string): Argument[] {
  return Array.from({ length: count }, (_, i) => {
    if (name === "mixed" && i < ELEMENTS.length) return ELEMENTS[i];
    return name === "numbers" ? String(i * 7919 - 5000) : `${name}:${String(i).padStart(9, "0")}`;
  });
}

function* named(): Generator<readonly [key: string, values: Argument[]]> {
  for (const count of COUNTS) {
    for (const name of ["member", "numbers", "mixed"]) {
      yield [`${name} ${count}`, elements(count, name)];
    }
  }
}

function lists(): Commands {
  const commands: Commands = [];
  for (const [key, values] of named()) commands.push(["RPUSH", `list ${key}`, ...values]);
  commands.push(["RPUSH", "list huge", "first", "h".repeat(300_000), "last"]);
  commands.push(["RPUSH", "list changed", ...elements(1000, "member")]);
  commands.push(["LINSERT", "list changed", "BEFORE", "member:000000500", "in between"]);
  commands.push(["LREM", "list changed", "1", "member:000000700"]);
  commands.push(["LSET", "list changed", "-3", "u".repeat(9000)]);
  commands.push(["LTRIM", "list changed", "5", "-2"]);
  commands.push(["LMOVE", "list changed", "list moved", "LEFT", "RIGHT"]);
  return commands;
}

function hashes(): Commands {
  const commands: Commands = [];
  for (const [key, values] of named()) {
    commands.push(["HSET", `hash ${key}`, ...values.flatMap((value, i) => [value, `v${i}`])]);
  }
  commands.push(["HSET", "hash values", ...ELEMENTS.flatMap((value, i) => [`f${i}`, value])]);
  commands.push(["HSET", "hash huge", "field", "h".repeat(300_000), "f".repeat(70_000), "value"]);
  commands.push(["HINCRBY", "hash number", "n", "9007199254740993"]);
  commands.push(["HINCRBYFLOAT", "hash number", "f", "0.1"]);
  commands.push(["HDEL", "hash member 513", "member:000000007", "member:000000400"]);
  return commands;
}

function sets(): Commands {
  const commands: Commands = [];
  for (const [key, values] of named()) commands.push(["SADD", `set ${key}`, ...values]);
  commands.push(["SADD", "set int16", "1", "-32768", "32767"]);
  commands.push(["SADD", "set int32", "1", "-32769"]);
  commands.push(["SADD", "set int64", "1", "9223372036854775807", "-9223372036854775808"]);
  commands.push(["SADD", "set huge", "h".repeat(300_000), "small"]);
  commands.push(["SREM", "set member 513", "member:000000001", "member:000000512"]);
  commands.push(["SUNIONSTORE", "set union", "set int16", "set member 64"]);
  return commands;
}

function sortedSets(): Commands {
  const scores = ["0", "-0", "1", "-1", "1.5", "3.141592653589793", "inf", "-inf", "1e300"];
  scores.push("5e-324", "9007199254740993", "-123456789012", "0.1", "100000000000000000000");
  const commands: Commands = [];
  for (const [key, values] of named()) {
    const pairs = values.flatMap((value, i) => [String(Math.imul(i, 0x9e3779b1) >> 8), value]);
    commands.push(["ZADD", `zset ${key}`, ...pairs]);
  }
  commands.push(["ZADD", "zset scores", ...scores.flatMap((score, i) => [score, `m${i}`])]);
  const same = elements(300, "member").flatMap((member) => ["7", member]);
  commands.push(["ZADD", "zset same", ...same]);
  commands.push(["ZADD", "zset huge", "1", "h".repeat(300_000), "2", "small"]);
  commands.push(["ZINCRBY", "zset same", "0.25", "member:000000123"]);
  commands.push(["ZREM", "zset member 129", "member:000000100"]);
  commands.push(["ZUNIONSTORE", "zset union", "2", "zset scores", "set member 64"]);
  commands.push([
    "GEOADD",
    "geo",
    "13.361389",
    "38.115556",
    "Palermo",
    "15.087",
    "37.5",
    "Catania",
  ]);
  return commands;
}

function streams(): Commands {
  const commands: Commands = [["XADD", "stream one", "1-1", "field", "value"]];
  for (const [i, element] of ELEMENTS.entries()) {
    const fields = i % 3 === 0 ? ["same", element] : ["other", `${i}`, "more", element];
    commands.push(["XADD", "stream mixed", `${1000 + i}-${i % 4}`, ...fields]);
  }
  for (let i = 0; i < 350; i++) {
    commands.push([
      "XADD",
      "stream long",
      `${5000 + i * 3}-0`,
      "sensor",
      `${i % 50}`,
      "v",
      `x${i}`,
    ]);
  }
  commands.push(["XADD", "stream huge", "1-0", "field", "h".repeat(100_000)]);
  commands.push(["XADD", "stream huge", "2-0", "field", "small"]);
  commands.push(["XDEL", "stream long", "5030-0", "5033-0", "6047-0"]);
  commands.push(["XTRIM", "stream long", "MAXLEN", "300"]);
  commands.push(["XGROUP", "CREATE", "stream long", "group", "0"]);
  commands.push(["XGROUP", "CREATE", "stream long", "at the end", "$"]);
  commands.push(["XGROUP", "CREATECONSUMER", "stream long", "group", "idle one"]);
  commands.push([
    "XREADGROUP",
    "GROUP",
    "group",
    "alice",
    "COUNT",
    120,
    "STREAMS",
    "stream long",
    ">",
  ]);
  commands.push(["XREADGROUP", "GROUP", "group", "bob", "COUNT", 5, "STREAMS", "stream long", ">"]);
  commands.push(["XACK", "stream long", "group", "5156-0", "5159-0", "5162-0"]);
  commands.push(["XADD", "stream empty", "7-7", "f", "v"], ["XDEL", "stream empty", "7-7"]);
  commands.push(["XGROUP", "CREATE", "stream made", "group", "$", "MKSTREAM"]);
  return commands;
}

/** Groups in all their states: what was read, claimed, acknowledged and deleted, and positions. */
function groups(): Commands {
  const key = "stream groups";
  const commands: Commands = [];
  const read = (group: string, consumer: string, count: number, ...rest: string[]) =>
    commands.push(
      ["XREADGROUP", "GROUP", group, consumer, "COUNT", count, ...rest, "STREAMS", key, ">"],
    );
  for (let i = 1; i <= 400; i++) commands.push(["XADD", key, `${i}-${i % 3}`, "n", `${i}`]);
  for (const group of ["", "first", "g".repeat(300)]) {
    commands.push(["XGROUP", "CREATE", key, group, "0", "ENTRIESREAD", "0"]);
  }
  commands.push(["XGROUP", "CREATE", key, "middle", "200-2"]);
  commands.push(["XGROUP", "CREATE", key, "far", "9999999-1", "ENTRIESREAD", "77"]);
  for (let i = 0; i < 30; i++) read("first", `consumer:${i % 7}`, 9);
  read("first", "takes no acknowledging", 20, "NOACK");
  read("", "", 3);
  read("g".repeat(300), "c".repeat(300), 2);
  read("middle", "one", 150);
  commands.push(["XREADGROUP", "GROUP", "first", "consumer:1", "STREAMS", key, "0"]);
  commands.push(["XCLAIM", key, "first", "consumer:2", "0", "1-1", "2-2", "3-0", "50-2"]);
  commands.push(["XCLAIM", key, "first", "claims", "0", "60-0", "RETRYCOUNT", "17", "JUSTID"]);
  commands.push(["XCLAIM", key, "first", "claims", "0", "61-1", "TIME", "1700000000123"]);
  commands.push(["XCLAIM", key, "middle", "claims", "0", "390-0", "FORCE", "LASTID", "399-0"]);
  commands.push(["XAUTOCLAIM", key, "middle", "auto", "0", "-", "COUNT", "5"]);
  for (let i = 100; i < 200; i += 4) commands.push(["XACK", key, "first", `${i}-${i % 3}`]);
  // What is pending is gone from the stream.
  commands.push(["XDEL", key, "2-2", "3-0", "205-1", "210-0"]);
  commands.push(["XGROUP", "DELCONSUMER", key, "first", "consumer:5"]);
  commands.push(["XGROUP", "SETID", key, "", "100-1", "ENTRIESREAD", "100"]);
  commands.push(["XADD", "stream set", "5-5", "f", "v"]);
  commands.push(["XSETID", "stream set", "900-9", "ENTRIESADDED", "90", "MAXDELETEDID", "800-8"]);
  return commands;
}

function others(): Commands {
  const commands: Commands = [["PFADD", "hll sparse", ...elements(20, "member")]];
  commands.push(["PFADD", "hll dense", ...elements(3000, "member")]);
  commands.push(["SET", "string", "value"], ["SET", "string number", "12345"]);
  for (const type of ["list", "hash", "set", "zset"]) {
    for (const key of [`${type} member 5`, `${type} member 3000`]) {
      commands.push(["COPY", key, `${key} copied`], ["PEXPIREAT", `${key} copied`, LATER_MS]);
    }
  }
  commands.push(["COPY", "stream long", "stream copied"]);
  return commands;
}
