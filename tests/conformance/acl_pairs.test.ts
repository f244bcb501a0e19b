/**
 * Random users and random commands, the same on both servers: what rules are refused, what ACL
 * GETUSER tells of a user, and what ACL DRYRUN says to each command.
 *
 * `PAGURUS_ACL_PAIRS` is the number of pairs of a user and a command, `PAGURUS_ACL_SEED` another
 * seed.
 *
 * Redis 7.0 describes commands otherwise than 7.2, which keeps rules as they were given. So our
 * description is given back to the judge: the user it makes must be the one that the rules made.
 */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { judgeIsAtLeast, startPair } from "../support/compare.ts";
import { bytesOf, describe, itemsOf, type Reply, textOf } from "../support/reply.ts";
import type { RespClient } from "../support/resp_client.ts";
import { skipWithout } from "../support/servers.ts";

const PAIRS = Number(process.env.PAGURUS_ACL_PAIRS ?? 600);
const SEED = Number(process.env.PAGURUS_ACL_SEED ?? 1);
const COMMANDS_A_USER = 12;

const skip = skipWithout("redis-server");

/** Random choices that are the same at every run. */
class Choices {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  below(count: number): number {
    this.#state = Math.imul(this.#state, 1103515245) + 12345 >>> 0;
    return (this.#state >>> 8) % count;
  }

  of<T>(values: readonly T[]): T {
    return values[this.below(values.length)];
  }

  some<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.below(most + 1) }, make);
  }
}

/** What both servers have. */
interface Shared {
  readonly names: readonly string[];
  /** Those with the same keys in both. */
  readonly arities: ReadonlyMap<string, number>;
  readonly categories: readonly string[];
}

const KEYS = [
  "app:1",
  "app:22",
  "app",
  "a",
  "b",
  "read1",
  "write1",
  "rw",
  "",
  "x*y",
  "A\\b",
  "\xff",
];
const PATTERNS = [
  ...["app:*", "a*", "*", "read?", "write1", "[a-c]", "rw", "*1", "app:[0-9]", "x\\*y", "r*e*"],
  ...["", "**", "app:**", "\xff", "A\\\\b"],
];
const WORDS = [
  ...["GET", "STORE", "STOREDIST", "BY", "LIMIT", "STREAMS", "COUNT", "WEIGHTS", "AGGREGATE"],
  ...["0", "1", "2", "3", "-1", "nosort", "KEYS", "WITHSCORES", "SET", "OVERFLOW", "u8", "#"],
];
const USER_WORDS = [
  ...["on", "off", "nopass", "resetpass", "sanitize-payload", "skip-sanitize-payload", "reset"],
  ...["clearselectors", ">secret", "<secret", ">other", "<other", "#123", "ON", "NoPass"],
  "#2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b",
  "!2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b",
];
const SELECTOR_WORDS = [
  ...["allkeys", "resetkeys", "allchannels", "resetchannels", "allcommands", "nocommands"],
  ...["+@all", "-@all", "~*", "&*", "AllKeys", "+@ALL"],
];
const WRONG = [
  "+nosuch",
  "-@nosuch",
  "+get|x|y",
  "%X~a",
  "?",
  "+config|nosuch",
  "-select|0",
  "+get|",
];

function randomCommandRule(r: Choices, shared: Shared): string {
  const name = r.of(shared.names);
  switch (r.below(8)) {
    case 0:
    case 1:
    case 2:
      return r.of(["+@", "-@"]) + r.of(shared.categories);
    case 3:
      return r.of(["+", "-"]) + name.split("|")[0];
    case 4:
      return r.of(["+select|0", "+select|1", "+get|app:1", "+debug|object", "+SELECT|2", "+set|a"]);
    default:
      return r.of(["+", "-"]) + (r.below(4) === 0 ? name.toUpperCase() : name);
  }
}

/** Redis shows `%RW~*` as `~*`, which other patterns cannot follow; we as it is. */
function randomAccess(r: Choices, pattern: string): string {
  return r.of(pattern === "*" ? ["%R~", "%r~"] : ["%R~", "%W~", "%RW~", "%wR~"]) + pattern;
}

function randomSelectorRule(r: Choices, shared: Shared): string {
  switch (r.below(9)) {
    case 0:
      return r.of(SELECTOR_WORDS);
    case 1:
    case 2:
      return `~${r.of(PATTERNS)}`;
    case 3:
      return randomAccess(r, r.of(PATTERNS));
    case 4:
      return `&${r.of(PATTERNS)}`;
    default:
      return randomCommandRule(r, shared);
  }
}

/** Else hardly anything would be allowed. */
const BEGINNINGS = [[], ["+@all"], ["+@all"], ["+@all", "~*"], ["+@all", "~a*", "&*"]];

function randomRule(r: Choices, shared: Shared): string {
  const kind = r.below(30);
  if (kind === 0) return r.of(WRONG);
  if (kind < 5) return r.of(USER_WORDS);
  if (kind > 6) return randomSelectorRule(r, shared);
  const rules = r.some(4, () => randomSelectorRule(r, shared));
  return `(${[...r.of(BEGINNINGS), ...rules].join(" ")})`;
}

function randomCommand(r: Choices, shared: Shared): string[] {
  const name = r.of(shared.names.filter((each) => shared.arities.has(each)));
  const arity = shared.arities.get(name)!;
  const words = name.split("|");
  const count = r.below(25) === 0
    ? r.below(6)
    : Math.abs(arity) + (arity < 0 ? r.below(5) : 0) - words.length;
  const rest = Array.from({ length: Math.max(0, count) }, () => {
    return r.below(5) < 2 ? r.of(WORDS) : r.of(KEYS);
  });
  // The number of keys belongs first, or behind a destination.
  if (r.below(3) === 0 && rest.length > 1) rest[r.below(2)] = r.of(["1", "2"]);
  return [...words, ...rest];
}

/** By names and the fields that permissions depend on. */
async function sharedCommands(redis: RespClient, ours: RespClient): Promise<Shared> {
  const entries = async (client: RespClient) => {
    const names = itemsOf(await client.command("COMMAND", "LIST")).map(textOf);
    const infos = itemsOf(await client.command("COMMAND", "INFO", ...names));
    return new Map(names.map((name, i) => [name, itemsOf(infos[i])]));
  };
  const theirs = await entries(redis);
  const arities = new Map<string, number>();
  for (const [name, entry] of await entries(ours)) {
    const other = theirs.get(name);
    if (other === undefined || name === "help") continue;
    const essence = (each: readonly Reply[]) =>
      [describe(each[1]), ...[each[6], each[8]].map((items) => itemsOf(items).map(describe).sort())]
        .join();
    if (
      essence(entry).replaceAll(/notes.*?;/g, "") === essence(other).replaceAll(/notes.*?;/g, "")
    ) {
      arities.set(name, Number(textOf(entry[1])));
    }
  }
  const categories = itemsOf(await ours.command("ACL", "CAT")).map(textOf);
  return { names: [...arities.keys()].sort(), arities, categories };
}

/** GETUSER without the description of commands, which is each version's own. */
function particulars(reply: Reply): Record<string, string> {
  const fields = fieldsOf(reply);
  return {
    flags: itemsOf(fields.get("flags")!).map(textOf).sort().join(),
    passwords: describe(fields.get("passwords")!),
    ...patternsOf(reply),
    selectors: itemsOf(fields.get("selectors")!)
      .map((each) => JSON.stringify(patternsOf(each))).join(),
  };
}

function patternsOf(reply: Reply): Record<string, string> {
  const fields = fieldsOf(reply);
  return { keys: textOf(fields.get("keys")!), channels: textOf(fields.get("channels")!) };
}

function fieldsOf(reply: Reply): Map<string, Reply> {
  const items = itemsOf(reply);
  return new Map(
    Array.from({ length: items.length / 2 }, (_, i) => [textOf(items[2 * i]), items[2 * i + 1]]),
  );
}

/** What 7.2 says of who is denied (7.0: "This user has"). */
function sameWords(reply: Reply): string {
  return describe(reply).replace("This user has no permissions", "User u has no permissions");
}

/** The rules of our user, as the words of an ACL SETUSER. */
async function ownDescription(ours: RespClient): Promise<string[]> {
  const lines = itemsOf(await ours.command("ACL", "LIST")).map(latin1Of);
  return lines.find((line) => line.startsWith("user u "))!.split(" ").slice(2);
}

function latin1Of(reply: Reply): string {
  return Buffer.from(bytesOf(reply)!).toString("latin1");
}

function asBytes(words: readonly string[]): Uint8Array[] {
  return words.map((word) => Buffer.from(word, "latin1"));
}

test(`${PAIRS} pairs of users and commands, from seed ${SEED}`, { skip }, async () => {
  const pair = await startPair();
  const redis = await pair.redis.client();
  const ours = await pair.ours.client();
  const shared = await sharedCommands(redis, ours);
  assert.ok(shared.names.length > 200, `${shared.names.length} commands are on both`);
  const r = new Choices(SEED);
  for (let done = 0; done < PAIRS; done += COMMANDS_A_USER) {
    const rules = [...r.of(BEGINNINGS), ...r.some(9, () => randomRule(r, shared))];
    await Promise.all([redis, ours].map((each) => each.command("ACL", "SETUSER", "u", "reset")));
    // One by one, so that a rule that is refused takes no other along.
    for (const rule of rules) {
      const command = ["ACL", "SETUSER", "u", ...asBytes([rule])];
      const expected = describe(await redis.command(...command));
      assert.equal(describe(await ours.command(...command)), expected, `rule ${rule}`);
    }
    const told = await redis.command("ACL", "GETUSER", "u");
    const context = JSON.stringify(rules);
    assert.deepEqual(
      particulars(await ours.command("ACL", "GETUSER", "u")),
      particulars(told),
      context,
    );
    if (!judgeIsAtLeast(7, 2)) {
      const description = await ownDescription(ours);
      const reply = await redis.command("ACL", "SETUSER", "v", "reset", ...asBytes(description));
      assert.equal(textOf(reply), "OK", context);
      assert.equal(describe(await redis.command("ACL", "GETUSER", "v")), describe(told), context);
    }
    const commands = Array.from({ length: COMMANDS_A_USER }, () => {
      return asBytes(["ACL", "DRYRUN", "u", ...randomCommand(r, shared)]);
    });
    const expected = (await redis.pipeline(commands)).map(sameWords);
    const actual = (await ours.pipeline(commands)).map(sameWords);
    commands.forEach((command, i) => {
      const shown = command.map((word) => Buffer.from(word).toString("latin1")).join(" ");
      assert.equal(actual[i], expected[i], `${shown} with ${context}`);
    });
  }
  redis.close();
  ours.close();
});
