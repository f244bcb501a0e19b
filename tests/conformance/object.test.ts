/** OBJECT and MEMORY, as far as they are the same everywhere. */
import { conformance } from "../support/compare.ts";

conformance("OBJECT ENCODING of strings", (c) => {
  const texts = ["", "a", "0", "-1", "01", "1.5", "9223372036854775807", "9223372036854775808"];
  texts.push("x".repeat(44), "x".repeat(45), "1".repeat(19), "1".repeat(20), "1".repeat(21));
  for (const text of texts) {
    c.do("SET", "k", text);
    c.do("OBJECT", "ENCODING", "k");
    c.do("APPEND", "k", "");
    c.do("OBJECT", "ENCODING", "k");
    c.do("SET", "k", text);
    c.do("SETRANGE", "k", 0, "");
    c.do("OBJECT", "ENCODING", "k");
    c.do("COPY", "k", "copy", "REPLACE");
    c.do("OBJECT", "ENCODING", "copy");
  }
  c.do("SETRANGE", "r", 3, "x");
  c.do("OBJECT", "ENCODING", "r");
  c.do("SETBIT", "b", 3, 1);
  c.do("OBJECT", "ENCODING", "b");
  c.do("INCRBYFLOAT", "f", "1.5");
  c.do("OBJECT", "ENCODING", "f");
  c.do("INCRBYFLOAT", "f", "1.5");
  c.do("OBJECT", "ENCODING", "f");
  c.do("BITOP", "OR", "o", "f");
  c.do("OBJECT", "ENCODING", "o");
  c.do("GETSET", "g", "12");
  c.do("OBJECT", "ENCODING", "g");
});

conformance("OBJECT: the others", (c) => {
  for (const name of ["ENCODING", "REFCOUNT", "IDLETIME", "FREQ"]) {
    c.do("OBJECT", name, "missing");
    c.do("OBJECT", name);
    c.do("OBJECT", name, "k", "x");
  }
  c.do("SET", "k", "value");
  c.do("OBJECT", "refcount", "k");
  c.do("OBJECT", "IDLETIME", "k");
  c.do("OBJECT", "FREQ", "k");
  c.do("OBJECT");
  c.do("OBJECT", "NOSUCH", "k");
  c.do("OBJECT", "NOSUCH");
  c.doLoose("OBJECT", "HELP");
  c.do("OBJECT", "HELP", "x");
});

conformance("OBJECT FREQ under an LFU policy", (c) => {
  c.do("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu");
  c.do("SET", "k", "v");
  c.do("OBJECT", "FREQ", "k");
  c.do("OBJECT", "IDLETIME", "k");
  c.do("OBJECT", "FREQ", "missing");
  c.do("CONFIG", "SET", "maxmemory-policy", "noeviction");
});

conformance("MEMORY", (c) => {
  c.do("MEMORY");
  c.do("MEMORY", "NOSUCH");
  c.do("MEMORY", "USAGE");
  c.do("MEMORY", "USAGE", "missing");
  c.do("SET", "k", "v");
  c.doLoose("MEMORY", "USAGE", "k");
  c.doLoose("MEMORY", "USAGE", "k", "SAMPLES", "5");
  c.do("MEMORY", "USAGE", "k", "SAMPLES");
  c.do("MEMORY", "USAGE", "k", "SAMPLES", "-1");
  c.do("MEMORY", "USAGE", "k", "SAMPLES", "a");
  c.do("MEMORY", "USAGE", "k", "NOSUCH", "1");
  c.doLoose("MEMORY", "STATS");
  c.do("MEMORY", "STATS", "x");
  c.doLoose("MEMORY", "DOCTOR");
  c.do("MEMORY", "PURGE");
  c.do("MEMORY", "PURGE", "x");
  c.doLoose("MEMORY", "HELP");
});
