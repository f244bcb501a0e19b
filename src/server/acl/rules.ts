/**
 * The rules that ACL SETUSER, `user` lines and ACL files are made of, applied to users and
 * selectors one at a time.
 *
 *     on off nopass resetpass reset clearselectors  [skip-]sanitize-payload     the user
 *     >password <password #hash !hash                                          its passwords
 *     ~keys %R~keys %W~keys allkeys resetkeys                                   selectors, with
 *     &channels allchannels resetchannels                                      the root first
 *     +command -command +command|subcommand +command|argument +@category -@category
 *     allcommands nocommands
 *     (rules)                                                          another selector
 *
 * Rules are byte text. Words are known in any case; patterns and passwords are what they are.
 */
import { latin1Bytes } from "../../base/ascii.ts";
import { splitArguments } from "../config/line_text.ts";
import type { CommandIndex } from "./command_index.ts";
import { hashPassword, isPasswordHash } from "./password.ts";
import { MAY_READ, MAY_WRITE } from "./pattern.ts";
import { Selector } from "./selector.ts";
import type { User } from "./user.ts";

/** Why a rule cannot be, in Redis's words. */
export const UNKNOWN_COMMAND = "Unknown command or category name in ACL";
const RULE_SYNTAX = "Syntax error";
const AFTER_ALL_KEYS =
  "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid " +
  "and does not have any effect. Try 'resetkeys' to start with an empty list of patterns";
const AFTER_ALL_CHANNELS = "Adding a pattern after the * pattern (or the 'allchannels' flag) is " +
  "not valid and does not have any effect. Try 'resetchannels' to start with an empty list of " +
  "channels";
const NO_SUCH_PASSWORD = "The password you are trying to remove from the user does not exist";
const NOT_A_HASH = "The password hash must be exactly 64 characters and contain only lowercase " +
  "hexadecimal characters";
const ARGUMENT_OF_SUBCOMMAND = "Allowing first-arg of a subcommand is not supported";
export const DUPLICATE_USER =
  "Duplicate user found. A user can only be defined once in config files";

/** Whether a name or a pattern holds what would tear a line of rules apart. */
export function hasSpaces(text: string): boolean {
  return /[\0\t-\r ]/.test(text);
}

/** What rules depend on beside the user. */
export interface RuleSettings {
  readonly index: CommandIndex;
  /** `acl-pubsub-default` is `allchannels`. */
  readonly allowsAllChannels: boolean;
  /** Is told of `+command|argument`, which goes out of use. */
  readonly deprecated: (rule: string) => void;
}

/** Applies one rule; returns why it cannot be, having changed nothing. */
export function applyRule(user: User, rule: string, settings: RuleSettings): string | undefined {
  const error = applyUserRule(user, rule, settings);
  if (error === undefined) user.settle();
  return error;
}

function applyUserRule(user: User, rule: string, settings: RuleSettings): string | undefined {
  if (rule === "") return undefined;
  if (applyUserWord(user, wordOf(rule), settings)) return undefined;
  switch (rule[0]) {
    case ">":
    case "#":
    case "<":
    case "!":
      return applyPassword(user, rule);
    case "(":
      if (rule.endsWith(")")) return addSelector(user, rule, settings);
  }
  return applyToSelector(user.root, rule, settings);
}

/** Applies a rule that is a word about the user; false where it is none. */
function applyUserWord(user: User, word: string, settings: RuleSettings): boolean {
  switch (word) {
    case "on":
    case "off":
      user.isEnabled = word === "on";
      return true;
    case "sanitize-payload":
    case "skip-sanitize-payload":
      user.isPayloadSanitized = word === "sanitize-payload";
      return true;
    case "nopass":
    case "resetpass":
      user.needsNoPassword = word === "nopass";
      user.passwords = [];
      return true;
    case "clearselectors":
      user.selectors = [user.root];
      return true;
    case "reset":
      user.isEnabled = false;
      user.isPayloadSanitized = true;
      user.needsNoPassword = false;
      user.passwords = [];
      user.selectors = [new Selector(settings.index, settings.allowsAllChannels)];
      return true;
    default:
      return false;
  }
}

function applyPassword(user: User, rule: string): string | undefined {
  const text = rule.slice(1);
  const isPlain = rule[0] === ">" || rule[0] === "<";
  if (!isPlain && !isPasswordHash(text)) return NOT_A_HASH;
  const hash = isPlain ? hashPassword(latin1Bytes(text)) : text;
  const isKnown = user.passwords.includes(hash);
  if (rule[0] === ">" || rule[0] === "#") {
    if (!isKnown) user.passwords = [...user.passwords, hash];
    user.needsNoPassword = false;
    return undefined;
  }
  if (!isKnown) return NO_SUCH_PASSWORD;
  user.passwords = user.passwords.filter((each) => each !== hash);
  return undefined;
}

/** A rule as a word that is known in any case, and ends where C's strings do. */
function wordOf(rule: string): string {
  return untilZero(rule).toLowerCase();
}

function untilZero(text: string): string {
  const zero = text.indexOf("\0");
  return zero < 0 ? text : text.slice(0, zero);
}

function addSelector(user: User, rule: string, settings: RuleSettings): string | undefined {
  const selector = new Selector(settings.index, settings.allowsAllChannels);
  for (const each of splitArguments(rule.slice(1, -1)) ?? []) {
    const error = applyToSelector(selector, each, settings);
    if (error !== undefined) return error;
  }
  user.selectors = [...user.selectors, selector];
  return undefined;
}

function applyToSelector(
  selector: Selector,
  rule: string,
  settings: RuleSettings,
): string | undefined {
  if (applySelectorWord(selector, wordOf(rule))) return undefined;
  switch (rule[0]) {
    case "~":
    case "%":
      return applyKeys(selector, rule);
    case "&":
      if (selector.allowsAllChannels) return AFTER_ALL_CHANNELS;
      if (hasSpaces(rule)) return RULE_SYNTAX;
      selector.addChannels(rule.slice(1));
      return undefined;
    case "+":
    case "-":
      return applyCommand(selector, untilZero(rule), settings);
    default:
      return RULE_SYNTAX;
  }
}

/** Applies a rule that is a word about a selector; false where it is none. */
function applySelectorWord(selector: Selector, word: string): boolean {
  switch (word) {
    case "allkeys":
    case "~*":
    case "resetkeys":
      selector.allowsAllKeys = word !== "resetkeys";
      selector.keys = [];
      return true;
    case "allchannels":
    case "&*":
    case "resetchannels":
      selector.allowsAllChannels = word !== "resetchannels";
      selector.channels = [];
      return true;
    case "allcommands":
    case "+@all":
      selector.allowAllCommands();
      return true;
    case "nocommands":
    case "-@all":
      selector.allowNoCommands();
      return true;
    default:
      return false;
  }
}

function applyKeys(selector: Selector, rule: string): string | undefined {
  if (selector.allowsAllKeys) return AFTER_ALL_KEYS;
  let access = MAY_READ | MAY_WRITE;
  let start = 1;
  if (rule[0] === "%") {
    // Without its `~` it ends where the pattern begins: an empty one.
    const letters = /^%([RrWw]{1,2})(?:~|$)/.exec(rule)?.[1].toUpperCase();
    if (letters === undefined || letters === "RR" || letters === "WW") return RULE_SYNTAX;
    access = (letters.includes("R") ? MAY_READ : 0) | (letters.includes("W") ? MAY_WRITE : 0);
    start = letters.length + 2;
  }
  const text = rule.slice(start);
  if (hasSpaces(text)) return RULE_SYNTAX;
  selector.addKeys(text, access);
  return undefined;
}

function applyCommand(
  selector: Selector,
  rule: string,
  settings: RuleSettings,
): string | undefined {
  const isAllowed = rule[0] === "+";
  const name = rule.slice(1);
  if (name.startsWith("@")) {
    return selector.setCategory(name.slice(1), isAllowed) ? undefined : UNKNOWN_COMMAND;
  }
  const bar = isAllowed ? name.lastIndexOf("|") : -1;
  if (bar >= 0) return allowPart(selector, name, bar, settings);
  const command = settings.index.find(name);
  if (command === undefined) return UNKNOWN_COMMAND;
  selector.setCommand(command, isAllowed);
  return undefined;
}

/** `+container|subcommand` and `+command|argument`. */
function allowPart(
  selector: Selector,
  name: string,
  bar: number,
  settings: RuleSettings,
): string | undefined {
  const command = settings.index.find(name.slice(0, bar));
  if (command === undefined) return UNKNOWN_COMMAND;
  if (command.parent !== null) return ARGUMENT_OF_SUBCOMMAND;
  const part = name.slice(bar + 1);
  if (part === "") return RULE_SYNTAX;
  if (command.subcommands !== null) {
    const subcommand = settings.index.find(name);
    if (subcommand === undefined) return UNKNOWN_COMMAND;
    selector.setCommand(subcommand, true);
    return undefined;
  }
  // Redis takes these and ends itself at the next look at its users; in a file they would be rules
  // of their own.
  if (hasSpaces(part)) return RULE_SYNTAX;
  settings.deprecated(`+${name}`);
  selector.allowFirstArgument(command, part);
  return undefined;
}
