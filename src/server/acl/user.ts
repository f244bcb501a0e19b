/**
 * A user: a name, passwords, and selectors that say what may be done. Clients refer to the object,
 * so that a change is in force with their next command.
 *
 * A user begins disabled, without passwords and permissions. Names and rules are byte text.
 */
import type { Arguments } from "../../protocol/arguments.ts";
import { quoted } from "../config/line_text.ts";
import type { Command } from "../registry.ts";
import type { CommandIndex } from "./command_index.ts";
import { SHAPE_ANY, SHAPE_NOTHING, SHAPE_ONE_KEY } from "./command_index.ts";
import type { KeyPattern } from "./pattern.ts";
import { MAY_READ, MAY_WRITE } from "./pattern.ts";
import { Selector } from "./selector.ts";

export class User {
  readonly name: string;
  readonly #index: CommandIndex;
  isEnabled = false;
  /** Every password is right. */
  needsNoPassword = false;
  /** `sanitize-payload`. Kept and told: RESTORE checks what anybody sends as thoroughly as it can. */
  isPayloadSanitized = true;
  /** Hashes of passwords, see password.ts. */
  passwords: readonly string[] = [];
  /** The root selector first. */
  #selectors: readonly Selector[];
  /** What is allowed by rules that stand in no parentheses. */
  root: Selector;
  /** Some selector allows everything: no command need be checked. Kept by {@link settle}. */
  isUnrestricted = false;
  /** By the ids of commands: the shape of those that may run where their key is allowed; else 0. */
  readonly #shapes: Uint8Array;
  /** The patterns of the root selector that allow whatever is done with a key. */
  #patterns: readonly KeyPattern[] = [];

  constructor(name: string, index: CommandIndex, allowsAllChannels: boolean) {
    this.name = name;
    this.#index = index;
    this.#shapes = new Uint8Array(index.shapes.length);
    this.root = new Selector(index, allowsAllChannels);
    this.#selectors = [this.root];
  }

  get selectors(): readonly Selector[] {
    return this.#selectors;
  }

  set selectors(selectors: readonly Selector[]) {
    this.#selectors = selectors;
    this.root = selectors[0];
  }

  /** Everybody who comes is this user without being asked for a password. */
  get isOpen(): boolean {
    return this.isEnabled && this.needsNoPassword;
  }

  /** A user of that name with the same rules. */
  copy(name: string): User {
    const copy = new User(name, this.#index, false);
    copy.become(this);
    return copy;
  }

  /** Takes over everything of another but the name. */
  become(other: User): void {
    this.isEnabled = other.isEnabled;
    this.needsNoPassword = other.needsNoPassword;
    this.isPayloadSanitized = other.isPayloadSanitized;
    this.passwords = other.passwords;
    this.selectors = other.selectors.map((each) => each.copy());
    this.settle();
  }

  /**
   * Whether the command may run, found with next to no effort: most commands have one key, and most
   * users a pattern that allows whatever is done with it. False tells nothing.
   */
  passes(command: Command, args: Arguments): boolean {
    const shape = this.#shapes[command.id];
    if (shape < SHAPE_ONE_KEY) return shape === SHAPE_NOTHING;
    const index = shape - SHAPE_ONE_KEY + 1;
    const patterns = this.#patterns;
    for (let i = 0; i < patterns.length; i++) {
      if (patterns[i].matches(args.bytes, args.starts[index], args.ends[index])) return true;
    }
    return false;
  }

  /** To be called when the selectors have changed. */
  settle(): void {
    const { allowed, allowsAllKeys, keys } = this.root;
    const { shapes } = this.#index;
    for (let id = 0; id < shapes.length; id++) {
      const shape = allowsAllKeys && shapes[id] !== SHAPE_ANY ? SHAPE_NOTHING : shapes[id];
      this.#shapes[id] = allowed[id] === 0 ? SHAPE_ANY : shape;
    }
    this.#patterns = keys.filter((each) => each.access === (MAY_READ | MAY_WRITE));
    this.isUnrestricted = this.selectors.some((each) =>
      each.allowsAllCommands && each.allowsAllKeys && each.allowsAllChannels
    );
  }

  /** The words for its state, in Redis's order. */
  get flags(): readonly string[] {
    return [
      this.isEnabled ? "on" : "off",
      ...(this.needsNoPassword ? ["nopass"] : []),
      this.isPayloadSanitized ? "sanitize-payload" : "skip-sanitize-payload",
    ];
  }

  /** The rules that make such a user, as a line of ACL LIST without `user` and the name. */
  get rules(): string {
    return [
      ...this.flags,
      ...this.passwords.map((hash) => `#${hash}`),
      this.root.rules,
      ...this.selectors.slice(1).map((each) => `(${each.rules})`),
    ].join(" ");
  }

  /** Name and rules, as ACL LIST tells them. */
  get line(): string {
    return `${this.name} ${this.rules}`;
  }

  /**
   * Name and rules, as they stand in a file of users. The rules within a selector are split by
   * quotes when they are read, so those that hold quotes are quoted: where Redis writes what it
   * could not read again.
   */
  get savedLine(): string {
    return [
      this.name,
      ...this.flags,
      ...this.passwords.map((hash) => `#${hash}`),
      this.root.rules,
      ...this.selectors.slice(1).map((each) => `(${quotedWords(each.rules)})`),
    ].join(" ");
  }

  /** The same as arguments of a `user` line of a configuration file. */
  get configuredLine(): string {
    return quotedWords(this.savedLine);
  }
}

/** Words separated by spaces, those between quotes that hold quotes. */
function quotedWords(text: string): string {
  return text.split(" ").map((word) => /["']/.test(word) ? quoted(word) : word).join(" ");
}
