/** What the tests of every type of value in the file tools have in common. */
import assert from "node:assert/strict";
import { utf8Bytes } from "../../../src/base/ascii.ts";
import { platformWith, runOn, type ToolRun } from "./fixture.ts";

/** Runs a tool that reads a file. */
export function readBy(tool: "--check-rdb" | "--rdb-to-json", rdb: Uint8Array): ToolRun {
  return runOn(platformWith({ "d.rdb": rdb }), [tool, "/d.rdb"]);
}

/** The JSON of a file that is sound. */
export function jsonOf(rdb: Uint8Array): string {
  assert.equal(readBy("--check-rdb", rdb).code, 0);
  const { code, output, error } = readBy("--rdb-to-json", rdb);
  assert.deepEqual([code, error], [0, ""]);
  return output;
}

/** The file made of JSON, or what is wrong with the JSON. */
export function madeOf(json: string): Uint8Array | string {
  const platform = platformWith({ "d.json": utf8Bytes(json) });
  const { code, error } = runOn(platform, ["--json-to-rdb", "/d.json", "/d.rdb"]);
  assert.equal(code, error === "" ? 0 : 1);
  return code === 0 ? platform.files.readFile("/d.rdb")! : error;
}

/** The file made of JSON. */
export function rdbOf(json: string): Uint8Array {
  const made = madeOf(json);
  assert.ok(made instanceof Uint8Array, String(made));
  return made;
}

/** Checks that every tool says the reason of a file's being broken. */
export function isBroken(rdb: Uint8Array, reason: RegExp): void {
  for (const tool of ["--check-rdb", "--rdb-to-json"] as const) {
    const { code, output, error } = readBy(tool, rdb);
    assert.equal(code, 1, tool);
    assert.match(output + error, reason);
  }
}

/** JSON of a file that holds one key, k. */
export function jsonWith(type: string, value: string, magic = "REDIS0010"): string {
  return `[\n{"magic": "${magic}"},\n{"key": "k", "type": "${type}", "value": ${value}}\n]\n`;
}

/** Checks what is said of JSON that holds no such value. */
export function isRefused(type: string, value: string, complaint: string): void {
  const made = madeOf(jsonWith(type, value));
  assert.ok(typeof made === "string" && made.includes(complaint), `${value}: ${made}`);
}
