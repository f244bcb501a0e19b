import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryPlatform } from "../../../../adapters/memory/mod.ts";
import { Config } from "../../../../src/server/config/config.ts";

const NOWHERE = { local: true, loading: false };

test("what is applied later comes after the rest, and only for what changed", async () => {
  const config = new Config(memoryPlatform().files);
  const order: string[] = [];
  config.onChangeLater(["port"], () => {
    order.push("port");
    return Promise.resolve(undefined);
  });
  config.onChange(["hz"], () => {
    order.push("hz");
    return undefined;
  });
  const without = config.set(["hz", "20"], NOWHERE);
  assert(without.ok && without.later === undefined);
  const result = config.set(["port", "7000", "hz", "30"], NOWHERE);
  assert(result.ok);
  assert.equal(await result.later, undefined);
  assert.deepEqual(order, ["hz", "hz", "port"]);
  assert.equal(config.number("port"), 7000);
});

test("when it fails everything goes back", async () => {
  const config = new Config(memoryPlatform().files);
  const seen: string[] = [];
  config.onChange(["hz"], () => {
    seen.push(`hz ${config.number("hz")}`);
    return undefined;
  });
  config.onChangeLater(["port"], () => {
    seen.push(`port ${config.number("port")}`);
    return Promise.resolve(config.number("port") === 7000 ? "taken" : undefined);
  });
  const result = config.set(["hz", "20", "port", "7000"], NOWHERE);
  assert(result.ok);
  assert.equal(
    await result.later,
    "ERR CONFIG SET failed (possibly related to argument 'port') - taken",
  );
  assert.deepEqual(seen, ["hz 20", "port 7000", "hz 10", "port 6379"]);
  assert.equal(config.number("hz"), 10);
  assert.equal(config.number("port"), 6379);
});
