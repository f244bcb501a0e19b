/**
 * Commands out of an append-only file, run as they were when they were written: no gates, no
 * statistics, no propagation, no reply. Expired keys are alive meanwhile; the DEL of each that has
 * expired stands in the file, too.
 *
 * Only what changes data belongs into the file. A command that is unknown, or that answers with an
 * error now although it went well once, means that file and server do not fit: going on would leave
 * another data set than the one that was written.
 */
import { latin1, quoteBytes } from "../../base/ascii.ts";
import { parseSafeInteger } from "../../base/integer_text.ts";
import { Call } from "../../command/call.ts";
import { Propagation } from "../../command/propagation.ts";
import { HeapFull } from "../../heap/heap.ts";
import type { AofReader } from "../../persistence/aof/aof_reader.ts";
import { Arguments } from "../../protocol/arguments.ts";
import { BufferPool, ReplyWriter } from "../../protocol/reply_writer.ts";
import type { Engine } from "../engine.ts";
import type { Command } from "../registry.ts";
import { FLAG_MAY_REPLICATE, FLAG_WRITE } from "../registry.ts";

/** How much of a name an error quotes. */
const QUOTED_BYTES_MAX = 128;

export class AofReplay {
  /** Commands run so far. */
  count = 0;

  readonly #engine: Engine;
  readonly #reply: ReplyWriter = new ReplyWriter(new BufferPool());
  /** Not the server's: DEBUG LOADAOF runs in that, and changes nothing that is to be repeated. */
  readonly #callOfFile: Call;
  /** Copies of the commands since MULTI; null outside of a transaction. */
  #queue: Arguments[] | null = null;
  #databaseIndex = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
    const { keyspace, settings } = engine;
    this.#callOfFile = new Call(
      keyspace,
      settings,
      new Propagation(),
      new Arguments(),
      this.#reply,
    );
  }

  /** True behind a MULTI whose EXEC has not come. */
  get isInTransaction(): boolean {
    return this.#queue !== null;
  }

  /** Another file begins: in the first database, and outside of a transaction. */
  beginFile(): void {
    this.#queue = null;
    this.#databaseIndex = 0;
  }

  /** Runs the command that the reader has found; returns why it cannot be, "" when it was run. */
  run(reader: AofReader): string {
    const { args, ahead } = reader;
    if (this.#queue === null) {
      if (ahead.isFresh) {
        ahead.isFresh = false;
        this.#engine.keyspace.fetchAhead(ahead, this.#databaseIndex);
      }
      return this.#run(args);
    }
    if (isWord(args, "exec")) return this.#runQueue();
    if (isWord(args, "multi")) {
      return "The command 'multi' fails with: ERR MULTI calls can not be nested";
    }
    this.#queue.push(args.clone());
    return "";
  }

  #runQueue(): string {
    const queue = this.#queue!;
    this.#queue = null;
    for (const args of queue) {
      const failure = this.#run(args);
      if (failure !== "") return failure;
    }
    return "";
  }

  #run(args: Arguments): string {
    const engine = this.#engine;
    const { bytes, starts, ends } = args;
    const command = engine.commands.find(bytes, starts[0], ends[0]) ??
      engine.commands.byDeclaredName(latin1(bytes, starts[0], ends[0]));
    const found = command === null || command.subcommands === null || args.count === 1
      ? command
      : command.subcommands.find(bytes, starts[1], ends[1]);
    if (found === null || found.run === null) return this.#runSpecial(args);
    if (!found.accepts(args.count)) {
      return `Wrong number of arguments for '${found.fullName}'`;
    }
    if ((found.flags & (FLAG_WRITE | FLAG_MAY_REPLICATE)) === 0) return this.#runSpecial(args);
    return this.#call(found, args);
  }

  #call(command: Command, args: Arguments): string {
    const call = this.#callOfFile;
    const reply = this.#reply;
    call.args = args;
    call.database = call.keyspace.databases[this.#databaseIndex];
    call.name = command.fullName;
    const errorsBefore = reply.errorCount;
    try {
      command.run!(call);
    } catch (thrown) {
      if (!(thrown instanceof HeapFull)) throw thrown;
      return `No memory for '${command.fullName}': ${thrown.message}`;
    }
    if (reply.length > 0) reply.truncate(0);
    if (reply.errorCount !== errorsBefore) {
      return `The command '${command.fullName}' fails with: ${reply.lastError}`;
    }
    this.count++;
    return "";
  }

  /** What the file says to its reader, and what does not belong there. */
  #runSpecial(args: Arguments): string {
    if (isWord(args, "select") && args.count === 2) {
      const index = parseSafeInteger(args.bytes, args.starts[1], args.ends[1]);
      const { length } = this.#engine.keyspace.databases;
      if (!(index >= 0 && index < length)) {
        return `The command 'select' fails with: ERR DB index is out of range`;
      }
      this.#databaseIndex = index;
      return "";
    }
    if (isWord(args, "multi") && args.count === 1) {
      this.#queue = [];
      return "";
    }
    const { bytes, starts, ends } = args;
    const end = Math.min(ends[0], starts[0] + QUOTED_BYTES_MAX);
    const name = latin1(bytes, starts[0], end);
    const isPlain = /^[\x21-\x7e]*$/.test(name);
    return `Unknown command '${isPlain ? name : quoteBytes(bytes, starts[0], end)}'`;
  }
}

/** True when the command is called that, in any case. */
function isWord(args: Arguments, word: string): boolean {
  const { bytes, starts, ends } = args;
  if (ends[0] - starts[0] !== word.length) return false;
  return latin1(bytes, starts[0], ends[0]).toLowerCase() === word;
}
