/** INCR and its family: which texts are numbers, and what happens at the edges of them. */
import { conformance } from "../support/compare.ts";

const INTEGERS = [
  ...["0", "1", "-1", "9", "10", "99", "100", "127", "128", "-128", "-129", "32767", "32768"],
  ...["2147483647", "2147483648", "-2147483648", "-2147483649", "4294967295", "4294967296"],
  ...["9007199254740991", "9007199254740992", "9007199254740993", "-9007199254740993"],
  ...["999999999999999999", "1000000000000000000", "9223372036854775806", "9223372036854775807"],
  ...["-9223372036854775807", "-9223372036854775808"],
];
const NO_INTEGERS = [
  ...["", " ", "a", "1a", "a1", " 1", "1 ", "1\n", "1.0", "1.5", "1e2", "+1", "-0", "00", "01"],
  ...["-01", "--1", "-", "+", "0x1", "9223372036854775808", "-9223372036854775809"],
  ...["18446744073709551615", "18446744073709551616", "1".repeat(21), "1".repeat(60), "\0", "1\0"],
];

conformance("INCR, DECR: what is a number", (c) => {
  for (const text of [...INTEGERS, ...NO_INTEGERS]) {
    for (const command of ["INCR", "DECR"]) {
      c.do("SET", "k", text);
      c.do("OBJECT", "ENCODING", "k");
      c.do(command, "k");
      c.do("GET", "k");
      c.do("STRLEN", "k");
      c.do("OBJECT", "ENCODING", "k");
    }
  }
  c.do("DEL", "k");
  c.do("INCR", "k");
  c.do("DECR", "new");
});

conformance("INCRBY, DECRBY: every pair of edges", (c) => {
  for (const value of INTEGERS) {
    for (const by of INTEGERS) {
      c.do("SET", "k", value);
      c.do("INCRBY", "k", by);
      c.do("SET", "k", value);
      c.do("DECRBY", "k", by);
      c.do("GET", "k");
    }
  }
});

conformance("INCRBY, DECRBY: arguments that are no numbers", (c) => {
  for (const by of NO_INTEGERS) {
    c.do("INCRBY", "k", by);
    c.do("DECRBY", "k", by);
    c.do("EXISTS", "k");
  }
  c.do("DECRBY", "k", "-9223372036854775808");
  c.do("DECRBY", "k", "9223372036854775807");
  c.do("GET", "k");
});

conformance("INCRBYFLOAT: texts that are numbers and texts that are not", (c) => {
  const texts = [
    ...["0", "1", "-1", "1.5", "-1.5", ".5", "5.", "+1", "+1.5", "-0", "0.0", "-0.0", "1e3", "1E3"],
    ...["1e-3", "1.5e2", "1e", "e1", "", " ", " 1", "1 ", "1\0", "a", "0x10", "0x1p3", "nan"],
    ...["inf", "-inf", "+inf", "infinity", "Inf", "NaN", "1e400", "-1e400", "1e-400", "1e5000"],
    ...["00", "01", "1_0", "1,5", "1..5", "--1", "9223372036854775807", "9223372036854775808"],
    ...["123456789012345678901234567890", "3.0e3", "5e17", "1e17", "1e18"],
  ];
  for (const text of texts) {
    c.do("DEL", "k");
    c.do("INCRBYFLOAT", "k", text);
    c.do("GET", "k");
    c.do("SET", "k", text);
    c.do("INCRBYFLOAT", "k", "1");
    c.do("GET", "k");
  }
});

conformance("INCRBYFLOAT: sums as C's long double makes them", (c) => {
  const values = [
    ...["0.1", "0.2", "0.3", "1.1", "2.2", "3.3", "1.0000000000000002", "10.5", "100.25"],
    ...["0.000000000000001", "0.00000000000000001", "0.000000000000000001", "3.14159265358979"],
    ...["-0.1", "-1.1", "123456.789", "1234567890.123456789", "99999999999.99999", "1e15", "1e16"],
    ...["0.5", "0.25", "0.125", "5e-324", "2.5e-10", "1e-17", "9007199254740993", "1e20"],
  ];
  for (const a of values) {
    for (const b of values) {
      c.do("SET", "k", a);
      c.do("INCRBYFLOAT", "k", b);
    }
  }
  c.do("SET", "sum", "0");
  for (let i = 0; i < 100; i++) c.do("INCRBYFLOAT", "sum", "0.1");
  c.do("OBJECT", "ENCODING", "sum");
  c.do("SET", "whole", "3.0");
  c.do("INCRBYFLOAT", "whole", "1.000000000000000000000");
  c.do("INCR", "whole");
  c.do("SET", "t", "1", "EX", "1000");
  c.do("INCRBYFLOAT", "t", "0.5");
  c.do("TTL", "t");
});

conformance("numbers: canonical text only is stored as int", (c) => {
  for (const text of [...INTEGERS, ...NO_INTEGERS, "1.0", "3", "00012"]) {
    c.do("SET", "k", text);
    c.do("OBJECT", "ENCODING", "k");
    c.do("GET", "k");
    c.do("MSET", "m", text);
    c.do("OBJECT", "ENCODING", "m");
    c.do("SETNX", `n${text}`, text);
    c.do("OBJECT", "ENCODING", `n${text}`);
    c.do("GETSET", "m", text);
    c.do("OBJECT", "ENCODING", "m");
    c.do("APPEND", `a${text}`, text);
    c.do("OBJECT", "ENCODING", `a${text}`);
  }
});
