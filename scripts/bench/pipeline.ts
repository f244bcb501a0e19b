/** A connection that sends commands in pipelines and reads what comes back, reply by reply. */
import { connect, type Socket } from "node:net";

const CR = 13;
const LF = 10;

/** A request as a RESP array. */
export function request(...words: readonly string[]): string {
  let text = `*${words.length}\r\n`;
  for (const word of words) text += `$${word.length}\r\n${word}\r\n`;
  return text;
}

export class Pipeline {
  readonly #socket: Socket;
  #bytes: Uint8Array = new Uint8Array(0);
  #wanted = 0;
  #replies: (string | null)[] = [];
  #done: (replies: (string | null)[]) => void = () => {};

  constructor(port: number) {
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.on("error", () => this.#socket.destroy());
    this.#socket.on("data", (bytes: Uint8Array) => this.#received(bytes));
  }

  /** Sends requests and returns their replies: a bulk string, a line with its sign, or null. */
  send(text: string, count: number): Promise<(string | null)[]> {
    this.#wanted = count;
    this.#replies = [];
    return new Promise((resolve) => {
      this.#done = resolve;
      this.#socket.write(text, "latin1");
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #received(bytes: Uint8Array): void {
    const all = new Uint8Array(this.#bytes.length + bytes.length);
    all.set(this.#bytes);
    all.set(bytes, this.#bytes.length);
    let at = 0;
    for (;;) {
      const end = this.#replyAt(all, at);
      if (end < 0) break;
      at = end;
    }
    this.#bytes = all.subarray(at);
    if (this.#replies.length >= this.#wanted && this.#wanted > 0) {
      this.#wanted = 0;
      this.#done(this.#replies);
    }
  }

  /** Reads a line or a bulk string; returns where it ends, or -1. */
  #replyAt(bytes: Uint8Array, at: number): number {
    let line = at;
    while (line + 1 < bytes.length && !(bytes[line] === CR && bytes[line + 1] === LF)) line++;
    if (line + 1 >= bytes.length) return -1;
    const head = Buffer.from(bytes.buffer, bytes.byteOffset + at, line - at).toString("latin1");
    if (head[0] !== "$") {
      this.#replies.push(head);
      return line + 2;
    }
    const length = Number(head.slice(1));
    if (length < 0) {
      this.#replies.push(null);
      return line + 2;
    }
    const end = line + 2 + length + 2;
    if (end > bytes.length) return -1;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + line + 2, length).toString("latin1");
    this.#replies.push(text);
    return end;
  }
}
