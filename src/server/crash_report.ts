/**
 * What is written to the log before the process dies of a failure of its own: between the two lines
 * that people and tools cut at, what happened, what INFO says and what the client had sent.
 */
import { quoteBytes } from "../base/ascii.ts";
import type { Client } from "./client.ts";
import type { Engine } from "./engine.ts";
import { infoText } from "./commands/info.ts";
import { secretArguments } from "./redaction.ts";

/** How much of each argument is shown. */
const ARGUMENT_BYTES_MAX = 128;
const NOTHING: ReadonlySet<number> = new Set();
/** How many arguments are shown. */
const ARGUMENTS_MAX = 32;

/** Logs a report that begins with these lines. */
export function logCrashReport(
  engine: Engine,
  headLines: readonly string[],
  client: Client | null,
): void {
  const { log, config } = engine;
  log.raw("\n\n=== REDIS BUG REPORT START: Cut & paste starting from here ===\n");
  for (const line of headLines) log.warning(line);
  if (config.flag("crash-log-enabled")) {
    log.raw(`\n------ INFO OUTPUT ------\n${infoText(engine, ["everything"])}`);
    if (client !== null) log.raw(clientText(engine, client));
  }
  log.raw("\n=== REDIS BUG REPORT END. Make sure to include from START to END. ===\n\n");
}

/** Passwords are not shown, and with `hide-user-data-from-log` nothing that users have sent. */
function clientText(engine: Engine, client: Client): string {
  const { config, call: { args } } = engine;
  const isHidden = config.flag("hide-user-data-from-log");
  const secret = client.lastCommand === null
    ? NOTHING
    : secretArguments(client.lastCommand, args, config);
  const lines = [
    "\n------ CURRENT CLIENT INFO ------",
    `id=${client.id} addr=${client.socket.remoteAddress} ` +
    `name=${isHidden ? "*redacted*" : client.name} ` +
    `db=${client.databaseIndex} resp=${client.reply.protocol}`,
  ];
  for (let i = 0; i < Math.min(args.count, ARGUMENTS_MAX); i++) {
    const end = Math.min(args.ends[i], args.starts[i] + ARGUMENT_BYTES_MAX);
    const isShown = !secret.has(i) && (i === 0 || !isHidden);
    const text = isShown
      ? `'${quoteBytes(args.bytes, args.starts[i], end)}'`
      : `${args.lengthOf(i)} bytes`;
    lines.push(`argv[${i}]: ${text}`);
  }
  return `${lines.join("\n")}\n`;
}
