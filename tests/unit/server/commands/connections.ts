/** A server on a platform in memory, and as many connections to it as a test wants. */
import { memoryPlatform } from "../../../../adapters/memory/mod.ts";
import type { MemoryClient, MemoryPlatform } from "../../../../adapters/memory/mod.ts";
import { Config } from "../../../../src/server/config/config.ts";
import type { DirectiveOptions } from "../../../../src/server/config/load.ts";
import { applyOptions } from "../../../../src/server/config/load.ts";
import type { Engine } from "../../../../src/server/engine.ts";
import { Log } from "../../../../src/server/log.ts";
import { Server } from "../../../../src/server/server.ts";

const AT = { kind: "tcp", host: "127.0.0.1", port: 6379 } as const;

/** A connection; what comes is shown as it is on the wire (Latin-1). */
export class Connection {
  readonly #platform: MemoryPlatform;
  readonly #client: MemoryClient;

  constructor(platform: MemoryPlatform) {
    this.#platform = platform;
    this.#client = platform.network.client(AT);
    platform.clock.advance(0);
  }

  /** Sends a command, its arguments as Latin-1, and returns what comes back at once. */
  ask(...args: readonly (string | number)[]): string {
    return this.raw(request(...args));
  }

  /** The same with a command as a person types it. */
  line(text: string): string {
    return this.raw(`${text}\r\n`);
  }

  /** Sends bytes, one a character, and returns what comes back at once. */
  raw(text: string): string {
    this.#client.send(Buffer.from(text, "latin1"));
    this.#platform.clock.advance(0);
    return this.heard();
  }

  /** What has come since the last look. */
  heard(): string {
    return Buffer.from(this.#client.take()).toString("latin1");
  }

  /** The server has ended the connection, in order or at once. */
  get isGone(): boolean {
    return this.#client.isEnded || this.#client.wasReset;
  }

  destroy(): void {
    this.#client.destroy();
    this.#platform.clock.advance(0);
  }
}

/** A server without a network but its own. */
export class Connections {
  readonly platform: MemoryPlatform;
  readonly engine: Engine;
  /** Its log. */
  readonly log: string[];

  constructor(platform: MemoryPlatform, engine: Engine, log: string[]) {
    this.platform = platform;
    this.engine = engine;
    this.log = log;
  }

  connect(): Connection {
    return new Connection(this.platform);
  }

  advance(durationMs: number): void {
    this.platform.clock.advance(durationMs);
  }
}

/** Starts a server. */
export async function startConnections(options: DirectiveOptions = {}): Promise<Connections> {
  const platform = memoryPlatform();
  const config = new Config(platform.files);
  const refusal = applyOptions(config, { bind: "127.0.0.1", save: "", ...options });
  if (refusal !== undefined) throw new Error(refusal);
  const lines: string[] = [];
  const log = new Log(platform.clock, platform.process.pid, (line) => lines.push(line));
  const server = new Server(platform, config, log);
  await server.start();
  return new Connections(platform, server.engine, lines);
}

/** A command in the protocol. */
export function request(...args: readonly (string | number)[]): string {
  const words = args.map((arg) => `$${String(arg).length}\r\n${arg}\r\n`);
  return `*${args.length}\r\n${words.join("")}`;
}

/** A bulk string in the protocol. */
export function bulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}
