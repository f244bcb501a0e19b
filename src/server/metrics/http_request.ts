/**
 * Requests of HTTP/1.1, as far as somebody who only reads needs them: a line, headers, no body.
 *
 * ```
 *   GET /metrics HTTP/1.1 CRLF
 *   Host: 127.0.0.1:9121 CRLF
 *   CRLF
 * ```
 */
import { latin1 } from "../../base/ascii.ts";

/** The most bytes of a request. */
export const REQUEST_BYTES_MAX = 8192;

/** A request that can be answered; `status` is 200 until what it asks for has been looked up. */
export interface HttpRequest {
  readonly status: 200;
  readonly method: string;
  /** Without what follows a question mark. */
  readonly path: string;
  /** The connection may be used for another one. */
  readonly keepsAlive: boolean;
}

/** One that cannot; the connection is over after the answer. */
export interface HttpRefusal {
  readonly status: 400 | 431 | 505;
}

const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) HTTP\/(\d)\.(\d)$/;
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/;

/** Finds the requests in what arrives on one connection. */
export class HttpRequests {
  #text = "";

  /** Takes what has arrived. */
  feed(bytes: Uint8Array, length: number): void {
    this.#text += latin1(bytes, 0, length);
  }

  /** The next whole request, why there is none, or undefined while one is not there yet. */
  next(): HttpRequest | HttpRefusal | undefined {
    // An empty line before a request is passed over.
    if (this.#text.startsWith("\r\n")) this.#text = this.#text.slice(2);
    const end = this.#text.indexOf("\r\n\r\n");
    if (end > REQUEST_BYTES_MAX - 4 || (end < 0 && this.#text.length > REQUEST_BYTES_MAX)) {
      return { status: 431 };
    }
    if (end < 0) return undefined;
    const lines = this.#text.slice(0, end).split("\r\n");
    this.#text = this.#text.slice(end + 4);
    return parse(lines);
  }
}

function parse(lines: readonly string[]): HttpRequest | HttpRefusal {
  const line = REQUEST_LINE.exec(lines[0]);
  if (line === null) return { status: 400 };
  const [, method, target, major, minor] = line;
  if (major !== "1") return { status: 505 };
  const headers = new Map<string, string>();
  for (const text of lines.slice(1)) {
    const header = HEADER.exec(text);
    if (header === null) return { status: 400 };
    headers.set(header[1].toLowerCase(), header[2]);
  }
  const isOld = minor === "0";
  const bodyLength = headers.get("content-length") ?? "0";
  const hasBody = bodyLength !== "0" || headers.has("transfer-encoding");
  if (hasBody || (!isOld && !headers.has("host"))) return { status: 400 };
  const wish = headers.get("connection")?.toLowerCase() ?? "";
  const keepsAlive = isOld ? wish === "keep-alive" : wish !== "close";
  return { status: 200, method, path: pathOf(target), keepsAlive };
}

/** `/metrics` of `/metrics?a=b` and of `http://host/metrics`. */
function pathOf(target: string): string {
  const path = target.replace(/^https?:\/\/[^/?]*/, "");
  const question = path.indexOf("?");
  return question < 0 ? path : path.slice(0, question);
}
