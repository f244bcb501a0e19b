/**
 * Metrics for Prometheus and a health check, over HTTP at `metrics-port`.
 *
 * - `GET /metrics`: what INFO tells, in the text format 0.0.4.
 * - `GET /health`: 200 `ok`; 503 with the reason while data is loaded or writes are refused.
 *
 * There is no password here, which is why it listens on the loopback interface alone unless
 * `metrics-bind` says otherwise. A few connections are served, and none that is idle for long.
 */
import { utf8Bytes } from "../../base/ascii.ts";
import type { Timer } from "../../platform/clock.ts";
import { type Listener, NetworkError, type Socket } from "../../platform/network.ts";
import type { Engine } from "../engine.ts";
import { anyAddress } from "../listeners.ts";
import { type HttpRequest, HttpRequests } from "./http_request.ts";
import { metricsText } from "./metrics_text.ts";

const CONNECTIONS_MAX = 64;
const IDLE_MS = 60_000;
const BACKLOG = 64;

const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  431: "Request Header Fields Too Large",
  503: "Service Unavailable",
  505: "HTTP Version Not Supported",
};

const PLAIN = "text/plain; charset=utf-8";
const PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

/** What is answered. */
interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export class MetricsServer {
  readonly #engine: Engine;
  #listeners: Listener[] = [];
  readonly #connections = new Set<HttpConnection>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** The port in use, 0 when there is none. */
  get port(): number {
    return this.#listeners[0]?.port ?? 0;
  }

  /** Listens where the configuration says so; rejects when that cannot be, after a line of log. */
  async open(): Promise<void> {
    const { config, platform, log } = this.#engine;
    const port = config.number("metrics-port");
    if (port === 0) return;
    for (const host of config.text("metrics-bind").split(" ").filter((word) => word !== "")) {
      try {
        const at = { kind: "tcp", host: anyAddress(host), port, backlog: BACKLOG } as const;
        this.#listeners.push(
          await platform.network.listen(at, {
            opened: (socket) => this.#opened(socket),
            received: (socket, bytes, length) => ownerOf(socket)?.received(bytes, length),
            drained: (socket) => ownerOf(socket)?.send(),
            closed: (socket) => this.#closed(socket),
          }),
        );
      } catch (thrown) {
        if (thrown instanceof NetworkError) {
          log.warning(`Could not listen for metrics on ${host}:${port}: ${thrown.message}`);
        }
        throw thrown;
      }
    }
    if (this.port > 0) log.notice(`Metrics are served on port ${this.port}`);
  }

  async close(): Promise<void> {
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const connection of this.#connections) connection.close();
    await Promise.all(listeners.map((listener) => listener.close()));
  }

  #opened(socket: Socket): void {
    if (this.#connections.size >= CONNECTIONS_MAX) {
      socket.destroy();
      return;
    }
    const connection = new HttpConnection(this.#engine, socket);
    socket.owner = connection;
    this.#connections.add(connection);
  }

  #closed(socket: Socket): void {
    const connection = ownerOf(socket);
    if (connection === undefined) return;
    this.#connections.delete(connection);
    connection.forget();
  }
}

function ownerOf(socket: Socket): HttpConnection | undefined {
  return socket.owner as HttpConnection | undefined;
}

/** One connection: answers its requests one after the other. */
class HttpConnection {
  readonly #engine: Engine;
  readonly #socket: Socket;
  readonly #requests: HttpRequests = new HttpRequests();
  #idle: Timer;
  /** What is not sent yet of an answer. */
  #unsent: Uint8Array = new Uint8Array(0);
  #isLast = false;

  constructor(engine: Engine, socket: Socket) {
    this.#engine = engine;
    this.#socket = socket;
    this.#idle = this.#watch();
  }

  received(bytes: Uint8Array, length: number): void {
    if (this.#isLast) return;
    this.#requests.feed(bytes, length);
    this.#answerAll();
  }

  /** Goes on with an answer, and then with what came behind its request. */
  send(): void {
    if (!this.#sendAll()) return;
    this.#socket.resume();
    this.#answerAll();
  }

  close(): void {
    this.#socket.end();
  }

  forget(): void {
    this.#idle.cancel();
  }

  #answerAll(): void {
    while (this.#unsent.length === 0 && !this.#isLast) {
      const request = this.#requests.next();
      if (request === undefined) return;
      this.#idle.cancel();
      this.#idle = this.#watch();
      if (request.status === 200) this.#isLast = !request.keepsAlive;
      else this.#isLast = true;
      const answer = request.status === 200
        ? answerTo(this.#engine, request)
        : { status: request.status, type: PLAIN, body: `${REASONS[request.status]}\n` };
      const isHead = request.status === 200 && request.method === "HEAD";
      this.#unsent = answerBytes(answer, this.#isLast, isHead);
      if (!this.#sendAll()) this.#socket.pause();
    }
  }

  /** Returns whether nothing is left. */
  #sendAll(): boolean {
    const accepted = this.#socket.write(this.#unsent, 0, this.#unsent.length);
    this.#unsent = this.#unsent.subarray(accepted);
    if (this.#unsent.length > 0) return false;
    if (this.#isLast) this.#socket.end();
    return true;
  }

  #watch(): Timer {
    return this.#engine.clock.schedule(IDLE_MS, () => this.#socket.destroy());
  }
}

function answerTo(engine: Engine, request: HttpRequest): Answer {
  const { method, path } = request;
  if (method !== "GET" && method !== "HEAD") {
    return { status: 405, type: PLAIN, body: "Only GET and HEAD are answered here.\n" };
  }
  switch (path) {
    case "/metrics":
      return { status: 200, type: PROMETHEUS, body: metricsText(engine) };
    case "/health": {
      const trouble = troubleOf(engine);
      return trouble === ""
        ? { status: 200, type: PLAIN, body: "ok\n" }
        : { status: 503, type: PLAIN, body: `${trouble}\n` };
    }
    default:
      return { status: 404, type: PLAIN, body: "There is /metrics and /health.\n" };
  }
}

/** Why the server cannot be relied on at the moment; "" where it can. */
function troubleOf(engine: Engine): string {
  if (engine.isLoading) return "LOADING Redis is loading the dataset in memory";
  return engine.persistence.refusal;
}

function answerBytes(answer: Answer, isLast: boolean, isHead: boolean): Uint8Array {
  const body = utf8Bytes(answer.body);
  const head = utf8Bytes(
    `HTTP/1.1 ${answer.status} ${REASONS[answer.status]}\r\n` +
      `Content-Type: ${answer.type}\r\nContent-Length: ${body.length}\r\n` +
      (answer.status === 405 ? "Allow: GET, HEAD\r\n" : "") +
      `Connection: ${isLast ? "close" : "keep-alive"}\r\n\r\n`,
  );
  if (isHead) return head;
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head);
  bytes.set(body, head.length);
  return bytes;
}
