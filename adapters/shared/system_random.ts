/** Random bytes from the system, through the Web Crypto function that all runtimes have. */
import type { Random } from "../../src/platform/random.ts";

declare const crypto: { getRandomValues(bytes: Uint8Array): Uint8Array };

/** The most bytes that one call of `getRandomValues` gives. */
const CALL_MAX_BYTES = 65536;

/** A {@link Random} that asks the operating system. */
export const systemRandom: Random = {
  fill(bytes: Uint8Array): void {
    for (let start = 0; start < bytes.length; start += CALL_MAX_BYTES) {
      crypto.getRandomValues(bytes.subarray(start, start + CALL_MAX_BYTES));
    }
  },
};
