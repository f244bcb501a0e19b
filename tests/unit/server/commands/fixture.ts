/** A server on a platform in memory, and one client of it: what it says arrives as text. */
import { memoryPlatform } from "../../../../adapters/memory/mod.ts";
import type { MemoryClient, MemoryPlatform } from "../../../../adapters/memory/mod.ts";
import { Config } from "../../../../src/server/config/config.ts";
import type { DirectiveOptions } from "../../../../src/server/config/load.ts";
import { applyOptions } from "../../../../src/server/config/load.ts";
import type { Engine } from "../../../../src/server/engine.ts";
import { Log } from "../../../../src/server/log.ts";
import { Server } from "../../../../src/server/server.ts";

/** See the top of this file. */
export class Bench {
  readonly platform: MemoryPlatform;
  readonly engine: Engine;
  readonly log: string[];
  readonly #client: MemoryClient;

  constructor(platform: MemoryPlatform, engine: Engine, log: string[], client: MemoryClient) {
    this.platform = platform;
    this.engine = engine;
    this.log = log;
    this.#client = client;
  }

  /** Sends a command and returns what comes back, as it is on the wire (Latin-1). */
  ask(...args: readonly (string | number)[]): string {
    const words = args.map((arg) => `$${String(arg).length}\r\n${arg}\r\n`);
    this.#client.send(`*${args.length}\r\n${words.join("")}`);
    this.platform.clock.advance(0);
    return Buffer.from(this.#client.take()).toString("latin1");
  }

  /** The fields of INFO. */
  info(...sections: string[]): Map<string, string> {
    const lines = this.ask("INFO", ...sections).split("\r\n").filter((line) =>
      /^\w+[|\w]*:/.test(line)
    );
    return new Map(lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1)];
    }));
  }
}

/** Starts a server and connects. */
export async function startBench(options: DirectiveOptions = {}): Promise<Bench> {
  const platform = memoryPlatform();
  const config = new Config(platform.files);
  const refusal = applyOptions(config, {
    bind: "127.0.0.1",
    save: "",
    "enable-debug-command": "yes",
    ...options,
  });
  if (refusal !== undefined) throw new Error(refusal);
  const lines: string[] = [];
  const log = new Log(platform.clock, platform.process.pid, (line) => lines.push(line));
  const server = new Server(platform, config, log);
  await server.start();
  const port = config.number("port");
  const client = platform.network.client({ kind: "tcp", host: "127.0.0.1", port });
  platform.clock.advance(0);
  return new Bench(platform, server.engine, lines, client);
}
