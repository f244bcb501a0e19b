/** The set commands on a keyspace of their own, without a server around them. */
import { latin1, latin1Bytes } from "../../../../src/base/ascii.ts";
import { setCommands } from "../../../../src/command/set/commands.ts";
import { ENCODING_NAMES } from "../../../../src/keyspace/value_type.ts";
import { Arguments } from "../../../../src/protocol/arguments.ts";
import { bulks, Fixture } from "../generic/fixture.ts";

const COMMANDS = new Map(setCommands.map((each) => [each.name, each]));

export class SetFixture extends Fixture {
  /** Runs a command and returns its reply as it goes over the wire. */
  override run(...words: string[]): string {
    const call = this.call;
    const definition = COMMANDS.get(words[0].toLowerCase())!;
    const args = new Arguments();
    args.bytes = latin1Bytes(words.join(""));
    let at = 0;
    for (const word of words) args.push(at, at += word.length);
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

  /** The members of a set, sorted. */
  members(key: string): string[] {
    return bulks(this.run("SMEMBERS", key)).sort();
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

/** So many integers, as text. */
export function integers(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, i) => String(from + i));
}

/** So many members that are no integers. */
export function texts(count: number, from = 0): string[] {
  return integers(count, from).map((number) => `member:${number}`);
}
