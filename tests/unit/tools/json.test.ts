/** `--rdb-to-json` and `--json-to-rdb`: the round trip, the shape, and what is wrong with others. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { latin1, latin1Bytes, utf8, utf8Bytes } from "../../../src/base/ascii.ts";
import { saveRdb } from "../../../src/persistence/rdb/save.ts";
import { randomBytes, seeded } from "../heap/seeded.ts";
import {
  contentsOf,
  int64,
  loadBytes,
  newKeyspace,
  NOW_MS,
  put,
  rdbFile,
  row,
  SAVE_SETTINGS,
} from "../persistence/rdb/fixture.ts";
import { platformWith, runOn } from "./fixture.ts";

/** The JSON of an RDB file. */
function jsonOf(rdb: Uint8Array): string {
  const { code, output, error } = runOn(platformWith({ "d.rdb": rdb }), [
    "--rdb-to-json",
    "/d.rdb",
  ]);
  assert.deepEqual([code, error], [0, ""]);
  return output;
}

/** The RDB file of some JSON. */
function rdbOf(json: string | Uint8Array): Uint8Array {
  const bytes = typeof json === "string" ? utf8Bytes(json) : json;
  const platform = platformWith({ "d.json": bytes });
  const { code, output, error } = runOn(platform, ["--json-to-rdb", "/d.json", "/d.rdb"]);
  assert.deepEqual([code, output, error], [0, "", ""]);
  return platform.files.readFile("/d.rdb")!;
}

/** What is said of JSON that is refused. */
function complaint(json: string | Uint8Array): string {
  const bytes = typeof json === "string" ? utf8Bytes(json) : json;
  const platform = platformWith({ "d.json": bytes, "d.rdb": "as it was" });
  const { code, output, error } = runOn(platform, ["--json-to-rdb", "/d.json", "/d.rdb"]);
  assert.deepEqual([code, output], [1, ""]);
  assert.equal(latin1(platform.files.readFile("/d.rdb")!), "as it was");
  assert.deepEqual(platform.files.list("/").sort(), ["d.json", "d.rdb"]);
  assert.ok(error.startsWith("/d.json: ") && error.endsWith("\n"), error);
  return error.slice("/d.json: ".length, -1);
}

test("json: every part of a file, as it is written", () => {
  const json = jsonOf(rdbFile(row(
    ...[0xfa, 4, "name", 0xc0, 42],
    ...[0xfe, 3, 0xfb, 2, 1],
    ...[0xfc, int64(-5n), 0xf8, 7, 0xf9, 200, 0, 1, "k", 2, '"\\'],
    ...[0xfd, 1, 0, 0, 0, 0, 2, "\xc3\x28", 3, "\0\xff\n"],
    ...[0xfc, int64(2n ** 63n - 1n), 0, 5, "\t\n\r\x01\x7f", 6, "\xc3\xa9\xf0\x9f\x98\x80"],
  )));
  assert.equal(
    json,
    `[
{"magic": "REDIS0009"},
{"aux": "name", "value": "42"},
{"database": 3},
{"keyCount": 2, "expiresCount": 1},
{"key": "k", "expiresAtMs": -5, "idleSeconds": 7, "frequency": 200, "type": "string", "value": "\\"\\\\"},
{"key": {"base64": "wyg="}, "expiresAtMs": 1000, "type": "string", "value": {"base64": "AP8K"}},
{"key": "\\t\\n\\r\\u0001\x7f", "expiresAtMs": 9223372036854775807, "type": "string", "value": "\u00e9\u{1f600}"}
]
`,
  );
  assert.equal(JSON.parse(json).length, 7);
  assert.equal(jsonOf(rdbOf(json)), json);
});

test("json: keyspaces survive the trip", () => {
  const prng = seeded(5);
  const keyspace = newKeyspace();
  const texts = ["", "0", "-128", "32768", "2147483648", "\ufeff\u2028\u{10ffff}", "\ud7ff\ue000"];
  texts.forEach((text, i) => put(keyspace, i, `text${i}`, utf8Bytes(text), NOW_MS + 1 + i));
  for (let i = 0; i < 300; i++) {
    const length = prng.below(prng.below(5) === 0 ? 100_000 : 60);
    const value = randomBytes(prng, length);
    if (prng.below(2) === 0) { for (let j = 0; j < length; j++) value[j] &= 0x7f; }
    put(keyspace, prng.below(16), randomBytes(prng, 1 + prng.below(40)), value);
  }
  put(keyspace, 0, "x".repeat(300_000), new Uint8Array(1_000_000).fill(0x80));
  put(keyspace, 0, "long", "\x1f".repeat(400_000));
  const platform = platformWith({});
  saveRdb(platform.files, keyspace, { ...SAVE_SETTINGS, directory: "/" });
  const json = jsonOf(platform.files.readFile("/dump.rdb")!);
  const rdb = rdbOf(json);
  assert.equal(jsonOf(rdb), json);
  const loaded = newKeyspace();
  loadBytes(rdb, loaded);
  assert.deepEqual(contentsOf(loaded), contentsOf(keyspace));
});

test("json: every version that is read is kept", () => {
  const json = jsonOf(rdbFile(row(0xfc, int64(5n), 0, 1, "k", 1, "v")));
  for (const magic of ["REDIS0001", "REDIS0004", "REDIS0005", "REDIS0012", "VALKEY080"]) {
    const other = json.replace("REDIS0009", magic);
    const bytes = rdbOf(other);
    assert.equal(latin1(bytes, 0, 9), magic);
    const hasChecksum = magic > "REDIS0004";
    assert.equal(bytes[bytes.length - (hasChecksum ? 9 : 1)], 0xff);
    assert.equal(jsonOf(bytes), other);
  }
});

test("json: UTF-8 is text and everything else is base64", () => {
  const notText = [
    "\x80",
    "\xc0\x80",
    "\xc1\xbf",
    "\xc2",
    "\xe0\x9f\xbf",
    "\xed\xa0\x80",
    "\xe2\x82",
  ];
  notText.push("\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xe2\x28\xa1");
  const text = ["\x7f", "\xc2\x80", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xf0\x90\x80\x80"];
  text.push("\xf4\x8f\xbf\xbf", "\xef\xbf\xbd", "\xef\xbb\xbf", "\xef\xbf\xbf");
  for (const value of [...notText, ...text]) {
    const json = jsonOf(rdbFile(row(0, 1, "k", value.length, value)));
    const found = JSON.parse(json)[1].value;
    if (text.includes(value)) assert.equal(found, utf8(latin1Bytes(value)));
    else assert.deepEqual(found, { base64: btoa(value) });
    assert.equal(jsonOf(rdbOf(json)), json);
  }
});

test("json: any spelling of the same is taken", () => {
  const json = '\ufeff[{"magic":"REDIS0009"},'.slice(1) +
    '{"value" :\t"v\\u0041\\/\\b\\f\\ud83d\\ude00" , "aux":"\\u00e9"}\r\n,' +
    '{"expiresCount":10e-1,"keyCount":2.0}\n\n,{ "database" : 1e0 },' +
    '{"type":"\\u0073tring","value":{ "base64" : "\\u0041A==" },"frequency":0,"key":"\\"",' +
    '"idleSeconds":1000E-3,"expiresAtMs":-0}]\n\t ';
  assert.equal(
    jsonOf(rdbOf(json)),
    `[
{"magic": "REDIS0009"},
{"aux": "\u00e9", "value": "vA/\\b\\f\u{1f600}"},
{"keyCount": 2, "expiresCount": 1},
{"database": 1},
{"key": "\\"", "expiresAtMs": 0, "idleSeconds": 1, "frequency": 0, "type": "string", "value": "\\u0000"}
]
`,
  );
});

test("json: what is wrong is named with its line, its column and what was expected", () => {
  const first = '[{"magic":"REDIS0009"}';
  const cases: [string, string][] = [
    ["", "line 1, column 1: expected '[', found the end of the file"],
    ["\n {}", "line 2, column 2: expected '[', found '{'"],
    ["[]", "line 1, column 2: expected '{', found ']'"],
    ["[{}]", "line 1, column 3: expected the name of a member, found '}'"],
    ['[{"database":0}]', 'line 1, column 2: expected the object with "magic" first'],
    ['[{"magic":"REDIS0099"}]', "line 1, column 11: REDIS0099: Can't handle RDB format version 99"],
    ['[{"magic":"R"}]', "line 1, column 11: R: Wrong signature trying to load DB from file"],
    [`${first}`, "line 1, column 23: expected ']', found the end of the file"],
    [`${first}] x`, "line 1, column 25: expected the end of the file, found 'x'"],
    [`${first},]`, "line 1, column 24: expected '{', found ']'"],
    [`${first},{"magic":"REDIS0009"}]`, 'line 1, column 24: expected "magic" only once'],
    [`${first},\n{"what":1}]`, 'line 2, column 2: unknown member "what"'],
    [`${first},\n{"constructor":1}]`, 'line 2, column 2: unknown member "constructor"'],
    [`${first},\n{"key":"k","key":"k"}]`, 'line 2, column 12: "key" is given twice'],
    [`${first},\n{"key":"k"}]`, 'line 2, column 11: expected "type" beside "key"'],
    [`${first},\n{"aux":"k" }]`, 'line 2, column 12: expected "value" beside "aux"'],
    [
      `${first},\n{"database":1,"key":"k","type":"string","value":""}]`,
      'line 2, column 1: "database" does not go with "key"',
    ],
    [
      `${first},\n{"value":"k"}]`,
      "line 2, column 1: expected one of key, magic, aux, database, keyCount",
    ],
    [
      `${first},\n{"value":"","type":"string"}]`,
      'line 2, column 13: expected "type" before "value"',
    ],
    [`${first},{"type":"heap"}]`, "line 1, column 32: a heap is nothing that this version knows"],
    [
      `${first},{"key":1}]`,
      "line 1, column 31: expected a string, or an object with base64, found '1'",
    ],
    [`${first},{"key":{"base65":""}}]`, 'line 1, column 32: expected the member "base64"'],
    [`${first},{"key":{"base64":"a==="}}]`, "line 1, column 41: expected base64, with its padding"],
    [`${first},{"key":{"base64":"AB=="}}]`, "line 1, column 41: expected base64, with its padding"],
    [`${first},{"key":{"base64":"AAB="}}]`, "line 1, column 41: expected base64, with its padding"],
    [`${first},{"key":{"base64":"AA"}}]`, "line 1, column 41: expected base64, with its padding"],
    [`${first},{"key":{"base64":"AA==" ,`, "line 1, column 48: expected '}', found ','"],
    [`${first},{"key":"\\x"}]`, "line 1, column 32: expected an escape of JSON"],
    [`${first},{"key":"\\u12g4"}]`, "line 1, column 32: expected an escape of JSON"],
    [`${first},{"key":"a\\ud800"}]`, "line 1, column 33: expected a pair of surrogates"],
    [`${first},{"key":"\\udc00"}]`, "line 1, column 32: expected a pair of surrogates"],
    [`${first},{"key":"\\ud800\\u0041"}]`, "line 1, column 32: expected a pair of surrogates"],
    [
      `${first},{"key":"a\nb"}]`,
      "line 1, column 33: expected the rest of a string, found byte 0x0a",
    ],
    [
      `${first},{"key":"a`,
      "line 1, column 33: expected the rest of a string, found the end of the file",
    ],
    [
      `${first},{"database":"1"}]`,
      "line 1, column 36: expected an integer between 0 and 2147483647, found '\"'",
    ],
    [
      `${first},{"database":-1}]`,
      "line 1, column 36: expected an integer between 0 and 2147483647, found -1",
    ],
    [
      `${first},{"database":01}]`,
      "line 1, column 36: expected an integer between 0 and 2147483647, found 01",
    ],
    [
      `${first},{"database":1.5}]`,
      "line 1, column 36: expected an integer between 0 and 2147483647, found 1.5",
    ],
    [
      `${first},{"frequency":256}]`,
      "line 1, column 37: expected an integer between 0 and 255, found 256",
    ],
  ];
  for (const [json, expected] of cases) assert.equal(complaint(json), expected);
  const notUtf8 = latin1Bytes(`${first},{"key":"\xff"}]`);
  assert.equal(complaint(notUtf8), "line 1, column 31: expected a string of UTF-8");
});

test("json: what follows the RDB part is said to be left out", () => {
  const platform = platformWith({ "d.rdb": row(rdbFile(row(0, 1, "k", 1, "v")), "*1\r\n") });
  const { code, error } = runOn(platform, ["--rdb-to-json", "/d.rdb", "/d.json"]);
  assert.equal(code, 0);
  assert.match(error, /^Note: 4 bytes follow the RDB part/);
});

test("json: a broken RDB file is refused with its offset", () => {
  const platform = platformWith({ "d.rdb": rdbFile(row(0, 1, "k", 0xc7)), "d.json": "as it was" });
  const run = runOn(platform, ["--rdb-to-json", "/d.rdb", "/d.json"]);
  assert.deepEqual(run, {
    code: 1,
    output: "",
    error: "/d.rdb: offset 13: Unknown RDB string encoding type 7\n",
  });
  assert.deepEqual(platform.files.list("/").sort(), ["d.json", "d.rdb"]);
});
