/** The rules of scripts/tidy.ts, each with something it must catch and something it must let pass. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkFile, importProblem } from "../../../scripts/tidy.ts";
import { importsOf, readSource } from "../../../scripts/source_text.ts";

function messages(path: string, text: string): string[] {
  return checkFile(path, text).map(({ line, message }) => `${line}: ${message}`);
}

function assertCaught(path: string, code: string, pattern: RegExp): void {
  const found = messages(path, `/** What it is. */\n${code}\n`);
  assert.equal(found.length, 1, `${code} gave ${JSON.stringify(found)}`);
  assert.match(found[0], pattern);
  assert.match(found[0], /^2: /);
}

function assertPasses(path: string, code: string): void {
  assert.deepEqual(messages(path, `/** What it is. */\n${code}\n`), []);
}

test("a source is cut into code, comments and strings", () => {
  const source = readSource(
    "a('x', `b${c + `${d}` + {}}e`) // f\n/* g\n */ h = i / j / k; /[/]'/.test(l)",
  );
  assert.equal(source.code.length, source.text.length);
  assert.equal(
    source.code,
    "a(' ', ` ${c + `${d}` + {}} `)     \n    \n    h = i / j / k; /    /.test(l)",
  );
  assert.match(source.uncommented, /'x'/);
  assert.doesNotMatch(source.uncommented, /[fg]/);
});

test("imports are found with their lines, in comments and strings they are not", () => {
  const source = readSource(
    `// import "no"\nimport { a } from "./a.ts";\nexport * from './b.ts';\n` +
      `const c = await import("./c.ts");\nconst d = 'import "./d.ts"';\nimport "./e.ts";\n` +
      `type F = import("./f.ts").F;\n`,
  );
  assert.deepEqual(importsOf(source), [
    { specifier: "./a.ts", line: 2 },
    { specifier: "./b.ts", line: 3 },
    { specifier: "./c.ts", line: 4 },
    { specifier: "./e.ts", line: 6 },
    { specifier: "./f.ts", line: 7 },
  ]);
});

test("layers import downwards only", () => {
  const layers = ["base", "heap", "protocol", "keyspace", "persistence", "command", "server"];
  for (const [i, from] of layers.entries()) {
    for (const [j, to] of layers.entries()) {
      const problem = importProblem(`src/${from}/a.ts`, `src/${to}/b.ts`);
      assert.equal(problem !== undefined, j > i, `${from} -> ${to}`);
    }
    assert.equal(importProblem(`src/${from}/a.ts`, "src/platform/clock.ts"), undefined);
    assert.notEqual(importProblem("src/platform/clock.ts", `src/${from}/a.ts`), undefined);
    assert.notEqual(importProblem(`src/${from}/a.ts`, "adapters/node/clock.ts"), undefined);
    assert.notEqual(importProblem(`src/${from}/a.ts`, "src/other/a.ts"), undefined);
  }
});

test("command families do not import each other, but what they share", () => {
  assert.notEqual(importProblem("src/command/string/a.ts", "src/command/bitmap/b.ts"), undefined);
  assert.equal(importProblem("src/command/string/a.ts", "src/command/string/b.ts"), undefined);
  assert.equal(importProblem("src/command/string/a.ts", "src/command/grammar.ts"), undefined);
  assert.equal(importProblem("src/command/registry.ts", "src/command/string/a.ts"), undefined);
});

test("adapters import platform and shared, a worker's entry anything", () => {
  assert.equal(importProblem("adapters/node/a.ts", "src/platform/clock.ts"), undefined);
  assert.equal(importProblem("adapters/node/a.ts", "adapters/shared/b.ts"), undefined);
  assert.equal(importProblem("adapters/node/a.ts", "adapters/node/b.ts"), undefined);
  assert.notEqual(importProblem("adapters/node/a.ts", "adapters/bun/b.ts"), undefined);
  assert.notEqual(importProblem("adapters/shared/a.ts", "adapters/node/b.ts"), undefined);
  assert.notEqual(importProblem("adapters/node/a.ts", "src/base/bytes.ts"), undefined);
  assert.equal(importProblem("adapters/node/worker.ts", "src/server/jobs.ts"), undefined);
});

test("the core imports no packages and names files whole", () => {
  assertCaught("src/base/a.ts", 'import { b } from "node:fs";', /the core imports only itself/);
  assertCaught("src/base/a.ts", 'import { b } from "redis";', /the core imports only itself/);
  assertCaught("src/base/a.ts", 'import { b } from "./b";', /extension/);
  assertCaught("adapters/node/a.ts", 'import { b } from "redis";', /needs no packages/);
  assertPasses("adapters/node/a.ts", 'import { b } from "node:fs";');
  assertPasses("tests/unit/a.ts", 'import { b } from "redis";');
});

test("the core is pure", () => {
  for (
    const code of [
      "Buffer.alloc(1);",
      "const a = process.pid;",
      "setTimeout(b, 1);",
      "queueMicrotask(b);",
      "console.log(1);",
      "crypto.getRandomValues(a);",
      "performance.now();",
      "const a = Date.now();",
      "const a = new Date();",
      "const a = Math.random();",
      "Deno.exit();",
      "if (typeof Bun) b();",
      "globalThis.a = 1;",
      "const a = `${process.pid}`;",
    ]
  ) {
    assertCaught("src/base/a.ts", code, /belongs to a runtime|the platform/);
    assertPasses("adapters/node/a.ts", code);
  }
  for (
    const code of [
      "platform.process.pid;",
      "interface A { readonly process: B; process?: C }",
      "// Buffer and Date.now()",
      'const a = "Math.random()";',
      "const a = new Date(b);",
      "this.#process.pid;",
      "clock.schedule(1, processLater);",
      "const isSelf = 1;",
    ]
  ) assertPasses("src/base/a.ts", code);
});

test("shape: opening comment, defaults, any, enum, length, leftovers", () => {
  assert.match(messages("src/base/a.ts", "const a = 1;\n")[0], /opens without/);
  assert.deepEqual(messages("src/base/a.ts", 'import { b } from "./b.ts";\n\n/** A. */\n'), []);
  assertCaught("src/base/a.ts", "export default 1;", /default export/);
  assertCaught("src/base/a.ts", "let a: any = 1;", /any/);
  assertCaught("src/base/a.ts", "let a = b as any;", /any/);
  assertCaught("src/base/a.ts", "let a: Map<string, any>;", /any/);
  assertCaught("src/base/a.ts", "enum A { b }", /not erasable/);
  assertCaught("src/base/a.ts", "// TODO: later", /TODO/);
  assertPasses("src/base/a.ts", "// any text\nconst company = any_of(b);");
  assert.match(
    messages("src/base/a.ts", `// A.\n${"b();\n".repeat(700)}`).join(),
    /700: 701 lines/,
  );
  assert.deepEqual(messages("src/base/a.ts", `// A.\n${"b();\n".repeat(699)}`), []);
});

test("names: snake_case, and nothing that says nothing", () => {
  for (const path of ["src/base/someBytes.ts", "src/base/some-bytes.ts", "src/base/Bytes.ts"]) {
    assert.match(messages(path, "// A.\n")[0], /snake_case/);
  }
  for (const path of ["src/base/utils.ts", "src/base/byte_helpers.ts", "src/common/a.ts"]) {
    assert.match(messages(path, "// A.\n").join(), /says nothing/);
  }
  assert.deepEqual(messages("src/base/crc64.ts", "// A.\n"), []);
});

test("test files hold tests, and every skip has a reason", () => {
  assert.match(messages("tests/unit/a.test.ts", "// A.\n")[0], /without a test/);
  const path = "tests/unit/a.test.ts";
  assertPasses(path, 'test("a", { skip: "no disk" }, b);');
  assertCaught(path, 'test("a", { skip: true }, b);', /reason/);
  assertCaught(path, 'test.skip("a", b); test("b", c);', /reason/);
  assertCaught(path, 'test("a", (t) => { t.skip(); });', /reason/);
  assertPasses(path, 'test("a", (t) => { t.skip("no disk"); });');
  assertCaught(path, 'test.only("a", b); test("b", c);', /only/);
});
