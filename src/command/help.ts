/** The `HELP` subcommands, and what they answer. */
import type { Call } from "./call.ts";
import type { AclCategory, CommandDefinition, CommandGroup } from "./definition.ts";
import { defineCommand } from "./definition.ts";

/** `HELP` of a container command, which tells the lines of its other subcommands. */
export function helpCommand(
  container: string,
  since: string,
  group: CommandGroup,
  lines: readonly string[],
  acl: readonly AclCategory[] = [],
): CommandDefinition {
  return defineCommand({
    name: "help",
    summary: "Tells of the subcommands.",
    since,
    group,
    complexity: "O(1)",
    arity: 2,
    flags: ["loading", "stale"],
    acl,
    run: (call) => replyHelp(call, container, lines),
  });
}

/** Replies with the head line, the lines of each subcommand, and HELP's own two. */
export function replyHelp(call: Call, container: string, lines: readonly string[]): void {
  call.reply.array(lines.length + 3);
  call.reply.simple(
    `${container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`,
  );
  for (const line of lines) call.reply.simple(line);
  call.reply.simple("HELP");
  call.reply.simple("    Print this help.");
}
