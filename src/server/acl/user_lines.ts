/**
 * Users as they stand in files: `user NAME RULE...`, a line each, in the configuration file or in a
 * file of their own (`aclfile`).
 */
import type { StartChecks } from "../config/config.ts";
import { CommandIndex } from "./command_index.ts";
import type { RuleSettings } from "./rules.ts";
import { applyRule, DUPLICATE_USER, hasSpaces, UNKNOWN_COMMAND } from "./rules.ts";
import { User } from "./user.ts";

/** What is said of the rule at `index` that begins a selector and is never closed. */
export class UnmatchedParenthesis {
  readonly index: number;
  constructor(index: number) {
    this.index = index;
  }
}

/**
 * Puts selectors together that were split at their spaces: `(+get`, `~a)` is one rule.
 */
export function mergeSelectors(rules: readonly string[]): string[] | UnmatchedParenthesis {
  const merged: string[] = [];
  let open = -1;
  rules.forEach((rule, i) => {
    if (open < 0) {
      merged.push(rule);
      if (rule.startsWith("(") && !rule.endsWith(")")) open = i;
      return;
    }
    merged[merged.length - 1] += ` ${rule}`;
    if (rule.endsWith(")")) open = -1;
  });
  return open < 0 ? merged : new UnmatchedParenthesis(open);
}

/**
 * Checks the `user` lines of a configuration as they are read, before there are any commands:
 * whether a command is known is found out later ({@link configuredUsers}).
 */
export function userLineChecks(): StartChecks {
  const names = new Set<string>();
  const settings: RuleSettings = {
    index: new CommandIndex([]),
    allowsAllChannels: false,
    deprecated: () => {},
  };
  return {
    user([name, ...rules]) {
      // Redis counts the words of the line from `user` on, but merged rules from the first rule.
      const words = ["user", name, ...rules];
      if (names.has(name)) return `Error in user declaration '${name}': ${DUPLICATE_USER}`;
      const merged = mergeSelectors(rules);
      if (merged instanceof UnmatchedParenthesis) {
        return `Error in user declaration '${words[merged.index]}': Unmatched parenthesis`;
      }
      const user = new User(name, settings.index, false);
      for (const [i, rule] of merged.entries()) {
        const error = applyRule(user, rule, settings);
        if (error !== undefined && error !== UNKNOWN_COMMAND) {
          return `Error in user declaration '${words[i]}': ${error}`;
        }
      }
      names.add(name);
      return undefined;
    },
  };
}

/**
 * Makes the users of the `user` lines of a configuration.
 *
 * @param make makes a user of that name, or gives back the one that there is, as new.
 * @returns why a line cannot be, as the log says it.
 */
export function configuredUsers(
  lines: readonly (readonly string[])[],
  settings: RuleSettings,
  make: (name: string) => User,
): string | undefined {
  for (const [name, ...rules] of lines) {
    if (hasSpaces(name)) return "Spaces not allowed in ACL usernames";
    const user = make(name);
    const merged = mergeSelectors(rules);
    for (const rule of merged instanceof UnmatchedParenthesis ? rules : merged) {
      const error = applyRule(user, rule, settings);
      if (error === undefined) continue;
      return `Error loading ACL rule '${rule}' for the user named '${name}': ${error}`;
    }
  }
  return undefined;
}

/** What is wrong in a file of users. */
export class AclFileErrors {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/**
 * Reads a file of users.
 *
 * @param path as the errors quote it.
 * @param text the contents as byte text.
 * @returns the users by name; or everything that is wrong.
 */
export function parseAclFile(
  path: string,
  text: string,
  settings: RuleSettings,
): Map<string, User> | AclFileErrors {
  const users = new Map<string, User>();
  let errors = "";
  text.split("\n").forEach((line, i) => {
    const words = line.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "").split(" ");
    if (words.length === 1 && words[0] === "") return;
    errors += parseLine(`${path}:${i + 1}`, i + 1, words, settings, users);
  });
  return errors === "" ? users : new AclFileErrors(
    `${errors}WARNING: ACL errors detected, no change to the previously active ACL rules was ` +
      "performed",
  );
}

/** Adds the user of a line; returns what is wrong with it, each error with a space behind it. */
function parseLine(
  place: string,
  lineNumber: number,
  [word, name, ...rules]: readonly string[],
  settings: RuleSettings,
  users: Map<string, User>,
): string {
  if (word !== "user" || name === undefined) {
    return `${place} should start with user keyword followed by the username. `;
  }
  if (hasSpaces(name)) return `'${place}: username '${name}' contains invalid characters. `;
  if (users.has(name)) {
    return `WARNING: Duplicate user '${name}' found on line ${lineNumber}. `;
  }
  const user = new User(name, settings.index, settings.allowsAllChannels);
  users.set(name, user);
  const merged = mergeSelectors(rules);
  if (merged instanceof UnmatchedParenthesis) {
    return `${place}: Unmatched parenthesis in selector definition.`;
  }
  let errors = "";
  let isBroken = false;
  for (const rule of merged) {
    const bare = rule.replace(/^[\t\r\n]+|[\t\r\n]+$/g, "");
    const error = applyRule(user, bare, settings);
    if (error === undefined) continue;
    // A command that is unknown gives no secret away; of anything else only the first is said.
    if (error === UNKNOWN_COMMAND) {
      errors += `${place}: Error in applying operation '${bare}': ${error}. `;
    } else if (!isBroken) {
      errors += `${place}: ${error}. `;
      isBroken = true;
    }
  }
  return errors;
}
