/** What CLIENT TRACKING has been asked for by one connection; there is none while it is off. */
import type { TrackedPrefix } from "./prefixes.ts";

/** The options of CLIENT TRACKING ON. */
export interface TrackingOptions {
  /** The connection that is told in place of this one; 0 for none. */
  readonly redirection: number;
  /** It is told of every change of keys with its prefixes, whatever it has read. */
  readonly isBroadcast: boolean;
  /** Only what is read behind CLIENT CACHING YES is remembered. */
  readonly isOptIn: boolean;
  /** Everything is remembered but what is read behind CLIENT CACHING NO. */
  readonly isOptOut: boolean;
  /** It is not told of what it has changed itself. */
  readonly isNoLoop: boolean;
}

export class ClientTracking {
  options: TrackingOptions;
  /** CLIENT CACHING has been said: it counts for the next command, or transaction. */
  isCachingGiven = false;
  /** The connection that was to be told is gone. */
  isRedirectionBroken = false;
  /** Broadcast: the prefixes, in their order. */
  readonly prefixes: TrackedPrefix[] = [];

  constructor(options: TrackingOptions) {
    this.options = options;
  }
}
