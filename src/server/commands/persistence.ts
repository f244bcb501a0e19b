/** SAVE, BGSAVE, BGREWRITEAOF and SHUTDOWN. */
import type { Call } from "../../command/call.ts";
import type { CommandDefinition } from "../../command/definition.ts";
import { defineCommand } from "../../command/definition.ts";
import type { Engine } from "../engine.ts";
import type { ShutdownOptions } from "../shutdown.ts";
import { prepareShutdown } from "../shutdown.ts";

const SAVE_IN_PROGRESS = "ERR Background save already in progress";

/** The commands of one server that save and end. */
export function persistenceCommands(engine: Engine): readonly CommandDefinition[] {
  return [
    defineCommand({
      name: "save",
      summary: "Saves the data set to the RDB file and answers when it is on disk.",
      since: "1.0.0",
      group: "server",
      complexity: "O(N), N being the keys of all databases",
      arity: 1,
      flags: ["admin", "noscript", "no_async_loading", "no_multi"],
      run(call) {
        const { snapshots } = engine.persistence;
        if (snapshots.isRunning) return call.reply.error(SAVE_IN_PROGRESS);
        snapshots.saveCount++;
        if (snapshots.save() === undefined) call.reply.ok();
        else call.reply.error("ERR");
      },
    }),
    defineCommand({
      name: "bgsave",
      summary: "Saves the data set to the RDB file while the server goes on.",
      since: "1.0.0",
      group: "server",
      complexity: "O(1)",
      history: [["3.2.2", "The `SCHEDULE` option."]],
      arity: -1,
      flags: ["admin", "noscript", "no_async_loading"],
      arguments: [{
        name: "schedule",
        type: "pure-token",
        token: "SCHEDULE",
        since: "3.2.2",
        flags: ["optional"],
      }],
      run: (call) => saveInBackground(engine, call),
    }),
    defineCommand({
      name: "bgrewriteaof",
      summary: "Writes the append-only file anew in its shortest form while the server goes on.",
      since: "1.0.0",
      group: "server",
      complexity: "O(1)",
      arity: 1,
      flags: ["admin", "noscript", "no_async_loading"],
      run: (call) => rewriteInBackground(engine, call),
    }),
    defineCommand({
      name: "shutdown",
      summary: "Saves the data set if it is to be saved, and ends the server.",
      since: "1.0.0",
      group: "server",
      complexity: "O(N) with a save, N being the keys of all databases; else O(1)",
      history: [["7.0.0", "Takes NOW, FORCE and ABORT."]],
      arity: -1,
      flags: ["admin", "noscript", "loading", "stale", "no_multi", "allow_busy"],
      arguments: [
        {
          name: "save-selector",
          type: "oneof",
          flags: ["optional"],
          arguments: [
            { name: "nosave", type: "pure-token", token: "NOSAVE" },
            { name: "save", type: "pure-token", token: "SAVE" },
          ],
        },
        { name: "now", type: "pure-token", token: "NOW", since: "7.0.0", flags: ["optional"] },
        { name: "force", type: "pure-token", token: "FORCE", since: "7.0.0", flags: ["optional"] },
        { name: "abort", type: "pure-token", token: "ABORT", since: "7.0.0", flags: ["optional"] },
      ],
      run(call) {
        const options = optionsOf(call);
        if (options === undefined) return call.syntaxError();
        // A shutdown here never waits for replicas, so there is never one under way to abort.
        if (options === "abort") return call.reply.error("ERR No shutdown in progress.");
        if (prepareShutdown(engine, options)) engine.stop();
        else call.reply.error("ERR Errors trying to SHUTDOWN. Check logs.");
      },
    }),
  ];
}

function saveInBackground(engine: Engine, call: Call): void {
  const { job, snapshots } = engine.persistence;
  const isSchedule = call.count > 1;
  if (isSchedule && (call.count > 2 || !call.is(1, "schedule"))) return call.syntaxError();
  if (snapshots.isRunning) return call.reply.error(SAVE_IN_PROGRESS);
  if (job.isBusy || engine.isInTransaction) {
    if (!isSchedule && !engine.isInTransaction) {
      return call.reply.error(
        "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE " +
          "in order to schedule a BGSAVE whenever possible.",
      );
    }
    snapshots.isScheduled = true;
    return call.reply.simple("Background saving scheduled");
  }
  if (snapshots.saveInBackground() === undefined) {
    call.reply.simple("Background saving started");
  } else call.reply.error("ERR");
}

function rewriteInBackground(engine: Engine, call: Call): void {
  const { job, rewrites } = engine.persistence;
  if (rewrites.isRunning) {
    return call.reply.error("ERR Background append only file rewriting already in progress");
  }
  // Half a transaction must not stand in the base, and the whole of it in what comes after.
  if (job.isBusy || engine.isInTransaction) {
    rewrites.isScheduled = true;
    // What was put off because rewrites kept failing is asked for now.
    rewrites.failuresInARow = 0;
    return call.reply.simple("Background append only file rewriting scheduled");
  }
  if (rewrites.start() === undefined) {
    call.reply.simple("Background append only file rewriting started");
  } else {
    call.reply.error(
      "ERR Can't execute an AOF background rewriting. Please check the server logs for more information.",
    );
  }
}

function optionsOf(call: Call): ShutdownOptions | "abort" | undefined {
  let save: ShutdownOptions["save"] = "default";
  let now = false;
  let force = false;
  let abort = false;
  for (let i = 1; i < call.count; i++) {
    if (call.is(i, "nosave")) {
      if (save === "save") return undefined;
      save = "nosave";
    } else if (call.is(i, "save")) {
      if (save === "nosave") return undefined;
      save = "save";
    } else if (call.is(i, "now")) now = true;
    else if (call.is(i, "force")) force = true;
    else if (call.is(i, "abort")) abort = true;
    else return undefined;
  }
  if (!abort) return { save, now, force };
  return call.count === 2 ? "abort" : undefined;
}
