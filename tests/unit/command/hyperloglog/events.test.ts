import { test } from "node:test";
import { checkEvents } from "../fixture.ts";

test("the events of the HyperLogLog commands", () => {
  checkEvents([
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
  ]);
});
