/** The commands on lists. Encodings are left out: redis-server 7.0 knows no small lists. */
import { conformance } from "../support/compare.ts";
import { error } from "../support/reply.ts";
import { seeded } from "../unit/heap/seeded.ts";

const DEBUG = { args: ["--enable-debug-command", "yes"] };
const long = (length: number, letter = "x") => letter.repeat(length);
/** As many elements as make a list large. */
const MANY = Array.from({ length: 1200 }, (_, i) => `element:${i % 100}`);

conformance("LPUSH, RPUSH, LPUSHX, RPUSHX, LLEN", (c) => {
  c.do("LPUSH", "l", "a");
  c.do("LPUSH", "l", "b", "c", "d");
  c.do("RPUSH", "l", "1", "-5", "300", "70000", "9007199254740993", "-9223372036854775808");
  c.do("RPUSH", "l", "", "007", "1e3", "9223372036854775808", " 1");
  c.do("LRANGE", "l", "0", "-1");
  c.do("LLEN", "l");
  c.do("LPUSHX", "l", "e", "f");
  c.do("RPUSHX", "l", "g", "h");
  c.do("LPUSHX", "missing", "e");
  c.do("RPUSHX", "missing", "e", "f");
  c.do("EXISTS", "missing");
  c.do("LLEN", "missing");
  c.do("TYPE", "l");
  c.do("RPUSH", "m", ...MANY);
  c.do("LPUSH", "n", ...MANY);
  c.do("LRANGE", "m", "0", "-1");
  c.do("LRANGE", "n", "0", "-1");
  c.do("LLEN", "n");
});

conformance("the list commands: wrong types and wrong numbers of arguments", (c) => {
  c.do("SET", "s", "v");
  c.do("RPUSH", "l", "a");
  const commands = [
    ...["LPUSH s a", "RPUSH s a", "LPUSHX s a", "RPUSHX s a", "LPOP s", "RPOP s", "LPOP s 1"],
    ...["RPOP s 0", "LLEN s", "LINDEX s 0", "LINDEX s x", "LINSERT s BEFORE a b", "LRANGE s 0 -1"],
    ...["LREM s 0 a", "LSET s 0 a", "LSET s x a", "LTRIM s 0 -1", "LPOS s a", "LPOS s a COUNT 1"],
    ...["LMOVE s l LEFT RIGHT", "LMOVE l s LEFT RIGHT", "RPOPLPUSH s l", "RPOPLPUSH l s"],
    ...["LMOVE missing s LEFT LEFT", "RPOPLPUSH missing s", "LMPOP 1 s LEFT", "LMPOP 2 s l LEFT"],
    ...["LMPOP 2 missing s RIGHT COUNT 2", "GET l", "SET l v GET", "INCR l", "APPEND l x"],
    ...["LPUSH", "LPUSH l", "RPUSH l", "LPUSHX l", "RPUSHX l", "LPOP", "LPOP l 1 2", "RPOP l 1 2"],
    ...["LLEN", "LLEN l x", "LINDEX l", "LINDEX l 0 0", "LINSERT l BEFORE a", "LRANGE l 0"],
    ...["LINSERT l BEFORE a b c", "LRANGE l 0 1 2", "LREM l 0", "LSET l 0", "LTRIM l 0", "LPOS l"],
    ...["LMOVE a b LEFT", "RPOPLPUSH a", "RPOPLPUSH a b c", "LMPOP", "LMPOP 1", "LMPOP 1 l"],
  ];
  for (const command of commands) c.do(...command.split(" "));
  c.do("LRANGE", "l", "0", "-1");
});

conformance("LPOP and RPOP", (c) => {
  for (const elements of [["a", "2", "c", "", "-7000", long(600), long(20000)], MANY]) {
    c.do("DEL", "l");
    c.do("RPUSH", "l", ...elements);
    c.do("LPOP", "l");
    c.do("RPOP", "l");
    c.do("LPOP", "l", "0");
    c.do("LPOP", "l", "2");
    c.do("RPOP", "l", "2");
    c.do("LLEN", "l");
    c.do("RPOP", "l", "1000");
    c.do("LPOP", "l", "1000");
    c.do("EXISTS", "l");
    c.do("LPOP", "l");
    c.do("LPOP", "l", "1");
    c.do("LPOP", "l", "0");
    c.do("RPOP", "l");
  }
  c.do("RPUSH", "l", "a", "b");
  for (const count of ["-1", "x", "1.5", "", "9223372036854775807", "9223372036854775808"]) {
    c.do("LPOP", "l", count);
    c.do("RPOP", "missing", count);
    c.do("RPUSH", "l", "a", "b");
  }
});

conformance("LINDEX, LRANGE", (c) => {
  const positions = ["0", "1", "-1", "-2", "5", "6", "-6", "-7", "700", "1199", "1200", "-1200"];
  positions.push("-1201", "9007199254740993", "-9223372036854775808", "9223372036854775807");
  c.do("RPUSH", "small", "a", "b", "3", "", "e", "40000");
  c.do("RPUSH", "large", ...MANY);
  c.do("RPUSH", "mixed", "a", long(513), "b", long(9000), long(512), "7", long(9000, "y"));
  c.do("RPUSH", "mixed", ...MANY.slice(0, 500), long(70000), "end");
  for (const key of ["small", "large", "mixed", "missing"]) {
    for (const position of positions) c.do("LINDEX", key, position);
    c.do("LINDEX", key, "x");
    for (const start of positions) for (const end of positions) c.do("LRANGE", key, start, end);
    c.do("LRANGE", key, "x", "0");
    c.do("LRANGE", key, "0", "1.0");
    c.do("LRANGE", key, "0", "9223372036854775808");
  }
});

conformance("LSET", (c) => {
  c.do("LSET", "missing", "0", "v");
  c.do("LSET", "missing", "x", "v");
  const values = ["v", "", "17", long(16), long(600), long(9000), "-1", long(512), long(513)];
  for (const elements of [["a", "b", "3"], MANY, [long(9000), "b", long(700)]]) {
    c.do("DEL", "l");
    c.do("RPUSH", "l", ...elements);
    for (const [i, value] of values.entries()) {
      for (const index of ["0", "-1", "1", String(i * 37 % 1200)]) c.do("LSET", "l", index, value);
    }
    for (const index of ["-3", "-4", "3", "1200", "-1201", "x", "1.5", "9223372036854775807"]) {
      c.do("LSET", "l", index, "v");
    }
    c.do("LRANGE", "l", "0", "-1");
  }
});

conformance("LINSERT", (c) => {
  c.do("LINSERT", "missing", "BEFORE", "a", "b");
  c.do("LINSERT", "missing", "NEAR", "a", "b");
  for (const elements of [["a", "b", "3", "b", long(600)], MANY, [long(9000), "b", long(700)]]) {
    c.do("DEL", "l");
    c.do("RPUSH", "l", ...elements);
    for (const pivot of ["a", "b", "3", "nothing", "03", elements[1], elements.at(-1)!, ""]) {
      for (const value of ["v", "12", "", long(600), long(9000), long(512)]) {
        c.do("LINSERT", "l", "BEFORE", pivot, value);
        c.do("LINSERT", "l", "after", pivot, value);
      }
    }
    c.do("LINSERT", "l", "NEAR", "a", "b");
    c.do("LRANGE", "l", "0", "-1");
  }
});

conformance("LREM", (c) => {
  c.do("LREM", "missing", "0", "a");
  for (const elements of [["a", "b", "3", "b", "a", "b", long(600), "b"], MANY]) {
    for (const element of ["b", "3", "element:7", "nothing", long(600), "03"]) {
      for (const count of ["0", "1", "-1", "2", "-2", "11", "-11", "100", "-100"]) {
        c.do("DEL", "l");
        c.do("RPUSH", "l", ...elements);
        c.do("LREM", "l", count, element);
        c.do("LRANGE", "l", "0", "-1");
      }
    }
    c.do("LREM", "l", "x", "a");
    c.do("LREM", "l", "9223372036854775807", "a");
    c.do("LREM", "l", "9223372036854775808", "a");
    c.do("LREM", "l", "-9223372036854775807", "a");
  }
  c.do("RPUSH", "same", ...MANY.map(() => "same"));
  c.do("LREM", "same", "-700", "same");
  c.do("LREM", "same", "0", "same");
  c.do("EXISTS", "same");
  c.do("RPUSH", "longs", long(9000), "a", long(9000), long(9000, "y"), long(9000));
  c.do("LREM", "longs", "-2", long(9000));
  c.do("LRANGE", "longs", "0", "-1");
});

conformance("LTRIM", (c) => {
  const positions = ["0", "1", "-1", "-2", "3", "600", "-600", "1199", "1200", "-1200", "-1201"];
  positions.push("9223372036854775807", "-9223372036854775808");
  for (const elements of [["a", "b", "3", long(600)], MANY.slice(0, 700)]) {
    for (const start of positions) {
      for (const end of positions) {
        c.do("DEL", "l");
        c.do("RPUSH", "l", ...elements);
        c.do("LTRIM", "l", start, end);
        c.do("LLEN", "l");
        c.do("LINDEX", "l", "0");
        c.do("LINDEX", "l", "-1");
      }
    }
  }
  c.do("LTRIM", "missing", "0", "1");
  c.do("LTRIM", "missing", "x", "1");
  c.do("LTRIM", "missing", "0", "x");
});

conformance("LPOS", (c) => {
  c.do("RPUSH", "small", "a", "b", "3", "b", "a", "b", long(600), "b");
  c.do("RPUSH", "large", ...MANY);
  c.do("RPUSH", "mixed", ...MANY.slice(0, 600), long(600), "b", "b", ...MANY.slice(0, 600));
  for (const key of ["small", "large", "mixed", "missing"]) {
    for (const element of ["b", "3", "element:7", "nothing", long(600), "03"]) {
      for (const rank of ["1", "2", "-1", "-2", "5", "-5", "100", "-100"]) {
        c.do("LPOS", key, element, "RANK", rank);
        for (const count of ["0", "1", "3"]) {
          c.do("LPOS", key, element, "RANK", rank, "COUNT", count);
          c.do("LPOS", key, element, "COUNT", count, "rank", rank, "MAXLEN", "250");
        }
        c.do("LPOS", key, element, "MAXLEN", "4", "RANK", rank);
      }
      c.do("LPOS", key, element);
      c.do("LPOS", key, element, "COUNT", "0", "MAXLEN", "0");
      c.do("LPOS", key, element, "MAXLEN", "1", "MAXLEN", "0");
    }
  }
  const wrong = [
    ...["RANK 0", "RANK x", "RANK", "COUNT -1", "COUNT x", "COUNT", "MAXLEN -1", "MAXLEN x"],
    ...["MAXLEN", "NOSUCH 1", "RANK 1 COUNT", "RANK 0 NOSUCH", "RANK 9223372036854775808"],
    ...["RANK 9223372036854775807", "RANK -9223372036854775807", "COUNT 9223372036854775807"],
  ];
  for (const options of wrong) {
    c.do("LPOS", "small", "b", ...options.split(" "));
    c.do("LPOS", "missing", "b", ...options.split(" "));
  }
  // Redis 7.0 takes the least integer, whose negative overflows; 8.0 refuses it.
  const outOfRange = error(
    "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
  );
  c.doExpect(outOfRange, "LPOS", "small", "b", "RANK", "-9223372036854775808");
  c.doExpect(outOfRange, "LREM", "small", "-9223372036854775808", "b");
});

conformance("LMOVE and RPOPLPUSH", (c) => {
  for (const elements of [["a", "2", "c"], MANY, [long(9000), "b"]]) {
    c.do("DEL", "l", "m");
    c.do("RPUSH", "l", ...elements);
    for (const from of ["LEFT", "right"]) {
      for (const to of ["left", "RIGHT"]) {
        c.do("LMOVE", "l", "l", from, to);
        c.do("LMOVE", "l", "m", from, to);
        c.do("LMOVE", "m", "l", from, to);
        c.do("LMOVE", "missing", "l", from, to);
        c.do("LMOVE", "l", "m", to, from);
      }
    }
    for (let i = 0; i < 5; i++) c.do("RPOPLPUSH", "l", "m");
    c.do("RPOPLPUSH", "m", "m");
    c.do("LRANGE", "l", "0", "-1");
    c.do("LRANGE", "m", "0", "-1");
  }
  c.do("DEL", "l");
  c.do("RPUSH", "l", "one");
  c.do("RPOPLPUSH", "l", "l");
  c.do("LMOVE", "l", "l", "LEFT", "LEFT");
  c.do("EXPIRE", "l", "1000");
  c.do("LMOVE", "l", "l", "LEFT", "RIGHT");
  c.do("TTL", "l");
  c.do("RPOPLPUSH", "l", "other");
  c.do("EXISTS", "l");
  c.do("RPOPLPUSH", "missing", "other");
  c.do("LMOVE", "l", "other", "UP", "LEFT");
  c.do("LMOVE", "l", "other", "LEFT", "DOWN");
  c.do("LMOVE", "missing", "other", "LEFT", "DOWN");
});

conformance("LMPOP", (c) => {
  for (const elements of [["a", "2", "c"], MANY]) {
    for (const end of ["LEFT", "right"]) {
      for (const options of [[], ["COUNT", "1"], ["count", "2"], ["COUNT", "10000"]]) {
        c.do("RPUSH", "l", ...elements);
        c.do("RPUSH", "m", "x", "y");
        c.do("LMPOP", "2", "missing", "l", end, ...options);
        c.do("LMPOP", "3", "missing", "l", "m", end, ...options);
        c.do("LMPOP", "1", "missing", end, ...options);
        c.do("LRANGE", "l", "0", "-1");
        c.do("DEL", "l", "m");
      }
    }
  }
  const wrong = [
    ...["0 l LEFT", "-1 l LEFT", "x l LEFT", "1.5 l LEFT", "2 l LEFT", "1 l UP", "3 l m LEFT"],
    ...["1 l LEFT COUNT", "1 l LEFT COUNT 0", "1 l LEFT COUNT -1", "1 l LEFT COUNT x"],
    ...["1 l LEFT NOSUCH", "1 l LEFT COUNT 1 COUNT 2", "1 l LEFT COUNT 1 x", "1 l LEFT NOSUCH 1"],
    ...["9223372036854775807 l LEFT", "1 l LEFT COUNT 9223372036854775807", "1 l m LEFT"],
  ];
  for (const words of wrong) c.do("LMPOP", ...words.split(" "));
});

conformance("lists: COMMAND GETKEYS", (c) => {
  const commands = [
    ...["LPUSH k a b", "LMOVE a b LEFT LEFT", "RPOPLPUSH a b", "LMPOP 2 a b LEFT", "LPOS k e"],
    ...["LMPOP 1 a LEFT COUNT 3", "LMPOP 0 a LEFT", "LMPOP x a LEFT", "LMPOP 5 a LEFT"],
  ];
  for (const command of commands) {
    c.do("COMMAND", "GETKEYS", ...command.split(" "));
    c.do("COMMAND", "GETKEYSANDFLAGS", ...command.split(" "));
  }
});

conformance("lists: copied, moved, dumped, expired", (c) => {
  for (const elements of [["a", "2", "c"], MANY, [long(9000), "b", ...MANY]]) {
    c.do("FLUSHALL");
    c.do("RPUSH", "l", ...elements);
    c.do("COPY", "l", "copy");
    c.do("LPUSH", "l", "more");
    c.do("LRANGE", "copy", "0", "-1");
    c.do("RENAME", "copy", "renamed");
    c.do("LINDEX", "renamed", "-1");
    c.do("MOVE", "renamed", "1");
    c.do("EXPIRE", "l", "1000");
    c.do("RPUSH", "l", "x");
    c.do("TTL", "l");
    c.do("PERSIST", "l");
    c.do("LRANGE", "l", "0", "-1");
    c.do("SET", "l", "string");
    c.do("DEBUG", "DIGEST");
  }
}, DEBUG);

/** Sizes around every threshold of a leaf and of a small list. */
const LENGTHS = [
  0,
  1,
  2,
  3,
  15,
  16,
  16,
  16,
  63,
  64,
  125,
  126,
  511,
  512,
  513,
  1400,
  4083,
  4096,
  8192,
];

function randomRun(seed: number, commands: number, lengths: readonly number[]): void {
  conformance(`lists: ${commands} random commands, seed ${seed}`, (c) => {
    const prng = seeded(seed);
    const below = (limit: number) => prng.nextUint32() % limit;
    const key = () => `l${below(4)}`;
    const text = () => {
      if (below(4) === 0) return String(below(2) ? below(300) - 100 : below(2 ** 31) * 1000);
      return String.fromCharCode(97 + below(3)).repeat(lengths[below(lengths.length)]);
    };
    const texts = () => Array.from({ length: below(3) ? 1 + below(4) : below(300) + 1 }, text);
    const index = () => String(below(3) ? below(500) - 250 : below(20) - 10);
    const end = () => below(2) ? "LEFT" : "RIGHT";
    for (let i = 0; i < commands; i++) {
      switch (below(13)) {
        case 0:
        case 1:
          c.do("RPUSH", key(), ...texts());
          break;
        case 2:
        case 3:
          c.do("LPUSH", key(), ...texts());
          break;
        case 4:
          c.do(below(2) ? "LPOP" : "RPOP", key(), ...(below(2) ? [] : [String(below(100))]));
          break;
        case 5:
          c.do("LSET", key(), index(), text());
          break;
        case 6:
          c.do("LINSERT", key(), below(2) ? "BEFORE" : "AFTER", text(), text());
          break;
        case 7:
          c.do("LREM", key(), String(below(20) - 10), text());
          break;
        case 8:
          c.do("LMOVE", key(), key(), end(), end());
          break;
        case 9:
          c.do("LPOS", key(), text(), "RANK", String(below(9) + 1), "COUNT", String(below(5)));
          break;
        case 10:
          c.do("LRANGE", key(), index(), index());
          break;
        case 11:
          if (below(4) === 0) c.do("LTRIM", key(), index(), index());
          else c.do("LINDEX", key(), index());
          break;
        default:
          c.do("LLEN", key());
      }
      if (i % 100 === 99) c.do("DEBUG", "DIGEST");
    }
    for (let i = 0; i < 4; i++) {
      c.do("DEBUG", "DIGEST-VALUE", `l${i}`);
      c.do("LRANGE", `l${i}`, "0", "-1");
    }
  }, { ...DEBUG, protocols: [seed % 2 === 0 ? 2 : 3] });
}

randomRun(1, 1500, LENGTHS);
randomRun(2, 1500, [1, 2, 16, 16, 16, 16]);
randomRun(3, 1500, [3, 3, 3, 3, 3, 16]);
randomRun(4, 1000, [100, 500, 513, 600, 5000]);
