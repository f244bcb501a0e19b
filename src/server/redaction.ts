/**
 * Which arguments of a command others must not see: the slow log, MONITOR and the log show
 * `(redacted)` in their place. What Redis's handlers mark while they run is found here afterwards,
 * from the arguments alone, because hardly any command is ever shown to anybody.
 */
import { latin1, latin1Bytes, LOWER } from "../base/ascii.ts";
import type { Arguments } from "../protocol/arguments.ts";
import type { Config } from "./config/config.ts";
import type { Command } from "./registry.ts";

/** What stands in place of an argument. */
export const REDACTED: Uint8Array = latin1Bytes("(redacted)");

const NOTHING: ReadonlySet<number> = new Set();

/** The indexes of the arguments that are not to be shown. */
export function secretArguments(
  command: Command,
  args: Arguments,
  config: Config,
): ReadonlySet<number> {
  switch (command.fullName) {
    case "auth":
    case "acl|setuser":
    case "acl|deluser":
    case "acl|getuser":
      return allFrom(args, command.parent === null ? 1 : 2);
    case "hello":
      return behind(args, 2, "auth", 2);
    case "migrate":
      return args.count < 6 ? NOTHING : behindPasswords(args);
    case "config|set":
      return sensitiveValues(args, config);
    default:
      return NOTHING;
  }
}

function allFrom(args: Arguments, first: number): ReadonlySet<number> {
  const secret = new Set<number>();
  for (let i = first; i < args.count; i++) secret.add(i);
  return secret;
}

/** So many arguments behind each occurrence of a word. */
function behind(args: Arguments, first: number, word: string, count: number): Set<number> {
  const secret = new Set<number>();
  for (let i = first; i < args.count; i++) {
    if (!isWord(args, i, word)) continue;
    for (let k = 0; k < count && i + 1 < args.count; k++) secret.add(++i);
  }
  return secret;
}

function behindPasswords(args: Arguments): ReadonlySet<number> {
  const secret = behind(args, 6, "auth", 1);
  for (const index of behind(args, 6, "auth2", 2)) secret.add(index);
  return secret;
}

/** The values of directives that hold passwords and the like. */
function sensitiveValues(args: Arguments, config: Config): ReadonlySet<number> {
  const secret = new Set<number>();
  for (let i = 2; i + 1 < args.count; i += 2) {
    const name = latin1(args.bytes, args.starts[i], args.ends[i]);
    if (config.isSensitive(name)) secret.add(i + 1);
  }
  return secret;
}

function isWord(args: Arguments, index: number, word: string): boolean {
  const start = args.starts[index];
  if (args.ends[index] - start !== word.length) return false;
  for (let i = 0; i < word.length; i++) {
    if (LOWER[args.bytes[start + i]] !== word.charCodeAt(i)) return false;
  }
  return true;
}
