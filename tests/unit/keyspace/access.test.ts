import { test } from "node:test";
import assert from "node:assert/strict";
import { AccessClock } from "../../../src/keyspace/access.ts";
import { seeded } from "../heap/seeded.ts";

const NOW = 1_700_000_000_000;

function clockAt(nowMs: number, isLfu: boolean): AccessClock {
  const clock = new AccessClock(seeded(3));
  clock.isLfu = isLfu;
  clock.tick(nowMs);
  return clock;
}

test("LRU: seconds since the last use, also across the wrap of 24 bits", () => {
  const clock = clockAt(NOW, false);
  const access = clock.touched(0);
  assert.equal(access, clock.initial);
  assert.ok(access >= 0 && access < 2 ** 24);
  for (const seconds of [0, 1, 3600, 2 ** 23, 2 ** 24 - 1]) {
    clock.tick(NOW + seconds * 1000);
    assert.equal(clock.idleSeconds(access), seconds);
    assert.equal(clock.idleSeconds(clock.forIdleSeconds(seconds)), seconds);
  }
});

test("LFU: a new key has 5, and one that is not used loses one a decay time", () => {
  const clock = clockAt(NOW, true);
  assert.equal(clock.frequency(clock.initial), 5);
  const access = clock.forFrequency(200);
  assert.equal(clock.frequency(access), 200);
  clock.tick(NOW + 60_000 * 10);
  assert.equal(clock.frequency(access), 190);
  clock.decayMinutes = 5;
  assert.equal(clock.frequency(access), 198);
  clock.decayMinutes = 0;
  assert.equal(clock.frequency(access), 200);
  clock.decayMinutes = 1;
  clock.tick(NOW + 60_000 * 1000);
  assert.equal(clock.frequency(access), 0);
});

test("LFU: the counter grows with its logarithm and stops at 255", () => {
  const clock = clockAt(NOW, true);
  let access = clock.initial;
  const after = (hits: number) => {
    for (let i = 0; i < hits; i++) access = clock.touched(access);
    return clock.frequency(access);
  };
  // redis.conf's table for lfu-log-factor 10: 10 after 100 hits, 18 after 1000.
  const hundred = after(100);
  assert.ok(hundred >= 7 && hundred <= 13, `${hundred} after 100 hits`);
  const thousand = after(900);
  assert.ok(thousand >= 14 && thousand <= 23, `${thousand} after 1000 hits`);
  assert.equal(clock.frequency(clock.touched(clock.forFrequency(255))), 255);
  clock.logFactor = 0;
  access = clock.initial;
  assert.equal(after(300), 255);
});
