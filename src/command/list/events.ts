/** What is told of a list that has become shorter. */
import type { Call } from "../call.ts";
import { EVENT_GENERIC, EVENT_LIST } from "../key_events.ts";

/** Tells of the list at an argument that it lost elements, and with the last of them its key. */
export function tellRemoved(call: Call, index: number, event: string, isEmptied: boolean): void {
  if (!call.keyEvents.isActive) return;
  call.notify(index, EVENT_LIST, event);
  if (isEmptied) call.notify(index, EVENT_GENERIC, "del");
  call.touched(index);
}
