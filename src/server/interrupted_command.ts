/**
 * What is owed for a command that was interrupted when it had changed something: the heap was full,
 * or its reply became too long, behind the third of five members.
 *
 * Its client gets an error, but what has been done stays, as it would in Redis if that had a way of
 * being full. Whoever repeats the command might have more room, or less: so it is not repeated as it
 * came, but its keys are stated as they are now, by RESTORE or DEL. That is right whatever the
 * command has told so far of what it did or was about to do. A value can be large; but what does not
 * change anything because there is no room states nothing.
 */
import { dumpedValue } from "../command/generic/dump.ts";
import { latin1Bytes } from "../base/ascii.ts";
import { type Database, NO_EXPIRY } from "../keyspace/database.ts";
import type { Arguments } from "../protocol/arguments.ts";
import { KEY_OW, KEY_RM, KEY_RW, KeyList, keysOfCommand } from "./commands/command_keys.ts";
import type { Engine } from "./engine.ts";
import type { Command } from "./registry.ts";
import { FLAG_WRITE } from "./registry.ts";

const KEY_WRITTEN = KEY_RW | KEY_OW | KEY_RM;
/** Whoever reads an append-only file takes no longer command than twice that. */
const PAYLOAD_BYTES_MAX = 2 ** 30;

const keys = new KeyList();

/**
 * To be called behind the command, before what it did is handed over to those who repeat it.
 * @param dirtyBefore what counted as changes when it began.
 */
export function settleInterrupted(
  engine: Engine,
  command: Command,
  args: Arguments,
  dirtyBefore: number,
): void {
  const { call, propagation } = engine;
  if ((command.flags & FLAG_WRITE) === 0) return;
  if (call.dirty === dirtyBefore && !propagation.hasCollected) return;
  keysOfCommand(command, args, keys);
  const { database, keyEvents } = call;
  for (let i = 0; i < keys.count; i++) {
    if ((keys.flags[i] & KEY_WRITTEN) === 0) continue;
    const index = keys.positions[i];
    if (keyEvents.isActive) {
      keyEvents.touched(database, args.bytes, args.starts[index], args.ends[index]);
    }
    if (propagation.isActive) state(engine, database, args.view(index));
  }
}

/** Has a key repeated as it is. */
function state(engine: Engine, database: Database, key: Uint8Array): void {
  const { propagation } = engine;
  const ref = database.find(key, 0, key.length);
  if (ref === 0) return propagation.replaceWith(database.index, "DEL", key);
  const payload = payloadOf(engine, ref);
  if (payload === null) {
    const { log, persistence: { rewrites } } = engine;
    log.warning("A command was interrupted, and its key is too large to be repeated as it is.");
    // The command is repeated as it came; the next base file has what it really came to.
    if (rewrites.state === "on") rewrites.isScheduled = true;
    return;
  }
  const expiresAtMs = database.expiresAtMs(ref);
  const ttl = latin1Bytes(expiresAtMs === NO_EXPIRY ? "0" : String(expiresAtMs));
  propagation.replaceWith(database.index, "RESTORE", key, ttl, payload, "REPLACE", "ABSTTL");
}

/** The value as DUMP returns it; null when there is no memory for it, or it is too long. */
function payloadOf(engine: Engine, ref: number): Uint8Array | null {
  try {
    const payload = dumpedValue(engine.keyspace, ref, engine.settings.compressesDump);
    return payload.length > PAYLOAD_BYTES_MAX ? null : payload.slice();
  } catch (thrown) {
    if (thrown instanceof RangeError) return null;
    throw thrown;
  }
}
