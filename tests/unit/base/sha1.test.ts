import { test } from "node:test";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { Sha1, SHA1_BYTES } from "../../../src/base/sha1.ts";
import { latin1Bytes } from "../../../src/base/ascii.ts";

const sha1 = new Sha1();

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function digestOf(...parts: Uint8Array[]): string {
  sha1.reset();
  for (const part of parts) sha1.update(part, 0, part.length);
  const into = new Uint8Array(SHA1_BYTES + 4);
  sha1.digest(into, 2);
  assert.deepEqual([into[0], into[1], into[22], into[23]], [0, 0, 0, 0]);
  return hex(into.subarray(2, 22));
}

test("the published examples", () => {
  assert.equal(digestOf(), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  assert.equal(digestOf(latin1Bytes("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
  assert.equal(
    digestOf(latin1Bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
    "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
  );
  assert.equal(
    digestOf(new Uint8Array(1000000).fill(0x61)),
    "34aa973cd4c4daa4f61eeb2bdbad27316534016f",
  );
});

test("every length around the blocks", () => {
  const bytes = Uint8Array.from({ length: 200 }, (_, i) => i * 7);
  for (let length = 0; length <= 200; length++) {
    const part = bytes.subarray(0, length);
    assert.equal(digestOf(part), createHash("sha1").update(part).digest("hex"));
  }
});

test("any bytes in any pieces", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 150 }), { maxLength: 5 }), (parts) => {
      const hash = createHash("sha1");
      for (const part of parts) hash.update(part);
      assert.equal(digestOf(...parts), hash.digest("hex"));
    }),
    { numRuns: 500 },
  );
});

test("a range in the middle", () => {
  sha1.reset();
  sha1.update(latin1Bytes("xxabcxx"), 2, 5);
  const into = new Uint8Array(SHA1_BYTES);
  sha1.digest(into, 0);
  assert.equal(hex(into), "a9993e364706816aba3e25717850c26c9cd0d89d");
});
