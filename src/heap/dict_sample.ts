/**
 * A few entries of a dict by lot, at the price of one segment.
 *
 * A segment is found by a random hash, so that its chance is its share of all hashes, which is what
 * its share of the entries is likely to be; entries are then taken in a row, from a random slot on.
 * Hashes tell nothing of how keys are used, so neighbours are as good a sample as any.
 */
import type { Prng } from "../base/prng.ts";
import type { Dict } from "./dict.ts";
import { SLOT_MASK } from "./dict.ts";
import type { HeapView } from "./heap_view.ts";

/** Where {@link sampleDict} leaves what it has found: references, and the hashes they stand at. */
export class DictSample {
  readonly refs: Int32Array;
  readonly hashes: Int32Array;
  count = 0;

  /** @param size the most entries that are wanted at once. */
  constructor(size: number) {
    this.refs = new Int32Array(size);
    this.hashes = new Int32Array(size);
  }
}

/**
 * Takes up to `wanted` entries, all of one segment, into `sample`: fewer where the segment holds
 * fewer, none only where the dict is empty. Entries are not read. Allocates nothing.
 */
export function sampleDict(
  heap: HeapView,
  dict: Dict,
  prng: Prng,
  wanted: number,
  sample: DictSample,
): void {
  sample.count = 0;
  while (dict.count > 0 && sample.count === 0) {
    let segment = dict.directory;
    if (dict.depth > 0) segment = heap.wordAt(segment, prng.below(2 ** dict.depth) * 4);
    segment = linkOf(heap, segment, prng);
    const word = heap.read(segment) >>> 2;
    const words = heap.words;
    let slot = 1 + prng.below(SLOT_MASK);
    let count = 0;
    for (let left = SLOT_MASK; left > 0 && count < wanted; left--) {
      const ref = words[word + slot * 2 + 1];
      if (ref !== 0) {
        sample.hashes[count] = words[word + slot * 2];
        sample.refs[count++] = ref;
      }
      slot = slot === SLOT_MASK ? 1 : slot + 1;
    }
    sample.count = count;
  }
}

/** A segment of the chain that `segment` begins; nearly always it is alone. */
function linkOf(heap: HeapView, segment: number, prng: Prng): number {
  let next = heap.wordAt(segment, 4);
  if (next === 0) return segment;
  let chosen = segment;
  for (let links = 2; next !== 0; links++) {
    if (prng.below(links) === 0) chosen = next;
    next = heap.wordAt(next, 4);
  }
  return chosen;
}
