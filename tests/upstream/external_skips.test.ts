/**
 * The list of upstream tests that are passed over stays honest even where the suite itself is not at
 * hand: what its reasons say is missing must be missing.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryPlatform } from "../../adapters/memory/mod.ts";
import { Config } from "../../src/server/config/config.ts";
import { Engine } from "../../src/server/engine.ts";
import { Log } from "../../src/server/log.ts";
import { neededCommands, readExternalSkips } from "./external_skips.ts";

test("every entry of the list of passed over tests is there once and says what it needs", () => {
  const seen = new Set<string>();
  for (const { unit, name, reason, line } of readExternalSkips()) {
    const entry = `${unit} ${name}`;
    assert.ok(!seen.has(entry), `line ${line}: ${entry} is listed twice`);
    seen.add(entry);
    assert.match(unit, /^(unit|integration)\//, `line ${line}`);
    // To the suite a name that begins with a slash is a regular expression.
    assert.ok(!name.startsWith("/"), `line ${line}: ${name} would pass over more than itself`);
    assert.notDeepEqual(neededCommands(reason), [], `line ${line}: "${reason}" names no command`);
  }
});

test("no test is passed over for the want of commands that exist", () => {
  const platform = memoryPlatform();
  const engine = new Engine(
    platform,
    new Config(platform.files),
    new Log(platform.clock, 1, () => {}),
  );
  for (const { unit, name, reason, line } of readExternalSkips()) {
    // Of a command with a subcommand only the suite knows whether it does what it should.
    const missing = neededCommands(reason).filter((command) =>
      command.includes(" ") || engine.commands.byName(command) === null
    );
    assert.notDeepEqual(missing, [], `line ${line}: "${reason}", which exists: ${unit} ${name}`);
  }
});

test("the commands that a reason names", () => {
  assert.deepEqual(neededCommands("needs LPUSH"), ["LPUSH"]);
  assert.deepEqual(neededCommands("needs LPUSH, LRANGE (and luck)"), ["LPUSH", "LRANGE"]);
  assert.deepEqual(neededCommands("needs DEBUG LOADAOF, EXEC"), ["DEBUG LOADAOF", "EXEC"]);
  for (const reason of ["LPUSH", "needs time", "needs LPUSH,", "needs LPUSH and more"]) {
    assert.deepEqual(neededCommands(reason), [], reason);
  }
});
