/** SCAN: the cursors are each server's own business, what they visit is not. */
import { conformance, conformanceOf } from "../support/compare.ts";
import { itemsOf, textOf } from "../support/reply.ts";
import type { Argument, RespClient } from "../support/resp_client.ts";

/** Everything that a whole iteration visits, without repetitions, in order. */
async function scanAll(client: RespClient, ...options: Argument[]): Promise<string[]> {
  const seen = new Set<string>();
  let cursor = "0";
  for (let calls = 0; calls < 100_000; calls++) {
    const reply = await client.command("SCAN", cursor, ...options);
    const [next, keys] = itemsOf(reply);
    for (const key of itemsOf(keys)) seen.add(textOf(key));
    cursor = textOf(next);
    if (cursor === "0") return [...seen].sort();
  }
  throw new Error("SCAN does not come to an end");
}

async function fill(client: RespClient, count: number): Promise<void> {
  await client.pipeline(Array.from({ length: count }, (_, i) => ["SET", `key:${i}`, i]));
}

conformanceOf("a whole iteration", async (client) => {
  const observed: unknown[] = [await scanAll(client)];
  await fill(client, 1000);
  for (
    const options of [
      ...[[], ["COUNT", "1"], ["COUNT", "7"], ["COUNT", "100"], ["COUNT", "1000000"]],
      ...[["MATCH", "*"], ["MATCH", "key:1*"], ["MATCH", "key:?"], ["MATCH", "nothing"]],
      ...[["MATCH", "key:[5-7]*", "COUNT", "50"], ["TYPE", "string"], ["TYPE", "STRING"]],
      ...[["TYPE", "list"], ["type", "string", "match", "*99*", "count", "33"]],
      ...[["MATCH", "a", "MATCH", "key:22*"], ["COUNT", "1", "COUNT", "500"]],
    ]
  ) observed.push([options, await scanAll(client, ...options)]);
  return observed;
});

conformanceOf("keys that stay are visited whatever else changes", async (client) => {
  await fill(client, 500);
  const seen = new Set<string>();
  let cursor = "0";
  let round = 0;
  do {
    const [next, keys] = itemsOf(await client.command("SCAN", cursor, "COUNT", "10"));
    for (const key of itemsOf(keys)) seen.add(textOf(key));
    cursor = textOf(next);
    round++;
    const extra = Array.from({ length: 100 }, (_, i) => `extra:${round}:${i}`);
    if (round < 20) await client.command("MSET", ...extra.flatMap((key) => [key, "v"]));
    else if (round < 40) {
      await client.command("DEL", ...extra.map((key) => key.replace(/:\d+:/, `:${round - 20}:`)));
    }
  } while (cursor !== "0");
  return Array.from({ length: 500 }, (_, i) => seen.has(`key:${i}`));
});

conformanceOf("expired keys are not visited", async (client) => {
  await client.command("DEBUG", "SET-ACTIVE-EXPIRE", "0");
  await fill(client, 50);
  await client.pipeline(
    Array.from({ length: 50 }, (_, i) => ["SET", `gone:${i}`, "v", "PX", "1"]),
  );
  await new Promise((resolve) => setTimeout(resolve, 20));
  const keys = await scanAll(client);
  await client.command("DEBUG", "SET-ACTIVE-EXPIRE", "1");
  return keys;
}, { args: ["--enable-debug-command", "yes"] });

conformanceOf("databases of their own", async (client) => {
  await fill(client, 10);
  await client.command("SELECT", 5);
  await client.command("SET", "five", "v");
  return await scanAll(client, "COUNT", "100");
});

conformance("an empty database", (c) => {
  c.do("SCAN", "0");
  c.do("SCAN", "0", "COUNT", "10", "MATCH", "*", "TYPE", "hash");
});

conformance("errors", (c) => {
  c.do("SET", "k", "v");
  const cursors = ["", "a", "1.5", " 1", "1 ", "0x1", "18446744073709551616", "1a", "--1"];
  for (const cursor of cursors) c.do("SCAN", cursor);
  // Taken as C's strtoul takes them; where that cursor points to is each server's own business.
  for (const cursor of ["-1", "+1", "00", "18446744073709551615"]) c.doLoose("SCAN", cursor);
  for (const count of ["0", "-1", "a", "", "1.5", "9223372036854775808", "+1", "01"]) {
    c.do("SCAN", "0", "COUNT", count);
  }
  c.do("SCAN", "0", "COUNT");
  c.do("SCAN", "0", "MATCH");
  c.do("SCAN", "0", "TYPE");
  c.do("SCAN", "0", "NOSUCH");
  c.do("SCAN", "0", "NOSUCH", "x");
  c.do("SCAN", "0", "COUNT", "1", "MATCH");
  c.do("SCAN", "0", "");
  c.do("SCAN", "a", "NOSUCH");
  c.do("SCAN", "0", "COUNT", "a", "NOSUCH");
  c.doSorted("SCAN", "0", "TYPE", "nosuchtype");
  c.do("SCAN");
});
