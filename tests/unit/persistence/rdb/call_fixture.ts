/** Runs one command definition against a keyspace, without a server. */
import { latin1 } from "../../../../src/base/ascii.ts";
import type { CallSettings } from "../../../../src/command/call.ts";
import { Call } from "../../../../src/command/call.ts";
import type { CommandDefinition } from "../../../../src/command/definition.ts";
import { Propagation } from "../../../../src/command/propagation.ts";
import type { Keyspace } from "../../../../src/keyspace/keyspace.ts";
import { Arguments } from "../../../../src/protocol/arguments.ts";
import { BufferPool, ReplyWriter } from "../../../../src/protocol/reply_writer.ts";
import { propagationText } from "../../../support/propagation_text.ts";
import { bytesOf, concat } from "./fixture.ts";

export class CommandRunner {
  readonly settings: CallSettings = {
    bulkLengthMax: 512 << 20,
    lazyUserDelete: false,
    lazyUserFlush: false,
    lazyExpire: false,
    sharesIntegers: false,
    skipChecksumValidation: false,
    compressesDump: true,
    warn: (text: string) => void this.warnings.push(text),
  };
  readonly call: Call;
  /** What went to the log. */
  readonly warnings: string[] = [];
  /** What the last command made others repeat, `database WORD word ...`; long words shortened. */
  propagated: string[] = [];
  readonly #definitions: readonly CommandDefinition[];

  constructor(keyspace: Keyspace, definitions: readonly CommandDefinition[]) {
    this.#definitions = definitions;
    const reply = new ReplyWriter(new BufferPool());
    const propagation = new Propagation();
    propagation.sink = propagationText((line) => this.propagated.push(line));
    this.call = new Call(keyspace, this.settings, propagation, new Arguments(), reply);
  }

  /** Runs a command and returns its reply as it goes over the wire. */
  run(...words: (string | Uint8Array)[]): Uint8Array {
    const { call } = this;
    const definition = this.#definitions.find((each) => each.name === words[0])!;
    // Other bytes around every argument, so that reading too far shows.
    const parts = words.flatMap((word) => [bytesOf("#"), bytesOf(word), bytesOf("#")]);
    const args = new Arguments();
    args.bytes = concat(parts);
    for (let i = 0, at = 1; i < words.length; i++) {
      const { length } = words[i];
      args.push(at, at + length);
      at += length + 2;
    }
    call.args = args;
    call.name = definition.name;
    this.propagated = [];
    const dirty = call.dirty;
    const from = call.reply.length;
    definition.run!(call);
    call.propagation.finish(call.dirty !== dirty, call.database.index, args, false);
    return call.reply.bytes.slice(from, call.reply.length);
  }

  /** As {@link run}, as Latin-1 text. */
  text(...words: (string | Uint8Array)[]): string {
    return latin1(this.run(...words));
  }

  /** The bulk string that a command replies. */
  bulk(...words: (string | Uint8Array)[]): Uint8Array {
    const reply = this.run(...words);
    const header = reply.indexOf(10) + 1;
    return reply.slice(header, reply.length - 2);
  }
}
