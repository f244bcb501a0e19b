/**
 * The platforms that the contract suites are run on: the runtime that executes the test, and the
 * one in memory. This is the only place of the suites that asks which runtime it is on.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { createConnection, type Socket as NodeSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { memoryPlatform } from "../../adapters/memory/mod.ts";
import type { MemoryClient } from "../../adapters/memory/mod.ts";
import type { SystemPlatformOptions } from "../../adapters/shared/system_platform.ts";
import type { BackgroundJobs } from "../../src/platform/background.ts";
import type { ConnectAddress, TlsOptions } from "../../src/platform/network.ts";
import type { Platform } from "../../src/platform/platform.ts";
import { thisRuntime } from "./servers.ts";

/** A platform and what a test needs around it. */
export interface Bench {
  readonly platform: Platform;
  /** An existing, empty folder. */
  readonly folder: string;
  /** Lets things happen until `condition` holds; throws where it never does. */
  until(what: string, condition: () => boolean): Promise<void>;
  /** Lets things happen for a while: what would come, would come now. */
  rest(): Promise<void>;
  /** Opens a connection that does not go through the platform's own network code. */
  dial(address: ConnectAddress): Promise<Peer>;
  /** Cleans up. */
  close(): void;
}

/** The other end of a connection. */
export interface Peer {
  send(bytes: Uint8Array): void;
  stopReading(): void;
  startReading(): void;
  /** How many bytes have come in. */
  readonly receivedBytes: number;
  /** Everything that has come in. */
  received(): Uint8Array;
  /** Sends no more, goes on reading. */
  end(): void;
  destroy(): void;
  /** The connection is over, by whichever side. */
  readonly isOver: boolean;
}

/** How to make a {@link Bench}. */
export interface BenchOptions {
  readonly jobs?: BackgroundJobs;
  /** The worker that knows the same jobs; left out, they run on the main thread. */
  readonly workerUrl?: URL;
}

/** A kind of platform under test. */
export interface BenchMaker {
  readonly name: string;
  readonly isMemory: boolean;
  make(options?: BenchOptions): Promise<Bench>;
}

/** The kinds of platform that can be tested here. */
export const benchMakers: readonly BenchMaker[] = [
  { name: thisRuntime, isMemory: false, make: makeSystemBench },
  { name: "memory", isMemory: true, make: makeMemoryBench },
];

/** When something that should happen is given up; far above what a slow machine needs. */
const PATIENCE_MS = 60_000;
const REST_MS = 30;

interface SystemAdapter {
  readonly [name: string]: (options: SystemPlatformOptions) => Platform;
}

async function makeSystemBench(options: BenchOptions = {}): Promise<Bench> {
  const module = new URL(`../../adapters/${thisRuntime}/mod.ts`, import.meta.url).href;
  const adapter = await import(module) as SystemAdapter;
  const platform = adapter[`${thisRuntime}Platform`]!({
    jobs: options.jobs ?? {},
    workerUrl: options.workerUrl,
  });
  const folder = mkdtempSync(join(tmpdir(), "pagurus-contract-"));
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  return {
    platform,
    folder,
    async until(what, condition) {
      const start = Date.now();
      while (!condition()) {
        if (Date.now() - start > PATIENCE_MS) throw new Error(`in vain waited for: ${what}`);
        await sleep(1);
      }
    },
    rest: () => sleep(REST_MS),
    dial: (address) => dialSystem(address),
    close() {
      platform.background.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function dialSystem(address: ConnectAddress): Promise<Peer> {
  return new Promise((resolve, reject) => {
    const socket = address.kind === "unix"
      ? createConnection({ path: address.path, allowHalfOpen: true })
      : createConnection({ host: address.host, port: address.port, allowHalfOpen: true });
    socket.once("error", reject);
    if (address.kind === "unix" || address.tls === undefined) {
      socket.once("connect", () => resolve(new SystemPeer(socket, socket)));
      return;
    }
    const secure = connectSecurely(socket, address.tls);
    secure.once("error", reject);
    secure.once("secureConnect", () => resolve(new SystemPeer(secure, socket)));
  });
}

function connectSecurely(below: NodeSocket, tls: TlsOptions): TLSSocket {
  const { certificate, key } = tls;
  return connectTls({
    // Deno reads on from a socket of its own when it should not.
    socket: thisRuntime === "deno" ? throughStream(below) : below,
    ca: [...tls.authorities],
    checkServerIdentity: () => undefined,
    ...(certificate === "" ? {} : { cert: certificate, key }),
  });
}

/** A stream that is nothing but the socket. */
function throughStream(socket: NodeSocket): Duplex {
  socket.pause();
  const stream = new Duplex({
    read: () => void socket.resume(),
    write: (bytes, _encoding, done) => void socket.write(bytes, () => done()),
    final: (done) => void socket.end(() => done()),
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
  });
  socket.on("data", (bytes) => {
    if (!stream.push(bytes)) socket.pause();
  });
  socket.on("end", () => stream.push(null));
  socket.on("error", (error) => stream.destroy(error));
  socket.on("close", () => stream.destroy());
  return stream;
}

class SystemPeer implements Peer {
  readonly #socket: NodeSocket;
  readonly #below: NodeSocket;
  readonly #pieces: Uint8Array[] = [];
  receivedBytes = 0;
  isOver = false;

  /** @param below what carries the socket; Deno reads on there when TLS above it is paused. */
  constructor(socket: NodeSocket, below: NodeSocket) {
    this.#socket = socket;
    this.#below = below;
    below.setNoDelay(true);
    socket.on("data", (bytes: Uint8Array) => {
      this.#pieces.push(bytes);
      this.receivedBytes += bytes.length;
    });
    socket.on("error", () => this.isOver = true);
    socket.on("end", () => this.isOver = true);
    socket.on("close", () => this.isOver = true);
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes.slice());
  }

  stopReading(): void {
    this.#socket.pause();
    if (thisRuntime === "deno") this.#below.pause();
  }

  startReading(): void {
    this.#socket.resume();
    if (thisRuntime === "deno") this.#below.resume();
  }

  received(): Uint8Array {
    return joined(this.#pieces, this.receivedBytes);
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#below.destroy();
    this.#socket.destroy();
  }
}

/** Time that one step of waiting moves the memory platform's clock by. */
const STEP_MS = 1;
const STEPS_MAX = 1_000_000;

function makeMemoryBench(options: BenchOptions = {}): Promise<Bench> {
  const platform = memoryPlatform({ jobs: options.jobs ?? {} });
  const { clock, network } = platform;
  const folder = "/contract";
  platform.files.makeDirectory(folder);
  return Promise.resolve({
    platform,
    folder,
    async until(what, condition) {
      for (let step = 0; !condition(); step++) {
        if (step === STEPS_MAX) throw new Error(`in vain waited for: ${what}`);
        clock.advance(STEP_MS);
        await Promise.resolve();
      }
    },
    async rest() {
      clock.advance(REST_MS);
      await Promise.resolve();
    },
    async dial(address) {
      const client = network.client(address);
      clock.advance(0);
      return await Promise.resolve(new MemoryPeer(client));
    },
    close() {
      platform.background.close();
    },
  });
}

class MemoryPeer implements Peer {
  readonly #client: MemoryClient;
  readonly #pieces: Uint8Array[] = [];
  #takenBytes = 0;

  constructor(client: MemoryClient) {
    this.#client = client;
  }

  get receivedBytes(): number {
    return this.#takenBytes + this.#client.receivedBytes;
  }

  get isOver(): boolean {
    return this.#client.isEnded || this.#client.wasReset;
  }

  send(bytes: Uint8Array): void {
    this.#client.send(bytes);
  }

  stopReading(): void {
    this.#client.readLimitBytes = 0;
  }

  startReading(): void {
    this.#client.readLimitBytes = Infinity;
  }

  received(): Uint8Array {
    this.#takenBytes += this.#client.receivedBytes;
    this.#pieces.push(this.#client.take());
    return joined(this.#pieces, this.#takenBytes);
  }

  end(): void {
    this.#client.end();
  }

  destroy(): void {
    this.#client.destroy();
  }
}

function joined(pieces: readonly Uint8Array[], lengthBytes: number): Uint8Array {
  const all = new Uint8Array(lengthBytes);
  let position = 0;
  for (const piece of pieces) {
    all.set(piece, position);
    position += piece.length;
  }
  return all;
}
