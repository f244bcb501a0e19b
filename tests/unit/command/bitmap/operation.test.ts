import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { latin1 } from "../../../../src/base/ascii.ts";
import { CommandFixture } from "../fixture.ts";

const LENGTHS = [0, 1, 3, 4, 500, 1000, 1100, 5000, 8192, 8193, 32768, 40000, 70001];

function content(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => Math.imul(i + seed * 977, 2654435761) >>> 11);
}

function combine(operation: string, sources: readonly Uint8Array[]): Uint8Array {
  const length = Math.max(...sources.map((source) => source.length));
  return Uint8Array.from({ length }, (_, i) => {
    const bytes = sources.map((source) => source[i] ?? 0);
    if (operation === "NOT") return ~bytes[0];
    return bytes.reduce((a, b) => operation === "AND" ? a & b : operation === "OR" ? a | b : a ^ b);
  });
}

test("BITOP on strings of all sizes, the target among the sources or not, while frozen", () => {
  const length = fc.constantFrom(...LENGTHS);
  fc.assert(
    fc.property(
      fc.constantFrom("AND", "OR", "XOR", "NOT"),
      fc.array(length, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: -1, max: 4 }),
      fc.boolean(),
      fc.boolean(),
      (operation, lengths, target, isFrozen, expires) => {
        if (operation === "NOT") lengths = lengths.slice(0, 1);
        const f = new CommandFixture();
        const sources = lengths.map((each, i) => content(each, i));
        sources.forEach((source, i) => f.set(`s${i}`, latin1(source), expires ? 60000 : undefined));
        if (target === 4) f.set("s4", "x".repeat(3000));
        if (isFrozen) f.keyspace.heap.freeze();
        const targetKey = `s${target}`;
        const keys = sources.map((_, i) => `s${i}`);
        const expected = combine(operation, sources);
        assert.equal(f.run("BITOP", operation, targetKey, ...keys), `:${expected.length}\r\n`);
        assert.ok(f.get(targetKey) === (expected.length === 0 ? undefined : latin1(expected)));
        sources.forEach((source, i) => {
          if (i !== target) assert.ok(f.get(`s${i}`) === latin1(source), "a source stays");
        });
        f.keyspace.check();
        if (isFrozen) f.keyspace.heap.release();
        f.keyspace.check();
      },
    ),
    { numRuns: 40 },
  );
});

test("BITCOUNT and BITPOS over many pages", () => {
  const f = new CommandFixture();
  const bytes = content(70001, 3);
  f.set("k", latin1(bytes));
  const ones = (from: number, to: number) => {
    let count = 0;
    for (let bit = from; bit < to; bit++) count += bytes[bit >>> 3] >>> 7 - (bit & 7) & 1;
    return count;
  };
  const range = fc.tuple(fc.nat(70001 * 8 - 1), fc.nat(70001 * 8 - 1));
  fc.assert(
    fc.property(range, ([a, b]) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      const reply = f.run("BITCOUNT", "k", String(from), String(to), "BIT");
      assert.equal(reply, `:${ones(from, to + 1)}\r\n`);
    }),
    { numRuns: 50 },
  );
  f.set("z", "\0".repeat(70001));
  fc.assert(
    fc.property(range, ([a, b]) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      f.run("SETBIT", "z", String(to), "1");
      assert.equal(f.run("BITPOS", "z", "1", String(from), "-1", "BIT"), `:${to}\r\n`);
      const isOne = from === to;
      const last = String(to);
      assert.equal(
        f.run("BITPOS", "z", "0", String(from), last, "BIT"),
        `:${isOne ? -1 : from}\r\n`,
      );
      f.run("BITOP", "NOT", "z", "z");
      assert.equal(f.run("BITPOS", "z", "0", String(from), "-1", "BIT"), `:${to}\r\n`);
      f.run("BITOP", "NOT", "z", "z");
      f.run("SETBIT", "z", String(to), "0");
      assert.equal(f.run("BITPOS", "z", "1"), ":-1\r\n");
    }),
    { numRuns: 50 },
  );
});
