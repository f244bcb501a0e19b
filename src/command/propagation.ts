/**
 * How what a command did is told to those who repeat it: the append-only file and replicas.
 *
 * By default a command that changed something is repeated as the client sent it. A handler whose
 * words depend on the time, on chance or on what was there says instead what it came to: GETEX
 * becomes PEXPIREAT, PERSIST or DEL; a relative expiry an absolute one. Keys that expire on the way
 * are told before the command that met them.
 *
 * While nobody listens, nothing is collected.
 */
import { latin1Bytes } from "../base/ascii.ts";

/** One command to repeat, in one database. */
export interface PropagatedCommand {
  readonly databaseIndex: number;
  readonly args: readonly Uint8Array[];
}

export class Propagation {
  /** Set where somebody listens; the commands of one call arrive together. */
  listener: ((commands: readonly PropagatedCommand[]) => void) | null = null;

  #instead: PropagatedCommand[] = [];
  #isReplaced = false;

  /** True when somebody listens: only then is it worth to make the arguments. */
  get isActive(): boolean {
    return this.listener !== null;
  }

  /** True when {@link finish} has anything to do after a call. */
  get isPending(): boolean {
    return this.#isReplaced || this.listener !== null;
  }

  /** The command is not repeated as it came, but as this one (or these, when called again). */
  replaceWith(databaseIndex: number, ...args: readonly (string | Uint8Array)[]): void {
    this.#isReplaced = true;
    if (this.listener === null) return;
    this.#instead.push({ databaseIndex, args: args.map(asBytes) });
  }

  /** The command is not repeated at all. */
  suppress(): void {
    this.#isReplaced = true;
  }

  /** Another command is repeated before the one that runs (a key expired). */
  also(databaseIndex: number, ...args: readonly (string | Uint8Array)[]): void {
    if (this.listener === null) return;
    this.#instead.push({ databaseIndex, args: args.map(asBytes) });
  }

  /** The call is over: hands over what is to be repeated; `original` makes the command as it came. */
  finish(isChanged: boolean, databaseIndex: number, original: () => Uint8Array[]): void {
    const isReplaced = this.#isReplaced;
    this.#isReplaced = false;
    const listener = this.listener;
    if (listener === null) return;
    const commands = this.#instead;
    if (isChanged && !isReplaced) commands.push({ databaseIndex, args: original() });
    if (commands.length === 0) return;
    this.#instead = [];
    listener(commands);
  }
}

function asBytes(part: string | Uint8Array): Uint8Array {
  return typeof part === "string" ? latin1Bytes(part) : part.slice();
}
