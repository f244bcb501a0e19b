/** Entries of a stream, found by id, and the nodes of Redis's tree, against a list of all of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Heap } from "../../../src/heap/heap.ts";
import { EncodingLimits } from "../../../src/keyspace/encoding_limits.ts";
import { radixNodeCount, recountRadixNodes } from "../../../src/keyspace/stream/radix_nodes.ts";
import { StreamId } from "../../../src/keyspace/stream/stream_id.ts";
import { deleteEntry, trimStream } from "../../../src/keyspace/stream/stream_trim.ts";
import { Streams } from "../../../src/keyspace/stream/streams.ts";
import { seeded } from "../heap/seeded.ts";

/** Fields and values of one entry, as a command has them. */
function textsOf(words: readonly string[]) {
  const bytes = new TextEncoder().encode(words.join(""));
  const starts = new Int32Array(words.length);
  const ends = new Int32Array(words.length);
  let at = 0;
  words.forEach((word, i) => {
    starts[i] = at;
    ends[i] = at += word.length;
  });
  return { bytes, starts, ends };
}

const TEXTS = [
  ["f", "v"],
  ["f", "12"],
  ["f", "v".repeat(100), "g", "-70000"],
  ["other", "123456789012", "g", "x"],
];

/** The last steps are so large that numbers in entries get longer than the short ways take. */
const STEPS = [1, 3, 200, 2 ** 18, 2 ** 33];

for (const step of STEPS) {
  test(`ids in steps up to ${step}`, () => {
    const heap = new Heap();
    const streams = new Streams(heap);
    const prng = seeded(step);
    const limits = new EncodingLimits();
    limits.streamNodeMaxEntries = 20;
    const root = streams.create();
    const tree = streams.treeOf(root);
    const id = new StreamId();
    const end = new StreamId();
    end.setMax();
    let model: { ms: number; seq: number }[] = [];
    let ms = 1;
    let seq = 0;
    const set = (entry: { ms: number; seq: number }) => {
      id.setMs(entry.ms);
      id.seqLow = entry.seq;
    };
    for (let round = 0; round < 1500; round++) {
      if (prng.below(3) > 0) {
        ms += Math.floor(prng.below(2 ** 20) / 2 ** 20 * step);
        seq += 1 + prng.below(step < 2 ** 18 ? 3 : 2 ** 16);
        set({ ms, seq });
        const words = TEXTS[prng.below(TEXTS.length)];
        streams.append(root, id, textsOf(words), 0, words.length / 2, limits);
        model.push({ ms, seq });
      }
      const count = radixNodeCount(heap, streams.entries, tree);
      assert.equal(count, recountRadixNodes(heap, streams.entries, tree));
      if (model.length === 0) continue;
      const index = prng.below(model.length);
      const isNear = prng.below(2) === 0;
      set({ ms: model[index].ms, seq: Math.max(0, model[index].seq - (isNear ? 1 : 0)) });
      const sought = { ms: model[index].ms, seq: id.seqLow };
      streams.cursor.open(root, id, end, false);
      assert.ok(streams.cursor.next());
      const found = model.find((each) =>
        each.ms > sought.ms || each.ms === sought.ms && each.seq >= sought.seq
      )!;
      set(found);
      assert.equal(streams.cursor.entry.id.compare(id), 0);
      if (prng.below(4) === 0) {
        assert.ok(deleteEntry(streams, root, id));
        assert.ok(!deleteEntry(streams, root, id));
        model = model.filter((each) => each !== found);
      } else if (prng.below(30) === 0) {
        const maxLength = Math.max(0, model.length - prng.below(50));
        const isApproximate = prng.below(2) === 0;
        const removed = trimStream(streams, root, {
          maxLength,
          minId: id,
          isApproximate,
          limit: 0,
        });
        model = model.slice(removed);
        assert.ok(isApproximate || model.length === maxLength);
      }
      assert.equal(streams.length(root), model.length);
    }
  });
}
