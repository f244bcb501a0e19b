/**
 * What the guide to persistence names exists: its commands for redis-cli go well on a server, its
 * command lines are understood, its directives and fields of INFO are known, its links lead
 * somewhere.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { memoryPlatform } from "../../../adapters/memory/mod.ts";
import { parseCommandLine } from "../../../src/server/config/command_line.ts";
import { Config } from "../../../src/server/config/config.ts";
import { loadConfig } from "../../../src/server/config/load.ts";
import { projectRoot } from "../../support/servers.ts";
import { startBench } from "../server/commands/fixture.ts";

const GUIDE = readFileSync(`${projectRoot}docs/persistence.md`, "utf8");
const CODE = [...GUIDE.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, code]) => code).join("");
const PROSE = GUIDE.replace(/^```sh\n[^]*?^```$/gm, "");
const SPANS = [...PROSE.matchAll(/`([^`\n]+)`/g)].map(([, text]) => text);

/** The arguments of every line of the blocks that begins with this program's name. */
function linesOf(program: string): string[][] {
  return CODE.split("\n").filter((line) => line.startsWith(`${program} `)).map((line) =>
    [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain).slice(1)
  );
}

/** Why lines of configuration are refused. */
function refusalOf(config: Config, options: string): unknown {
  const commandLine = { action: "start", file: undefined, standardInput: false, options } as const;
  const files = { read: () => assert.fail("no file is named"), list: () => [] };
  return loadConfig(config, { commandLine, files });
}

const NO_CONFIG_FILE = "-ERR The server is running without a config file\r\n";

for (const words of linesOf("redis-cli")) {
  test(`redis-cli ${words.join(" ")}`, async () => {
    const bench = await startBench({ appendonly: true });
    const reply = bench.ask(...words);
    if (reply !== NO_CONFIG_FILE) assert.doesNotMatch(reply, /^-/);
  });
}

for (const words of linesOf("pagurus")) {
  test(`pagurus ${words.join(" ")}`, () => {
    const commandLine = parseCommandLine(words);
    if (commandLine.action === "tool") return;
    assert.ok(commandLine.action === "start");
    const { files } = memoryPlatform();
    files.makeDirectory("data");
    assert.equal(refusalOf(new Config(files), commandLine.options), undefined);
  });
}

test("the guide has commands", () => {
  assert.ok(linesOf("redis-cli").length > 10 && linesOf("pagurus").length > 10);
});

test("directives that the guide names are known, with these values", () => {
  let count = 0;
  for (const span of SPANS) {
    const config = new Config(memoryPlatform().files);
    const [, name = "", value] = /^([a-z]+(?:-[a-z]+)*)(?: ([\w ]+|""))?$/.exec(span) ?? [];
    const isDirective = config.get(name) !== undefined;
    assert.ok(isDirective || !name.includes("-"), `${span} names no directive`);
    if (!isDirective) continue;
    count++;
    assert.equal(refusalOf(config, `${name} ${value ?? `"${config.get(name)}"`}\n`), undefined);
  }
  assert.ok(count > 10, `${count} found`);
});

test("fields of INFO that the guide names are there", async () => {
  const bench = await startBench({ appendonly: true });
  const fields = bench.info("everything");
  const named = SPANS.map((span) => /^[a-z]+(?:_[a-z]+)+/.exec(span)?.[0]);
  const known = named.filter((name) => name !== undefined);
  assert.ok(known.length > 10, `${known.length} found`);
  for (const name of known) assert.ok(fields.has(name), name);
});

test("links within the guide lead to a heading", () => {
  const anchors = [...GUIDE.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading.toLowerCase().replace(/[^\w\- ]/g, "").replaceAll(" ", "-")
  );
  const links = [...GUIDE.matchAll(/\]\(#([^)]*)\)/g)].map(([, anchor]) => anchor);
  assert.ok(links.length > 0);
  for (const link of links) assert.ok(anchors.includes(link), link);
});
