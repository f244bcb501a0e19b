/**
 * XADD: appends an entry to a stream, and may trim the stream at its beginning.
 *
 * It is repeated to others with the id that the entry has got, and with the threshold that
 * approximate trimming came to.
 */
import { NO_EXPIRY } from "../../keyspace/database.ts";
import { freeGraph } from "../../keyspace/graphs.ts";
import { StreamId } from "../../keyspace/stream/stream_id.ts";
import { LEAF_MASTER_ID, readLeafId } from "../../keyspace/stream/stream_leaf.ts";
import { readObjectId, STREAM_LAST_ID } from "../../keyspace/stream/stream_root.ts";
import { trimStream } from "../../keyspace/stream/stream_trim.ts";
import { ENCODING_STREAM, TYPE_STREAM } from "../../keyspace/value_type.ts";
import { wrongArity } from "../../protocol/wire_errors.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { EVENT_STREAM } from "../key_events.ts";
import { KEY, TRIM } from "./argument_docs.ts";
import { replyId } from "./entry_reply.ts";
import { TrimArguments } from "./trim_argument.ts";

export const STREAM_KIND: number = TYPE_STREAM | ENCODING_STREAM << 4;

const options = new TrimArguments();
const last = new StreamId();
const id = new StreamId();

export const xadd = defineCommand({
  name: "xadd",
  summary: "Appends an entry to a stream, which is made where there is none.",
  since: "5.0.0",
  group: "stream",
  complexity: "O(1); trimming adds O(N), N being the entries that go.",
  history: [
    ["6.2.0", "The options `NOMKSTREAM`, `MINID` and `LIMIT` came."],
    ["7.0.0", "Takes an ID of the form `<ms>-*`."],
  ],
  arity: -5,
  flags: ["write", "denyoom", "fast"],
  acl: ["stream"],
  tips: ["nondeterministic_output"],
  keys: [keyRange(1, 1, 1, "RW update", "It may also trim, so this is no mere insertion")],
  arguments: [
    KEY,
    {
      name: "nomkstream",
      type: "pure-token",
      token: "NOMKSTREAM",
      since: "6.2.0",
      flags: ["optional"],
    },
    { ...TRIM, flags: ["optional"] },
    {
      name: "id-selector",
      type: "oneof",
      arguments: [
        { name: "auto-id", type: "pure-token", token: "*" },
        { name: "id", type: "string" },
      ],
    },
    {
      name: "data",
      type: "block",
      flags: ["multiple"],
      arguments: [{ name: "field", type: "string" }, { name: "value", type: "string" }],
    },
  ],
  run(call) {
    if (!options.read(call, true)) return;
    const first = options.idIndex + 1;
    const texts = call.count - first;
    if (texts < 2 || texts % 2 !== 0) return call.reply.error(wrongArity(call.name));
    if (options.isIdGiven && options.isSeqGiven && options.id.isMin) {
      return call.reply.error("ERR The ID specified in XADD must be greater than 0-0");
    }
    const ref = call.lookupWriteOf(1, TYPE_STREAM);
    if (ref === WRONG_TYPE_REPLIED) return;
    if (ref === 0 && options.isNoMkstream) return call.reply.null();
    add(call, ref, first, texts >>> 1);
  },
});

function add(call: Call, ref: number, first: number, count: number): void {
  const { streams, heap } = call.keyspace;
  if (ref === 0) last.setMin();
  else readObjectId(heap, call.database.rootOf(ref), STREAM_LAST_ID, last);
  if (last.isMax) {
    return call.reply.error(
      "ERR The stream has exhausted the last possible ID, unable to add more items",
    );
  }
  if (!chooseId(call)) {
    return call.reply.error(
      "ERR The ID specified in XADD is equal or smaller than the target stream top item",
    );
  }
  const root = ref === 0 ? streams.create() : call.database.rootOf(ref);
  if (!append(call, ref, root, first, count)) {
    return call.reply.error("ERR Elements are too large to be stored");
  }
  replyId(call.reply, id);
  call.dirty++;
  const trimmed = options.isGiven ? trimStream(streams, root, options) : 0;
  if (call.keyEvents.isActive) tellAdded(call, trimmed > 0);
  if (call.propagation.isActive) propagate(call, root);
}

function tellAdded(call: Call, isTrimmed: boolean): void {
  call.notify(1, EVENT_STREAM, "xadd");
  if (isTrimmed) call.notify(1, EVENT_STREAM, "xtrim");
  call.touched(1);
}

/** Sets the new entry's id; false where it is not behind the last one. */
function chooseId(call: Call): boolean {
  if (!options.isIdGiven) {
    id.setMs(call.keyspace.nowMs);
    if (id.compareWords(last.msHigh, last.msLow, 0, 0) <= 0) {
      id.copyFrom(last);
      id.increment();
    }
    return true;
  }
  id.copyFrom(options.id);
  if (options.isSeqGiven) return id.compare(last) > 0;
  if (id.msHigh === last.msHigh && id.msLow === last.msLow) {
    if ((last.seqHigh & last.seqLow) === -1) return false;
    id.copyFrom(last);
    return id.increment();
  }
  return id.compare(last) > 0;
}

/**
 * A stream gets an entry: the only place where this happens. The stream, when it is new (`ref` 0),
 * becomes the key's. False where the entry is too large.
 */
function append(call: Call, ref: number, root: number, first: number, count: number): boolean {
  const { streams, limits } = call.keyspace;
  const { bytes, starts, ends } = call.args;
  if (ref !== 0) {
    if (!streams.append(root, id, call.args, first, count, limits)) return false;
    const { keyspace } = call;
    if (keyspace.signalsKeys) keyspace.signalStream(call.database, bytes, starts[1], ends[1]);
    return true;
  }
  let isAdded = false;
  try {
    if (!streams.append(root, id, call.args, first, count, limits)) return false;
    call.database.addGraph(bytes, starts[1], ends[1], STREAM_KIND, root, NO_EXPIRY);
    isAdded = true;
  } finally {
    if (!isAdded) freeGraph(call.keyspace, STREAM_KIND, root);
  }
  return true;
}

function propagate(call: Call, root: number): void {
  const isNewId = !options.isIdGiven || !options.isSeqGiven;
  if (!isNewId && !options.isApproximate) return;
  const parts: (string | Uint8Array)[] = trimmedArguments(call, root, options);
  if (isNewId) parts[options.idIndex] = id.toString();
  call.propagation.replaceWith(call.database.index, ...parts);
}

/** The arguments, where trimming was approximate with the exact threshold that it came to. */
export function trimmedArguments(
  call: Call,
  root: number,
  trim: TrimArguments,
): (string | Uint8Array)[] {
  const parts: (string | Uint8Array)[] = [];
  for (let i = 0; i < call.count; i++) parts.push(call.args.view(i));
  if (trim.isApproximate) {
    parts[trim.thresholdIndex - 1] = "=";
    parts[trim.thresholdIndex] = trim.maxLength >= 0
      ? String(call.keyspace.streams.length(root))
      : firstIdText(call, root);
  }
  return parts;
}

/**
 * The id of a stream's first entry, a deleted one too, as Redis has it; the last of all where there
 * is none.
 */
function firstIdText(call: Call, root: number): string {
  const { streams, heap } = call.keyspace;
  const leaf = streams.entries.firstLeaf(streams.treeOf(root));
  const edge = new StreamId();
  if (leaf === 0) edge.setMax();
  else readLeafId(heap, leaf, LEAF_MASTER_ID, edge);
  return edge.toString();
}
