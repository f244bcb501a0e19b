/** Streams in the tools: JSON of every type that holds one, and back, and what is wrong. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8Bytes } from "../../../src/base/ascii.ts";
import { rdbFile, row } from "../persistence/rdb/fixture.ts";
import { platformWith, runOn } from "./fixture.ts";

/** Entries 1-1 (a 1, b x), 1-2 (deleted), 2-0 (c 70000) and 5-5 (a 1.5, b ""). */
const NODE = hex(
  "100000000000000001000000000000000140515100" +
    "00001f000301010102018161028162020001020100010001010181780205010301000101010201ded402050100" +
    "010101dfff020101816302f270110104060102010401040183312e350480010501ff",
);
const PENDING = hex(
  "020000000000000001000000000000000100806e8774010000070000000000000002000000000000000001806e877401" +
    "0000412c",
);
const OWN = hex("0200000000000000010000000000000001000000000000000200000000" + "00000000");
const SEEN = hex("dc4f88fea1010000");
const UNKNOWN = hex("81ffffffffffffffff");

function hex(digits: string): Uint8Array {
  return Uint8Array.from(digits.match(/../g)!, (pair) => Number.parseInt(pair, 16));
}

function stream(type: number, key: string): Uint8Array {
  const active = type === 21 ? hex("dd4f88fea1010000") : "";
  const counters = type === 15 ? "" : row([1, 1, 1, 2, 4]);
  const read = type === 15 ? "" : row([2]);
  const unread = type === 15 ? "" : UNKNOWN;
  return row(
    ...[[type, 1], key, [1], NODE, [3, 5, 5], counters, [2, 1], "g", [2, 0], read, PENDING, [2, 5]],
    ...["alice", SEEN, active, OWN, [3], "bob", SEEN, active, [0, 1], "h", [2, 0], unread, [0, 0]],
  );
}

function jsonOf(rdb: Uint8Array): string {
  const { code, output, error } = runOn(platformWith({ "d.rdb": rdb }), [
    "--rdb-to-json",
    "/d.rdb",
  ]);
  assert.deepEqual([code, error], [0, ""]);
  return output;
}

function shown(maxDeleted: string, added: number, read: number, active: number): string {
  const pending = '[["1-1", 1600000000000, 7], ["2-0", 1600000000001, 300]]';
  const times = `"seenTime": 1795271708636, "activeTime": ${active}`;
  return '{"entries": [["1-1", ["a", "1", "b", "x"]], ["2-0", ["c", "70000"]], ' +
    `["5-5", ["a", "1.5", "b", ""]]], "lastId": "5-5", "maxDeletedId": "${maxDeleted}", ` +
    `"entriesAdded": ${added}, "groups": [{"name": "g", "lastId": "2-0", "entriesRead": ${read}, ` +
    `"consumers": [{"name": "alice", ${times}, "pending": ${pending}}, ` +
    `{"name": "bob", ${times}, "pending": []}]}, ` +
    '{"name": "h", "lastId": "2-0", "entriesRead": -1, "consumers": []}]}';
}

test("each type as JSON, and back as the one that is written", () => {
  const rdb = rdbFile(
    row([0xfe, 0], stream(15, "a"), stream(19, "b"), stream(21, "c")),
    "REDIS0011",
  );
  const json = jsonOf(rdb);
  const seen = 1795271708636;
  assert.equal(
    json,
    `[
{"magic": "REDIS0011"},
{"database": 0},
{"key": "a", "type": "stream", "value": ${shown("0-0", 3, -1, seen)}},
{"key": "b", "type": "stream", "value": ${shown("1-2", 4, 2, seen)}},
{"key": "c", "type": "stream", "value": ${shown("1-2", 4, 2, seen + 1)}}
]
`,
  );
  const platform = platformWith({ "d.json": utf8Bytes(json) });
  assert.equal(runOn(platform, ["--json-to-rdb", "/d.json", "/d.rdb"]).error, "");
  const written = platform.files.readFile("/d.rdb")!;
  assert.equal(
    jsonOf(written),
    json.replaceAll(`"activeTime": ${seen + 1}`, `"activeTime": ${seen}`),
  );
  assert.equal(runOn(platform, ["--check-rdb", "/d.rdb"]).code, 0);
});

test("many entries become several nodes", () => {
  const entries = Array.from({ length: 250 }, (_, i) => `["${i + 1}-${i % 3}", ["f", "${i}"]]`);
  const value = `{"entries": [${entries.join(", ")}], "lastId": "250-9", "maxDeletedId": "0-0", ` +
    '"entriesAdded": 250, "groups": []}';
  const json = `[
{"magic": "REDIS0010"},
{"database": 0},
{"key": "s", "type": "stream", "value": ${value}}
]
`;
  const platform = platformWith({ "d.json": utf8Bytes(json) });
  assert.equal(runOn(platform, ["--json-to-rdb", "/d.json", "/d.rdb"]).error, "");
  assert.equal(jsonOf(platform.files.readFile("/d.rdb")!), json);
});

test("what is wrong with a file", () => {
  const broken: readonly (readonly [Uint8Array, RegExp])[] = [
    [row([19, 1], "s", [1, 1], "x"), /not the size of a stream ID/],
    [row([19, 1], "s", [1], NODE.slice(0, 17), [1], "x"), /listpack integrity check failed/],
    [
      row([19, 1], "s", [0, 0, 5, 5, 0, 0, 0, 0, 0, 1, 1], "g", [2, 0, 2], PENDING, [0]),
      /without consumer/,
    ],
    [
      row([19, 1], "s", [0, 0, 5, 5, 0, 0, 0, 0, 0, 1, 1], "g", [2, 0, 2, 0, 1, 1], "c", SEEN, OWN),
      /Consumer entry not found/,
    ],
  ];
  for (const [value, reason] of broken) {
    const platform = platformWith({ "d.rdb": rdbFile(value, "REDIS0010") });
    for (const tool of ["--check-rdb", "--rdb-to-json"]) {
      const { code, output, error } = runOn(platform, [tool, "/d.rdb"]);
      assert.equal(code, 1, tool);
      assert.match(output + error, reason);
    }
  }
});

test("what is wrong with JSON", () => {
  const rest = '"maxDeletedId": "0-0", "entriesAdded": 1, "groups": [';
  const group = '{"name": "g", "lastId": "0-0", "entriesRead": 0, "consumers": [';
  const consumer = '{"name": "c", "seenTime": 1, "activeTime": 1, "pending": ';
  const complaints: readonly (readonly [string, string])[] = [
    ['{"entries": [["1-1", ["a"]]]', "expected fields and values in turns"],
    ['{"entries": [["1-1", []]]', "expected fields and values in turns"],
    ['{"entries": [["2-1", ["a", "b"]], ["2-1", ["a", "b"]]]', "expected an ID behind"],
    ['{"entries": [["x", ["a", "b"]]]', "expected an ID of the form ms-seq"],
    ['{"entries": [["1-99999999999999999999", ["a", "b"]]]', "expected an ID of the form ms-seq"],
    ['{"entries": [["2-1", ["a", "b"]]], "lastId": "1-1"', "expected an ID that is not before"],
    ['{"lastId": "1-1"', 'expected the member "entries"'],
    [`{"entries": [], "lastId": "0-0", ${rest}${group}]}, ${group}]}]}`, "each name only once"],
    [
      `{"entries": [], "lastId": "0-0", ${rest}${group}${consumer}[["1-1", 1, 1], ["1-1", 1, 1]]`,
      "expected each ID to be pending only once",
    ],
  ];
  for (const [value, complaint] of complaints) {
    const json = `[\n{"magic": "REDIS0010"},\n{"key": "k", "type": "stream", "value": ${value}`;
    const platform = platformWith({ "d.json": utf8Bytes(json) });
    const { code, output, error } = runOn(platform, ["--json-to-rdb", "/d.json", "/d.rdb"]);
    assert.equal(code, 1);
    assert.ok((output + error).includes(complaint), `${value}: ${output}${error}`);
  }
});
