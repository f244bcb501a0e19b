/**
 * From the arguments of a request to its reply: finds the command, applies every gate in one place,
 * in the order in which Redis applies them (processCommand), and runs it with its statistics (call).
 */
import { equalsIgnoringCase, latin1, latin1Bytes } from "../base/ascii.ts";
import { HeapFull } from "../heap/heap.ts";
import {
  execAborted,
  LOADING,
  NO_AUTH,
  NO_REPLICAS,
  NOT_FOR_REPLICAS,
  NOT_IN_TRANSACTION,
  notWhileSubscribed,
  OUT_OF_MEMORY,
  unknownSubcommand,
  wrongArity,
} from "../protocol/wire_errors.ts";
import { ReplyTooLong } from "../command/draw_argument.ts";
import type { Arguments } from "../protocol/arguments.ts";
import type { ReplyWriter } from "../protocol/reply_writer.ts";
import { REPLY_BYTES_MAX } from "../protocol/reply_writer.ts";
import type { BlockedCommand } from "./blocking/blocked_command.ts";
import type { Client } from "./client.ts";
import type { Engine } from "./engine.ts";
import { settleInterrupted } from "./interrupted_command.ts";
import type { Command } from "./registry.ts";
import {
  FLAG_EXEC,
  FLAG_FAST,
  FLAG_LOADING,
  FLAG_MAY_REPLICATE,
  FLAG_NO_AUTH,
  FLAG_NO_MULTI,
  FLAG_NOT_QUEUED,
  FLAG_PROTECTED,
  FLAG_READONLY,
  FLAG_WHILE_SUBSCRIBED,
  FLAG_WRITE,
} from "./registry.ts";
import { flagsOf } from "./transaction/transaction.ts";

/** How much of an unknown command and its arguments an error quotes. */
const QUOTED_BYTES_MAX = 128;
/** So many short commands at most share one reading of the clock. */
const UNTIMED_MAX = 32;
/** With more arguments no command is short. */
const SHORT_ARGUMENTS_MAX = 64;
/** What a monitor may not run. */
const FLAGS_ON_KEYS = FLAG_READONLY | FLAG_WRITE | FLAG_MAY_REPLICATE;
const QUEUED = latin1Bytes("+QUEUED\r\n");
const POST = latin1Bytes("post");
const HOST = latin1Bytes("host:");

export class Dispatch {
  readonly #engine: Engine;
  /** How many commands run, each within the one before. */
  #depth = 0;
  /** Of the client whose batch runs: short commands are run without further ado. */
  #isPlain = false;
  /** There is a limit of memory; the client's user may not do everything. */
  #isLimited = false;
  #isRestricted = false;
  /** The command that ended last was run within another one, which has counted its error. */
  #endedWithin = false;
  /** The command that has waited and is run again. */
  #again: BlockedCommand | null = null;
  /** When the clock was read last, in its microseconds. */
  #lastUs = 0;
  /** Short commands that have run since; the time since is shared out among them. */
  readonly #untimed: Command[] = [];
  #untimedCount = 0;
  /** When the batch began, and how many commands had run by then. */
  #batchUs = 0;
  #batchCommands = 0;
  /** Each command is timed by itself, however short: somebody wants to know exactly. */
  #isExact = false;

  /** `min-replicas-to-write`: there are none, so nothing may be written. */
  #lacksReplicas = false;

  constructor(engine: Engine) {
    this.#engine = engine;
    const { config } = engine;
    const follow = () => {
      this.#lacksReplicas = config.number("min-replicas-to-write") > 0 &&
        config.number("min-replicas-max-lag") > 0;
      return undefined;
    };
    follow();
    config.onChange(["min-replicas-to-write", "min-replicas-max-lag"], follow);
  }

  /** A command runs. */
  get isCalling(): boolean {
    return this.#depth > 0;
  }

  /** A batch of a client's commands begins: the time since the last one counts for none of them. */
  beginBatch(client: Client): void {
    this.#prepare(client);
    this.#lastUs = this.#engine.clock.monotonicUs();
    this.#batchUs = this.#lastUs;
    this.#batchCommands = this.#engine.statistics.commandsProcessed;
  }

  /** The batch is over: what came has been run, as far as it could be. */
  endBatch(): void {
    if (this.#untimedCount === 1) this.#settleOnly();
    else if (this.#untimedCount > 0) this.#settle();
    const statistics = this.#engine.statistics;
    const commands = statistics.commandsProcessed - this.#batchCommands;
    statistics.countBatch(this.#lastUs - this.#batchUs, commands);
  }

  /**
   * Takes in all that short commands cannot change: when nothing of it matters to any of them, they
   * need neither gates nor what there is to do behind other commands.
   */
  #prepare(client: Client): void {
    const engine = this.#engine;
    const { call, keyspace, latency, slowLog } = engine;
    this.#isExact = slowLog.needsExactTimes || latency.thresholdMs > 0;
    this.#isLimited = engine.memoryLimit.isOn;
    this.#isRestricted = !client.user.isUnrestricted;
    this.#isPlain = !this.#isExact && isPlain(client) && engine.persistence.refusal === "" &&
      !engine.isLoading && !this.#lacksReplicas &&
      engine.monitors.count === 0 && engine.pause.mode === "off" &&
      (client.isAuthenticated || !engine.acl.needsAuthentication);
    call.reply = client.reply;
    call.database = keyspace.databases[client.databaseIndex];
    keyspace.isNoTouch = client.isNoTouch;
    engine.currentClient = client;
  }

  /** Runs the command in the client's arguments; false when it has to wait (CLIENT PAUSE). */
  execute(client: Client): boolean {
    const engine = this.#engine;
    const args = client.parser.args;
    const command = engine.commands.find(args.bytes, args.starts[0], args.ends[0]);
    if (
      this.#isPlain && command !== null && command.isShort && args.count <= SHORT_ARGUMENTS_MAX &&
      command.accepts(args.count) && (!this.#isLimited || engine.memoryLimit.isQuiet) &&
      (!this.#isRestricted || client.user.passes(command, args))
    ) {
      client.lastCommand = command;
      this.#callPlain(client, command, args);
      if (engine.hasDeferred) {
        engine.settleDeferred();
        this.#prepare(client);
      }
      return true;
    }
    const isRun = this.#execute(client, command, args);
    this.#prepare(client);
    return isRun;
  }

  /** A command that is not short, or that all gates matter to. */
  #execute(client: Client, command: Command | null, args: Arguments): boolean {
    const engine = this.#engine;
    const found = command === null || command.subcommands === null || args.count === 1
      ? command
      : command.subcommands.find(args.bytes, args.starts[1], args.ends[1]);
    if (client.tracking !== null) engine.tracking.beginCommand(client, client.lastCommand);
    client.lastCommand = found;
    if (command === null && isHttp(args)) {
      engine.closeHttpClient(client);
      return true;
    }
    const refusal = found === null ? unknown(args, command) : this.#gate(client, found, args);
    if (client.isClosed) return true;
    if (refusal !== undefined) {
      this.#refuse(client, found, args, refusal);
      if (engine.hasDeferred) engine.settleDeferred();
      return true;
    }
    if (engine.pause.mode !== "off" && !client.isMonitor) {
      if (engine.pause.holds(flagsOf(client, found!))) return false;
    }
    if (client.transaction !== null && (found!.flags & FLAG_NOT_QUEUED) === 0) {
      client.transaction.queue(client, found!, args);
      this.#replyQueued(client);
    } else {
      this.#call(client, found!, args);
      if (engine.hasDeferred) engine.settleDeferred();
    }
    return true;
  }

  /**
   * Runs a command within another one (EXEC): with statistics and propagation of its own, but
   * its reply is a part of the other's.
   */
  callWithin(client: Client, command: Command, args: Arguments): void {
    this.#call(client, command, args);
  }

  /** Runs a command again that has waited for keys. It may ask to wait once more. */
  callAgain(client: Client, blocked: BlockedCommand): void {
    const { command, args } = blocked;
    const { clock, currentClient } = this.#engine;
    // What has passed since the clock was read last is not this command's.
    if (this.#untimedCount > 0) this.#settle();
    else this.#lastUs = clock.monotonicUs();
    this.#again = blocked;
    const refusal = this.#gate(client, command, args);
    if (!client.isClosed) {
      if (refusal !== undefined) this.#refuse(client, command, args, refusal);
      else this.#call(client, command, args);
    }
    this.#again = null;
    this.#engine.currentClient = currentClient;
  }

  /** A command that has waited has been replied to otherwise: it counts now. */
  endOfWaiting(
    client: Client,
    blocked: BlockedCommand,
    errorsBefore: number,
    lengthBefore: number,
  ): void {
    const { command, sent, us } = blocked;
    this.#countCall(client, command);
    if (client.reply.errorCount !== errorsBefore) this.#countFailure(command, client.reply);
    this.#record(client, command, sent, us);
    if (client.replyMode !== "on") withhold(client, lengthBefore);
  }

  /** The error that keeps a command from running, if any: the gates of Redis's processCommand. */
  #gate(client: Client, command: Command, args: Arguments): string | undefined {
    const engine = this.#engine;
    if (command.run === null || !command.accepts(args.count)) return wrongArity(command.fullName);
    const flags = flagsOf(client, command);
    if ((flags & FLAG_PROTECTED) !== 0) {
      const refusal = engine.protectedRefusal(client, command);
      if (refusal !== undefined) return refusal;
    }
    if (!client.isAuthenticated && (flags & FLAG_NO_AUTH) === 0 && engine.acl.needsAuthentication) {
      return NO_AUTH;
    }
    if (client.transaction !== null && (flags & FLAG_NO_MULTI) !== 0) return NOT_IN_TRANSACTION;
    if (!client.user.isUnrestricted) {
      const refusal = engine.acl.refusal(client, command, args);
      if (refusal !== undefined) return refusal;
    }
    if (engine.memoryLimit.isOn && !engine.memoryLimit.makeRoom(client, flags)) {
      return OUT_OF_MEMORY;
    }
    const { refusal } = engine.persistence;
    if (refusal !== "" && ((flags & FLAG_WRITE) !== 0 || command.fullName === "ping")) {
      return refusal;
    }
    if (this.#lacksReplicas && (flags & FLAG_WRITE) !== 0) return NO_REPLICAS;
    if (
      client.subscriptions !== null && client.reply.protocol === 2 &&
      (flags & FLAG_WHILE_SUBSCRIBED) === 0
    ) return notWhileSubscribed(command.fullName);
    if (engine.isLoading && (flags & FLAG_LOADING) === 0) return LOADING;
    if (client.isMonitor && (flags & FLAGS_ON_KEYS) !== 0) return NOT_FOR_REPLICAS;
    return undefined;
  }

  /** A short command while nothing else matters; everything is prepared. */
  #callPlain(client: Client, command: Command, args: Arguments): void {
    const engine = this.#engine;
    const { call, persistence, propagation } = engine;
    const { reply } = client;
    const errorsBefore = reply.errorCount;
    const dirtyBefore = call.dirty;
    const lengthBefore = reply.length;
    call.args = args;
    call.name = command.fullName;
    this.#depth = 1;
    try {
      command.run!(call);
    } catch (thrown) {
      refuseTooMuch(thrown, reply, lengthBefore);
      settleInterrupted(engine, command, args, dirtyBefore);
    }
    this.#depth = 0;
    this.#countCall(client, command);
    this.#untimed[this.#untimedCount++] = command;
    if (this.#untimedCount === UNTIMED_MAX) this.#settle();
    if (reply.errorCount !== errorsBefore) this.#countFailure(command, reply);
    const isChanged = call.dirty !== dirtyBefore;
    if (propagation.isPending) this.#propagate(client, command, args, isChanged);
    if (isChanged) persistence.holdReply(client, lengthBefore);
  }

  #call(client: Client, command: Command, args: Arguments): void {
    const engine = this.#engine;
    const call = engine.call;
    const reply = client.reply;
    const errorsBefore = reply.errorCount;
    const dirtyBefore = call.dirty;
    const lengthBefore = reply.length;
    const { replyMode } = client;
    const isOutermost = this.#depth === 0;
    const isTimedAlone = !command.isShort || !isOutermost || this.#isExact ||
      args.count > SHORT_ARGUMENTS_MAX;
    if (isTimedAlone && this.#untimedCount > 0) this.#settle();
    const beganUs = this.#lastUs;
    call.args = args;
    call.reply = reply;
    call.database = engine.keyspace.databases[client.databaseIndex];
    call.name = command.fullName;
    engine.currentClient = client;
    engine.keyspace.isNoTouch = client.isNoTouch;
    this.#depth++;
    try {
      command.run!(call);
    } catch (thrown) {
      refuseTooMuch(thrown, reply, lengthBefore);
      settleInterrupted(engine, command, args, dirtyBefore);
    }
    this.#depth--;
    const isChanged = call.dirty !== dirtyBefore;
    const ranOthers = isOutermost && this.#endedWithin;
    this.#endedWithin = !isOutermost;
    const again = this.#again;
    if (engine.monitors.count > 0 && again === null) engine.monitors.feed(client, command, args);
    if (client.blocked === null) {
      this.#countCall(client, command);
      if (reply.errorCount !== errorsBefore && !ranOthers) this.#countFailure(command, reply);
      if (isTimedAlone) {
        const sent = again === null ? args : again.sent;
        this.#record(client, command, sent, this.#elapsedUs(beganUs));
      } else {
        this.#untimed[this.#untimedCount++] = command;
        if (this.#untimedCount === UNTIMED_MAX) this.#settle();
      }
      // Not over: it counts when it is. What it has done so far is propagated (a new consumer).
    } else client.blocked.us += this.#elapsedUs(beganUs);
    if (engine.propagation.isPending) this.#propagate(client, command, args, isChanged);
    if (client.tracking !== null && (command.flags & FLAG_READONLY) !== 0) {
      engine.tracking.remember(client, command, args);
    }
    if (replyMode !== "on" || client.replyMode !== "on") {
      if (replyMode !== "on" && client.isSilent && !ranOthers) takeBack(client, lengthBefore);
      if (isOutermost && client.blocked === null) passSkip(client);
    }
    if (isChanged && isOutermost) engine.persistence.holdReply(client, lengthBefore);
  }

  #countCall(client: Client, command: Command): void {
    command.calls++;
    client.commandCount++;
    this.#engine.statistics.commandsProcessed++;
  }

  #countFailure(command: Command, reply: ReplyWriter): void {
    command.failedCalls++;
    this.#engine.statistics.countError(reply.lastError);
  }

  /** Hands over what is to be repeated of a command, and notes how far the log is then. */
  #propagate(client: Client, command: Command, args: Arguments, isChanged: boolean): void {
    const { call, persistence: { log }, propagation } = this.#engine;
    const { offset } = log;
    const isAtomic = !command.visitsKeysAsTheyCome;
    propagation.finish(isChanged, call.database.index, args, isAtomic);
    if (log.offset !== offset) client.logOffset = log.offset;
  }

  /** Reads the clock: the time since then, in microseconds. */
  #elapsedUs(beganUs: number): number {
    this.#lastUs = this.#engine.clock.monotonicUs();
    return this.#lastUs - beganUs;
  }

  /** Notes the time of a command that was timed by itself. */
  #record(client: Client, command: Command, args: Arguments, us: number): void {
    const { latency, slowLog } = this.#engine;
    command.microseconds += us;
    if (latency.isTracking) command.recordLatency(us, 1);
    if (us >= slowLog.thresholdUs) slowLog.add(client, command, args, us);
    if (latency.thresholdMs > 0 && us >= latency.thresholdMs * 1000) {
      latency.add((command.flags & FLAG_FAST) !== 0 ? "fast-command" : "command", us / 1000);
    }
  }

  /**
   * Reads the clock and shares the time since it was read last among the commands that have run.
   * Reading it for each of them would cost a tenth of what a GET in a pipeline costs; a command that
   * can take long is always timed by itself.
   */
  #settle(): void {
    const nowUs = this.#engine.clock.monotonicUs();
    const count = this.#untimedCount;
    const eachUs = (nowUs - this.#lastUs) / count;
    const isTracking = this.#engine.latency.isTracking;
    // Pipelines are mostly made of one command: its calls are noted together.
    for (let i = 0; i < count;) {
      const command = this.#untimed[i];
      let calls = 1;
      while (i + calls < count && this.#untimed[i + calls] === command) calls++;
      command.microseconds += eachUs * calls;
      if (isTracking) command.recordLatency(eachUs, calls);
      i += calls;
    }
    this.#lastUs = nowUs;
    this.#untimedCount = 0;
  }

  /** The only command of a batch has a time of its own, which the slow log may want. */
  #settleOnly(): void {
    const client = this.#engine.currentClient!;
    const us = this.#elapsedUs(this.#lastUs);
    const { args } = client.parser;
    const [command] = this.#untimed;
    this.#untimedCount = 0;
    // The next command may have begun to arrive: then the arguments are its own.
    const isStillThere = args.count > 0 && command.accepts(args.count) &&
      this.#engine.commands.find(args.bytes, args.starts[0], args.ends[0]) === command;
    if (us < this.#engine.slowLog.thresholdUs || isStillThere) {
      this.#record(client, command, args, us);
    } else command.microseconds += us;
  }

  #replyQueued(client: Client): void {
    const lengthBefore = client.reply.length;
    client.reply.raw(QUEUED);
    if (client.replyMode !== "on") withhold(client, lengthBefore);
  }

  #refuse(client: Client, command: Command | null, args: Arguments, error: string): void {
    const engine = this.#engine;
    const lengthBefore = client.reply.length;
    let text = error;
    if (command !== null) command.rejectedCalls++;
    // A transaction that could not be queued whole must not be run; refused EXEC ends it.
    if (client.transaction !== null) client.transaction.abort();
    if (command !== null && (command.flags & FLAG_EXEC) !== 0) {
      engine.watchedKeys.discard(client);
      text = execAborted(error);
      engine.monitors.feed(client, command, args);
    }
    client.reply.error(text);
    engine.statistics.countError(text);
    if (client.replyMode !== "on") withhold(client, lengthBefore);
  }
}

/** A command that found no room, in memory or for its reply, has failed; anything else is thrown on. */
function refuseTooMuch(thrown: unknown, reply: ReplyWriter, lengthBefore: number): void {
  if (!(thrown instanceof HeapFull)) throw thrown;
  if (thrown instanceof ReplyTooLong && reply.limitBytes < REPLY_BYTES_MAX) reply.cutOff();
  if (reply.isCut) return;
  reply.length = lengthBefore;
  reply.error(OUT_OF_MEMORY);
}

/** CLIENT REPLY OFF and SKIP: what a command has replied is taken back, and counts as the one. */
function withhold(client: Client, lengthBefore: number): void {
  if (client.isSilent) takeBack(client, lengthBefore);
  passSkip(client);
}

function takeBack(client: Client, lengthBefore: number): void {
  if (client.reply.length > lengthBefore) client.reply.truncate(lengthBefore);
}

/** A command is over: the one behind CLIENT REPLY SKIP is to be silent, and then none any more. */
function passSkip(client: Client): void {
  if (client.replyMode === "skip") client.replyMode = "on";
  else if (client.replyMode === "skip-next") client.replyMode = "skip";
}

/** Whether a client is in no state that a short command could have to do with. */
function isPlain(client: Client): boolean {
  return client.transaction === null && client.tracking === null && client.subscriptions === null &&
    !client.isMonitor && client.replyMode === "on";
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
