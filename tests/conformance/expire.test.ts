/** EXPIRE and its family, TTL and its family, PERSIST. */
import { conformance } from "../support/compare.ts";

const FAR_MS = "4102444800123";
const FAR = "4102444800";
const COMMANDS = ["EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT"];

conformance("setting, asking, taking back", (c) => {
  for (const name of ["TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME", "PERSIST"]) {
    c.do(name, "missing");
    c.do("SET", "k", "v");
    c.do(name, "k");
    c.do(name);
    c.do(name, "k", "x");
  }
  for (const name of COMMANDS) {
    c.do(name, "missing", FAR);
    c.do("SET", "k", "v");
    c.do(name, "k", name.startsWith("P") ? FAR_MS : FAR);
    c.doNear(2000, "PTTL", "k");
    c.doNear(2, "TTL", "k");
    c.doNear(2000, "PEXPIRETIME", "k");
    c.doNear(2, "EXPIRETIME", "k");
    c.do("PERSIST", "k");
    c.do("TTL", "k");
    c.do("PERSIST", "k");
  }
  c.do("SET", "k", "v");
  c.do("PEXPIREAT", "k", FAR_MS);
  c.do("PEXPIRETIME", "k");
  c.do("EXPIRETIME", "k");
  c.do("PEXPIREAT", "k", "4102444800500");
  c.do("EXPIRETIME", "k");
  c.do("PEXPIREAT", "k", "4102444800499");
  c.do("EXPIRETIME", "k");
});

conformance("a time that is past deletes", (c) => {
  for (
    const [name, time] of [
      ...[["EXPIRE", "0"], ["EXPIRE", "-1"], ["PEXPIRE", "0"], ["PEXPIRE", "-100"]],
      ...[["EXPIREAT", "0"], ["EXPIREAT", "1"], ["PEXPIREAT", "0"], ["PEXPIREAT", "1000"]],
      ...[["EXPIREAT", "-5"], ["PEXPIREAT", "-5"], ["EXPIRE", "-9223372036854775"]],
    ]
  ) {
    c.do("SET", "k", "v");
    c.do(name, "k", time);
    c.do("EXISTS", "k");
    c.do("GET", "k");
    c.do(name, "k", time);
  }
  c.do("DBSIZE");
  c.do("SET", "k", "v");
  c.do("PEXPIRE", "k", "1");
  c.sleep(20);
  c.do("GET", "k");
  c.do("TTL", "k");
  c.do("EXPIRE", "k", "100");
});

conformance("NX, XX, GT, LT", (c) => {
  const options = ["NX", "XX", "GT", "LT", "nx", "gt"];
  const combinations = [...options.map((o) => [o]), ["XX", "GT"], ["GT", "XX"], ["XX", "LT"]];
  for (const before of ["none", "4000000000000", FAR_MS, "4200000000000"]) {
    for (const combination of combinations) {
      c.do("SET", "k", "v");
      if (before !== "none") c.do("PEXPIREAT", "k", before);
      c.do("PEXPIREAT", "k", FAR_MS, ...combination);
      c.do("PEXPIRETIME", "k");
      c.do("EXPIREAT", "k", FAR, ...combination);
      c.do("PEXPIRETIME", "k");
      c.do("EXPIRE", "k", "100000", ...combination);
      c.doNear(2, "TTL", "k");
      c.do("PEXPIRE", "k", "-1", ...combination);
      c.do("EXISTS", "k");
      c.do("PEXPIREAT", "missing", FAR_MS, ...combination);
    }
  }
});

conformance("options that do not go together, and what is no option", (c) => {
  const options = ["NX", "XX", "GT", "LT", "NOSUCH", "", "n", "10"];
  c.do("SET", "k", "v");
  for (const name of COMMANDS) {
    for (const first of options) {
      for (const second of options) {
        c.do("PERSIST", "k");
        c.do(name, "k", FAR_MS.slice(0, name.startsWith("P") ? 13 : 10), first, second);
        c.do(name, "missing", "1", first, second);
      }
    }
    c.do(name, "k", FAR_MS.slice(0, name.startsWith("P") ? 13 : 10), "NX", "NX");
    // Without an expiry: whether the same distance is later depends on the millisecond.
    c.do("PERSIST", "k");
    c.do(name, "k", FAR_MS.slice(0, name.startsWith("P") ? 13 : 10), "XX", "GT", "XX", "GT");
  }
});

conformance("times that are no times", (c) => {
  c.do("SET", "k", "v");
  for (const name of COMMANDS) {
    for (
      const time of [
        ...["", "a", "1.5", "+1", " 1", "01", "9223372036854775808", "-9223372036854775809"],
        ...["9223372036854775807", "-9223372036854775808", "9223372036854775", "9223372036854776"],
        ...["-9223372036854776", "9223370000000000", "9223370000000000000"],
      ]
    ) {
      c.do("SET", "k", "v");
      c.do(name, "k", time);
      c.do(name, "missing", time);
      c.do("EXISTS", "k");
      if (!name.endsWith("AT")) continue;
      // Beyond 2^53 ms (the year 287396) times are kept as doubles.
      c.doNear(2048, "PEXPIRETIME", "k");
    }
  }
});

conformance("an expired key is nowhere", (c) => {
  const readers: [string, ...string[]][] = [
    ...[["GET", "k"], ["STRLEN", "k"], ["EXISTS", "k"], ["TYPE", "k"], ["TTL", "k"], ["DUMP", "k"]],
    ...[["OBJECT", "ENCODING", "k"], ["GETRANGE", "k", "0", "-1"], ["BITCOUNT", "k"]],
    ...[["MGET", "k", "k"], ["COPY", "k", "k2"], ["RENAME", "k", "k2"], ["MOVE", "k", "1"]],
    ...[["DEL", "k"], ["UNLINK", "k"], ["TOUCH", "k"], ["PERSIST", "k"], ["EXPIRE", "k", "10"]],
    ...[["GETDEL", "k"], ["GETEX", "k"], ["SETNX", "k", "new"], ["APPEND", "k", "new"]],
    ...[["INCR", "k"], ["SETRANGE", "k", "0", "n"], ["SET", "k", "n", "XX"], ["LCS", "k", "k"]],
    ...[["GETSET", "k", "n"], ["SET", "k", "n", "GET"], ["BITFIELD", "k", "GET", "u8", "0"]],
    ...[["KEYS", "*"], ["RANDOMKEY"], ["MEMORY", "USAGE", "k"], ["INCRBYFLOAT", "k", "1"]],
  ] as [string, ...string[]][];
  c.do("DEBUG", "SET-ACTIVE-EXPIRE", "0");
  for (const reader of readers) {
    c.do("FLUSHALL");
    c.do("SET", "k", "5", "PX", "1");
    c.sleep(3);
    c.do(...reader);
    c.do("EXISTS", "k");
  }
  c.do("DEBUG", "SET-ACTIVE-EXPIRE", "1");
}, { args: ["--enable-debug-command", "yes"] });

conformance("active expiry empties the database by itself", (c) => {
  for (let i = 0; i < 200; i++) c.do("SET", `k${i}`, "v", "PX", String(1 + i % 5));
  c.do("SET", "stays", "v");
  c.sleep(1500);
  c.do("DBSIZE");
});
