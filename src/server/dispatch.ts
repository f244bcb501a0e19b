/**
 * From the arguments of a request to its reply: finds the command, applies every gate in one place,
 * in the order in which Redis applies them (processCommand), and runs it with its statistics (call).
 */
import { latin1 } from "../base/ascii.ts";
import { HeapFull } from "../heap/heap.ts";
import {
  LOADING,
  NO_AUTH,
  OUT_OF_MEMORY,
  unknownSubcommand,
  wrongArity,
} from "../protocol/wire_errors.ts";
import type { Client } from "./client.ts";
import type { Engine } from "./engine.ts";
import type { Command } from "./registry.ts";
import { FLAG_LOADING, FLAG_NO_AUTH, FLAG_PROTECTED } from "./registry.ts";

/** How much of an unknown command and its arguments an error quotes. */
const QUOTED_BYTES_MAX = 128;

export class Dispatch {
  readonly #engine: Engine;
  /** When the command that ran last ended, in the clock's microseconds. */
  #lastUs = 0;
  /** When the batch began, and how many commands had run by then. */
  #batchUs = 0;
  #batchCommands = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** A batch of commands begins: the time since the last one counts for none of them. */
  beginBatch(): void {
    this.#lastUs = this.#engine.clock.monotonicUs();
    this.#batchUs = this.#lastUs;
    this.#batchCommands = this.#engine.statistics.commandsProcessed;
  }

  /** The batch is over: what came has been run, as far as it could be. */
  endBatch(): void {
    const statistics = this.#engine.statistics;
    const commands = statistics.commandsProcessed - this.#batchCommands;
    statistics.countBatch(this.#lastUs - this.#batchUs, commands);
  }

  /** Runs the command in the client's arguments; false when it has to wait (CLIENT PAUSE). */
  execute(client: Client): boolean {
    const engine = this.#engine;
    const args = client.parser.args;
    const command = engine.commands.find(args.bytes, args.starts[0], args.ends[0]);
    const found = command === null || command.subcommands === null || args.count === 1
      ? command
      : command.subcommands.find(args.bytes, args.starts[1], args.ends[1]) ?? command;
    const refusal = this.#gate(client, found);
    if (refusal !== undefined) {
      if (found !== null) found.rejectedCalls++;
      this.#refuse(client, refusal);
      return true;
    }
    if (engine.pause.mode !== "off" && engine.pause.holds(found!)) return false;
    this.#call(client, found!);
    return true;
  }

  /** The error that keeps a command from running, if any. */
  #gate(client: Client, command: Command | null): string | undefined {
    const args = client.parser.args;
    if (command === null) return this.#unknown(client);
    if (command.run === null) {
      // A container without a subcommand, or with one that it does not have.
      if (args.count === 1) return wrongArity(command.fullName);
      const name = latin1(args.bytes, args.starts[1], Math.min(args.ends[1], args.starts[1] + 128));
      return unknownSubcommand(name, command.fullName);
    }
    if (!command.accepts(args.count)) return wrongArity(command.fullName);
    if (command.flags !== 0) {
      if ((command.flags & FLAG_PROTECTED) !== 0) {
        const refusal = this.#engine.protectedRefusal(client, command);
        if (refusal !== undefined) return refusal;
      }
      if (!client.isAuthenticated && (command.flags & FLAG_NO_AUTH) === 0) return NO_AUTH;
      if (this.#engine.isLoading && (command.flags & FLAG_LOADING) === 0) return LOADING;
    }
    return undefined;
  }

  #call(client: Client, command: Command): void {
    const engine = this.#engine;
    const call = engine.call;
    const reply = client.reply;
    const errorsBefore = reply.errorCount;
    const dirtyBefore = call.dirty;
    const lengthBefore = reply.length;
    call.args = client.parser.args;
    call.reply = reply;
    call.database = engine.keyspace.databases[client.databaseIndex];
    call.name = command.fullName;
    engine.currentClient = client;
    engine.keyspace.isNoTouch = client.isNoTouch;
    client.lastCommand = command;
    try {
      command.run!(call);
    } catch (thrown) {
      if (!(thrown instanceof HeapFull)) throw thrown;
      reply.length = lengthBefore;
      reply.error(OUT_OF_MEMORY);
    }
    const nowUs = engine.clock.monotonicUs();
    command.calls++;
    command.microseconds += nowUs - this.#lastUs;
    this.#lastUs = nowUs;
    client.commandCount++;
    engine.statistics.commandsProcessed++;
    if (reply.errorCount !== errorsBefore) {
      command.failedCalls++;
      engine.statistics.countError(reply.lastError);
    }
    if (engine.propagation.isPending) {
      engine.propagation.finish(
        call.dirty !== dirtyBefore,
        call.database.index,
        () => copyOfArguments(client),
      );
    }
    if (client.replyMode !== "on") this.#withholdReply(client, lengthBefore);
  }

  #refuse(client: Client, error: string): void {
    const lengthBefore = client.reply.length;
    client.reply.error(error);
    this.#engine.statistics.countError(error);
    if (client.replyMode !== "on") this.#withholdReply(client, lengthBefore);
  }

  /** CLIENT REPLY OFF and SKIP: what a command has replied is taken back. */
  #withholdReply(client: Client, lengthBefore: number): void {
    if (client.replyMode === "skip-next") {
      // Set by the command that has just run: the next one is the one to be silent.
      client.replyMode = "skip";
    } else {
      if (client.replyMode === "skip") client.replyMode = "on";
    }
    client.reply.truncate(lengthBefore);
  }

  #unknown(client: Client): string {
    const args = client.parser.args;
    const quoted = (index: number, room: number) =>
      latin1(args.bytes, args.starts[index], Math.min(args.ends[index], args.starts[index] + room));
    let rest = "";
    for (let i = 1; i < args.count && rest.length < QUOTED_BYTES_MAX; i++) {
      rest += `'${quoted(i, QUOTED_BYTES_MAX - rest.length)}' `;
    }
    const name = quoted(0, QUOTED_BYTES_MAX);
    return `ERR unknown command '${name}', with args beginning with: ${rest}`;
  }
}

function copyOfArguments(client: Client): Uint8Array[] {
  const args = client.parser.args;
  return Array.from({ length: args.count }, (_, index) => args.copy(index));
}
