/**
 * XREAD and XREADGROUP with BLOCK. What Redis 7.2 does otherwise than the judge stands in
 * tests/unit/command/stream/blocking.test.ts.
 */
import { conformance } from "../support/compare.ts";
import { waitingScript } from "../support/waiting_script.ts";

conformance("XREAD and XREADGROUP with BLOCK where there is something", (c) => {
  c.do("XADD", "s", "1", "a", "1");
  c.do("XADD", "s", "2", "a", "2");
  c.do("XADD", "t", "1", "b", "1");
  c.do("XREAD", "BLOCK", "0", "STREAMS", "s", "0");
  c.do("XREAD", "COUNT", "1", "block", "0", "STREAMS", "none", "s", "t", "0", "1", "0");
  c.do("XREAD", "BLOCK", "0", "STREAMS", "s", "t", "$", "0");
  c.do("XGROUP", "CREATE", "s", "g", "0");
  c.do("XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "COUNT", "1", "STREAMS", "s", ">");
  c.do("XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", "0");
  c.do("XREADGROUP", "GROUP", "g", "other", "BLOCK", "0", "STREAMS", "s", "0");
  c.do("XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "NOACK", "STREAMS", "s", ">");
  c.doNormalized(
    (reply) => reply.kind === "array" ? { ...reply, items: reply.items.slice(0, 1) } : reply,
    ...["XPENDING", "s", "g"],
  );
});

conformance("XREAD and XREADGROUP with BLOCK: time that is over, and wrong times", (c) => {
  c.do("XADD", "s", "1", "a", "1");
  c.do("XGROUP", "CREATE", "s", "g", "$");
  for (const timeout of ["1", "2", "-1", "x", "", "1.5", "9223372036854775808", " 1", "0x1"]) {
    c.do("XREAD", "BLOCK", timeout, "STREAMS", "s", "$");
    c.do("XREAD", "BLOCK", timeout, "STREAMS", "s", "none", "$", "0");
    c.do("XREADGROUP", "GROUP", "g", "c", "BLOCK", timeout, "STREAMS", "s", ">");
  }
  c.do("XREAD", "BLOCK");
  c.do("XREAD", "BLOCK", "0");
  c.do("XREAD", "STREAMS", "s", "$", "BLOCK", "0");
  c.do("XREAD", "BLOCK", "0", "STREAMS", "s", "x");
  c.do("XREAD", "BLOCK", "x", "STREAMS", "s", "x");
  c.do("XREADGROUP", "BLOCK", "0", "GROUP", "none", "c", "STREAMS", "s", ">");
  c.do("XREADGROUP", "BLOCK", "0", "GROUP", "g", "c", "STREAMS", "s", "$");
  c.do("SET", "string", "v");
  c.do("XREAD", "BLOCK", "0", "STREAMS", "none", "string", "$", "$");
});

conformance("XREAD and XREADGROUP with BLOCK within MULTI wait for nothing", (c) => {
  c.do("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
  c.do("MULTI");
  c.do("XREAD", "BLOCK", "0", "STREAMS", "s", "$");
  c.do("XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">");
  c.do("XADD", "s", "1", "a", "1");
  c.do("XREAD", "BLOCK", "0", "STREAMS", "s", "$");
  c.do("XREAD", "BLOCK", "0", "STREAMS", "s", "0");
  c.do("XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">");
  c.do("EXEC");
});

waitingScript(
  "XREAD waits for an entry",
  `a> XREAD BLOCK 0 STREAMS s $
   b: XADD s 1 a 1
   a<
   a> XREAD BLOCK 0 STREAMS none s $ $
   b: XADD s 2-1 a 1 b 2
   a<
   a> XREAD BLOCK 0 COUNT 1 STREAMS s 2-1
   b: MULTI
   b: XADD s 3 a 1
   b: XADD s 4 a 1
   b: EXEC
   a<
   a> XREAD BLOCK 0 STREAMS s 18446744073709551615-18446744073709551614
   b: XADD s 18446744073709551615-18446744073709551614 a 1
   = 1
   b: XADD s 18446744073709551615-18446744073709551615 a 1
   a<`,
);

waitingScript(
  "an entry is for all who wait with XREAD",
  `a> XREAD BLOCK 0 STREAMS s $
   b> XREAD BLOCK 0 STREAMS s 0
   c> XREAD BLOCK 0 STREAMS s 5
   p: XADD s 1 a 1
   a<
   b<
   = 1
   p: XADD s 6 a 1
   c<
   p: XLEN s`,
);

waitingScript(
  "an entry with an id that comes before is none to wait for",
  `p: XADD s 100 a 1
   a> XREAD BLOCK 0 STREAMS s 200
   p: XADD s 150 a 1
   = 1
   p: XADD s 201 a 1
   a<`,
);

waitingScript(
  "streams that are gone again when the transaction ends serve nobody",
  `p: XADD s 1 a 1
   a> XREAD BLOCK 0 STREAMS s $
   p: MULTI
   p: XADD s 3 a 1
   p: DEL s
   p: EXEC
   = 1
   p: MULTI
   p: XADD s 4 a 1
   p: DEL s
   p: LPUSH s 1
   p: EXEC
   = 1
   p: DEL s
   p: XADD s 5 a 1
   a<`,
);

waitingScript(
  "streams and values of other types in the place of a stream that XREAD waits for",
  `a> XREAD BLOCK 0 STREAMS s $
   p: SET s v
   p: DEL s
   p: LPUSH s 1
   p: DEL s
   p: XGROUP CREATE s g $ MKSTREAM
   = 1
   p: XADD other 7 a 1
   p: SELECT 1
   p: XADD s 1 a other
   = 1
   p: SELECT 0
   p: DEL s
   p: RENAME other s
   a<`,
);

waitingScript(
  "XREADGROUP waits for an entry, and each entry is for one",
  `p: XGROUP CREATE s g $ MKSTREAM
   p: XGROUP CREATE s h 0
   a> XREADGROUP GROUP g one BLOCK 0 STREAMS s >
   b> XREADGROUP GROUP g two BLOCK 0 STREAMS s >
   c> XREADGROUP GROUP h one BLOCK 0 STREAMS s >
   d> XREAD BLOCK 0 STREAMS s $
   p: XADD s 1 a 1
   a<
   c<
   d<
   = 1
   p: XADD s 2 a 1
   b<
   p: XPENDING s g
   p: XPENDING s h - + 10 two
   p: XREADGROUP GROUP g two STREAMS s 0
   a> XREADGROUP GROUP g one BLOCK 0 NOACK COUNT 1 STREAMS s >
   p: XADD s 3 a 1
   a<
   p: XPENDING s g`,
);

waitingScript(
  "a group's id that goes back is nothing to wake up for",
  `p: XADD s 1 a 1
   p: XGROUP CREATE s g $
   a> XREADGROUP GROUP g one BLOCK 0 STREAMS s >
   p: XGROUP SETID s g 0
   = 1
   p: XADD s 2 a 1
   a<`,
);

waitingScript(
  "streams, lists and sorted sets under one name",
  `a> BLPOP k 0
   b> BZPOPMIN k 0
   c> XREAD BLOCK 0 STREAMS k $
   p: XADD k 1 a 1
   c<
   = 2
   p: DEL k
   c> XREAD BLOCK 0 STREAMS k $
   p: ZADD k 1 a
   b<
   p: LPUSH k 1
   a<
   = 1
   p: XADD k 1 a 1
   c<`,
);
