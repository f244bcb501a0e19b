/**
 * PFADD, PFCOUNT, PFMERGE, PFDEBUG, PFSELFTEST. The bytes of a HyperLogLog are compared, too: who
 * GETs one and SETs it elsewhere relies on them.
 */
import { conformance } from "../support/compare.ts";
import type { Scenario } from "../support/compare.ts";

/** Numbers that look random, the same in every run. */
function* numbers(seed: number): Generator<number, never, void> {
  for (let state = seed;;) {
    state = Math.imul(state ^ state >>> 15, 0x2c1b3c6d) + 0x9e3779b9 | 0;
    yield (Math.imul(state ^ state >>> 13, 0x297a2d39) ^ state) >>> 0;
  }
}

/** Elements of many lengths, from `first` on. */
function elements(first: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const number = String(first + i);
    return number + "-element-of-some-length-\xff\x00".slice(0, (first + i) % 27);
  });
}

function compareValue(c: Scenario, ...keys: string[]): void {
  for (const key of keys) {
    c.do("GET", key);
    c.do("PFDEBUG", "ENCODING", key);
    c.do("OBJECT", "ENCODING", key);
  }
}

conformance("PFADD and PFCOUNT: one element after the other", (c) => {
  for (const [i, element] of elements(0, 600).entries()) {
    c.do("PFADD", "k", element);
    if (i % 10 === 0) c.do("PFADD", "k", element);
    if (i % 7 === 0) c.do("PFCOUNT", "k");
    if (i % 20 === 0) c.do("GET", "k");
  }
  compareValue(c, "k");
});

conformance("PFADD and PFCOUNT: through sparse and dense", (c) => {
  for (let first = 0; first < 30_000; first += 200) {
    c.do("PFADD", "k", ...elements(first, 200));
    c.do("PFCOUNT", "k");
    if (first % 1000 === 0 || first < 3000) compareValue(c, "k");
  }
  for (let i = 0; i < 300; i++) c.do("PFADD", "k", `x${i}`);
  compareValue(c, "k");
  c.do("PFDEBUG", "GETREG", "k");
  c.do("DEBUG", "DIGEST-VALUE", "k");
});

conformance("PFADD: elements of every length", (c) => {
  for (let length = 0; length < 70; length++) {
    c.do("PFADD", "k", "\xfe\x01z".repeat(length / 3 + 1));
  }
  for (let length = 0; length < 70; length++) c.do("PFADD", "k", "q".repeat(length));
  c.do("PFADD", "k", "q".repeat(100_000));
  compareValue(c, "k");
});

conformance("PFADD: keys that are there and not", (c) => {
  c.do("PFADD", "k");
  compareValue(c, "k");
  c.do("PFADD", "k");
  c.do("PFCOUNT", "k");
  compareValue(c, "k");
  c.do("PFADD", "k", "");
  c.do("PFADD", "k", "");
  c.do("PFCOUNT", "k");
  c.do("PFCOUNT", "k");
  compareValue(c, "k");
  c.do("PFCOUNT", "missing");
  c.do("PFCOUNT", "missing", "k");
  c.do("EXPIRE", "k", 1000);
  c.do("PFADD", "k", "a");
  c.do("TTL", "k");
  c.do("SET", "copy", "x");
  c.do("TYPE", "k");
  c.do("APPEND", "k", "x");
  c.do("PFCOUNT", "k");
  c.do("PFADD", "k", "b");
  c.do("PFADD", "only", "a", "b", "c", "a", "b", "c");
});

conformance("a HyperLogLog of one database in another", (c) => {
  c.do("PFADD", "k", ...elements(0, 5000));
  c.do("COPY", "k", "copy");
  c.do("PFADD", "copy", ...elements(5000, 100));
  c.do("RENAME", "copy", "k2");
  c.do("PFCOUNT", "k2");
  c.do("PFCOUNT", "k");
  compareValue(c, "k", "k2");
});

conformance("hll-sparse-max-bytes", (c) => {
  for (const bytes of ["0", "10", "18", "19", "100", "200", "12000", "16000"]) {
    c.do("CONFIG", "SET", "hll-sparse-max-bytes", bytes);
    c.do("DEL", "k", "k2", "k3");
    c.do("PFADD", "k");
    for (let i = 0; i < 60; i++) c.do("PFADD", "k", `element${i}`);
    compareValue(c, "k");
    c.do("PFADD", "k2", ...elements(0, 4000));
    c.do("PFADD", "k2", ...elements(4000, 3000));
    c.do("PFMERGE", "k3", "k2", "k");
    c.do("PFCOUNT", "k3");
    compareValue(c, "k2", "k3");
  }
  c.do("CONFIG", "SET", "hll-sparse-max-bytes", "3000");
});

conformance("PFMERGE and PFCOUNT of several: all mixes", (c) => {
  c.do("PFADD", "empty");
  c.do("PFADD", "small", ...elements(0, 50));
  c.do("PFADD", "other", ...elements(30, 400));
  c.do("PFADD", "large", ...elements(200, 900));
  c.do("PFADD", "dense", ...elements(100, 8000));
  c.do("PFADD", "denser", ...elements(4000, 20_000));
  const keys = ["missing", "empty", "small", "other", "large", "dense", "denser"];
  for (const a of keys) {
    c.do("DEL", "new");
    c.do("PFMERGE", "new", a);
    compareValue(c, "new");
    for (const b of keys) {
      c.do("PFCOUNT", a, b);
      c.do("DEL", "target");
      if (a !== "missing") c.do("COPY", a, "target");
      c.do("PFMERGE", "target", b);
      compareValue(c, "target");
      c.do("PFCOUNT", "target");
      c.do("PFMERGE", "target", b, "small", a);
      c.do("PFCOUNT", "target");
      compareValue(c, "target");
    }
  }
  c.do("PFCOUNT", ...keys);
  c.do("PFMERGE", "all", ...keys);
  c.do("PFMERGE", "all");
  compareValue(c, "all");
  c.do("PFMERGE", "nothing");
  compareValue(c, "nothing");
  c.do("PFMERGE", "small", "small", "small");
  compareValue(c, "small");
});

conformance("PFMERGE: a target that is grown step by step", (c) => {
  for (let i = 0; i < 60; i++) {
    c.do("DEL", "source");
    c.do("PFADD", "source", ...elements(i * 31, 40));
    c.do("PFMERGE", "target", "source");
    c.do("GET", "target");
  }
});

conformance("PFDEBUG", (c) => {
  c.do("PFADD", "k", ...elements(0, 20));
  c.do("PFADD", "k2", ...elements(0, 300));
  for (const key of ["k", "k2", "missing"]) {
    for (const name of ["decode", "ENCODING", "GetReg", "DECODE", "ENCODING", "nosuch", ""]) {
      c.do("PFDEBUG", name, key);
    }
    c.do("GET", key);
  }
  c.do("PFADD", "k3", "a");
  c.do("PFCOUNT", "k3");
  c.do("PFDEBUG", "TODENSE", "k3");
  c.do("PFDEBUG", "TODENSE", "k3");
  compareValue(c, "k3");
  c.do("PFADD", "k3", "a");
  c.do("PFADD", "k3", "b");
  compareValue(c, "k3");
  c.do("PFDEBUG", "no\0such", "k");
  c.do("PFDEBUG");
  c.do("PFDEBUG", "DECODE");
  c.do("PFDEBUG", "DECODE", "k", "x");
  c.do("PFSELFTEST", "x");
  c.do("PFSELFTEST");
}, { protocols: [2] });

conformance("errors", (c) => {
  c.do("RPUSH", "list", "a");
  c.do("SET", "text", "hello");
  c.do("SET", "number", "12345");
  c.do("SET", "nothing", "");
  c.do("PFADD", "good", "a");
  for (const key of ["list", "text", "number", "nothing"]) {
    c.do("PFADD", key, "a");
    c.do("PFADD", key);
    c.do("PFCOUNT", key);
    c.do("PFCOUNT", "good", key);
    c.do("PFMERGE", key, "good");
    c.do("PFMERGE", "new", "good", key);
    c.do("PFMERGE", key);
    for (const name of ["GETREG", "DECODE", "ENCODING", "TODENSE", "x"]) {
      c.do("PFDEBUG", name, key);
    }
    // Redis 7.2's: a short list is a listpack.
    if (key !== "list") c.do("OBJECT", "ENCODING", key);
  }
  c.do("EXISTS", "new");
  for (const name of ["PFADD", "PFCOUNT", "PFMERGE"]) c.do(name);
});

/** Every command that reads or changes it. */
function tryAll(c: Scenario, value: string, element: string): void {
  c.do("SET", "k", value);
  c.do("PFCOUNT", "k");
  c.do("GET", "k");
  c.do("PFCOUNT", "k", "good");
  c.do("PFADD", "k");
  c.do("PFADD", "k", element);
  c.do("GET", "k");
  c.do("PFCOUNT", "k");
  c.do("PFMERGE", "k", "good");
  c.do("GET", "k");
  c.do("SET", "k", value);
  c.do("PFDEBUG", "ENCODING", "k");
  c.do("PFDEBUG", "DECODE", "k");
  c.do("PFDEBUG", "TODENSE", "k");
  c.do("PFADD", "k", "1", "2", "3", element);
  c.do("GET", "k");
  c.do("OBJECT", "ENCODING", "k");
}

const HEADER = "HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80";
const EMPTY = HEADER + "\x7f\xff";

conformance("headers that are not as they should be", (c) => {
  c.do("PFADD", "good", "x", "y", "z");
  for (let at = 0; at < EMPTY.length; at++) {
    for (const byte of [0, 1, 2, 3, 0x7f, 0x80, 0xfe, 0xff]) {
      tryAll(c, EMPTY.slice(0, at) + String.fromCharCode(byte) + EMPTY.slice(at + 1), `e${at}`);
    }
  }
  for (let length = 0; length <= EMPTY.length; length++) tryAll(c, EMPTY.slice(0, length), "e");
  const dense = "HYLL\0\0\0\0\0\0\0\0\0\0\0\x80" + "\0".repeat(12288);
  for (const value of [dense, dense.slice(1), dense + "\0", dense.slice(0, 18)]) {
    tryAll(c, value, "e");
  }
}, { protocols: [2] });

conformance("cached cardinalities of a client's own making", (c) => {
  for (const card of ["\x05\0\0\0\0\0\0\0", "\xff\xff\xff\xff\xff\xff\x1f\0"]) {
    c.do("SET", "k", "HYLL\x01\0\0\0" + card + "\x7f\xff");
    c.do("PFCOUNT", "k");
  }
  for (const last of ["\x20", "\x7f"]) {
    c.do("SET", "k", "HYLL\x01\0\0\0\xfe\xff\xff\xff\xff\xff\xff" + last + "\x7f\xff");
    c.do("PFCOUNT", "k");
    c.do("PFADD", "k");
    c.do("PFADD", "k", "a");
    c.do("PFCOUNT", "k");
    c.do("GET", "k");
  }
});

conformance("dense registers of a client's own making", (c) => {
  const header = "HYLL\0\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x80";
  for (const byte of ["\xff", "\xcf", "\x55", "\x01", "\x20"]) {
    c.do("SET", "k", header + byte.repeat(12288));
    c.do("PFCOUNT", "k");
    c.do("PFCOUNT", "k", "missing");
    c.do("GET", "k");
    c.do("PFMERGE", "k2", "k");
    c.do("GET", "k2");
    c.do("PFADD", "k", ...elements(0, 50));
    c.do("GET", "k");
  }
  // Rank 51 everywhere, and in all but one register.
  const rank51 = "\xf3\x3c\xcf".repeat(4096);
  for (const registers of [rank51, "\x01" + rank51.slice(1), rank51.slice(0, -1) + "\0"]) {
    c.do("SET", "k", header + registers);
    c.do("PFCOUNT", "k");
    c.do("PFCOUNT", "k");
    c.do("GET", "k");
  }
  const next = numbers(7);
  for (let i = 0; i < 20; i++) {
    const limit = 1 + i * 13;
    const registers = Array.from({ length: 12288 }, () => next.next().value % limit);
    c.do("SET", "k", header + String.fromCharCode(...registers));
    c.do("PFCOUNT", "k");
    c.do("PFMERGE", "k2", "k");
    c.do("PFCOUNT", "k2");
    c.do("PFDEBUG", "GETREG", "k");
  }
  c.do("GET", "k2");
}, { protocols: [2] });

conformance("sparse registers of a client's own making", (c) => {
  const next = numbers(11);
  c.do("PFADD", "good", "x", "y", "z");
  for (let i = 0; i < 300; i++) {
    const length = next.next().value % 40;
    let opcodes = "";
    // An XZERO that the end cuts off is left out: Redis writes behind its string there.
    for (let k = 0; k < length; k++) {
      const opcode = next.next().value & 0xff;
      opcodes += String.fromCharCode(opcode);
      if ((opcode & 0xc0) === 0x40) opcodes += String.fromCharCode(next.next().value & 0xff);
    }
    tryAll(c, HEADER + opcodes, `e${i}`);
  }
}, { protocols: [2] });

conformance("runs that cover all registers, in odd ways", (c) => {
  const next = numbers(13);
  for (let i = 0; i < 150; i++) {
    let opcodes = "";
    const choices = 1 + i % 4;
    for (let covered = 0; covered < 16384;) {
      const left = 16384 - covered;
      const choice = next.next().value % 4;
      const random = next.next().value;
      if (choice === 0 && random % 8 < choices) {
        const run = Math.min(left, 1 + random % (i % 2 === 0 ? 5000 : 100));
        opcodes += String.fromCharCode(0x40 | run - 1 >> 8, run - 1 & 0xff);
        covered += run;
      } else if (choice === 1) {
        const run = Math.min(left, 1 + random % 64);
        opcodes += String.fromCharCode(run - 1);
        covered += run;
      } else {
        const run = Math.min(left, 1 + random % 4);
        opcodes += String.fromCharCode(0x80 | random % (3 * choices) << 2 | run - 1);
        covered += run;
      }
    }
    c.do("SET", "k", HEADER + opcodes);
    c.do("PFCOUNT", "k");
    for (let k = 0; k < 12; k++) {
      c.do("PFADD", "k", `${i}-${k}`);
      c.do("GET", "k");
    }
    c.do("PFCOUNT", "k");
    c.do("DEL", "small");
    c.do("PFADD", "small", ...elements(i, 30));
    c.do("SET", "k", HEADER + opcodes);
    c.do("PFMERGE", "k", "small");
    c.do("GET", "k");
    c.do("PFMERGE", "small", "k");
    c.do("GET", "small");
  }
}, { protocols: [2] });
