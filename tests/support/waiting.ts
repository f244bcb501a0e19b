/**
 * Scenarios of commands that wait: several connections to one server, what they send and what they
 * get back, written down. Nothing depends on how long anything takes: a scenario goes on when the
 * server says that so many connections wait.
 *
 * ```ts
 * waiting("BLPOP is served by a push", async (w) => {
 *   await w.waits("a", "BLPOP", "k", "0");
 *   await w.do("b", "RPUSH", "k", "1");
 *   await w.replies("a");
 * });
 * ```
 */
import assert from "node:assert/strict";
import { conformanceOf, type ConformanceOptions } from "./compare.ts";
import { describe, type Reply, textOf } from "./reply.ts";
import { type Argument, describeCommand, type RespClient } from "./resp_client.ts";
import { sleep, type TestServer } from "./servers.ts";

/** How often the server is asked before a scenario counts as hung. */
const TRIES_MAX = 1000;

/** Connections by name, and what they got, in the order in which it was read. */
export class Waiting {
  readonly protocol: 2 | 3;
  readonly #server: TestServer;
  /** Asks how many wait, and nothing else. */
  readonly #observer: RespClient;
  readonly #clients: Map<string, RespClient> = new Map();
  readonly transcript: string[] = [];
  #waitingCount = 0;

  constructor(server: TestServer, observer: RespClient, protocol: 2 | 3) {
    this.#server = server;
    this.#observer = observer;
    this.protocol = protocol;
  }

  /** The connection of a name; a new one when the name is new. */
  async client(name: string): Promise<RespClient> {
    let client = this.#clients.get(name);
    if (client === undefined) {
      client = await this.#server.client();
      this.#clients.set(name, client);
      if (this.protocol === 3) await client.command("HELLO", "3");
    }
    return client;
  }

  /** Sends a command and notes its reply. */
  async do(name: string, ...args: Argument[]): Promise<Reply> {
    const client = await this.client(name);
    const reply = await client.command(...args);
    this.note(name, describeCommand(args), reply);
    return reply;
  }

  /** Sends commands at once and notes their replies. */
  async pipeline(name: string, ...commands: readonly (readonly Argument[])[]): Promise<void> {
    const client = await this.client(name);
    const replies = await client.pipeline(commands);
    replies.forEach((reply, i) => this.note(name, describeCommand(commands[i]), reply));
  }

  /** Sends a command that must wait, and goes on when it does. */
  async waits(name: string, ...args: Argument[]): Promise<void> {
    (await this.client(name)).send(...args);
    await this.untilWaiting(this.#waitingCount + 1);
  }

  /** Sends a command and reads nothing. */
  async sends(name: string, ...args: Argument[]): Promise<void> {
    (await this.client(name)).send(...args);
  }

  /** Notes the next replies of a connection. */
  async replies(name: string, count = 1): Promise<void> {
    const client = await this.client(name);
    for (let i = 0; i < count; i++) this.note(name, "", await client.nextReply());
    this.#waitingCount = await this.#countWaiting();
  }

  /** Writes down what a connection got. */
  note(name: string, command: string, reply: Reply): void {
    this.transcript.push(`${name}: ${command} -> ${describe(reply)}`);
  }

  /** Returns when exactly so many connections wait. */
  async untilWaiting(count: number): Promise<void> {
    for (let tries = 0; await this.#countWaiting() !== count; tries++) {
      assert.ok(tries < TRIES_MAX, `not ${count} connections wait: ${this.transcript.join("\n")}`);
      await sleep(1);
    }
    this.#waitingCount = count;
  }

  /** The number of a connection. */
  async idOf(name: string): Promise<string> {
    const reply = await (await this.client(name)).command("CLIENT", "ID");
    return String((reply as { value: unknown }).value);
  }

  /** Ends a connection, whatever it waits for; goes on when the server has noticed. */
  async close(name: string): Promise<void> {
    const count = await this.#countWaiting();
    (await this.client(name)).close();
    this.#clients.delete(name);
    await this.untilWaiting(Math.max(0, count - 1));
  }

  /** Ends all connections. */
  async end(): Promise<void> {
    for (const client of this.#clients.values()) client.close();
    await this.untilWaiting(0);
  }

  async #countWaiting(): Promise<number> {
    const info = textOf(await this.#observer.command("INFO", "clients"));
    return Number(/blocked_clients:(\d+)/.exec(info)?.[1]);
  }
}

/** Declares a scenario that both servers must go through alike, in RESP2 and RESP3. */
export function waiting(
  name: string,
  scenario: (w: Waiting) => Promise<void>,
  options: ConformanceOptions = {},
): void {
  for (const protocol of options.protocols ?? [2, 3] as const) {
    conformanceOf(name, async (observer, server) => {
      const w = new Waiting(server, observer, protocol);
      try {
        await scenario(w);
      } catch (error) {
        const message = `${(error as Error).message} after\n${w.transcript.join("\n")}`;
        throw new Error(message, { cause: error });
      } finally {
        await w.end();
      }
      return w.transcript;
    }, { ...options, protocols: [protocol] });
  }
}
