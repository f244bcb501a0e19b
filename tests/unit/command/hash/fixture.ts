/** The hash commands on a keyspace of their own, without a server around them. */
import { latin1, latin1Bytes } from "../../../../src/base/ascii.ts";
import { hashCommands } from "../../../../src/command/hash/commands.ts";
import type { CommandDefinition } from "../../../../src/command/definition.ts";
import { dumpCommands } from "../../../../src/command/generic/dump.ts";
import { ENCODING_NAMES } from "../../../../src/keyspace/value_type.ts";
import { Arguments } from "../../../../src/protocol/arguments.ts";
import { wrongArity } from "../../../../src/protocol/wire_errors.ts";
import { bulks, Fixture } from "../generic/fixture.ts";

const COMMANDS: ReadonlyMap<string, CommandDefinition> = new Map(
  [...hashCommands, ...dumpCommands].map((each) => [each.name, each]),
);

export class HashFixture extends Fixture {
  constructor(seed = 1) {
    super(seed);
    const { events } = this.keyspace;
    events.fieldExpired = (database, ref, bytes, start, end) => {
      const field = bytes.slice(start, end);
      this.call.propagation.also(database.index, "HDEL", database.keyOf(ref), field);
    };
  }

  /** Runs a command and returns its reply as it goes over the wire. */
  override run(...words: (string | Uint8Array)[]): string {
    const call = this.call;
    const definition = COMMANDS.get(latin1(asBytes(words[0])).toLowerCase())!;
    const { arity } = definition;
    if (arity < 0 ? words.length < -arity : words.length !== arity) {
      return `-${wrongArity(definition.name)}\r\n`;
    }
    const parts = words.map(asBytes);
    const args = new Arguments();
    args.bytes = latin1Bytes(parts.map((part) => latin1(part)).join(""));
    let at = 0;
    for (const part of parts) args.push(at, at += part.length);
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

  /** Runs a line of words; the reply is one line, too: `[:1 $-1 $ab]`. */
  line(text: string): string {
    return readable(this.run(...text.split(" ").map((word) => word === '""' ? "" : word)));
  }

  /** The fields of a hash and their values, as HGETALL gives them. */
  pairs(key: string): Map<string, string> {
    const words = bulks(this.run("HGETALL", key));
    const pairs = new Map<string, string>();
    for (let i = 0; i < words.length; i += 2) pairs.set(words[i], words[i + 1]);
    return pairs;
  }

  /** The entry of a key, 0 when it is absent. */
  entry(key: string): number {
    const bytes = latin1Bytes(key);
    return this.keyspace.databases[this.databaseIndex].peek(bytes, 0, bytes.length);
  }

  /** As OBJECT ENCODING says it; "" for no key. */
  encoding(key: string): string {
    const ref = this.entry(key);
    return ref === 0 ? "" : ENCODING_NAMES[this.keyspace.databases[0].encodingOf(ref)];
  }
}

function asBytes(word: string | Uint8Array): Uint8Array {
  return typeof word === "string" ? latin1Bytes(word) : word;
}

/** A reply in RESP2 on one line. */
function readable(reply: string): string {
  let at = 0;
  const read = (): string => {
    const end = reply.indexOf("\r\n", at);
    const line = reply.slice(at, end);
    at = end + 2;
    if (line[0] === "$" && line !== "$-1") {
      const text = reply.slice(at, at + Number(line.slice(1)));
      at += text.length + 2;
      return `$${text}`;
    }
    if (line[0] !== "*" || line === "*-1") return line;
    return `[${Array.from({ length: Number(line.slice(1)) }, read).join(" ")}]`;
  };
  return read();
}
