/** MEMORY: the same shapes and errors as redis-server; the figures are our own. */
import { conformance } from "../support/compare.ts";
import type { Reply } from "../support/reply.ts";

/** Numbers made equal: what is left is the shape. */
function shape(reply: Reply): Reply {
  switch (reply.kind) {
    case "integer":
      return { kind: "integer", value: 0n };
    case "double":
      return { kind: "double", text: "0" };
    case "bulk":
      return /^-?[\d.]+(e[+-]?\d+)?$/.test(Buffer.from(reply.bytes).toString("latin1"))
        ? { kind: "bulk", bytes: Buffer.from("0") }
        : reply;
    case "array":
      return { kind: "array", items: reply.items.map(shape) };
    case "map":
      return { kind: "map", entries: reply.entries.map(([key, value]) => [key, shape(value)]) };
    default:
      return reply;
  }
}

conformance("MEMORY STATS", (c) => {
  c.doNormalized(shape, "MEMORY", "STATS");
  c.do("SET", "a", "1");
  c.do("SELECT", "3");
  c.do("SET", "a", "1", "EX", "1000");
  c.doNormalized(shape, "MEMORY", "STATS");
  c.do("MEMORY", "STATS", "x");
});

conformance("MEMORY USAGE", (c) => {
  c.do("SET", "a", "1");
  c.doNormalized(shape, "MEMORY", "USAGE", "a");
  c.doNormalized(shape, "MEMORY", "USAGE", "a", "SAMPLES", "0");
  c.doNormalized(shape, "memory", "usage", "a", "samples", "5", "samples", "6");
  c.do("MEMORY", "USAGE", "none");
  c.do("MEMORY", "USAGE", "none", "SAMPLES", "3");
  for (const bad of ["-1", "x", "", "1.5", "9223372036854775808"]) {
    c.do("MEMORY", "USAGE", "a", "SAMPLES", bad);
  }
  c.doNormalized(shape, "MEMORY", "USAGE", "a", "SAMPLES", "9223372036854775807");
  c.do("MEMORY", "USAGE", "a", "SAMPLES");
  c.do("MEMORY", "USAGE", "a", "NOSUCH");
  c.do("MEMORY", "USAGE", "a", "NOSUCH", "1");
  c.do("MEMORY", "USAGE");
});

conformance("MEMORY: the others", (c) => {
  c.do("MEMORY");
  c.do("MEMORY", "NOSUCH");
  c.do("MEMORY", "PURGE");
  c.do("MEMORY", "PURGE", "x");
  c.doLoose("MEMORY", "DOCTOR");
  c.do("MEMORY", "DOCTOR", "x");
  c.doLoose("MEMORY", "MALLOC-STATS");
  c.do("MEMORY", "MALLOC-STATS", "x");
  c.doLoose("MEMORY", "HELP");
  c.do("MEMORY", "HELP", "x");
});
