/** The string commands but for numbers: every option alone and together, and what they leave. */
import { conformance } from "../support/compare.ts";

const BINARY = Uint8Array.from({ length: 256 }, (_, i) => i);
/** Lengths around the limits of encodings: int, embstr (44), and what a record can hold inline. */
const LENGTHS = [0, 1, 11, 12, 20, 21, 43, 44, 45, 63, 64, 127, 128, 255, 256, 4095, 4096, 16_384];

conformance("SET and GET: values of all lengths", (c) => {
  for (const length of LENGTHS) {
    c.do("SET", `k${length}`, "v".repeat(length));
    c.do("GET", `k${length}`);
    c.do("STRLEN", `k${length}`);
    c.do("OBJECT", "ENCODING", `k${length}`);
  }
  c.do("SET", "", "empty key");
  c.do("GET", "");
  c.do("SET", BINARY, BINARY);
  c.do("GET", BINARY);
  c.do("SET", "k".repeat(5000), "long key");
  c.do("GET", "k".repeat(5000));
  c.do("SET", "big", "x".repeat(1_000_000));
  c.do("STRLEN", "big");
  c.do("GETRANGE", "big", -3, -1);
  c.do("SET", "big", "small");
  c.do("GET", "big");
  c.do("DBSIZE");
});

conformance("SET: conditions", (c) => {
  c.do("SET", "k", "1", "XX");
  c.do("GET", "k");
  c.do("SET", "k", "1", "NX");
  c.do("SET", "k", "2", "NX");
  c.do("GET", "k");
  c.do("SET", "k", "3", "XX");
  c.do("GET", "k");
  c.do("SET", "k", "4", "xx", "get");
  c.do("SET", "missing", "4", "XX", "GET");
  c.do("EXISTS", "missing");
  c.do("SET", "k", "5", "GET");
  c.do("SET", "new", "5", "GET");
  c.do("GET", "new");
  c.do("SET", "k", "6", "NX", "GET");
  c.do("GET", "k");
  c.do("SET", "k2", "6", "NX", "GET");
  c.do("GET", "k2");
  c.do("SET", "k", "7", "GET", "XX", "EX", "100");
  c.do("TTL", "k");
  c.do("SET", "k", "8", "KEEPTTL", "GET");
  c.do("TTL", "k");
  c.do("SET", "k", "9", "KEEPTTL", "XX");
  c.do("TTL", "k");
  c.do("SET", "k", "10");
  c.do("TTL", "k");
});

conformance("SET: expiry", (c) => {
  c.do("SET", "a", "v", "EX", "1000");
  c.do("TTL", "a");
  c.do("SET", "a", "v", "PX", "1000000");
  c.do("TTL", "a");
  c.do("SET", "a", "v", "EXAT", "4102444800");
  c.do("EXPIRETIME", "a");
  c.do("PEXPIRETIME", "a");
  c.do("SET", "a", "v", "PXAT", "4102444800123");
  c.do("PEXPIRETIME", "a");
  c.do("EXPIRETIME", "a");
  c.do("SET", "a", "v", "KEEPTTL");
  c.do("PEXPIRETIME", "a");
  c.do("SET", "a", "v", "EXAT", "1");
  c.do("EXISTS", "a");
  c.do("SET", "a", "v", "PXAT", "1");
  c.do("GET", "a");
  c.do("DBSIZE");
  c.do("SET", "a", "v", "PX", "1");
  c.sleep(20);
  c.do("GET", "a");
  c.do("STRLEN", "a");
  c.do("SET", "a", "v", "NX", "PX", "1");
  c.sleep(20);
  c.do("SET", "a", "w", "NX");
  c.do("GET", "a");
});

conformance("SETNX, SETEX, PSETEX, GETSET, GETDEL", (c) => {
  c.do("SETNX", "k", "1");
  c.do("SETNX", "k", "2");
  c.do("GET", "k");
  c.do("SETEX", "k", 100, "v");
  c.do("TTL", "k");
  c.do("GET", "k");
  c.do("PSETEX", "k", 100_000, "w");
  c.do("TTL", "k");
  c.do("GETSET", "k", "x");
  c.do("TTL", "k");
  c.do("GETSET", "none", "x");
  c.do("GETSET", "none", "y");
  c.do("GETDEL", "none");
  c.do("GETDEL", "none");
  c.do("EXISTS", "none");
  c.do("SET", "int", "12345");
  c.do("GETDEL", "int");
  c.do("GETSET", "int", BINARY);
  c.do("GETDEL", "int");
});

conformance("GETEX", (c) => {
  c.do("GETEX", "missing");
  c.do("GETEX", "missing", "EX", "10");
  c.do("SET", "k", "v");
  c.do("GETEX", "k");
  c.do("TTL", "k");
  c.do("GETEX", "k", "EX", "1000");
  c.do("TTL", "k");
  c.do("GETEX", "k");
  c.do("TTL", "k");
  c.do("GETEX", "k", "px", "2000000");
  c.do("TTL", "k");
  c.do("GETEX", "k", "EXAT", "4102444800");
  c.do("PEXPIRETIME", "k");
  c.do("GETEX", "k", "PXAT", "4102444800001");
  c.do("PEXPIRETIME", "k");
  c.do("GETEX", "k", "persist");
  c.do("TTL", "k");
  c.do("GETEX", "k", "EXAT", "1");
  c.do("EXISTS", "k");
  c.do("SET", "k", "v");
  c.do("GETEX", "k", "PXAT", "1");
  c.do("GET", "k");
});

conformance("APPEND and STRLEN", (c) => {
  c.do("STRLEN", "k");
  c.do("APPEND", "k", "");
  c.do("EXISTS", "k");
  c.do("APPEND", "k", "a");
  c.do("OBJECT", "ENCODING", "k");
  for (const length of LENGTHS) {
    c.do("APPEND", "k", "x".repeat(length));
    c.do("STRLEN", "k");
  }
  c.do("GETRANGE", "k", -5, -1);
  c.do("SET", "n", "12");
  c.do("OBJECT", "ENCODING", "n");
  c.do("APPEND", "n", "34");
  c.do("OBJECT", "ENCODING", "n");
  c.do("INCR", "n");
  c.do("OBJECT", "ENCODING", "n");
  c.do("STRLEN", "n");
  c.do("APPEND", "n", "");
  c.do("OBJECT", "ENCODING", "n");
  c.do("SET", "neg", "-9223372036854775808");
  c.do("STRLEN", "neg");
  c.do("SET", "t", "v", "EX", "1000");
  c.do("APPEND", "t", "w");
  c.do("TTL", "t");
  c.do("APPEND", "b", BINARY);
  c.do("APPEND", "b", BINARY);
  c.do("GET", "b");
});

conformance("GETRANGE and SUBSTR", (c) => {
  const ends = [
    ...["0", "1", "4", "5", "10", "11", "12", "100", "-1", "-2", "-11", "-12", "-100"],
    ...["9223372036854775807", "-9223372036854775808", "4294967296", "-4294967297"],
  ];
  c.do("SET", "k", "hello world");
  c.do("SET", "n", "123456");
  c.do("SET", "e", "");
  for (const start of ends) {
    for (const end of ends) {
      c.do("GETRANGE", "k", start, end);
      c.do("GETRANGE", "n", start, end);
    }
    c.do("SUBSTR", "k", start, "-1");
    c.do("GETRANGE", "e", start, "5");
    c.do("GETRANGE", "missing", start, "5");
  }
});

conformance("SETRANGE", (c) => {
  c.do("SETRANGE", "k", 0, "");
  c.do("EXISTS", "k");
  c.do("SETRANGE", "k", 5, "");
  c.do("EXISTS", "k");
  c.do("SETRANGE", "k", 5, "abc");
  c.do("GET", "k");
  c.do("SETRANGE", "k", 0, "XYZ");
  c.do("GET", "k");
  c.do("SETRANGE", "k", 7, "tail");
  c.do("GET", "k");
  c.do("SETRANGE", "k", 3, "");
  c.do("SETRANGE", "k", 100, "x");
  c.do("GET", "k");
  c.do("SET", "n", "1234");
  c.do("SETRANGE", "n", 1, "99");
  c.do("GET", "n");
  c.do("OBJECT", "ENCODING", "n");
  c.do("INCR", "n");
  c.do("SET", "t", "v", "EX", "1000");
  c.do("SETRANGE", "t", 10, "w");
  c.do("TTL", "t");
  for (const length of LENGTHS) {
    c.do("SETRANGE", `grow${length}`, length, "end");
    c.do("STRLEN", `grow${length}`);
    c.do("GETRANGE", `grow${length}`, -5, -1);
  }
});

conformance("MSET, MGET, MSETNX", (c) => {
  c.do("MSET", "a", "1", "b", "2");
  c.do("MGET", "a", "b", "c", "a");
  c.do("MSET", "a", "x", "a", "y");
  c.do("GET", "a");
  c.do("MSETNX", "c", "1", "a", "z");
  c.do("EXISTS", "c");
  c.do("MSETNX", "c", "1", "d", "2");
  c.do("MGET", "c", "d");
  c.do("MSETNX", "e", "1", "e", "2");
  c.do("GET", "e");
  c.do("SET", "t", "v", "EX", "100");
  c.do("MSET", "t", "w");
  c.do("TTL", "t");
  c.do("MSET", BINARY, BINARY, "", "");
  c.do("MGET", BINARY, "");
  const many = Array.from({ length: 500 }, (_, i) => [`many:${i}`, `value ${i}`]).flat();
  c.do("MSET", ...many);
  c.do("MGET", ...many.filter((_, i) => i % 2 === 0));
  c.do("DBSIZE");
});

conformance("LCS", (c) => {
  c.do("LCS", "a", "b");
  c.do("LCS", "a", "b", "LEN");
  c.do("LCS", "a", "b", "IDX");
  c.do("MSET", "a", "ohmytext", "b", "mynewtext", "e", "", "n", "12345", "m", "2345678");
  for (const pair of [["a", "b"], ["b", "a"], ["a", "a"], ["a", "e"], ["e", "e"], ["n", "m"]]) {
    c.do("LCS", ...pair);
    c.do("LCS", ...pair, "LEN");
    c.do("LCS", ...pair, "IDX");
    c.do("LCS", ...pair, "IDX", "WITHMATCHLEN");
    c.do("LCS", ...pair, "idx", "minmatchlen", "4");
    c.do("LCS", ...pair, "IDX", "MINMATCHLEN", "4", "WITHMATCHLEN");
    c.do("LCS", ...pair, "IDX", "MINMATCHLEN", "0");
    c.do("LCS", ...pair, "IDX", "MINMATCHLEN", "-5");
    c.do("LCS", ...pair, "LEN", "MINMATCHLEN", "3");
    c.do("LCS", ...pair, "WITHMATCHLEN");
  }
  const dna = (seed: number, length: number) => {
    let state = seed;
    return Array.from({ length }, () => {
      state = (state * 1103515245 + 12345) % 2147483648;
      return "ACGT"[state % 4];
    }).join("");
  };
  c.do("MSET", "x", dna(1, 300), "y", dna(2, 280), "z", dna(7, 1000));
  c.do("LCS", "x", "y");
  c.do("LCS", "x", "z", "LEN");
  c.do("LCS", "x", "y", "IDX", "WITHMATCHLEN");
  c.do("LCS", "z", "y", "IDX", "MINMATCHLEN", "3");
});

conformance("every write drops or keeps the expiry as it should", (c) => {
  const commands: [string, ...string[]][] = [
    ["SET", "k", "5"],
    ["GETSET", "k", "5"],
    ["APPEND", "k", "5"],
    ["SETRANGE", "k", "0", "5"],
    ["INCR", "k"],
    ["INCRBYFLOAT", "k", "1.5"],
    ["SETBIT", "k", "1", "1"],
    ["BITFIELD", "k", "SET", "u8", "0", "50"],
    ["MSET", "k", "5"],
    ["GETEX", "k"],
    ["BITOP", "NOT", "k", "k"],
    ["COPY", "other", "k", "REPLACE"],
    ["RENAME", "other", "k"],
  ];
  for (const command of commands) {
    c.do("MSET", "other", "9");
    c.do("SET", "k", "1", "PXAT", "4102444800999");
    c.do(...command);
    c.do("PEXPIRETIME", "k");
    c.do("GET", "k");
  }
});
