/** The options of SORT, in any order; of those that can be said only once the last one counts. */
import { parsed64, parseInt64 } from "../../base/integer_text.ts";
import { NOT_AN_INTEGER } from "../../protocol/wire_errors.ts";
import type { Call } from "../call.ts";
import { SortPattern } from "./pattern.ts";

const TWO_32 = 4294967296;

export class SortOptions {
  isDescending = false;
  isAlphabetic = false;
  /** BY a pattern that is the same for all elements: they stay in their order. */
  isUnsorted = false;
  by: SortPattern | null = null;
  gets: SortPattern[] = [];
  /** The argument that names the key for the result; 0 for none. */
  storeIndex = 0;
  offset = 0;
  /** Negative: all. */
  count = -1;

  /**
   * Reads all arguments from the second on.
   * @returns false after replying.
   */
  read(call: Call, takesStore: boolean): boolean {
    this.clear();
    for (let i = 2; i < call.count;) {
      const taken = this.#readWord(call, i) || this.#readPair(call, i, takesStore) ||
        this.#readLimit(call, i);
      if (taken < 0) return false;
      if (taken === 0) {
        call.syntaxError();
        return false;
      }
      i += taken;
    }
    return true;
  }

  /** This and those below return how many arguments were taken; 0: none; -1: after replying. */
  #readWord(call: Call, index: number): number {
    if (call.is(index, "asc")) this.isDescending = false;
    else if (call.is(index, "desc")) this.isDescending = true;
    else if (call.is(index, "alpha")) this.isAlphabetic = true;
    else return 0;
    return 1;
  }

  #readPair(call: Call, index: number, takesStore: boolean): number {
    if (index + 1 >= call.count) return 0;
    if (takesStore && call.is(index, "store")) {
      this.storeIndex = index + 1;
    } else if (call.is(index, "by")) {
      this.by = new SortPattern(call.args, index + 1);
      // A pattern without a star said once counts for all that follow.
      if (!this.by.hasStar) this.isUnsorted = true;
      else if (!call.mayReadEveryKey()) return denied(call, "BY");
    } else if (call.is(index, "get")) {
      if (!call.mayReadEveryKey()) return denied(call, "GET");
      this.gets.push(new SortPattern(call.args, index + 1));
    } else return 0;
    return 2;
  }

  #readLimit(call: Call, index: number): number {
    if (index + 2 >= call.count || !call.is(index, "limit")) return 0;
    const offset = integerAt(call, index + 1);
    const count = offset === offset ? integerAt(call, index + 2) : offset;
    if (count !== count) {
      call.reply.error(NOT_AN_INTEGER);
      return -1;
    }
    this.offset = offset;
    this.count = count;
    return 3;
  }

  /** Forgets all, and the buffer that patterns stand in. */
  clear(): void {
    this.isDescending = false;
    this.isAlphabetic = false;
    this.isUnsorted = false;
    this.by = null;
    this.gets = [];
    this.storeIndex = 0;
    this.offset = 0;
    this.count = -1;
  }
}

/** BY and GET name keys that nobody can tell beforehand: who uses them must be allowed any. */
function denied(call: Call, option: string): number {
  call.reply.error(`ERR ${option} option of SORT denied due to insufficient ACL permissions.`);
  return -1;
}

/** A 64-bit integer, as near as a double comes to it; NaN when it is none. */
function integerAt(call: Call, index: number): number {
  const { bytes, starts, ends } = call.args;
  if (!parseInt64(bytes, starts[index], ends[index])) return NaN;
  return parsed64.high * TWO_32 + (parsed64.low >>> 0);
}
