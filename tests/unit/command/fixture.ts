/** Commands of every family on a keyspace of their own, without a server around them. */
import assert from "node:assert/strict";
import { latin1, latin1Bytes } from "../../../src/base/ascii.ts";
import { Prng } from "../../../src/base/prng.ts";
import { bitmapCommands } from "../../../src/command/bitmap/commands.ts";
import { Call } from "../../../src/command/call.ts";
import type { CommandDefinition } from "../../../src/command/definition.ts";
import { genericCommands } from "../../../src/command/generic/commands.ts";
import { dumpCommands } from "../../../src/command/generic/dump.ts";
import { geoCommands } from "../../../src/command/geo/commands.ts";
import { hashCommands } from "../../../src/command/hash/commands.ts";
import { hyperloglogCommands } from "../../../src/command/hyperloglog/commands.ts";
import { listCommands } from "../../../src/command/list/commands.ts";
import {
  EVENT_EVICTED,
  EVENT_EXPIRED,
  EVENT_GENERIC,
  EVENT_HASH,
  EVENT_KEY_MISS,
  EVENT_LIST,
  EVENT_NEW,
  EVENT_SET,
  EVENT_STREAM,
  EVENT_STRING,
  EVENT_ZSET,
} from "../../../src/command/key_events.ts";
import { Propagation } from "../../../src/command/propagation.ts";
import { setCommands } from "../../../src/command/set/commands.ts";
import { sortCommands } from "../../../src/command/sort/commands.ts";
import { streamCommands } from "../../../src/command/stream/commands.ts";
import { stringCommands } from "../../../src/command/string/commands.ts";
import { zsetCommands } from "../../../src/command/zset/commands.ts";
import { type Database, NO_EXPIRY } from "../../../src/keyspace/database.ts";
import { Keyspace } from "../../../src/keyspace/keyspace.ts";
import { setString, stringBytes } from "../../../src/keyspace/string_value.ts";
import { ENCODING_NAMES } from "../../../src/keyspace/value_type.ts";
import { Arguments } from "../../../src/protocol/arguments.ts";
import { BufferPool, ReplyWriter } from "../../../src/protocol/reply_writer.ts";
import { wrongArity } from "../../../src/protocol/wire_errors.ts";
import { VISITORS } from "../../../src/server/registry.ts";
import { propagationText } from "../../support/propagation_text.ts";
import { bytesOf, concat } from "../persistence/rdb/fixture.ts";

export const START_MS = 1_700_000_000_000;

const COMMANDS: ReadonlyMap<string, CommandDefinition> = new Map(
  [
    ...[...bitmapCommands, ...dumpCommands, ...genericCommands, ...geoCommands, ...hashCommands],
    ...[...hyperloglogCommands, ...listCommands, ...setCommands, ...sortCommands],
    ...[...streamCommands, ...stringCommands, ...zsetCommands],
  ].map((definition) => [definition.name, definition]),
);

/** The letters of notify-keyspace-events. */
const CLASS_LETTERS: ReadonlyMap<number, string> = new Map([
  [EVENT_GENERIC, "g"],
  [EVENT_STRING, "$"],
  [EVENT_LIST, "l"],
  [EVENT_SET, "s"],
  [EVENT_HASH, "h"],
  [EVENT_ZSET, "z"],
  [EVENT_EXPIRED, "x"],
  [EVENT_EVICTED, "e"],
  [EVENT_STREAM, "t"],
  [EVENT_KEY_MISS, "m"],
  [EVENT_NEW, "n"],
]);

/** Commands, the words of each in one string, and behind each what it tells of keys. */
type EventSteps = readonly (readonly [command: string, ...events: string[]])[];

/** A keyspace of 4 databases whose time stands still; the seed decides what is random. */
export function seededKeyspace(seed: number): Keyspace {
  const keyspace = new Keyspace(new Prng(new Uint8Array(16).fill(seed)), { expired() {} }, 4);
  keyspace.setNow(START_MS);
  return keyspace;
}

/** Runs commands; what expires is propagated as the server does it. */
export class CommandFixture {
  readonly keyspace: Keyspace;
  readonly call: Call;
  /** What went to the log. */
  readonly warnings: string[] = [];
  readonly settings = {
    bulkLengthMax: 512 * 1024 * 1024,
    lazyUserDelete: false,
    lazyUserFlush: false,
    lazyExpire: false,
    sharesIntegers: true,
    skipChecksumValidation: false,
    compressesDump: true,
    warn: (text: string) => void this.warnings.push(text),
  };
  /** What was propagated: database and command, as text. */
  readonly propagated: string[] = [];
  /** What was told of keys, see {@link recordEvents}. */
  readonly events: string[] = [];
  databaseIndex = 0;

  constructor(keyspace: Keyspace = seededKeyspace(1)) {
    this.keyspace = keyspace;
    const propagation = new Propagation();
    propagation.sink = propagationText((line) => this.propagated.push(line));
    const { events } = keyspace;
    events.expired = (database, ref) => {
      propagation.also(database.index, "DEL", database.keyOf(ref));
    };
    events.fieldExpired = (database, ref, bytes, start, end) => {
      propagation.also(database.index, "HDEL", database.keyOf(ref), bytes.slice(start, end));
    };
    const reply = new ReplyWriter(new BufferPool());
    this.call = new Call(keyspace, this.settings, propagation, new Arguments(), reply);
  }

  get nowMs(): number {
    return this.keyspace.nowMs;
  }

  get database(): Database {
    return this.keyspace.databases[this.databaseIndex];
  }

  advance(ms: number): void {
    this.keyspace.setNow(this.keyspace.nowMs + ms);
  }

  /** The entry of a key, 0 when it is absent. */
  entry(key: string): number {
    return this.database.peek(latin1Bytes(key), 0, key.length);
  }

  /** As OBJECT ENCODING says it; "" for no key. */
  encoding(key: string): string {
    const ref = this.entry(key);
    return ref === 0 ? "" : ENCODING_NAMES[this.database.encodingOf(ref)];
  }

  /** Sets a string without a command; `expiresInMs` from now. */
  set(key: string, value = "value", expiresInMs?: number): void {
    const keyBytes = latin1Bytes(key);
    const bytes = latin1Bytes(value);
    const { length } = bytes;
    const expiresAtMs = expiresInMs === undefined ? NO_EXPIRY : this.nowMs + expiresInMs;
    const ref = this.entry(key);
    setString(this.database, ref, keyBytes, 0, key.length, bytes, 0, length, expiresAtMs);
  }

  /** The value of a string, or undefined. */
  get(key: string): string | undefined {
    const ref = this.entry(key);
    return ref === 0 ? undefined : latin1(stringBytes(this.database, ref));
  }

  /** The access bits of a key that is there. */
  access(key: string, change?: number): number {
    const ref = this.entry(key);
    if (change !== undefined) this.database.setAccess(ref, change);
    return this.database.accessOf(ref);
  }

  /** Runs a command and returns its reply as it goes over the wire. */
  run(...words: (string | Uint8Array)[]): string {
    return latin1(this.#replyTo(words));
  }

  /** Runs a command whose reply is a bulk string, and returns the string. */
  bulk(...words: (string | Uint8Array)[]): Uint8Array {
    const reply = this.#replyTo(words);
    return reply.slice(reply.indexOf(10) + 1, reply.length - 2);
  }

  /** Runs a command whose reply is an array of bulk strings. */
  list(...words: (string | Uint8Array)[]): string[] {
    return bulks(this.run(...words));
  }

  /** What was propagated since the last time. */
  takePropagated(): string[] {
    return this.propagated.splice(0);
  }

  /**
   * Writes down from now on what is told of keys: `touch key`, and `l lpush key` for an event of
   * class `l`. Of another database than 0 the number comes first: `1: touch key`.
   */
  recordEvents(): void {
    const { keyEvents } = this.call;
    const where = ({ index }: Database) => index === 0 ? "" : `${index}: `;
    keyEvents.listener = {
      touched: (database, bytes, start, end) => {
        this.events.push(`${where(database)}touch ${latin1(bytes, start, end)}`);
      },
      notified: (database, bytes, start, end, eventClass, event) => {
        const letter = CLASS_LETTERS.get(eventClass) ?? "?";
        this.events.push(`${where(database)}${letter} ${event} ${latin1(bytes, start, end)}`);
      },
    };
    keyEvents.classes = [...CLASS_LETTERS.keys()].reduce((bits, bit) => bits | bit);
    keyEvents.tellsTouches = true;
  }

  /** Runs a command, its words in one string, and returns what was told of keys meanwhile. */
  eventsOf(words: string): string[] {
    this.events.length = 0;
    this.run(...words.split(" "));
    return this.events.splice(0);
  }

  /** Runs commands in turn and compares what each tells of keys. */
  checkEvents(steps: EventSteps): void {
    for (const [command, ...events] of steps) {
      assert.deepEqual(this.eventsOf(command), events, command);
    }
  }

  #replyTo(words: readonly (string | Uint8Array)[]): Uint8Array {
    const { call } = this;
    const { reply } = call;
    const parts = words.map(bytesOf);
    const { definition, name } = definitionOf(parts);
    const { arity } = definition;
    if (arity < 0 ? parts.length < -arity : parts.length !== arity) {
      return latin1Bytes(`-${wrongArity(name)}\r\n`);
    }
    const args = argumentsOf(parts);
    call.args = args;
    call.database = this.database;
    call.name = name;
    const dirtyBefore = call.dirty;
    try {
      definition.run!(call);
      return reply.bytes.slice(0, reply.length);
    } finally {
      reply.release();
      const isChanged = call.dirty !== dirtyBefore;
      call.propagation.finish(isChanged, call.database.index, args, !VISITORS.has(name));
    }
  }
}

/** Arguments with other bytes around each, so that reading too far shows. */
function argumentsOf(parts: readonly Uint8Array[]): Arguments {
  const noise = latin1Bytes("#9");
  const args = new Arguments();
  args.bytes = concat([...parts.flatMap((part) => [noise, part]), noise]);
  let at = 0;
  for (const part of parts) {
    at += noise.length;
    args.push(at, at += part.length);
  }
  return args;
}

function definitionOf(
  words: readonly Uint8Array[],
): { definition: CommandDefinition; name: string } {
  const [name, part] = words.slice(0, 2).map((word) => latin1(word).toLowerCase());
  const definition = COMMANDS.get(name);
  if (definition === undefined) throw new Error(`no command ${name}`);
  const subcommand = definition.subcommands?.find((each) => each.name === part);
  return subcommand ? { definition: subcommand, name: `${name}|${part}` } : { definition, name };
}

/** {@link CommandFixture.checkEvents} where nothing has been before. */
export function checkEvents(steps: EventSteps): void {
  const f = new CommandFixture();
  f.recordEvents();
  f.checkEvents(steps);
}

/** The bulk strings in a reply, in order. */
export function bulks(reply: string): string[] {
  const found: string[] = [];
  for (let at = 0; at < reply.length;) {
    const lineEnd = reply.indexOf("\r\n", at);
    if (reply[at] === "$") {
      const length = Number(reply.slice(at + 1, lineEnd));
      found.push(reply.slice(lineEnd + 2, lineEnd + 2 + length));
      at = lineEnd + 4 + length;
    } else at = lineEnd + 2;
  }
  return found;
}
