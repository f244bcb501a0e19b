import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { latin1, latin1Bytes } from "../../../src/base/ascii.ts";
import { Arguments } from "../../../src/protocol/arguments.ts";
import { CommandsAhead } from "../../../src/protocol/commands_ahead.ts";
import {
  PARSED_COMMAND,
  PARSED_ERROR,
  PARSED_NOTHING,
  RequestParser,
} from "../../../src/protocol/request_parser.ts";
import { randomBytes, seeded } from "../heap/seeded.ts";

const LIMITS = { bulkLengthMax: 512 * 1024 * 1024 };

/** The commands (arguments as Latin-1) of a stream that arrives in such pieces; at last an error. */
function parse(pieces: readonly Uint8Array[], setUp?: (parser: RequestParser) => void): unknown[] {
  const parser = new RequestParser(new Arguments(), LIMITS, new CommandsAhead());
  setUp?.(parser);
  const found: unknown[] = [];
  // As an adapter does, the pieces are lent: all in one buffer that is used again and again.
  const lent = new Uint8Array(Math.max(64, ...pieces.map((piece) => piece.length)));
  for (const piece of pieces) {
    lent.set(piece);
    parser.feed(lent, piece.length);
    for (;;) {
      const status = parser.next();
      if (status === PARSED_ERROR) return [...found, parser.error];
      if (status === PARSED_NOTHING) break;
      found.push(argumentsOf(parser));
    }
    parser.retain();
    // The care that the server takes once a second must change nothing.
    if (pieces.length % 2 === 0) parser.shrink(piece.length % 2 === 0);
    lent.fill(0x2a);
  }
  return found;
}

function argumentsOf(parser: RequestParser): string[] {
  const { args } = parser;
  return Array.from({ length: args.count }, (_, i) => latin1(args.copy(i)));
}

function encoded(args: readonly string[]): string {
  return `*${args.length}\r\n` + args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join("");
}

/** Cuts a stream at these places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = [...places].map((place) => place % (bytes.length + 1)).sort((a, b) => a - b);
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (const place of [...sorted, bytes.length]) {
    pieces.push(bytes.subarray(from, place));
    from = place;
  }
  return pieces;
}

const STREAM = [
  encoded(["PING"]),
  encoded(["SET", "key", "a value of some length"]),
  "PING inline\r\n",
  encoded(["SET", "", "\r\n$3\r\nfoo\r\n"]),
  "\r\n",
  "set 'a b' \"c\\x41\\n\"\n",
  "*0\r\n",
  "*-1\r\n",
  encoded(Array.from({ length: 13 }, (_, i) => "x".repeat(i * 9))),
  encoded(["ECHO", "v".repeat(150)]),
  encoded(["GET", "last"]),
].join("");
const COMMANDS = [
  ["PING"],
  ["SET", "key", "a value of some length"],
  ["PING", "inline"],
  ["SET", "", "\r\n$3\r\nfoo\r\n"],
  [],
  ["set", "a b", "cA\n"],
  [],
  [],
  Array.from({ length: 13 }, (_, i) => "x".repeat(i * 9)),
  ["ECHO", "v".repeat(150)],
  ["GET", "last"],
];

test("a stream cut at any one byte, at every byte, or not at all gives the same commands", () => {
  const bytes = latin1Bytes(STREAM);
  assert.deepEqual(parse([bytes]), COMMANDS);
  for (let at = 0; at <= bytes.length; at++) {
    assert.deepEqual(parse(cut(bytes, [at])), COMMANDS, `cut at ${at}`);
  }
  assert.deepEqual(parse(Array.from(bytes, (byte) => Uint8Array.of(byte))), COMMANDS);
});

test("any commands cut anywhere", () => {
  const argument = fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.integer({ min: 0, max: 40000 }).map((length) => "z".repeat(length)),
    fc.constantFrom("*1\r\n", "$-1\r\n", "\r", "\n", "\0"),
  ).map((text) => [...text].filter((letter) => letter.charCodeAt(0) < 256).join(""));
  const commands = fc.array(fc.array(argument, { minLength: 1, maxLength: 12 }), { maxLength: 6 });
  fc.assert(
    fc.property(commands, fc.array(fc.nat(), { maxLength: 30 }), (list, places) => {
      const bytes = latin1Bytes(list.map(encoded).join(""));
      assert.deepEqual(parse(cut(bytes, places)), list);
    }),
    { numRuns: 50 },
  );
});

const ERRORS: readonly [string, string][] = [
  ["*x\r\n", "invalid multibulk length"],
  ["*\r\n", "invalid multibulk length"],
  ["*01\r\n", "invalid multibulk length"],
  ["*+1\r\n", "invalid multibulk length"],
  ["*-0\r\n", "invalid multibulk length"],
  ["*2147483648\r\n", "invalid multibulk length"],
  ["*9223372036854775808\r\n", "invalid multibulk length"],
  ["*-9223372036854775809\r\n", "invalid multibulk length"],
  ["*-9500000000000000000\r\n", "invalid multibulk length"],
  ["*99999999999999999999\r\n", "invalid multibulk length"],
  ["*1 \r\n", "invalid multibulk length"],
  ["*1\r\n$x\r\n", "invalid bulk length"],
  ["*1\r\n$-1\r\n", "invalid bulk length"],
  ["*1\r\n$05\r\nhello\r\n", "invalid bulk length"],
  ["*1\r\n$00\r\n\r\n", "invalid bulk length"],
  ["*1\r\n$\r\n\r\n", "invalid bulk length"],
  ["*1\r\n$536870913\r\n", "invalid bulk length"],
  ["*1\r\n$99999999999999999999\r\n", "invalid bulk length"],
  ["*1\r\nx5\r\n", "expected '$', got 'x'"],
  ["*2\r\n$1\r\na\r\n:5\r\n", "expected '$', got ':'"],
  ["*1\r\n\xff\r\n", "expected '$', got '\xff'"],
  ["*1\r\n\r\n", "expected '$', got '\r'"],
  ["PING 'x\r\n", "unbalanced quotes in request"],
  ['PING "x"y\r\n', "unbalanced quotes in request"],
  ["*" + "1".repeat(65537), "too big mbulk count string"],
  ["*1\r\n$" + "1".repeat(65537), "too big bulk count string"],
  ["A".repeat(65537), "too big inline request"],
];

test("every violation has its text, however it arrives", () => {
  for (const [stream, error] of ERRORS) {
    const bytes = latin1Bytes("PING\r\n" + stream);
    const expected = [["PING"], `Protocol error: ${error}`];
    assert.deepEqual(parse([bytes]), expected, stream.slice(0, 30));
    assert.deepEqual(parse(Array.from(bytes, (byte) => Uint8Array.of(byte))), expected);
  }
});

test("what is just within the limits passes", () => {
  assert.deepEqual(parse([latin1Bytes("*-9223372036854775808\r\nPING\r\n")]), [[], ["PING"]]);
  assert.deepEqual(parse([latin1Bytes("*2147483647\r\n$1\r\na\r\n")]), []);
  assert.deepEqual(parse([latin1Bytes("*1\r\n$536870912\r\nab")]), []);
  assert.deepEqual(parse([latin1Bytes("A".repeat(65536)), latin1Bytes("\r\n")]), [[
    "A".repeat(65536),
  ]]);
});

test("before authentication less is allowed", () => {
  const unauthenticated = (parser: RequestParser) => (parser.isUnauthenticated = true);
  const parseStrictly = (text: string) => parse([latin1Bytes(text)], unauthenticated);
  const ten = Array.from({ length: 10 }, () => "a");
  assert.deepEqual(parseStrictly(encoded(ten)), [ten]);
  assert.deepEqual(parseStrictly("*11\r\n"), ["Protocol error: unauthenticated multibulk length"]);
  const long = "a".repeat(16384);
  assert.deepEqual(parseStrictly(encoded([long])), [[long]]);
  assert.deepEqual(parseStrictly("*1\r\n$16385\r\n"), [
    "Protocol error: unauthenticated bulk length",
  ]);
});

test("the limit of a bulk is the one of the moment", () => {
  const limits = { bulkLengthMax: 1024 * 1024 };
  const parser = new RequestParser(new Arguments(), limits, new CommandsAhead());
  const feed = (text: string) => {
    parser.feed(latin1Bytes(text), text.length);
    return parser.next();
  };
  assert.equal(feed("*1\r\n$1048576\r\n"), PARSED_NOTHING);
  const refused = new RequestParser(new Arguments(), limits, new CommandsAhead());
  refused.feed(latin1Bytes("*1\r\n$1048577\r\n"), 15);
  assert.equal(refused.next(), PARSED_ERROR);
});

test("a large value in single bytes costs no more than its bytes", () => {
  const length = 1 << 20;
  const value = randomBytes(seeded(1), length);
  const parser = new RequestParser(new Arguments(), LIMITS, new CommandsAhead());
  const head = latin1Bytes(`*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$${length}\r\n`);
  const one = new Uint8Array(1);
  const held = new Set<number>();
  const feed = (byte: number) => {
    one[0] = byte;
    parser.feed(one, 1);
    const status = parser.next();
    parser.retain();
    held.add(parser.bufferBytes);
    return status;
  };
  for (const byte of head) assert.equal(feed(byte), PARSED_NOTHING);
  for (const byte of value) assert.equal(feed(byte), PARSED_NOTHING);
  assert.equal(feed(13), PARSED_NOTHING);
  assert.ok(held.size < 12, `the buffer grew ${held.size} times`);
  assert.ok(Math.max(...held) < 2.5 * length);
  one[0] = 10;
  parser.feed(one, 1);
  assert.equal(parser.next(), PARSED_COMMAND);
  assert.deepEqual(parser.args.copy(2), value);
  parser.retain();
  parser.shrink(true);
  assert.equal(parser.bufferBytes, 0, "a large buffer is let go");
});

test("a client that only says how much will come gets little memory", () => {
  const parser = new RequestParser(new Arguments(), LIMITS, new CommandsAhead());
  const head = latin1Bytes("*1\r\n$536870912\r\n");
  parser.feed(head, head.length);
  assert.equal(parser.next(), PARSED_NOTHING);
  parser.retain();
  assert.ok(parser.bufferBytes < 2 ** 21, `${parser.bufferBytes} bytes`);
});

test("what follows a large value does not keep its buffer", () => {
  const parser = new RequestParser(new Arguments(), LIMITS, new CommandsAhead());
  const length = 8 << 20;
  const bytes = latin1Bytes(`*1\r\n$${length}\r\n${"x".repeat(length)}\r\n*1\r\n$4\r\nPI`);
  for (let from = 0; from < bytes.length; from += 65536) {
    const piece = bytes.subarray(from, from + 65536);
    parser.feed(piece, piece.length);
    while (parser.next() === PARSED_COMMAND) assert.equal(parser.args.lengthOf(0), length);
    parser.retain();
  }
  assert.ok(parser.bufferBytes <= 65536, `${parser.bufferBytes} bytes`);
  assert.equal(parser.bufferedBytes, 2);
  parser.feed(latin1Bytes("NG\r\n"), 4);
  assert.equal(parser.next(), PARSED_COMMAND);
  assert.deepEqual(argumentsOf(parser), ["PING"]);
  parser.retain();
  assert.equal(parser.bufferedBytes, 0);
  parser.shrink(true);
  assert.equal(parser.bufferBytes, 0);
});

test("a command can be put back, whole or retained", () => {
  const parser = new RequestParser(new Arguments(), LIMITS, new CommandsAhead());
  const bytes = latin1Bytes(encoded(["BLPOP", "k", "0"]) + "GET k\r\n" + encoded(["PING"]));
  parser.feed(bytes, bytes.length);
  assert.equal(parser.next(), PARSED_COMMAND);
  parser.rewind();
  assert.equal(parser.next(), PARSED_COMMAND);
  assert.deepEqual(argumentsOf(parser), ["BLPOP", "k", "0"]);
  parser.rewind();
  parser.retain();
  bytes.fill(0);
  for (let i = 0; i < 2; i++) {
    assert.equal(parser.next(), PARSED_COMMAND);
    assert.deepEqual(argumentsOf(parser), ["BLPOP", "k", "0"]);
    if (i === 0) parser.rewind();
    parser.retain();
  }
  assert.equal(parser.next(), PARSED_COMMAND);
  assert.deepEqual(argumentsOf(parser), ["GET", "k"]);
  parser.rewind();
  assert.equal(parser.next(), PARSED_COMMAND);
  assert.deepEqual(argumentsOf(parser), ["GET", "k"]);
  assert.equal(parser.next(), PARSED_COMMAND);
  assert.deepEqual(argumentsOf(parser), ["PING"]);
  assert.equal(parser.next(), PARSED_NOTHING);
  parser.retain();
  assert.equal(parser.bufferedBytes, 0);
});

test("connections share arguments and do not disturb each other", () => {
  const shared = new Arguments();
  const parsers = [0, 1, 2].map(() => new RequestParser(shared, LIMITS, new CommandsAhead()));
  const streams = parsers.map((_, i) =>
    latin1Bytes(encoded(["SET", `key${i}`, `${i}`.repeat(40)]))
  );
  for (let at = 0; at < streams[0].length; at++) {
    parsers.forEach((parser, i) => {
      parser.feed(streams[i].subarray(at, at + 1), 1);
      const status = parser.next();
      assert.equal(status, at === streams[0].length - 1 ? PARSED_COMMAND : PARSED_NOTHING);
      if (status === PARSED_COMMAND) {
        assert.deepEqual(argumentsOf(parser), ["SET", `key${i}`, `${i}`.repeat(40)]);
      }
      parser.retain();
    });
  }
});

test("a command of very many arguments", () => {
  const args = Array.from({ length: 200_000 }, (_, i) => `${i}`);
  const bytes = latin1Bytes(encoded(args));
  assert.deepEqual(parse([bytes]), [args]);
  const places = Array.from({ length: 40 }, (_, i) => i * 50_001);
  assert.deepEqual(parse(cut(bytes, places)), [args]);
});
