/** How much of the processor a background job asks for where there is not enough of it. */
import * as os from "node:os";

/**
 * Above the server's own 0: where processors are scarce the server goes first, and a save takes
 * longer. Linux gives a thread of this niceness about a ninth of the time of one without.
 */
const NICENESS = 10;

/** Lets the other threads of this process go first, where the system has priorities for threads. */
export function lowerPriority(): void {
  // Elsewhere it would be the priority of the whole process.
  if (os.platform() !== "linux") return;
  try {
    os.setPriority(0, NICENESS);
  } catch {
    // A system that does not allow it: the job then asks for as much as the server.
  }
}
