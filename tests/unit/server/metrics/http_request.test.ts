import assert from "node:assert/strict";
import { test } from "node:test";
import { latin1Bytes } from "../../../../src/base/ascii.ts";
import { HttpRequests, REQUEST_BYTES_MAX } from "../../../../src/server/metrics/http_request.ts";

function fed(text: string): HttpRequests {
  const requests = new HttpRequests();
  requests.feed(latin1Bytes(text), text.length);
  return requests;
}

test("a request", () => {
  assert.deepEqual(fed("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").next(), {
    status: 200,
    method: "GET",
    path: "/metrics",
    keepsAlive: true,
  });
});

test("a request byte by byte, and one behind it", () => {
  const requests = new HttpRequests();
  const text = "\r\nHEAD http://h:1/health?x=1 HTTP/1.1\r\nhost:x\r\nConnection: Close\r\n\r\n";
  for (const letter of text.slice(0, -1)) {
    requests.feed(latin1Bytes(letter), 1);
    assert.equal(requests.next(), undefined);
  }
  requests.feed(latin1Bytes("\nGET / HTTP/1.0\r\n\r\n"), 19);
  assert.deepEqual(requests.next(), {
    status: 200,
    method: "HEAD",
    path: "/health",
    keepsAlive: false,
  });
  assert.deepEqual(requests.next(), { status: 200, method: "GET", path: "/", keepsAlive: false });
  assert.equal(requests.next(), undefined);
});

test("HTTP/1.0 keeps a connection only when it asks", () => {
  const request = fed("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").next();
  assert.ok(request?.status === 200 && request.keepsAlive);
});

test("what is no request", () => {
  const refused = (text: string) => fed(text).next()?.status;
  assert.equal(refused("PING\r\n\r\n"), 400);
  assert.equal(refused("GET /\r\n\r\n"), 400);
  assert.equal(refused("GET / HTTP/1.1\r\n\r\n"), 400, "no host");
  assert.equal(refused("GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n"), 400);
  assert.equal(refused("GET / HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n"), 400);
  assert.equal(refused("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"), 400);
  assert.equal(refused("GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
  assert.equal(refused("GET / HTTP/2.0\r\n\r\n"), 505);
});

test("a request has a longest length", () => {
  const around = "GET / HTTP/1.1\r\nHost: x\r\nA: \r\n\r\n".length;
  const filled = (length: number) =>
    `GET / HTTP/1.1\r\nHost: x\r\nA: ${"y".repeat(length - around)}\r\n\r\n`;
  assert.equal(fed(filled(REQUEST_BYTES_MAX)).next()?.status, 200);
  assert.equal(fed(filled(REQUEST_BYTES_MAX + 1)).next()?.status, 431);
  assert.equal(fed("G".repeat(REQUEST_BYTES_MAX + 1)).next()?.status, 431);
  assert.equal(fed("G".repeat(REQUEST_BYTES_MAX)).next(), undefined);
});
