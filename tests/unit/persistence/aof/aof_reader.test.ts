import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { latin1 } from "../../../../src/base/ascii.ts";
import {
  AOF_BAD,
  AOF_COMMAND,
  AOF_END,
  AOF_PAUSE,
  AOF_TRUNCATED,
  AofReader,
} from "../../../../src/persistence/aof/aof_reader.ts";
import { bytesOf, concat, row } from "../rdb/fixture.ts";
import { command, fileOf, read } from "./aof_fixture.ts";

const SET = command("SET", "k", "v");

/** What is found of a file that goes wrong behind `SET k v`: the reason names its place there. */
function refusal(tail: string): string {
  const found = read(row(SET, tail));
  assert.deepEqual(found.items, [["SET", "k", "v"]]);
  assert.equal(found.offsetBytes, SET.length, tail);
  const [place, ...reason] = found.reason.split(": ");
  return `${found.end} ${Number(place) - SET.length} ${reason.join(": ")}`;
}

test("commands and annotations", () => {
  const file = row(
    "#TS:1700000000\r\n",
    SET,
    "#\r\n#line feed only\n",
    command("SET", "", new Uint8Array([0, 13, 10, 255])),
    "*01\r\n$004\r\nPING\r\n",
  );
  assert.deepEqual(read(file), {
    items: [
      ["#", "TS:1700000000"],
      ["SET", "k", "v"],
      ["#", ""],
      ["#", "line feed only"],
      ["SET", "", "\0\r\n\xff"],
      ["PING"],
    ],
    end: "end",
    offsetBytes: file.length,
    reason: "",
  });
  assert.deepEqual(read(row("REDIS preamble", SET), 14).items, [["SET", "k", "v"]]);
});

test("an empty file, and one that is over before its commands", () => {
  assert.deepEqual(read(new Uint8Array(0)), { items: [], end: "end", offsetBytes: 0, reason: "" });
  assert.equal(read(SET, SET.length).end, "end");
  assert.equal(read(SET, SET.length + 5).offsetBytes, SET.length);
});

test("the step after an end is the same end", () => {
  for (
    const [tail, end] of [["", AOF_END], ["*1\r\n$4\r\nPI", AOF_TRUNCATED], [
      "PING\r\n",
      AOF_BAD,
    ]] as const
  ) {
    const reader = new AofReader(fileOf(row(SET, tail)).file, 0);
    assert.deepEqual(
      Array.from({ length: 5 }, () => reader.next()),
      [AOF_PAUSE, AOF_COMMAND, end, end, end],
    );
    assert.equal(reader.offsetBytes, SET.length);
    assert.equal(reader.sizeBytes, SET.length + tail.length);
  }
});

test("what is neither a command nor an annotation is refused", () => {
  assert.equal(refusal("PING\r\n"), "bad 0 Expected prefix '*', got: 'P'");
  assert.equal(refusal("\0\0\0x"), "bad 0 Expected prefix '*', got: byte 00");
  assert.equal(refusal("\r\n"), "bad 0 Expected prefix '*', got: byte 0d");
  assert.equal(refusal("*0\r\n"), "bad 0 Expected a number of arguments, got: 0");
  assert.equal(refusal("*-1\r\n"), "bad 0 Expected a number, got: '-'");
  assert.equal(refusal("*\r\n$1"), "bad 0 Expected a number, got: byte 0d");
  assert.equal(refusal("*2147483648\r\n"), "bad 0 Expected a number of arguments, got: 2147483648");
  assert.equal(refusal("*1234567890123456"), "bad 0 Expected a number, got too many digits");
  assert.equal(refusal("*1\n$4\r\n"), "bad 0 Expected \\r\\n, got: 0a24");
  assert.equal(refusal("*1\rx"), "bad 0 Expected \\r\\n, got: 0d78");
  assert.equal(refusal("*1 \r\n"), "bad 0 Expected \\r\\n, got: 200d");
  assert.equal(refusal("*1\r\n*1\r\n"), "bad 4 Expected prefix '$', got: '*'");
  assert.equal(refusal("*1\r\n$-1\r\n"), "bad 4 Expected a number, got: '-'");
  assert.equal(refusal("*1\r\n$4\rxPING\r\n"), "bad 4 Expected \\r\\n, got: 0d78");
  assert.equal(refusal("*1\r\n$4\r\nPINGS\r\n"), "bad 8 Expected \\r\\n, got: 530d");
  assert.equal(refusal("*1\r\n$4\r\nPING\rx*1\r\n"), "bad 8 Expected \\r\\n, got: 0d78");
  assert.equal(refusal("*1\rx$4\r\nPING\r\n"), "bad 0 Expected \\r\\n, got: 0d78");
  assert.equal(refusal(`#${"a".repeat(1023)}\r\n`), "bad 0 Annotation is too long");
});

test("a file that ends inside something is truncated there", () => {
  assert.equal(refusal("#TS:17"), "truncated 0 Expected to read 7 bytes, got 6 bytes");
  assert.equal(refusal("*"), "truncated 0 Expected to read 2 bytes, got 1 bytes");
  assert.equal(refusal("*1\r"), "truncated 0 Expected to read 4 bytes, got 3 bytes");
  assert.equal(refusal("*1\r\n"), "truncated 4 Expected to read 1 bytes, got 0 bytes");
  assert.equal(refusal("*1\r\n$4\r\nPI"), "truncated 8 Expected to read 6 bytes, got 2 bytes");
  assert.equal(refusal("*1\r\n$4\r\nPING\r"), "truncated 8 Expected to read 6 bytes, got 5 bytes");
  assert.equal(
    refusal(`*2147483647\r\n${"$0\r\n\r\n".repeat(3)}`),
    "truncated 31 Expected to read 1 bytes, got 0 bytes",
  );
});

test("zeros from the first wrong byte to the end are a truncated end, as a power loss leaves it", () => {
  const zeros = "; nothing but zero bytes from offset";
  assert.equal(
    refusal("\0"),
    `truncated 0 Expected prefix '*', got: byte 00${zeros} ${SET.length} on`,
  );
  const whole = row(command("SET", "key", "value"), "#TS:1700000000\r\n");
  for (const paddingBytes of [1, 2, 3, 1100, 70_000]) {
    for (let cut = 0; cut < whole.length; cut++) {
      const torn = row(SET, whole.subarray(0, cut), new Uint8Array(paddingBytes));
      for (const chunkBytes of [16, 100, 1 << 20]) {
        const reader = new AofReader(fileOf(torn).file, 0, chunkBytes);
        let found: number = AOF_PAUSE;
        let commands = 0;
        while (found > 0) {
          found = reader.next();
          if (found === AOF_COMMAND) commands++;
        }
        // What is whole before the zeros is read; a cut line end or value is not.
        const isWhole = cut >= whole.length - 16;
        assert.equal(found, AOF_TRUNCATED, `cut at ${cut}, ${paddingBytes} zeros`);
        assert.equal(commands, isWhole ? 2 : 1);
        assert.equal(reader.offsetBytes, SET.length + (isWhole ? whole.length - 16 : 0));
      }
      const other = row(torn, "x".repeat(2000));
      const reader = new AofReader(fileOf(other).file, 0);
      let found: number = AOF_PAUSE;
      while (found > 0) found = reader.next();
      assert.equal(found, AOF_BAD, `cut at ${cut}, ${paddingBytes} zeros and more`);
    }
  }
});

test("nothing is allocated or read for a length beyond the end of the file", () => {
  const { file, files } = fileOf(row(SET, "*1\r\n$999999999999999\r\nPING\r\n", SET));
  const reader = new AofReader(file, 0);
  const found = Array.from({ length: 3 }, () => reader.next());
  assert.deepEqual(found, [AOF_PAUSE, AOF_COMMAND, AOF_TRUNCATED]);
  assert.equal(reader.offsetBytes, SET.length);
  assert.equal(files.log.filter((line) => line.startsWith("read")).length, 1);
});

test("a command that no array can hold is refused", () => {
  const start = "*2\r\n$3\r\nGET\r\n$2147483648\r\n";
  const { file } = fileOf(row(SET, start, new Uint8Array(100)));
  const large = { ...file, sizeBytes: () => 2 ** 32, readAt: file.readAt.bind(file) };
  const reader = new AofReader(large, 0, 48);
  const found = Array.from({ length: 5 }, () => reader.next());
  assert.deepEqual(found, [AOF_PAUSE, AOF_COMMAND, AOF_PAUSE, AOF_BAD, AOF_BAD]);
  assert.equal(reader.reason, "Command is too long: at least 2147483676 bytes");
  assert.equal(reader.offsetBytes, SET.length);
});

test("a file that was cut meanwhile ends where it was cut", () => {
  const { file } = fileOf(concat([SET, SET, SET]));
  const reader = new AofReader(file, 0, SET.length + 4);
  assert.equal(reader.next(), AOF_PAUSE);
  file.truncate(SET.length + 4);
  const found = Array.from({ length: 4 }, () => reader.next());
  assert.deepEqual(found, [AOF_COMMAND, AOF_PAUSE, AOF_TRUNCATED, AOF_TRUNCATED]);
  assert.equal(reader.offsetBytes, SET.length);
  assert.equal(reader.sizeBytes, SET.length + 4);
});

test("commands longer than a chunk, of many arguments or of long ones", () => {
  const many = Array.from({ length: 5000 }, (_, i) => `argument ${i}`);
  const long = new Uint8Array(3_000_000).map((_, i) => i * i >> 9);
  const file = concat([SET, command("MSET", ...many), command("SET", "k", long), SET]);
  for (const chunkBytes of [1, 100, 4096, 1 << 20]) {
    const { items, end } = read(file, 0, chunkBytes);
    assert.equal(end, "end");
    assert.equal(items.length, 4);
    assert.deepEqual(items[1], ["MSET", ...many]);
    assert.ok(items[2][2] === latin1(long));
    assert.deepEqual(items[3], ["SET", "k", "v"]);
  }
});

test("a long buffer is given back after the command that needed it", () => {
  const long = new Uint8Array(3_000_000);
  const parts = [command("SET", "k", long), ...Array.from({ length: 100_000 }, () => SET)];
  const reader = new AofReader(fileOf(concat(parts)).file, 0);
  let largestBytes = 0;
  let count = 0;
  for (let found = reader.next(); found !== AOF_END; found = reader.next()) {
    largestBytes = Math.max(largestBytes, reader.args.bytes.length);
    if (found === AOF_COMMAND) count++;
  }
  assert.equal(count, parts.length);
  assert.ok(largestBytes >= 3_000_000 && largestBytes < 5_100_000, `${largestBytes}`);
  assert.equal(reader.args.bytes.length, 1 << 20);
});

test("there is a pause for every chunk", () => {
  const file = concat(Array.from({ length: 1000 }, () => SET));
  const reader = new AofReader(fileOf(file).file, 0, 1000);
  let pauses = 0;
  let commands = 0;
  for (let found = reader.next(); found !== AOF_END; found = reader.next()) {
    if (found === AOF_PAUSE) pauses++;
    else commands++;
  }
  assert.equal(commands, 1000);
  assert.ok(pauses >= file.length / 1000 && pauses <= file.length / (1000 - SET.length) + 1);
});

test("commands that are found together are seen together", () => {
  const commands = Array.from({ length: 100 }, (_, i) => command("SET", `key:${i}`, "v"));
  const reader = new AofReader(fileOf(concat(commands)).file, 0);
  const { ahead } = reader;
  const seen: string[] = [];
  for (let found = reader.next(); found !== AOF_END; found = reader.next()) {
    if (!ahead.isFresh) continue;
    ahead.isFresh = false;
    assert.equal(found, AOF_COMMAND);
    // The command that is in `args` already is one of them.
    assert.equal(ahead.next, 1);
    for (let i = 0; i < ahead.count; i++) {
      const key = ahead.firstArguments[i] + 1;
      seen.push(latin1(ahead.bytes, ahead.argumentStarts[key], ahead.argumentEnds[key]));
    }
  }
  assert.deepEqual(seen, Array.from({ length: 100 }, (_, i) => `key:${i}`));
});

const argument = fc.oneof(
  { weight: 6, arbitrary: fc.uint8Array({ maxLength: 20 }) },
  { weight: 1, arbitrary: fc.constant(new Uint8Array(11_000).fill(36)) },
);
const item = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.array(argument, { minLength: 1, maxLength: 6 }).map((args) => ({
      bytes: command(...args),
      found: args.map((each) => latin1(each)),
    })),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 100, max: 700 }).map((count) => ({
      bytes: command(...new Array<string>(count).fill("a")),
      found: new Array<string>(count).fill("a"),
    })),
  },
  {
    weight: 2,
    arbitrary: fc.nat().map((time) => ({
      bytes: bytesOf(`#TS:${time}\r\n`),
      found: ["#", `TS:${time}`],
    })),
  },
);
const chunk = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 41, max: 30_000 }));

test("where chunks end changes nothing", () => {
  fc.assert(fc.property(fc.array(item, { maxLength: 50 }), chunk, (items, chunkBytes) => {
    const file = concat(items.map(({ bytes }) => bytes));
    assert.deepEqual(read(file, 0, chunkBytes), {
      items: items.map(({ found }) => found),
      end: "end",
      offsetBytes: file.length,
      reason: "",
    });
  }));
});

test("every beginning of a file gives its whole commands, and is truncated where they end", () => {
  fc.assert(
    fc.property(
      fc.array(item, { maxLength: 12 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      chunk,
      (items, share, chunkBytes) => {
        const file = concat(items.map(({ bytes }) => bytes));
        const first = Math.floor(share * file.length);
        for (let length = first; length <= Math.min(file.length, first + 60); length++) {
          let whole = 0;
          let offsetBytes = 0;
          while (whole < items.length && offsetBytes + items[whole].bytes.length <= length) {
            offsetBytes += items[whole++].bytes.length;
          }
          const found = read(file.subarray(0, length), 0, chunkBytes);
          assert.deepEqual(found.items, items.slice(0, whole).map((each) => each.found));
          assert.equal(found.offsetBytes, offsetBytes);
          assert.equal(found.end, offsetBytes === length ? "end" : "truncated");
        }
      },
    ),
    { numRuns: 40 },
  );
});

test("broken files end the same way whatever the chunks are", () => {
  const piece = fc.constantFrom(
    "*1\r\n",
    "*1\r\n$1\r\na\r\n",
    "*2\r\n$1\r\na",
    "$77\r\n",
    "*2\r\n",
    "$1\r\n",
    "$0\r\n",
    "a\r\n",
    "\r\n",
    "*",
    "$",
    "1",
    "\r",
    "\n",
    "#x\r\n",
    "\0",
  );
  const ends = new Set<string>();
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 14 }),
      fc.boolean(),
      chunk,
      (pieces, isLast, chunkBytes) => {
        const file = row(SET, command("GET", "k"), ...pieces, isLast ? "" : SET);
        const found = read(file);
        ends.add(found.end);
        assert.deepEqual(read(file, 0, chunkBytes), found);
      },
    ),
    { numRuns: 2000 },
  );
  assert.ok(ends.has("bad") && ends.has("truncated"));
});
