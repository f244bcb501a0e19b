/** Asking V8 to collect garbage: Node and Deno hide the function until a flag is set. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

let collect: (() => void) | undefined;

/** Has V8 collect garbage now: some milliseconds, for all of the heap. */
export function collectV8Garbage(): void {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as () => void;
    setFlagsFromString("--no-expose-gc");
  }
  collect();
}
