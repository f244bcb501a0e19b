/** How what is no reply comes to a connection: a message, or word that a key is no longer valid. */
import type { Client } from "../client.ts";
import type { Engine } from "../engine.ts";
import type { MessageLog } from "./message_log.ts";

/**
 * Sends the last message of a log to a client; to the one whose command runs behind its reply, so
 * that it does not stand within it.
 *
 * @param isEnding that command is over, but others have been promised to come first.
 */
export function deliver(
  engine: Engine,
  client: Client,
  log: MessageLog,
  isEnding: boolean = false,
): void {
  if (client.isClosed || client.isClosingAfterReplies) return;
  if (client === engine.currentClient && (isEnding || engine.dispatch.isCalling)) {
    engine.pushAfterReply(client, log.bytes.slice(log.start, log.end));
    return;
  }
  client.reply.share(log.bytes, log.start, log.end);
  engine.sendLater(client);
}
