/**
 * Measures the structures below the server, on whichever runtime executes it:
 *
 *     node scripts/bench_structures.ts [name ...]
 *
 * Prints a Markdown table: nanoseconds are CPU time, milliseconds and microseconds on the wall. With names, only the rows that contain one of them.
 */
import process from "node:process";
import { latin1Bytes } from "../src/base/ascii.ts";
import { KeyHash } from "../src/base/hash.ts";
import { Prng } from "../src/base/prng.ts";
import { Dict } from "../src/heap/dict.ts";
import { ENTRY_HEADER_BYTES } from "../src/heap/entry.ts";
import { Heap } from "../src/heap/heap.ts";
import { PAGE_BYTES } from "../src/heap/page_layout.ts";
import { type Database, NO_EXPIRY } from "../src/keyspace/database.ts";
import { Keyspace } from "../src/keyspace/keyspace.ts";
import { setString } from "../src/keyspace/string_value.ts";
import { Arguments } from "../src/protocol/arguments.ts";
import { CommandsAhead } from "../src/protocol/commands_ahead.ts";
import { PARSED_COMMAND, RequestParser } from "../src/protocol/request_parser.ts";
import { BufferPool, ReplyWriter } from "../src/protocol/reply_writer.ts";

const KEY_BYTES = 16;
const KEY_PREFIX = "key:";
const wanted: readonly string[] = process.argv.slice(2);
const rows: [name: string, value: string][] = [];
const prng = new Prng(latin1Bytes("sixteen bytes it"));
/** What was computed is used, so that nothing is optimized away. */
let sink = 0;

function report(name: string, value: number, unit: string): void {
  const text = value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
  rows.push([name, `${text} ${unit}`]);
  process.stderr.write(`${name}: ${text} ${unit}\n`);
}

/**
 * Nanoseconds of CPU time of one of `count` operations: unlike the time on the wall it says the same
 * on a machine that others use too.
 */
function nanoseconds(count: number, action: () => void): number {
  const start = process.cpuUsage();
  action();
  const used = process.cpuUsage(start);
  return (used.user + used.system) * 1e3 / count;
}

/** Milliseconds on the wall, for what is over too soon for the CPU clock. */
function milliseconds(action: () => void): number {
  const start = performance.now();
  action();
  return performance.now() - start;
}

function isWanted(name: string): boolean {
  return wanted.length === 0 || wanted.some((part) => name.includes(part));
}

/** The text of key `number`, as redis-benchmark makes them, into `into`. */
function writeKey(into: Uint8Array, number: number): void {
  for (let i = KEY_BYTES - 1; i >= KEY_PREFIX.length; i--) {
    into[i] = 48 + number % 10;
    number = Math.floor(number / 10);
  }
}

/** Random numbers below `count`, drawn beforehand. */
function drawn(count: number, draws: number): Int32Array {
  const numbers = new Int32Array(draws);
  for (let i = 0; i < draws; i++) numbers[i] = prng.below(count);
  return numbers;
}

/** What the machine can do: one dependent read from 64 MB, mostly missing every cache. */
function benchMemory(): void {
  const count = 1 << 24;
  const next = new Int32Array(count);
  // A full-period generator: every place is visited before one comes again.
  for (let i = 0; i < count; i++) next[i] = (Math.imul(i, 1664525) + 1013904223) & (count - 1);
  const draws = 2_000_000;
  const chase = () => {
    let at = 0;
    for (let i = 0; i < draws; i++) at = next[at];
    sink += at;
  };
  report("one cache miss", nanoseconds(draws, chase), "ns");
}

function benchHash(): void {
  const hash = new KeyHash(1, 2);
  const key = latin1Bytes(KEY_PREFIX.padEnd(KEY_BYTES, "0"));
  const count = 5_000_000;
  const run = () => {
    for (let i = 0; i < count; i++) {
      key[15] = 48 + (i & 7);
      sink += hash.hash(key, 0, KEY_BYTES);
    }
  };
  run();
  report("hash of 16 bytes", nanoseconds(count, run), "ns");
}

function benchHeap(): void {
  const heap = new Heap();
  const count = 1_000_000;
  const refs = new Int32Array(count);
  const order = Int32Array.from(refs.keys());
  for (let i = count - 1; i > 0; i--) {
    const j = prng.below(i + 1);
    const swapped = order[i];
    order[i] = order[j];
    order[j] = swapped;
  }
  const allocateAll = () => {
    for (let i = 0; i < count; i++) {
      refs[i] = heap.allocate(48);
      sink += heap.write(refs[i]);
    }
  };
  const freeAll = () => {
    for (let i = 0; i < count; i++) heap.free(refs[order[i]]);
  };
  allocateAll();
  freeAll();
  report("heap: allocate 48 bytes", nanoseconds(count, allocateAll), "ns");
  report("heap: free, random order", nanoseconds(count, freeAll), "ns");
  allocateAll();
  const mixed = () => {
    for (let i = 0; i < count; i++) {
      heap.free(refs[order[i]]);
      refs[order[i]] = heap.allocate(48);
    }
  };
  report("heap: free and allocate, random order", nanoseconds(count, mixed), "ns");
}

function benchDict(count: number): void {
  const label = `dict of ${count / 1000}k`;
  const heap = new Heap();
  const dict = new Dict(heap);
  const hash = new KeyHash(3, 4);
  const key = latin1Bytes(KEY_PREFIX.padEnd(KEY_BYTES, "0"));
  const insertAll = () => {
    for (let i = 0; i < count; i++) {
      writeKey(key, i);
      const ref = heap.allocate(ENTRY_HEADER_BYTES + KEY_BYTES);
      const at = heap.write(ref);
      heap.words[(at >>> 2) + 1] = KEY_BYTES;
      for (let k = 0; k < KEY_BYTES; k++) heap.bytes[at + ENTRY_HEADER_BYTES + k] = key[k];
      dict.insert(hash.hash(key, 0, KEY_BYTES), ref);
    }
  };
  report(`${label}: insert, entry made too`, nanoseconds(count, insertAll), "ns");
  const draws = 1_000_000;
  const numbers = drawn(count, draws);
  const find = (offset: number) => () => {
    for (let i = 0; i < draws; i++) {
      writeKey(key, numbers[i] + offset);
      sink += dict.find(hash.hash(key, 0, KEY_BYTES), key, 0, KEY_BYTES);
    }
  };
  find(0)();
  report(`${label}: find, hit`, nanoseconds(draws, find(0)), "ns");
  find(count)();
  report(`${label}: find, miss`, nanoseconds(draws, find(count)), "ns");
  const random = () => {
    for (let i = 0; i < draws; i++) sink += dict.random(prng);
  };
  report(`${label}: random`, nanoseconds(draws, random), "ns");
  const scan = () => {
    for (let cursor = 0;;) {
      cursor = dict.scan(cursor);
      sink += dict.scannedCount;
      if (cursor === 0) break;
    }
  };
  report(`${label}: scan, an entry`, nanoseconds(count, scan), "ns");
  report(`${label}: index, an entry`, dict.indexBytes / count, "bytes");
}

function newKeyspace(): Keyspace {
  const keyspace = new Keyspace(prng, { expired() {} }, 1);
  keyspace.setNow(1.7e12);
  return keyspace;
}

function fill(database: Database, count: number, key: Uint8Array, value: Uint8Array): void {
  for (let i = 0; i < count; i++) {
    writeKey(key, i);
    if (value.length === KEY_BYTES) writeKey(value, i);
    setKey(database, key, value);
  }
}

function setKey(database: Database, key: Uint8Array, value: Uint8Array): void {
  const ref = database.lookupWrite(key, 0, key.length);
  setString(database, ref, key, 0, key.length, value, 0, value.length, NO_EXPIRY);
}

function benchDatabase(count: number): void {
  const label = `database of ${count / 1000}k`;
  const keyspace = newKeyspace();
  const [database] = keyspace.databases;
  const { heap } = keyspace;
  const key = latin1Bytes(KEY_PREFIX.padEnd(KEY_BYTES, "0"));
  const value = latin1Bytes("val:".padEnd(KEY_BYTES, "0"));
  report(
    `${label}: SET, new keys`,
    nanoseconds(count, () => fill(database, count, key, value)),
    "ns",
  );
  const draws = 1_000_000;
  const numbers = drawn(count, draws);
  const set = () => {
    for (let i = 0; i < draws; i++) {
      writeKey(key, numbers[i]);
      setKey(database, key, value);
    }
  };
  const reply = new ReplyWriter(new BufferPool());
  const get = () => {
    for (let i = 0; i < draws; i++) {
      writeKey(key, numbers[i]);
      const ref = database.lookupRead(key, 0, KEY_BYTES);
      const length = database.valueLengthOf(ref);
      const at = reply.beginBulk(length);
      database.copyValue(ref, 0, length, reply.bytes, at);
      reply.endBulk();
      sink += length;
      if (reply.length > 16000) reply.release();
    }
  };
  set();
  report(`${label}: SET in place`, nanoseconds(draws, set), "ns");
  get();
  report(`${label}: GET into a reply`, nanoseconds(draws, get), "ns");
  report(`${label}: heap, a key`, heap.allocatedBytes / count, "bytes");
  const all = heap.mappedBytes + heap.bookkeepingBytes;
  report(`${label}: pages and bookkeeping, a key`, all / count, "bytes");
  // Every key set once during a freeze, then read.
  heap.freeze();
  report(`${label}: SET in place while frozen`, nanoseconds(draws, set), "ns");
  heap.release();
}

function benchFreeze(): void {
  const heap = new Heap();
  const refs: number[] = [];
  while (heap.allocatedBytes < 2 ** 30) {
    const ref = heap.allocate(4096);
    heap.setWordAt(ref, 0, 1);
    refs.push(ref);
  }
  const freezes: number[] = [];
  const releases: number[] = [];
  const firstWrites: number[] = [];
  const laterWrites: number[] = [];
  for (let round = 0; round < 40; round++) {
    freezes.push(milliseconds(() => heap.freeze()));
    for (let i = 0; i < 50; i++) {
      const ref = refs[prng.below(refs.length)];
      const copied = heap.copiedPages;
      const time = milliseconds(() => heap.setWordAt(ref, 0, 2)) * 1000;
      if (heap.copiedPages > copied) (round === 0 ? firstWrites : laterWrites).push(time);
    }
    releases.push(milliseconds(() => heap.release()));
  }
  for (
    const [name, times, unit] of [
      ["freeze of 1 GB", freezes, "ms"],
      ["release of 1 GB", releases, "ms"],
      ["first write to a frozen page, fresh memory", firstWrites, "us"],
      ["first write to a frozen page, recycled pages", laterWrites, "us"],
    ] as const
  ) {
    times.sort((a, b) => a - b);
    report(`${name}, p50`, times[times.length >>> 1], unit);
    report(`${name}, max`, times[times.length - 1], unit);
  }
  sink += PAGE_BYTES;
}

function benchProtocol(): void {
  const commands = 64;
  const get = latin1Bytes("*2\r\n$3\r\nGET\r\n$16\r\nkey:000000123456\r\n");
  const set = latin1Bytes(
    "*3\r\n$3\r\nSET\r\n$16\r\nkey:000000123456\r\n$16\r\nval:000000123456\r\n",
  );
  for (const [name, command] of [["GET", get], ["SET", set]] as const) {
    const batch = new Uint8Array(65536);
    for (let i = 0; i < commands; i++) batch.set(command, i * command.length);
    const length = commands * command.length;
    const parser = new RequestParser(
      new Arguments(),
      { bulkLengthMax: 2 ** 29 },
      new CommandsAhead(),
    );
    const rounds = 50_000;
    const run = () => {
      for (let i = 0; i < rounds; i++) {
        parser.feed(batch, length);
        while (parser.next() === PARSED_COMMAND) sink += parser.args.count;
        parser.retain();
      }
    };
    run();
    report(`parser: ${name}, pipeline of 64`, nanoseconds(rounds * commands, run), "ns");
    const cutAt = length - 20;
    const tail = batch.slice(cutAt, length);
    const runCut = () => {
      for (let i = 0; i < rounds; i++) {
        parser.feed(batch, cutAt);
        while (parser.next() === PARSED_COMMAND) sink += parser.args.count;
        parser.retain();
        parser.feed(tail, tail.length);
        while (parser.next() === PARSED_COMMAND) sink += parser.args.count;
        parser.retain();
      }
    };
    runCut();
    report(
      `parser: ${name}, pipeline of 64 in two pieces`,
      nanoseconds(rounds * commands, runCut),
      "ns",
    );
  }
}

function benchReplies(): void {
  const value = latin1Bytes("val:000000123456");
  const reply = new ReplyWriter(new BufferPool());
  const count = 5_000_000;
  const kinds: [string, () => void][] = [
    ["OK", () => reply.ok()],
    ["integer", () => reply.integer(123456)],
    ["bulk of 16 bytes", () => reply.bulk(value, 0, 16)],
  ];
  for (const [name, write] of kinds) {
    const run = () => {
      for (let i = 0; i < count; i++) {
        write();
        if (reply.length > 16000) reply.release();
      }
    };
    run();
    report(`reply: ${name}`, nanoseconds(count, run), "ns");
  }
}

const benches: [string, () => void][] = [
  ["memory", benchMemory],
  ["hash", benchHash],
  ["heap", benchHeap],
  ["dict10k", () => benchDict(10_000)],
  ["dict1M", () => benchDict(1_000_000)],
  ["dict5M", () => benchDict(5_000_000)],
  ["database10k", () => benchDatabase(10_000)],
  ["database1M", () => benchDatabase(1_000_000)],
  ["database5M", () => benchDatabase(5_000_000)],
  ["freeze", benchFreeze],
  ["protocol", benchProtocol],
  ["reply", benchReplies],
];
for (const [name, bench] of benches) if (isWanted(name)) bench();

const runtime = process.versions.bun !== undefined
  ? `bun ${process.versions.bun}`
  : process.versions.deno !== undefined
  ? `deno ${process.versions.deno}`
  : `node ${process.versions.node}`;
console.log(`| structure | ${runtime} |\n|---|---|`);
for (const [name, value] of rows) console.log(`| ${name} | ${value} |`);
if (sink === 0) console.log("nothing was measured");
