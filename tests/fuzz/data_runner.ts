/**
 * Runs commands that work on data against a keyspace, without a server around it: what such a
 * command makes others repeat is thrown away, and a full heap comes out as what was thrown.
 */
import { latin1Bytes } from "../../src/base/ascii.ts";
import { bitmapCommands } from "../../src/command/bitmap/commands.ts";
import { Call } from "../../src/command/call.ts";
import type { CallSettings } from "../../src/command/call.ts";
import type { CommandDefinition } from "../../src/command/definition.ts";
import { genericCommands } from "../../src/command/generic/commands.ts";
import { dumpCommands } from "../../src/command/generic/dump.ts";
import { geoCommands } from "../../src/command/geo/commands.ts";
import { hashCommands } from "../../src/command/hash/commands.ts";
import { hyperloglogCommands } from "../../src/command/hyperloglog/commands.ts";
import { listCommands } from "../../src/command/list/commands.ts";
import { Propagation } from "../../src/command/propagation.ts";
import { setCommands } from "../../src/command/set/commands.ts";
import { sortCommands } from "../../src/command/sort/commands.ts";
import { streamCommands } from "../../src/command/stream/commands.ts";
import { stringCommands } from "../../src/command/string/commands.ts";
import { zsetCommands } from "../../src/command/zset/commands.ts";
import { addValue, Digest } from "../../src/keyspace/digest.ts";
import type { Keyspace } from "../../src/keyspace/keyspace.ts";
import { Arguments } from "../../src/protocol/arguments.ts";
import { BufferPool, ReplyWriter } from "../../src/protocol/reply_writer.ts";
import { concat } from "../unit/persistence/rdb/fixture.ts";

export type Word = string | Uint8Array;

const DEFINITIONS: ReadonlyMap<string, CommandDefinition> = new Map(
  [
    ...[...bitmapCommands, ...dumpCommands, ...genericCommands, ...geoCommands, ...hashCommands],
    ...[...hyperloglogCommands, ...listCommands, ...setCommands, ...sortCommands],
    ...[...streamCommands, ...stringCommands, ...zsetCommands],
  ].map((definition) => [definition.name, definition]),
);

/** See the top of this file. */
export class DataRunner {
  readonly keyspace: Keyspace;
  /** The database that commands work on. */
  databaseIndex = 0;
  readonly settings: CallSettings = {
    bulkLengthMax: 512 << 20,
    lazyUserDelete: false,
    lazyUserFlush: false,
    lazyExpire: false,
    sharesIntegers: false,
    skipChecksumValidation: false,
    compressesDump: true,
    warn() {},
  };
  readonly #call: Call;
  readonly #digest: Digest;

  constructor(keyspace: Keyspace) {
    this.keyspace = keyspace;
    const reply = new ReplyWriter(new BufferPool());
    this.#call = new Call(keyspace, this.settings, new Propagation(), new Arguments(), reply);
    this.#digest = new Digest(keyspace.heap);
  }

  /** What has counted as changes so far. */
  get dirty(): number {
    return this.#call.dirty;
  }

  /** Runs a command and returns its reply as it goes over the wire. */
  run(words: readonly Word[]): Uint8Array {
    const call = this.#call;
    const { reply } = call;
    const definition = definitionOf(words);
    if (definition.run === undefined) throw new Error(`${words[0]} cannot be run`);
    const args = new Arguments();
    // Other bytes around every argument, so that reading too far shows.
    const parts = words.flatMap((
      word,
    ) => [NOISE, typeof word === "string" ? latin1Bytes(word) : word]);
    args.bytes = concat([...parts, NOISE]);
    let at = 0;
    for (const word of words) {
      at += NOISE.length;
      args.push(at, at + word.length);
      at += word.length;
    }
    call.args = args;
    call.name = definition.name;
    call.database = this.keyspace.databases[this.databaseIndex];
    reply.truncate(0);
    definition.run(call);
    return reply.bytes.slice(0, reply.length);
  }

  /** As {@link run}, as Latin-1. */
  text(...words: readonly Word[]): string {
    return Buffer.from(this.run(words)).toString("latin1");
  }

  /** The bulk string that a command replies. */
  bulk(...words: readonly Word[]): Uint8Array {
    const reply = this.run(words);
    return reply.slice(reply.indexOf(10) + 1, reply.length - 2);
  }

  /** What a digest does not cover of a stream, as the replies that tell it; nothing of other types. */
  groupsOf(key: string): string {
    if (this.text("TYPE", key) !== "+stream\r\n") return "";
    const groups = this.text("XINFO", "GROUPS", key);
    const names = groups.matchAll(/\$4\r\nname\r\n\$\d+\r\n(.*)\r\n/g);
    return groups + [...names].map(([, name]) => this.text("XPENDING", key, name)).join("");
  }

  /** DEBUG DIGEST-VALUE of a key. */
  digestOf(key: string): string {
    const database = this.keyspace.databases[this.databaseIndex];
    const ref = database.find(latin1Bytes(key), 0, key.length);
    if (ref === 0) return "none";
    this.#digest.reset();
    addValue(this.#digest, database, ref);
    return this.#digest.toString();
  }
}

const NOISE = latin1Bytes("#9");

/** The definition that words name, of a subcommand too; its arity is theirs. */
function definitionOf(words: readonly Word[]): CommandDefinition {
  const found = DEFINITIONS.get(String(words[0]).toLowerCase());
  if (found === undefined) throw new Error(`no command ${words[0]}`);
  const second = String(words[1]).toLowerCase();
  const definition = found.subcommands?.find(({ name }) => name === second) ?? found;
  const { arity } = definition;
  if (arity >= 0 ? words.length !== arity : words.length < -arity) {
    throw new Error(`${words.join(" ")}: the wrong number of words`);
  }
  return definition;
}
