/**
 * Keyspace notifications: what subscribers are told of keys, and in which order, by random commands
 * on few keys.
 */
import { conformanceOf } from "../support/compare.ts";
import { describe, type Reply } from "../support/reply.ts";
import type { RespClient } from "../support/resp_client.ts";
import type { TestServer } from "../support/servers.ts";
import { seeded } from "../unit/heap/seeded.ts";
import { COLLECTIONS, commandOf, STRINGS_AND_LISTS } from "./key_commands.ts";

const COMMAND_COUNT = 1500;
const END = "end of the test";

/** All that a subscriber is told until the end is published. */
async function heard(subscriber: RespClient, protocol: 2 | 3): Promise<string[]> {
  const next = () => protocol === 2 ? subscriber.nextReply() : subscriber.nextPush();
  const messages: string[] = [];
  for (;;) {
    const message = describe(await next());
    if (message.includes(END)) return messages;
    messages.push(message);
  }
}

async function observe(
  client: RespClient,
  server: TestServer,
  protocol: 2 | 3,
  templates: readonly string[],
): Promise<string[]> {
  const prng = seeded(protocol);
  const subscriber = await server.client();
  if (protocol === 3) await subscriber.command("HELLO", "3");
  subscriber.send("PSUBSCRIBE", "*");
  await (protocol === 2 ? subscriber.nextReply() : subscriber.nextPush());
  await client.command("CONFIG", "SET", "notify-keyspace-events", "AKEmn");
  const commands: string[][] = [];
  for (let i = 0; i < COMMAND_COUNT; i++) {
    const command = commandOf(templates[prng.below(templates.length)], prng);
    // So that it can be seen which command told what.
    commands.push(["PUBLISH", "next", `${i}: ${command.join(" ")}`], command);
  }
  const replies: Reply[] = await client.pipeline(commands);
  await client.command("PUBLISH", "end", END);
  const messages = await heard(subscriber, protocol);
  await client.command("CONFIG", "SET", "notify-keyspace-events", "");
  subscriber.close();
  const failed = replies.filter((reply) => reply.kind === "error").length;
  return [...messages, `${failed} errors`];
}

for (const protocol of [2, 3] as const) {
  conformanceOf(
    "random commands on strings and lists tell the same of keys",
    (client, server) => observe(client, server, protocol, STRINGS_AND_LISTS),
    { protocols: [protocol] },
  );
  conformanceOf(
    "random commands on other collections tell the same of keys",
    (client, server) => observe(client, server, protocol, COLLECTIONS),
    { protocols: [protocol] },
  );
}
