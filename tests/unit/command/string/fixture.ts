/** The string and bitmap commands on a keyspace of their own, without a server around them. */
import { latin1, latin1Bytes } from "../../../../src/base/ascii.ts";
import { bitmapCommands } from "../../../../src/command/bitmap/commands.ts";
import { stringCommands } from "../../../../src/command/string/commands.ts";
import { Arguments } from "../../../../src/protocol/arguments.ts";
import { Fixture } from "../generic/fixture.ts";

const COMMANDS = new Map([...stringCommands, ...bitmapCommands].map((each) => [each.name, each]));

export class StringFixture extends Fixture {
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
    definition.run!(call);
    call.propagation.finish(call.dirty !== dirtyBefore, call.database.index, args, false);
    const text = latin1(call.reply.bytes, 0, call.reply.length);
    call.reply.release();
    return text;
  }
}
