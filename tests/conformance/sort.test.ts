/** SORT and SORT_RO: what they sort, by what, and what they return. */
import { Prng } from "../../src/base/prng.ts";
import { conformance, type Scenario } from "../support/compare.ts";

const TYPES = ["list", "set", "zset"] as const;

/** A value of each type with the same elements. */
function fill(c: Scenario, elements: readonly string[]): void {
  c.do("DEL", ...TYPES);
  c.do("RPUSH", "list", ...elements);
  c.do("SADD", "set", ...elements);
  c.do("ZADD", "zset", ...elements.flatMap((element, i) => [String(i % 7), element]));
}

/** Weights, and objects with names, of some elements. */
function describe(c: Scenario, elements: readonly string[]): void {
  for (const [i, element] of elements.entries()) {
    if (i % 5 !== 0) c.do("SET", `weight_${element}`, String((i * 7) % 10 - 3));
    if (i % 3 !== 0) c.do("SET", `name_${element}_x`, `n${(i * 11) % 13}`);
    if (i % 4 !== 0) c.do("HSET", `object_${element}`, "rank", String(i % 6), "->", "arrow");
  }
  c.do("RPUSH", "name_list_x", "1");
}

conformance("numbers", (c) => {
  const numbers = ["3", "-1", "10", "2.5", "0", "-0", "1e3", "inf", "-inf", "0x10", "007", "+4"];
  fill(c, numbers);
  for (const type of TYPES) {
    for (const command of ["SORT", "sort_ro"]) {
      c.do(command, type);
      c.do(command, type, "DESC");
      c.do(command, type, "asc", "LIMIT", "2", "3");
      c.do(command, type, "DESC", "ASC", "ALPHA");
      c.do(command, type, "ALPHA", "DESC");
    }
  }
  for (
    const fine of ["", " 7", "\t\n\v\f\r7", "7\0x", "\0x", "-.5", ".5e1", "infinity", "1e-300"]
  ) {
    c.do("DEL", "l");
    c.do("RPUSH", "l", "5", fine, "1", "-9", "6");
    c.do("SORT", "l");
    c.do("SORT", "l", "ALPHA");
  }
  for (const wrong of ["x", "1x", "nan", "1 ", "  ", "0x", "1,5"]) {
    c.do("DEL", "l");
    c.do("RPUSH", "l", "5", wrong, "1");
    c.do("SORT", "l");
    c.do("SORT", "l", "LIMIT", "0", "0");
    c.do("SORT", "l", "STORE", "to");
    c.do("SORT", "l", "ALPHA");
    c.do("SORT", "l", "BY", "nosort");
  }
  // Redis forgets to forget such an error: until the next call of the system all numbers are wrong.
  for (const outOfRange of ["1e400", "-1e400", "1e-400", "1e-310"]) {
    c.do("DEL", "l");
    c.do("RPUSH", "l", "5", outOfRange, "1");
    c.do("SORT", "l");
    c.sleep(2);
  }
});

conformance("limits", (c) => {
  const elements = ["5", "3", "9", "1", "7", "2"];
  fill(c, elements);
  const limits = [["0", "2"], ["1", "2"], ["4", "9"], ["5", "1"], ["6", "1"], ["99", "1"]];
  limits.push(["-3", "2"], ["2", "-1"], ["2", "-5"], ["0", "0"], ["-9223372036854775808", "3"]);
  limits.push(["0", "9223372036854775807"], ["9223372036854775807", "9223372036854775807"]);
  for (const type of [...TYPES, "absent"]) {
    for (const [offset, count] of limits) {
      c.do("SORT", type, "LIMIT", offset, count);
      c.do("SORT", type, "LIMIT", offset, count, "DESC", "ALPHA");
      c.do("SORT", type, "BY", "w*", "LIMIT", offset, count, "DESC", "GET", "#", "GET", "x");
      c.do("SORT", type, "LIMIT", offset, count, "STORE", "to");
      c.do("LRANGE", "to", "0", "-1");
      if (type === "set") continue;
      c.do("SORT", type, "BY", "nosort", "LIMIT", offset, count);
      c.do("SORT", type, "BY", "nosort", "LIMIT", offset, count, "DESC");
    }
  }
  c.do("SORT", "list", "LIMIT", "0", "1", "LIMIT", "1", "3");
});

conformance("BY and GET", (c) => {
  const elements = Array.from({ length: 30 }, (_, i) => String((i * 13) % 31));
  fill(c, elements);
  describe(c, elements);
  const patterns = ["weight_*", "name_*_x", "object_*->rank", "object_*->none", "object_*->->"];
  patterns.push("object_*->", "weight_*->rank", "object_*", "*", "#", "nothing", "*weight_*", "");
  patterns.push("weight_*\0x", "we\0ight_*", "object_*->rank\0", "#\0", "->*", "object->_*", "**");
  for (const type of TYPES) {
    for (const pattern of patterns) {
      const isUnsorted = !pattern.replace(/\0.*/s, "").includes("*");
      if (type === "set" && isUnsorted) {
        c.doSorted("SORT", type, "BY", pattern);
        c.do("SORT", type, "BY", pattern, "STORE", "to");
      } else {
        c.do("SORT", type, "BY", pattern);
        c.do("SORT", type, "BY", pattern, "DESC", "GET", "#", "GET", "name_*_x");
        c.do("SORT_RO", type, "BY", pattern, "LIMIT", "5", "10");
        c.do("SORT", type, "BY", pattern, "STORE", "to", "GET", "object_*->rank", "GET", "#");
      }
      c.do("LRANGE", "to", "0", "-1");
      c.do("SORT", type, "GET", pattern);
      c.do("SORT", type, "GET", "#", "GET", pattern, "GET", pattern, "DESC");
    }
  }
  c.do("SORT", "list", "BY", "nosort", "BY", "weight_*");
  c.do("SORT", "list", "BY", "weight_*", "BY", "object_*->rank");
  c.do("SORT", "list", "BY", "weight_*", "BY", "nosort");
});

conformance("BY with ALPHA", (c) => {
  const elements = Array.from({ length: 12 }, (_, i) => `e${(i * 5) % 12}`);
  fill(c, elements);
  for (const [i, element] of elements.entries()) c.do("SET", `w_${element}`, `${(i * 7) % 12}x`);
  for (const type of TYPES) {
    for (const order of ["ASC", "DESC"]) {
      c.do("SORT", type, "BY", "w_*", "ALPHA", order);
      c.do("SORT", type, "BY", "w_*", "ALPHA", order, "LIMIT", "3", "4");
      c.do("SORT", type, "BY", "w_*", "ALPHA", order, "STORE", "to");
      c.do("LRANGE", "to", "0", "-1");
    }
    c.do("SORT", type, "BY", "w_*");
  }
});

conformance("STORE", (c) => {
  fill(c, ["3", "1", "2"]);
  c.do("SET", "to", "x", "EX", "100");
  c.do("SORT", "list", "STORE", "to");
  c.do("TTL", "to");
  c.do("LRANGE", "to", "0", "-1");
  c.do("SORT", "list", "STORE", "a", "STORE", "list", "DESC");
  c.do("EXISTS", "a");
  c.do("LRANGE", "list", "0", "-1");
  c.do("SORT", "set", "STORE", "set", "GET", "none_*", "GET", "#");
  c.do("LRANGE", "set", "0", "-1");
  c.do("SORT", "absent", "STORE", "to");
  c.do("EXISTS", "to");
  c.do("SORT", "absent", "STORE", "to");
  c.do("SORT", "zset", "BY", "nosort", "DESC", "STORE", "to");
  c.do("LRANGE", "to", "0", "-1");
  c.do("RPUSH", "long", "y".repeat(9000), "x".repeat(600), "z".repeat(100));
  c.do("SORT", "long", "ALPHA", "STORE", "to", "GET", "#", "GET", "none");
  c.do("LRANGE", "to", "0", "-1");
  c.do("SORT", "long", "ALPHA", "DESC");
  c.do("SORT", "long", "BY", "nosort", "DESC", "LIMIT", "1", "2");
});

conformance("complaints", (c) => {
  fill(c, ["3", "1", "2"]);
  c.do("SET", "string", "1");
  c.do("HSET", "hash", "f", "v");
  for (const key of ["list", "string", "hash", "absent"]) {
    for (const command of ["SORT", "SORT_RO"]) {
      c.do(command, key);
      c.do(command, key, "nonsense");
      c.do(command, key, "LIMIT", "1");
      c.do(command, key, "LIMIT", "1", "x");
      c.do(command, key, "LIMIT", "x", "1");
      c.do(command, key, "LIMIT", "9223372036854775808", "1");
      c.do(command, key, "BY");
      c.do(command, key, "GET");
      c.do(command, key, "STORE");
      c.do(command, key, "STORE", "to", "nonsense");
      c.do(command, key, "STORE", "to");
    }
  }
  c.do("SORT");
});

conformance("keys", (c) => {
  const keys = ["COMMAND", "GETKEYS"];
  c.do(...keys, "SORT", "k");
  c.do(...keys, "SORT", "k", "STORE", "to");
  c.do(...keys, "SORT", "k", "BY", "STORE", "GET", "b", "store", "to", "LIMIT", "STORE", "2");
  c.do(...keys, "SORT", "k", "STORE", "a", "STORE", "b", "STORE");
  c.do(...keys, "SORT_RO", "k", "STORE", "to");
});

conformance("large values", (c) => {
  const prng = new Prng(new Uint8Array(16).fill(7));
  const elements = new Set<string>();
  while (elements.size < 2000) elements.add(String(prng.below(1_000_000)));
  fill(c, [...elements]);
  let i = 0;
  for (const element of elements) {
    if (i++ % 3 !== 0) c.do("SET", `weight_${element}`, String(prng.below(50)));
  }
  for (const type of TYPES) {
    c.do("SORT", type);
    c.do("SORT", type, "DESC", "LIMIT", "500", "50");
    c.do("SORT", type, "ALPHA");
    c.do("SORT", type, "BY", "weight_*", "GET", "#", "GET", "weight_*");
    c.do("SORT", type, "BY", "weight_*", "LIMIT", "1990", "1000", "DESC");
    c.do("SORT", type, "BY", "weight_*", "STORE", "to");
    c.do("LRANGE", "to", "0", "-1");
  }
  // Equal weights leave the elements of a list in an order that follows from the way of sorting.
  for (const limit of [[], ["LIMIT", "0", "100"], ["LIMIT", "900", "50"]]) {
    c.do("SORT", "list", "BY", "weight_*", "ALPHA", ...limit);
    c.do("SORT", "list", "BY", "weight_*", "ALPHA", "DESC", ...limit);
  }
});
