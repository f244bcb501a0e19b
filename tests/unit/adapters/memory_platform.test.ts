import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryPlatform, MemoryRandom } from "../../../adapters/memory/mod.ts";
import type { Socket } from "../../../src/platform/network.ts";

const address = { kind: "tcp", host: "127.0.0.1", port: 6379 } as const;

test("nothing happens until the clock is moved, then all in one order", async () => {
  const platform = memoryPlatform({ network: { receiveMaxBytes: 2 } });
  const told: string[] = [];
  await platform.network.listen({ ...address, backlog: 1 }, {
    opened: () => told.push("opened"),
    received: (socket, bytes, length) => {
      told.push(new TextDecoder().decode(bytes.subarray(0, length)));
      platform.clock.atTurnEnd(() => socket.write(bytes, 0, length));
    },
    drained: () => told.push("drained"),
    closed: () => told.push("closed"),
  });
  const client = platform.network.client(address);
  client.send("abcde");
  client.end();
  assert.deepEqual(told, []);
  platform.clock.advance(0);
  assert.deepEqual(told, ["opened", "ab", "cd", "e", "closed"]);
  assert.equal(client.isEnded, true);
});

test("lent bytes are spoiled when the loan is over", async () => {
  const platform = memoryPlatform();
  let lent = new Uint8Array(0);
  await platform.network.listen({ ...address, backlog: 1 }, {
    opened: () => {},
    received: (_socket, bytes) => lent = bytes as Uint8Array<ArrayBuffer>,
    drained: () => {},
    closed: () => {},
  });
  platform.network.client(address).send("abc");
  platform.clock.advance(0);
  assert.equal(lent.length, 3);
  assert.ok(!lent.includes(97));
});

test("a client that does not read fills the connection", async () => {
  const platform = memoryPlatform({ network: { bufferBytes: 10 } });
  let socket: Socket | undefined;
  let drained = 0;
  await platform.network.listen({ ...address, backlog: 1 }, {
    opened: (opened) => socket = opened,
    received: () => {},
    drained: () => drained++,
    closed: () => {},
  });
  const client = platform.network.client(address);
  client.readLimitBytes = 4;
  platform.clock.advance(0);
  assert.equal(socket?.write(new Uint8Array(30), 0, 30), 10);
  platform.clock.advance(0);
  assert.equal(client.receivedBytes, 4);
  assert.equal(drained, 0);
  assert.equal(client.take().length, 4);
  client.readLimitBytes = Infinity;
  platform.clock.advance(0);
  assert.equal(drained, 1);
  assert.equal(client.takeText().length, 6);
});

test("time: timers at their own times, wall clock jumps, the next timer", () => {
  const { clock } = memoryPlatform({ wallMs: 1000 });
  const seen: number[] = [];
  clock.schedule(5, () => {
    seen.push(clock.wallMs());
    clock.schedule(2.5, () => seen.push(clock.monotonicUs()));
  });
  assert.equal(clock.nextTimerMs(), 5);
  clock.advance(4);
  assert.equal(clock.nextTimerMs(), 1);
  clock.setWallMs(50_000);
  clock.advance(10);
  assert.deepEqual(seen, [50_001, 7500]);
  assert.equal(clock.nextTimerMs(), undefined);
  assert.equal(clock.monotonicUs(), 14_000);
  clock.schedule(1, () => clock.advance(1));
  assert.throws(() => clock.advance(1), /from within a callback/);
});

test("random numbers repeat with the seed, and differ between seeds", () => {
  const bytes = (seed: number): string => {
    const filled = new Uint8Array(32);
    new MemoryRandom(seed).fill(filled);
    return filled.join();
  };
  assert.equal(bytes(7), bytes(7));
  const seeds = [0, 1, 2, 3, 2 ** 31, 2 ** 32, 2 ** 40];
  assert.equal(new Set(seeds.map(bytes)).size, seeds.length);
  const random = new MemoryRandom(1);
  const counts = new Array<number>(10).fill(0);
  for (let index = 0; index < 10_000; index++) counts[random.below(10)]!++;
  for (const count of counts) assert.ok(count > 800 && count < 1200, counts.join());
});

test("two platforms share nothing", async () => {
  const one = memoryPlatform();
  const other = memoryPlatform();
  const silent = { opened() {}, received() {}, drained() {}, closed() {} };
  await one.network.listen({ ...address, backlog: 1 }, silent);
  await other.network.listen({ ...address, backlog: 1 }, silent);
  one.files.makeDirectory("/only here");
  assert.equal(other.files.stat("/only here"), undefined);
});
