import assert from "node:assert/strict";
import { test } from "node:test";
import { CommandFixture } from "../fixture.ts";

test("the events of the HyperLogLog commands", () => {
  const f = new CommandFixture();
  f.recordEvents();
  const steps: readonly (readonly [command: string, ...events: string[]])[] = [
    ["PFADD a", "touch a", "$ pfadd a"],
    ["PFADD a"],
    ["PFADD a 1 2", "touch a", "$ pfadd a"],
    ["PFADD a 1 2"],
    ["PFCOUNT a", "touch a"],
    ["PFCOUNT a"],
    ["PFCOUNT x", "m keymiss x"],
    ["PFCOUNT a x", "m keymiss x"],
    ["PFMERGE to a x", "m keymiss to", "m keymiss x", "touch to", "$ pfadd to"],
    ["PFMERGE to a", "touch to", "$ pfadd to"],
    ["PFDEBUG TODENSE a"],
  ];
  for (const [command, ...events] of steps) {
    assert.deepEqual(f.eventsOf(command), events, command);
  }
});
