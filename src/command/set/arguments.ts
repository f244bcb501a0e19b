/** Arguments that many of the set commands share, as COMMAND DOCS describes them, and replies. */
import type { SetWalk } from "../../keyspace/set/set_walk.ts";
import type { Call } from "../call.ts";
import type { ArgumentSpecification } from "../definition.ts";
import { EVENT_GENERIC, EVENT_SET } from "../key_events.ts";

export const KEY: ArgumentSpecification = { name: "key", type: "key", keySpec: 0 };
export const KEYS: ArgumentSpecification = { ...KEY, flags: ["multiple"] };
export const MEMBER: ArgumentSpecification = { name: "member", type: "string" };
export const MEMBERS: ArgumentSpecification = { ...MEMBER, flags: ["multiple"] };

/** Replies with the member that a walk is at. */
export function replyMember(call: Call, walk: SetWalk): void {
  walk.text();
  call.reply.bulk(walk.bytes, walk.start, walk.end);
}

/** Tells of the first key that members have been taken out, and with the last of them the key. */
export function tellRemoved(call: Call, event: string, isEmptied: boolean): void {
  if (!call.keyEvents.isActive) return;
  call.notify(1, EVENT_SET, event);
  if (isEmptied) call.notify(1, EVENT_GENERIC, "del");
  call.touched(1);
}

/** Writes all members of a set that is there, whose number stands in the header already. */
export function replyMembers(call: Call, ref: number): void {
  const reader = call.keyspace.sets.reader(0);
  reader.open(ref);
  while (reader.next()) replyMember(call, reader);
  reader.close();
}
