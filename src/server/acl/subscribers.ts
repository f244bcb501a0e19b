/** What becomes of those who are subscribed to channels when their user may have fewer of them. */
import type { Client } from "../client.ts";
import type { Engine } from "../engine.ts";
import type { User } from "./user.ts";

/**
 * Closes connections of a user whose subscriptions the new permissions do not cover.
 *
 * @param user whose connections these are.
 * @param before what the user could do until now.
 * @param after what the user can do from now on.
 */
export function closeRevoked(engine: Engine, user: User, before: User, after: User): void {
  if (coversAll(after, before)) return;
  for (const client of [...engine.clients.values()]) {
    if (client.user !== user || client.subscriptions === null) continue;
    if (!isRevoked(client, after)) continue;
    engine.closeClient(client, client === engine.currentClient ? "after replies" : "now");
  }
}

/** Whether every channel pattern of before is still there, word for word. */
function coversAll(after: User, before: User): boolean {
  if (after.selectors.some((each) => each.allowsAllChannels)) return true;
  const kept = new Set(after.selectors.flatMap((each) => each.channels.map(({ text }) => text)));
  return before.selectors.every((each) =>
    !each.allowsAllChannels && each.channels.every(({ text }) => kept.has(text))
  );
}

function isRevoked(client: Client, user: User): boolean {
  return client.subscriptions!.all().some(({ kind, name }) =>
    !user.selectors.some((each) => each.allowsChannel(name, 0, name.length, kind === "pattern"))
  );
}
