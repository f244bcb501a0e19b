/**
 * `client-output-buffer-limit`: how much of what it does not read a client may let pile up. The hard
 * limit closes at once, the soft limit once it has been exceeded for so many seconds on end.
 */
import type { Client } from "./client.ts";
import type { Config } from "./config/config.ts";

export class OutputLimits {
  #hardBytes = 0;
  #softBytes = 0;
  #softMs = 0;

  constructor(config: Config) {
    const follow = () => {
      const { normal } = config.outputBufferLimits();
      this.#hardBytes = normal.hardBytes;
      this.#softBytes = normal.softBytes;
      this.#softMs = normal.softSeconds * 1000;
      return undefined;
    };
    follow();
    config.onChange(["client-output-buffer-limit"], follow);
  }

  /** True when the client must be closed; remembers since when it is above the soft limit. */
  isExceeded(client: Client, nowMs: number): boolean {
    const bytes = client.outputBytes;
    if (this.#hardBytes > 0 && bytes >= this.#hardBytes) return true;
    if (this.#softBytes === 0 || bytes < this.#softBytes) {
      client.softLimitSinceMs = 0;
      return false;
    }
    if (client.softLimitSinceMs === 0) {
      client.softLimitSinceMs = nowMs;
      return false;
    }
    return nowMs - client.softLimitSinceMs > this.#softMs;
  }
}
