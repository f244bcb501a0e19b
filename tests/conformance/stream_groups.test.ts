/** Consumer groups of streams. */
import { conformance } from "../support/compare.ts";
import { withoutIdleTimes, withoutTimes } from "./stream_replies.ts";

const MAX = "18446744073709551615";

conformance("XGROUP", (c) => {
  const info = (key: string) => {
    c.doNormalized(withoutTimes, "XINFO", "GROUPS", key);
    c.doNormalized(withoutTimes, "XINFO", "STREAM", key, "FULL");
  };
  c.do("XGROUP", "CREATE", "s", "g", "0");
  c.do("XGROUP", "CREATE", "s", "g", "x", "MKSTREAM");
  c.do("EXISTS", "s");
  c.do("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
  info("s");
  c.do("XGROUP", "CREATE", "s", "g", "0");
  c.do("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM");
  for (let i = 1; i <= 5; i++) c.do("XADD", "s", `${i}-1`, "n", i);
  const creates = [
    ...["a $", "b 3", "b2 3-1", "c 0 ENTRIESREAD 2", "d 0 ENTRIESREAD -1", "e 0 ENTRIESREAD -2"],
    ...[
      "f 0 ENTRIESREAD x",
      "f 0 ENTRIESREAD",
      "f - ",
      "f -",
      "f +",
      "f x",
      "f 0 NOSUCH",
      "aa 5-1",
    ],
    ...["h 9-9", "i 0 MKSTREAM ENTRIESREAD 3", "j 0 ENTRIESREAD 3 MKSTREAM", "k 1-1", "a 0"],
    ...["l 0 ENTRIESREAD 9223372036854775807", `m ${MAX}-${MAX}`, "n 0 MKSTREAM MKSTREAM"],
    ...["o 0 ENTRIESREAD 1 ENTRIESREAD 2", "o 0 ENTRIESREAD 1 ENTRIESREAD 2 MKSTREAM"],
  ];
  for (const create of creates) c.do("XGROUP", "CREATE", "s", ...create.split(" "));
  info("s");
  const sets = [
    ...["a 0", "a $", "b -", "b +", "b x", "c 2 ENTRIESREAD 2", "c 2 ENTRIESREAD", "nosuch 0"],
    ...["c 2 ENTRIESREAD -1", "c 2 ENTRIESREAD -7", "c 2 x", "c 2 ENTRIESREAD 1 2", "d 3-1"],
    ...["d 2 MKSTREAM"],
  ];
  for (const set of sets) {
    c.do("XGROUP", "SETID", "s", ...set.split(" "));
    c.doNormalized(withoutTimes, "XINFO", "GROUPS", "s");
  }
  c.do("XGROUP", "SETID", "missing", "g", "0");
  c.do("XGROUP", "CREATECONSUMER", "s", "a", "alice");
  c.do("XGROUP", "CREATECONSUMER", "s", "a", "alice");
  c.do("XGROUP", "CREATECONSUMER", "s", "a", "bob");
  c.do("XGROUP", "CREATECONSUMER", "s", "a", "");
  c.do("XGROUP", "CREATECONSUMER", "s", "nosuch", "bob");
  c.do("XGROUP", "CREATECONSUMER", "missing", "g", "bob");
  info("s");
  c.do("XGROUP", "DELCONSUMER", "s", "a", "alice");
  c.do("XGROUP", "DELCONSUMER", "s", "a", "alice");
  c.do("XGROUP", "DELCONSUMER", "s", "nosuch", "alice");
  c.do("XGROUP", "DELCONSUMER", "missing", "a", "alice");
  c.do("XGROUP", "DESTROY", "s", "b");
  c.do("XGROUP", "DESTROY", "s", "b");
  c.do("XGROUP", "DESTROY", "missing", "b");
  info("s");
  c.do("SET", "t", "v");
  for (const sub of ["CREATE t g 0", "SETID t g 0", "DESTROY t g", "CREATECONSUMER t g c"]) {
    c.do("XGROUP", ...sub.split(" "));
  }
  c.do("XGROUP", "DELCONSUMER", "t", "g", "c");
  for (const sub of ["", "CREATE", "CREATE s", "CREATE s g", "DESTROY s", "DESTROY s g x"]) {
    c.do("XGROUP", ...sub.split(" "));
  }
  c.do("XGROUP");
  c.do("XGROUP", "NOSUCH", "s", "g");
  c.doLoose("XGROUP", "HELP");
  c.do("XGROUP", "HELP", "x");
  for (
    const sub of ["STREAM", "STREAM missing", "STREAM t", "GROUPS missing", "GROUPS t", "NOSUCH"]
  ) {
    c.do("XINFO", ...sub.split(" "));
  }
  for (const sub of ["CONSUMERS s", "CONSUMERS s nosuch", "CONSUMERS missing g", "GROUPS s x"]) {
    c.do("XINFO", ...sub.split(" "));
  }
  for (
    const sub of ["s x", "s FULL x", "s FULL COUNT", "s FULL COUNT x", "s FULL x 1", "s x COUNT 1"]
  ) {
    c.do("XINFO", "STREAM", ...sub.split(" "));
  }
  c.doLoose("XINFO", "HELP");
});

conformance("XREADGROUP", (c) => {
  const info = () => {
    c.doNormalized(withoutTimes, "XINFO", "GROUPS", "s");
    c.doNormalized(withoutTimes, "XINFO", "CONSUMERS", "s", "g");
    c.doNormalized(withoutTimes, "XINFO", "STREAM", "s", "FULL", "COUNT", "0");
    c.do("XPENDING", "s", "g");
  };
  for (let i = 1; i <= 20; i++) c.do("XADD", "s", `${i}-1`, "n", i);
  c.do("XADD", "t", "1-1", "a", "b");
  c.do("XGROUP", "CREATE", "s", "g", "0");
  c.do("XGROUP", "CREATE", "t", "g", "0");
  c.do("SET", "x", "v");
  const calls = [
    ...[
      "GROUP g c1 COUNT 2 STREAMS s >",
      "GROUP g c2 COUNT 3 STREAMS s >",
      "GROUP g c1 STREAMS s 0",
    ],
    ...["GROUP g c2 COUNT 2 STREAMS s 0", "GROUP g c2 STREAMS s 4-1", "GROUP g new STREAMS s 0"],
    ...[
      "GROUP g c3 NOACK COUNT 2 STREAMS s >",
      "GROUP g c3 NOACK STREAMS s 0",
      "GROUP g c1 STREAMS s $",
    ],
    ...["GROUP g c1 COUNT 1 STREAMS s t > >", "GROUP g c1 COUNT 1 STREAMS t s > >"],
    ...["GROUP g c1 STREAMS t >", "GROUP g c1 STREAMS t s > 0", "GROUP nosuch c1 STREAMS s >"],
    ...[
      "GROUP g c1 STREAMS missing >",
      "GROUP g c1 STREAMS s missing > >",
      "GROUP g c1 STREAMS x >",
    ],
    ...[
      "GROUP g c1 STREAMS s",

      "COUNT 1 STREAMS s t > >",
      "STREAMS s >",
    ],
    ...[
      "GROUP g STREAMS s > > >",
      "GROUP g c1 COUNT x STREAMS s >",
      "GROUP g c1 BLOCK x STREAMS s >",
    ],
    ...["GROUP g c1 COUNT -1 STREAMS t >", "GROUP g c1 x STREAMS s >", "GROUP g c1 STREAMS s x"],
    ...["GROUP g c1 STREAMS s -", "GROUP g c1 NOACK NOACK COUNT 1 STREAMS s >"],
  ];
  for (const call of calls) {
    c.do("XREADGROUP", ...call.split(" "));
    info();
  }
  c.do("XDEL", "s", "1-1", "4-1");
  c.do("XREADGROUP", "GROUP", "g", "c1", "STREAMS", "s", "0");
  c.do("XREADGROUP", "GROUP", "g", "c2", "STREAMS", "s", "0");
  info();
  c.do("XGROUP", "SETID", "s", "g", "2");
  c.do("XREADGROUP", "GROUP", "g", "c2", "COUNT", "4", "STREAMS", "s", ">");
  info();
  c.do("XGROUP", "SETID", "s", "g", "0");
  c.do("XREADGROUP", "GROUP", "g", "c4", "NOACK", "STREAMS", "s", ">");
  info();
  c.do("XGROUP", "DELCONSUMER", "s", "g", "c2");
  info();
  c.do("XACK", "s", "g", "2-1", "2-1", "3-1", "99-1");
  info();
  c.do("XACK", "s", "g", "5-1", "x");
  c.do("XACK", "s", "nosuch", "x");
  c.do("XACK", "missing", "g", "x");
  c.do("XACK", "x", "g", "1");
  c.do("XACK", "s", "g");
  c.do("XREADGROUP", "GROUP", "g", "c1", "STREAMS", "s");
  c.do("XREADGROUP", "GROUP", "g");
  info();
});

conformance("XPENDING", (c) => {
  for (let i = 1; i <= 150; i++) c.do("XADD", "s", `${i}-${i}`, "n", i);
  c.do("XGROUP", "CREATE", "s", "g", "0");
  c.do("XPENDING", "s", "g");
  c.do("XPENDING", "s", "g", "-", "+", "10");
  c.do("XREADGROUP", "GROUP", "g", "b", "COUNT", "70", "STREAMS", "s", ">");
  c.do("XREADGROUP", "GROUP", "g", "a", "COUNT", "50", "STREAMS", "s", ">");
  c.do("XREADGROUP", "GROUP", "g", "b", "STREAMS", "s", "0");
  c.do("XGROUP", "CREATECONSUMER", "s", "g", "idle");
  c.do("XPENDING", "s", "g");
  const calls = [
    ...["- + 5", "- + 0", "- + -3", "- + x", "(3-3 + 2", "- (3-3 9", "10 20 100", "60 80 100 a"],
    ...[
      "60 80 100 b",
      "- + 5 nosuch",
      "- + 5 idle",
      "IDLE 0 - + 3",
      "IDLE 100000 - + 3",
      "IDLE 0 - +",
    ],
    ...[
      "IDLE x - + 3",
      "IDLE 0 - + 3 a",
      "IDLE 0 - + 3 a b",
      "- +",
      "-",
      "x + 1",
      "- x 1",
      "(x + 1",
    ],
    ...[
      "+ - 5",
      `(${MAX}-${MAX} + 5`,
      "- (0-0 5",
      "- (0 5",
      "- + 1 a b",
      "- + 1 a b c",
      "IDLE -5 - + 2",
    ],
    ...["- + 1000", "20-20 20-20 5", "20-19 20-19 5"],
  ];
  for (const call of calls) {
    c.doNormalized(withoutIdleTimes, "XPENDING", "s", "g", ...call.split(" "));
  }
  c.do("XPENDING", "s", "nosuch");
  c.do("XPENDING", "missing", "g");
  c.do("XPENDING", "missing", "g", "x", "+", "1");
  c.do("XPENDING", "s");
  c.do("SET", "x", "v");
  c.do("XPENDING", "x", "g");
  c.do("XPENDING", "x", "g", "-", "+", "1");
  for (let i = 1; i <= 120; i += 2) c.do("XACK", "s", "g", `${i}-${i}`);
  c.do("XPENDING", "s", "g");
  c.doNormalized(withoutIdleTimes, "XPENDING", "s", "g", "-", "+", "100");
  c.do("XGROUP", "DELCONSUMER", "s", "g", "b");
  c.doNormalized(withoutIdleTimes, "XPENDING", "s", "g", "-", "+", "100");
});

conformance("XCLAIM", (c) => {
  const pending = () => {
    c.doNormalized(withoutIdleTimes, "XPENDING", "s", "g", "-", "+", "100");
    c.doNormalized(withoutTimes, "XINFO", "CONSUMERS", "s", "g");
    c.doNormalized(withoutTimes, "XINFO", "GROUPS", "s");
  };
  for (let i = 1; i <= 20; i++) c.do("XADD", "s", `${i}-1`, "n", i);
  c.do("XGROUP", "CREATE", "s", "g", "0");
  c.do("XREADGROUP", "GROUP", "g", "a", "COUNT", "10", "STREAMS", "s", ">");
  c.do("XDEL", "s", "3-1", "4-1", "15-1");
  const calls = [
    ...[
      "b 0 1-1",
      "b 0 1-1 2-1 99-1",
      "b 0 3-1",
      "b 100000 5-1",
      "b 0 5-1 JUSTID",
      "b 0 5-1 IDLE 5000",
    ],
    ...[
      "b 0 6-1 TIME 1000",
      "b 0 6-1 RETRYCOUNT 7",
      "b 0 12-1",
      "b 0 12-1 FORCE",
      "b 0 15-1 FORCE",
    ],
    ...[
      "b 0 13-1 FORCE JUSTID",
      "b 0 7-1 LASTID 14-1",
      "b 0 99-1 LASTID 16-1",
      "b 0 99-1 LASTID 5-1",
    ],
    ...[
      "b x 1-1",
      "b -5 1-1",
      "b 0 x",
      "b 0 1-1 x",
      "b 0 1-1 IDLE x",
      "b 0 1-1 TIME x",
      "b 0 1-1 IDLE",
    ],
    ...[
      "b 0 1-1 RETRYCOUNT x",
      "b 0 1-1 LASTID x",
      "b 0 1-1 FORCE 2-1",
      "b 0 1-1 TIME -5",
      "b 0 JUSTID",
    ],
    ...["b 0 1-1 IDLE -5", "b 0 1-1 RETRYCOUNT -5", "c 0 1-1 2-1 5-1 justid force retrycount 3"],
    ...[
      "d 0 2-1 IDLE 100000",
      "d 50000 2-1",
      "d 50000 2-1",
      "e 0 - ",
      "e 0 8-1 RETRYCOUNT 0 JUSTID",
    ],
    ...["b 0 1-1 LASTID", "b 0 9-1 9-1", "b 0 99-1 FORCE"],
  ];
  for (const call of calls) {
    c.do("XCLAIM", "s", "g", ...call.split(" "));
    pending();
  }
  c.do("XCLAIM", "s", "nosuch", "b", "0", "1-1");
  c.do("XCLAIM", "missing", "g", "b", "0", "1-1");
  c.do("XCLAIM", "missing", "g", "b", "x", "1-1");
  c.do("XCLAIM", "s", "g", "b", "0");
  c.do("SET", "x", "v");
  c.do("XCLAIM", "x", "g", "b", "x", "1-1");
  c.do("XAUTOCLAIM", "x", "g", "b", "0", "0");
});

conformance("XAUTOCLAIM", (c) => {
  const pending = () => {
    c.doNormalized(withoutIdleTimes, "XPENDING", "s", "g", "-", "+", "200");
    c.doNormalized(withoutTimes, "XINFO", "CONSUMERS", "s", "g");
  };
  for (let i = 1; i <= 130; i++) c.do("XADD", "s", `${i}-1`, "n", i);
  c.do("XGROUP", "CREATE", "s", "g", "0");
  // Here 7.2 makes the consumer, 7.0 does not.
  c.do("XAUTOCLAIM", "s", "g", "b", "0", "-");
  c.do("XREADGROUP", "GROUP", "g", "a", "COUNT", "120", "STREAMS", "s", ">");
  for (let i = 10; i < 40; i++) c.do("XDEL", "s", `${i}-1`);
  const calls = [
    ...[
      "b 0 - COUNT 3",
      "b 0 (3-1 COUNT 2",
      "b 0 9 COUNT 5",
      "b 0 10 COUNT 100 JUSTID",
      "b 100000 0",
    ],
    ...["b 100000 - COUNT 5", "b 0 100", "b 0 500", "b 0 + COUNT 1", "b x 0", "b 0 x", "b 0 (x"],
    ...[
      `b 0 (${MAX}-${MAX}`,
      "b 0 0 COUNT 0",
      "b 0 0 COUNT -1",
      "b 0 0 COUNT x",
      "b 0 0 COUNT",
      "b 0 0 x",
    ],
    ...["b -5 0 COUNT 1", "a 0 0 JUSTID COUNT 4", "c 0 110 COUNT 10 COUNT 2", "b 0 0"],
    ...["b 0 0 COUNT 576460752303423488"],
  ];
  for (const call of calls) {
    c.do("XAUTOCLAIM", "s", "g", ...call.split(" "));
    pending();
  }
  c.do("XAUTOCLAIM", "s", "nosuch", "b", "0", "0");
  c.do("XAUTOCLAIM", "missing", "g", "b", "0", "0");
  c.do("XAUTOCLAIM", "missing", "g", "b", "0", "x");
  c.do("XAUTOCLAIM", "s", "g", "b", "0");
});
