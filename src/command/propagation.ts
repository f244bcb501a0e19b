/**
 * How what a command did is told to those who repeat it: the append-only file and replicas.
 *
 * By default a command that changed something is repeated as the client sent it. A handler whose
 * words depend on the time, on chance or on what was there says instead what it came to: GETEX
 * becomes PEXPIREAT, PERSIST or DEL; a relative expiry an absolute one. Keys that expire on the way
 * are told before the command that met them.
 *
 * While nobody listens, nothing is collected. What is told are the bytes that the client sent:
 * nothing is copied, and the commonest case, one command as it came, allocates nothing.
 */
import { latin1Bytes } from "../base/ascii.ts";
import type { Arguments } from "../protocol/arguments.ts";

/** Takes what is to be repeated. All bytes are lent until the call returns. */
export interface PropagationSink {
  /** A command as the client sent it. */
  original(databaseIndex: number, args: Arguments): void;
  /** A command by its arguments. */
  command(databaseIndex: number, parts: readonly Uint8Array[]): void;
  /** What comes up to {@link end} happens together or not at all. */
  begin(): void;
  end(): void;
}

interface CollectedCommand {
  readonly databaseIndex: number;
  readonly parts: readonly Uint8Array[];
}

export class Propagation {
  /** Set where somebody listens. */
  sink: PropagationSink | null = null;

  #collected: CollectedCommand[] = [];
  #isReplaced = false;
  /** Several commands belong together (a transaction): {@link finish} only collects. */
  #isGrouping = false;

  /** True when somebody listens: only then is it worth to make the arguments. */
  get isActive(): boolean {
    return this.sink !== null;
  }

  /** True when {@link finish} has anything to do after a call. */
  get isPending(): boolean {
    return this.#isReplaced || this.sink !== null;
  }

  /** True when there is something already that is to be repeated. */
  get hasCollected(): boolean {
    return this.#collected.length > 0;
  }

  /** The command is not repeated as it came, but as this one (or these, when called again). */
  replaceWith(databaseIndex: number, ...parts: readonly (string | Uint8Array)[]): void {
    this.#isReplaced = true;
    this.also(databaseIndex, ...parts);
  }

  /** The command is not repeated at all. */
  suppress(): void {
    this.#isReplaced = true;
  }

  /** Another command is repeated before the one that runs (a key expired). */
  also(databaseIndex: number, ...parts: readonly (string | Uint8Array)[]): void {
    if (this.sink === null) return;
    this.#collected.push({ databaseIndex, parts: parts.map(asBytes) });
  }

  /**
   * The call is over: hands over what is to be repeated.
   * @param isChanged whether the command itself changed anything.
   * @param isAtomic whether several commands belong together. Those of a command that visits keys
   * as they come, like SCAN, do not: each says that some key has expired.
   */
  finish(isChanged: boolean, databaseIndex: number, args: Arguments, isAtomic: boolean): void {
    const repeatsOriginal = isChanged && !this.#isReplaced;
    this.#isReplaced = false;
    const sink = this.sink;
    if (sink === null) {
      // What was collected before nobody listened any more is for nobody.
      if (this.#collected.length > 0) this.#collected = [];
      return;
    }
    if (this.#isGrouping) {
      if (repeatsOriginal) this.#collected.push({ databaseIndex, parts: viewsOf(args) });
      return;
    }
    const collected = this.#collected;
    if (collected.length === 0) {
      if (repeatsOriginal) sink.original(databaseIndex, args);
      return;
    }
    this.#collected = [];
    const isTransaction = isAtomic && collected.length + (repeatsOriginal ? 1 : 0) > 1;
    if (isTransaction) sink.begin();
    for (const each of collected) sink.command(each.databaseIndex, each.parts);
    if (repeatsOriginal) sink.original(databaseIndex, args);
    if (isTransaction) sink.end();
  }

  /**
   * What comes up to {@link endGroup} belongs together. The arguments of commands that are run
   * meanwhile must stay as they are until then.
   */
  beginGroup(): void {
    this.#isGrouping = true;
  }

  /** Ends a group; what it came to is handed over when the command that made it is finished. */
  endGroup(): void {
    this.#isGrouping = false;
    this.suppress();
  }

  /** Hands over what has been collected outside of a command, each for itself. */
  finishAlone(): void {
    const collected = this.#collected;
    if (collected.length === 0) return;
    this.#collected = [];
    for (const each of collected) this.sink?.command(each.databaseIndex, each.parts);
  }
}

function viewsOf(args: Arguments): Uint8Array[] {
  const views: Uint8Array[] = [];
  for (let i = 0; i < args.count; i++) views.push(args.view(i));
  return views;
}

function asBytes(part: string | Uint8Array): Uint8Array {
  return typeof part === "string" ? latin1Bytes(part) : part;
}
