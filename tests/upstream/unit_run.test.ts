/** What the suite prints is understood: above all, nothing that fails goes by as passed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readOutput } from "../../scripts/upstream/unit_run.ts";

/** A server that could not start, as the suite reports it; `before` is what the log has of others. */
function startFailure(testName: string, warning: string, before = ""): string {
  return `[err]: Can't start the Valkey server
CONFIGURATION:
dir ./tests/tmp/server.aof.11.1
ERROR:
${before}### Starting server for test ${testName}
12:M 21 Nov 2026 10:58:19.870 * Server initialized
12:M 21 Nov 2026 10:58:19.873 # ${warning}
12:M 21 Nov 2026 10:58:19.873 # The file is left as it is.

`;
}

test("tests that passed, failed and were left out", () => {
  const results = readOutput(`[ready]: 10747
[testing]: unit/aofrw
[ok]: SET (and GET) (12 ms)
[skip]: LPUSH
[ignore]: large memory flag not provided
[err]: INCR in place in tests/unit/aofrw.tcl
Expected '1' to be equal to '2'
[ok]: SET (and GET) (3 ms)
[1/1 done]: unit/aofrw (3 seconds)

*** [err]: INCR in place in tests/unit/aofrw.tcl
`);
  assert.deepEqual(results, {
    passed: ["SET (and GET)", "SET (and GET)"],
    failed: ["INCR in place"],
    skipped: ["LPUSH"],
    ignored: ["large memory flag not provided"],
    doubtful: [],
    hung: undefined,
  });
});

test("a test that hangs is known by its name", () => {
  const output = `[ok]: SET (1 ms)
[TIMEOUT]: clients state report follows.
sock557e30619ef0 => (IN PROGRESS) AOF rewrite (slow)
`;
  assert.equal(readOutput(output).hung, "AOF rewrite (slow)");
  assert.equal(readOutput("[ok]: SET (1 ms)\n").hung, undefined);
});

test("a server that cannot start between tests is named by the reason it gave last", () => {
  const first = startFailure("", "Unknown command 'sadd' (offset 0)");
  const second = startFailure(
    "",
    "/root/suite/tests/tmp/server.rdb.11.2/dump.rdb: it holds a list",
    "### Starting server for test \n12:M 21 Nov 2026 10:58:19.873 # Unknown command 'sadd'\n",
  );
  const { passed, failed } = readOutput(`${first}${second}[ok]: SET (1 ms)\n`);
  assert.deepEqual(failed, [
    "(start) Unknown command 'sadd' (offset 0)",
    "(start) dump.rdb: it holds a list",
  ]);
  assert.deepEqual(passed, ["SET"]);
});

test("a test whose server could not start has not passed, whatever the suite says", () => {
  const failure = startFailure(
    "EVAL from AOF in tests/integration/aof.tcl",
    "Unknown command 'eval'",
  );
  const { passed, failed } = readOutput(`${failure}[ok]: EVAL from AOF (5077 ms)\n`);
  assert.deepEqual(failed, ["EVAL from AOF"]);
  assert.deepEqual(passed, []);
});

test("an error between tests is one", () => {
  const { failed } = readOutput("[err]: Expected '20000' to be equal to '19999'\n    while\n");
  assert.deepEqual(failed, ["(between tests) Expected '20000' to be equal to '19999'"]);
});

test("what passes right after an error without a name is doubtful", () => {
  const { passed, failed, doubtful } = readOutput(`[ok]: PING (1 ms)
[err]: n command 'replicaof', with args beginning with: '127.0.0.1' '12032'
ERR unknown command 'replicaof', with args beginning with: '127.0.0.1' '12032'
    while executing
[ok]: Setup replica (424 ms)
[ok]: GET (1 ms)
`);
  assert.deepEqual(passed, ["PING", "Setup replica", "GET"]);
  assert.equal(failed.length, 1);
  assert.deepEqual(doubtful, ["Setup replica"]);
});
