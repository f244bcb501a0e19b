/** COPY, MOVE, RENAME, RENAMENX: within a database, between databases, onto themselves. */
import { conformance } from "../support/compare.ts";

const FAR_MS = "4102444800123";

conformance("COPY", (c) => {
  c.do("COPY", "missing", "to");
  c.do("SET", "k", "v", "PXAT", FAR_MS);
  c.do("COPY", "k", "to");
  c.do("GET", "to");
  c.do("PEXPIRETIME", "to");
  c.do("COPY", "k", "to");
  c.do("SET", "k", "12345");
  c.do("COPY", "k", "to");
  c.do("COPY", "k", "to", "REPLACE");
  c.do("GET", "to");
  c.do("PEXPIRETIME", "to");
  c.do("OBJECT", "ENCODING", "to");
  c.do("COPY", "k", "k");
  c.do("COPY", "k", "k", "REPLACE");
  c.do("COPY", "k", "k", "DB", "0");
  c.do("COPY", "k", "k", "DB", "1");
  c.do("COPY", "k", "k", "DB", "1");
  c.do("COPY", "k", "k", "replace", "db", "1");
  c.do("COPY", "k", "x", "DB", "1", "REPLACE", "DB", "2");
  c.do("SELECT", 1);
  c.do("GET", "k");
  c.do("EXISTS", "x");
  c.do("COPY", "k", "k", "DB", "0");
  c.do("SET", "big", "x".repeat(100_000));
  c.do("COPY", "big", "big2");
  c.do("APPEND", "big", "y");
  c.do("STRLEN", "big2");
  c.do("COPY", "k", "gone", "DB", "0", "REPLACE");
});

conformance("COPY: errors", (c) => {
  c.do("SET", "k", "v");
  for (const db of ["16", "-1", "a", "", "1.5", "99999999999999999999", " 1"]) {
    c.do("COPY", "k", "to", "DB", db);
    c.do("COPY", "missing", "to", "DB", db);
  }
  c.do("COPY", "k", "to", "DB");
  c.do("COPY", "k", "to", "NOSUCH");
  c.do("COPY", "k", "to", "REPLACE", "NOSUCH");
  c.do("COPY", "k", "k", "NOSUCH");
  c.do("EXISTS", "to");
});

conformance("MOVE", (c) => {
  c.do("MOVE", "missing", 1);
  c.do("SET", "k", "v", "PXAT", FAR_MS);
  c.do("MOVE", "k", 0);
  c.do("MOVE", "k", 1);
  c.do("EXISTS", "k");
  c.do("SELECT", 1);
  c.do("GET", "k");
  c.do("PEXPIRETIME", "k");
  c.do("SELECT", 0);
  c.do("SET", "k", "other");
  c.do("MOVE", "k", 1);
  c.do("GET", "k");
  for (const db of ["16", "-1", "a", "", "1.5", "99999999999999999999", " 1"]) {
    c.do("MOVE", "k", db);
    c.do("MOVE", "missing", db);
  }
  c.do("MOVE", "missing", 0);
});

conformance("RENAME and RENAMENX", (c) => {
  for (const name of ["RENAME", "RENAMENX"]) {
    c.do("FLUSHALL");
    c.do(name, "missing", "to");
    c.do(name, "missing", "missing");
    c.do("SET", "k", "v", "PXAT", FAR_MS);
    c.do(name, "k", "k");
    c.do(name, "k", "to");
    c.do("EXISTS", "k");
    c.do("GET", "to");
    c.do("PEXPIRETIME", "to");
    c.do("SET", "k", "w");
    c.do(name, "k", "to");
    c.do("GET", "to");
    c.do("PEXPIRETIME", "to");
    c.do("EXISTS", "k");
    c.do("SET", "t", "x", "PXAT", FAR_MS);
    c.do(name, "t", "");
    c.do("PEXPIRETIME", "");
    c.do(name, "", "t");
    c.do("SET", "long", "y".repeat(50_000));
    c.do(name, "long", "l".repeat(3000));
    c.do("STRLEN", "l".repeat(3000));
    c.do("DBSIZE");
  }
});
