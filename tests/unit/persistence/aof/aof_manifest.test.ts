import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { AofFile, AofManifest } from "../../../../src/persistence/aof/aof_manifest.ts";
import {
  AofManifestError,
  EMPTY_MANIFEST,
  formatManifest,
  parseManifest,
  withNewBase,
  withNewIncremental,
  withoutHistory,
  withRewritten,
} from "../../../../src/persistence/aof/aof_manifest.ts";
import { bytesOf } from "../rdb/fixture.ts";
import { latin1 } from "../../../../src/base/ascii.ts";

const FILE = "appendonly.aof";

function text(manifest: AofManifest): string {
  return latin1(formatManifest(manifest));
}

function refuses(manifest: string, reason: string, lineNumber: number, line?: string): void {
  assert.throws(() => parseManifest(bytesOf(manifest)), (error: AofManifestError) => {
    assert.ok(error instanceof AofManifestError);
    assert.deepEqual(
      [error.message, error.reason, error.lineNumber, error.line],
      [reason, reason, lineNumber, line],
    );
    return true;
  });
}

test("a manifest as Redis writes it", () => {
  const lines = "file appendonly.aof.2.base.rdb seq 2 type b\n" +
    "file appendonly.aof.1.incr.aof seq 1 type h\n" +
    "file appendonly.aof.2.incr.aof seq 2 type i\n" +
    "file appendonly.aof.5.incr.aof seq 5 type i\n";
  const manifest = parseManifest(bytesOf(lines));
  assert.deepEqual(manifest, {
    base: { name: "appendonly.aof.2.base.rdb", sequence: 2, type: "base" },
    history: [{ name: "appendonly.aof.1.incr.aof", sequence: 1, type: "history" }],
    incremental: [
      { name: "appendonly.aof.2.incr.aof", sequence: 2, type: "incremental" },
      { name: "appendonly.aof.5.incr.aof", sequence: 5, type: "incremental" },
    ],
    baseSequence: 2,
    incrementalSequence: 5,
  });
  assert.equal(text(manifest), lines);
});

test("comments, blanks, case, quotes, and keys of newer versions", () => {
  const manifest = parseManifest(bytesOf(
    `#${"c".repeat(1022)}\n# file x seq 1 type b\n` +
      `  \tTYPE bigger seq 12abc FILE "a\\x20\\"b" \r\n` +
      "file c seq 3 type i startoffset 0 endoffset 17\n" +
      "file 'd' seq +4 type i\n#the end",
  ));
  assert.deepEqual(manifest, {
    base: { name: 'a "b', sequence: 12, type: "base" },
    history: [],
    incremental: [
      { name: "c", sequence: 3, type: "incremental" },
      { name: "d", sequence: 4, type: "incremental" },
    ],
    baseSequence: 12,
    incrementalSequence: 4,
  });
});

test("what is refused, in Redis's words", () => {
  const format = "Invalid AOF manifest file format";
  const tooLong = "The AOF manifest file contains too long line";
  refuses("", "Found an empty AOF manifest", 0);
  refuses("\n", format, 1, "");
  refuses("file a seq 1 type b\n \t \n", format, 2, "");
  refuses("file a seq 1 type b", tooLong, 1);
  refuses("file a\0 seq 1 type b\n", tooLong, 1);
  const line = (length: number) => `${"file a seq 1 type b".padEnd(length - 1)}\n`;
  assert.equal(parseManifest(bytesOf(line(1024))).base?.name, "a");
  refuses(line(1025), tooLong, 1);
  refuses(`# c\n#${"c".repeat(1024)}\n`, format, 3, "c");
  for (
    const wrong of [
      "file a seq 1",
      "file a seq 1 type",
      "file a seq 1 type b extra",
      'file "a seq 1 type b',
      'file "a"b seq 1 type b',
      "file a seq 0 type b",
      "file a seq x type b",
      'file a seq 1 type ""',
      "seq 1 type b other x",
      'file "" seq 1 type b',
      "file a seq 9007199254740993 type b",
    ]
  ) refuses(` ${wrong}\t\n`, format, 1, wrong);
  const path = "File can't be a path, just a filename";
  refuses("file a/b seq 1 type b\n", path, 1, "file a/b seq 1 type b");
  refuses("file a\\b seq 1 type b\n", path, 1, "file a\\b seq 1 type b");
  refuses("file a seq 1 type B\n", "Unknown AOF file type", 1, "file a seq 1 type B");
  const order = "Found a non-monotonic sequence number";
  refuses("file a seq -1 type i\n", order, 1, "file a seq -1 type i");
  refuses(
    "file a seq 2 type i\nfile b seq 9 type h\nfile c seq 2 type i\n",
    order,
    3,
    "file c seq 2 type i",
  );
  refuses(
    "file a seq 1 type b\nfile b seq 2 type b\n",
    "Found duplicate base file information",
    2,
    "file b seq 2 type b",
  );
});

test("the life of an append-only file", () => {
  let manifest = withNewIncremental(withNewBase(EMPTY_MANIFEST, FILE, true), FILE);
  assert.equal(
    text(manifest),
    "file appendonly.aof.1.base.rdb seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n",
  );
  // A rewrite begins with a new file, and ends with a new base.
  manifest = withNewIncremental(withNewIncremental(manifest, FILE), FILE);
  manifest = withRewritten(withNewBase(manifest, FILE, false), true);
  assert.equal(
    text(manifest),
    "file appendonly.aof.2.base.aof seq 2 type b\n" +
      "file appendonly.aof.1.incr.aof seq 1 type h\n" +
      "file appendonly.aof.2.incr.aof seq 2 type h\n" +
      "file appendonly.aof.1.base.rdb seq 1 type h\n" +
      "file appendonly.aof.3.incr.aof seq 3 type i\n",
  );
  assert.deepEqual(parseManifest(formatManifest(manifest)), manifest);
  manifest = withRewritten(
    withNewBase(withoutHistory(manifest), FILE, true),
    false,
  );
  assert.equal(
    text(manifest),
    "file appendonly.aof.3.base.rdb seq 3 type b\n" +
      "file appendonly.aof.3.incr.aof seq 3 type h\n" +
      "file appendonly.aof.2.base.aof seq 2 type h\n",
  );
  assert.equal(
    text(withoutHistory(manifest)),
    "file appendonly.aof.3.base.rdb seq 3 type b\n",
  );
  assert.deepEqual(withRewritten(EMPTY_MANIFEST, true), EMPTY_MANIFEST);
});

test("a name that history still owns is not given out again", () => {
  const manifest = parseManifest(bytesOf(
    "file appendonly.aof.7.base.rdb seq 6 type b\n" +
      "file appendonly.aof.1.incr.aof seq 1 type h\n" +
      "file appendonly.aof.2.incr.aof seq 2 type h\n",
  ));
  const next = withNewBase(withNewIncremental(manifest, FILE), FILE, true);
  assert.equal(next.incremental[0].name, "appendonly.aof.3.incr.aof");
  assert.equal(next.incrementalSequence, 3);
  assert.equal(next.base?.name, "appendonly.aof.8.base.rdb");
  assert.equal(next.baseSequence, 8);
});

test("names that split a line are quoted", () => {
  const base = (name: string) =>
    text({ ...EMPTY_MANIFEST, base: { name, sequence: 1, type: "base" } });
  assert.equal(base("a b"), 'file "a b" seq 1 type b\n');
  assert.equal(base("\u00e9"), 'file "\\xc3\\xa9" seq 1 type b\n');
  assert.equal(base("it's"), 'file "it\'s" seq 1 type b\n');
});

test("whatever is written reads back the same", () => {
  const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }).filter((each) =>
    !/[/\\]/.test(each)
  );
  const sequence = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
  const files = (type: AofFile["type"]) =>
    fc.array(fc.record({ name, sequence, type: fc.constant(type) }, { noNullPrototype: true }), {
      maxLength: 4,
    });
  fc.assert(fc.property(
    fc.option(
      fc.record({ name, sequence, type: fc.constant("base" as const) }, { noNullPrototype: true }),
      { nil: undefined },
    ),
    files("history"),
    files("incremental"),
    (base, history, found) => {
      const incremental = found.sort((a, b) => a.sequence - b.sequence)
        .filter((file, i) => i === 0 || file.sequence > found[i - 1].sequence);
      const manifest: AofManifest = {
        base,
        history,
        incremental,
        baseSequence: base?.sequence ?? 0,
        incrementalSequence: incremental.at(-1)?.sequence ?? 0,
      };
      fc.pre(formatManifest(manifest).length > 0);
      const longest = Math.max(...text(manifest).split("\n").map((line) => line.length));
      fc.pre(longest < 1024);
      assert.deepEqual(parseManifest(formatManifest(manifest)), manifest);
    },
  ));
});
