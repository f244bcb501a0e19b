/**
 * What XADD and XTRIM have among their arguments: how far the stream is to be trimmed, and for XADD
 * whether it may be made, and the new entry's id.
 *
 *     [NOMKSTREAM] [MAXLEN | MINID [= | ~] threshold [LIMIT count]] [* | id]
 */
import { StreamId } from "../../keyspace/stream/stream_id.ts";
import type { TrimLimit } from "../../keyspace/stream/stream_trim.ts";
import type { Call } from "../call.ts";
import { int64OrReply } from "../integer_argument.ts";
import { isCharacter, readIdOrReply, readNewIdOrReply } from "./id_argument.ts";

/** Of how many of Redis's nodes approximate trimming looks at the entries, unless LIMIT says. */
const NODES_TRIMMED_MAX = 100;
const LIMIT_WITHOUT_NODES = 10_000;
const LIMIT_MAX = 1_000_000;

export class TrimArguments implements TrimLimit {
  /** Entries to keep at most; -1 without MAXLEN. */
  maxLength = -1;
  readonly minId: StreamId = new StreamId();
  isApproximate = false;
  limit = 0;
  /** Whether there is anything to trim. */
  isGiven = false;
  /** The argument with the threshold: the one before it is `~`, where trimming is approximate. */
  thresholdIndex = 0;

  /** XADD: whether a stream that is absent stays so. */
  isNoMkstream = false;
  /** Where the id stands, whether it is not `*`, and whether it has a sequence number. */
  idIndex = 0;
  isIdGiven = false;
  isSeqGiven = false;
  readonly id: StreamId = new StreamId();

  #isLimitGiven = false;

  /** Reads them; false after replying with an error. */
  read(call: Call, isAdd: boolean): boolean {
    this.#reset();
    for (let i = 2; i < call.count; i++) {
      if (isAdd && isCharacter(call, i, "*")) {
        this.idIndex = i;
        break;
      }
      const left = call.count - 1 - i;
      const isMinId = left > 0 && call.is(i, "minid");
      if (isMinId || left > 0 && call.is(i, "maxlen")) {
        i = this.#readThreshold(call, i, isMinId);
        if (i < 0) return false;
      } else if (left > 0 && call.is(i, "limit")) {
        if (!this.#readLimit(call, ++i)) return false;
      } else if (isAdd && call.is(i, "nomkstream")) this.isNoMkstream = true;
      else if (isAdd) {
        const isWhole = readNewIdOrReply(call, i, this.id);
        if (isWhole === undefined) return false;
        this.isIdGiven = true;
        this.isSeqGiven = isWhole;
        this.idIndex = i;
        break;
      } else {
        call.syntaxError();
        return false;
      }
    }
    if (isAdd && this.idIndex === 0) this.idIndex = call.count;
    return this.#isConsistent(call, isAdd) && this.#settleLimit(call);
  }

  #reset(): void {
    this.maxLength = -1;
    this.isApproximate = false;
    this.limit = 0;
    this.isGiven = false;
    this.isNoMkstream = false;
    this.idIndex = 0;
    this.isIdGiven = false;
    this.isSeqGiven = false;
    this.#isLimitGiven = false;
  }

  /** Returns the last argument that it has taken, or -1 after replying with an error. */
  #readThreshold(call: Call, index: number, isMinId: boolean): number {
    if (this.isGiven) {
      call.reply.error(
        "ERR syntax error, MAXLEN and MINID options at the same time are not compatible",
      );
      return -1;
    }
    this.isApproximate = false;
    let at = index + 1;
    if (call.count - 1 - index >= 2) {
      this.isApproximate = isCharacter(call, at, "~");
      if (this.isApproximate || isCharacter(call, at, "=")) at++;
    }
    if (isMinId) {
      if (!readIdOrReply(call, at, this.minId)) return -1;
    } else {
      const maxLength = int64OrReply(call, at);
      if (maxLength !== maxLength) return -1;
      if (maxLength < 0) {
        call.reply.error("ERR The MAXLEN argument must be >= 0.");
        return -1;
      }
      this.maxLength = maxLength;
    }
    this.isGiven = true;
    this.thresholdIndex = at;
    return at;
  }

  #readLimit(call: Call, index: number): boolean {
    const limit = int64OrReply(call, index);
    if (limit !== limit) return false;
    if (limit < 0) {
      call.reply.error("ERR The LIMIT argument must be >= 0.");
      return false;
    }
    this.limit = limit;
    this.#isLimitGiven = true;
    return true;
  }

  #isConsistent(call: Call, isAdd: boolean): boolean {
    if (this.limit > 0 && !this.isGiven) {
      call.reply.error(
        "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy",
      );
      return false;
    }
    if (!isAdd && !this.isGiven) {
      call.reply.error("ERR syntax error, XTRIM must be called with a trimming strategy");
      return false;
    }
    return true;
  }

  #settleLimit(call: Call): boolean {
    // In a file the threshold is what trimming came to, and LIMIT is left over.
    if (call.keyspace.ignoresExpiry) {
      this.limit = 0;
      return true;
    }
    if (this.#isLimitGiven) {
      if (this.isApproximate) return true;
      call.reply.error("ERR syntax error, LIMIT cannot be used without the special ~ option");
      return false;
    }
    if (this.isApproximate) {
      const limit = NODES_TRIMMED_MAX * call.keyspace.limits.streamNodeMaxEntries;
      this.limit = limit <= 0 ? LIMIT_WITHOUT_NODES : Math.min(limit, LIMIT_MAX);
    }
    return true;
  }
}
