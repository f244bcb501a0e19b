/**
 * The configuration of one server: every directive's value, how values are set at start and by
 * CONFIG SET, and how they are read.
 *
 * - At start: `load` (load.ts) calls `start` for each line in order, then `finishStart`. Hooks do
 *   not run; the server reads what it needs when it is made.
 * - CONFIG SET: `set` takes the pairs, all or none. Values are stored first, then the hooks of what
 *   changed run; where a hook refuses, every value goes back and the hooks run again with the old.
 * - Reading (`number`, `flag`, ...) looks a name up and converts: it is not for every request. What
 *   a request needs is copied into a plain field, once at start and again in an `onChange` hook.
 *
 * Names and arguments are byte text (see directive.ts), and so are the errors, which quote them.
 */

import { latin1Bytes } from "../../base/ascii.ts";
import { assert } from "../../base/assert.ts";
import { matchesGlob } from "../../base/glob.ts";
import {
  type ChoiceName,
  type ChoiceOf,
  type ChoicesName,
  type ChoicesOf,
  type DirectiveName,
  DIRECTIVES,
  type FlagName,
  FORGOTTEN_DIRECTIVES,
  type NumberName,
  type TextName,
} from "./directives.ts";
import { type Directive, takesSeveral } from "./directive.ts";
import { splitArguments } from "./line_text.ts";
import { isPattern } from "./pattern.ts";
import {
  ChoiceSetting,
  ChoicesSetting,
  NumberSetting,
  type Occasion,
  type Outcome,
  Refusal,
  type RewrittenLine,
  type Setting,
  TextSetting,
  WRONG_NUMBER,
  YesNoSetting,
} from "./setting.ts";
import {
  AddressesSetting,
  type Directories,
  DirectorySetting,
  KeyspaceEventsSetting,
  OomScoreAdjValuesSetting,
  type OutputBufferLimits,
  OutputBufferLimitsSetting,
  PercentilesSetting,
  type ReplicaOf,
  ReplicaOfSetting,
  type SavePoint,
  SavePointsSetting,
} from "./special_setting.ts";

/** Reasons to refuse a line that only a file, never CONFIG SET, can hold. */
export interface StartChecks {
  /** `rename-command`; `to` is empty where the command is taken away. */
  renameCommand?(from: string, to: string): string | undefined;
  /** `user name rule...`: the arguments after the word `user`. */
  user?(args: readonly string[]): string | undefined;
}

/** What CONFIG SET needs to know of the moment. */
export interface SetContext {
  /** The client is on this machine: a unix socket or a loopback address. */
  readonly local: boolean;
  /** A data set is being loaded. */
  readonly loading: boolean;
}

/** What CONFIG SET came to; errors are whole error replies without the `-` before them. */
export type SetResult =
  | {
    readonly ok: true;
    readonly changed: readonly DirectiveName[];
    /** There is something yet to be done: the error if it cannot be, and all is as it was. */
    readonly later?: Promise<string | undefined>;
  }
  | { readonly ok: false; readonly error: string };

/**
 * Applies a change that CONFIG SET made, reading the new values from the `Config`.
 *
 * @returns why it cannot be, or undefined when it is done. It may be called again with the old
 * values when it, or another hook after it, refused.
 */
export type Apply = () => string | undefined;

/** As {@link Apply}, for what cannot be done at once (to listen on another port). */
export type ApplyLater = () => Promise<string | undefined>;

interface Hook<A> {
  readonly names: ReadonlySet<string>;
  readonly apply: A;
}

/** A name under which a directive can be found: its own, or an alias. */
interface Entry {
  readonly name: string;
  readonly setting: Setting;
  readonly hidden: boolean;
}

/** One pair of a CONFIG SET. */
interface Change {
  readonly entry: Entry;
  readonly value: string;
}

export class Config {
  /** The absolute path of the configuration file; undefined when the server runs without one. */
  file: string | undefined = undefined;
  readonly #entries = new Map<string, Entry>();
  readonly #hooks: Hook<Apply>[] = [];
  readonly #laterHooks: Hook<ApplyLater>[] = [];
  readonly #checks: StartChecks;
  readonly #given = new Set<DirectiveName>();
  readonly #renamedCommands: (readonly [from: string, to: string])[] = [];
  readonly #users: (readonly string[])[] = [];
  readonly #modules: (readonly string[])[] = [];

  /**
   * @param directories where `dir` points, from the platform's file system.
   * @param checks what the server has to say about lines that name commands and users.
   */
  constructor(directories: Directories, checks: StartChecks = {}) {
    this.#checks = checks;
    for (const directive of DIRECTIVES as readonly Directive[]) this.#add(directive, directories);
  }

  #add(directive: Directive, directories: Directories): void {
    const setting = makeSetting(directive, directories);
    const { name, alias, laterAlias } = directive;
    const hidden = directive.hidden === true;
    this.#entries.set(name, { name, setting, hidden });
    if (alias !== undefined) this.#entries.set(alias, { name: alias, setting, hidden });
    if (laterAlias !== undefined) {
      this.#entries.set(laterAlias, { name: laterAlias, setting, hidden: true });
    }
  }

  // Reading

  /** The value of a yes-or-no directive. */
  flag(name: FlagName): boolean {
    const setting = this.#setting(name);
    assert(setting instanceof YesNoSetting, "a flag is yes or no");
    return setting.value;
  }

  /** The value of a directive that is a number; above 2^53 the nearest one that JavaScript has. */
  number(name: NumberName): number {
    const setting = this.#setting(name);
    assert(setting instanceof NumberSetting, "a number has a number's setting");
    return Number(setting.value);
  }

  /** The value of a directive that is a text, decoded from UTF-8; empty where it is not set. */
  text(name: TextName): string {
    const setting = this.#setting(name);
    assert(
      setting instanceof TextSetting || setting instanceof DirectorySetting,
      "a text has a text's setting",
    );
    return setting.decoded();
  }

  /** The exact bytes of such a directive, for passwords. */
  bytes(name: TextName): Uint8Array {
    return latin1Bytes(this.#setting(name).text());
  }

  /** The value of a directive that is one of a list of words. */
  choice<N extends ChoiceName>(name: N): ChoiceOf<N> {
    const setting = this.#setting(name);
    assert(setting instanceof ChoiceSetting, "a choice has a choice's setting");
    // The table says which words this directive can be, and the setting takes no other.
    return setting.value as ChoiceOf<N>;
  }

  /** Whether a word is among those of a directive that holds several. */
  has<N extends ChoicesName>(name: N, word: ChoicesOf<N>): boolean {
    const setting = this.#setting(name);
    assert(setting instanceof ChoicesSetting, "several words have their setting");
    return setting.value.split(" ").includes(word);
  }

  savePoints(): readonly SavePoint[] {
    const setting = this.#setting("save");
    assert(setting instanceof SavePointsSetting, "save has its own setting");
    return setting.value;
  }

  outputBufferLimits(): OutputBufferLimits {
    const setting = this.#setting("client-output-buffer-limit");
    assert(setting instanceof OutputBufferLimitsSetting, "the limits have their own setting");
    return setting.limits();
  }

  /** The addresses to listen on; one that begins with `-` may be missing on this machine. */
  bindAddresses(): readonly string[] {
    const setting = this.#setting("bind");
    assert(setting instanceof AddressesSetting, "bind has its own setting");
    return setting.value;
  }

  /** The `EVENT_...` flags that are on. */
  keyspaceEvents(): number {
    const setting = this.#setting("notify-keyspace-events");
    assert(setting instanceof KeyspaceEventsSetting, "the events have their own setting");
    return setting.value;
  }

  /** 0 to 100 each. */
  latencyPercentiles(): readonly number[] {
    const setting = this.#setting("latency-tracking-info-percentiles");
    assert(setting instanceof PercentilesSetting, "the percentiles have their own setting");
    return setting.value;
  }

  /** `oom-score-adj-values`: of a master, a replica and a child. */
  oomScoreValues(): readonly number[] {
    const setting = this.#setting("oom-score-adj-values");
    assert(setting instanceof OomScoreAdjValuesSetting, "the values have their own setting");
    return setting.value.split(" ").map(Number);
  }

  replicaOf(): ReplicaOf | undefined {
    const setting = this.#setting("replicaof");
    assert(setting instanceof ReplicaOfSetting, "replicaof has its own setting");
    return setting.value;
  }

  /** What all clients together may take: maxmemory-clients, a percentage being of maxmemory. */
  clientMemoryLimitBytes(): number {
    const setting = this.#setting("maxmemory-clients");
    assert(setting instanceof NumberSetting, "a number has a number's setting");
    if (setting.value >= 0n) return Number(setting.value);
    return Math.floor(this.number("maxmemory") * -Number(setting.value) / 100);
  }

  /** Commands renamed at start, in order; `to` is empty for one taken away. */
  get renamedCommands(): readonly (readonly [from: string, to: string])[] {
    return this.#renamedCommands;
  }

  /** The `user` lines: name and rules. */
  get users(): readonly (readonly string[])[] {
    return this.#users;
  }

  /** The `loadmodule` lines: path and arguments. */
  get modules(): readonly (readonly string[])[] {
    return this.#modules;
  }

  /** Directives given at start that this server keeps and does not apply: one line of log each. */
  keptOnly(): readonly DirectiveName[] {
    return [...this.#given].filter((name) => this.#setting(name).directive.kept === true);
  }

  #setting(name: DirectiveName): Setting {
    const entry = this.#entries.get(name);
    assert(entry !== undefined, "every row of the table has a setting");
    return entry.setting;
  }

  // CONFIG GET

  /** The value of one directive as CONFIG GET tells it; undefined where there is none such. */
  get(name: string): string | undefined {
    return this.#entries.get(name.toLowerCase())?.setting.text();
  }

  /**
   * CONFIG GET's reply: names and values. A name is given back as it was asked for; a pattern
   * matches the names and aliases that are not hidden. Nothing comes twice.
   */
  matching(patterns: readonly string[]): readonly (readonly [name: string, value: string])[] {
    const found = new Map<string, readonly [string, string]>();
    for (const pattern of patterns) {
      const lower = pattern.toLowerCase();
      if (!isPattern(pattern)) {
        const entry = this.#entries.get(lower);
        if (entry !== undefined && !found.has(lower)) {
          found.set(lower, [pattern, entry.setting.text()]);
        }
        continue;
      }
      for (const entry of this.#entries.values()) {
        if (entry.hidden || found.has(entry.name)) continue;
        if (!matches(pattern, entry.name)) continue;
        found.set(entry.name, [entry.name, entry.setting.text()]);
      }
    }
    return [...found.values()];
  }

  // CONFIG SET

  /**
   * Registers what is to be done when CONFIG SET changes any of these directives. Of several hooks
   * those run that watch something changed, each once, in the order of the changes.
   */
  onChange(names: readonly DirectiveName[], apply: Apply): void {
    this.#hooks.push({ names: new Set<string>(names), apply });
  }

  /** As {@link onChange}; such hooks run when all others have, one after the other. */
  onChangeLater(names: readonly DirectiveName[], apply: ApplyLater): void {
    this.#laterHooks.push({ names: new Set<string>(names), apply });
  }

  /** Whether the value of this directive must be kept out of logs. */
  isSensitive(name: string): boolean {
    return this.#entries.get(name.toLowerCase())?.setting.directive.sensitive === true;
  }

  /**
   * CONFIG SET: names and values in turn, all or none.
   *
   * @param args the arguments after `CONFIG SET`.
   */
  set(args: readonly string[], context: SetContext): SetResult {
    if (args.length % 2 !== 0) return { ok: false, error: "ERR syntax error" };
    const changes = this.#findChanges(args, context);
    if (typeof changes === "string") return { ok: false, error: changes };
    for (const { entry } of changes) entry.setting.mark();
    const changed: Entry[] = [];
    for (const { entry, value } of changes) {
      const { setting } = entry;
      const several = takesSeveral(setting.directive);
      const outcome = setting.change(several ? splitAtSpaces(value) : [value], "CONFIG SET");
      if (outcome instanceof Refusal) {
        for (const { entry } of changes) entry.setting.rollBack();
        return { ok: false, error: setFailed(entry.name, outcome.reason) };
      }
      if (outcome) changed.push(entry);
    }
    const failed = this.#apply(changes, changed);
    if (failed !== undefined) return { ok: false, error: failed };
    const names = changed.map(({ setting }) => setting.directive.name as DirectiveName);
    if (!this.#laterHooks.some((hook) => names.some((name) => hook.names.has(name)))) {
      return { ok: true, changed: names };
    }
    return { ok: true, changed: names, later: this.#applyLater(changes, changed) };
  }

  /** The changes asked for, or the error for the first that cannot be asked for. */
  #findChanges(args: readonly string[], context: SetContext): readonly Change[] | string {
    const changes: Change[] = [];
    for (let i = 0; i < args.length; i += 2) {
      const name = args[i];
      const entry = this.#entries.get(name.toLowerCase());
      if (entry === undefined) {
        return `ERR Unknown option or number of arguments for CONFIG SET - '${name}'`;
      }
      const { directive } = entry.setting;
      if (directive.immutable) return setFailed(name, "can't set immutable config");
      if (directive.protected && !this.allowsProtected("enable-protected-configs", context.local)) {
        return setFailed(name, "can't set protected config");
      }
      if (context.loading && directive.denyLoading) {
        return "LOADING Redis is loading the dataset in memory";
      }
      // An alias beside its directive is no duplicate, as in Redis: the later of them wins.
      if (changes.some((change) => change.entry === entry)) {
        return setFailed(name, "duplicate parameter");
      }
      changes.push({ entry, value: args[i + 1] });
    }
    return changes;
  }

  #apply(changes: readonly Change[], changed: readonly Entry[]): string | undefined {
    const done: Hook<Apply>[] = [];
    for (const [name, hook] of hooksOf(this.#hooks, changed)) {
      done.push(hook);
      const reason = hook.apply();
      if (reason === undefined) continue;
      for (const { entry } of changes) entry.setting.rollBack();
      for (const applied of done) applied.apply();
      return setFailed(name, reason);
    }
    return undefined;
  }

  async #applyLater(
    changes: readonly Change[],
    changed: readonly Entry[],
  ): Promise<string | undefined> {
    const done: Hook<ApplyLater>[] = [];
    for (const [name, hook] of hooksOf(this.#laterHooks, changed)) {
      done.push(hook);
      const reason = await hook.apply();
      if (reason === undefined) continue;
      for (const { entry } of changes) entry.setting.rollBack();
      for (const [, applied] of hooksOf(this.#hooks, changed)) applied.apply();
      for (const applied of done) await applied.apply();
      return setFailed(name, reason);
    }
    return undefined;
  }

  /**
   * Whether a client may do what `enable-protected-configs`, `enable-debug-command` or
   * `enable-module-command` guards.
   */
  allowsProtected(
    name: "enable-protected-configs" | "enable-debug-command" | "enable-module-command",
    local: boolean,
  ): boolean {
    const allowed = this.choice(name);
    return allowed === "yes" || (allowed === "local" && local);
  }

  // Start

  /**
   * Takes one directive at start: a line of the file or of the command line, a variable of the
   * environment, an option of the embedding program. `include` is not for here, but for load.ts.
   *
   * @param args the arguments after the name.
   * @returns why it is refused, in the words of Redis's fatal configuration error.
   */
  start(name: string, args: readonly string[], occasion: "line" | "option"): string | undefined {
    const lower = name.toLowerCase();
    const entry = this.#entries.get(lower);
    if (entry === undefined) return this.#startOther(lower, args);
    const { setting } = entry;
    const outcome = changeAtStart(setting, args, occasion);
    if (outcome instanceof Refusal) return outcome.reason;
    this.#given.add(setting.directive.name as DirectiveName);
    return undefined;
  }

  /** The directives that only a file knows. */
  #startOther(name: string, args: readonly string[]): string | undefined {
    if (FORGOTTEN_DIRECTIVES.has(name) && args.length === 1) return undefined;
    if (name === "rename-command" && args.length === 2) {
      const reason = this.#checks.renameCommand?.(args[0], args[1]);
      if (reason === undefined) this.#renamedCommands.push([args[0], args[1]]);
      return reason;
    }
    if (name === "user" && args.length >= 1) {
      const reason = this.#checks.user?.(args);
      if (reason === undefined) this.#users.push([...args]);
      return reason;
    }
    if (name === "loadmodule" && args.length >= 1) {
      this.#modules.push([...args]);
      return undefined;
    }
    if (name.includes(".")) {
      return args.length === 0
        ? "Module config specified without value"
        : "Module Configuration detected without loadmodule directive or no ApplyConfig call: aborting";
    }
    if (name === "sentinel") {
      return args.length === 0 ? undefined : "sentinel directive while not in sentinel mode";
    }
    return "Bad directive or wrong number of arguments";
  }

  /**
   * To be called when the last directive of the start has been taken.
   *
   * @returns why the directives do not go together.
   */
  finishStart(): string | undefined {
    if (!this.flag("cluster-enabled")) return undefined;
    if (this.replicaOf() !== undefined) return "replicaof directive not allowed in cluster mode";
    // A cluster has one database; Redis says so in its log and goes on.
    this.#setting("databases").change(["1"], "option");
    return undefined;
  }

  // CONFIG REWRITE

  /** The primary name of what a line of the file sets; undefined where there is none such. */
  primaryName(name: string): string | undefined {
    return this.#entries.get(name.toLowerCase())?.setting.directive.name;
  }

  /** Every directive with the lines that a rewritten file has for it. */
  *rewrittenLines(): Generator<readonly [name: DirectiveName, lines: readonly RewrittenLine[]]> {
    for (const { name } of DIRECTIVES) yield [name, this.#setting(name).lines()];
  }
}

/** The hooks that watch any of the changes, each once, with the name that was changed. */
function hooksOf<A>(hooks: readonly Hook<A>[], changed: readonly Entry[]): [string, Hook<A>][] {
  const found: [string, Hook<A>][] = [];
  for (const { name, setting } of changed) {
    for (const hook of hooks) {
      if (!hook.names.has(setting.directive.name)) continue;
      if (!found.some(([, other]) => other === hook)) found.push([name, hook]);
    }
  }
  return found;
}

function setFailed(name: string, reason: string): string {
  const tail = reason === "" ? "" : ` - ${reason}`;
  return `ERR CONFIG SET failed (possibly related to argument '${name}')${tail}`;
}

function matches(pattern: string, name: string): boolean {
  return matchesGlob(
    latin1Bytes(pattern),
    0,
    pattern.length,
    latin1Bytes(name),
    0,
    name.length,
    true,
  );
}

/** As Redis splits a value of CONFIG SET: at each space, so that two of them hold an empty word. */
function splitAtSpaces(value: string): string[] {
  return value === "" ? [] : value.split(" ");
}

function changeAtStart(setting: Setting, args: readonly string[], occasion: Occasion): Outcome {
  if (!takesSeveral(setting.directive)) {
    return args.length === 1 ? setting.change(args, occasion) : new Refusal(WRONG_NUMBER);
  }
  // One argument that holds several, as `--save "3600 1"`; what cannot be split is no argument.
  if (args.length === 1 && args[0] !== "") {
    return setting.change(splitArguments(args[0]) ?? [], occasion);
  }
  return setting.change(args, occasion);
}

function makeSetting(directive: Directive, directories: Directories): Setting {
  switch (directive.kind) {
    case "yes-no":
      return new YesNoSetting(directive);
    case "integer":
    case "memory":
    case "octal":
    case "memory-or-percent":
      return new NumberSetting(directive);
    case "choice":
      return new ChoiceSetting(directive);
    case "choices":
      return new ChoicesSetting(directive);
    case "text":
      return new TextSetting(directive);
    case "directory":
      return new DirectorySetting(directive, directories);
    case "save-points":
      return new SavePointsSetting(directive);
    case "output-buffer-limits":
      return new OutputBufferLimitsSetting(directive);
    case "oom-score-adj-values":
      return new OomScoreAdjValuesSetting(directive);
    case "keyspace-events":
      return new KeyspaceEventsSetting(directive);
    case "addresses":
      return new AddressesSetting(directive);
    case "replica-of":
      return new ReplicaOfSetting(directive);
    case "percentiles":
      return new PercentilesSetting(directive);
  }
}
