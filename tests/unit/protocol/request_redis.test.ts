import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { connect } from "node:net";
import { latin1, latin1Bytes } from "../../../src/base/ascii.ts";
import { Arguments } from "../../../src/protocol/arguments.ts";
import { CommandsAhead } from "../../../src/protocol/commands_ahead.ts";
import { splitInline } from "../../../src/protocol/inline_command.ts";
import {
  PARSED_ERROR,
  PARSED_NOTHING,
  RequestParser,
} from "../../../src/protocol/request_parser.ts";
import { skipWithout, startRedis, stopServers, type TestServer } from "../../support/servers.ts";
import { seeded } from "../heap/seeded.ts";

/** The same streams to a real redis-server and to the parser. */

const skip = skipWithout("redis-server");
let server: TestServer;
before(async () => {
  if (!skip) server = await startRedis();
});
after(stopServers);

/** What the server answers to a stream until it closes, or until the last PING is answered. */
function answer(stream: string, end = "+END\r\n"): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: server.port, host: "127.0.0.1", noDelay: true });
    let text = "";
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no end of the answer to ${JSON.stringify(stream.slice(0, 80))}: ${text}`));
    }, 10_000);
    const finish = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(text);
    };
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (text.endsWith(end)) finish();
    });
    socket.on("error", () => {});
    socket.on("close", finish);
    socket.write(latin1Bytes(stream));
  });
}

/** The error that the parser finds in a stream, as a reply; empty where there is none. */
function parserError(stream: string, isUnauthenticated = false): string {
  const parser = new RequestParser(
    new Arguments(),
    { bulkLengthMax: 512 * 2 ** 20 },
    new CommandsAhead(),
  );
  parser.isUnauthenticated = isUnauthenticated;
  const bytes = latin1Bytes(stream);
  parser.feed(bytes, bytes.length);
  for (;;) {
    const status = parser.next();
    if (status === PARSED_NOTHING) return "";
    // As the reply writer has it.
    if (status === PARSED_ERROR) return `-ERR ${parser.error.replace(/[\r\n]/g, " ")}\r\n`;
  }
}

const VIOLATIONS = [
  "*x\r\n",
  "*\r\n",
  "*01\r\n",
  "*+1\r\n",
  "*-0\r\n",
  "*2147483648\r\n",
  "*-9223372036854775809\r\n",
  "*1 \r\n",
  "*1\r\n$x\r\n",
  "*1\r\n$-1\r\n",
  "*1\r\n$05\r\nhello\r\n",
  "*1\r\n$00\r\n",
  "*1\r\n$\r\n",
  "*1\r\n$536870913\r\n",
  "*1\r\n$9223372036854775808\r\n",
  "*1\r\nx5\r\n",
  "*1\r\n\xff\r\n",
  "*1\r\n\r\n",
  "*1\r\n\n\r\n",
  "*1\r\n%\r\n",
  'PING "x\r\n',
  "PING 'x\r\n",
  'PING "x"y\r\n',
  "*" + "1".repeat(65537),
  "*1\r\n$" + "1".repeat(65537),
  "A".repeat(65537),
];

test("violations are answered with the same texts", { skip }, async () => {
  for (const stream of VIOLATIONS) {
    assert.equal(parserError(stream), await answer(stream), JSON.stringify(stream.slice(0, 40)));
    assert.notEqual(parserError(stream), "");
  }
});

test("what looks odd and is allowed", { skip }, async () => {
  const streams = [
    "*0\r\n",
    "*-1\r\n",
    "*-9223372036854775808\r\n",
    "\r\n",
    "\n",
    " \t\r\n",
    "*1\r\n$4\r\nPINGxx",
  ];
  for (const stream of streams) {
    const reply = await answer(`${stream}PING END\r\n`, "END\r\n");
    assert.ok(!reply.startsWith("-"), JSON.stringify(stream));
    assert.equal(parserError(`${stream}PING END\r\n`), "");
  }
});

test("before authentication the same limits hold", { skip }, async () => {
  const strict = await startRedis({ args: ["--requirepass", "secret"] });
  const open = server;
  server = strict;
  try {
    for (const stream of ["*11\r\n", "*1\r\n$16385\r\n"]) {
      assert.equal(parserError(stream, true), await answer(stream));
    }
  } finally {
    server = open;
  }
});

test("inline words are taken apart as the server does", { skip }, async () => {
  const prng = seeded(77);
  const letters = [
    "a",
    "B",
    " ",
    "\t",
    '"',
    "'",
    "\\",
    "x",
    "4",
    "f",
    "n",
    "\\n",
    "\\x",
    '\\"',
    "\\'",
    "\v",
    "\f",
    "\r",
    "\xff",
    "\x01",
  ];
  const lines = [
    "''",
    '""',
    "a'b c'",
    '"\\x41\\x4g\\x"',
    '"\\a\\b\\t\\r\\n\\q\\\\"',
    "'\\n\\''",
    "\"a\" 'b'",
    "a\"b\"'c'",
    "a\\ b",
    '"a\\',
    '"\\x4"',
    "'a'b",
  ];
  for (let i = 0; i < 600; i++) {
    let line = "";
    for (let k = prng.below(10); k >= 0; k--) line += letters[prng.below(letters.length)];
    lines.push(line);
  }
  for (const line of lines) {
    const command = `EVAL "return ARGV" 0 ${line}`;
    const args = new Arguments();
    // A \r before the line's end belongs to it.
    const bytes = latin1Bytes(command.endsWith("\r") ? command.slice(0, -1) : command);
    const isBalanced = splitInline(bytes, 0, bytes.length, args);
    const words = Array.from({ length: args.count }, (_, i) => latin1(args.copy(i))).slice(3);
    const expected = isBalanced
      ? `*${words.length}\r\n` + words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")
      : "-ERR Protocol error: unbalanced quotes in request\r\n";
    const reply = await answer(`${command}\nPING END\r\n`, "$3\r\nEND\r\n");
    assert.equal(reply.replace(/\$3\r\nEND\r\n$/, ""), expected, JSON.stringify(line));
  }
});
