/** The metrics endpoint as Prometheus and a load balancer use it. */
import assert from "node:assert/strict";
import { createConnection } from "node:net";
import { after, test } from "node:test";
import { freePort, startPagurus, stopServers } from "../support/servers.ts";

after(stopServers);

test("fetch", async () => {
  const port = await freePort();
  const server = await startPagurus({ args: ["--metrics-port", String(port)] });
  await server.waitForLog(new RegExp(`Metrics are served on port ${port}`));
  const client = await server.client();
  await client.command("SET", "k", "v");
  const base = `http://127.0.0.1:${port}`;
  for (let round = 0; round < 3; round++) {
    const answer = await fetch(`${base}/metrics`);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    const text = await answer.text();
    assert.ok(text.includes("\nredis_up 1\n") && text.includes('redis_db_keys{db="db0"} 1\n'));
    assert.ok(text.includes("\nredis_connected_clients 1\n"), "its own connection is no client");
  }
  const health = await fetch(`${base}/health`);
  assert.deepEqual([health.status, await health.text()], [200, "ok\n"]);
  const head = await fetch(`${base}/metrics`, { method: "HEAD" });
  assert.deepEqual([head.status, await head.text()], [200, ""]);
  const missing = await fetch(`${base}/`);
  assert.equal(missing.status, 404);
  await missing.text();
  const wrong = await fetch(`${base}/metrics`, { method: "DELETE" });
  assert.deepEqual([wrong.status, wrong.headers.get("allow")], [405, "GET, HEAD"]);
  await wrong.text();
  const refused = await client.command("CONFIG", "SET", "metrics-port", "1");
  assert.ok(refused.kind === "error" && /immutable/.test(refused.text));
  client.close();
  await server.stop();
});

test("pipelined requests, and one that is too long", async () => {
  const port = await freePort();
  const server = await startPagurus({ args: ["--metrics-port", String(port)] });
  const twice = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n".repeat(2);
  const both = await conversation(port, `${twice}GET /health HTTP/1.0\r\n\r\n`);
  assert.equal(both.match(/HTTP\/1.1 200 OK\r\n/g)?.length, 3);
  assert.equal(both.match(/\r\n\r\nok\n/g)?.length, 3);
  assert.match(await conversation(port, "x".repeat(9000)), /^HTTP\/1.1 431 Request Header Fields/);
  assert.match(await conversation(port, "PING\r\n\r\n"), /^HTTP\/1.1 400 Bad Request\r\n/);
  await server.stop();
});

/** Sends text and gives everything that comes until the server closes. */
function conversation(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: "127.0.0.1", port });
    let received = "";
    socket.on("data", (bytes) => received += bytes);
    socket.on("error", reject);
    socket.on("close", () => resolve(received));
    socket.write(text);
  });
}
