import assert from "node:assert/strict";
import { test } from "node:test";
import { directoryOf, pathIn } from "../../../src/persistence/file_path.ts";

test("a file in a folder", () => {
  assert.equal(pathIn("", "a"), "a");
  assert.equal(pathIn("/", "a"), "/a");
  assert.equal(pathIn("b/c", "a"), "b/c/a");
  assert.equal(pathIn("b/c/", "a"), "b/c/a");
});

test("the folder of a file", () => {
  assert.equal(directoryOf("a"), ".");
  assert.equal(directoryOf("a/"), ".");
  assert.equal(directoryOf("/a"), "/");
  assert.equal(directoryOf("b/c/a"), "b/c");
  assert.equal(directoryOf("/b/a//"), "/b");
});
