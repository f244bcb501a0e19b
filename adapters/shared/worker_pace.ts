/**
 * How fast a background job goes where it has to share processors with the server: after each
 * stretch of work it sleeps. Priorities alone do not help there: two threads of one core slow each
 * other down whatever their priorities are. Measured on two processors, with a client on one of
 * them: the slowest of a thousand writes during a save takes 1.5 (Node), 1.7 (Bun) and 2.2 (Deno)
 * times as long as usual, 2.2 to 2.8 times without these pauses; the save takes twice as long, and
 * four fifths of what redis-server's does.
 */
import * as os from "node:os";

const WORK_MS = 1;
const PAUSE_MS = 1;
/** With more processors than this a job has one of its own. */
const SHARED_PROCESSORS_MAX = 2;

/** Pauses a thread now and then. */
export class WorkerPace {
  readonly #pauses: boolean;
  readonly #word: Int32Array<SharedArrayBuffer> = new Int32Array(new SharedArrayBuffer(4));
  #workingSinceMs = 0;

  constructor(processors: number = os.availableParallelism()) {
    this.#pauses = processors <= SHARED_PROCESSORS_MAX;
  }

  /** Sleeps when it has worked for long enough; to be called between any two steps. */
  step(): void {
    if (!this.#pauses) return;
    if (performance.now() - this.#workingSinceMs < WORK_MS) return;
    Atomics.wait(this.#word, 0, 0, PAUSE_MS);
    this.#workingSinceMs = performance.now();
  }
}
