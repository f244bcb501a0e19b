/**
 * The patterns of keys and channels that a rule names, made ready to be compared with bytes: most of
 * them are a literal or a prefix with a star behind it, and these need no glob.
 */
import { latin1Bytes } from "../../base/ascii.ts";
import { matchesGlob } from "../../base/glob.ts";

/** What a key pattern allows, as bits. */
export const MAY_READ = 1;
export const MAY_WRITE = 2;

const LITERAL = 0;
const PREFIX = 1;
const GLOB = 2;

/** A glob pattern. */
export class Pattern {
  /** As byte text, exactly as given. */
  readonly text: string;
  /** What is compared: the pattern, without its star where it is a prefix. */
  readonly #bytes: Uint8Array;
  readonly #kind: number;

  constructor(text: string) {
    this.text = text;
    const isPrefix = /^[^*?[\\]+\*$/.test(text);
    this.#kind = isPrefix ? PREFIX : /[*?[\\]/.test(text) ? GLOB : LITERAL;
    this.#bytes = latin1Bytes(isPrefix ? text.slice(0, -1) : text);
  }

  /** Whether the whole of `bytes[start..end)` matches. */
  matches(bytes: Uint8Array, start: number, end: number): boolean {
    const own = this.#bytes;
    const length = own.length;
    if (this.#kind === GLOB) return matchesGlob(own, 0, length, bytes, start, end, false);
    if (this.#kind === PREFIX ? end - start < length : end - start !== length) return false;
    for (let i = 0; i < length; i++) if (bytes[start + i] !== own[i]) return false;
    return true;
  }
}

/** A pattern of keys and what it allows of them. */
export class KeyPattern extends Pattern {
  /** MAY_READ and MAY_WRITE. */
  readonly access: number;

  constructor(text: string, access: number) {
    super(text);
    this.access = access;
  }

  /**
   * As it stands in a rule: `~app:*`, `%R~app:*`. Redis shows `%RW~*` as `~*`; but that is the flag
   * `allkeys`, which no pattern may follow, so that a file with such a user could not be loaded.
   */
  get rule(): string {
    if (this.access === (MAY_READ | MAY_WRITE)) {
      return `${this.text === "*" ? "%RW" : ""}~${this.text}`;
    }
    return `${this.access === MAY_READ ? "%R~" : "%W~"}${this.text}`;
  }
}
