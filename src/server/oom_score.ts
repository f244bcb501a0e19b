/**
 * `oom-score-adj`: how gladly Linux ends this process when memory runs out, from -1000 to 1000.
 *
 * There is one process here where Redis has a parent and its children, so of the three values of
 * `oom-score-adj-values` the first counts, the master's. While the directive is `no` nothing is
 * touched; when it is turned off again the process gets back what it had.
 */
import { latin1, latin1Bytes } from "../base/ascii.ts";
import { errorText, FileError } from "../platform/file_system.ts";
import type { FileSystem } from "../platform/file_system.ts";
import type { Config } from "./config/config.ts";
import type { Log } from "./log.ts";

const PATH = "/proc/self/oom_score_adj";
const FAILED = "Failed to set current oom_score_adj. Check server logs.";
const SCORE_MAX = 1000;

/** What {@link OomScore} needs of the server. */
export interface OomScoreOwner {
  readonly config: Config;
  readonly log: Log;
  readonly platform: { readonly files: FileSystem };
}

export class OomScore {
  readonly #owner: OomScoreOwner;
  /** What the process had before we changed it; undefined while it has that. */
  #original: number | undefined = undefined;

  constructor(owner: OomScoreOwner) {
    this.#owner = owner;
    owner.config.onChange(["oom-score-adj", "oom-score-adj-values"], () => this.#apply());
    // A start does not fail for it: the log says why it cannot be.
    this.#apply();
  }

  /** Returns why CONFIG SET fails, if it does. */
  #apply(): string | undefined {
    const { config, log } = this.#owner;
    const mode = config.choice("oom-score-adj");
    if (mode === "no" && this.#original === undefined) return undefined;
    let doing = "read";
    try {
      this.#original ??= this.#read();
      doing = "write";
      const wanted = config.oomScoreValues()[0] + (mode === "absolute" ? 0 : this.#original);
      this.#write(mode === "no" ? this.#original : wanted);
    } catch (thrown) {
      if (!(thrown instanceof FileError)) throw thrown;
      log.warning(`Unable to ${doing} oom_score_adj: ${errorText(thrown.code)}`);
      if (doing === "read") this.#original = undefined;
      return FAILED;
    }
    if (mode === "no") this.#original = undefined;
    return undefined;
  }

  #read(): number {
    const file = this.#owner.platform.files.open(PATH, "read");
    try {
      const bytes = new Uint8Array(16);
      return Number.parseInt(latin1(bytes, 0, file.readAt(0, bytes)), 10);
    } finally {
      file.close();
    }
  }

  #write(score: number): void {
    const file = this.#owner.platform.files.open(PATH, "append");
    try {
      file.append(latin1Bytes(`${Math.min(Math.max(score, -SCORE_MAX), SCORE_MAX)}\n`));
    } finally {
      file.close();
    }
  }
}
