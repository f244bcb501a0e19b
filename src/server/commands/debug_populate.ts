/** DEBUG POPULATE: the same keys and values as Redis makes. */
import { latin1Bytes, writeLatin1 } from "../../base/ascii.ts";
import type { Call } from "../../command/call.ts";
import { NO_EXPIRY } from "../../keyspace/database.ts";
import { setString } from "../../keyspace/string_value.ts";
import { NOT_POSITIVE } from "../../protocol/wire_errors.ts";
import type { Engine } from "../engine.ts";

/** Redis writes names into a buffer of 128 bytes, the last of which ends them. */
const NAME_BYTES_MAX = 127;

/** DEBUG POPULATE count [prefix] [size]. Keys that are there stay; nothing counts as a change. */
export function populate(_engine: Engine, call: Call): void {
  const count = call.integerOrReply(2, 0, Number.MAX_SAFE_INTEGER, NOT_POSITIVE);
  if (count !== count) return;
  let size = 0;
  if (call.count === 5) {
    size = call.integerOrReply(4, 0, Number.MAX_SAFE_INTEGER, NOT_POSITIVE);
    if (size !== size || !call.isStringLengthAllowed(size)) return;
  }
  const { database } = call;
  const prefix = call.count === 3 ? latin1Bytes("key") : untilZero(call.args.copy(3));
  const key = new Uint8Array(prefix.length + 32);
  key.set(prefix);
  const value = new Uint8Array(Math.max(size, 32));
  for (let i = 0; i < count; i++) {
    const keyEnd = Math.min(writeLatin1(key, prefix.length, `:${i}`), NAME_BYTES_MAX);
    if (database.lookupWrite(key, 0, keyEnd) !== 0) continue;
    // Shorter text than before never comes, so what was written before needs no clearing.
    const text = `value:${i}`;
    writeLatin1(value, 0, size === 0 ? text : text.slice(0, size));
    setString(
      database,
      0,
      key,
      0,
      keyEnd,
      value,
      0,
      size === 0 ? text.length : size,
      NO_EXPIRY,
    );
  }
  call.reply.ok();
}

/** As C reads a string. */
function untilZero(bytes: Uint8Array): Uint8Array {
  const zero = bytes.indexOf(0);
  return zero < 0 ? bytes : bytes.subarray(0, zero);
}
