/**
 * The lists of upstream tests that are passed over stay honest even where the suite itself is not at
 * hand: what their reasons say is missing must be missing.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryPlatform } from "../../adapters/memory/mod.ts";
import { Config } from "../../src/server/config/config.ts";
import { Engine } from "../../src/server/engine.ts";
import { Log } from "../../src/server/log.ts";
import { holdsOn, isDifference, neededCommands, readSkips } from "./skips.ts";

for (const mode of ["external", "internal"] as const) {
  test(`every entry of the ${mode} list is there once and says why`, () => {
    const seen = new Set<string>();
    for (const { unit, name, reason, line } of readSkips(mode)) {
      const entry = `${unit} ${name}`;
      assert.ok(!seen.has(entry), `line ${line}: ${entry} is listed twice`);
      seen.add(entry);
      assert.match(unit, /^(unit|integration)\//, `line ${line}`);
      // To the suite a name that begins with a slash is a regular expression.
      assert.ok(!name.startsWith("/"), `line ${line}: ${name} would pass over more than itself`);
      const isExplained = neededCommands(reason).length > 0 || isDifference(reason);
      assert.ok(isExplained, `line ${line}: "${reason}" names no command`);
    }
    assert.ok(seen.size > 0);
  });

  test(`no test of the ${mode} list is passed over for the want of commands that exist`, () => {
    const platform = memoryPlatform();
    const engine = new Engine(
      platform,
      new Config(platform.files),
      new Log(platform.clock, 1, () => {}),
    );
    for (const { unit, name, reason, line } of readSkips(mode)) {
      if (isDifference(reason)) continue;
      // Of a command with a subcommand only the suite knows whether it does what it should.
      const missing = neededCommands(reason).filter((command) =>
        command.includes(" ") || engine.commands.byName(command) === null
      );
      assert.notDeepEqual(missing, [], `line ${line}: "${reason}", which exists: ${unit} ${name}`);
    }
  });
}

test("the commands that a reason names", () => {
  assert.deepEqual(neededCommands("needs LPUSH"), ["LPUSH"]);
  assert.deepEqual(neededCommands("needs LPUSH, LRANGE (and luck)"), ["LPUSH", "LRANGE"]);
  assert.deepEqual(neededCommands("needs DEBUG LOADAOF, EXEC"), ["DEBUG LOADAOF", "EXEC"]);
  for (const reason of ["LPUSH", "needs time", "needs LPUSH,", "needs LPUSH and more"]) {
    assert.deepEqual(neededCommands(reason), [], reason);
  }
});

test("what is different on purpose says what it is", () => {
  assert.ok(isDifference("differs: no child process"));
  assert.ok(isDifference("differs on deno, bun: no such cipher"));
  for (
    const reason of ["differs", "differs: ", "needs LPUSH", "differs from it", "differs on: x"]
  ) {
    assert.ok(!isDifference(reason), reason);
  }
});

test("a difference can be that of some runtimes", () => {
  assert.ok(holdsOn("differs on deno, bun: no such cipher", "bun"));
  assert.ok(!holdsOn("differs on deno, bun: no such cipher", "node"));
  assert.ok(holdsOn("differs: no child process", "node"));
  assert.ok(holdsOn("needs LPUSH", "node"));
});
