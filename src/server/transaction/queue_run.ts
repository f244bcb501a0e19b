/** EXEC: runs what a connection has queued, one command upon the other, with nothing in between. */
import type { Client } from "../client.ts";
import type { Engine } from "../engine.ts";
import type { QueuedCommand } from "./transaction.ts";

/**
 * Runs the commands of a transaction, whose replies become one array. None of them may wait; what
 * they come to is propagated together, when EXEC is over.
 */
export function runQueue(
  engine: Engine,
  client: Client,
  commands: readonly QueuedCommand[],
): void {
  const { call, dispatch, propagation } = engine;
  const { blocker } = call;
  // CLIENT REPLY may be among the commands: each of them, and the header, is withheld by itself.
  if (!client.isSilent) client.reply.array(commands.length);
  call.blocker = null;
  engine.isInTransaction = true;
  propagation.beginGroup();
  for (const { command, args } of commands) {
    // What the user may do can have changed since the command was queued.
    const refusal = client.user.isUnrestricted
      ? undefined
      : engine.acl.refusalInTransaction(client, command, args);
    if (refusal === undefined) dispatch.callWithin(client, command, args);
    else {
      if (!client.isSilent) client.reply.error(refusal);
      engine.statistics.countError(refusal);
    }
  }
  propagation.endGroup();
  engine.isInTransaction = false;
  call.blocker = blocker;
}
