/**
 * Who has not authenticated where a password is asked for: every command that there is, with
 * arguments that it could take, is answered as redis-server answers it, and that is by NOAUTH.
 */
import { conformance } from "../support/compare.ts";
import { error, type Reply } from "../support/reply.ts";
import { memoryPlatform } from "../../adapters/memory/mod.ts";
import { Config } from "../../src/server/config/config.ts";
import { Engine } from "../../src/server/engine.ts";
import { Log } from "../../src/server/log.ts";
import type { Command } from "../../src/server/registry.ts";

const NO_AUTH = error("NOAUTH Authentication required.");
const EXEC_REFUSED = error(
  "EXECABORT Transaction discarded because of: NOAUTH Authentication required.",
);
const ARGS = ["--requirepass", "secret", "--enable-debug-command", "no"];

/** What may be said before authenticating. */
const ANSWERED: ReadonlySet<string> = new Set(["auth", "hello", "reset", "quit"]);
/** Guarded by directives, which are asked first. */
const PROTECTED = /^(debug|module\|)/;

function everyCommand(): readonly Command[] {
  const platform = memoryPlatform();
  const log = new Log(platform.clock, 1, () => {});
  const { commands } = new Engine(platform, new Config(platform.files), log).commands;
  return commands.flatMap((command) =>
    command.subcommands === null ? [command] : [...command.subcommands.commands]
  );
}

/** Words as many as the command takes at least: keys, numbers and the like. */
function plausible(command: Command, more: number): string[] {
  const words = command.fullName.split("|");
  // More than ten words end the connection of who has not authenticated.
  const count = Math.min(10, Math.abs(command.arity) + (command.arity < 0 ? more : 0));
  while (words.length < count) words.push(words.length % 2 === 0 ? "1" : "key");
  return words;
}

/** The judge may not have the command yet, or not with so many arguments. */
function unknownAsRefused(reply: Reply): Reply {
  const isUnknown = reply.kind === "error" && /^ERR (unknown|wrong number)/.test(reply.text);
  return isUnknown ? NO_AUTH : reply;
}

conformance("without a password every command is refused", (c) => {
  everyCommand().forEach((command, i) => {
    if (ANSWERED.has(command.fullName)) return;
    // Nobody is let gather many replies without a password.
    c.on(`connection ${Math.floor(i / 20)}`);
    for (const more of [0, 1, 4]) {
      const words = plausible(command, more);
      c.doNormalized(unknownAsRefused, ...words);
      if (!PROTECTED.test(command.fullName)) {
        c.doExpect(command.fullName === "exec" ? EXEC_REFUSED : NO_AUTH, ...words);
      }
    }
  });
  c.do("NOSUCH", "a");
  c.do("GET");
  c.do("CONFIG", "NOSUCH");
}, { args: ARGS, protocols: [2] });

conformance("what is answered without a password", (c) => {
  c.do("AUTH", "wrong");
  c.do("AUTH", "default", "wrong");
  c.do("AUTH", "nobody", "secret");
  c.do("AUTH", "a", "b", "c");
  c.do("AUTH");
  c.do("AUTH", "");
  c.do("AUTH", "secret2");
  c.do("AUTH", "secre");
  c.doErrorPrefix("HELLO");
  c.doErrorPrefix("HELLO", "3");
  c.do("HELLO", "2", "AUTH", "default", "wrong");
  c.doErrorPrefix("HELLO", "2", "SETNAME", "a");
  c.do("HELLO", "9");
  c.do("RESET");
  c.do("GET", "a");
  c.do("MULTI");
  c.do("EXEC");
  c.doReplies(1, "SUBSCRIBE", "a");
  c.do("AUTH", "secret");
  c.do("PING");
  c.do("ACL", "WHOAMI");
  c.do("RESET");
  c.do("PING");
  c.do("AUTH", "default", "secret");
  c.do("GET", "a");
  c.do("CONFIG", "SET", "requirepass", "other");
  c.do("GET", "a");
  c.on("2");
  c.do("GET", "a");
  c.do("AUTH", "secret");
  c.do("AUTH", "other");
  c.do("GET", "a");
  c.on("3");
  c.do("GET", "a");
  c.on("1");
  c.do("CONFIG", "SET", "requirepass", "");
  c.on("3");
  c.do("GET", "a");
  c.do("AUTH", "other");
  c.on("1");
  c.do("CONFIG", "SET", "requirepass", "secret");
  c.on("4");
  c.doCloses("QUIT");
}, { args: ARGS, protocols: [2] });

conformance("what may be sent without a password is limited", (c) => {
  c.on("many arguments");
  c.raw("*11\r\n", 1, { closes: true });
  c.on("as many as may be");
  c.raw("*10\r\n" + "$1\r\na\r\n".repeat(10), 1);
  c.on("a long argument");
  c.raw("*2\r\n$4\r\nAUTH\r\n$16385\r\n", 1, { closes: true });
  c.on("as long as may be");
  c.raw(`*2\r\n$4\r\nAUTH\r\n$16384\r\n${"x".repeat(16384)}\r\n`, 1);
}, { args: ARGS, protocols: [2] });
