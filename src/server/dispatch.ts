/**
 * From the arguments of a request to its reply: finds the command, applies every gate in one place,
 * in the order in which Redis applies them (processCommand), and runs it with its statistics (call).
 */
import { equalsIgnoringCase, latin1, latin1Bytes } from "../base/ascii.ts";
import { HeapFull } from "../heap/heap.ts";
import {
  LOADING,
  NO_AUTH,
  OUT_OF_MEMORY,
  unknownSubcommand,
  wrongArity,
} from "../protocol/wire_errors.ts";
import type { Arguments } from "../protocol/arguments.ts";
import type { Client } from "./client.ts";
import type { Engine } from "./engine.ts";
import type { Command } from "./registry.ts";
import { FLAG_LOADING, FLAG_NO_AUTH, FLAG_PROTECTED, FLAG_WRITE } from "./registry.ts";

/** How much of an unknown command and its arguments an error quotes. */
const QUOTED_BYTES_MAX = 128;
/** So many short commands at most share one reading of the clock. */
const UNTIMED_MAX = 32;
const POST = latin1Bytes("post");
const HOST = latin1Bytes("host:");

export class Dispatch {
  readonly #engine: Engine;
  /** When the clock was read last, in its microseconds. */
  #lastUs = 0;
  /** Short commands that have run since; the time since is shared out among them. */
  readonly #untimed: Command[] = [];
  #untimedCount = 0;
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
    if (this.#untimedCount > 0) this.#settle();
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
      : command.subcommands.find(args.bytes, args.starts[1], args.ends[1]);
    client.lastCommand = found;
    if (command === null && isHttp(args)) {
      engine.closeHttpClient(client);
      return true;
    }
    const refusal = found === null ? unknown(args, command) : this.#gate(client, found);
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
  #gate(client: Client, command: Command): string | undefined {
    if (command.run === null || !command.accepts(client.parser.args.count)) {
      return wrongArity(command.fullName);
    }
    if (command.flags !== 0) {
      if ((command.flags & FLAG_PROTECTED) !== 0) {
        const refusal = this.#engine.protectedRefusal(client, command);
        if (refusal !== undefined) return refusal;
      }
      if (
        !client.isAuthenticated && (command.flags & FLAG_NO_AUTH) === 0 &&
        this.#engine.config.text("requirepass") !== ""
      ) return NO_AUTH;
      const { refusal } = this.#engine.persistence;
      if (refusal !== "" && ((command.flags & FLAG_WRITE) !== 0 || command.fullName === "ping")) {
        return refusal;
      }
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
    if (!command.isShort && this.#untimedCount > 0) this.#settle();
    try {
      command.run!(call);
    } catch (thrown) {
      if (!(thrown instanceof HeapFull)) throw thrown;
      reply.length = lengthBefore;
      reply.error(OUT_OF_MEMORY);
    }
    command.calls++;
    this.#untimed[this.#untimedCount++] = command;
    if (!command.isShort || this.#untimedCount === UNTIMED_MAX) this.#settle();
    client.commandCount++;
    engine.statistics.commandsProcessed++;
    if (reply.errorCount !== errorsBefore) {
      command.failedCalls++;
      engine.statistics.countError(reply.lastError);
    }
    const isChanged = call.dirty !== dirtyBefore;
    if (engine.propagation.isPending) {
      const isAtomic = !command.visitsKeysAsTheyCome;
      engine.propagation.finish(isChanged, call.database.index, call.args, isAtomic);
    }
    if (client.replyMode !== "on") this.#withholdReply(client, lengthBefore);
    if (isChanged) engine.persistence.holdReply(client, lengthBefore);
  }

  /**
   * Reads the clock and shares the time since it was read last among the commands that have run.
   * Reading it for each of them would cost a tenth of what a GET in a pipeline costs; a command that
   * can take long is always timed by itself.
   */
  #settle(): void {
    const nowUs = this.#engine.clock.monotonicUs();
    const eachUs = (nowUs - this.#lastUs) / this.#untimedCount;
    for (let i = 0; i < this.#untimedCount; i++) this.#untimed[i].microseconds += eachUs;
    this.#lastUs = nowUs;
    this.#untimedCount = 0;
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
}

/** Whether this is no command but a line of HTTP: a web page that was made to talk to us. */
function isHttp(args: Arguments): boolean {
  const { bytes, starts, ends } = args;
  return equalsIgnoringCase(bytes, starts[0], ends[0], POST) ||
    equalsIgnoringCase(bytes, starts[0], ends[0], HOST);
}

/** The error for a command that is not there, or a container's subcommand that is not there. */
function unknown(args: Arguments, container: Command | null): string {
  if (container !== null) {
    return unknownSubcommand(quoted(args, 1, QUOTED_BYTES_MAX), container.fullName);
  }
  let rest = "";
  for (let i = 1; i < args.count && rest.length < QUOTED_BYTES_MAX; i++) {
    rest += `'${quoted(args, i, QUOTED_BYTES_MAX - rest.length)}' `;
  }
  const name = quoted(args, 0, QUOTED_BYTES_MAX);
  return `ERR unknown command '${name}', with args beginning with: ${rest}`;
}

/** An argument as C prints it: so many bytes at most, and none from a zero byte on. */
function quoted(args: Arguments, index: number, room: number): string {
  const text = latin1(
    args.bytes,
    args.starts[index],
    Math.min(args.ends[index], args.starts[index] + room),
  );
  const zero = text.indexOf("\0");
  return zero < 0 ? text : text.slice(0, zero);
}
