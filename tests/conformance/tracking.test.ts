/** CLIENT TRACKING: what it refuses, what it tells, and what others are told. */
import { conformance, conformanceOf } from "../support/compare.ts";
import { describe } from "../support/reply.ts";
import type { RespClient } from "../support/resp_client.ts";

conformance("options that do and do not go together", (c) => {
  const on = (...words: string[]) => c.do("CLIENT", "TRACKING", "ON", ...words);
  const off = () => c.do("CLIENT", "TRACKING", "OFF");
  const info = () => c.do("CLIENT", "TRACKINGINFO");
  info();
  c.do("CLIENT", "GETREDIR");
  c.do("CLIENT", "CACHING", "YES");
  c.do("CLIENT", "TRACKING");
  c.do("CLIENT", "TRACKING", "maybe");
  on("REDIRECT");
  on("REDIRECT", "x");
  on("REDIRECT", "99999999");
  on("PREFIX", "a");
  on("BCAST", "OPTIN");
  on("OPTIN", "OPTOUT");
  on("NOSUCH");
  info();
  on("BCAST", "PREFIX", "b", "PREFIX", "a", "NOLOOP");
  info();
  on("BCAST", "PREFIX", "c");
  on("BCAST", "PREFIX", "cd");
  on("BCAST", "PREFIX", "");
  on();
  on("OPTIN");
  info();
  c.do("CLIENT", "GETREDIR");
  off();
  on("BCAST", "PREFIX", "a", "PREFIX", "ab");
  on("BCAST");
  info();
  off();
  on("OPTIN");
  on("OPTOUT");
  c.do("CLIENT", "CACHING", "NO");
  c.do("CLIENT", "CACHING", "maybe");
  c.do("CLIENT", "CACHING", "yes");
  info();
  c.do("PING");
  info();
  c.do("CLIENT", "CACHING", "yes");
  c.do("CLIENT", "ID", "x");
  info();
  c.do("MULTI");
  c.do("GET", "a");
  c.do("EXEC");
  info();
  off();
  on("OPTOUT");
  c.do("CLIENT", "CACHING", "no");
  info();
  c.do("RESET");
  info();
});

/** Everything that has been pushed before the reply to a PING. */
async function pushes(client: RespClient): Promise<string[]> {
  const seen: string[] = [];
  await client.command("PING");
  for (;;) {
    const push = await client.nextPush(20).catch(() => undefined);
    if (push === undefined) return seen;
    seen.push(describe(push));
  }
}

const READS = [
  ["GET", "a"],
  ["MGET", "a", "b", "none"],
  ["EXISTS", "a", "c"],
  ["HGETALL", "d"],
  ["ZUNION", "2", "a", "b"],
  ["OBJECT", "ENCODING", "a"],
  ["XREAD", "STREAMS", "a", "b", "0", "0"],
  ["SORT_RO", "b"],
  ["GETEX", "a"],
  ["SUBSCRIBE", "a"],
  ["TYPE", "a"],
  ["SCAN", "0"],
  ["KEYS", "*"],
  ["GEORADIUS_RO", "b", "0", "0", "1", "m"],
  ["LCS", "a", "b"],
  ["MEMORY", "USAGE", "b"],
] as const;

for (const words of READS) {
  conformanceOf(`what is remembered of ${words.join(" ")}`, async (writer, server) => {
    const reader = await server.client();
    await reader.command("HELLO", "3");
    await reader.command("CLIENT", "TRACKING", "ON");
    reader.send(...words);
    const seen = await pushes(reader);
    await writer.command("MSET", "a", "1", "b", "1", "c", "1", "d", "1");
    seen.push(...await pushes(reader));
    await writer.command("FLUSHALL");
    seen.push(...await pushes(reader));
    reader.close();
    return seen;
  }, { protocols: [3] });
}

conformanceOf("keys with prefixes, those of one packet together", async (writer, server) => {
  const reader = await server.client();
  await reader.command("HELLO", "3");
  await reader.command("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "b", "PREFIX", "a");
  await writer.pipeline([["MSET", "a2", "1", "a1", "1", "c", "1"], ["SET", "b", "1"], [
    "DEL",
    "a1",
  ]]);
  const seen = await pushes(reader);
  await writer.command("EXPIRE", "a2", "-1");
  seen.push(...await pushes(reader));
  reader.close();
  return seen.sort();
}, { protocols: [3] });
