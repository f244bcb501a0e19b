import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CommandFixture } from "../fixture.ts";

/** What a key holds and when it ends: the databases as plain maps. */
type Model = Map<string, { value: string; expiresAtMs: number }>[];

const KEYS = ["a", "b", "c", "k".repeat(100), "l".repeat(5000)];
const key = fc.constantFrom(...KEYS);
const value = fc.constantFrom("", "1", "v".repeat(30), "w".repeat(1000), "x".repeat(20000));
const database = fc.nat(2);
const step = fc.oneof(
  fc.record({ name: fc.constant("set" as const), key, value, px: fc.option(fc.nat(100)) }),
  fc.record({ name: fc.constant("rename" as const), key, to: key, isNx: fc.boolean() }),
  fc.record({ name: fc.constant("copy" as const), key, to: key, database, replaces: fc.boolean() }),
  fc.record({ name: fc.constant("move" as const), key, database }),
  fc.record({ name: fc.constant("expire" as const), key, ms: fc.integer({ min: -5, max: 100 }) }),
  fc.record({ name: fc.constant("persist" as const), key }),
  fc.record({ name: fc.constant("delete" as const), key }),
  fc.record({ name: fc.constant("swap" as const), database, other: database }),
  fc.record({ name: fc.constant("select" as const), database }),
  fc.record({ name: fc.constant("advance" as const), ms: fc.nat(40) }),
  fc.record({ name: fc.constant("flush" as const), isRare: fc.nat(9) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

test("random changes leave what a plain model says (property)", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const f = new CommandFixture();
      const model: Model = [new Map(), new Map(), new Map()];
      for (const each of steps) {
        for (const map of model) {
          for (const [name, entry] of map) if (entry.expiresAtMs < f.nowMs) map.delete(name);
        }
        apply(f, model, each);
      }
      f.keyspace.check();
      for (let index = 0; index < model.length; index++) {
        f.databaseIndex = index;
        for (const name of KEYS) {
          const entry = model[index].get(name);
          const isAlive = entry !== undefined && entry.expiresAtMs >= f.nowMs;
          const time = !isAlive ? -2 : entry.expiresAtMs === Infinity ? -1 : entry.expiresAtMs;
          assert.equal(f.run("PEXPIRETIME", name), `:${time}\r\n`);
          assert.equal(f.get(name), isAlive ? entry.value : undefined);
        }
      }
      f.keyspace.check();
    }),
    { numRuns: 300 },
  );
});

/** One step on both; the reply must be what the model says. */
function apply(f: CommandFixture, model: Model, step: Step): void {
  const map = model[f.databaseIndex];
  switch (step.name) {
    case "set": {
      f.set(step.key, step.value, step.px ?? undefined);
      const expiresAtMs = step.px === null ? Infinity : f.nowMs + step.px;
      map.set(step.key, { value: step.value, expiresAtMs });
      return;
    }
    case "rename": {
      const reply = f.run(step.isNx ? "RENAMENX" : "RENAME", step.key, step.to);
      const entry = map.get(step.key);
      if (entry === undefined) return assert.equal(reply, "-ERR no such key\r\n");
      const isDone = step.key !== step.to && !(step.isNx && map.has(step.to));
      assert.equal(reply, step.isNx ? `:${Number(isDone)}\r\n` : "+OK\r\n");
      if (!isDone) return;
      map.delete(step.key);
      map.set(step.to, entry);
      return;
    }
    case "copy": {
      const target = model[step.database];
      const options = ["DB", String(step.database), ...(step.replaces ? ["REPLACE"] : [])];
      const reply = f.run("COPY", step.key, step.to, ...options);
      if (target === map && step.key === step.to) return assert.match(reply, /^-ERR source and/);
      const entry = map.get(step.key);
      const isDone = entry !== undefined && (step.replaces || !target.has(step.to));
      assert.equal(reply, `:${Number(isDone)}\r\n`);
      if (isDone) target.set(step.to, { ...entry });
      return;
    }
    case "move": {
      const target = model[step.database];
      const reply = f.run("MOVE", step.key, String(step.database));
      if (target === map) return assert.match(reply, /^-ERR source and/);
      const entry = map.get(step.key);
      const isDone = entry !== undefined && !target.has(step.key);
      assert.equal(reply, `:${Number(isDone)}\r\n`);
      if (!isDone) return;
      map.delete(step.key);
      target.set(step.key, entry);
      return;
    }
    case "expire": {
      const entry = map.get(step.key);
      const reply = f.run("PEXPIRE", step.key, String(step.ms));
      assert.equal(reply, `:${Number(entry !== undefined)}\r\n`);
      if (entry === undefined) return;
      if (step.ms <= 0) map.delete(step.key);
      else entry.expiresAtMs = f.nowMs + step.ms;
      return;
    }
    case "persist": {
      const entry = map.get(step.key);
      const isDone = entry !== undefined && entry.expiresAtMs !== Infinity;
      assert.equal(f.run("PERSIST", step.key), `:${Number(isDone)}\r\n`);
      if (isDone) entry.expiresAtMs = Infinity;
      return;
    }
    case "delete":
      return assert.equal(f.run("DEL", step.key), `:${Number(map.delete(step.key))}\r\n`);
    case "swap": {
      f.run("SWAPDB", String(step.database), String(step.other));
      const first = model[step.database];
      model[step.database] = model[step.other];
      model[step.other] = first;
      return;
    }
    case "select":
      f.databaseIndex = step.database;
      return;
    case "advance":
      return f.advance(step.ms);
    case "flush":
      if (step.isRare !== 0) return;
      f.run("FLUSHDB");
      map.clear();
  }
}
