/** Transactions: MULTI, EXEC, DISCARD, WATCH and UNWATCH. */
import type { Call } from "../../command/call.ts";
import type { CommandDefinition } from "../../command/definition.ts";
import { defineCommand, keyRange } from "../../command/definition.ts";
import { EXEC_ABORTED } from "../../protocol/wire_errors.ts";
import type { Engine } from "../engine.ts";
import { runQueue } from "../transaction/queue_run.ts";
import { Transaction } from "../transaction/transaction.ts";

/** The commands of transactions of one server. */
export function transactionCommands(engine: Engine): readonly CommandDefinition[] {
  return [
    defineCommand({
      name: "multi",
      summary: "Begins a transaction: the commands that follow are queued.",
      since: "1.2.0",
      group: "transactions",
      complexity: "O(1)",
      arity: 1,
      flags: ["noscript", "loading", "stale", "fast", "allow_busy"],
      acl: ["transaction"],
      run: (call) => multi(engine, call),
    }),
    defineCommand({
      name: "exec",
      summary: "Runs the commands of a transaction, one upon the other.",
      since: "1.2.0",
      group: "transactions",
      complexity: "That of the commands in the transaction.",
      arity: 1,
      flags: ["noscript", "loading", "stale", "skip_slowlog"],
      acl: ["transaction"],
      run: (call) => exec(engine, call),
    }),
    defineCommand({
      name: "discard",
      summary: "Drops a transaction.",
      since: "2.0.0",
      group: "transactions",
      complexity: "O(N), N being the number of commands in the transaction.",
      arity: 1,
      flags: ["noscript", "loading", "stale", "fast", "allow_busy"],
      acl: ["transaction"],
      run: (call) => discard(engine, call),
    }),
    defineCommand({
      name: "watch",
      summary:
        "Watches keys: the next transaction is not run if one of them is modified before it.",
      since: "2.2.0",
      group: "transactions",
      complexity: "O(1) for every key.",
      arity: -2,
      flags: ["noscript", "loading", "stale", "fast", "allow_busy"],
      acl: ["transaction"],
      keys: [keyRange(1, -1, 1, "RO")],
      arguments: [{ name: "key", type: "key", keySpec: 0, flags: ["multiple"] }],
      run: (call) => watch(engine, call),
    }),
    defineCommand({
      name: "unwatch",
      summary: "Forgets the keys that are watched.",
      since: "2.2.0",
      group: "transactions",
      complexity: "O(1)",
      arity: 1,
      flags: ["noscript", "loading", "stale", "fast", "allow_busy"],
      acl: ["transaction"],
      run: (call) => unwatch(engine, call),
    }),
  ];
}

function multi(engine: Engine, call: Call): void {
  const client = engine.currentClient!;
  if (client.transaction !== null) return call.reply.error("ERR MULTI calls can not be nested");
  client.transaction = new Transaction();
  call.reply.ok();
}

function discard(engine: Engine, call: Call): void {
  const client = engine.currentClient!;
  if (client.transaction === null) return call.reply.error("ERR DISCARD without MULTI");
  engine.watchedKeys.discard(client);
  call.reply.ok();
}

function exec(engine: Engine, call: Call): void {
  const client = engine.currentClient!;
  const { transaction } = client;
  if (transaction === null) return call.reply.error("ERR EXEC without MULTI");
  const { watchedKeys } = engine;
  if (transaction.isAborted) call.reply.error(EXEC_ABORTED);
  else if (client.isDirty || watchedKeys.hasExpired(client)) call.reply.nullArray();
  else {
    watchedKeys.unwatch(client);
    runQueue(engine, client, transaction.commands);
  }
  watchedKeys.discard(client);
}

function watch(engine: Engine, call: Call): void {
  const client = engine.currentClient!;
  if (client.transaction !== null) {
    return call.reply.error("ERR WATCH inside MULTI is not allowed");
  }
  if (!client.isDirty) {
    const { bytes, starts, ends, count } = call.args;
    for (let i = 1; i < count; i++) engine.watchedKeys.watch(client, bytes, starts[i], ends[i]);
  }
  call.reply.ok();
}

function unwatch(engine: Engine, call: Call): void {
  const client = engine.currentClient!;
  engine.watchedKeys.unwatch(client);
  client.isDirty = false;
  call.reply.ok();
}
