/** What is propagated, as lines of text. */
import { latin1 } from "../../src/base/ascii.ts";
import type { PropagationSink } from "../../src/command/propagation.ts";

/** Longer words are written as `...`. */
const WORD_BYTES_MAX = 40;

/** A sink that gives each command as `database WORD word ...`, and MULTI and EXEC around a group. */
export function propagationText(take: (line: string) => void): PropagationSink {
  const tell = (databaseIndex: number, words: readonly Uint8Array[]): void => {
    const texts = words.map((word) => word.length > WORD_BYTES_MAX ? "..." : latin1(word));
    take([String(databaseIndex), ...texts].join(" "));
  };
  return {
    original(databaseIndex, args) {
      tell(databaseIndex, Array.from({ length: args.count }, (_, index) => args.view(index)));
    },
    command: tell,
    begin: () => take("MULTI"),
    end: () => take("EXEC"),
  };
}
