import { test } from "node:test";
import nodeAssert from "node:assert/strict";
import { assert, AssertionFailure, unreachable } from "../../../src/base/assert.ts";

test("an assertion that holds says nothing, one that fails throws", () => {
  assert(true, "holds");
  nodeAssert.throws(
    () => assert(1 > 2, "one is less than two"),
    (error) =>
      error instanceof AssertionFailure && error.name === "AssertionFailure" &&
      error.message === "one is less than two",
  );
});

test("the unreachable throws", () => {
  nodeAssert.throws(() => unreachable("x" as never), new AssertionFailure("unreachable: x"));
});
