/** What the string commands refuse: arity, syntax, numbers that are none, limits. */
import { conformance } from "../support/compare.ts";

/** What is no 64-bit integer, and what only looks as if it were none. */
const ODD_INTEGERS = [
  ...["", " ", "a", "1.5", "1e3", "0x10", "+1", "-0", "00", "01", " 1", "1 ", "1\0", "--1"],
  ...["9223372036854775808", "-9223372036854775809", "18446744073709551616", "1".repeat(40)],
];

conformance("arity", (c) => {
  const names = [
    ...["APPEND", "DECR", "DECRBY", "GET", "GETDEL", "GETEX", "GETRANGE", "GETSET", "INCR"],
    ...["INCRBY", "INCRBYFLOAT", "LCS", "MGET", "MSET", "MSETNX", "PSETEX", "SET", "SETEX"],
    ...["SETNX", "SETRANGE", "STRLEN", "SUBSTR"],
  ];
  for (const name of names) {
    c.do("SET", "k", "1");
    for (let count = 0; count <= 6; count++) {
      // The value "7" is a key, a value and a number: what counts here is how many there are.
      c.do(name, ...Array.from({ length: count }, () => "7"));
    }
    c.do(name.toLowerCase());
  }
});

conformance("SET: syntax", (c) => {
  const options = ["NX", "XX", "GET", "KEEPTTL", "EX 10", "PX 10000", "EXAT 4102444800"];
  options.push("PXAT 4102444800000", "PERSIST", "EX", "NOSUCH", "");
  for (const first of options) {
    for (const second of options) {
      c.do("DEL", "k");
      c.do("SET", "k", "v", ...first.split(" "), ...second.split(" "));
      c.do("EXISTS", "k");
    }
  }
  c.do("SET", "k", "v", "NX", "GET", "XX");
  c.do("SET", "k", "v", "EX", "10", "EX", "20");
  c.do("SET", "k", "v", "GET", "GET");
  c.do("SET", "k", "v", "KEEPTTL", "KEEPTTL");
});

conformance("expiry arguments of SET, GETEX, SETEX, PSETEX", (c) => {
  const values = [
    ...ODD_INTEGERS,
    ...["0", "-1", "-9223372036854775808", "9223372036854775807", "9223372036854775"],
    ...["9223372036854776", "-9223372036854776", "9223370246854775807"],
  ];
  for (const value of values) {
    for (const option of ["EX", "PX", "EXAT", "PXAT"]) {
      c.do("SET", "k", "v", option, value);
      c.do("SET", "g", "v");
      c.do("GETEX", "g", option, value);
      c.do("GETEX", "missing", option, value);
      c.do("DEL", "k", "g");
    }
    c.do("SETEX", "k", value, "v");
    c.do("PSETEX", "k", value, "v");
    c.do("DEL", "k");
  }
});

conformance("GETEX: syntax", (c) => {
  c.do("SET", "k", "v");
  const options = ["EX 10", "PX 10000", "EXAT 4102444800", "PXAT 4102444800000", "PERSIST"];
  options.push("KEEPTTL", "NX", "GET", "EX", "nosuch", "");
  for (const first of options) {
    c.do("GETEX", "k", ...first.split(" "));
    for (const second of options) c.do("GETEX", "k", ...first.split(" "), ...second.split(" "));
  }
  c.do("GET", "k");
});

conformance("GETRANGE, SETRANGE: offsets that are none", (c) => {
  c.do("SET", "k", "hello");
  for (const odd of ODD_INTEGERS) {
    c.do("GETRANGE", "k", odd, "1");
    c.do("GETRANGE", "k", "1", odd);
    c.do("GETRANGE", "missing", "1", odd);
    c.do("SUBSTR", "k", "1", odd);
    c.do("SETRANGE", "k", odd, "x");
  }
  c.do("GET", "k");
});

conformance("SETRANGE and APPEND: the 512 MB limit", (c) => {
  c.do("SET", "k", "hello");
  for (
    const offset of [
      ...[
        "-1",
        "-9223372036854775808",
        "536870912",
        "536870911",
        "536870908",
        "9223372036854775807",
      ],
      ...["4294967295", "4294967296", "1099511627776"],
    ]
  ) {
    // With "hello" the end is beyond the limit even where the offset is not.
    c.do("SETRANGE", "k", offset, "hello");
    c.do("SETRANGE", "missing", offset, "hello");
    c.do("SETRANGE", "missing", offset, "");
    c.do("SETRANGE", "k", offset, "");
  }
  c.do("GET", "k");
  c.do("EXISTS", "missing");
});

conformance("MSET and MSETNX: pairs", (c) => {
  c.do("MSET", "a");
  c.do("MSET", "a", "1", "b");
  c.do("MSETNX", "a");
  c.do("MSETNX", "a", "1", "b");
  c.do("EXISTS", "a");
});

conformance("LCS: syntax", (c) => {
  c.do("MSET", "a", "ohmytext", "b", "mynewtext");
  c.do("LCS", "a", "b", "LEN", "IDX");
  c.do("LCS", "a", "b", "IDX", "LEN");
  c.do("LCS", "a", "b", "NOSUCH");
  c.do("LCS", "a", "b", "MINMATCHLEN");
  c.do("LCS", "a", "b", "IDX", "MINMATCHLEN");
  c.do("LCS", "a", "b", "c");
  c.do("LCS", "a", "b", "LEN", "LEN");
  for (const odd of ODD_INTEGERS) c.do("LCS", "a", "b", "IDX", "MINMATCHLEN", odd);
});
