/** What the tests of the append-only file write: values of every type, by every command. */
import type { Argument } from "../support/resp_client.ts";

const DAY_MS = 86_400_000;

type Commands = Argument[][];

/** Strings and keys around the limits of the formats, with and without expiry times. */
export function samples(): Commands {
  const values: (string | Uint8Array)[] = [
    "",
    " ",
    "-0",
    "00",
    "+1",
    "1.5",
    "\r\n",
    "*1\r\n$4\r\n",
  ];
  for (const bits of [7n, 15n, 31n, 32n, 63n]) {
    for (const edge of [2n ** bits - 1n, 2n ** bits]) values.push(`${edge}`, `${-edge}`);
  }
  for (const size of [20, 44, 45, 255, 256, 4096, 20_000, 70_000, 1_100_000]) {
    values.push("long".repeat(size / 4), binary(size));
  }
  const expiresAtMs = Date.now() + 10 * DAY_MS;
  return [["SET", "of before", "x"], ["FLUSHALL"]].concat(
    [0, 3, 15].flatMap((database): Commands => [
      ["SELECT", String(database)],
      ...values.filter((value) => database === 0 || value.length < 1000).flatMap(
        (value, i): Commands => {
          const until = i % 3 === 0 ? [] : ["PXAT", expiresAtMs + i];
          const asKey = value.length > 70_000 ? `key ${i}` : value;
          return [["SET", `${i}`, value, ...until], ["SET", asKey, `${i} ${database}`]];
        },
      ),
      ["SET", "the far future", "x", "PXAT", 2 ** 50],
    ]) as string[][],
  );
}

/** Bytes that do not compress, all of them. */
function binary(sizeBytes: number): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 21);
}

/** Every command that changes strings, keys or databases; other results for every `round`. */
export function changes(round: number): Commands {
  const seconds = Math.floor(Date.now() / 1000) + 100_000 + round;
  const value = `round ${round}`;
  return [
    ["SELECT", 0],
    ["SET", "ex", value, "EX", 100_000 + round],
    ["SET", "px", value, "PX", 100_000_000 + round],
    ["SET", "exat", value, "EXAT", seconds],
    ["SET", "exat", `${value} again`, "KEEPTTL"],
    ["SET", "get", value, "GET"],
    ["SET", "nx", value, "NX"],
    ["SET", "nx", `${value} again`, "XX"],
    ["SETEX", "setex", 100_000 + round, value],
    ["PSETEX", "psetex", 100_000_000 + round, value],
    ["SETNX", "setnx", value],
    ["GETSET", "getset", value],
    ["GETEX", "ex", "PXAT", seconds * 1000 + 5],
    ["GETEX", "px", "PERSIST"],
    ["GETDEL", "setnx"],
    ["MSET", "m1", value, "m2", binary(300 + round), "", value],
    ["MSETNX", `new ${round}`, value, `newer ${round}`, value],
    ["INCR", "counter"],
    ["INCRBY", "counter", 1000 + round],
    ["DECR", "down"],
    ["DECRBY", "down", 2 ** 40 + round],
    ["INCRBYFLOAT", "float", `0.1${round}`],
    ["SET", "float ex", "1", "EX", 100_000],
    ["INCRBYFLOAT", "float ex", "2.5"],
    ["APPEND", "growing", `${value};`],
    ["APPEND", "36", value],
    ["SETRANGE", "range", 10 * round + 3, value],
    ["SETBIT", "bits", 7 + 100 * round, 1],
    ["BITFIELD", "field", "SET", "u8", `#${round}`, 200, "INCRBY", "i5", 3, 7],
    ["BITOP", "XOR", "xor", "bits", "field", "range"],
    ["COPY", "range", "range copy", "REPLACE"],
    ["COPY", "exat", "copied", "DB", 3, "REPLACE"],
    ["SET", "old name", value, "PX", 200_000_000],
    ["RENAME", "old name", "renamed"],
    ["SET", `${round} old`, value],
    ["RENAMENX", `${round} old`, `${round} renamed`],
    ["SET", `moving ${round}`, value],
    ["MOVE", `moving ${round}`, 3],
    ["EXPIRE", "m1", 100_000 + round],
    ["PEXPIRE", "counter", 100_000_000 + round],
    ["EXPIREAT", "down", seconds],
    ["PEXPIREAT", "growing", seconds * 1000 + round, "NX"],
    ["PERSIST", "down"],
    ["MSET", "d1", 1, "d2", 2, "d3", 3, "past", 4],
    ["DEL", "d1", "missing"],
    ["UNLINK", "d2"],
    ["PEXPIREAT", "past", 1],
    ["SET", "past at once", value, "PXAT", 1],
    // Not deleted before somebody looks at it.
    ["EXISTS", "past at once"],
    ["SELECT", 9],
    ["SET", "to be flushed", value],
    ["FLUSHDB"],
    ["SET", "stays", value],
    ["SELECT", 4],
    ["SET", "swapped", value],
    ["SWAPDB", 3, 4],
    ["SET", "after SWAPDB", value],
    ["SELECT", 0],
  ];
}

/** Every command that changes collections; other results for every `round`, some of them random. */
export function changesOfTypes(round: number): Commands {
  return [
    ...listChanges(round),
    ...hashChanges(round),
    ...setChanges(round),
    ...sortedSetChanges(round),
    ...streamChanges(round),
    ...groupChanges(round),
    ...sortAndCountChanges(round),
  ];
}

function numbered(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${name} ${i}`);
}

function listChanges(round: number): Commands {
  const name = `round ${round}`;
  return [
    ["RPUSH", "l", ...numbered(name, 30 * round)],
    ["LPUSH", "l", "left", "\r\n", "", "lefter"],
    ["LPUSHX", "l", name],
    ["RPUSHX", "l", "-1", "9223372036854775807"],
    ["RPUSHX", "no list", "x"],
    ["LINSERT", "l", "AFTER", "left", `after ${name}`],
    ["LSET", "l", -3, "x".repeat(100 * round)],
    ["LREM", "l", 1, "lefter"],
    ["LPOP", "l"],
    ["RPOP", "l", 2],
    ["LMOVE", "l", "l moved", "LEFT", "RIGHT"],
    ["RPOPLPUSH", "l", "l moved"],
    ["LMPOP", 2, "no list", "l moved", "RIGHT", "COUNT", 2],
    ["LTRIM", "l", 2, 400],
    ["RPUSH", `l ${round}`, "only"],
    ["LPOP", `l ${round}`],
  ];
}

function hashChanges(round: number): Commands {
  const name = `round ${round}`;
  const pairs = numbered(name, 20 * round).flatMap((field, i) => [field, `${i * round}`]);
  return [
    ["HSET", "h", ...pairs],
    ["HMSET", "h", name, "x".repeat(90), "", ""],
    ["HSETNX", "h", "first", name],
    ["HINCRBY", "h", "n", round],
    ["HINCRBYFLOAT", "h", "f", `0.1${round}`],
    ["HDEL", "h", `${name} 1`, "none"],
    ["HSET", `h ${round}`, "f", "v"],
    ["HDEL", `h ${round}`, "f"],
    ["HSET", "h number", "n", round],
  ];
}

function setChanges(round: number): Commands {
  const name = `round ${round}`;
  return [
    ["SADD", "s", ...numbered(name, 40 * round), "5", "-5", ""],
    ["SADD", "s numbers", ...Array.from({ length: 300 }, (_, i) => i * round)],
    ["SREM", "s", `${name} 3`, "none"],
    ["SPOP", "s"],
    ["SPOP", "s numbers", 7 * round],
    ["SMOVE", "s", "s moved", `${name} 5`],
    ["SUNIONSTORE", "s union", "s", "s numbers"],
    ["SINTERSTORE", "s common", "s", "s union"],
    ["SDIFFSTORE", "s rest", "s union", "s numbers"],
    ["SADD", `s ${round}`, "a", "b"],
    ["SPOP", `s ${round}`, 5],
  ];
}

function sortedSetChanges(round: number): Commands {
  const pairs = numbered(`round ${round}`, 30 * round).flatMap((member, i) => [i * 0.7, member]);
  return [
    ["ZADD", "z", ...pairs],
    ["ZADD", "z", "GT", "CH", round * 3, `round ${round} 1`],
    ["ZADD", "z", "INCR", "0.3", "sum"],
    ["ZINCRBY", "z", "1e10", "large"],
    ["ZADD", "z", "inf", "last", "-inf", "first"],
    ["ZREM", "z", `round ${round} 7`],
    ["ZPOPMIN", "z", 2],
    ["ZPOPMAX", "z"],
    ["ZMPOP", 1, "z", "MAX", "COUNT", 2],
    ["ZREMRANGEBYSCORE", "z", "(3", 5],
    ["ZREMRANGEBYRANK", "z", 4, 5],
    ["ZADD", "z letters", 0, "a", 0, "b", 0, "c", 0, `d${round}`],
    ["ZREMRANGEBYLEX", "z letters", "[b", "(c"],
    ["ZUNIONSTORE", "z union", 2, "z", "s", "WEIGHTS", 2, 3, "AGGREGATE", "MAX"],
    ["ZINTERSTORE", "z common", 2, "z", "z union"],
    ["ZDIFFSTORE", "z rest", 2, "z union", "z"],
    ["ZRANGESTORE", "z range", "z", 2, 30],
    ["GEOADD", "g", 13.361389, 38.115556, "Palermo", 15.087269 + round / 10, 37.502669, "Catania"],
    ["GEOSEARCHSTORE", "g near", "g", "FROMMEMBER", "Palermo", "BYRADIUS", 500, "km"],
    ["GEORADIUS", "g", 15, 37, 300, "km", "STOREDIST", "g far"],
  ];
}

function streamChanges(round: number): Commands {
  const commands: Commands = [];
  for (let i = 0; i < 130; i++) commands.push(["XADD", "x", "*", "sensor", i, "v", `x${round}`]);
  return commands.concat([
    ["XADD", "x", "MAXLEN", "~", 500, "*", "last", "one"],
    ["XADD", "x numbered", `${round}-*`, "a", "1"],
    ["XADD", "x numbered", `${round}-*`, "b", "1", "", ""],
    ["XADD", "x short", "MAXLEN", 3, `${round}-1`, "f", "v"],
    ["XADD", "x short", `${round}-2`, "f", "v"],
    ["XTRIM", "x", "MAXLEN", "~", 300],
    ["XTRIM", "x short", "MINID", round],
    ["XDEL", "x numbered", `${round}-1`],
    ["XADD", `x ${round}`, "5-5", "f", "v"],
    ["XDEL", `x ${round}`, "5-5"],
    ["XSETID", `x ${round}`, "9-9", "ENTRIESADDED", 10, "MAXDELETEDID", "7-7"],
  ]);
}

function groupChanges(round: number): Commands {
  const commands: Commands = [];
  const group = `group ${round}`;
  for (let i = 1; i <= 30; i++) commands.push(["XADD", "xg", `${round * 100 + i}-0`, "n", i]);
  const read = (name: string, consumer: string, count: number, ...rest: string[]) =>
    commands.push(
      ["XREADGROUP", "GROUP", name, consumer, "COUNT", count, ...rest, "STREAMS", "xg", ">"],
    );
  commands.push(["XGROUP", "CREATE", "xg", group, "0"]);
  commands.push(["XGROUP", "CREATE", `xg ${round}`, group, "$", "MKSTREAM"]);
  commands.push(["XGROUP", "CREATECONSUMER", "xg", group, "idle"]);
  read(group, "alice", 20);
  read(group, "bob", 5);
  read(group, "carol", 2, "NOACK");
  read("group 1", "alice", 7);
  return commands.concat([
    ["XACK", "xg", group, "101-0", "103-0", `${round * 100 + 2}-0`],
    ["XCLAIM", "xg", group, "bob", 0, "104-0", "105-0", "106-0"],
    ["XCLAIM", "xg", group, "dave", 0, "107-0", "RETRYCOUNT", 9, "JUSTID"],
    // Pending to nobody: Redis's rewritten files do not hold what is pending of deleted entries.
    ["XADD", "xg", `${round * 100 + 31}-0`, "n", 31],
    ["XDEL", "xg", `${round * 100 + 31}-0`],
    ["XAUTOCLAIM", "xg", group, "erin", 0, "-", "COUNT", 8],
    ["XGROUP", "DELCONSUMER", "xg", group, "dave"],
    ["XGROUP", "SETID", "xg", "group 1", `${round * 100 + 3}-0`],
    ["XGROUP", "CREATE", "xg", "to be destroyed", "0"],
    ["XGROUP", "DESTROY", "xg", "to be destroyed"],
  ]);
}

function sortAndCountChanges(round: number): Commands {
  return [
    ["SORT", "s numbers", "LIMIT", 0, 20 * round, "DESC", "STORE", "sorted"],
    ["SORT", "s", "ALPHA", "STORE", "sorted texts"],
    ["PFADD", "hll", ...numbered(`round ${round}`, 50)],
    ["PFADD", "hll 2", round],
    ["PFCOUNT", "hll"],
    ["PFMERGE", "hll all", "hll", "hll 2"],
    ["COPY", "z", "z copy", "REPLACE"],
    ["RENAME", "h number", "h renamed"],
    ["PEXPIRE", "l moved", 100_000_000 + round],
    ["SADD", "s unlinked", "a"],
    ["UNLINK", "s unlinked"],
    ["LPUSH", "copied", round],
    ["MOVE", "copied", 5],
  ];
}
