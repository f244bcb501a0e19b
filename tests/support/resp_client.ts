/**
 * A raw client for tests. It adds nothing to what the wire says and takes nothing away: arguments
 * are bytes, replies are {@link Reply} trees, any bytes at all can be sent, and whatever a server
 * leaves unanswered becomes an error that says what was asked.
 *
 * Replies are taken in the order they arrive. RESP3 push messages are kept apart from them, since
 * they answer nothing: see {@link RespClient.nextPush}.
 */
import { connect, type Socket } from "node:net";
import { describe, type Reply, shorten } from "./reply.ts";

/** An argument of a command; a number is sent as its text, a string as UTF-8. */
export type Argument = string | number | bigint | Uint8Array;

/** Where to connect to, and how long to wait for anything. */
export interface RespClientOptions {
  readonly port?: number;
  readonly host?: string;
  /** A Unix socket's path, instead of host and port. */
  readonly path?: string;
  /** How long connecting and each reply may take, in milliseconds (15,000). */
  readonly timeoutMs?: number;
}

interface Waiter {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

/** One connection to a server. */
export class RespClient {
  readonly #socket: Socket;
  readonly #timeoutMs: number;
  readonly #parser = new ReplyParser();
  readonly #replies: Reply[] = [];
  readonly #waiters: Waiter[] = [];
  readonly #pushes: Reply[] = [];
  readonly #pushWaiters: Waiter[] = [];
  /** Resolves when the connection is gone, whoever ended it. */
  readonly closed: Promise<void>;
  #ended: Error | undefined;

  private constructor(socket: Socket, timeoutMs: number) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    this.closed = new Promise((resolve) => {
      socket.on("close", () => {
        this.#end(new Error("the server closed the connection"));
        resolve();
      });
    });
    socket.on("error", (error) => this.#end(error));
    socket.on("data", (chunk) => this.#received(chunk));
  }

  /** Connects; rejects when that fails or takes too long. */
  static connect(options: RespClientOptions): Promise<RespClient> {
    const timeoutMs = options.timeoutMs ?? 15_000;
    const socket = options.path === undefined
      ? connect({ port: options.port!, host: options.host ?? "127.0.0.1", noDelay: true })
      : connect({ path: options.path });
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        socket.destroy();
        reject(new Error(`no connection to ${options.path ?? options.port} in ${timeoutMs} ms`));
      }, timeoutMs);
      socket.once("error", (error) => {
        clearTimeout(timer);
        reject(error);
      });
      socket.once("connect", () => {
        clearTimeout(timer);
        socket.removeAllListeners("error");
        resolve(new RespClient(socket, timeoutMs));
      });
    });
  }

  /** Sends one command and waits for its reply. */
  async command(...args: Argument[]): Promise<Reply> {
    this.send(...args);
    return await this.#next(this.#timeoutMs, () => describeCommand(args));
  }

  /** Sends all the commands at once, then waits for as many replies. */
  async pipeline(commands: readonly (readonly Argument[])[]): Promise<Reply[]> {
    this.sendRaw(Buffer.concat(commands.map(encodeCommand)));
    const replies: Reply[] = [];
    for (const args of commands) {
      replies.push(await this.#next(this.#timeoutMs, () => describeCommand(args)));
    }
    return replies;
  }

  /** Sends one command and waits for nothing. */
  send(...args: Argument[]): void {
    this.sendRaw(encodeCommand(args));
  }

  /** Sends bytes as they are; text is taken as Latin-1, so that "\xff" is one byte. */
  sendRaw(bytes: string | Uint8Array): void {
    if (this.#ended) throw this.#ended;
    this.#socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** The next reply, whichever command it answers. */
  nextReply(timeoutMs = this.#timeoutMs): Promise<Reply> {
    return this.#next(timeoutMs, () => "nothing in particular");
  }

  /** The next RESP3 push message. */
  nextPush(timeoutMs = this.#timeoutMs): Promise<Reply> {
    const push = this.#pushes.shift();
    if (push) return Promise.resolve(push);
    return this.#wait(this.#pushWaiters, timeoutMs, () => "a push message");
  }

  /** Resolves when the server has closed the connection; rejects when it does not in time. */
  async waitClosed(timeoutMs = this.#timeoutMs): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`the server kept the connection open for ${timeoutMs} ms`)),
        timeoutMs,
      );
    });
    try {
      await Promise.race([this.closed, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Stops reading, so that what the server sends piles up. */
  pause(): void {
    this.#socket.pause();
  }

  /** Reads on after {@link pause}. */
  resume(): void {
    this.#socket.resume();
  }

  /** Sends the end of the stream but goes on reading: what `shutdown(SHUT_WR)` does. */
  halfClose(): void {
    this.#socket.end();
  }

  /** Ends the connection at once. */
  close(): void {
    this.#socket.destroy();
  }

  #next(timeoutMs: number, asked: () => string): Promise<Reply> {
    const reply = this.#replies.shift();
    if (reply) return Promise.resolve(reply);
    return this.#wait(this.#waiters, timeoutMs, asked);
  }

  #wait(queue: Waiter[], timeoutMs: number, asked: () => string): Promise<Reply> {
    if (this.#ended) return Promise.reject(explain(this.#ended, asked()));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        queue.splice(queue.indexOf(waiter), 1);
        const rest = shorten(JSON.stringify(this.#parser.unparsed()), 100);
        reject(new Error(`no reply in ${timeoutMs} ms to: ${asked()} (unparsed: ${rest})`));
      }, timeoutMs);
      const waiter: Waiter = {
        resolve: (reply) => {
          clearTimeout(timer);
          resolve(reply);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(explain(error, asked()));
        },
      };
      queue.push(waiter);
    });
  }

  #received(chunk: Uint8Array): void {
    this.#parser.feed(chunk);
    try {
      for (let reply = this.#parser.next(); reply; reply = this.#parser.next()) {
        const isPush = reply.kind === "push";
        const waiter = (isPush ? this.#pushWaiters : this.#waiters).shift();
        if (waiter) waiter.resolve(reply);
        else (isPush ? this.#pushes : this.#replies).push(reply);
      }
    } catch (error) {
      this.#end(error as Error);
      this.#socket.destroy();
    }
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(this.#ended);
    for (const waiter of this.#pushWaiters.splice(0)) waiter.reject(this.#ended);
  }
}

function explain(error: Error, asked: string): Error {
  return new Error(`${error.message}; asked was: ${asked}`, { cause: error });
}

/** A command as a person would type it, cut where it is long. */
export function describeCommand(args: readonly Argument[]): string {
  return shorten(
    args.map((arg) => {
      const text = typeof arg === "object" ? describe({ kind: "bulk", bytes: arg }) : String(arg);
      return /^[\w.:*?()[\]{}+=<>@#!$%&/|,;~^-]+$/.test(text) || typeof arg === "object"
        ? text
        : describe({ kind: "bulk", bytes: Buffer.from(text) });
    }).join(" "),
  );
}

/** A command as a multibulk request. */
export function encodeCommand(args: readonly Argument[]): Buffer {
  const parts: Uint8Array[] = [Buffer.from(`*${args.length}\r\n`)];
  for (const arg of args) {
    const bytes = typeof arg === "object" ? arg : Buffer.from(String(arg));
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, CRLF);
  }
  return Buffer.concat(parts);
}

const CRLF = Buffer.from("\r\n");

/**
 * Cuts a stream into replies. Incomplete input costs nothing until as many bytes have come as the
 * last attempt found missing, so a huge bulk string is joined once and not once a packet.
 */
export class ReplyParser {
  #bytes: Buffer = Buffer.alloc(0);
  #chunks: Uint8Array[] = [];
  #chunksLength = 0;
  #position = 0;
  #needed = 1;

  /** Takes what has arrived. */
  feed(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#chunksLength += chunk.length;
  }

  /** The next whole reply, or undefined when there is none yet. Throws on what is not RESP. */
  next(): Reply | undefined {
    if (this.#bytes.length - this.#position + this.#chunksLength < this.#needed) return undefined;
    if (this.#chunks.length > 0) {
      this.#bytes = Buffer.concat([this.#bytes.subarray(this.#position), ...this.#chunks]);
      this.#chunks = [];
      this.#chunksLength = 0;
      this.#position = 0;
    }
    const start = this.#position;
    this.#needed = 1;
    const reply = this.#parse();
    if (reply === undefined) {
      this.#position = start;
      this.#needed = Math.max(this.#needed, this.#bytes.length - start + 1);
    }
    return reply;
  }

  /** What has arrived but is no whole reply, as Latin-1. */
  unparsed(): string {
    return Buffer.concat([this.#bytes.subarray(this.#position), ...this.#chunks]).toString(
      "latin1",
    );
  }

  #parse(): Reply | undefined {
    const line = this.#line();
    if (line === undefined) return undefined;
    const rest = line.slice(1);
    switch (line[0]) {
      case "+":
        return { kind: "simple", text: rest };
      case "-":
        return { kind: "error", text: rest };
      case ":":
        return { kind: "integer", value: BigInt(wholeNumber(rest)) };
      case ",":
        return { kind: "double", text: rest };
      case "(":
        return { kind: "big_number", text: rest };
      case "#":
        if (rest !== "t" && rest !== "f") throw new Error(`not a boolean: ${line}`);
        return { kind: "boolean", value: rest === "t" };
      case "_":
        if (rest !== "") throw new Error(`not a null: ${line}`);
        return { kind: "null", form: "resp3" };
      case "$": {
        if (rest === "-1") return { kind: "null", form: "bulk" };
        const bytes = this.#blob(rest);
        return bytes && { kind: "bulk", bytes };
      }
      case "=": {
        const bytes = this.#blob(rest);
        if (!bytes) return undefined;
        const format = Buffer.from(bytes.subarray(0, 3)).toString("latin1");
        if (bytes[3] !== 0x3a) throw new Error("a verbatim string without a format");
        return { kind: "verbatim", format, bytes: bytes.subarray(4) };
      }
      case "!": {
        const bytes = this.#blob(rest);
        return bytes && { kind: "error", text: Buffer.from(bytes).toString("latin1") };
      }
      case "*": {
        if (rest === "-1") return { kind: "null", form: "array" };
        const items = this.#items(Number(wholeNumber(rest)));
        return items && { kind: "array", items };
      }
      case "~":
      case ">": {
        const items = this.#items(Number(wholeNumber(rest)));
        return items && { kind: line[0] === "~" ? "set" : "push", items };
      }
      case "%": {
        const items = this.#items(2 * Number(wholeNumber(rest)));
        if (!items) return undefined;
        const entries: [Reply, Reply][] = [];
        for (let i = 0; i < items.length; i += 2) entries.push([items[i], items[i + 1]]);
        return { kind: "map", entries };
      }
      default:
        throw new Error(`not RESP: ${shorten(JSON.stringify(this.unparsed()), 200)}`);
    }
  }

  #line(): string | undefined {
    const end = this.#bytes.indexOf("\r\n", this.#position, "latin1");
    if (end < 0) return undefined;
    const line = this.#bytes.toString("latin1", this.#position, end);
    this.#position = end + 2;
    return line;
  }

  #blob(lengthText: string): Uint8Array | undefined {
    const length = Number(wholeNumber(lengthText));
    const end = this.#position + length;
    if (this.#bytes.length < end + 2) {
      this.#needed = end + 2 - this.#position;
      return undefined;
    }
    if (this.#bytes[end] !== 13 || this.#bytes[end + 1] !== 10) {
      throw new Error("a bulk string that does not end where it said");
    }
    const bytes = this.#bytes.subarray(this.#position, end);
    this.#position = end + 2;
    return bytes;
  }

  #items(count: number): Reply[] | undefined {
    const items: Reply[] = [];
    for (let i = 0; i < count; i++) {
      const item = this.#parse();
      if (item === undefined) return undefined;
      items.push(item);
    }
    return items;
  }
}

function wholeNumber(text: string): string {
  if (!/^-?\d+$/.test(text)) throw new Error(`not a whole number: ${JSON.stringify(text)}`);
  return text;
}
