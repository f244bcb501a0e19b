/** What the tests of the append-only file write: strings of every kind, by every command. */
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
