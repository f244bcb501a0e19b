/**
 * A set of permissions: which commands, on which keys, on which channels. A user has a root selector
 * and any number beside it; a command may run when one of them allows all of it.
 *
 * What is allowed of commands stands in two forms that say the same: a byte a command, for checks,
 * and the rules in the order in which they were given, for people, ACL LIST and files. A rule that
 * comes again takes its earlier self out of the list, and one for a command those of its
 * subcommands, so that the list stays short and gives the same bytes when it is applied anew.
 */
import type { Command } from "../registry.ts";
import type { CommandIndex } from "./command_index.ts";
import { KeyPattern, Pattern } from "./pattern.ts";

export class Selector {
  allowsAllCommands = false;
  allowsAllKeys = false;
  allowsAllChannels: boolean;
  keys: readonly KeyPattern[] = [];
  channels: readonly Pattern[] = [];
  readonly #index: CommandIndex;
  /** 1 for each command that is allowed with any arguments, by its id. */
  readonly allowed: Uint8Array;
  /** Commands that are allowed with these first arguments alone, in lower case; by id. */
  #firstArguments: Map<number, string[]> | null = null;
  /** It began with all commands: those that are added to the server later are allowed, too. */
  #startsFromAll = false;
  #rules: string[] = [];

  constructor(index: CommandIndex, allowsAllChannels: boolean) {
    this.#index = index;
    this.allowsAllChannels = allowsAllChannels;
    this.allowed = new Uint8Array(index.commands.length);
  }

  /** One that says the same and can be changed by itself. */
  copy(): Selector {
    const copy = new Selector(this.#index, this.allowsAllChannels);
    copy.allowsAllCommands = this.allowsAllCommands;
    copy.allowsAllKeys = this.allowsAllKeys;
    copy.keys = this.keys;
    copy.channels = this.channels;
    copy.allowed.set(this.allowed);
    copy.#startsFromAll = this.#startsFromAll;
    copy.#rules = [...this.#rules];
    if (this.#firstArguments !== null) {
      copy.#firstArguments = new Map(
        [...this.#firstArguments].map(([id, words]) => [id, [...words]]),
      );
    }
    return copy;
  }

  // Questions

  /** The first arguments with which a command that is not allowed may run all the same. */
  firstArguments(command: Command): readonly string[] | undefined {
    return this.#firstArguments?.get(command.id);
  }

  /** Whether a key pattern of its grants that access to the key. */
  allowsKey(bytes: Uint8Array, start: number, end: number, access: number): boolean {
    if (this.allowsAllKeys) return true;
    const keys = this.keys;
    for (let i = 0; i < keys.length; i++) {
      const pattern = keys[i];
      if ((pattern.access & access) === access && pattern.matches(bytes, start, end)) return true;
    }
    return false;
  }

  /** Whether it grants that access to every key there can be. */
  allowsEveryKey(access: number): boolean {
    return this.allowsAllKeys ||
      this.keys.some((each) => (each.access & access) === access && each.text === "*");
  }

  /**
   * Whether the channel may be used. A pattern that is subscribed to has to be among the rules
   * literally: nobody can tell which channels it will match.
   */
  allowsChannel(bytes: Uint8Array, start: number, end: number, isPattern: boolean): boolean {
    if (this.allowsAllChannels) return true;
    for (const channel of this.channels) {
      if (
        isPattern ? isText(channel.text, bytes, start, end) : channel.matches(bytes, start, end)
      ) {
        return true;
      }
    }
    return false;
  }

  // Changes

  allowAllCommands(): void {
    this.allowed.fill(1);
    this.allowsAllCommands = true;
    this.#startsFromAll = true;
    this.#rules = [];
    this.#firstArguments = null;
  }

  allowNoCommands(): void {
    this.allowed.fill(0);
    this.allowsAllCommands = false;
    this.#startsFromAll = false;
    this.#rules = [];
    this.#firstArguments = null;
  }

  /** `+get`, `-config`, `+config|get`: a container's subcommands share its fate. */
  setCommand(command: Command, isAllowed: boolean): void {
    this.#change(command, isAllowed);
    this.#addRule(command.fullName, isAllowed);
  }

  /** `+@read`, `-@dangerous`; false where there is no such category. */
  setCategory(name: string, isAllowed: boolean): boolean {
    const commands = this.#index.inCategory(name);
    if (commands === undefined) return false;
    this.#addRule(`@${name.toLowerCase()}`, isAllowed);
    for (const command of commands) this.#change(command, isAllowed);
    return true;
  }

  /** `+select|0`. */
  allowFirstArgument(command: Command, argument: string): void {
    const lower = argument.toLowerCase();
    const all = this.#firstArguments ??= new Map();
    const words = all.get(command.id);
    if (words === undefined) all.set(command.id, [lower]);
    else if (!words.includes(lower)) words.push(lower);
    this.#addRule(`${command.fullName}|${lower}`, true);
  }

  addKeys(text: string, access: number): void {
    const known = this.keys.find((each) => each.text === text);
    if (known === undefined) this.keys = [...this.keys, new KeyPattern(text, access)];
    else {
      const merged = new KeyPattern(text, known.access | access);
      this.keys = this.keys.map((each) => each === known ? merged : each);
    }
  }

  addChannels(text: string): void {
    if (this.channels.some((each) => each.text === text)) return;
    this.channels = [...this.channels, new Pattern(text)];
  }

  #change(command: Command, isAllowed: boolean): void {
    this.allowed[command.id] = isAllowed ? 1 : 0;
    if (!isAllowed) this.allowsAllCommands = false;
    this.#firstArguments?.delete(command.id);
    for (const each of command.subcommands?.commands ?? []) {
      this.allowed[each.id] = isAllowed ? 1 : 0;
    }
  }

  #addRule(name: string, isAllowed: boolean): void {
    const rest = this.#rules.filter((rule) => {
      return rule.slice(1) !== name && !rule.startsWith(`${name}|`, 1);
    });
    this.#rules = [...rest, (isAllowed ? "+" : "-") + name];
  }

  // Descriptions, in the words that make the same selector again

  /** `-@all +get +config|get`. */
  get commandRules(): string {
    return [this.#startsFromAll ? "+@all" : "-@all", ...this.#rules].join(" ");
  }

  /** `~app:* %R~other`. */
  get keyRules(): string {
    return this.allowsAllKeys ? "~*" : this.keys.map((each) => each.rule).join(" ");
  }

  /** `&news:*`; empty where no channel is allowed. */
  get channelRules(): string {
    return this.allowsAllChannels ? "&*" : this.channels.map((each) => `&${each.text}`).join(" ");
  }

  /** All of it. */
  get rules(): string {
    const keys = this.keyRules;
    const channels = this.channelRules;
    return (keys === "" ? "" : `${keys} `) +
      (this.allowsAllChannels ? "" : "resetchannels ") +
      (channels === "" ? "" : `${channels} `) + this.commandRules;
  }
}

function isText(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}
