import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryPlatform } from "../../../../adapters/memory/mod.ts";
import { Config } from "../../../../src/server/config/config.ts";
import { Engine } from "../../../../src/server/engine.ts";
import { Log } from "../../../../src/server/log.ts";
import { MetricsServer } from "../../../../src/server/metrics/metrics_server.ts";

const HEALTH = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";

/** A metrics server in memory. */
async function started() {
  const platform = memoryPlatform({ network: { bufferBytes: 256 } });
  const config = new Config(platform.files);
  assert.equal(config.start("metrics-port", ["9121"], "line"), undefined);
  const engine = new Engine(platform, config, new Log(platform.clock, 1, () => {}));
  const metrics = new MetricsServer(engine);
  await metrics.open();
  assert.equal(metrics.port, 9121);
  const dial = () => {
    const client = platform.network.client({ kind: "tcp", host: "127.0.0.1", port: 9121 });
    platform.clock.advance(1);
    return client;
  };
  return { platform, engine, metrics, dial };
}

test("health", async () => {
  const { platform, engine, dial } = await started();
  const client = dial();
  const ask = (): string => {
    client.send(HEALTH);
    platform.clock.advance(1);
    return client.takeText();
  };
  assert.match(ask(), /^HTTP\/1.1 200 OK\r\n[^]*\r\nConnection: keep-alive\r\n\r\nok\n$/);
  engine.isLoading = true;
  assert.match(ask(), /^HTTP\/1.1 503 Service Unavailable\r\n[^]*\r\n\r\nLOADING [^\n]+\n$/);
  engine.isLoading = false;
  engine.persistence.refusal = "MISCONF Errors writing to the AOF file";
  assert.match(ask(), /\r\n\r\nMISCONF Errors writing to the AOF file\n$/);
});

test("an answer larger than what a connection holds, and the next behind it", async () => {
  const { platform, dial } = await started();
  const client = dial();
  client.send(`GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n${HEALTH}`);
  let text = "";
  for (let round = 0; round < 500; round++) {
    platform.clock.advance(1);
    text += client.takeText();
  }
  const length = Number(/Content-Length: (\d+)/.exec(text)![1]);
  const rest = text.slice(text.indexOf("\r\n\r\n") + 4 + length);
  assert.match(rest, /^HTTP\/1.1 200 OK\r\n[^]*\r\n\r\nok\n$/);
});

test("idle connections end, and there are not too many", async () => {
  const { platform, metrics, dial } = await started();
  const clients = Array.from({ length: 64 }, dial);
  const late = dial();
  late.send(HEALTH);
  platform.clock.advance(1);
  assert.equal(late.takeText(), "");
  assert.ok(late.isEnded || late.wasReset);
  platform.clock.advance(30_000);
  clients[0].send(HEALTH);
  platform.clock.advance(30_000);
  assert.ok(clients[1].isEnded || clients[1].wasReset);
  assert.match(clients[0].takeText(), /ok\n$/);
  assert.ok(!clients[0].isEnded && !clients[0].wasReset);
  await metrics.close();
  platform.clock.advance(1);
  assert.ok(clients[0].isEnded);
  assert.equal(metrics.port, 0);
});
