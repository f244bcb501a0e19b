/** CLIENT PAUSE: until when which commands wait, and the clients that wait. */
import type { Client } from "./client.ts";
import { FLAG_MAY_REPLICATE, FLAG_WRITE } from "./registry.ts";

export type PauseMode = "off" | "write" | "all";

export class Pause {
  mode: PauseMode = "off";
  endsAtMs = 0;
  readonly waiting: Set<Client> = new Set();

  /** Pauses, or prolongs a pause: a shorter or milder one never takes the place of another. */
  begin(mode: "write" | "all", endsAtMs: number): void {
    if (this.mode !== "all") this.mode = mode;
    if (endsAtMs > this.endsAtMs) this.endsAtMs = endsAtMs;
  }

  /** Ends the pause; returns the clients that waited. */
  end(): Client[] {
    this.mode = "off";
    this.endsAtMs = 0;
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const client of waiting) client.isPostponed = false;
    return waiting;
  }

  /** True when a command of these flags has to wait. */
  holds(flags: number): boolean {
    if (this.mode === "off") return false;
    return this.mode === "all" || (flags & (FLAG_WRITE | FLAG_MAY_REPLICATE)) !== 0;
  }
}
