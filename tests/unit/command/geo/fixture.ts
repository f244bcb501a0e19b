/** The geo commands on a keyspace of their own, without a server around them. */
import { latin1, latin1Bytes } from "../../../../src/base/ascii.ts";
import { geoCommands } from "../../../../src/command/geo/commands.ts";
import { genericCommands } from "../../../../src/command/generic/commands.ts";
import { sortCommands } from "../../../../src/command/sort/commands.ts";
import { listCommands } from "../../../../src/command/list/commands.ts";
import { zsetCommands } from "../../../../src/command/zset/commands.ts";
import { Arguments } from "../../../../src/protocol/arguments.ts";
import { Fixture } from "../generic/fixture.ts";

const COMMANDS = new Map(
  [...genericCommands, ...geoCommands, ...listCommands, ...sortCommands, ...zsetCommands]
    .map((each) => [each.name, each]),
);

export class FamilyFixture extends Fixture {
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
    call.propagation.finish(call.dirty !== dirtyBefore, call.database.index, args, true);
    const text = latin1(call.reply.bytes, 0, call.reply.length);
    call.reply.release();
    return text;
  }
}
