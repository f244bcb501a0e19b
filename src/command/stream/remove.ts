/** XDEL, XTRIM and XSETID: what is taken out of a stream, and what it remembers. */
import { StreamId } from "../../keyspace/stream/stream_id.ts";
import {
  readObjectId,
  STREAM_ENTRIES_ADDED,
  STREAM_LAST_ID,
  STREAM_MAX_DELETED_ID,
  writeObjectId,
} from "../../keyspace/stream/stream_root.ts";
import {
  deleteEntry,
  isFirstId,
  noteFirstDeleted,
  trimStream,
} from "../../keyspace/stream/stream_trim.ts";
import { TYPE_STREAM } from "../../keyspace/value_type.ts";
import { NO_SUCH_KEY, NOT_AN_INTEGER } from "../../protocol/wire_errors.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { EVENT_STREAM } from "../key_events.ts";
import { trimmedArguments } from "./add.ts";
import { IDS, KEY, TRIM } from "./argument_docs.ts";
import { IdList, readIdOrReply } from "./id_argument.ts";
import { int64Words, writeInt64Words } from "./int64_argument.ts";
import { TrimArguments } from "./trim_argument.ts";

const ids = new IdList();
const id = new StreamId();
const other = new StreamId();
const maxDeleted = new StreamId();
const trim = new TrimArguments();

export const xdel = defineCommand({
  name: "xdel",
  summary: "Deletes entries of a stream and returns how many there were.",
  since: "5.0.0",
  group: "stream",
  complexity: "O(1) for each entry",
  arity: -3,
  flags: ["write", "fast"],
  acl: ["stream"],
  keys: [keyRange(1, 1, 1, "RW delete")],
  arguments: [KEY, IDS],
  run(call) {
    const ref = call.lookupWriteOf(1, TYPE_STREAM);
    if (ref === WRONG_TYPE_REPLIED) return;
    if (ref === 0) return call.reply.integer(0);
    ids.clear();
    for (let i = 2; i < call.count; i++) {
      if (!readIdOrReply(call, i, id)) return;
      ids.push(id);
    }
    const deleted = deleteEntries(call, call.database.rootOf(ref));
    call.dirty += deleted;
    if (deleted > 0) call.changed(1, EVENT_STREAM, "xdel");
    call.reply.integer(deleted);
  },
});

function deleteEntries(call: Call, root: number): number {
  const { streams, heap } = call.keyspace;
  let deleted = 0;
  let isFirstGone = false;
  for (let i = 0; i < ids.count; i++) {
    ids.get(i, id);
    if (!deleteEntry(streams, root, id)) continue;
    deleted++;
    if (isFirstId(streams, root, id)) isFirstGone = true;
    readObjectId(heap, root, STREAM_MAX_DELETED_ID, other);
    if (id.compare(other) > 0) writeObjectId(heap, root, STREAM_MAX_DELETED_ID, id);
  }
  if (deleted > 0) noteFirstDeleted(streams, root, isFirstGone);
  return deleted;
}

export const xtrim = defineCommand({
  name: "xtrim",
  summary: "Takes entries away from the beginning of a stream, down to a length or up to an ID.",
  since: "5.0.0",
  group: "stream",
  complexity: "O(N), N being the entries that go, most of them many at a time.",
  history: [["6.2.0", "The options `MINID` and `LIMIT` came."]],
  arity: -4,
  flags: ["write"],
  acl: ["stream"],
  tips: ["nondeterministic_output"],
  keys: [keyRange(1, 1, 1, "RW delete")],
  arguments: [KEY, TRIM],
  run(call) {
    if (!trim.read(call, false)) return;
    const ref = call.lookupWriteOf(1, TYPE_STREAM);
    if (ref === WRONG_TYPE_REPLIED) return;
    if (ref === 0) return call.reply.integer(0);
    const root = call.database.rootOf(ref);
    const trimmed = trimStream(call.keyspace.streams, root, trim);
    if (trimmed > 0 && trim.isApproximate && call.propagation.isActive) {
      call.propagation.replaceWith(call.database.index, ...trimmedArguments(call, root, trim));
    }
    call.dirty += trimmed;
    if (trimmed > 0) call.changed(1, EVENT_STREAM, "xtrim");
    call.reply.integer(trimmed);
  },
});

export const xsetid = defineCommand({
  name: "xsetid",
  summary: "Sets what a stream remembers of entries that it had; for those who repeat commands.",
  since: "5.0.0",
  group: "stream",
  complexity: "O(1)",
  history: [["7.0.0", "The options `ENTRIESADDED` and `MAXDELETEDID` came."]],
  arity: -3,
  flags: ["write", "denyoom", "fast"],
  acl: ["stream"],
  keys: [keyRange(1, 1, 1, "RW update")],
  arguments: [
    KEY,
    { name: "last-id", type: "string" },
    {
      name: "entries-added",
      type: "integer",
      token: "ENTRIESADDED",
      since: "7.0.0",
      flags: ["optional"],
    },
    {
      name: "max-deleted-id",
      type: "string",
      token: "MAXDELETEDID",
      since: "7.0.0",
      flags: ["optional"],
    },
  ],
  run(call) {
    if (!readIdOrReply(call, 2, id)) return;
    const addedIndex = readSetIdOptions(call);
    if (addedIndex < 0) return;
    const ref = call.lookupWriteOf(1, TYPE_STREAM);
    if (ref === WRONG_TYPE_REPLIED) return;
    if (ref === 0) return call.reply.error(NO_SUCH_KEY);
    const root = call.database.rootOf(ref);
    if (!maySetId(call, root, addedIndex)) return;
    const { heap } = call.keyspace;
    writeObjectId(heap, root, STREAM_LAST_ID, id);
    if (addedIndex > 0) writeInt64Words(call, addedIndex, root, STREAM_ENTRIES_ADDED);
    if (!maxDeleted.isMin) writeObjectId(heap, root, STREAM_MAX_DELETED_ID, maxDeleted);
    call.reply.ok();
    call.dirty++;
    call.notify(1, EVENT_STREAM, "xsetid");
  },
});

/** Returns where the number of entries added stands, 0 where nowhere, -1 after an error. */
function readSetIdOptions(call: Call): number {
  let addedIndex = 0;
  maxDeleted.setMin();
  for (let i = 3; i < call.count; i += 2) {
    const hasValue = i + 1 < call.count;
    if (hasValue && call.is(i, "entriesadded")) {
      const added = int64Words(call, i + 1);
      if (added === undefined) {
        call.reply.error(NOT_AN_INTEGER);
        return -1;
      }
      if (added.high < 0) {
        call.reply.error("ERR entries_added must be positive");
        return -1;
      }
      addedIndex = i + 1;
    } else if (hasValue && call.is(i, "maxdeletedid")) {
      if (!readIdOrReply(call, i + 1, maxDeleted)) return -1;
      if (id.compare(maxDeleted) < 0) {
        call.reply.error(
          "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id",
        );
        return -1;
      }
    } else {
      call.syntaxError();
      return -1;
    }
  }
  return addedIndex;
}

function maySetId(call: Call, root: number, addedIndex: number): boolean {
  const { streams, heap } = call.keyspace;
  readObjectId(heap, root, STREAM_MAX_DELETED_ID, other);
  if (id.compare(other) < 0) {
    call.reply.error(
      "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id",
    );
    return false;
  }
  const length = streams.length(root);
  if (length === 0) return true;
  streams.cursor.openAll(root, true);
  if (streams.cursor.next() && id.compare(streams.cursor.entry.id) < 0) {
    call.reply.error(
      "ERR The ID specified in XSETID is smaller than the target stream top item",
    );
    return false;
  }
  const added = addedIndex > 0 ? int64Words(call, addedIndex) : undefined;
  if (added !== undefined && added.toNumber() < length) {
    call.reply.error(
      "ERR The entries_added specified in XSETID is smaller than the target stream length",
    );
    return false;
  }
  return true;
}
