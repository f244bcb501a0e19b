import { test } from "node:test";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { Sha256, SHA256_BYTES } from "../../../src/base/sha256.ts";
import { latin1Bytes } from "../../../src/base/ascii.ts";

const sha256 = new Sha256();

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function digestOf(...parts: Uint8Array[]): string {
  sha256.reset();
  for (const part of parts) sha256.update(part, 0, part.length);
  const into = new Uint8Array(SHA256_BYTES + 4);
  sha256.digest(into, 2);
  assert.deepEqual([into[0], into[1], into[34], into[35]], [0, 0, 0, 0]);
  return hex(into.subarray(2, 34));
}

test("the published examples", () => {
  assert.equal(
    digestOf(),
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  );
  assert.equal(
    digestOf(latin1Bytes("abc")),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
  assert.equal(
    digestOf(latin1Bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  );
  assert.equal(
    digestOf(latin1Bytes(
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn" +
        "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
    )),
    "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
  );
  assert.equal(
    digestOf(new Uint8Array(1000000).fill(0x61)),
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
  );
});

test("every length around the blocks", () => {
  const bytes = Uint8Array.from({ length: 200 }, (_, i) => i * 7);
  for (let length = 0; length <= 200; length++) {
    const part = bytes.subarray(0, length);
    assert.equal(digestOf(part), createHash("sha256").update(part).digest("hex"));
  }
});

test("parts make no difference", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 150 }), { maxLength: 5 }), (parts) => {
    const hash = createHash("sha256");
    for (const part of parts) hash.update(part);
    assert.equal(digestOf(...parts), hash.digest("hex"));
  }));
});
