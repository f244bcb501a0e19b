/** The stream commands on a keyspace of their own, without a server around them. */
import { latin1, latin1Bytes } from "../../../../src/base/ascii.ts";
import type { CommandDefinition } from "../../../../src/command/definition.ts";
import { dumpCommands } from "../../../../src/command/generic/dump.ts";
import { genericCommands } from "../../../../src/command/generic/commands.ts";
import { streamCommands } from "../../../../src/command/stream/commands.ts";
import { Arguments } from "../../../../src/protocol/arguments.ts";
import { Fixture } from "../generic/fixture.ts";

const COMMANDS = new Map(
  [...streamCommands, ...genericCommands, ...dumpCommands].map((each) => [each.name, each]),
);

/**
 * A reply as values: bulks and simple strings as text, integers, arrays; null; errors as `-text`.
 */
export type Value = string | number | null | Value[];

export class StreamFixture extends Fixture {
  /** Runs a command and returns its reply as it goes over the wire. */
  override run(...words: string[]): string {
    return this.runBytes(...words.map((word) => latin1Bytes(word)));
  }

  /** As {@link run}, with the reply taken apart. */
  value(...words: (string | number)[]): Value {
    return new ReplyText(this.run(...words.map(String))).next();
  }

  /** Runs a command of bytes. */
  runBytes(...words: Uint8Array[]): string {
    const { call } = this;
    const args = new Arguments();
    args.bytes = new Uint8Array(words.reduce((sum, word) => sum + word.length, 0));
    let at = 0;
    for (const word of words) {
      args.bytes.set(word, at);
      args.push(at, at += word.length);
    }
    const definition = definitionOf(words);
    call.args = args;
    call.database = this.keyspace.databases[this.databaseIndex];
    call.name = definition.name;
    const dirtyBefore = call.dirty;
    try {
      definition.run!(call);
      return latin1(call.reply.bytes, 0, call.reply.length);
    } finally {
      call.reply.release();
      call.propagation.finish(call.dirty !== dirtyBefore, call.database.index, args, true);
    }
  }
}

function definitionOf(words: readonly Uint8Array[]): CommandDefinition {
  const names = words.slice(0, 2).map((word) => latin1(word).toLowerCase());
  const definition = COMMANDS.get(names[0])!;
  return definition.subcommands?.find((each) => each.name === names[1]) ?? definition;
}

/** Takes a reply in RESP2 apart. */
class ReplyText {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  next(): Value {
    const end = this.#text.indexOf("\r\n", this.#at);
    const line = this.#text.slice(this.#at + 1, end);
    const type = this.#text[this.#at];
    this.#at = end + 2;
    if (type === "-") return `-${line}`;
    if (type === "+") return line;
    if (type === ":") return Number(line);
    const length = Number(line);
    if (length < 0) return null;
    if (type === "*") return Array.from({ length }, () => this.next());
    this.#at += length + 2;
    return this.#text.slice(end + 2, end + 2 + length);
  }
}

/** What a map in RESP2 says under a name. */
export function field(map: Value, name: string): Value {
  const items = map as Value[];
  return items[items.indexOf(name) + 1];
}
