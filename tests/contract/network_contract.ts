/** What every {@link Network} promises. */
import assert from "node:assert/strict";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import {
  type ConnectAddress,
  type Listener,
  NetworkError,
  type TlsListening,
} from "../../src/platform/network.ts";
import { clientTls } from "../support/certificates.ts";
import type { Bench, BenchMaker, Peer } from "../support/platforms.ts";
import {
  assertPattern,
  bytesOf,
  type Connection,
  joined,
  pattern,
  Recorder,
  textOf,
} from "./socket_recorder.ts";

const MANY_CONNECTIONS = 1000;
const MANY_HANDSHAKES = 200;
const LARGE_BYTES = 64 * 1024 * 1024;
const BACKLOG = 511;

/** A bench with a listener on 127.0.0.1. */
interface Listening extends Bench {
  readonly recorder: Recorder;
  readonly listener: Listener;
  readonly address: ConnectAddress;
  /** Opens a connection and waits until the core has been told. */
  pair(): Promise<{ peer: Peer; connection: Connection }>;
}

/** How connections are secured, and what cannot be had or tried then on this runtime, and why. */
export interface Secure {
  readonly tls: TlsListening;
  readonly without: ReadonlyMap<string, string>;
}

/** Runs the suite on one kind of platform; `secure`: what a connection promises, with TLS on it. */
export function networkContract(maker: BenchMaker, secure?: Secure): void {
  const onBench = (name: string, body: (bench: Bench) => Promise<void>): void => {
    const skip = secure?.without.get(name) ?? false;
    const kind = secure === undefined ? maker.name : `${maker.name}, TLS`;
    test(`network, ${kind}: ${name}`, { skip }, async () => {
      const bench = await maker.make();
      try {
        await body(bench);
      } finally {
        bench.close();
      }
    });
  };

  const onListening = (name: string, body: (listening: Listening) => Promise<void>): void => {
    onBench(name, async (bench) => {
      const recorder = new Recorder();
      const { network } = bench.platform;
      const tls = secure === undefined ? {} : { tls: secure.tls };
      const listener = await network.listen(
        { kind: "tcp", host: "127.0.0.1", port: 0, backlog: BACKLOG, ...tls },
        recorder,
      );
      const { port } = listener;
      const address: ConnectAddress = secure === undefined
        ? { kind: "tcp", host: "127.0.0.1", port }
        : { kind: "tcp", host: "127.0.0.1", port, tls: clientTls() };
      const pair = async (): Promise<{ peer: Peer; connection: Connection }> => {
        const count = recorder.connections.length;
        const peer = await bench.dial(address);
        await bench.until("the connection", () => recorder.connections.length > count);
        return { peer, connection: recorder.connections[count]! };
      };
      try {
        await body({ ...bench, recorder, listener, address, pair });
        for (const { socket } of recorder.connections) recorder.calling(() => socket.destroy());
        await bench.until(
          "all to be closed",
          () => recorder.connections.every((connection) => connection.closed === 1),
        );
        await bench.rest();
        assert.ok(recorder.connections.every((connection) => connection.closed === 1));
      } finally {
        // Also where a test has failed, or the process would not end.
        for (const { socket } of recorder.connections) socket.destroy();
        await listener.close();
      }
    });
  };

  onListening("bytes go both ways, in order", async ({ pair, until, recorder }) => {
    const { peer, connection } = await pair();
    const { socket } = connection;
    const waiting: Uint8Array[] = [];
    const echo = (): void => {
      while (waiting.length > 0) {
        const bytes = waiting[0];
        const accepted = recorder.calling(() => socket.write(bytes, 0, bytes.length));
        if (accepted === bytes.length) waiting.shift();
        else {
          waiting[0] = bytes.subarray(accepted);
          return;
        }
      }
    };
    connection.onReceived = (bytes) => {
      waiting.push(bytes);
      if (waiting.length === 1) echo();
    };
    connection.onDrained = echo;
    let sent = 0;
    for (const length of [1, 2, 1000, 3, 20_000, 1, 300]) {
      peer.send(pattern(sent, length));
      sent += length;
      await until("the echo", () => peer.receivedBytes === sent);
    }
    assertPattern(peer.received(), sent);
    assertPattern(joined(connection), sent);
    peer.destroy();
    await until("the close", () => connection.closed === 1);
  });

  onListening("only the named range of a view is written", async ({ pair, until, recorder }) => {
    const { peer, connection } = await pair();
    const memory = bytesOf("0123456789abcdefghij");
    const view = memory.subarray(5, 15);
    const { socket } = connection;
    assert.equal(recorder.calling(() => socket.write(view, 2, 6)), 4);
    await until("the first", () => peer.receivedBytes === 4);
    assert.equal(recorder.calling(() => socket.write(view, 3, 3)), 0);
    assert.equal(recorder.calling(() => socket.write(memory, 0, 20)), 20);
    await until("the second", () => peer.receivedBytes === 24);
    assert.equal(textOf(peer.received()), "789a0123456789abcdefghij");
  });

  onListening("bytes sent one by one all arrive", async ({ pair, until, rest }) => {
    const { peer, connection } = await pair();
    const message = bytesOf("*1\r\n$4\r\nPING\r\n");
    for (let index = 0; index < message.length; index++) {
      peer.send(message.subarray(index, index + 1));
      if (index % 3 === 0) await rest();
    }
    await until("all", () => connection.receivedBytes === message.length);
    assert.deepEqual(joined(connection), message);
  });

  onListening("a buffer that is not held may be reused at once", async (listening) => {
    const { pair, until, recorder } = listening;
    const { peer, connection } = await pair();
    const { socket } = connection;
    let buffer = new Uint8Array(64 * 1024);
    let sent = 0;
    let writes = 0;
    const total = 8 * 1024 * 1024;
    peer.stopReading();
    while (sent < total) {
      // From a few bytes to more than a runtime copies.
      const length = Math.min([5, 700, 16_384, 16_385, 65_536][writes++ % 5]!, total - sent);
      buffer.set(pattern(sent, length));
      let position = 0;
      while (position < length) {
        const accepted = recorder.calling(() => socket.write(buffer, position, length));
        const isHeld = socket.holdsWrite;
        position += accepted;
        if (isHeld) {
          // What was not accepted is still the writer's own; the held buffer is left alone.
          buffer = buffer.slice();
        } else buffer.fill(0x55, 0, position);
        if (position < length) {
          const drained = connection.drained;
          peer.startReading();
          await until("drained", () => connection.drained > drained);
        }
      }
      sent += length;
    }
    peer.startReading();
    await until("all", () => peer.receivedBytes === total);
    assertPattern(peer.received(), total);
  });

  onListening("a peer that does not read stops the writer", async (listening) => {
    const { pair, until, rest, recorder } = listening;
    const { peer, connection } = await pair();
    const { socket } = connection;
    peer.stopReading();
    const bytes = pattern(0, LARGE_BYTES);
    let sent = recorder.calling(() => socket.write(bytes, 0, LARGE_BYTES));
    assert.ok(sent < LARGE_BYTES / 2, `${sent} bytes accepted`);
    const writeOn = (): void => {
      const accepted = recorder.calling(() => socket.write(bytes, sent, LARGE_BYTES));
      assert.ok(accepted >= 0 && accepted <= LARGE_BYTES - sent);
      sent += accepted;
    };
    connection.onDrained = writeOn;
    let before = -1;
    while (sent !== before) {
      before = sent;
      writeOn();
      for (let round = 0; round < 5; round++) await rest();
    }
    assert.ok(sent < LARGE_BYTES / 2, `${sent} bytes accepted from a peer that does not read`);
    peer.startReading();
    await until("all to arrive", () => peer.receivedBytes === LARGE_BYTES);
    assert.equal(sent, LARGE_BYTES);
    assertPattern(peer.received(), LARGE_BYTES);
    const drained = connection.drained;
    await rest();
    assert.equal(connection.drained, drained, "drained only where a write fell short");
  });

  onListening("no drained where every write was accepted", async (listening) => {
    const { pair, until, rest, recorder } = listening;
    const { peer, connection } = await pair();
    for (let round = 1; round <= 20; round++) {
      assert.equal(recorder.calling(() => connection.socket.write(pattern(0, 100), 0, 100)), 100);
      await until("it", () => peer.receivedBytes === round * 100);
    }
    await rest();
    assert.equal(connection.drained, 0);
  });

  onListening("a paused connection receives nothing until resumed", async (listening) => {
    const { pair, until, rest, recorder } = listening;
    const { peer, connection } = await pair();
    const { socket } = connection;
    recorder.calling(() => socket.pause());
    recorder.calling(() => socket.pause());
    const total = 1024 * 1024;
    peer.send(pattern(0, total));
    await rest();
    assert.equal(connection.receivedBytes, 0);
    recorder.calling(() => socket.resume());
    await until("all", () => connection.receivedBytes === total);
    assertPattern(joined(connection), total);
  });

  onListening("a pause from within received holds at once", async (listening) => {
    const { pair, until, rest, recorder } = listening;
    const { peer, connection } = await pair();
    const { socket } = connection;
    let isPaused = false;
    connection.onReceived = () => {
      assert.equal(isPaused, false, "received while paused");
      recorder.calling(() => socket.pause());
      isPaused = true;
    };
    const total = 2 * 1024 * 1024;
    peer.send(pattern(0, total));
    while (connection.receivedBytes < total) {
      await until("a piece", () => isPaused);
      if (connection.received.length < 3) await rest();
      isPaused = false;
      recorder.calling(() => socket.resume());
    }
    assertPattern(joined(connection), total);
  });

  onListening("a connection may be paused when it opens", async (listening) => {
    const { recorder, dial, address, until, rest } = listening;
    recorder.onOpened = ({ socket }) => recorder.calling(() => socket.pause());
    const peer = await dial(address);
    peer.send(bytesOf("early"));
    await until("the connection", () => recorder.connections.length === 1);
    await rest();
    const connection = recorder.connections[0]!;
    assert.equal(connection.receivedBytes, 0);
    recorder.calling(() => connection.socket.resume());
    await until("it", () => connection.receivedBytes === 5);
  });

  onListening("what came before a half-close is still answered", async (listening) => {
    const { pair, until, recorder, platform } = listening;
    // 64 KiB is as much as a runtime reads at once: the end may come in the same turn.
    for (const length of [10, 64 * 1024, 1024 * 1024]) {
      const { peer, connection } = await pair();
      let unanswered = 0;
      connection.onReceived = (bytes) => {
        if (unanswered === 0) {
          platform.clock.atTurnEnd(() => {
            const answer = new Uint8Array(Math.ceil(unanswered / 1024)).fill(0x2e);
            unanswered = 0;
            recorder.calling(() => connection.socket.write(answer, 0, answer.length));
          });
        }
        unanswered += bytes.length;
      };
      peer.send(pattern(0, length));
      peer.end();
      await until("the close", () => connection.closed === 1);
      await until("the end", () => peer.isOver);
      assert.equal(connection.receivedBytes, length);
      assert.ok(peer.receivedBytes >= Math.ceil(length / 1024), `${peer.receivedBytes} answered`);
      assert.equal(connection.error, undefined);
      peer.destroy();
    }
  });

  onListening("end sends what was accepted, and receives nothing more", async (listening) => {
    const { pair, until, rest, recorder } = listening;
    const { peer, connection } = await pair();
    const { socket } = connection;
    peer.stopReading();
    const bytes = pattern(0, LARGE_BYTES / 4);
    const accepted = recorder.calling(() => socket.write(bytes, 0, bytes.length));
    assert.ok(accepted > 0);
    recorder.calling(() => socket.end());
    recorder.calling(() => socket.end());
    assert.equal(recorder.calling(() => socket.write(bytes, 0, 10)), 0);
    await rest();
    peer.startReading();
    await until("the end", () => peer.isOver && connection.closed === 1);
    assertPattern(peer.received(), accepted);
    assert.equal(connection.receivedBytes, 0);
    assert.equal(connection.error, undefined);
    assert.equal(recorder.calling(() => socket.write(bytes, 0, 10)), 0);
    recorder.calling(() => socket.pause());
    recorder.calling(() => socket.resume());
    recorder.calling(() => socket.keepAlive(10));
    recorder.calling(() => socket.destroy());
    peer.destroy();
  });

  onListening("end from within received", async ({ pair, until, recorder }) => {
    const { peer, connection } = await pair();
    connection.onReceived = () => {
      const answer = bytesOf("-ERR bye\r\n");
      recorder.calling(() => connection.socket.write(answer, 0, answer.length));
      recorder.calling(() => connection.socket.end());
    };
    peer.send(bytesOf("QUIT\r\n"));
    await until("the close", () => connection.closed === 1 && peer.isOver);
    assert.equal(textOf(peer.received()), "-ERR bye\r\n");
    peer.destroy();
  });

  onListening("destroy while a write waits", async ({ pair, until, rest, recorder }) => {
    const { peer, connection } = await pair();
    const { socket } = connection;
    peer.stopReading();
    const bytes = new Uint8Array(LARGE_BYTES / 4);
    const accepted = recorder.calling(() => socket.write(bytes, 0, bytes.length));
    assert.ok(accepted < bytes.length);
    recorder.calling(() => socket.destroy());
    assert.equal(connection.closed, 0, "closed comes later");
    recorder.calling(() => socket.destroy());
    recorder.calling(() => socket.end());
    await until("the close", () => connection.closed === 1);
    assert.equal(connection.drained, 0);
    peer.startReading();
    await until("the peer's end", () => peer.isOver);
    await rest();
    peer.destroy();
  });

  onListening("destroy after an end that cannot finish", async (listening) => {
    const { pair, until, recorder } = listening;
    const { peer, connection } = await pair();
    peer.stopReading();
    const bytes = new Uint8Array(LARGE_BYTES / 4);
    recorder.calling(() => connection.socket.write(bytes, 0, bytes.length));
    recorder.calling(() => connection.socket.end());
    recorder.calling(() => connection.socket.destroy());
    await until("the close", () => connection.closed === 1);
    peer.destroy();
  });

  onListening("destroy from within received", async ({ pair, until, rest, recorder }) => {
    const { peer, connection } = await pair();
    connection.onReceived = () => recorder.calling(() => connection.socket.destroy());
    peer.send(new Uint8Array(200_000));
    await until("the close", () => connection.closed === 1);
    await rest();
    assert.equal(connection.received.length, 1);
    peer.destroy();
  });

  onListening("a peer that is cut off", async ({ pair, until, recorder }) => {
    const { peer, connection } = await pair();
    const { socket } = connection;
    peer.stopReading();
    const bytes = new Uint8Array(LARGE_BYTES / 4);
    const writeOn = (): void => void recorder.calling(() => socket.write(bytes, 0, bytes.length));
    connection.onDrained = writeOn;
    writeOn();
    peer.destroy();
    await until("the close", () => connection.closed === 1);
  });

  onListening("a thousand connections at once", async (listening) => {
    const { dial, address, until, recorder } = listening;
    recorder.onOpened = (connection) => {
      connection.onReceived = (bytes) => {
        recorder.calling(() => connection.socket.write(bytes, 0, bytes.length));
      };
    };
    const peers: Peer[] = [];
    const many = secure === undefined ? MANY_CONNECTIONS : MANY_HANDSHAKES;
    while (peers.length < many) {
      const batch = Array.from({ length: 100 }, () => dial(address));
      peers.push(...await Promise.all(batch));
    }
    await until("all", () => recorder.connections.length === many);
    for (const [index, peer] of peers.entries()) peer.send(bytesOf(`number ${index}`));
    await until(
      "all echoes",
      () => peers.every((peer, index) => peer.receivedBytes === `number ${index}`.length),
    );
    for (const [index, peer] of peers.entries()) {
      assert.equal(textOf(peer.received()), `number ${index}`);
      peer.destroy();
    }
    await until(
      "all closed",
      () => recorder.connections.every((connection) => connection.closed === 1),
    );
    const names = new Set(recorder.connections.map(({ socket }) => socket.remoteAddress));
    assert.equal(names.size, many);
  });

  onListening("the ends of a connection have names", async ({ pair, listener }) => {
    const { socket } = (await pair()).connection;
    assert.match(socket.remoteAddress, /^127\.0\.0\.1:\d+$/);
    assert.equal(socket.localAddress, `127.0.0.1:${listener.port}`);
    assert.equal(socket.isLocal, true);
    assert.equal(socket.isUnix, false);
    socket.keepAlive(300);
    socket.keepAlive(0);
  });

  onListening("a port in use is refused", async ({ listener, platform, until, recorder, pair }) => {
    const other = new Recorder();
    await refuses(
      "EADDRINUSE",
      platform.network.listen(
        { kind: "tcp", host: "127.0.0.1", port: listener.port, backlog: BACKLOG },
        other,
      ),
    );
    await pair();
    assert.equal(other.connections.length, 0);
    await until("it", () => recorder.connections.length === 1);
  });

  onListening("a closed listener frees its port and keeps connections", async (listening) => {
    const { pair, listener, platform, until, recorder, address, rest } = listening;
    const { peer, connection } = await pair();
    await listener.close();
    await listener.close();
    const outcome = await listening.dial(address).then((late) => late, () => undefined);
    await rest();
    assert.ok(outcome === undefined || outcome.isOver, "nobody listens");
    assert.equal(recorder.connections.length, 1);
    peer.send(bytesOf("still"));
    await until("it", () => connection.receivedBytes === 5);
    connection.socket.write(bytesOf("here"), 0, 4);
    await until("the answer", () => peer.receivedBytes === 4);
    const again = await platform.network.listen(
      { kind: "tcp", host: "127.0.0.1", port: listener.port, backlog: BACKLOG },
      recorder,
    );
    assert.equal(again.port, listener.port);
    await again.close();
    peer.destroy();
  });

  onListening("connections of one's own", async (listening) => {
    const { platform, address, until, recorder, rest } = listening;
    const near = new Recorder();
    recorder.onOpened = (connection) => {
      connection.onReceived = (bytes) => {
        recorder.calling(() => connection.socket.write(bytes, 0, bytes.length));
      };
    };
    const socket = near.calling(() => platform.network.connect(address, near));
    assert.equal(near.calling(() => socket.write(bytesOf("early"), 0, 5)), 0);
    assert.equal(near.connections.length, 0);
    await until("the connection", () => near.connections.length === 1);
    const connection = near.connections[0]!;
    assert.equal(connection.socket, socket);
    assert.match(socket.remoteAddress, /^127\.0\.0\.1:\d+$/);
    assert.match(socket.localAddress, /^127\.0\.0\.1:\d+$/);
    assert.equal(near.calling(() => socket.write(bytesOf("hello"), 0, 5)), 5);
    await until("the echo", () => connection.receivedBytes === 5);
    assert.equal(textOf(joined(connection)), "hello");
    const far = recorder.connections[0]!;
    assert.equal(far.socket.remoteAddress, socket.localAddress);
    recorder.calling(() => far.socket.end());
    await until("both to close", () => connection.closed === 1 && far.closed === 1);
    await rest();
  });

  onListening("a connection given up before it is open", async (listening) => {
    const { platform, address, until, rest } = listening;
    for (const way of ["end", "destroy"] as const) {
      const near = new Recorder();
      const socket = near.calling(() => platform.network.connect(address, near));
      near.calling(() => socket[way]());
      await until("the close", () => near.refused.length + closedCount(near) > 0);
      await rest();
      assert.equal(near.refused.length + closedCount(near), 1);
    }
  });

  if (secure !== undefined) return;

  onBench("nobody listens", async ({ platform, until, folder }) => {
    const recorder = new Recorder();
    const { network } = platform;
    const listener = await network.listen(
      { kind: "tcp", host: "127.0.0.1", port: 0, backlog: BACKLOG },
      recorder,
    );
    await listener.close();
    const addresses: ConnectAddress[] = [
      { kind: "tcp", host: "127.0.0.1", port: listener.port },
      { kind: "unix", path: `${folder}/no such socket` },
    ];
    for (const address of addresses) {
      const near = new Recorder();
      const socket = near.calling(() => network.connect(address, near));
      await until("the refusal", () => near.refused.length > 0);
      const code = near.refused[0]?.code;
      assert.ok(code === "ECONNREFUSED" || (code === "ENOENT" && address.kind === "unix"), code);
      assert.equal(near.calling(() => socket.write(bytesOf("x"), 0, 1)), 0);
      near.calling(() => socket.destroy());
      assert.equal(near.connections.length, 0);
    }
  });

  onBench("a Unix socket", async ({ platform, folder, dial, until }) => {
    const recorder = new Recorder();
    const path = `${folder}/redis.sock`;
    // A file that an earlier server left behind is replaced.
    if (!maker.isMemory) writeFileSync(path, "stale");
    const listener = await platform.network.listen(
      { kind: "unix", path, mode: 0o710, backlog: BACKLOG },
      recorder,
    );
    assert.equal(listener.port, 0);
    if (!maker.isMemory) assert.equal(statSync(path).mode & 0o777, 0o710);
    const peer = await dial({ kind: "unix", path });
    await until("the connection", () => recorder.connections.length === 1);
    const connection = recorder.connections[0]!;
    const { socket } = connection;
    assert.equal(socket.isUnix, true);
    assert.equal(socket.isLocal, true);
    assert.equal(socket.remoteAddress, `${path}:0`);
    assert.equal(socket.localAddress, `${path}:0`);
    socket.keepAlive(300);
    const total = 3 * 1024 * 1024;
    peer.send(pattern(0, total));
    await until("all", () => connection.receivedBytes === total);
    assertPattern(joined(connection), total);
    socket.write(bytesOf("answer"), 0, 6);
    await until("the answer", () => peer.receivedBytes === 6);
    await listener.close();
    assert.equal(existsSync(path), false, "the file is removed");
    recorder.calling(() => socket.end());
    await until("the close", () => connection.closed === 1 && peer.isOver);
    peer.destroy();
  });

  if (maker.isMemory) return;

  onBench("IPv6", async ({ platform, dial, until }) => {
    const recorder = new Recorder();
    const listener = await platform.network.listen(
      { kind: "tcp", host: "::1", port: 0, backlog: BACKLOG },
      recorder,
    );
    const peer = await dial({ kind: "tcp", host: "::1", port: listener.port });
    await until("the connection", () => recorder.connections.length === 1);
    const { socket } = recorder.connections[0]!;
    assert.match(socket.remoteAddress, /^::1:\d+$/);
    assert.equal(socket.localAddress, `::1:${listener.port}`);
    assert.equal(socket.isLocal, true);
    peer.destroy();
    await until("the close", () => recorder.connections[0]!.closed === 1);
    await listener.close();
  });

  onBench("every address of both families at one port", async ({ platform, dial, until }) => {
    const recorder = new Recorder();
    const { network } = platform;
    const four = await network.listen(
      { kind: "tcp", host: "0.0.0.0", port: 0, backlog: BACKLOG },
      recorder,
    );
    const six = await network.listen(
      { kind: "tcp", host: "::", port: four.port, backlog: BACKLOG },
      recorder,
    ).catch((error) => error as NetworkError);
    // Deno has no socket for IPv6 alone; it must say so in the way that Redis goes on after.
    if (six instanceof NetworkError) assert.equal(six.code, "EAFNOSUPPORT");
    else {
      const peer = await dial({ kind: "tcp", host: "::1", port: four.port });
      await until("the connection", () => recorder.connections.length === 1);
      peer.destroy();
      await six.close();
    }
    const count = recorder.connections.length;
    const peer = await dial({ kind: "tcp", host: "127.0.0.1", port: four.port });
    await until("the connection", () => recorder.connections.length > count);
    assert.match(recorder.connections[count]!.socket.remoteAddress, /^127\.0\.0\.1:/);
    peer.destroy();
    await four.close();
    await until("all closed", () => recorder.connections.every(({ closed }) => closed === 1));
  });

  onBench("addresses that cannot be listened on", async ({ platform, folder }) => {
    const { network } = platform;
    const recorder = new Recorder();
    const tcp = (host: string, port = 0): Promise<Listener> =>
      network.listen({ kind: "tcp", host, port, backlog: BACKLOG }, recorder);
    await refuses("EADDRNOTAVAIL", tcp("192.0.2.1"));
    await refuses("ENOTFOUND", tcp("no-such-host.invalid"));
    await refuses("EINVAL", tcp("127.0.0.1", 70_000));
    const unix = (path: string): Promise<Listener> =>
      network.listen({ kind: "unix", path, mode: 0, backlog: BACKLOG }, recorder);
    await refuses("ENOENT", unix(`${folder}/none/redis.sock`));
    await refuses("EINVAL", unix(`${folder}/${"long".repeat(60)}`));
  });
}

function closedCount(recorder: Recorder): number {
  return recorder.connections.filter(({ closed }) => closed > 0).length;
}

async function refuses(code: string, promise: Promise<Listener>): Promise<void> {
  const outcome = await promise.then((listener) => listener, (error: unknown) => error);
  assert.ok(outcome instanceof NetworkError, `no refusal with ${code}`);
  assert.equal(outcome.code, code);
  assert.notEqual(outcome.message, "");
}
