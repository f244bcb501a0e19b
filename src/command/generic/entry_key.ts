/**
 * The keys of entries as they stand in the heap: matched with patterns and written to replies
 * without a copy in between. Only keys so long that they own pages are copied for a match.
 */
import { matchesGlob } from "../../base/glob.ts";
import { ENTRY_KEY_LENGTH_MASK, keyOffset } from "../../heap/entry.ts";
import type { HeapView } from "../../heap/heap_view.ts";
import { SMALL_BYTES_MAX } from "../../heap/page_layout.ts";
import type { ReplyWriter } from "../../protocol/reply_writer.ts";

const STAR = 0x2a;
const QUESTION = 0x3f;
const OPEN = 0x5b;
const BACKSLASH = 0x5c;
/** Up to this length a loop beats the view that `set` needs. */
const LOOP_BYTES_MAX = 64;

/** True for "*" alone, which matches every key, the empty one too (as a glob it would not). */
export function isMatchAll(pattern: Uint8Array, start: number, end: number): boolean {
  return end - start === 1 && pattern[start] === STAR;
}

/** True for a pattern without wildcards and escapes: it matches the key of that name alone. */
export function isLiteral(pattern: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = pattern[i];
    if (byte === STAR || byte === QUESTION || byte === OPEN || byte === BACKSLASH) return false;
  }
  return true;
}

/** Whether the entry's key matches the glob pattern. */
export function isKeyMatched(
  heap: HeapView,
  ref: number,
  pattern: Uint8Array,
  start: number,
  end: number,
): boolean {
  const at = heap.read(ref);
  const flags = heap.words[(at >>> 2) + 1];
  const length = flags & ENTRY_KEY_LENGTH_MASK;
  const offset = keyOffset(flags);
  if (offset + length <= SMALL_BYTES_MAX) {
    const from = at + offset;
    return matchesGlob(pattern, start, end, heap.bytes, from, from + length, false);
  }
  const key = new Uint8Array(length);
  heap.copyOut(ref, offset, length, key, 0);
  return matchesGlob(pattern, start, end, key, 0, length, false);
}

/** Replies with the entry's key. */
export function replyKey(reply: ReplyWriter, heap: HeapView, ref: number): void {
  const at = heap.read(ref);
  const flags = heap.words[(at >>> 2) + 1];
  const length = flags & ENTRY_KEY_LENGTH_MASK;
  const offset = keyOffset(flags);
  const to = reply.beginBulk(length);
  if (length <= LOOP_BYTES_MAX) {
    const source = heap.bytes;
    const target = reply.bytes;
    const from = at + offset;
    for (let i = 0; i < length; i++) target[to + i] = source[from + i];
  } else heap.copyOut(ref, offset, length, reply.bytes, to);
  reply.endBulk();
}
