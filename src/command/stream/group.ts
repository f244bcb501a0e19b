/** XGROUP: making, changing and ending consumer groups and their consumers. */
import { NO_EXPIRY } from "../../keyspace/database.ts";
import { freeGraph } from "../../keyspace/graphs.ts";
import { GROUP_ENTRIES_READ, GROUP_LAST_ID } from "../../keyspace/stream/consumer_groups.ts";
import { ENTRIES_READ_UNKNOWN } from "../../keyspace/stream/entries_read.ts";
import { StreamId } from "../../keyspace/stream/stream_id.ts";
import {
  readObjectId,
  STREAM_LAST_ID,
  writeObjectId,
  writeObjectNumber,
} from "../../keyspace/stream/stream_root.ts";
import { TYPE_STREAM } from "../../keyspace/value_type.ts";
import { NOT_AN_INTEGER, unknownSubcommandOrArity } from "../../protocol/wire_errors.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { type ArgumentSpecification, defineCommand, keyRange } from "../definition.ts";
import { helpCommand } from "../help.ts";
import { EVENT_STREAM } from "../key_events.ts";
import { STREAM_KIND } from "./add.ts";
import { CONSUMER, GROUP, KEY } from "./argument_docs.ts";
import { findConsumer, findGroup } from "./group_lookup.ts";
import { isCharacter, readAnyIdOrReply, readIdOrReply } from "./id_argument.ts";
import { int64Words, writeInt64Words } from "./int64_argument.ts";

const id = new StreamId();

/** The options of CREATE and SETID; where ENTRIESREAD's number stands, 0 without. */
let isMkstream = false;
let entriesReadIndex = 0;

/** The stream and its group; 0 where there is none. */
let root = 0;
let group = 0;

const ID_SELECTOR: ArgumentSpecification = {
  name: "id-selector",
  type: "oneof",
  arguments: [
    { name: "id", type: "string" },
    { name: "new-id", type: "pure-token", token: "$" },
  ],
};

const ENTRIES_READ: ArgumentSpecification = {
  name: "entriesread",
  type: "integer",
  token: "ENTRIESREAD",
  flags: ["optional"],
};

const HELP = [
  "CREATE <key> <groupname> <id|$> [option]",
  "    A new group, which gets the entries behind an ID. Options are:",
  "    * MKSTREAM",
  "      Makes an empty stream where there is none.",
  "    * ENTRIESREAD entries_read",
  "      How many entries the ID stands behind (for internal use).",
  "CREATECONSUMER <key> <groupname> <consumer>",
  "    A new consumer in a group.",
  "DELCONSUMER <key> <groupname> <consumer>",
  "    Ends a consumer, and what is pending with it.",
  "DESTROY <key> <groupname>",
  "    Ends a group.",
  "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
  "    The group goes on behind another ID.",
];

export const xgroup = defineCommand({
  name: "xgroup",
  summary: "Groups the commands on consumer groups of streams.",
  since: "5.0.0",
  group: "stream",
  complexity: "That of the subcommand.",
  arity: -2,
  flags: [],
  subcommands: [
    defineCommand({
      name: "create",
      summary: "Makes a consumer group.",
      since: "5.0.0",
      group: "stream",
      complexity: "O(1)",
      history: [["7.0.0", "The option `ENTRIESREAD` came."]],
      arity: -5,
      flags: ["write", "denyoom"],
      acl: ["stream"],
      keys: [keyRange(2, 2, 1, "RW insert")],
      arguments: [
        KEY,
        GROUP,
        ID_SELECTOR,
        { name: "mkstream", type: "pure-token", token: "MKSTREAM", flags: ["optional"] },
        ENTRIES_READ,
      ],
      run: create,
    }),
    defineCommand({
      name: "setid",
      summary: "Lets a group go on behind another ID.",
      since: "5.0.0",
      group: "stream",
      complexity: "O(1)",
      history: [["7.0.0", "The option `ENTRIESREAD` came."]],
      arity: -5,
      flags: ["write"],
      acl: ["stream"],
      keys: [keyRange(2, 2, 1, "RW update")],
      arguments: [KEY, GROUP, ID_SELECTOR, ENTRIES_READ],
      run: setId,
    }),
    defineCommand({
      name: "destroy",
      summary: "Ends a consumer group.",
      since: "5.0.0",
      group: "stream",
      complexity: "O(N), N being the entries pending in the group.",
      arity: 4,
      flags: ["write"],
      acl: ["stream"],
      keys: [keyRange(2, 2, 1, "RW delete")],
      arguments: [KEY, GROUP],
      run(call) {
        isMkstream = false;
        if (!find(call, false)) return;
        if (group !== 0) {
          const { bytes, starts, ends } = call.args;
          call.keyspace.streams.groups.destroyGroup(root, group);
          call.dirty++;
          call.notify(2, EVENT_STREAM, "xgroup-destroy");
          // Consumers that wait have nothing to wait for any more.
          call.keyspace.signalStream(call.database, bytes, starts[2], ends[2]);
        }
        call.reply.integer(group === 0 ? 0 : 1);
      },
    }),
    defineCommand({
      name: "createconsumer",
      summary: "Makes a consumer in a group.",
      since: "6.2.0",
      group: "stream",
      complexity: "O(1)",
      arity: 5,
      flags: ["write", "denyoom"],
      acl: ["stream"],
      keys: [keyRange(2, 2, 1, "RW insert")],
      arguments: [KEY, GROUP, CONSUMER],
      run(call) {
        isMkstream = false;
        if (!find(call, true)) return;
        const { bytes, starts, ends } = call.args;
        const { streams, nowMs } = call.keyspace;
        const isNew = findConsumer(call, group, 4) === 0;
        if (isNew) {
          streams.groups.createConsumer(group, bytes, starts[4], ends[4], nowMs);
          call.dirty++;
          call.notify(2, EVENT_STREAM, "xgroup-createconsumer");
        }
        call.reply.integer(isNew ? 1 : 0);
      },
    }),
    defineCommand({
      name: "delconsumer",
      summary: "Ends a consumer of a group, and returns how much was pending with it.",
      since: "5.0.0",
      group: "stream",
      complexity: "O(1)",
      arity: 5,
      flags: ["write"],
      acl: ["stream"],
      keys: [keyRange(2, 2, 1, "RW delete")],
      arguments: [KEY, GROUP, CONSUMER],
      run(call) {
        isMkstream = false;
        if (!find(call, true)) return;
        const consumer = findConsumer(call, group, 4);
        if (consumer === 0) return call.reply.integer(0);
        call.reply.integer(call.keyspace.streams.groups.deleteConsumer(group, consumer));
        call.dirty++;
        call.notify(2, EVENT_STREAM, "xgroup-delconsumer");
      },
    }),
    helpCommand("XGROUP", "5.0.0", "stream", HELP, ["stream"]),
  ],
});

/** Reads what follows the id; false after replying with an error. */
function readOptions(call: Call, isCreate: boolean): boolean {
  isMkstream = false;
  entriesReadIndex = 0;
  for (let i = 5; i < call.count; i++) {
    if (isCreate && call.is(i, "mkstream")) isMkstream = true;
    else if (i + 1 < call.count && call.is(i, "entriesread")) {
      const read = int64Words(call, ++i);
      if (read === undefined) {
        call.reply.error(NOT_AN_INTEGER);
        return false;
      }
      if (read.high < 0 && (read.high & read.low) !== -1) {
        call.reply.error("ERR value for ENTRIESREAD must be positive or -1");
        return false;
      }
      entriesReadIndex = i;
    } else {
      call.reply.error(unknownSubcommandOrArity(call.text(1), "xgroup"));
      return false;
    }
  }
  return true;
}

/** Looks stream and group up; false after replying with an error. */
function find(call: Call, needsGroup: boolean): boolean {
  const ref = call.lookupWriteOf(2, TYPE_STREAM);
  root = 0;
  group = 0;
  if (ref === WRONG_TYPE_REPLIED) return false;
  if (ref === 0) {
    if (isMkstream) return true;
    call.reply.error(
      "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want " +
        "to use the MKSTREAM option to create an empty stream automatically.",
    );
    return false;
  }
  root = call.database.rootOf(ref);
  group = findGroup(call, root, 3);
  if (group !== 0 || !needsGroup) return true;
  call.reply.error(
    `NOGROUP No such consumer group '${call.text(3)}' for key name '${call.text(2)}'`,
  );
  return false;
}

function create(call: Call): void {
  if (!readOptions(call, true) || !find(call, false)) return;
  if (call.count > 8) return call.reply.error(unknownSubcommandOrArity(call.text(1), "xgroup"));
  if (!isCharacter(call, 4, "$")) {
    if (!readIdOrReply(call, 4, id)) return;
  } else if (root === 0) id.setMin();
  else readObjectId(call.keyspace.heap, root, STREAM_LAST_ID, id);
  if (group !== 0) {
    return call.reply.error("BUSYGROUP Consumer Group name already exists");
  }
  if (root === 0) createStream(call);
  else createGroup(call, root);
  call.reply.ok();
  call.dirty++;
  if (root === 0) call.touched(2);
  call.notify(2, EVENT_STREAM, "xgroup-create");
}

function createStream(call: Call): void {
  const { bytes, starts, ends } = call.args;
  const made = call.keyspace.streams.create();
  let isAdded = false;
  try {
    createGroup(call, made);
    call.database.addGraph(bytes, starts[2], ends[2], STREAM_KIND, made, NO_EXPIRY);
    isAdded = true;
  } finally {
    if (!isAdded) freeGraph(call.keyspace, STREAM_KIND, made);
  }
}

function createGroup(call: Call, stream: number): void {
  const { groups } = call.keyspace.streams;
  const { bytes, starts, ends } = call.args;
  groups.findGroup(stream, bytes, starts[3], ends[3]);
  const made = groups.createGroup(stream, bytes, starts[3], ends[3], id, ENTRIES_READ_UNKNOWN);
  if (entriesReadIndex > 0) writeInt64Words(call, entriesReadIndex, made, GROUP_ENTRIES_READ);
}

function setId(call: Call): void {
  if (!readOptions(call, false) || !find(call, true)) return;
  if (call.count !== 5 && call.count !== 7) {
    return call.reply.error(unknownSubcommandOrArity(call.text(1), "xgroup"));
  }
  const { heap } = call.keyspace;
  if (isCharacter(call, 4, "$")) readObjectId(heap, root, STREAM_LAST_ID, id);
  else if (!readAnyIdOrReply(call, 4, id)) return;
  writeObjectId(heap, group, GROUP_LAST_ID, id);
  if (entriesReadIndex > 0) writeInt64Words(call, entriesReadIndex, group, GROUP_ENTRIES_READ);
  else writeObjectNumber(heap, group, GROUP_ENTRIES_READ, ENTRIES_READ_UNKNOWN);
  call.reply.ok();
  call.dirty++;
  call.notify(2, EVENT_STREAM, "xgroup-setid");
}
