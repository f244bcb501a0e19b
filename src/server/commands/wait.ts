/**
 * WAIT and WAITAOF: they wait until what their connection has written so far is where it is wanted.
 * There are no replicas: none ever acknowledges anything.
 */
import { millisecondsTimeout } from "../../command/blocking.ts";
import type { Call } from "../../command/call.ts";
import type { CommandDefinition } from "../../command/definition.ts";
import { defineCommand } from "../../command/definition.ts";
import { NOT_AN_INTEGER } from "../../protocol/wire_errors.ts";
import type { Client } from "../client.ts";
import type { Engine } from "../engine.ts";
import { int64 } from "./plain_argument.ts";

const NO_LOG = "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.";
const OUT_OF_RANGE_POSITIVE = "ERR value is out of range, must be positive";

/** The commands of one server that wait for acknowledgements. */
export function waitCommands(engine: Engine): readonly CommandDefinition[] {
  return [
    defineCommand({
      name: "wait",
      summary: "Waits until replicas have acknowledged what this connection has written.",
      since: "3.0.0",
      group: "generic",
      complexity: "O(1)",
      arity: 3,
      flags: ["blocking"],
      acl: ["connection"],
      tips: ["request_policy:all_shards", "response_policy:agg_min"],
      arguments: [
        { name: "numreplicas", type: "integer" },
        { name: "timeout", type: "integer" },
      ],
      run: (call) => wait(engine, call),
    }),
    defineCommand({
      name: "waitaof",
      summary: "Waits until what this connection has written is in append-only files on disks.",
      since: "7.2.0",
      group: "generic",
      complexity: "O(1)",
      arity: 4,
      flags: ["blocking"],
      acl: ["connection"],
      tips: ["request_policy:all_shards", "response_policy:agg_min"],
      arguments: [
        { name: "numlocal", type: "integer" },
        { name: "numreplicas", type: "integer" },
        { name: "timeout", type: "integer" },
      ],
      run: (call) => waitForLog(engine, call),
    }),
  ];
}

function wait(engine: Engine, call: Call): void {
  const replicas = integerOrReply(call, 1);
  if (replicas === undefined) return;
  const timeoutMs = millisecondsTimeout(call, 2);
  if (timeoutMs !== timeoutMs) return;
  if (replicas <= 0n || call.blocker === null) return call.reply.integer(0);
  engine.blocking.wait(engine.currentClient!, {
    timeoutMs,
    tryEnd: () => false,
    endOfTime: ({ reply }) => reply.integer(0),
  });
}

function waitForLog(engine: Engine, call: Call): void {
  const { config, persistence } = engine;
  const local = integerOrReply(call, 1);
  if (local === undefined) return;
  if (local < 0n || local > 1n) {
    return call.reply.error("ERR value is out of range, value must between 0 and 1");
  }
  const replicas = integerOrReply(call, 2);
  if (replicas === undefined) return;
  if (replicas < 0n) return call.reply.error(OUT_OF_RANGE_POSITIVE);
  const timeoutMs = millisecondsTimeout(call, 3);
  if (timeoutMs !== timeoutMs) return;
  const isLocal = local === 1n;
  if (isLocal && !config.flag("appendonly")) return call.reply.error(NO_LOG);
  const client = engine.currentClient!;
  const replyState = (to: Client) => {
    to.reply.array(2);
    to.reply.integer(persistence.isDurable(to) ? 1 : 0);
    to.reply.integer(0);
  };
  const isMet = (of: Client) => replicas === 0n && (!isLocal || persistence.isDurable(of));
  if (isMet(client) || call.blocker === null) return replyState(client);
  engine.blocking.wait(client, {
    timeoutMs,
    tryEnd(waiting) {
      const isOff = isLocal && !config.flag("appendonly");
      if (isOff) waiting.reply.error(NO_LOG);
      else if (isMet(waiting)) replyState(waiting);
      else return false;
      return true;
    },
    endOfTime: replyState,
  });
}

/** The argument as a C long; undefined after replying that it is none. */
function integerOrReply(call: Call, index: number): bigint | undefined {
  const value = int64(call, index);
  if (value === undefined) call.reply.error(NOT_AN_INTEGER);
  return value;
}
