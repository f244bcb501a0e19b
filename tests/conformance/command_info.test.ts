/**
 * What COMMAND tells of every command that we have, compared with what redis-server tells of it.
 * Commands and subcommands that only one side has are left out, and so is prose: summaries,
 * complexities and histories are worded by each project for itself.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { conformance, judgeIsAtLeast, startPair } from "../support/compare.ts";
import { describe, error, itemsOf, type Reply, textOf } from "../support/reply.ts";
import type { RespClient } from "../support/resp_client.ts";
import { skipWithout } from "../support/servers.ts";

const skip = skipWithout("redis-server");

const JUDGE_IS_7_2 = skip === false && judgeIsAtLeast(7, 2);

async function bothClients(): Promise<[RespClient, RespClient]> {
  const { redis, ours } = await startPair();
  const clients = [await redis.client(), await ours.client()] as [RespClient, RespClient];
  for (const client of clients) await client.command("HELLO", "3");
  return clients;
}

/** The commands that both have. */
async function sharedNames(redis: RespClient, ours: RespClient): Promise<string[]> {
  const names = itemsOf(await ours.command("COMMAND", "LIST")).map(textOf).sort();
  const known = new Set(itemsOf(await redis.command("COMMAND", "LIST")).map(textOf));
  return names.filter((name) => known.has(name));
}

function sortedTexts(reply: Reply): string[] {
  return itemsOf(reply).map(describe).sort();
}

/** A COMMAND INFO entry by its fields; subcommands by their names. */
function entryFields(entry: Reply): Record<string, unknown> {
  const [name, arity, flags, first, last, step, acl, tips, specs] = itemsOf(entry);
  return {
    name: textOf(name),
    arity: textOf(arity),
    flags: sortedTexts(flags),
    keys: [first, last, step].map(textOf),
    acl: sortedTexts(acl),
    tips: sortedTexts(tips),
    specs: itemsOf(specs).map((spec) =>
      Object.fromEntries(
        pairs(spec).filter(([field]) => field !== "notes").map(([field, value]) => [
          field,
          field === "flags" ? sortedTexts(value) : describe(value),
        ]),
      )
    ),
  };
}

function pairs(reply: Reply): [string, Reply][] {
  const items = itemsOf(reply);
  const result: [string, Reply][] = [];
  for (let i = 0; i < items.length; i += 2) result.push([textOf(items[i]), items[i + 1]]);
  return result;
}

function subcommands(entry: Reply): Map<string, Reply> {
  const list = itemsOf(entry)[9];
  return new Map(itemsOf(list).map((sub) => [textOf(itemsOf(sub)[0]), sub]));
}

/** The fields of entries that Redis 7.2 has otherwise than 7.0. */
const CHANGED_SINCE: Readonly<Record<string, readonly string[]>> = JUDGE_IS_7_2 ? {} : {
  "acl|deluser": ["tips"],
  "acl|save": ["tips"],
  "acl|setuser": ["tips"],
  blmove: ["flags"],
  blpop: ["flags"],
  brpop: ["flags"],
  brpoplpush: ["flags"],
  bzpopmax: ["flags"],
  bzpopmin: ["flags"],
  "client|setname": ["tips"],
  "command|getkeys": ["arity"],
  "command|getkeysandflags": ["arity"],
  "config|resetstat": ["tips"],
  "config|rewrite": ["tips"],
  "cluster|shards": ["flags"],
  "cluster|slots": ["flags"],
  "latency|reset": ["tips"],
  wait: ["flags", "acl"],
  msetnx: ["tips"],
  randomkey: ["tips"],
  scan: ["tips"],
  zrank: ["arity"],
  zrevrank: ["arity"],
};

test("COMMAND INFO of every command", { skip }, async () => {
  const [redis, ours] = await bothClients();
  const names = await sharedNames(redis, ours);
  assert.ok(names.length > 0);
  const differences: string[] = [];
  const judge = itemsOf(await redis.command("COMMAND", "INFO", ...names));
  const accused = itemsOf(await ours.command("COMMAND", "INFO", ...names));
  const compare = (expected: Reply, actual: Reply) => {
    const a = entryFields(expected);
    const b = entryFields(actual);
    for (const field of Object.keys(a)) {
      if (CHANGED_SINCE[a.name as string]?.includes(field)) continue;
      const [x, y] = [JSON.stringify(a[field]), JSON.stringify(b[field])];
      if (x !== y) {
        differences.push(`${a.name} ${field}:\n  redis-server ${x}\n  pagurus      ${y}`);
      }
    }
    const theirs = subcommands(expected);
    for (const [name, sub] of subcommands(actual)) {
      if (theirs.has(name)) compare(theirs.get(name)!, sub);
    }
  };
  judge.forEach((entry, i) => compare(entry, accused[i]));
  redis.close();
  ours.close();
  assert.equal(differences.join("\n"), "");
});

/** A COMMAND DOCS entry without its prose, and only with what both sides have. */
function docsOf(entry: Reply, shared: ReadonlySet<string>): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [field, value] of pairs(entry)) {
    if (/^(summary|complexity|history)$/.test(field)) continue;
    // Redis 7.2 declared more commands deprecated than 7.0.
    if (!JUDGE_IS_7_2 && /^(doc_flags|deprecated_since|replaced_by)$/.test(field)) continue;
    if (field === "subcommands") {
      fields[field] = Object.fromEntries(
        pairs(value).filter(([name]) => shared.has(name)).sort(([a], [b]) => a < b ? -1 : 1)
          .map(([name, sub]) => [name, docsOf(sub, shared)]),
      );
    } else if (field === "arguments") {
      // It also renamed and regrouped many arguments: an older judge cannot say what is right.
      if (JUDGE_IS_7_2) fields[field] = itemsOf(value).map(argumentOf);
    } else fields[field] = describe(value);
  }
  return fields;
}

function argumentOf(argument: Reply): Record<string, unknown> {
  return Object.fromEntries(
    pairs(argument)
      // Redis 7.0 has no display text for every argument, 7.2 has.
      .filter(([field]) => field !== "display_text" && field !== "summary")
      .map(([field, value]) => [
        field,
        field === "arguments" ? itemsOf(value).map(argumentOf) : describe(value),
      ]),
  );
}

function subcommandNames(docs: Reply): string[] {
  return pairs(docs).flatMap(([name, entry]) => {
    const subs = pairs(entry).find(([field]) => field === "subcommands");
    return subs ? [name, ...pairs(subs[1]).map(([sub]) => sub)] : [name];
  });
}

test("COMMAND DOCS of every command", { skip }, async () => {
  const [redis, ours] = await bothClients();
  const names = await sharedNames(redis, ours);
  const differences: string[] = [];
  for (const name of names) {
    const expected = await redis.command("COMMAND", "DOCS", name);
    const actual = await ours.command("COMMAND", "DOCS", name);
    const theirs = new Set(subcommandNames(expected));
    const shared = new Set(subcommandNames(actual).filter((sub) => theirs.has(sub)));
    const [a, b] = [expected, actual].map((docs) => {
      const entry = pairs(docs)[0]?.[1];
      // CLIENT PAUSE came with 3.0.0, says Redis 7.2; 7.0 named the release candidate.
      return entry ? JSON.stringify(docsOf(entry, shared)).replace("2.9.50", "3.0.0") : "nothing";
    });
    if (a !== b) differences.push(`${name}:\n  redis-server ${a}\n  pagurus      ${b}`);
  }
  redis.close();
  ours.close();
  assert.equal(differences.join("\n"), "");
});

test("COMMAND LIST FILTERBY ACLCAT and PATTERN", { skip }, async () => {
  const [redis, ours] = await bothClients();
  const shared = new Set(await sharedNames(redis, ours));
  const categories = [
    ...["keyspace", "read", "write", "string", "bitmap", "connection", "admin", "dangerous"],
    ...["fast", "slow", "blocking", "transaction", "scripting", "nosuch", "hash"],
  ];
  const filters = [
    ...categories.map((category) => ["ACLCAT", category]),
    ...["*", "get*", "GET*", "*|*", "client*", "config|get", "[sS]et", "nothing"].map((pattern) => [
      "PATTERN",
      pattern,
    ]),
    ["MODULE", "nosuch"],
  ];
  for (const filter of filters) {
    const [a, b] = await Promise.all([redis, ours].map(async (client) => {
      const reply = await client.command("COMMAND", "LIST", "FILTERBY", ...filter);
      // A container's subcommands are listed beside it; the ones of one side only do not count.
      // Redis 7.2 made WAIT a blocking command.
      return itemsOf(reply).map(textOf)
        .filter((name) => shared.has(name) && (JUDGE_IS_7_2 || name !== "wait")).sort();
    }));
    assert.deepEqual(b, a, `FILTERBY ${filter.join(" ")}`);
  }
  redis.close();
  ours.close();
});

conformance("COMMAND GETKEYS and GETKEYSANDFLAGS", (c) => {
  const commands = [
    ...[
      "GET k",
      "SET k v",
      "SET k v EX 10 GET",
      "SET k v NX GET",
      "MSET a 1 b 2 c 3",
      "MGET a b c",
    ],
    ...["MSETNX a 1 b 2", "DEL a b c", "UNLINK a b", "EXISTS a b", "TOUCH a b", "RENAME a b"],
    ...["RENAMENX a b", "COPY a b", "COPY a b DB 1 REPLACE", "MOVE a 1", "BITOP AND to a b"],
    ...["BITOP NOT to a", "LCS a b LEN", "GETEX k EX 1", "GETDEL k", "GETSET k v", "APPEND k v"],
    ...["INCR k", "INCRBY k 1", "INCRBYFLOAT k 1", "STRLEN k", "SETRANGE k 0 v", "GETRANGE k 0 1"],
    ...["SUBSTR k 0 1", "SETBIT k 0 1", "GETBIT k 0", "BITCOUNT k", "BITPOS k 1"],
    ...["BITFIELD k GET u8 0", "BITFIELD k SET u8 0 1", "BITFIELD k INCRBY u8 0 1", "BITFIELD k"],
    ...["BITFIELD_RO k GET u8 0", "EXPIRE k 1", "PEXPIREAT k 1 NX", "TTL k", "PERSIST k", "DUMP k"],
    ...["RESTORE k 0 v", "OBJECT ENCODING k", "OBJECT FREQ k", "MEMORY USAGE k", "TYPE k"],
    ...["SETEX k 1 v", "PSETEX k 1 v", "SETNX k v", "DECR k", "DECRBY k 1"],
    ...[
      "SELECT 1",
      "CONFIG GET a",
      "KEYS *",
      "SCAN 0",
      "NOSUCH a",
    ],
    ...["MSET a", "MSET a 1 b", "OBJECT HELP", "CLIENT ID", "get K", "SwapDB 0 1"],
  ];
  for (const command of commands) {
    c.do("COMMAND", "GETKEYS", ...command.split(" "));
    c.do("COMMAND", "GETKEYSANDFLAGS", ...command.split(" "));
  }
  for (
    const command of [
      ...["SORT k1 STORE k2", "SORT k1 BY w_* GET # store x STORE k2", "SORT k1", "SORT_RO k1"],
      ...["GEORADIUS a 1 2 3 m STORE b", "GEORADIUS a 1 2 3 m", "GEORADIUSBYMEMBER a b 1 m"],
      ...["GEORADIUSBYMEMBER a b 1 m STOREDIST c", "GEORADIUS_RO a 1 2 3 m"],
    ]
  ) {
    c.do("COMMAND", "GETKEYS", ...command.split(" "));
    c.do("COMMAND", "GETKEYSANDFLAGS", ...command.split(" "));
  }
  for (const name of ["GETKEYS", "GETKEYSANDFLAGS"]) {
    // Redis 7.0 wanted an argument after the command's name, 7.2 does not.
    c.doExpect(error("ERR The command has no key arguments"), "COMMAND", name, "PING");
    c.doExpect(
      error("ERR Invalid number of arguments specified for command"),
      "COMMAND",
      name,
      "GET",
    );
    c.doExpect(error("ERR Invalid command specified"), "COMMAND", name, "NOSUCH");
  }
  c.do("COMMAND", "GETKEYS");
  c.do("COMMAND", "GETKEYSANDFLAGS");
});

conformance("COMMAND: errors and what is unknown", (c) => {
  c.doLoose("COMMAND");
  c.doLoose("COMMAND", "COUNT");
  c.do("COMMAND", "COUNT", "x");
  c.do("COMMAND", "INFO", "nosuch");
  c.do("COMMAND", "INFO", "nosuch", "neither");
  c.do("COMMAND", "INFO", "nosuch|sub");
  c.do("COMMAND", "INFO", "get|sub");
  c.do("COMMAND", "DOCS", "nosuch");
  c.do("COMMAND", "LIST", "x");
  c.do("COMMAND", "LIST", "FILTERBY");
  c.do("COMMAND", "LIST", "FILTERBY", "ACLCAT");
  c.do("COMMAND", "LIST", "FILTERBY", "NOSUCH", "x");
  c.do("COMMAND", "LIST", "FILTERBY", "ACLCAT", "read", "x");
  c.do("COMMAND", "NOSUCH");
});
