/**
 * Pub/Sub, as several connections see it. What one publishes to itself stands in another order in
 * Redis 7.2 (behind the reply): the unit tests pin that.
 */
import { conformance, conformanceOf } from "../support/compare.ts";
import { describe, textOf } from "../support/reply.ts";
import { sleep } from "../support/servers.ts";

const OPTIONS = { protocols: [2] as const };

conformance("SUBSCRIBE and its like in RESP2", (c) => {
  c.do("PUBSUB", "CHANNELS");
  c.do("SUBSCRIBE", "a");
  c.doReplies(3, "SUBSCRIBE", "a", "b", "c");
  c.do("PSUBSCRIBE", "a*");
  c.do("SSUBSCRIBE", "a");
  for (
    const words of [["GET", "a"], ["CONFIG", "GET", "x"], ["HELLO", "3"], ["MULTI"], ["NOSUCH"]]
  ) {
    c.do(...words);
  }
  c.do("PING");
  c.do("PING", "text");
  c.do("PING", "a", "b");
  c.on("2");
  c.doSorted("PUBSUB", "CHANNELS");
  c.doSorted("PUBSUB", "CHANNELS", "[ab]");
  c.do("PUBSUB", "SHARDCHANNELS");
  c.do("PUBSUB", "NUMSUB", "a", "b", "none", "a");
  c.do("PUBSUB", "SHARDNUMSUB", "a", "none");
  c.do("PUBSUB", "NUMPAT");
  c.do("PUBLISH", "a", "1");
  c.do("PUBLISH", "abc", "2");
  c.do("PUBLISH", "none", "3");
  c.do("SPUBLISH", "a", "4");
  c.do("SPUBLISH", "b", "5");
  c.on("1");
  c.doReplies(5, "PING");
  c.do("UNSUBSCRIBE", "a");
  c.do("UNSUBSCRIBE", "none");
  c.do("PUNSUBSCRIBE", "none");
  c.do("PUNSUBSCRIBE");
  c.do("PUNSUBSCRIBE");
  c.do("SUNSUBSCRIBE", "a");
  c.doReplies(2, "UNSUBSCRIBE", "b", "c");
  c.do("PING");
  c.do("UNSUBSCRIBE");
}, OPTIONS);

conformance("commands that cannot be, and those of nobody", (c) => {
  for (const name of ["SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "PUBLISH", "SPUBLISH", "PUBSUB"]) {
    c.do(name);
  }
  c.do("PUBLISH", "a");
  c.do("PUBLISH", "a", "b", "c");
  c.do("PUBSUB", "CHANNELS", "a", "b");
  c.do("PUBSUB", "shardchannels", "a", "b");
  c.do("PUBSUB", "NUMPAT", "a");
  c.do("PUBSUB", "NOSUCH");
  c.do("PUBSUB", "NUMSUB");
  c.do("PUBLISH", "a", "b");
  c.do("SPUBLISH", "", "");
  c.do("MULTI");
  c.do("PUBLISH", "a", "b");
  c.do("PUBSUB", "NUMPAT");
  c.do("EXEC");
});

conformance("RESET and QUIT end subscriptions", (c) => {
  c.do("SUBSCRIBE", "a");
  c.do("PSUBSCRIBE", "b");
  c.do("SSUBSCRIBE", "c");
  c.do("RESET");
  c.do("PUBSUB", "CHANNELS");
  c.do("PUBSUB", "NUMPAT");
  c.do("PUBSUB", "SHARDCHANNELS");
  c.do("SUBSCRIBE", "a");
  c.doCloses("QUIT");
  c.on("2");
  c.sleep(30);
  c.do("PUBSUB", "CHANNELS");
}, OPTIONS);

for (const protocol of [2, 3] as const) {
  conformanceOf("messages of every length and byte", async (client, server) => {
    const subscriber = await server.client();
    if (protocol === 3) await subscriber.command("HELLO", "3");
    const next = () => protocol === 2 ? subscriber.nextReply() : subscriber.nextPush();
    const seen: string[] = [];
    for (const word of ["SUBSCRIBE", "PSUBSCRIBE"]) {
      subscriber.send(word, "c\0\xff");
      seen.push(describe(await next()));
    }
    for (const length of [0, 1, 9, 10, 99, 100, 1000, 16_000, 16_384, 100_000]) {
      const message = new Uint8Array(length).map((_, i) => i * 7);
      seen.push(textOf(await client.command("PUBLISH", "c\0\xff", message)));
      for (let i = 0; i < 2; i++) seen.push(describe(await next()));
    }
    subscriber.close();
    return seen;
  }, { protocols: [protocol] });
}

conformanceOf("a subscriber that leaves is counted no more", async (client, server) => {
  const counts: string[] = [];
  const subscribers = await Promise.all([1, 2, 3].map(() => server.client()));
  for (const each of subscribers) {
    await each.command("SUBSCRIBE", "left");
    counts.push(textOf(await client.command("PUBLISH", "left", "x")));
  }
  for (const each of subscribers) {
    each.close();
    for (let i = 0; i < 100; i++) {
      const count = textOf(await client.command("PUBLISH", "left", "x"));
      if (count !== counts.at(-1)) {
        counts.push(count);
        break;
      }
      await sleep(5);
    }
  }
  return counts;
}, OPTIONS);
