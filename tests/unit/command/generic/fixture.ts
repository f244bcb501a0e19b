/** The generic commands on a keyspace of their own, without a server around them. */
import { latin1, latin1Bytes } from "../../../../src/base/ascii.ts";
import { Prng } from "../../../../src/base/prng.ts";
import { Call } from "../../../../src/command/call.ts";
import type { CommandDefinition } from "../../../../src/command/definition.ts";
import { genericCommands } from "../../../../src/command/generic/commands.ts";
import { Propagation } from "../../../../src/command/propagation.ts";
import { NO_EXPIRY } from "../../../../src/keyspace/database.ts";
import { Keyspace } from "../../../../src/keyspace/keyspace.ts";
import { setString } from "../../../../src/keyspace/string_value.ts";
import { Arguments } from "../../../../src/protocol/arguments.ts";
import { BufferPool, ReplyWriter } from "../../../../src/protocol/reply_writer.ts";
import { propagationText } from "../../../support/propagation_text.ts";

export const START_MS = 1_700_000_000_000;

export class Fixture {
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
  databaseIndex = 0;

  constructor(seed = 1) {
    const propagation = new Propagation();
    propagation.sink = propagationText((line) => this.propagated.push(line));
    this.keyspace = new Keyspace(new Prng(new Uint8Array(16).fill(seed)), {
      expired: (database, ref) => propagation.also(database.index, "DEL", database.keyOf(ref)),
    }, 4);
    this.keyspace.setNow(START_MS);
    const reply = new ReplyWriter(new BufferPool());
    this.call = new Call(this.keyspace, this.settings, propagation, new Arguments(), reply);
  }

  get nowMs(): number {
    return this.keyspace.nowMs;
  }

  advance(ms: number): void {
    this.keyspace.setNow(this.keyspace.nowMs + ms);
  }

  /** Sets a string without a command; `expiresInMs` from now. */
  set(key: string, value = "value", expiresInMs?: number): void {
    const database = this.keyspace.databases[this.databaseIndex];
    const keyBytes = latin1Bytes(key);
    const bytes = latin1Bytes(value);
    const ref = database.peek(keyBytes, 0, keyBytes.length);
    const expiresAtMs = expiresInMs === undefined ? NO_EXPIRY : this.nowMs + expiresInMs;
    setString(database, ref, keyBytes, 0, keyBytes.length, bytes, 0, bytes.length, expiresAtMs);
  }

  /** The value of a key, or undefined. */
  get(key: string): string | undefined {
    const database = this.keyspace.databases[this.databaseIndex];
    const bytes = latin1Bytes(key);
    const ref = database.peek(bytes, 0, bytes.length);
    if (ref === 0) return undefined;
    const value = new Uint8Array(database.valueLengthOf(ref));
    database.copyValue(ref, 0, value.length, value, 0);
    return latin1(value);
  }

  /** The access bits of a key that is there. */
  access(key: string, change?: number): number {
    const database = this.keyspace.databases[this.databaseIndex];
    const bytes = latin1Bytes(key);
    const ref = database.peek(bytes, 0, bytes.length);
    if (change !== undefined) database.setAccess(ref, change);
    return database.accessOf(ref);
  }

  /** Runs a command and returns its reply as it goes over the wire. */
  run(...words: string[]): string {
    const call = this.call;
    const { definition, name } = definitionOf(words);
    const args = new Arguments();
    args.bytes = latin1Bytes(words.join(""));
    let at = 0;
    for (const word of words) args.push(at, at += word.length);
    call.args = args;
    call.database = this.keyspace.databases[this.databaseIndex];
    call.name = name;
    const dirtyBefore = call.dirty;
    definition.run!(call);
    call.propagation.finish(call.dirty !== dirtyBefore, call.database.index, args, false);
    const text = latin1(call.reply.bytes, 0, call.reply.length);
    call.reply.release();
    return text;
  }

  /** Runs a command whose reply is an array of bulk strings. */
  list(...words: string[]): string[] {
    return bulks(this.run(...words));
  }

  /** What was propagated since the last time. */
  takePropagated(): string[] {
    return this.propagated.splice(0);
  }
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

function definitionOf(words: readonly string[]): { definition: CommandDefinition; name: string } {
  const name = words[0].toLowerCase();
  const definition = genericCommands.find((each) => each.name === name)!;
  if (definition.subcommands === undefined) return { definition, name };
  const part = words[1].toLowerCase();
  const subcommand = definition.subcommands.find((each) => each.name === part)!;
  return { definition: subcommand, name: `${name}|${part}` };
}
