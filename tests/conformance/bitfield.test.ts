/** BITFIELD and BITFIELD_RO: every width, both signs, the three ways to overflow. */
import { conformance } from "../support/compare.ts";

const WIDTHS = [1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 48, 53, 54, 62, 63];

conformance("GET and SET of every width at every alignment", (c) => {
  const widths = Array.from({ length: 63 }, (_, i) => i + 1);
  for (const width of [...widths.map((w) => `u${w}`), ...widths.map((w) => `i${w}`), "i64"]) {
    c.do("DEL", "k");
    for (const offset of [0, 1, 3, 7, 8, 13, 64, 100]) {
      c.do("BITFIELD", "k", "SET", width, offset, "-1", "GET", width, offset);
      c.do("BITFIELD", "k", "GET", width, offset + 3);
      c.do("BITFIELD", "k", "SET", width, `#${offset}`, "5", "GET", width, `#${offset}`);
    }
    c.do("GET", "k");
  }
});

conformance("INCRBY with each OVERFLOW at the edges", (c) => {
  const amounts = [
    ...["0", "1", "-1", "2", "100", "-100", "255", "256", "65535", "-65536", "2147483648"],
    ...["-2147483649", "4611686018427387904", "9223372036854775807", "-9223372036854775808"],
  ];
  for (const width of [...WIDTHS.map((w) => `u${w}`), ...WIDTHS.map((w) => `i${w}`), "i64"]) {
    for (const overflow of ["WRAP", "SAT", "FAIL"]) {
      c.do("DEL", "k");
      for (const amount of amounts) {
        c.do("BITFIELD", "k", "OVERFLOW", overflow, "INCRBY", width, 5, amount);
        c.do("BITFIELD", "k", "OVERFLOW", overflow, "SET", width, 70, amount);
      }
      c.do("GET", "k");
    }
  }
});

conformance("several operations in one", (c) => {
  c.do("BITFIELD", "k");
  c.do("EXISTS", "k");
  c.do("BITFIELD", "k", "GET", "u8", 0);
  c.do("EXISTS", "k");
  c.do("BITFIELD", "k", "OVERFLOW", "SAT");
  c.do("EXISTS", "k");
  c.do(
    ...["BITFIELD", "k", "SET", "u8", 0, 200, "OVERFLOW", "SAT", "INCRBY", "u8", 0, 100],
    ...["OVERFLOW", "FAIL", "INCRBY", "u8", 0, 1, "GET", "u8", 0, "overflow", "wrap"],
    ...["incrby", "u8", 0, 1, "get", "i8", "#0"],
  );
  c.do("BITFIELD", "k", "SET", "u8", 0, 1, "GET", "u4", 1000);
  c.do("STRLEN", "k");
  c.do("SET", "n", "12345");
  c.do("BITFIELD", "n", "GET", "u8", 0, "GET", "u8", "#1");
  c.do("OBJECT", "ENCODING", "n");
  c.do("BITFIELD", "n", "INCRBY", "u8", 0, 1);
  c.do("GET", "n");
  c.do("OBJECT", "ENCODING", "n");
  c.do("BITFIELD", "f", "OVERFLOW", "FAIL", "INCRBY", "u2", 100, 4);
  c.do("EXISTS", "f");
  c.do("STRLEN", "f");
});

conformance("BITFIELD_RO", (c) => {
  c.do("BITFIELD_RO", "k", "GET", "u8", 0);
  c.do("SET", "k", "foobar");
  c.do("BITFIELD_RO", "k");
  c.do("BITFIELD_RO", "k", "GET", "u8", 0, "GET", "i16", "#1", "get", "u63", 1);
  c.do("BITFIELD_RO", "k", "SET", "u8", 0, 1);
  c.do("BITFIELD_RO", "k", "INCRBY", "u8", 0, 1);
  c.do("BITFIELD_RO", "k", "OVERFLOW", "SAT", "GET", "u8", 0);
  c.do("BITFIELD_RO", "k", "OVERFLOW", "NOSUCH");
  c.do("BITFIELD_RO", "k", "GET", "u8", 0, "SET", "u8", 0, 1);
  c.do("BITFIELD_RO", "k", "GET");
  c.do("BITFIELD_RO");
  c.do("GET", "k");
});

conformance("errors", (c) => {
  for (
    const type of [
      ...[
        "u0",
        "u64",
        "u65",
        "i0",
        "i65",
        "i",
        "u",
        "",
        "8",
        "x8",
        "u-1",
        "u8x",
        "U8",
        "I8",
        "u08",
      ],
      ...["u+8", "u 8", "u8.0", "u9223372036854775808"],
    ]
  ) {
    c.do("BITFIELD", "k", "GET", type, 0);
    c.do("BITFIELD", "k", "SET", type, 0, 1);
    c.do("BITFIELD", "k", "INCRBY", type, 0, 1);
    c.do("BITFIELD_RO", "k", "GET", type, 0);
    c.do("DEL", "k");
  }
  for (
    const offset of [
      ...["", "a", "#", "#a", "-1", "#-1", "1.5", "##1", "4294967296", "4294967295", "4294967288"],
      ...["#536870912", "#536870911", "#9223372036854775807", "9223372036854775807", " 1", "+1"],
    ]
  ) {
    c.do("BITFIELD_RO", "k", "GET", "u8", offset);
    c.do("BITFIELD_RO", "k", "GET", "u1", offset);
    c.do("BITFIELD", "k", "GET", "u8", offset);
  }
  for (const value of ["", "a", "1.5", "9223372036854775808", " 1", "+1"]) {
    c.do("BITFIELD", "k", "SET", "u8", 0, value);
    c.do("BITFIELD", "k", "INCRBY", "u8", 0, value);
  }
  for (
    const rest of [
      ...[["GET"], ["GET", "u8"], ["SET", "u8", "0"], ["SET", "u8"], ["SET"], [
        "INCRBY",
        "u8",
        "0",
      ]],
      ...[["OVERFLOW"], ["OVERFLOW", "NOSUCH"], ["OVERFLOW", ""], ["NOSUCH"], [
        "NOSUCH",
        "u8",
        "0",
      ]],
      ...[["GET", "u8", "0", "GET"], ["GET", "u8", "0", "x"], ["SET", "u8", "0", "1", "2"]],
    ]
  ) c.do("BITFIELD", "k", ...rest);
  c.do("BITFIELD");
  c.do("BITFIELD", "k", "SET", "u8", 0, 1, "GET", "u99", 0);
  c.do("EXISTS", "k");
});
