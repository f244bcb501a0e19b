/** Streams in the tools: JSON of every type that holds one, and back, and what is wrong. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { rdbFile, row } from "../persistence/rdb/fixture.ts";
import { NODE, OWN, PENDING, SEEN, SEEN_MS, streamValue } from "../persistence/rdb/stream_value.ts";
import { isBroken, isRefused, jsonOf, rdbOf } from "./form_fixture.ts";

function stream(type: 15 | 19 | 21, key: string): Uint8Array {
  const [first, ...rest] = streamValue(type);
  return row([first, key.length], key, rest);
}

function shown(maxDeleted: string, added: number, read: number, bobsActivity: number): string {
  const pending = '[["1-1", 1600000000000, 7], ["2-0", 1600000000001, 300]]';
  const times = (activity: number) => `"seenTime": ${SEEN_MS}, "activeTime": ${activity}`;
  return '{"entries": [["1-1", ["a", "1", "b", "x"]], ["2-0", ["c", "70000"]], ' +
    `["5-5", ["a", "1.5", "b", ""]]], "lastId": "5-5", "maxDeletedId": "${maxDeleted}", ` +
    `"entriesAdded": ${added}, "groups": [{"name": "g", "lastId": "2-0", "entriesRead": ${read}, ` +
    `"consumers": [{"name": "alice", ${times(SEEN_MS)}, "pending": ${pending}}, ` +
    `{"name": "bob", ${times(bobsActivity)}, "pending": []}]}, ` +
    '{"name": "h", "lastId": "2-0", "entriesRead": -1, "consumers": []}]}';
}

test("each type as JSON, and back as the one that is written", () => {
  const rdb = rdbFile(
    row([0xfe, 0], stream(15, "a"), stream(19, "b"), stream(21, "c")),
    "REDIS0011",
  );
  const json = jsonOf(rdb);
  const seen = SEEN_MS;
  assert.equal(
    json,
    `[
{"magic": "REDIS0011"},
{"database": 0},
{"key": "a", "type": "stream", "value": ${shown("0-0", 3, -1, seen)}},
{"key": "b", "type": "stream", "value": ${shown("1-2", 4, 2, seen)}},
{"key": "c", "type": "stream", "value": ${shown("1-2", 4, 2, -1)}}
]
`,
  );
  // The type that is written does not say who was active when.
  assert.equal(jsonOf(rdbOf(json)), json.replaceAll('"activeTime": -1', `"activeTime": ${seen}`));
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
  assert.equal(jsonOf(rdbOf(json)), json);
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
  for (const [value, reason] of broken) isBroken(rdbFile(value, "REDIS0010"), reason);
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
  for (const [value, complaint] of complaints) isRefused("stream", value, complaint);
});
