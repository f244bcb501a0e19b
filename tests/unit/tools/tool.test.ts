/** The tools as modes of the program: arguments, usage, output that is whole or not there, the bar. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryPlatform } from "../../../adapters/memory/mod.ts";
import { errorText, FileError } from "../../../src/platform/file_system.ts";
import { helpText, parseCommandLine } from "../../../src/server/config/command_line.ts";
import { rdbFile, row } from "../persistence/rdb/fixture.ts";
import { command, platformWith, runOn, textOf } from "./fixture.ts";

test("tools: the command line", () => {
  assert.deepEqual(parseCommandLine(["--check-rdb", "a", "b"]), {
    action: "tool",
    command: { name: "check-rdb", calledAs: "pagurus --check-rdb", args: ["a", "b"] },
  });
  assert.deepEqual(parseCommandLine(["--fix", "a"], ["/x/mod.ts", "/bin/redis-check-aof"]), {
    action: "tool",
    command: { name: "check-aof", calledAs: "redis-check-aof", args: ["--fix", "a"] },
  });
  assert.deepEqual(parseCommandLine(["-v"], ["/usr/bin/redis-check-rdb"]), {
    action: "version",
    program: "redis-check-rdb",
  });
  const server = parseCommandLine(["--port", "1"], ["/redis-check-rdb/mod.ts", "node"]);
  assert.equal(server.action, "start");
  for (const name of ["check-rdb", "check-aof", "rdb-to-json", "json-to-rdb"]) {
    assert.match(helpText("pagurus"), new RegExp(`\n +pagurus --${name} .*<`));
  }
});

test("tools: bad usage", () => {
  const rdb = "Usage: pagurus --check-rdb <rdb-file-name>\n";
  const aof = "Usage: pagurus --check-aof [--fix|--truncate-to-timestamp $timestamp] " +
    "<file.manifest|file.aof>\n";
  const toJson = "Usage: pagurus --rdb-to-json <rdb-file-name> [<json-file-name>]\n";
  const toRdb = "Usage: pagurus --json-to-rdb <json-file-name> <rdb-file-name>\n";
  const cases: [string[], string, string][] = [
    [["--check-rdb"], "", rdb],
    [["--check-rdb", "a", "b"], "", rdb],
    [["--check-aof"], aof, ""],
    [["--check-aof", "--fi", "a"], aof, ""],
    [["--check-aof", "--fix", "--truncate-to-timestamp", "1", "a"], aof, ""],
    [["--check-aof", "--truncate-to-timestamp", "1"], aof, ""],
    [["--check-aof", "--truncate-to-timestamp", "1x", "a"], "Invalid timestamp, aborting...\n", ""],
    [["--rdb-to-json"], "", toJson],
    [["--rdb-to-json", "a", "b", "c"], "", toJson],
    [["--json-to-rdb", "a"], "", toRdb],
  ];
  for (const [args, output, error] of cases) {
    assert.deepEqual(runOn(memoryPlatform(), args), { code: 1, output, error });
  }
});

test("tools: output is there as a whole or not at all, whatever fails", () => {
  const rdb = rdbFile(row(0, 1, "k", 1, "v"));
  const good = platformWith({ "a.rdb": rdb });
  runOn(good, ["--rdb-to-json", "/a.rdb", "/out"]);
  const json = textOf(good, "out");
  for (const before of [undefined, "as it was"]) {
    let call = 1;
    for (;; call++) {
      const platform = platformWith({ "a.rdb": rdb });
      if (before !== undefined) platform.files.writeFile("/out", row(before));
      platform.files.failCall(call, "ENOSPC");
      const { code, error } = runOn(platform, ["--rdb-to-json", "/a.rdb", "/out"]);
      platform.files.failCall(0);
      if (code === 0) break;
      assert.match(error, /: No space left on device\n$/);
      // Only the sync of the folder comes after the rename.
      const isInPlace = error.includes("Cannot sync");
      assert.equal(textOf(platform, "out"), isInPlace ? json : before);
      assert.equal(platform.files.list("/").includes("temp-1.out"), false);
    }
    assert.ok(call > 8);
  }
});

test("tools: standard output that takes no more is an error", () => {
  const platform = platformWith({ "a.rdb": rdbFile(row(0, 1, "k", 1, "v")) });
  const run = runOn(platform, ["--rdb-to-json", "/a.rdb"], {
    writeOutput() {
      throw new FileError("ENOSPC", "standard output", errorText("ENOSPC"));
    },
  });
  assert.deepEqual(run, {
    code: 1,
    output: "",
    error: "standard output: No space left on device\n",
  });
});

test("tools: a bar on a terminal, which is gone at the end", () => {
  const rdb = rdbFile(row(...Array.from({ length: 400 }, (_, i) => row(0, 3, `${100 + i}`, 0))));
  const platform = platformWith({ "a.rdb": rdb, "a.aof": command("PING").repeat(400) });
  const runs: string[][] = [["--check-rdb", "/a.rdb"], ["--check-aof", "/a.aof"]];
  runs.push(["--rdb-to-json", "/a.rdb", "/a.json"], ["--json-to-rdb", "/a.json", "/b.rdb"]);
  for (const args of runs) {
    const silent = runOn(platform, args);
    assert.equal(silent.error, "");
    const { code, output, error } = runOn(platform, args, { columns: 28 });
    assert.deepEqual([code, output], [0, silent.output]);
    // deno-lint-ignore no-control-regex
    assert.match(error, /^(?:\r\[#*-*\] [ \d]{3}%|\r\x1b\[K)+$/);
    assert.ok(error.includes("\r[##########----------]  50%"), error);
    assert.ok(error.endsWith("\r\x1b[K"));
    assert.equal(runOn(platform, args, { columns: 8 }).error, "");
  }
});
