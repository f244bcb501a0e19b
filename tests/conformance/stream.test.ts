/** The commands on streams, without groups. */
import { conformance } from "../support/compare.ts";
import { error } from "../support/reply.ts";

/** What is compressed may be so in several ways. */
const PLAIN = { args: ["--enable-debug-command", "yes", "--rdbcompression", "no"] };
const TOO_SMALL =
  "ERR The ID specified in XADD is equal or smaller than the target stream top item";
const UNBALANCED =
  "ERR Unbalanced 'xread' list of streams: for each stream key an ID or '$' must " +
  "be specified.";
const INT64_MAX = "9223372036854775807";
const MAX = "18446744073709551615";
const long = (length: number) => "v".repeat(length);

conformance("XADD: ids", (c) => {
  c.do("XADD", "s", "0-0", "f", "v");
  c.do("EXISTS", "s");
  c.do("XADD", "s", "0-1", "f", "v");
  c.do("XADD", "s", "0-1", "f", "v");
  c.do("XADD", "s", "0-*", "f", "v");
  c.do("XADD", "t", "0-*", "f", "v");
  c.do("XADD", "s", "5", "f", "v");
  c.do("XADD", "s", "5-*", "f", "v");
  c.do("XADD", "s", "4-*", "f", "v");
  c.do("XADD", "s", "7-*", "f", "v");
  c.do("XADD", "s", `7-${MAX}`, "f", "v");
  // 7.0 says that elements are too large; 8.0 says what is wrong.
  c.doExpect(error(TOO_SMALL), "XADD", "s", "7-*", "f", "v");
  c.do("XADD", "s", "8-007", "f", "v");
  c.do("XADD", "s", " 9-1", "f", "v");
  c.do("XADD", "s", "+10-1", "f", "v");
  const bad = ["-", "+", "-1", "x", "1-", "1-x", "1-1-1", "1.5", "", "*1", "**", "-1-1", "1-*x"];
  for (const id of bad) c.do("XADD", "s", id, "f", "v");
  c.do("XADD", "s", "1".repeat(130), "f", "v");
  c.do("XADD", "s", "18446744073709551616-1", "f", "v");
  c.do("XRANGE", "s", "-", "+");
  c.do("XADD", "s", `9223372036854775807-${MAX}`, "f", "v");
  c.do("XADD", "s", `${MAX}-9223372036854775808`, "f", "v");
  c.do("XADD", "s", `${MAX}-${MAX}`, "f", "v");
  c.do("XADD", "s", "*", "f", "v");
  c.do("XADD", "s", `${MAX}-*`, "f", "v");
  c.do("XADD", "s", "1-1", "f", "v");
  c.do("XRANGE", "s", "9", "+");
  c.do("XINFO", "STREAM", "s");
  c.do("XADD", "u", "1-1\0x", "f", "v");
  c.do("XADD", "u", "99999999999999", "f", "v");
  c.do("XADD", "u", "*", "f", "v");
  c.do("XADD", "u", "*", "f", "v");
  c.do("XRANGE", "u", "-", "+");
});

conformance("XADD: options and their errors", (c) => {
  c.do("XADD", "s", "NOMKSTREAM", "1-1", "f", "v");
  c.do("XADD", "s", "nomkstream", "*", "f", "v");
  c.do("EXISTS", "s");
  c.do("XADD", "s", "NOMKSTREAM", "*", "f");
  for (let i = 1; i <= 20; i++) c.do("XADD", "s", `${i}-1`, "f", i);
  const options = [
    ...["MAXLEN 10", "MAXLEN = 9", "MAXLEN ~ 5", "maxlen ~ 5 limit 3", "MINID 15", "MINID = 16-1"],
    ...["MINID ~ 18", "MINID ~ 18 LIMIT 0", "MAXLEN 5 MAXLEN 4", "MAXLEN 5 MINID 4", "MAXLEN x"],
    ...["MAXLEN -1", "MAXLEN ~", "MAXLEN = x", "MAXLEN 5 LIMIT 1", "LIMIT 1", "LIMIT 0", "LIMIT x"],
    ...["LIMIT -1", "MAXLEN ~ 5 LIMIT -1", "MAXLEN ~ 5 LIMIT x", "MINID x", "MINID -", "MINID"],
    ...["MAXLEN", "LIMIT", "NOMKSTREAM NOMKSTREAM", "MAXLEN = = 5", "MAXLEN 9223372036854775807"],
    ...["MAXLEN 9223372036854775808", "NOSUCH", "MAXLEN ~ 3 NOMKSTREAM", "MINID 3-*"],
  ];
  options.forEach((option, i) => {
    c.do("XADD", "s", ...option.split(" "), `${100 + i}-1`, "f", "v");
    c.do("XLEN", "s");
  });
  c.do("XADD", "s", "MAXLEN", "0", "1000-1", "f", "v");
  c.do("XLEN", "s");
  c.do("XRANGE", "s", "-", "+");
  c.do("XINFO", "STREAM", "s");
  c.do("TYPE", "s");
  c.do("OBJECT", "ENCODING", "s");
  c.do("XADD", "s", "1001-1", "f", "v");
  c.do("XADD", "s", "1002", "a", "1", "a", "2");
  c.do("XADD", "s", "1003", "a", "1", "b");
  c.do("XADD", "s", "1004", "a");
  c.do("XADD", "s", "1005");
  c.do("XADD", "s");
  c.do("XADD");
  c.do("XINFO", "STREAM", "s", "FULL");
  c.do("SET", "t", "v");
  c.do("XADD", "t", "1-1", "f", "v");
  c.do("XADD", "t", "x", "f", "v");
  c.do("XADD", "t", "NOMKSTREAM", "1-1", "f", "v");
});

conformance("fields and values of every kind come back", (c) => {
  const texts = [
    ...[
      "",
      "0",
      "-0",
      "007",
      "127",
      "128",
      "-1",
      "4095",
      "4096",
      "-4096",
      "-4097",
      "32767",
      "32768",
    ],
    ...["-32769", "8388607", "8388608", "2147483647", "2147483648", "-2147483649", "1.5", " 1"],
    ...["9007199254740993", "9223372036854775807", "-9223372036854775808", "9223372036854775808"],
    ...[1, 62, 63, 64, 65, 127, 128, 4000, 4094, 4095, 4096, 5000, 9000, 20_000].map(long),
  ];
  texts.forEach((text, i) => {
    c.do("XADD", "v", `1-${i + 1}`, "field", text, "other", i);
    c.do("XADD", "f", `1-${i + 1}`, text, "value");
    c.do("XADD", "same", `1-${i + 1}`, texts[i >> 1], text);
  });
  c.do("XADD", "b", "1-1", Uint8Array.from({ length: 256 }, (_, i) => i), "\r\n\0");
  c.do("XADD", "huge", "1-1", long(300_000), long(1_000_000), "a", "1");
  c.do("XADD", "huge", "1-2", long(300_000), "small", "a", long(9000));
  c.do("XADD", "huge", "1-3", long(300_000), "small", "a", "2");
  for (const key of ["v", "f", "same", "b", "huge"]) {
    c.do("XRANGE", key, "-", "+");
    c.do("XREVRANGE", key, "+", "-");
    c.do("XREVRANGE", key, "+", "-", "COUNT", "1");
    c.do("XREAD", "STREAMS", key, "0");
    c.do("XREAD", "COUNT", "2", "STREAMS", key, "1-5");
    c.do("XINFO", "STREAM", key);
    c.do("DEBUG", "DIGEST-VALUE", key);
    c.do("DUMP", key);
  }
  c.do("XADD", "many", "1-1", ...Array.from({ length: 2000 }, (_, i) => `x${i}`));
  c.do("XADD", "many", "1-2", ...Array.from({ length: 2000 }, (_, i) => `x${i}`));
  c.do("XADD", "many", "1-3", ...Array.from({ length: 200 }, (_, i) => `x${i}`));
  c.do("XRANGE", "many", "-", "+");
  c.do("DUMP", "many");
}, PLAIN);

conformance("ids far apart in one node", (c) => {
  const ids = [
    ...["0-1", "0-2", "0-9223372036854775808", `0-${MAX}`, "1-0", "1-1", "200-5", "300-2"],
    ...["4294967295-1", "4294967296-0", "4294967296-4294967296", "9007199254740993-1"],
    ...["9223372036854775807-3", "9223372036854775808-0", `${MAX}-0`],
  ];
  for (const id of ids) c.do("XADD", "s", id, "f", "v");
  c.do("XRANGE", "s", "-", "+");
  for (const id of ids) {
    c.do("XRANGE", "s", id, id);
    c.do("XRANGE", "s", `(${id}`, "+", "COUNT", "1");
    c.do("XREVRANGE", "s", `(${id}`, "-", "COUNT", "1");
    c.do("XREAD", "COUNT", "1", "STREAMS", "s", id);
  }
  c.do("DUMP", "s");
  for (const id of ids.filter((_, i) => i % 3 === 0)) c.do("XDEL", "s", id);
  c.do("XINFO", "STREAM", "s", "FULL");
  c.do("DUMP", "s");
}, PLAIN);

conformance("XRANGE and XREVRANGE", (c) => {
  for (let i = 1; i <= 250; i++) c.do("XADD", "s", `${i}-${i % 3}`, "n", i, "m", `x${i}`);
  const ranges = [
    ...["- +", "- 5", "5 -", "100 110", "(100-1 (110", "(100-1 (110-0", "0 0", "300 +", "+ +"],
    ...[
      "250 250",
      "250-1 250-1",
      "+ -",
      "99-0 101-9",
      "(- +",
      "- (+",
      "( 5",
      "x 5",
      "5 x",
      "5 5-x",
    ],
    ...[`(${MAX}-${MAX} +`, "- (0-0", "(0-0 5", "(1 3", "1 (3", "1-5 2-0", "100 (100"],
  ];
  for (const range of ranges) {
    const [from, to] = range.split(" ");
    c.do("XRANGE", "s", from, to);
    c.do("XREVRANGE", "s", to, from);
    c.do("XRANGE", "s", from, to, "COUNT", "3");
    c.do("XREVRANGE", "s", to, from, "COUNT", "3");
    c.do("XREVRANGE", "s", to, from, "COUNT", "1");
  }
  for (const count of ["0", "-1", "1", "1000", "x", "9223372036854775808"]) {
    c.do("XRANGE", "s", "-", "+", "COUNT", count);
    c.do("XRANGE", "missing", "-", "+", "COUNT", count);
  }
  c.do("XRANGE", "s", "-", "+", "COUNT");
  c.do("XRANGE", "s", "-", "+", "COUNT", "1", "COUNT", "2");
  c.do("XRANGE", "s", "-", "+", "COUNT", "1", "x");
  c.do("XRANGE", "s", "-", "+", "x", "1");
  c.do("XRANGE", "s", "-");
  c.do("XREVRANGE", "s", "-");
  c.do("XLEN", "s");
  c.do("XLEN", "missing");
  c.do("XLEN");
  c.do("SET", "t", "v");
  c.do("XLEN", "t");
  c.do("XRANGE", "t", "-", "+");
  c.do("XRANGE", "t", "-", "+", "COUNT", "0");
  c.do("XREVRANGE", "t", "+", "-");
  c.do("XRANGE", "t", "x", "+");
});

conformance("XDEL, XTRIM and what the stream remembers", (c) => {
  for (let i = 1; i <= 350; i++) c.do("XADD", "s", `${i}`, "n", i);
  c.do("XINFO", "STREAM", "s");
  c.do("XDEL", "s", "1");
  c.do("XDEL", "s", "1", "2", "3", "3", "1000", "5-1");
  c.do("XINFO", "STREAM", "s");
  c.do("XRANGE", "s", "-", "10");
  c.do("XDEL", "s", "350", "x");
  c.do("XDEL", "s", "350");
  c.do("XREVRANGE", "s", "+", "-", "COUNT", "2");
  c.do("XINFO", "STREAM", "s");
  for (let i = 101; i <= 200; i++) c.do("XDEL", "s", `${i}`);
  c.do("XINFO", "STREAM", "s");
  c.do("XRANGE", "s", "90", "210");
  c.do("XREVRANGE", "s", "210", "90");
  c.do("XTRIM", "s", "MAXLEN", "~", "100");
  c.do("XTRIM", "s", "MAXLEN", "~", "100", "LIMIT", "10");
  c.do("XTRIM", "s", "MINID", "~", "205");
  c.do("XINFO", "STREAM", "s");
  c.do("XTRIM", "s", "MINID", "205");
  c.do("XINFO", "STREAM", "s");
  c.do("XTRIM", "s", "MAXLEN", "=", "77");
  c.do("XINFO", "STREAM", "s", "FULL");
  c.do("XTRIM", "s", "MINID", "~", "340", "LIMIT", "0");
  c.do("XTRIM", "s", "MAXLEN", "77");
  c.do("XTRIM", "s", "MINID", "1000");
  c.do("XINFO", "STREAM", "s");
  c.do("XADD", "s", "1001", "a", "b");
  c.do("XTRIM", "s", "MAXLEN", "0");
  c.do("XINFO", "STREAM", "s");
  c.do("XLEN", "s");
  c.do("XADD", "s", "1001", "a", "b");
  c.do("XADD", "s", "1002", "a", "b");
  c.do("XDEL", "s", "1002");
  c.do("XINFO", "STREAM", "s");
  c.do("DUMP", "s");
  const bad = ["", "MAXLEN", "MAXLEN x", "LIMIT 1", "MAXLEN 1 LIMIT 1", "* 5", "MAXLEN 1 x"];
  for (const options of bad) c.do("XTRIM", "s", ...options.split(" "));
  c.do("XTRIM", "missing", "MAXLEN", "1");
  c.do("XTRIM", "missing", "x", "1");
  c.do("XDEL", "missing", "x");
  c.do("XDEL", "missing");
  c.do("SET", "t", "v");
  c.do("XDEL", "t", "1");
  c.do("XDEL", "t", "x");
  c.do("XTRIM", "t", "MAXLEN", "1");
  c.do("XSETID", "t", "1");
}, PLAIN);

conformance("nodes of other sizes", (c) => {
  for (const [bytes, entries] of [[4096, 10], [100, 0], [0, 7], [0, 0], [200, 3], [50_000, 1000]]) {
    c.do("CONFIG", "SET", "stream-node-max-bytes", bytes, "stream-node-max-entries", entries);
    const key = `${bytes}:${entries}`;
    for (let i = 1; i <= 260; i++) {
      c.do(
        "XADD",
        key,
        `${i * 7}-${i}`,
        "name",
        `value${i % 10}`,
        i % 5 === 0 ? "x" : "y",
        i * i * i,
      );
    }
    c.do("XINFO", "STREAM", key);
    c.do("XREVRANGE", key, "1500", "300", "COUNT", "100");
    c.do("XTRIM", key, "MAXLEN", "~", "100");
    c.do("XINFO", "STREAM", key);
    c.do("XADD", key, "MAXLEN", "~", "50", "100000-1", "a", "b");
    c.do("XADD", key, "MINID", "~", "1300", "100000-2", "a", "b");
    c.do("DUMP", key);
  }
  c.do("CONFIG", "SET", "stream-node-max-bytes", "4096", "stream-node-max-entries", "100");
}, PLAIN);

conformance("the number of radix tree nodes", (c) => {
  c.do("CONFIG", "SET", "stream-node-max-entries", "1");
  const ids: string[] = [];
  let ms = 1n;
  for (let i = 0; i < 150; i++) {
    ms += [1n, 255n, 256n, 65_535n, 1n << 33n, 0n, 3n][i % 7];
    ids.push(`${ms}-${i % 7 === 5 ? i * 300 + 70_000 : i}`);
  }
  for (const [i, id] of ids.entries()) {
    c.do("XADD", "s", id, "f", "v");
    if (i % 4 === 0) c.do("XINFO", "STREAM", "s");
  }
  for (let i = 0; i < ids.length; i++) {
    c.do("XDEL", "s", ids[i * 37 % ids.length]);
    if (i % 4 === 0) c.do("XINFO", "STREAM", "s");
  }
  c.do("XINFO", "STREAM", "s");
  c.do("CONFIG", "SET", "stream-node-max-entries", "100");
});

conformance("XSETID", (c) => {
  c.do("XSETID", "missing", "1-1");
  c.do("XADD", "s", "5-5", "f", "v");
  c.do("XADD", "s", "6-6", "f", "v");
  const options = [
    ...[
      "7",
      "6-6",
      "6-5",
      "5",
      "x",
      "-",
      "7-7 ENTRIESADDED 10",
      "7 ENTRIESADDED 1",
      "7 ENTRIESADDED",
    ],
    ...["7 ENTRIESADDED -1", "7 ENTRIESADDED x", "7 MAXDELETEDID 5-5", "7 MAXDELETEDID 8", "7 x"],
    ...["8 MAXDELETEDID x", "8 MAXDELETEDID", "8 ENTRIESADDED 9223372036854775807"],
    ...["8 ENTRIESADDED 9223372036854775808", "9 ENTRIESADDED 20 MAXDELETEDID 6-6"],
    ...["9 MAXDELETEDID 0-0", `${MAX}-${MAX}`],
  ];
  for (const option of options) {
    c.do("XSETID", "s", ...option.split(" "));
    c.do("XINFO", "STREAM", "s");
  }
  c.do("XADD", "s", "*", "f", "v");
  c.do("XTRIM", "s", "MAXLEN", "0");
  // 7.0 does not look at what has been deleted.
  c.doExpect(
    error("ERR The ID specified in XSETID is smaller than current max_deleted_entry_id"),
    ...["XSETID", "s", "6-5"],
  );
  c.do("XSETID", "s", "6-6");
  c.do("XSETID", "s", "6-6", "ENTRIESADDED", "0");
  c.do("XINFO", "STREAM", "s");
  c.do("XSETID", "s");
});

conformance("XREAD", (c) => {
  for (let i = 1; i <= 5; i++) c.do("XADD", "s", `${i}-1`, "n", i);
  for (let i = 1; i <= 3; i++) c.do("XADD", "t", `${i}-1`, "n", i);
  c.do("XADD", "empty", "9-9", "a", "b");
  c.do("XDEL", "empty", "9-9");
  c.do("SET", "x", "v");
  const calls = [
    ...["STREAMS s 0", "STREAMS s 3", "STREAMS s 3-1", "STREAMS s 5-1", "STREAMS s $"],
    ...["STREAMS s t 0 0", "STREAMS s t 5-1 2", "STREAMS t s 9 2", "COUNT 2 STREAMS s t 0 0"],
    ...["COUNT 0 STREAMS s 0", "COUNT -5 STREAMS s 0", "COUNT x STREAMS s 0", "STREAMS s"],
    ...["STREAMS", "COUNT 1", "BLOCK 10 COUNT 1", "BLOCK x STREAMS s 0"],
    ...["BLOCK -1 STREAMS s 0", "BLOCK 1.5 STREAMS s 0", "BLOCK 9000000000000000000 STREAMS s 0"],
    ...["STREAMS missing 0", "STREAMS missing s $ 0", "STREAMS missing missing 0 0"],
    ...[
      "STREAMS x 0",
      "STREAMS s x 0 0",
      "STREAMS s x",
      "STREAMS s >",
      "STREAMS s -",
      "STREAMS s x",
    ],
    ...["GROUP g c STREAMS s 0", "NOACK STREAMS s 0", "GROUP g STREAMS s", "STREAMS empty 0"],
    ...["COUNT 1 COUNT 3 STREAMS s 0", "BLOCK 0 STREAMS s 0", "STREAMS s (1"],
    ...[`STREAMS s ${MAX}-${MAX}`, "STREAMS empty s 0 4", "STREAMS empty $"],
  ];
  for (const call of calls) c.do("XREAD", ...call.split(" "));
  // 7.0 has the name in capitals, and no +.
  c.doExpect(error(UNBALANCED), "XREAD", "STREAMS", "s", "t", "0");
  c.doExpect(error(UNBALANCED), "XREAD", "streams", "s", "0", "0");
  c.doExpect(
    error("ERR timeout is out of range"),
    "XREAD",
    "BLOCK",
    INT64_MAX,
    "STREAMS",
    "s",
    "0",
  );
  c.do("XREAD", "STREAMS", "");
  c.do("XREAD");
  c.do("XDEL", "s", "5-1");
  c.do("XREAD", "STREAMS", "s", "4-1");
  c.do("XREAD", "STREAMS", "s", "3-1");
});

conformance("streams as keys", (c) => {
  for (let i = 1; i <= 300; i++) c.do("XADD", "s", `${i}-1`, "n", i);
  c.do("XGROUP", "CREATE", "s", "g", "0");
  c.do("XDEL", "s", "5-1", "6-1");
  c.do("COPY", "s", "copy");
  c.do("XADD", "s", "400-1", "a", "b");
  c.do("XINFO", "STREAM", "copy");
  c.do("DUMP", "copy");
  c.do("RENAME", "copy", "moved");
  c.do("XLEN", "moved");
  c.do("MOVE", "moved", "1");
  c.do("XLEN", "moved");
  c.do("SELECT", "1");
  c.do("XLEN", "moved");
  c.do("EXPIRE", "moved", "100");
  c.do("XADD", "moved", "500-1", "a", "b");
  c.do("TTL", "moved");
  c.do("PERSIST", "moved");
  c.do("XRANGE", "moved", "-", "+", "COUNT", "3");
  c.do("TYPE", "moved");
  c.do("SET", "moved", "v");
  c.do("GET", "moved");
  c.do("SELECT", "0");
  c.do("DEL", "s");
  c.do("EXISTS", "s");
  c.do("XADD", "s", "1-1", "a", "b");
  c.do("UNLINK", "s");
  c.do("DBSIZE");
}, PLAIN);
