/**
 * Scenarios of commands that wait ({@link Waiting}), a line for each step:
 *
 *     a> BZPOPMIN k 0   the connection "a" sends a command that must wait
 *     b: ZADD k 1 x     "b" sends a command and reads the reply
 *     a<                "a" reads the reply that it waited for
 *     = 1               so many connections wait
 */
import type { ConformanceOptions } from "./compare.ts";
import { type Waiting, waiting } from "./waiting.ts";

/** Goes through a script. */
export async function runScript(w: Waiting, script: string): Promise<void> {
  for (const line of script.split("\n").map((each) => each.trim())) {
    if (line === "") continue;
    const [first, ...words] = line.split(" ");
    const name = first.slice(0, -1);
    if (first === "=") await w.untilWaiting(Number(words[0]));
    else if (first.endsWith(">")) await w.waits(name, ...words);
    else if (first.endsWith("<")) await w.replies(name);
    else await w.do(name, ...words);
  }
}

/** Declares a script that both servers must go through alike, in RESP2 and RESP3. */
export function waitingScript(name: string, script: string, options?: ConformanceOptions): void {
  waiting(name, (w) => runScript(w, script), options);
}
