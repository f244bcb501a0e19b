/** What `HELP` subcommands answer. */
import type { Call } from "./call.ts";

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
