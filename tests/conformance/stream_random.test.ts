/** Random commands on streams and their groups, and files of what comes of them. */
import type { Prng } from "../../src/base/prng.ts";
import { conformance } from "../support/compare.ts";
import type { Argument } from "../support/resp_client.ts";
import { seeded } from "../unit/heap/seeded.ts";
import { withoutIdleTimes, withoutTimes } from "./stream_replies.ts";

const ARGS = { args: ["--enable-debug-command", "yes", "--rdbcompression", "no"] };

/** Draws commands that mostly succeed. */
class Commands {
  readonly #prng: Prng;
  #ms = 1;

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  #key(): string {
    return `s${this.#prng.below(3)}`;
  }

  #group(): string {
    return `g${this.#prng.below(3)}`;
  }

  #consumer(): string {
    return `c${this.#prng.below(5)}`;
  }

  /** The id of an entry that may be there, most likely one of the last. */
  #id(): string {
    const prng = this.#prng;
    const back = prng.below(4) === 0 ? prng.below(this.#ms) : prng.below(60);
    return `${Math.max(0, this.#ms - back)}-${prng.below(2)}`;
  }

  #ids(most: number): string[] {
    return Array.from({ length: 1 + this.#prng.below(most) }, () => this.#id());
  }

  #fields(): Argument[] {
    const prng = this.#prng;
    const value = () => {
      const kind = prng.below(12);
      if (kind === 0) return "x".repeat(prng.below(600));
      return kind < 7 ? String(prng.below(100_000) - 50_000) : `v${prng.below(1000)}`;
    };
    if (prng.below(5) > 0) return ["sensor", value(), "value", value()];
    return Array.from({ length: 1 + prng.below(4) }, (_, i) => [`f${i * prng.below(3)}`, value()])
      .flat();
  }

  /** A threshold to trim by. */
  #trim(): Argument[] {
    const prng = this.#prng;
    const about = ["=", "~"][prng.below(2)];
    if (prng.below(2) === 0) return ["MAXLEN", about, prng.below(400)];
    return ["MINID", about, this.#id()];
  }

  /** The command, and how its reply is to be compared. */
  next(): [Argument[], (typeof withoutTimes) | undefined] {
    const prng = this.#prng;
    const key = this.#key();
    const kind = prng.below(100);
    if (kind < 45) {
      this.#ms += prng.below(4) === 0 ? prng.below(1000) : 1;
      const trim = prng.below(30) === 0 ? this.#trim() : [];
      return [["XADD", key, ...trim, `${this.#ms}-${prng.below(2)}`, ...this.#fields()], undefined];
    }
    if (kind < 52) return [["XDEL", key, ...this.#ids(20)], undefined];
    if (kind < 53) return [["XTRIM", key, ...this.#trim()], undefined];
    if (kind < 57) return [["XRANGE", key, this.#id(), "+", "COUNT", prng.below(20)], undefined];
    if (kind < 61) return [["XREVRANGE", key, this.#id(), "-", "COUNT", prng.below(9)], undefined];
    if (kind < 63) return [["XREAD", "COUNT", "5", "STREAMS", key, this.#id()], undefined];
    if (kind < 64) {
      const start = prng.below(2) === 0 ? "$" : this.#id();
      return [["XGROUP", "CREATE", key, this.#group(), start, "MKSTREAM"], undefined];
    }
    if (kind < 75) {
      const read = [
        "XREADGROUP",
        "GROUP",
        this.#group(),
        this.#consumer(),
        "COUNT",
        prng.below(30),
      ];
      return [[...read, "STREAMS", key, ">"], undefined];
    }
    if (kind < 77) {
      const read = ["XREADGROUP", "GROUP", this.#group(), this.#consumer(), "COUNT", "5"];
      return [[...read, "STREAMS", key, this.#id()], undefined];
    }
    if (kind < 85) return [["XACK", key, this.#group(), ...this.#ids(20)], undefined];
    if (kind < 88) {
      const range = ["-", "+", prng.below(20)];
      return [["XPENDING", key, this.#group(), ...range], withoutIdleTimes];
    }
    if (kind < 91) {
      return [["XCLAIM", key, this.#group(), "c1", "0", ...this.#ids(9), "FORCE"], undefined];
    }
    if (kind < 93) {
      return [["XAUTOCLAIM", key, this.#group(), "c2", "0", this.#id(), "COUNT", "7"], undefined];
    }
    if (kind < 94) return [["XGROUP", "DELCONSUMER", key, this.#group(), "c3"], undefined];
    if (kind < 95) return [["XPENDING", key, this.#group()], undefined];
    if (kind < 97) return [["XINFO", "STREAM", key], undefined];
    if (kind < 98) return [["COPY", key, "copy", "REPLACE"], undefined];
    if (kind < 99 || prng.below(12) > 0) return [["XLEN", key], undefined];
    const last: Argument[][] = [["DEL", key], ["XGROUP", "DESTROY", key, this.#group()]];
    return [last[prng.below(2)], undefined];
  }
}

for (const seed of [1, 2, 3, 4]) {
  conformance(`random commands on streams, seed ${seed}`, (c) => {
    const commands = new Commands(seeded(seed));
    const check = () => {
      c.do("DEBUG", "DIGEST");
      for (const key of ["s0", "s1", "s2", "copy"]) {
        c.doNormalized(withoutTimes, "XINFO", "STREAM", key, "FULL", "COUNT", "100000");
      }
    };
    for (let i = 0; i < 3000; i++) {
      const [command, normalize] = commands.next();
      // 7.0 makes a consumer only for what it gets.
      if (/^X(AUTO)?CLAIM$/.test(String(command[0]))) {
        c.do("XGROUP", "CREATECONSUMER", ...command.slice(1, 4));
      } else if (command[0] === "XREADGROUP") {
        c.do("XGROUP", "CREATECONSUMER", command[7], command[2], command[3]);
      }
      if (normalize === undefined) c.do(...command);
      else c.doNormalized(normalize, ...command);
      if (i % 500 === 499) check();
    }
    c.do("DEBUG", "RELOAD");
    check();
  }, { ...ARGS, protocols: [seed % 2 === 0 ? 2 : 3] });
}
