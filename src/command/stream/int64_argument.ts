/** 64-bit integers among the arguments that are kept exactly, as two words of an object. */
import { parsed64, parseInt64, type Words64 } from "../../base/integer_text.ts";
import { setObjectWord } from "../../keyspace/stream/stream_root.ts";
import type { Call } from "../call.ts";

/** The argument as two words, good until the next one is read; undefined when it is no integer. */
export function int64Words(call: Call, index: number): Words64 | undefined {
  const { bytes, starts, ends } = call.args;
  return parseInt64(bytes, starts[index], ends[index]) ? parsed64 : undefined;
}

/** Writes an argument that is an integer to two words of an object, the low one first. */
export function writeInt64Words(call: Call, index: number, ref: number, word: number): void {
  const value = int64Words(call, index);
  if (value === undefined) return;
  const { high, low } = value;
  setObjectWord(call.keyspace.heap, ref, word, low);
  setObjectWord(call.keyspace.heap, ref, word + 1, high);
}

/**
 * The argument as an integer, to a double's precision; NaN, after replying with the text, when it
 * is none.
 */
export function integerOrReply(call: Call, index: number, error: string): number {
  const value = int64Words(call, index);
  if (value !== undefined) return value.toNumber();
  call.reply.error(error);
  return NaN;
}
