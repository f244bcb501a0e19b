/**
 * redis-cli before a person: prompts, hints, help, transactions, messages, MONITOR, --stat. What the
 * terminal shows is compared with what it shows with redis-server.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  findProgram,
  skipWithout,
  startPagurus,
  startRedis,
  stopServers,
  type TestServer,
} from "../support/servers.ts";
import { skipWithoutTerminal, Terminal } from "../support/terminal.ts";

after(stopServers);

const both = {
  skip: skipWithoutTerminal || skipWithout("redis-cli") || skipWithout("redis-server"),
};
const alone = { skip: skipWithoutTerminal || skipWithout("redis-cli") };

/** What redis-cli asks with, at the beginning of a line, and nothing typed after it. */
const PROMPT = /(^|\n)(127\.0\.0\.1:\d+|not connected)(\[\d+\])?(\(TX\))?(\(subscribed mode\))?> $/;
const ENTER = "\r";
const CONTROL_C = "\x03";
const CONTROL_D = "\x04";

function openCli(server: TestServer, ...args: string[]): Terminal {
  const program = findProgram("redis-cli")!;
  return new Terminal([program, "-h", "127.0.0.1", "-p", String(server.port), ...args], {
    REDISCLI_HISTFILE: "/dev/null",
  });
}

/** Types lines, each at a prompt; gives each with what was shown from there to the next prompt. */
async function typed(
  server: TestServer,
  lines: readonly string[],
  args: readonly string[] = [],
): Promise<string[]> {
  const terminal = openCli(server, ...args);
  const shown: string[] = [];
  try {
    await terminal.until(PROMPT);
    for (const line of lines) {
      terminal.press(line + ENTER);
      const text = await terminal.until(PROMPT);
      // Before the first line feed is the line again, drawn anew at each key.
      const reply = text.slice(text.indexOf("\r\n") + 2);
      shown.push(`${line}\n${
        reply.replaceAll(`:${server.port}`, ":PORT")
          // What HELLO may tell each of them.
          .replace(/"version" => ".*"/, '"version"')
          .replace(/"id" => \(integer\) \d+/, '"id"')
      }`);
    }
    terminal.press(CONTROL_D);
    await terminal.ended;
    return shown;
  } finally {
    await terminal.close();
  }
}

/** The same before both servers. */
async function compareTyped(lines: readonly string[], args: readonly string[] = []): Promise<void> {
  const redis = await startRedis();
  const pagurus = await startPagurus();
  try {
    const expected = await typed(redis, lines, args);
    assert.deepEqual(await typed(pagurus, lines, args), expected);
  } finally {
    await redis.stop();
    await pagurus.stop();
  }
}

/** Every kind of value that redis-cli has a way of showing. */
const VALUES = [
  "set k v",
  "get k",
  "get none",
  "incr k",
  "rpush list a b c",
  "lrange list 0 -1",
  "lrange none 0 -1",
  "hset hash f 1 g 2",
  "hgetall hash",
  "zadd zset 1 a 2.5 b",
  "zrange zset 0 -1 withscores",
  "zscore zset b",
  "xadd stream 1-1 f v",
  "xrange stream - +",
  "xinfo stream stream",
  "sadd set only",
  "smembers set",
  'set bytes "\\x00\\xff\\n"',
  "get bytes",
  "3 incr count",
  "nosuch command",
  "set one",
  "select 3",
  "select 99",
  "dbsize",
  "config get databases",
  "acl whoami",
];

test("redis-cli: replies at the prompt, RESP2", both, () => compareTyped(VALUES));
test("redis-cli: replies at the prompt, RESP3", both, () => compareTyped(VALUES, ["-3"]));
test("redis-cli: HELLO 3 at the prompt", both, async () => {
  await compareTyped([
    "hset h f v",
    "hgetall h",
    "hello 2 setname",
    "hello 3 setname me",
    "hgetall h",
    "reset",
  ]);
});

test("redis-cli: the prompt of a transaction", both, async () => {
  await compareTyped([
    ...["multi", "set a 1", "incr a", "exec"],
    ...["multi", "nosuch", "set a 2", "exec"],
    ...["multi", "incr list", "discard", "exec"],
    ...["watch a", "multi", "get a", "exec", "unwatch"],
    ...["multi", "select 4", "exec", "set in4 v", "dbsize"],
    ...["multi", "multi", "watch a", "reset", "get a"],
  ]);
});

test("redis-cli: help and hints of commands by name", alone, async () => {
  const server = await startPagurus();
  const terminal = openCli(server);
  try {
    await terminal.until(PROMPT);
    terminal.press("help set" + ENTER);
    const help = await terminal.until(PROMPT);
    assert.match(help, /SET.*key value/);
    assert.match(help, /summary:.*\S/);
    assert.match(help, /since:.* 1\.0\.0/);
    assert.match(help, /group:.* string/);
    // A hint stands behind what is typed; the cursor goes back.
    terminal.press("getrange ");
    await terminal.until(/getrange .*key start end/);
    terminal.press(CONTROL_C);
    await terminal.ended;
  } finally {
    await terminal.close();
    await server.stop();
  }
});

for (const protocol of [[], ["-3"]]) {
  test(`redis-cli ${protocol.join("")}: messages, MONITOR`, alone, async () => {
    const server = await startPagurus();
    const other = await server.client();
    const subscriber = openCli(server, ...protocol);
    const monitor = openCli(server, ...protocol);
    try {
      await subscriber.until(PROMPT);
      subscriber.press("subscribe news music" + ENTER);
      await subscriber.until(/"music"[^]*\(integer\) 2/);
      await other.command("PUBLISH", "news", "one");
      await subscriber.until(/"message"[^]*"news"[^]*"one"/);

      await monitor.until(PROMPT);
      monitor.press("monitor" + ENTER);
      await monitor.until(/OK/);
      await other.command("SET", "k", 'a\n"b"');
      await monitor.until(/\d+\.\d{6} \[0 127\.0\.0\.1:\d+\] "SET" "k" "a\\n\\"b\\""/);
      await other.command("SELECT", "3");
      await other.command("get", "none");
      await monitor.until(/\[3 127\.0\.0\.1:\d+\] "get" "none"/);
    } finally {
      await subscriber.close();
      await monitor.close();
      await server.stop();
    }
  });
}

test("redis-cli --stat, --latency", alone, async () => {
  const server = await startPagurus();
  const client = await server.client();
  await client.command("MSET", "a", "1", "b", "2", "c", "3");
  const stat = openCli(server, "--stat", "-i", "0.02");
  const latency = openCli(server, "--latency", "-i", "0.02");
  const history = openCli(server, "--latency-history", "-i", "0.05");
  try {
    // Keys, memory, clients, blocked, requests, connections; twice, for the first has no difference.
    const row = /\n3\s+\d+\.\d+[BKMG]\s+\d+\s+0\s+\d+ \(\+\d+\)\s+\d+/;
    await stat.until(row);
    await stat.until(row);
    await latency.until(/min: \d+, max: \d+, avg: [\d.]+ \(\d+ samples\)/);
    await history.until(/avg: [\d.]+ \(\d+ samples\) -- [\d.]+ seconds range/);
  } finally {
    await stat.close();
    await latency.close();
    await history.close();
    await server.stop();
  }
});
