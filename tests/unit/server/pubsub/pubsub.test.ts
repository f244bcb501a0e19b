/** Channels, patterns and their subscribers, against a model that has no tables. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { latin1Bytes } from "../../../../src/base/ascii.ts";
import { matchesGlob } from "../../../../src/base/glob.ts";
import { bulk, startConnections } from "../commands/connections.ts";

const NAMES = ["a", "b", "ab", "abc", "*", "a*", "?", "[ab]", "", "\xff\0"];

type Kind = "" | "p" | "s";
interface Model {
  readonly isResp3: boolean;
  /** In the order of subscribing, each with its kind in front. */
  readonly names: Set<string>;
}

function matches(pattern: string, name: string): boolean {
  const [a, b] = [latin1Bytes(pattern), latin1Bytes(name)];
  return matchesGlob(a, 0, a.length, b, 0, b.length, false);
}

function message(isResp3: boolean, ...parts: readonly string[]): string {
  return `${isResp3 ? ">" : "*"}${parts.length}\r\n${parts.map((part) => bulk(part)).join("")}`;
}

test("whoever is subscribed gets what is published, in order", async () => {
  const server = await startConnections();
  const { engine } = server;
  const step = fc.record({
    client: fc.nat(3),
    what: fc.constantFrom("subscribe", "unsubscribe", "publish", "leave", "all" as const),
    kind: fc.constantFrom<Kind>("", "p", "s"),
    name: fc.constantFrom(...NAMES),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
      const isResp3 = [false, true, false, true];
      const open = () => isResp3.map(() => server.connect());
      const clients = open();
      const models: Model[] = isResp3.map((each) => ({ isResp3: each, names: new Set() }));
      clients.forEach((client, i) => isResp3[i] && client.line("HELLO 3"));
      const publisher = server.connect();
      for (const { client: i, what, kind, name } of steps) {
        const { names } = models[i];
        const key = `${kind}/${name}`;
        if (what === "subscribe") {
          clients[i].ask(`${kind}subscribe`, name);
          names.add(key);
        } else if (what === "unsubscribe") {
          clients[i].ask(`${kind}unsubscribe`, name);
          names.delete(key);
        } else if (what === "all") {
          clients[i].ask(`${kind}unsubscribe`);
          for (const each of [...names]) if (each.startsWith(`${kind}/`)) names.delete(each);
        } else if (what === "leave") {
          clients[i].destroy();
          clients[i] = server.connect();
          if (isResp3[i]) clients[i].line("HELLO 3");
          names.clear();
        } else {
          const isShard = kind === "s";
          const reply = publisher.ask(isShard ? "SPUBLISH" : "PUBLISH", name, "m");
          let receivers = 0;
          models.forEach((model, at) => {
            const own = [...model.names];
            const direct = own.includes(isShard ? `s/${name}` : `/${name}`);
            const patterns = isShard
              ? []
              : own.filter((each) => each.startsWith("p/") && matches(each.slice(2), name));
            receivers += patterns.length + (direct ? 1 : 0);
            const expected = [
              ...direct
                ? [message(model.isResp3, isShard ? "smessage" : "message", name, "m")]
                : [],
              ...patterns.map((each) =>
                message(model.isResp3, "pmessage", each.slice(2), name, "m")
              ),
            ];
            const heard = clients[at].heard();
            assert.equal(heard.length, expected.join("").length);
            for (const each of expected) assert.ok(heard.includes(each));
            if (direct) assert.ok(heard.startsWith(expected[0]));
          });
          assert.equal(reply, `:${receivers}\r\n`);
        }
        const kinds = (letter: Kind) =>
          new Set(
            models.flatMap(({ names }) => [...names].filter((n) => n.startsWith(`${letter}/`))),
          )
            .size;
        assert.equal(engine.pubSub.channels.count, kinds(""));
        assert.equal(engine.pubSub.patterns.count, kinds("p"));
        assert.equal(engine.pubSub.shardChannels.count, kinds("s"));
        assert.equal(
          engine.pubSub.clientCount,
          models.filter(({ names }) => names.size > 0).length,
        );
      }
      for (const client of [...clients, publisher]) client.destroy();
      assert.equal(engine.pubSub.channels.count + engine.pubSub.patterns.count, 0);
    }),
    { numRuns: 60 },
  );
});

test("many channels and subscribers come and go", async () => {
  const server = await startConnections();
  const { pubSub } = server.engine;
  const clients = Array.from({ length: 100 }, () => server.connect());
  const names = Array.from({ length: 100 }, (_, i) => `channel:${i}`);
  for (const client of clients) client.ask("SUBSCRIBE", ...names);
  assert.equal(pubSub.channels.count, 100);
  clients.forEach((client, i) => i % 10 !== 0 && client.destroy());
  assert.equal(pubSub.clientCount, 10);
  const publisher = server.connect();
  assert.equal(publisher.ask("PUBLISH", "channel:99", "x"), ":10\r\n");
  for (let i = 0; i < clients.length; i += 10) {
    assert.equal(clients[i].heard().endsWith(message(false, "message", "channel:99", "x")), true);
    clients[i].ask("UNSUBSCRIBE", ...names.slice(1));
  }
  assert.equal(pubSub.channels.count, 1);
  for (let i = 0; i < clients.length; i += 10) clients[i].destroy();
  assert.equal(pubSub.channels.count, 0);
  assert.equal(pubSub.channels.first, null);
});

test("all subscribers of a pipeline of messages send from one buffer", async () => {
  const server = await startConnections();
  const clients = [server.connect(), server.connect()];
  for (const client of clients) client.line("SUBSCRIBE c");
  const other = server.connect();
  other.line("SUBSCRIBE d");
  other.heard();
  const publisher = server.connect();
  const shared = new Set<Uint8Array>();
  const { share } = (server.engine.clients.get(1)!).reply;
  for (const { reply } of server.engine.clients.values()) {
    reply.share = (bytes, start, end) => {
      share.call(reply, bytes, start, end);
      shared.add(reply.bytes);
    };
  }
  publisher.raw("PUBLISH c 1\r\nPUBLISH d 2\r\nPUBLISH c 3\r\nPUBLISH c 4\r\n");
  const three = (text: string) => message(false, "message", "c", text);
  for (const client of clients) {
    assert.ok(client.heard().endsWith(three("1") + three("3") + three("4")));
  }
  assert.equal(other.heard(), message(false, "message", "d", "2"));
  // Message 3 does not stand behind message 1: from there on each has a buffer of its own.
  assert.equal(shared.size, 3);
});

test("messages longer than a buffer, and buffers that are full", async () => {
  const server = await startConnections();
  const subscriber = server.connect();
  subscriber.line("SUBSCRIBE c");
  const publisher = server.connect();
  for (const length of [0, 1, 100, 9000, 9000, 16_384, 100_000, 3, 1_000_000, 16_300, 16_300]) {
    const text = "x".repeat(length);
    assert.equal(publisher.ask("PUBLISH", "c", text), ":1\r\n");
    assert.equal(subscriber.heard(), message(false, "message", "c", text));
  }
});
