/**
 * `client-output-buffer-limit`: how much of what it does not read a client may let pile up, by its
 * class. The hard limit closes at once, the soft limit once it has been exceeded for so many seconds
 * on end.
 *
 * What fits Redis's static buffer of 16 KiB does not count there, and so not here (CLIENT LIST's
 * `omem`); nearly all of what does not fit it counts.
 * The hard limit is looked at where bytes are added ({@link ReplyWriter.limitBytes}): whatever is
 * written, a buffer does not become longer, although the client goes only when its command is over.
 */
import type { OutputBufferLimit, OutputBufferLimits } from "./config/special_setting.ts";
import { REPLY_BYTES_MAX, REPLY_CHUNK_BYTES } from "../protocol/reply_writer.ts";
import type { Client } from "./client.ts";
import { clientClassOf } from "./client_memory.ts";
import type { Config } from "./config/config.ts";

/** Who has not authenticated gets short errors alone: no reason to let them pile up. */
const UNAUTHENTICATED_BYTES_MAX = 1024;

export class OutputLimits {
  #limits: OutputBufferLimits;

  /** @param clients those who are held to new limits at once. */
  constructor(config: Config, clients: ReadonlyMap<number, Client>) {
    this.#limits = config.outputBufferLimits();
    config.onChange(["client-output-buffer-limit"], () => {
      this.#limits = config.outputBufferLimits();
      for (const client of clients.values()) this.follow(client);
      return undefined;
    });
  }

  /** The class of the client may be another one now. */
  follow(client: Client): void {
    const { reply } = client;
    if (!reply.isCut) reply.limitBytes = writtenMax(this.#limits[clientClassOf(client)]);
  }

  /** True when the client must be closed; remembers since when it is above the soft limit. */
  isExceeded(client: Client, nowMs: number): boolean {
    if (client.reply.isCut) return true;
    const { hardBytes, softBytes, softSeconds } = this.#limits[clientClassOf(client)];
    const bytes = client.listedOutputBytes;
    if (client.parser.isUnauthenticated && bytes > UNAUTHENTICATED_BYTES_MAX) return true;
    if (hardBytes > 0 && bytes >= hardBytes) return true;
    if (softBytes === 0 || bytes < softBytes) {
      client.softLimitSinceMs = 0;
      return false;
    }
    if (client.softLimitSinceMs === 0) {
      client.softLimitSinceMs = nowMs;
      return false;
    }
    return nowMs - client.softLimitSinceMs > softSeconds * 1000;
  }
}

function writtenMax(limit: OutputBufferLimit): number {
  if (limit.hardBytes === 0) return REPLY_BYTES_MAX;
  return Math.min(Math.max(limit.hardBytes, REPLY_CHUNK_BYTES), REPLY_BYTES_MAX);
}
