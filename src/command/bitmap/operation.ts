/**
 * BITOP: AND, OR, XOR of several strings, NOT of one, byte by byte into another; shorter ones are
 * taken as going on in zeros.
 *
 * The result is made in blocks: a block of the first source is copied to a scratch block, the others
 * are worked into it, and it is written to the target. So the target's own object receives it and
 * may be one of the sources too, since a block is read whole before it is written.
 */
import { NO_EXPIRY } from "../../keyspace/database.ts";
import { ENCODING_RAW, TYPE_STRING } from "../../keyspace/value_type.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { EVENT_GENERIC, EVENT_STRING } from "../key_events.ts";

const KIND_RAW = TYPE_STRING | ENCODING_RAW << 4;
/** A multiple of a page of the heap, so that blocks do not cut runs of pages to odd lengths. */
const BLOCK_BYTES = 32 * 1024;
const FIRST_SOURCE = 3;

const AND = 0;
const OR = 1;
const XOR = 2;
const NOT = 3;
const OPERATIONS: readonly string[] = ["and", "or", "xor", "not"];

const block = new Uint8Array(BLOCK_BYTES);
const blockWords = new Int32Array(block.buffer);

export const bitop = defineCommand({
  name: "bitop",
  summary: "Combines strings bit by bit, with AND, OR, XOR or NOT, and stores the result.",
  since: "2.6.0",
  group: "bitmap",
  complexity: "O(N)",
  arity: -4,
  flags: ["write", "denyoom"],
  acl: ["bitmap"],
  keys: [keyRange(2, 2, 1, "OW update"), keyRange(3, -1, 1, "RO access")],
  arguments: [
    {
      name: "operation",
      type: "oneof",
      arguments: [
        { name: "and", type: "pure-token", token: "AND" },
        { name: "or", type: "pure-token", token: "OR" },
        { name: "xor", type: "pure-token", token: "XOR" },
        { name: "not", type: "pure-token", token: "NOT" },
      ],
    },
    { name: "destkey", type: "key", keySpec: 0 },
    { name: "key", type: "key", keySpec: 1, flags: ["multiple"] },
  ],
  run(call) {
    const operation = OPERATIONS.findIndex((name) => call.is(1, name));
    if (operation < 0) return call.syntaxError();
    if (operation === NOT && call.count !== FIRST_SOURCE + 1) {
      return call.reply.error("ERR BITOP NOT must be called with a single source key.");
    }
    const sources: Source[] = [];
    let length = 0;
    for (let i = FIRST_SOURCE; i < call.count; i++) {
      const ref = call.lookupStringRead(i);
      if (ref === WRONG_TYPE_REPLIED) return;
      const source = { ref, length: ref === 0 ? 0 : call.database.valueLengthOf(ref) };
      length = Math.max(length, source.length);
      sources.push(source);
    }
    const target = call.lookupWrite(2);
    if (length > 0) {
      combineInto(call, operation, sources, targetFor(call, target, sources, length), length);
      call.dirty++;
      call.changed(2, EVENT_STRING, "set");
    } else if (target !== 0) {
      call.database.delete(target);
      call.dirty++;
      call.changed(2, EVENT_GENERIC, "del");
    }
    call.reply.integer(length);
  },
});

/** One of the strings that are combined; `ref` 0 when there is none. */
interface Source {
  ref: number;
  readonly length: number;
}

/** The entry of the target, at its new length and without an expiry; what it holds is undefined. */
function targetFor(call: Call, target: number, sources: Source[], length: number): number {
  const database = call.database;
  const { bytes, starts, ends } = call.args;
  if (target !== 0 && database.typeOf(target) !== TYPE_STRING) {
    database.deleteReplaced(target, true);
    target = database.find(bytes, starts[2], ends[2]);
  }
  if (target === 0) {
    return database.add(bytes, starts[2], ends[2], KIND_RAW, length, NO_EXPIRY);
  }
  if (!sources.some((source) => source.ref === target)) {
    return database.replaceValue(target, KIND_RAW, length, NO_EXPIRY);
  }
  // It is about to be read: its bytes stay, and it is known by its new place.
  let moved = database.resizeValue(target, length, database.valueLengthOf(target));
  moved = database.removeExpiry(moved);
  database.setKind(moved, TYPE_STRING, ENCODING_RAW);
  for (const source of sources) if (source.ref === target) source.ref = moved;
  return moved;
}

function combineInto(
  call: Call,
  operation: number,
  sources: readonly Source[],
  target: number,
  length: number,
): void {
  for (let offset = 0; offset < length; offset += BLOCK_BYTES) {
    const size = Math.min(BLOCK_BYTES, length - offset);
    loadBlock(call, sources[0], offset, size);
    if (operation === NOT) invertBlock(size);
    for (let i = 1; i < sources.length; i++) {
      combineBlock(call, operation, sources[i], offset, size);
    }
    call.database.writeValue(target, offset, block, 0, size);
  }
}

/** How much of a source lies in the block of `size` bytes at `offset`. */
function lengthInBlock(source: Source, offset: number, size: number): number {
  return Math.max(0, Math.min(source.length - offset, size));
}

function loadBlock(call: Call, source: Source, offset: number, size: number): void {
  const length = lengthInBlock(source, offset, size);
  call.database.copyValue(source.ref, offset, length, block, 0);
  if (length < size) block.fill(0, length, size);
}

function invertBlock(size: number): void {
  const words = size + 3 >>> 2;
  for (let i = 0; i < words; i++) blockWords[i] = ~blockWords[i];
}

function combineBlock(
  call: Call,
  operation: number,
  source: Source,
  offset: number,
  size: number,
): void {
  const heap = call.keyspace.heap;
  const length = lengthInBlock(source, offset, size);
  for (let done = 0; done < length;) {
    const at = call.database.valueSpan(source.ref, offset + done, length - done);
    const run = heap.spanLength;
    if (((at | done) & 3) === 0) {
      const words = run >>> 2;
      combineWords(operation, heap.words, at >>> 2, done >>> 2, words);
      combineBytes(operation, heap.bytes, at, done, words << 2, run);
    } else combineBytes(operation, heap.bytes, at, done, 0, run);
    done += run;
  }
  if (operation === AND && length < size) block.fill(0, length, size);
}

/** Works `count` words of the heap into the block. */
function combineWords(
  operation: number,
  words: Int32Array,
  from: number,
  to: number,
  count: number,
): void {
  if (operation === AND) {
    for (let i = 0; i < count; i++) blockWords[to + i | 0] &= words[from + i | 0];
  } else if (operation === OR) {
    for (let i = 0; i < count; i++) blockWords[to + i | 0] |= words[from + i | 0];
  } else {
    for (let i = 0; i < count; i++) blockWords[to + i | 0] ^= words[from + i | 0];
  }
}

/** Works the bytes `first` to `end` of a run into the block. */
function combineBytes(
  operation: number,
  bytes: Uint8Array,
  from: number,
  to: number,
  first: number,
  end: number,
): void {
  for (let i = first; i < end; i++) {
    const byte = bytes[from + i];
    if (operation === AND) block[to + i] &= byte;
    else if (operation === OR) block[to + i] |= byte;
    else if (operation === XOR) block[to + i] ^= byte;
  }
}
