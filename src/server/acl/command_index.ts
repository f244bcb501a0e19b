/**
 * The commands as rules name them: by the names that they were declared with, so that a rule means
 * the same whatever `rename-command` says, and by category.
 *
 * `Command.id` counts commands and subcommands from 0: selectors keep what they allow in arrays by it.
 */
import type { AclCategory } from "../../command/definition.ts";
import type { Command } from "../registry.ts";
import { CATEGORY_ORDER } from "../registry.ts";

/** What of a command's arguments there is to check, see {@link CommandIndex.shapes}. */
export const SHAPE_ANY = 0;
export const SHAPE_NOTHING = 1;
/** One key at the first argument, the next number at the second, and so on. */
export const SHAPE_ONE_KEY = 2;
const SHAPES_MAX = 255;

/** Commands of channels: from which argument to which (-1: the last) they stand. */
const CHANNEL_COMMANDS: Readonly<Record<string, ChannelArguments>> = {
  publish: { last: 1, isPattern: false },
  spublish: { last: 1, isPattern: false },
  subscribe: { last: -1, isPattern: false },
  ssubscribe: { last: -1, isPattern: false },
  psubscribe: { last: -1, isPattern: true },
};

/** Channels stand from the first argument on. */
export interface ChannelArguments {
  readonly last: number;
  readonly isPattern: boolean;
}

export class CommandIndex {
  /** Each command before its subcommands. */
  readonly commands: readonly Command[];
  /**
   * By the ids of commands: SHAPE_NOTHING where there are neither keys nor channels, SHAPE_ONE_KEY
   * and more where there always is one key at one place, SHAPE_ANY else.
   */
  readonly shapes: Uint8Array;
  /** By the ids of commands; undefined for those without channels. */
  readonly channels: readonly (ChannelArguments | undefined)[];
  readonly #byName: ReadonlyMap<string, Command>;
  readonly #byCategory: ReadonlyMap<string, readonly Command[]>;

  constructor(declared: readonly Command[]) {
    this.commands = declared.flatMap((command) => [
      command,
      ...(command.subcommands?.commands ?? []),
    ]);
    this.shapes = new Uint8Array(this.commands.length);
    const channels: (ChannelArguments | undefined)[] = [];
    for (const command of this.commands) {
      this.shapes[command.id] = shapeOf(command);
      channels[command.id] = channelsOf(command);
    }
    this.channels = channels;
    this.#byName = new Map(this.commands.map((command) => [command.fullName, command]));
    const byCategory = new Map<string, Command[]>(CATEGORY_ORDER.map((name) => [name, []]));
    for (const command of this.commands) {
      for (const category of command.categories) byCategory.get(category)?.push(command);
    }
    this.#byCategory = byCategory;
  }

  /** The command of that full name in any case: `get`, `config|get`. */
  find(name: string): Command | undefined {
    return this.#byName.get(name.toLowerCase());
  }

  /** The commands of a category, named in any case without its `@`; undefined: there is none such. */
  inCategory(name: string): readonly Command[] | undefined {
    return this.#byCategory.get(name.toLowerCase());
  }

  /** Every category there is. */
  get categories(): readonly AclCategory[] {
    return CATEGORY_ORDER;
  }
}

function channelsOf({ fullName }: Command): ChannelArguments | undefined {
  return Object.hasOwn(CHANNEL_COMMANDS, fullName) ? CHANNEL_COMMANDS[fullName] : undefined;
}

function shapeOf(command: Command): number {
  const { arity, keyPlan: { hasKeys, onlyKey } } = command;
  if (channelsOf(command) !== undefined) return SHAPE_ANY;
  if (!hasKeys) return SHAPE_NOTHING;
  const shape = SHAPE_ONE_KEY + onlyKey - 1;
  return onlyKey > 0 && onlyKey < Math.abs(arity) && shape <= SHAPES_MAX ? shape : SHAPE_ANY;
}
