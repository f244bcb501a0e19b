/**
 * Whether a user may run a command with these arguments: the command itself, every key among the
 * arguments with what is done to it, every channel. One selector has to allow all of it.
 *
 * Where none does, the reason is the one that came furthest: a key is said rather than the command,
 * a channel rather than a key, and of two the one that stands further behind.
 */
import { latin1Lower } from "../../base/ascii.ts";
import type { Arguments } from "../../protocol/arguments.ts";
import {
  KEY_ACCESS,
  KEY_DELETE,
  KEY_INSERT,
  KEY_UPDATE,
  KeyList,
  keysOfCommand,
} from "../commands/command_keys.ts";
import { FLAG_NO_AUTH } from "../registry.ts";
import type { Command } from "../registry.ts";
import type { ChannelArguments, CommandIndex } from "./command_index.ts";
import { MAY_READ, MAY_WRITE } from "./pattern.ts";
import type { Selector } from "./selector.ts";
import type { User } from "./user.ts";

/** What {@link PermissionCheck.check} comes to; the greater tells more. */
export const ALLOWED = 0;
export const DENIED_COMMAND = 1;
export const DENIED_KEY = 2;
export const DENIED_CHANNEL = 3;

export class PermissionCheck {
  /** The argument that the last check has failed at; 0 for the command. */
  deniedIndex = 0;
  readonly #index: CommandIndex;
  readonly #keys: KeyList = new KeyList();
  /** The keys of this check have been found: selectors share them. */
  #hasKeys = false;
  #selectorIndex = 0;

  constructor(index: CommandIndex) {
    this.#index = index;
  }

  /** Whether the user may run the command: ALLOWED or a reason. */
  check(user: User, command: Command, args: Arguments): number {
    let reason = DENIED_COMMAND;
    this.deniedIndex = 0;
    this.#hasKeys = false;
    const { selectors } = user;
    for (let i = 0; i < selectors.length; i++) {
      const found = this.#checkSelector(selectors[i], command, args);
      if (found === ALLOWED) return ALLOWED;
      if (found > reason || (found === reason && this.#selectorIndex > this.deniedIndex)) {
        reason = found;
        this.deniedIndex = this.#selectorIndex;
      }
    }
    return reason;
  }

  /** Whether the user may run the command and also access any key at all that way. */
  hasEveryKey(user: User, command: Command, args: Arguments, access: number): boolean {
    this.#hasKeys = false;
    return user.selectors.some((selector) =>
      this.#checkSelector(selector, command, args) === ALLOWED && selector.allowsEveryKey(access)
    );
  }

  #checkSelector(selector: Selector, command: Command, args: Arguments): number {
    this.#selectorIndex = 0;
    if (
      selector.allowed[command.id] === 0 && (command.flags & FLAG_NO_AUTH) === 0 &&
      !isFirstArgumentAllowed(selector, command, args)
    ) return DENIED_COMMAND;
    if (!selector.allowsAllKeys && command.keyPlan.hasKeys) {
      if (!this.#checkKeys(selector, command, args)) return DENIED_KEY;
    }
    if (!selector.allowsAllChannels) {
      const channels = this.#index.channels[command.id];
      if (channels !== undefined && !this.#checkChannels(selector, channels, args)) {
        return DENIED_CHANNEL;
      }
    }
    return ALLOWED;
  }

  #checkKeys(selector: Selector, command: Command, args: Arguments): boolean {
    const keys = this.#keys;
    if (!this.#hasKeys) {
      // Arguments that make no sense name no keys, and the command will refuse them.
      keysOfCommand(command, args, keys);
      this.#hasKeys = true;
    }
    const { bytes, starts, ends } = args;
    for (let i = 0; i < keys.count; i++) {
      const index = keys.positions[i];
      if (selector.allowsKey(bytes, starts[index], ends[index], accessOf(keys.flags[i]))) continue;
      this.#selectorIndex = index;
      return false;
    }
    return true;
  }

  #checkChannels(selector: Selector, channels: ChannelArguments, args: Arguments): boolean {
    const last = channels.last < 0 ? args.count - 1 : channels.last;
    for (let i = 1; i <= last && i < args.count; i++) {
      if (selector.allowsChannel(args.bytes, args.starts[i], args.ends[i], channels.isPattern)) {
        continue;
      }
      this.#selectorIndex = i;
      return false;
    }
    return true;
  }
}

/** What a key's flags need of a pattern. */
function accessOf(flags: number): number {
  const reads = (flags & KEY_ACCESS) !== 0 ? MAY_READ : 0;
  return (flags & (KEY_INSERT | KEY_DELETE | KEY_UPDATE)) !== 0 ? reads | MAY_WRITE : reads;
}

/** `+select|0`: the command may run with that first argument. */
function isFirstArgumentAllowed(selector: Selector, command: Command, args: Arguments): boolean {
  const words = selector.firstArguments(command);
  const index = command.parent === null ? 1 : 2;
  if (words === undefined || args.count <= index) return false;
  return words.includes(latin1Lower(args.bytes, args.starts[index], args.ends[index]));
}
