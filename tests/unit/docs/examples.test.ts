/**
 * The examples of mod.ts's documentation and of the README, each run as a program of its own on the
 * runtime under test: it must end by itself, without an error, and print what its comments say.
 */
import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { run } from "../../../scripts/processes.ts";
import { projectRoot, temporaryDirectory, thisRuntime } from "../../support/servers.ts";

/** The ts blocks of a file that import the library, as they stand behind a comment's asterisks. */
function examplesOf(file: string): string[] {
  const text = readFileSync(`${projectRoot}${file}`, "utf8").replace(/^ \* ?/gm, "");
  return [...text.matchAll(/^```ts\n([^]*?)^```$/gm)]
    .map(([, code]) => code)
    .filter((code) => code.includes('"./mod.ts"'));
}

/** What `console.log(...); // text` promises, with any port; other comments after ": ". */
function promisedLines(code: string): RegExp[] {
  return [...code.matchAll(/^\s*console\.log\(.*\); \/\/ (.*)$/gm)].map(([, comment]) => {
    const text = comment.replace(/: .*$/, "").replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    return new RegExp(`^${text.replace(/:\d+$/, ":\\d+")}$`);
  });
}

const RUN = { node: [], deno: ["run", "-A", "--no-check"], bun: ["run"] } as const;

for (const [file, least] of [["mod.ts", 2], ["README.md", 1]] as const) {
  const examples = examplesOf(file);

  test(`${file} has examples`, () => {
    assert.ok(examples.length >= least, `${examples.length} found`);
  });

  examples.forEach((code, index) => {
    test(`example ${index + 1} of ${file} runs`, async () => {
      assert.match(code, /port: 0/, "an example must not need a certain port");
      const directory = temporaryDirectory();
      try {
        const library = pathToFileURL(`${projectRoot}mod.ts`).href;
        const program = join(directory, "example.ts");
        writeFileSync(program, code.replaceAll('"./mod.ts"', JSON.stringify(library)));
        const { code: exitCode, output, stdout } = await run(
          thisRuntime,
          [...RUN[thisRuntime], program],
          { timeoutMs: 60_000 },
        );
        assert.equal(exitCode, 0, output);
        assert.equal(output, stdout, "nothing on standard error");
        const lines = stdout.split("\n").slice(0, -1);
        const promised = promisedLines(code);
        assert.equal(lines.length, promised.length, stdout);
        lines.forEach((line, at) => assert.match(line, promised[at]));
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    });
  });
}
