/**
 * DEBUG: what tests and the curious ask of a server, one command with a table of its own.
 *
 * For Redis it has no subcommands that COMMAND INFO would know of, hence the table here: a name, how
 * many arguments there may be (names included), its lines of HELP, and what it does. An entry of
 * the wrong count is answered like a name that there is not.
 */
import { latin1Bytes } from "../../base/ascii.ts";
import { matchesGlob } from "../../base/glob.ts";
import type { Call } from "../../command/call.ts";
import type { CommandDefinition } from "../../command/definition.ts";
import { defineCommand } from "../../command/definition.ts";
import { replyHelp } from "../../command/help.ts";
import { addValue, Digest, keyspaceDigest } from "../../keyspace/digest.ts";
import { unknownSubcommandOrArity } from "../../protocol/wire_errors.ts";
import { parseMemory } from "../config/number_text.ts";
import { PEAK_RESET_MS } from "../../protocol/reply_writer.ts";
import type { Engine } from "../engine.ts";
import { rewriteConfig } from "../config_file.ts";
import { stopFor } from "../stop_for.ts";
import { crashByAssertion, crashByPanic, crashBySignal, crashOutOfMemory } from "./debug_crash.ts";
import {
  clientEviction,
  hashTableStatistics,
  listpack,
  object,
  quicklist,
  stringLengths,
  valueTableStatistics,
} from "./debug_inspection.ts";
import { populate } from "./debug_populate.ts";
import { protocol } from "./debug_protocol.ts";

/** How much of an unknown subcommand an error quotes. */
const QUOTED_BYTES_MAX = 128;
/** How many patterns STRINGMATCH-TEST tries. */
const GLOB_TRIALS = 100_000;

interface DebugSubcommand {
  readonly least: number;
  readonly most: number;
  readonly help: readonly string[];
  run(engine: Engine, call: Call): void;
}

function entry(
  least: number,
  most: number,
  help: readonly string[],
  run: DebugSubcommand["run"],
): DebugSubcommand {
  return { least, most, help, run };
}

/** One that is taken for what it would mean elsewhere, and changes nothing here. */
function accepted(count: number, ...help: string[]): DebugSubcommand {
  return entry(count, count, help, (_engine, call) => call.reply.ok());
}

const SUBCOMMANDS: ReadonlyMap<string, DebugSubcommand> = new Map([
  [
    "aof-flush-sleep",
    entry(3, 3, [
      "AOF-FLUSH-SLEEP <microseconds>",
      "    Stop the server for a while before each write to the append-only file.",
    ], (engine, call) => {
      engine.persistence.log.sleepUs = leadingInteger(call, 2);
      call.reply.ok();
    }),
  ],
  [
    "assert",
    entry(2, Infinity, ["ASSERT", "    Crash by an assertion that fails."], (engine) => {
      crashByAssertion(engine);
    }),
  ],
  [
    "change-repl-id",
    entry(2, 2, ["CHANGE-REPL-ID", "    Take other replication ids."], (engine, call) => {
      engine.log.notice("Changing replication IDs after receiving DEBUG change-repl-id");
      engine.changeReplicationId();
      call.reply.ok();
    }),
  ],
  [
    "client-enforce-reply-list",
    accepted(3, "CLIENT-ENFORCE-REPLY-LIST <0|1>", "    Accepted; replies have one buffer here."),
  ],
  [
    "client-eviction",
    entry(2, 2, [
      "CLIENT-EVICTION",
      "    The clients by the memory that they take (with maxmemory-clients).",
    ], clientEviction),
  ],
  ["clusterlink", entry(5, 5, [], clusterLink)],
  [
    "config-rewrite-force-all",
    entry(2, 2, [
      "CONFIG-REWRITE-FORCE-ALL",
      "    As CONFIG REWRITE, but write every directive, at its default or not.",
    ], rewriteEverything),
  ],
  ["crash-and-recover", entry(2, Infinity, [], restart)],
  ["dict-resizing", accepted(3, "DICT-RESIZING <0|1>", "    Accepted; dicts grow in small steps.")],
  [
    "digest",
    entry(
      2,
      2,
      ["DIGEST", "    A signature of all data, the same as Redis's."],
      (_engine, call) => {
        call.reply.simple(keyspaceDigest(call.keyspace));
      },
    ),
  ],
  [
    "digest-value",
    entry(2, Infinity, [
      "DIGEST-VALUE <key> [<key> ...]",
      "    A signature of the value of each key.",
    ], digestValues),
  ],
  [
    "drop-cluster-packet-filter",
    entry(3, 3, [], (_engine, call) => {
      if (!Number.isNaN(integerOrReply(call, 2))) call.reply.ok();
    }),
  ],
  ["error", entry(3, 3, ["ERROR <text>", "    Answer with that error."], error)],
  [
    "htstats",
    entry(3, Infinity, [
      "HTSTATS <dbid> [full]",
      "    The figures of a database's indexes.",
    ], hashTableStatistics),
  ],
  [
    "htstats-key",
    entry(3, Infinity, [
      "HTSTATS-KEY <key> [full]",
      "    The figures of the hash table in the value of <key>.",
    ], valueTableStatistics),
  ],
  ["listpack", entry(3, 3, ["LISTPACK <key>", "    Look into a listpack."], listpack)],
  [
    "loadaof",
    entry(2, 2, [
      "LOADAOF",
      "    Write what waits for the append-only file, empty the server and load the file again.",
    ], loadAof),
  ],
  [
    "log",
    entry(3, 3, ["LOG <message>", "    Write a line to the log."], (engine, call) => {
      engine.log.warning(`DEBUG LOG: ${call.utf8(2)}`);
      call.reply.ok();
    }),
  ],
  [
    "object",
    entry(3, 3, ["OBJECT <key>", "    How the value of <key> is kept."], object),
  ],
  ["oom", entry(2, Infinity, ["OOM", "    Crash as when memory runs out."], crashOutOfMemory)],
  ["panic", entry(2, Infinity, ["PANIC", "    Crash by a panic."], crashByPanic)],
  [
    "pause-cron",
    entry(3, 3, ["PAUSE-CRON <0|1>", "    Stop what happens periodically."], (engine, call) => {
      engine.isTickPaused = leadingInteger(call, 2) !== 0;
      call.reply.ok();
    }),
  ],
  [
    "populate",
    entry(3, 5, [
      "POPULATE <count> [<prefix>] [<size>]",
      "    Make <count> strings named <prefix>:<number>, of <size> bytes each.",
    ], populate),
  ],
  [
    "protocol",
    entry(3, 3, [
      "PROTOCOL <type>",
      "    Answer with a reply of that type: string, integer, double, bignum, null, array,",
      "    set, map, attrib, push, verbatim, true, false.",
    ], protocol),
  ],
  ["quicklist", entry(3, 4, ["QUICKLIST <key> [<0|1>]", "    Look into a quicklist."], quicklist)],
  [
    "quicklist-packed-threshold",
    entry(3, 3, [
      "QUICKLIST-PACKED-THRESHOLD <size>",
      "    Accepted where it is a size below 4 GB.",
    ], packedThreshold),
  ],
  [
    "reload",
    entry(2, Infinity, [
      "RELOAD [MERGE] [NOFLUSH] [NOSAVE]",
      "    Save the data set, empty the server and load the file again; NOSAVE loads the file",
      "    that is there, NOFLUSH empties nothing, MERGE lets the file's keys win.",
    ], reload),
  ],
  ["replicate", entry(3, Infinity, [], (_engine, call) => call.reply.ok())],
  [
    "replybuffer",
    entry(4, 4, [
      "REPLYBUFFER PEAK-RESET-TIME <NEVER|RESET|milliseconds>",
      "REPLYBUFFER RESIZING <0|1>",
      "    Accepted; reply buffers are lent and not resized.",
    ], replyBuffer),
  ],
  ["restart", entry(2, Infinity, [], restart)],
  [
    "sdslen",
    entry(3, 3, ["SDSLEN <key>", "    Lengths of a key and its string."], stringLengths),
  ],
  ["segfault", entry(2, Infinity, ["SEGFAULT", "    Crash as by a signal."], crashBySignal)],
  [
    "set-active-expire",
    entry(3, 3, [
      "SET-ACTIVE-EXPIRE <0|1>",
      "    Whether keys go when their time has come though nobody asks for them.",
    ], (engine, call) => {
      engine.isActiveExpiryOn = leadingInteger(call, 2) !== 0;
      call.reply.ok();
    }),
  ],
  [
    "set-disable-deny-scripts",
    accepted(3, "SET-DISABLE-DENY-SCRIPTS <0|1>", "    Accepted."),
  ],
  [
    "set-skip-checksum-validation",
    entry(3, 3, [
      "SET-SKIP-CHECKSUM-VALIDATION <0|1>",
      "    Whether RDB files and RESTORE's payloads may have a wrong checksum.",
    ], (_engine, call) => {
      call.settings.skipChecksumValidation = leadingInteger(call, 2) !== 0;
      call.reply.ok();
    }),
  ],
  ["sleep", entry(3, 3, ["SLEEP <seconds>", "    Stop the server for a while."], sleep)],
  [
    "stringmatch-len",
    entry(4, 4, [
      "STRINGMATCH-LEN <text> <pattern>",
      "    Whether a text matches a glob-style pattern.",
    ], (_engine, call) => {
      const { bytes, starts, ends } = call.args;
      const isMatch = matchesGlob(bytes, starts[3], ends[3], bytes, starts[2], ends[2], false);
      call.reply.integer(isMatch ? 1 : 0);
    }),
  ],
  [
    "stringmatch-test",
    entry(2, 2, ["STRINGMATCH-TEST", "    Match texts with patterns by lot."], matchTest),
  ],
]);

/** The DEBUG command of one server. */
export function debugCommands(engine: Engine): readonly CommandDefinition[] {
  return [
    defineCommand({
      name: "debug",
      summary: "Groups what is for testing and debugging.",
      since: "1.0.0",
      group: "server",
      complexity: "Depends on subcommand.",
      docFlags: ["syscmd"],
      arity: -2,
      flags: ["admin", "noscript", "loading", "stale", "protected"],
      run: (call) => debug(engine, call),
    }),
  ];
}

function debug(engine: Engine, call: Call): void {
  if (call.count === 2 && call.is(1, "help")) {
    const lines = [...SUBCOMMANDS.values()].flatMap(({ help }) => help);
    return replyHelp(call, "DEBUG", lines);
  }
  const found = SUBCOMMANDS.get(call.text(1).toLowerCase());
  if (found === undefined || call.count < found.least || call.count > found.most) {
    return refuseSubcommand(call);
  }
  found.run(engine, call);
}

function refuseSubcommand(call: Call): void {
  call.reply.error(unknownSubcommandOrArity(call.text(1).slice(0, QUOTED_BYTES_MAX), "DEBUG"));
}

/** C's atoi: the digits that a text begins with, 0 where there are none. */
function leadingInteger(call: Call, index: number): number {
  const digits = /^\s*[+-]?\d+/.exec(call.text(index));
  return digits === null ? 0 : Number(digits[0]);
}

function integerOrReply(call: Call, index: number): number {
  return call.integerOrReply(index, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
}

/** Redis sends the text as it is and counts no error. */
function error(_engine: Engine, call: Call): void {
  const { bytes, starts, ends } = call.args;
  const line = new Uint8Array(ends[2] - starts[2] + 3);
  line[0] = 0x2d;
  line.set(bytes.subarray(starts[2], ends[2]), 1);
  for (let i = 1; i < line.length - 2; i++) {
    if (line[i] === 0x0d || line[i] === 0x0a) line[i] = 0x20;
  }
  line[line.length - 2] = 0x0d;
  line[line.length - 1] = 0x0a;
  call.reply.raw(line);
}

function digestValues(_engine: Engine, call: Call): void {
  const { bytes, starts, ends } = call.args;
  const digest = new Digest(call.keyspace.heap);
  call.reply.array(call.count - 2);
  for (let i = 2; i < call.count; i++) {
    digest.reset();
    const ref = call.database.find(bytes, starts[i], ends[i]);
    if (ref !== 0) addValue(digest, call.database, ref);
    call.reply.simple(digest.toString());
  }
}

function sleep(engine: Engine, call: Call): void {
  const seconds = Number.parseFloat(call.text(2));
  stopFor(engine.clock, seconds > 0 ? seconds * 1e6 : 0);
  engine.keyspace.setNow(engine.clock.wallMs());
  call.reply.ok();
}

function reload(engine: Engine, call: Call): void {
  let saves = true;
  let flushes = true;
  let merges = false;
  for (let i = 2; i < call.count; i++) {
    if (call.is(i, "merge")) merges = true;
    else if (call.is(i, "noflush")) flushes = false;
    else if (call.is(i, "nosave")) saves = false;
    else {
      return call.reply.error(
        "ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.",
      );
    }
  }
  const { loading, snapshots } = engine.persistence;
  if (saves && snapshots.save() !== undefined) return call.reply.error("ERR");
  if (loading.reload({ flushes, merges }) !== undefined) {
    return call.reply.error("ERR Error trying to load the RDB dump, check server logs.");
  }
  engine.log.notice("DB reloaded by DEBUG RELOAD");
  call.reply.ok();
}

function loadAof(engine: Engine, call: Call): void {
  if (engine.persistence.loading.loadAof() !== undefined) {
    return call.reply.error("ERR Error trying to load the AOF files, check server logs.");
  }
  engine.log.notice("Append Only File loaded by DEBUG LOADAOF");
  call.reply.ok();
}

/** A program cannot put itself in its own place here: that is for whoever supervises it. */
function restart(engine: Engine, call: Call): void {
  if (call.count >= 3 && Number.isNaN(integerOrReply(call, 2))) return;
  engine.log.warning("This server cannot restart itself: end it and start it again.");
  call.reply.error("ERR failed to restart the server. Check server logs.");
}

function clusterLink(_engine: Engine, call: Call): void {
  if (!call.is(2, "kill")) return refuseSubcommand(call);
  call.reply.error("ERR Debug option only available for cluster mode enabled setup!");
}

function packedThreshold(_engine: Engine, call: Call): void {
  const bytes = parseMemory(call.text(2));
  if (bytes === undefined || bytes > 2n ** 32n - 2n ** 20n) {
    return call.reply.error(
      "ERR argument must be a memory value bigger than 1 and smaller than 4gb",
    );
  }
  call.reply.ok();
}

function replyBuffer({ replyBuffers }: Engine, call: Call): void {
  if (call.is(2, "peak-reset-time")) {
    if (call.is(3, "never")) replyBuffers.peakResetMs = -1;
    else if (call.is(3, "reset")) replyBuffers.peakResetMs = PEAK_RESET_MS;
    else {
      const peakResetMs = integerOrReply(call, 3);
      if (Number.isNaN(peakResetMs)) return;
      replyBuffers.peakResetMs = peakResetMs;
    }
  } else if (call.is(2, "resizing")) {
    replyBuffers.isResizing = call.safeInteger(3) !== 0;
  } else return refuseSubcommand(call);
  call.reply.ok();
}

function rewriteEverything(engine: Engine, call: Call): void {
  const path = engine.config.file;
  const failure = path === undefined
    ? "The server is running without a config file"
    : rewriteConfig(engine, path, true);
  if (failure === undefined) call.reply.ok();
  else call.reply.error(`ERR CONFIG-REWRITE-FORCE-ALL failed: ${failure}`);
}

/** Texts and patterns of the bytes that mean something in patterns: none may take for ever. */
function matchTest(_engine: Engine, call: Call): void {
  const { prng } = call.keyspace;
  const alphabet = latin1Bytes("*?[]^-\\ab");
  const text = new Uint8Array(32);
  const pattern = new Uint8Array(32);
  for (let trial = 0; trial < GLOB_TRIALS; trial++) {
    const textLength = prng.below(text.length);
    const patternLength = prng.below(pattern.length);
    for (let i = 0; i < textLength; i++) text[i] = prng.below(256);
    for (let i = 0; i < patternLength; i++) pattern[i] = alphabet[prng.below(alphabet.length)];
    matchesGlob(pattern, 0, patternLength, text, 0, textLength, trial % 2 === 0);
  }
  call.reply.simple("Apparently Redis did not crash: test passed");
}
