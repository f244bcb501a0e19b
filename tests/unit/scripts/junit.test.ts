/** The three dialects of JUnit reports, cut from what the runtimes really print. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readJunit } from "../../../scripts/junit.ts";

test("Node: nested suites are no tests, a reason is kept", () => {
  const xml = `<?xml version="1.0"?><testsuites>
    <testcase name="one" time="0.1" classname="test"/>
    <testcase name="two &lt;&gt;" time="0.1" failure="1 > 2"><failure type="x" message="m &#10;">
      text &lt;b></failure></testcase>
    <testsuite name="group" tests="1"><testcase name="in a"><skipped type="skipped" message="why"/>
    </testcase></testsuite></testsuites>`;
  assert.deepEqual(readJunit(xml), [
    { name: "one", state: "passed", message: "" },
    { name: "two <>", state: "failed", message: "text <b>" },
    { name: "in a", state: "skipped", message: "why" },
  ]);
});

test("Deno: a suite beside its parts is no test, unless it failed by itself", () => {
  const part = (body: string) =>
    `<testcase name="group" classname="f"><failure message="1 test step failed"/></testcase>` +
    `<testcase name="group &gt; a">${body}</testcase>`;
  assert.deepEqual(readJunit(part("<failure message='m' ></failure>")).map((t) => t.name), [
    "group > a",
  ]);
  assert.deepEqual(readJunit(part("")).map(({ name, state }) => [name, state]), [
    ["group > a", "passed"],
    ["group", "failed"],
  ]);
});

test("Bun: failures and skips without a text", () => {
  const xml = `<testcase name="a" line="1"><failure type="E" message="m &amp; n" /></testcase>
    <testcase name="b"><skipped /></testcase><testcase name="c" assertions="0" />`;
  assert.deepEqual(readJunit(xml), [
    { name: "a", state: "failed", message: "m & n" },
    { name: "b", state: "skipped", message: "" },
    { name: "c", state: "passed", message: "" },
  ]);
});
