/**
 * Append-only files with damage of every sort, loaded as a start loads them: no crash, no hang, no
 * memory out of proportion, and never a part of a file that is taken for the whole. A server loads
 * everything up to a truncated end, and its log says where that was, or it refuses the files, says
 * which one, where and why, and leaves them alone.
 *
 * What there is to load is found by a parser of a few lines of our own, and what it comes to by
 * sending it to another server as a client would.
 *
 * `PAGURUS_FUZZ_COUNT` says how many inputs there are (3,000), `PAGURUS_FUZZ_SEED` which (1). A
 * failure names the seed of its input, which alone can be run again as `PAGURUS_FUZZ_INPUT`.
 */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import type { Prng } from "../../src/base/prng.ts";
import { AofManifestError, parseManifest } from "../../src/persistence/aof/aof_manifest.ts";
import { StartFailure } from "../../src/server/persistence/start_failure.ts";
import { Machine, requestText } from "../simulation/machine.ts";
import type { Connection, Life } from "../simulation/machine.ts";
import { textOf } from "../simulation/history.ts";
import { stateOf } from "../simulation/workload.ts";
import { countOf, IS_ALONE, seededPrng, seedsOf, TELLS_FIGURES } from "./inputs.ts";

const COUNT = countOf(3000);
/** What all inputs together may make the process grow by. */
const GROWTH_BYTES_MAX = 500 << 20;
/** A load of so few bytes takes a few turns; one that takes so many never ends. */
const TURNS_MAX = 10_000;

const FOLDER = "/appendonlydir";
const MANIFEST = `${FOLDER}/appendonly.aof.manifest`;
const RDB_BASE = "appendonly.aof.1.base.rdb";
const TEXT_BASE = "appendonly.aof.1.base.aof";
const FIRST = "appendonly.aof.1.incr.aof";
const SECOND = "appendonly.aof.2.incr.aof";

type Command = readonly string[];

/** What a base holds. */
const BASE: readonly Command[] = [
  ["SELECT", "0"],
  ["SET", "base", "here"],
  ["SET", "n", "41"],
  ["SELECT", "3"],
  ["SET", "other", "x".repeat(300)],
];
const FIRST_COMMANDS: readonly Command[] = [
  ["SELECT", "0"],
  ["SET", "a", "1"],
  ["INCR", "n"],
  ["APPEND", "a", "\r\n*1\r\n$4\r\nPING\r\n"],
  ["MULTI"],
  ["SET", "late", "y", "PXAT", "9904067200000"],
  ["SELECT", "3"],
  ["DEL", "other"],
  ["EXEC"],
];
const SECOND_COMMANDS: readonly Command[] = [
  ["SELECT", "1"],
  ["SET", "k", "v".repeat(100)],
  ["MULTI"],
  ["MSET", "m", "1", "n", "2"],
  ["EXEC"],
  ["SETRANGE", "k", "90", "0123456789abcdef"],
  ["RENAME", "m", "o"],
];

/** Pieces that are put in: lengths, counts, commands and what stands between them. */
const PIECES = [
  ...[
    "*0\r\n",
    "*1\r\n",
    "*-1\r\n",
    "*2147483647\r\n",
    "*999999999999999\r\n",
    "*3",
    "\r\n",
    "\0\0\0",
  ],
  ...[
    "$0\r\n",
    "$-1\r\n",
    "$2147483647\r\n",
    "$999999999999999\r\n",
    "$1\r\n",
    "$",
    "#TS:1\r\n",
    "#",
  ],
  ...[["MULTI"], ["EXEC"], ["SELECT", "9"], ["SELECT", "16"], ["PING"], ["FLUSHALL"]].map(
    requestText,
  ),
  ...[["SET", "a"], ["INCR", "a"], ["NONSENSE", "x"], ["DEBUG", "LOADAOF"]].map(requestText),
  ...[["BGREWRITEAOF"], ["SAVE"], ["SHUTDOWN", "NOSAVE"], ["CONFIG", "SET", "appendonly", "no"]]
    .map(requestText),
  ...["file x seq 1 type i\n", "file x seq 9 type b\n", "type", "seq 0 ", '"', "\n", " "],
];

/** What a reader of a few lines makes of the bytes of a file. */
interface Parsed {
  readonly commands: Command[];
  /** Where the last of the commands ends, a transaction that is not whole left out. */
  readonly endBytes: number;
  readonly state: "whole" | "truncated" | "bad";
}

function parse(text: string): Parsed {
  const commands: Command[] = [];
  let at = 0;
  let multi = -1;
  let multiCount = 0;
  let state: Parsed["state"] = "whole";
  while (at < text.length) {
    const found = parseOne(text, at);
    if (typeof found === "string") {
      state = found;
      break;
    }
    const [words, end] = found;
    const name = words[0]?.toLowerCase();
    if (multi < 0 && name === "multi" && words.length === 1) {
      [multi, multiCount] = [at, commands.length];
    } else if (multi >= 0 && name === "exec") multi = -1;
    else if (words.length > 0) commands.push(words);
    at = end;
  }
  if (multi < 0 || state === "bad") return { commands, endBytes: at, state };
  return { commands: commands.slice(0, multiCount), endBytes: multi, state: "truncated" };
}

/** The words that begin there and where they end; no words are an annotation. */
function parseOne(text: string, from: number): [Command, number] | "truncated" | "bad" {
  const broken = (at: number) => /^\0*$/.test(text.slice(at)) ? "truncated" : "bad";
  if (text[from] === "#") {
    const feed = text.indexOf("\n", from);
    if (feed >= 0 && feed - from < 1023) return [[], feed + 1];
    if (text.length - from < 1023) return "truncated";
    return broken(text.indexOf("\0", from));
  }
  let at = from;
  const take = (mark: string): number | "truncated" | "bad" => {
    if (at === text.length) return "truncated";
    if (text[at] !== mark) return broken(at);
    const digits = /^\d*/.exec(text.slice(at + 1, at + 40))![0];
    if (digits.length > 15) return "bad";
    const end = at + 1 + digits.length;
    if (end === text.length) return "truncated";
    if (digits === "") return broken(end);
    // Half of a line end at the end of a file is not looked at.
    if (end + 1 === text.length) return "truncated";
    if (text[end] !== "\r") return broken(end);
    if (text[end + 1] !== "\n") return broken(end + 1);
    at = end + 2;
    return Number(digits);
  };
  const count = take("*");
  if (typeof count !== "number") return count;
  if (count === 0 || count > 2 ** 31 - 1) return "bad";
  const words: string[] = [];
  while (words.length < count) {
    const length = take("$");
    if (typeof length !== "number") return length;
    if (at + length + 2 > text.length) return "truncated";
    words.push(text.slice(at, at + length));
    at += length;
    if (text[at] !== "\r") return broken(at);
    if (text[at + 1] !== "\n") return broken(at + 1);
    at += 2;
  }
  return [words, at];
}

/** Damages a text in one to four places; a part of them are cuts, which leave a truncated end. */
function damaged(prng: Prng, good: string): string {
  let text = good;
  for (let times = 1 + prng.below(prng.below(4) + 1); times > 0; times--) {
    const at = prng.below(text.length + 1);
    const length = prng.below(prng.below(64) + 1);
    const end = Math.min(text.length, at + length);
    const kind = prng.below(8);
    let put = "";
    if (kind === 0) put = String.fromCharCode((text.charCodeAt(at) || 0) ^ 1 << prng.below(8));
    else if (kind === 1) put = String.fromCharCode(prng.below(256));
    else if (kind === 2) put = "0123456789\r\n$*#\0"[prng.below(16)];
    if (kind <= 2) text = text.slice(0, at) + put + text.slice(at + 1);
    else if (kind === 3) text = text.slice(0, at);
    else if (kind === 4) text = text.slice(0, at) + text.slice(end);
    else if (kind === 5) text = text.slice(0, end) + text.slice(at);
    else if (kind === 6) {
      text = text.slice(0, at) + PIECES[prng.below(PIECES.length)] + text.slice(at);
    } else text = text.slice(0, at) + "\0".repeat(text.length - at + prng.below(20));
  }
  return text;
}

/** Two servers that live through all inputs: one loads files, the other is told by a client. */
class Bench {
  readonly machine: Machine = new Machine();
  /** How often each thing came of an input. */
  readonly sums: Record<"loaded" | "truncated" | "refused", number> = {
    loaded: 0,
    truncated: 0,
    refused: 0,
  };
  readonly #rdb: string;
  readonly #loader: Life;
  readonly #other: Life;
  readonly #client: Connection;

  static async start(): Promise<Bench> {
    const machine = new Machine();
    const writer = await machine.bootUp({ appendonly: "no" });
    const client = writer.connect();
    for (const command of BASE) client.ask(...command);
    assert.equal(client.line("SAVE"), "+OK\r\n");
    const rdb = machine.text("/dump.rdb")!;
    writer.die();
    // Not started: every input is a start of its own.
    const loading = new Machine();
    const loader = loading.prepare({ appendonly: "yes" });
    const other = await machine.bootUp({ appendonly: "no", dbfilename: "none.rdb" });
    return new Bench(loading, rdb, loader, other);
  }

  private constructor(machine: Machine, rdb: string, loader: Life, other: Life) {
    this.machine = machine;
    this.#rdb = rdb;
    this.#loader = loader;
    this.#other = other;
    this.#client = other.connect();
    machine.disk.makeDirectory(FOLDER);
  }

  async run(prng: Prng): Promise<void> {
    const isRdb = prng.below(2) === 0;
    const base = isRdb ? RDB_BASE : TEXT_BASE;
    const files = new Map([
      [base, isRdb ? this.#rdb : textOfCommands(BASE)],
      [FIRST, textOfCommands(FIRST_COMMANDS)],
      [SECOND, textOfCommands(SECOND_COMMANDS)],
    ]);
    let manifest =
      `file ${base} seq 1 type b\nfile ${FIRST} seq 1 type i\nfile ${SECOND} seq 2 type i\n`;
    const which = prng.below(10);
    if (which === 0) manifest = damaged(prng, manifest);
    else {
      const name = which <= 2 ? base : which <= 5 ? FIRST : SECOND;
      files.set(name, damaged(prng, files.get(name)!));
    }
    this.#write(MANIFEST, manifest);
    for (const [name, text] of files) this.#write(`${FOLDER}/${name}`, text);
    this.#loader.log.length = 0;
    if (await this.#starts()) this.#checkLoaded(files, manifest);
    else this.#checkRefused(files, manifest);
    this.#loader.engine.keyspace.flush();
    assert.equal(this.#loader.engine.keyspace.heap.objectCount, 0);
  }

  #write(path: string, text: string): void {
    this.machine.disk.writeFile(path, Buffer.from(text, "latin1"));
  }

  /** What a start does before it opens the files. */
  async #starts(): Promise<boolean> {
    const { loading, rewrites } = this.#loader.engine.persistence;
    rewrites.forgetManifest();
    let isSettled = false;
    let failure: unknown;
    loading.atStart().then(() => isSettled = true, (thrown: unknown) => {
      failure = thrown;
      isSettled = true;
    });
    for (let turn = 0; !isSettled; turn++) {
      assert.ok(turn < TURNS_MAX, "the load does not end");
      this.#loader.advance(0);
      await null;
    }
    if (failure !== undefined && !(failure instanceof StartFailure)) throw failure;
    return failure === undefined;
  }

  #checkLoaded(files: ReadonlyMap<string, string>, manifest: string): void {
    const { base, incremental } = parseManifest(Buffer.from(manifest, "latin1"));
    const names = [...(base === undefined ? [] : [base]), ...incremental].map(({ name }) => name);
    const cuts = this.#loader.logged("!!! Truncating the AOF ");
    const last = names.findLast((name) => files.get(name) !== "");
    const commands: Command[] = [];
    let isCut = false;
    for (const name of names) {
      const text = files.get(name)!;
      const isRdb = text.startsWith("REDIS");
      if (isRdb) commands.push(...BASE);
      const start = isRdb ? this.#rdb.length : 0;
      const parsed = parse(text.slice(start));
      assert.notEqual(parsed.state, "bad", name);
      commands.push(["SELECT", "0"], ...parsed.commands);
      const end = start + parsed.endBytes;
      if (parsed.state === "truncated") {
        assert.equal(name, last);
        assert.equal(cuts.length, 1);
        assert.ok(cuts[0].endsWith(` ${name} at offset ${end} !!!\n`), cuts[0]);
        isCut = true;
      }
      assert.equal(this.machine.text(`${FOLDER}/${name}`), text.slice(0, end));
    }
    assert.equal(cuts.length, isCut ? 1 : 0);
    this.sums[isCut ? "truncated" : "loaded"]++;
    this.#checkContents(commands);
  }

  #checkContents(commands: readonly Command[]): void {
    // A time that has passed means something else to a client than to a loader.
    if (commands.some((words) => /^px?at$/i.test(words[3] ?? "") && Number(words[4]) < 9e12)) {
      return;
    }
    this.#client.ask("FLUSHALL");
    this.#client.send(...commands);
    this.#other.advance(0);
    const replies = this.#client.heard();
    assert.doesNotMatch(replies, /^-/m);
    const nowMs = this.machine.clock.wallMs();
    assert.ok(
      textOf(stateOf(this.#loader.engine), nowMs) === textOf(stateOf(this.#other.engine), nowMs),
      "the contents are not those of the commands",
    );
  }

  #checkRefused(files: ReadonlyMap<string, string>, manifest: string): void {
    this.sums.refused++;
    const log = this.#loader.log.join("");
    for (const [name, text] of files) assert.equal(this.machine.text(`${FOLDER}/${name}`), text);
    assert.equal(this.machine.text(MANIFEST), manifest);
    if (log.includes("FATAL AOF MANIFEST FILE ERROR")) {
      assert.throws(() => parseManifest(Buffer.from(manifest, "latin1")), AofManifestError);
      return;
    }
    assert.match(
      log,
      /# (.*\bappendonly\.aof\.\S+ (\(|ends unexpectedly at )offset \d+(\)|: \S)|The append log file [^]+ doesn't exist|Error reading the RDB base file appendonly\.)/,
    );
    const bad = /Bad file format reading the append only file (\S+) /.exec(log);
    if (bad === null) return;
    const text = files.get(bad[1])!;
    assert.equal(
      parse(text.startsWith("REDIS") ? text.slice(this.#rdb.length) : text).state,
      "bad",
    );
  }
}

function textOfCommands(commands: readonly Command[]): string {
  return commands.map(requestText).join("");
}

test(`${COUNT} damaged append-only files`, async () => {
  const bench = await Bench.start();
  const seeds = seedsOf(COUNT);
  const before = process.memoryUsage().rss;
  for (const seed of seeds) {
    try {
      await bench.run(seededPrng(seed, "pagurus aof fuzz"));
    } catch (error) {
      throw new Error(`the input with the seed ${seed} fails`, { cause: error });
    }
  }
  const grown = process.memoryUsage().rss - before;
  assert.ok(grown < GROWTH_BYTES_MAX, `${seeds.length} inputs took ${grown} bytes`);
  const { loaded, truncated, refused } = bench.sums;
  if (TELLS_FIGURES) console.log(bench.sums);
  // Were all of them refused at the first byte, nothing would have been tried.
  if (!IS_ALONE) {
    assert.ok(loaded > COUNT / 20 && truncated > COUNT / 20 && refused > COUNT / 5);
  }
});
