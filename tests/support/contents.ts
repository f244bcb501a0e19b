/**
 * Everything that a server holds, read with commands, in a form that compares: all values of all
 * types with their expiry times, and of streams what no digest covers, their groups.
 *
 * Versions write the scores of sorted sets differently, in digests too, and know more and more about
 * consumers: scores are compared as numbers, and of consumers what Redis 7.0 knows.
 */
import assert from "node:assert/strict";
import { bytesOf, describe, itemsOf, type Reply, textOf } from "./reply.ts";
import type { RespClient } from "./resp_client.ts";
import { oracle } from "./sides.ts";

/** Everything that a server holds. */
export interface Contents {
  /** DEBUG DIGEST. */
  readonly digest: string;
  /** Type, expiry time and value by database and key; bytes as characters. */
  readonly keys: ReadonlyMap<string, string>;
}

/** What to look at besides. */
export interface ContentsOptions {
  /** When consumers were seen last, which append-only files do not say. */
  readonly withSeenTimes?: boolean;
  /** What OBJECT ENCODING says. */
  readonly withEncodings?: boolean;
}

/** Reads every key of every database. */
export async function contentsOf(
  client: RespClient,
  options: ContentsOptions = {},
): Promise<Contents> {
  const keys = new Map<string, string>();
  const info = textOf(await client.command("INFO", "keyspace"));
  for (const [, database] of info.matchAll(/^db(\d+):/gm)) {
    await client.command("SELECT", database);
    const names = itemsOf(await client.command("KEYS", "*")).map((name) => bytesOf(name)!);
    const replies = await client.pipeline(
      names.flatMap((name) => [
        ["TYPE", name],
        ["PEXPIRETIME", name],
        ["OBJECT", "ENCODING", name],
      ]),
    );
    for (const [i, name] of names.entries()) {
      const [type, expiry, encoding] = replies.slice(3 * i, 3 * i + 3).map(textOf);
      const value = await valueOf(client, type, name, options);
      const form = options.withEncodings ? ` ${commonEncoding(type, encoding)}` : "";
      keys.set(`${database} ${characters(name)}`, `${type}${form} ${expiry} ${value}`);
    }
  }
  await client.command("SELECT", 0);
  return { digest: textOf(await client.command("DEBUG", "DIGEST")), keys };
}

/** Asserts that a server holds just this. */
export async function assertHolds(
  client: RespClient,
  expected: Contents,
  options: ContentsOptions = {},
): Promise<void> {
  const found = await contentsOf(client, options);
  for (const [key, value] of expected.keys) {
    const there = found.keys.get(key);
    if (there !== value) assert.fail(`${key.slice(0, 80)}: ${difference(there, value)}`);
  }
  assert.equal(found.keys.size, expected.keys.size);
  if (oracle === undefined) assert.equal(found.digest, expected.digest);
}

/**
 * Redis before 7.2 has no small lists, and no small sets of anything but integers; since 7.4 it has a
 * small encoding with field expiry times, where Pagurus has none.
 */
function commonEncoding(type: string, encoding: string): string {
  if (encoding === "listpackex") return "hashtable";
  if (oracle !== undefined) return encoding;
  if (type === "list") return "quicklist";
  return type === "set" && encoding !== "intset" ? "hashtable" : encoding;
}

async function valueOf(
  client: RespClient,
  type: string,
  key: Uint8Array,
  options: ContentsOptions,
): Promise<string> {
  const digest = () => client.command("DEBUG", "DIGEST-VALUE", key).then(describe);
  switch (type) {
    case "string":
      return characters(bytesOf(await client.command("GET", key))!);
    case "list":
      return describe(await client.command("LRANGE", key, 0, -1));
    case "hash":
      return await hashText(client, key);
    case "zset":
      return await zsetText(client, key);
    case "stream":
      return `${await digest()} ${await streamText(client, key, options)}`;
    default:
      return await digest();
  }
}

/** Fields, values and field expiry times, of which a digest says only that there are some. */
async function hashText(client: RespClient, key: Uint8Array): Promise<string> {
  const items = itemsOf(await client.command("HGETALL", key));
  const fields = items.filter((_, i) => i % 2 === 0);
  const names = fields.map((field) => bytesOf(field)!);
  const reply = await client.command("HPEXPIRETIME", key, "FIELDS", names.length, ...names);
  const times = reply.kind === "array" ? reply.items : undefined;
  const texts = fields.map((field, i) => {
    const time = times === undefined ? "-1" : textOf(times[i]);
    return `${describe(field)}: ${describe(items[2 * i + 1])} ${time}`;
  });
  return texts.sort().join(", ");
}

async function zsetText(client: RespClient, key: Uint8Array): Promise<string> {
  const items = itemsOf(await client.command("ZRANGE", key, 0, -1, "WITHSCORES"));
  return items.map((item, i) => {
    if (i % 2 === 0) return describe(item);
    const text = textOf(item).replace("inf", "Infinity");
    // Of zeros only 7.0 tells the one below apart, and only in long sorted sets.
    return String(Number(text) + 0);
  }).join(" ");
}

/** Members that are about how a server keeps a stream, or about the moment. */
const APART = ["radix-tree-keys", "radix-tree-nodes", "active-time", "idle", "inactive"];

async function streamText(
  client: RespClient,
  key: Uint8Array,
  options: ContentsOptions,
): Promise<string> {
  const full = await client.command("XINFO", "STREAM", key, "FULL", "COUNT", 0);
  const apart = options.withSeenTimes ? APART : [...APART, "seen-time"];
  const texts = [without(full, apart)];
  for (const group of itemsOf(await client.command("XINFO", "GROUPS", key))) {
    const name = bytesOf(itemsOf(group)[1])!;
    texts.push(
      without(group, APART),
      without(await client.command("XINFO", "CONSUMERS", key, name), APART),
      describe(await client.command("XPENDING", key, name)),
    );
  }
  return texts.join("\n");
}

/** A reply's text, without some members of the maps in it, however deep. */
function without(reply: Reply, names: readonly string[]): string {
  if (reply.kind !== "array") return describe(reply);
  const texts: string[] = [];
  for (let i = 0; i < reply.items.length; i++) {
    const item = reply.items[i];
    if (i % 2 === 0 && item.kind === "bulk" && names.includes(textOf(item))) i++;
    else texts.push(without(item, names));
  }
  return `[${texts.join(", ")}]`;
}

function characters(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

/** Where two texts begin to differ. */
function difference(found: string | undefined, expected: string): string {
  if (found === undefined) return "missing";
  let at = 0;
  while (found[at] === expected[at]) at++;
  const cut = (text: string) => JSON.stringify(text.slice(Math.max(0, at - 100), at + 100));
  return `${cut(found)} instead of ${cut(expected)}`;
}
