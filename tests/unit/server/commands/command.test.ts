import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  ArgumentSpecification,
  CommandDefinition,
  KeySpecification,
} from "../../../../src/command/definition.ts";
import { keyRange } from "../../../../src/command/definition.ts";
import type { Command } from "../../../../src/server/registry.ts";
import { keysOf, legacyRange } from "../../../../src/server/commands/command_keys.ts";
import { bulk, startConnections } from "./connections.ts";

function definitionWith(
  keys: readonly KeySpecification[],
  more: Partial<CommandDefinition> = {},
): CommandDefinition {
  return {
    name: "test",
    summary: "",
    since: "1.0.0",
    group: "generic",
    arity: -1,
    flags: [],
    keys,
    ...more,
  };
}

const KEY_NUMBER: KeySpecification = {
  flags: "RO access",
  begin: { index: 2 },
  find: { keyNumberIndex: 0, firstKey: 1, step: 1 },
};

test("one range of keys out of several specifications", () => {
  const range = (...keys: KeySpecification[]) => {
    const { first, last, step, isIncomplete } = legacyRange(definitionWith(keys));
    return [first, last, step, isIncomplete];
  };
  assert.deepEqual(range(), [0, 0, 0, false]);
  assert.deepEqual(range(keyRange(1, -1, 2, "OW")), [1, -1, 2, false]);
  assert.deepEqual(range(keyRange(1, 1, 1, "RO incomplete")), [1, 1, 1, true]);
  // RENAME: two that follow each other. BITOP: the second to the end.
  assert.deepEqual(range(keyRange(1, 1, 1, "RW"), keyRange(2, 2, 1, "OW")), [1, 2, 1, false]);
  assert.deepEqual(range(keyRange(2, 2, 1, "OW"), keyRange(3, -1, 1, "RO")), [2, -1, 1, false]);
  // A gap, a step and a count among the arguments are more than one range can say.
  assert.deepEqual(range(keyRange(1, 1, 1, "RW"), keyRange(3, 3, 1, "OW")), [1, 1, 1, true]);
  assert.deepEqual(range(keyRange(1, 1, 1, "RW"), keyRange(2, -1, 2, "OW")), [1, 1, 1, true]);
  assert.deepEqual(range(KEY_NUMBER), [0, 0, 0, true]);
  assert.deepEqual(range(keyRange(1, 1, 1, "OW"), KEY_NUMBER), [1, 1, 1, true]);
  assert.deepEqual(
    range({ flags: "RO", begin: { keyword: "STREAMS", startFrom: 1 }, find: "unknown" }),
    [0, 0, 0, true],
  );
});

test("keys by every kind of specification", async () => {
  const { call } = (await startConnections()).engine;
  const keys = (definition: CommandDefinition, words: string) => {
    const { args } = call;
    args.count = 0;
    const all = `COMMAND GETKEYS ${words}`;
    args.bytes = Buffer.from(all);
    let at = 0;
    for (const word of all.split(" ")) {
      args.push(at, at + word.length);
      at += word.length + 1;
    }
    const found = keysOf(definition, call, 2);
    assert.equal(call.args, args);
    return found?.map(({ index, flags }) => `${index}:${flags}`);
  };
  const numbered = definitionWith([KEY_NUMBER]);
  assert.deepEqual(keys(numbered, "test x 2 a b c"), ["3:RO access", "4:RO access"]);
  assert.equal(keys(numbered, "test x 4 a b c"), undefined);
  assert.equal(keys(numbered, "test x 0 a"), undefined);
  assert.equal(keys(numbered, "test x -1 a"), undefined);
  assert.equal(keys(numbered, "test x y a"), undefined);
  assert.equal(keys(numbered, "test x"), undefined);

  const stream = { lastKey: -1, step: 1, limit: 2 };
  const forward = definitionWith([
    { flags: "RO", begin: { keyword: "STREAMS", startFrom: 1 }, find: stream },
  ]);
  assert.deepEqual(keys(forward, "test streams a b 0 0"), ["2:RO", "3:RO"]);
  assert.deepEqual(keys(forward, "test COUNT 1 STREAMS a 0"), ["4:RO"]);
  assert.deepEqual(keys(forward, "test a b"), []);
  assert.deepEqual(keys(forward, "test a streams"), []);
  const backward = definitionWith([{
    flags: "RW",
    begin: { keyword: "KEYS", startFrom: -2 },
    find: { lastKey: -1, step: 1, limit: 0 },
  }]);
  assert.deepEqual(keys(backward, "test a KEYS b c KEYS d"), ["6:RW"]);
  assert.deepEqual(keys(backward, "test a KEYS b c d"), ["3:RW", "4:RW", "5:RW"]);

  const channel = definitionWith([keyRange(1, 1, 1, "not_key"), keyRange(2, 2, 1, "RO")]);
  assert.deepEqual(keys(channel, "test a b"), ["2:RO"]);
  const own = definitionWith([keyRange(1, 1, 1, "RO access incomplete")], {
    getKeys(inner, positions) {
      if (inner.count < 3) return "too few";
      assert.ok(inner.is(0, "test"));
      positions.push(inner.count - 1, 1);
      return undefined;
    },
  });
  assert.deepEqual(keys(own, "test a b c"), ["3:RO access", "1:RO access"]);
  assert.equal(keys(own, "test a"), undefined);
  const none = definitionWith([keyRange(1, 1, 1, "RO incomplete")]);
  assert.equal(keys(none, "test a"), undefined);
});

test("COMMAND GETKEYS and GETKEYSANDFLAGS", async () => {
  const client = (await startConnections()).connect();
  const flags = (line: string) => client.line(`COMMAND GETKEYSANDFLAGS ${line}`);
  assert.equal(client.line("COMMAND GETKEYS mset a 1 b 2"), `*2\r\n${bulk("a")}${bulk("b")}`);
  const set = (...words: string[]) =>
    `*1\r\n*2\r\n${bulk("k")}*${words.length}\r\n${words.map((word) => `+${word}\r\n`).join("")}`;
  assert.equal(flags("SET k v"), set("OW", "update"));
  assert.equal(flags("SET k get"), set("OW", "update"));
  assert.equal(flags("SET k v EX 1 Get"), set("RW", "access", "update"));
  assert.equal(flags("BITFIELD k GET u8 0 OVERFLOW SAT GET u8 1"), set("RO", "access"));
  assert.equal(flags("BITFIELD k GET u8 0 INCRBY u8 0 1"), set("RW", "access", "update"));
  assert.equal(flags("BITFIELD k GET u8"), set("RW", "access", "update"));
  client.line("HELLO 3");
  assert.match(flags("GET k"), /^\*1\r\n\*2\r\n\$1\r\nk\r\n~2\r\n\+RO\r\n\+access\r\n$/);
  const refusals: [string, string][] = [
    ["NOSUCH a", "Invalid command specified"],
    ["CLIENT NOSUCH", "Invalid command specified"],
    ["CLIENT ID", "The command has no key arguments"],
    ["PING", "The command has no key arguments"],
    ["GET", "Invalid number of arguments specified for command"],
    ["GET a b", "Invalid number of arguments specified for command"],
    ["MSET a", "Invalid number of arguments specified for command"],
  ];
  for (const [line, error] of refusals) {
    assert.equal(client.line(`COMMAND GETKEYS ${line}`), `-ERR ${error}\r\n`);
  }
});

test("COMMAND INFO in both protocols", async () => {
  const client = (await startConnections()).connect();
  const get = (set: string, map: (count: number) => string) =>
    `*10\r\n${bulk("get")}:2\r\n${set}2\r\n+readonly\r\n+fast\r\n:1\r\n:1\r\n:1\r\n` +
    `${set}3\r\n+@read\r\n+@string\r\n+@fast\r\n${set}0\r\n${set}1\r\n` +
    map(3) + bulk("flags") + `${set}2\r\n+RO\r\n+access\r\n` +
    bulk("begin_search") + map(2) + bulk("type") + bulk("index") + bulk("spec") +
    map(1) + bulk("index") + ":1\r\n" +
    bulk("find_keys") + map(2) + bulk("type") + bulk("range") + bulk("spec") +
    map(3) + bulk("lastkey") + ":0\r\n" + bulk("keystep") + ":1\r\n" + bulk("limit") + ":0\r\n" +
    `${set}0\r\n`;
  const two = client.line("COMMAND INFO nosuch GET get|x x|y");
  assert.equal(two, `*4\r\n$-1\r\n${get("*", (count) => `*${count * 2}\r\n`)}$-1\r\n$-1\r\n`);
  client.line("HELLO 3");
  const three = client.line("COMMAND INFO nosuch GET");
  assert.equal(three, `*2\r\n_\r\n${get("~", (count) => `%${count}\r\n`)}`);
  assert.match(
    client.line("COMMAND INFO Client|ID"),
    /^\*1\r\n\*10\r\n\$9\r\nclient\|id\r\n:2\r\n/,
  );
});

test("COMMAND, COMMAND INFO, COUNT and LIST count alike", async () => {
  const server = await startConnections();
  const client = server.connect();
  const count = server.engine.commands.commands.length;
  assert.equal(client.line("COMMAND COUNT"), `:${count}\r\n`);
  for (const line of ["COMMAND", "COMMAND INFO"]) {
    assert.ok(client.line(line).startsWith(`*${count}\r\n*10\r\n`));
  }
  assert.ok(client.line("COMMAND DOCS").startsWith(`*${count * 2}\r\n`));
  const names = client.line("COMMAND LIST").split("\r\n").filter((line) => /^[a-z]/.test(line));
  assert.equal(names.filter((name) => !name.includes("|")).length, count);
  assert.ok(names.includes("client|no-evict"));
});

test("COMMAND LIST FILTERBY", async () => {
  const client = (await startConnections()).connect();
  const names = (filter: string) =>
    client.line(`COMMAND LIST FILTERBY ${filter}`).split("\r\n").filter((line) =>
      /^[a-z]/.test(line)
    );
  assert.deepEqual(names("PATTERN Client|*NAME"), ["client|getname", "client|setname"]);
  assert.deepEqual(names("pattern nothing"), []);
  assert.deepEqual(names("MODULE any"), []);
  assert.deepEqual(names("ACLCAT nosuch"), []);
  const connection = names("AclCat CONNECTION");
  assert.ok(connection.includes("ping") && connection.includes("client|kill"));
  assert.ok(!connection.includes("client") && !connection.includes("get"));
  for (
    const line of ["x", "FILTERBY", "FILTERBY PATTERN", "FILTERBY x y", "FILTERBY PATTERN a b"]
  ) {
    assert.equal(client.line(`COMMAND LIST ${line}`), "-ERR syntax error\r\n");
  }
});

test("COMMAND DOCS leaves out what there is not", async () => {
  const client = (await startConnections()).connect();
  assert.equal(client.line("COMMAND DOCS nosuch"), "*0\r\n");
  const quit = client.line("COMMAND DOCS nosuch QUIT");
  assert.ok(quit.startsWith(`*2\r\n${bulk("quit")}*14\r\n${bulk("summary")}`));
  assert.ok(quit.includes(`${bulk("doc_flags")}*1\r\n+deprecated\r\n${bulk("deprecated_since")}`));
  client.line("HELLO 3");
  const auth = client.line("COMMAND DOCS auth");
  assert.ok(auth.startsWith(`%1\r\n${bulk("auth")}%6\r\n`));
  assert.ok(auth.includes(`${bulk("history")}~1\r\n*2\r\n${bulk("6.0.0")}`));
  assert.ok(auth.endsWith(
    `${bulk("arguments")}*2\r\n` +
      `%5\r\n${bulk("name")}${bulk("username")}${bulk("type")}${bulk("string")}` +
      `${bulk("display_text")}${bulk("username")}${bulk("since")}${bulk("6.0.0")}` +
      `${bulk("flags")}~1\r\n+optional\r\n` +
      `%3\r\n${bulk("name")}${bulk("password")}${bulk("type")}${bulk("string")}` +
      `${bulk("display_text")}${bulk("password")}`,
  ));
  assert.match(client.line("COMMAND DOCS client|id"), /^%1\r\n\$9\r\nclient\|id\r\n%4\r\n/);
});

test("every definition hangs together", async () => {
  const { commands } = (await startConnections()).engine;
  const visit = (command: Command) => {
    const { definition, fullName } = command;
    assert.match(definition.name, /^[a-z_-]+$/, fullName);
    assert.match(definition.summary, /^\S.*\.$/, fullName);
    assert.match(definition.since, /^\d+\.\d+\.\d+$/, fullName);
    assert.notEqual(definition.arity, 0, fullName);
    assert.ok(definition.run !== undefined || definition.subcommands !== undefined, fullName);
    if (command.parent !== null) assert.ok(Math.abs(definition.arity) >= 2, fullName);
    checkArguments(fullName, definition.arguments ?? [], definition.keys?.length ?? 0);
    for (const each of command.subcommands?.commands ?? []) visit(each);
  };
  for (const command of commands.commands) visit(command);
});

function checkArguments(
  name: string,
  specs: readonly ArgumentSpecification[],
  keyCount: number,
): void {
  for (const spec of specs) {
    const where = `${name}: ${spec.name}`;
    const isGroup = spec.type === "oneof" || spec.type === "block";
    assert.equal(spec.arguments !== undefined, isGroup, where);
    // The patterns of SORT name keys too.
    if (spec.type !== "pattern") {
      assert.equal(spec.type === "key", spec.keySpec !== undefined, where);
    }
    if (spec.type === "pure-token") assert.ok(spec.token !== undefined, where);
    if (spec.keySpec !== undefined) assert.ok(spec.keySpec < keyCount, where);
    checkArguments(name, spec.arguments ?? [], keyCount);
  }
}
