/**
 * The server without its shell: data, clients and commands, driven by bytes that arrive, by the
 * clock and by completions, and by nothing else.
 *
 * The path of a request: `received` -> parser -> {@link Dispatch} -> handler -> the client's reply
 * buffer -> {@link ReplyRelease}, one write per connection and turn.
 *
 * Nothing here is shared between two engines in one process.
 */
import type { CallSettings } from "../command/call.ts";
import { Call } from "../command/call.ts";
import { EVENT_NEW } from "../command/key_events.ts";
import { Propagation } from "../command/propagation.ts";
import { Prng } from "../base/prng.ts";
import type { Clock } from "../platform/clock.ts";
import type { Platform } from "../platform/platform.ts";
import type { NetworkError, Socket, SocketHandlers } from "../platform/network.ts";
import { ActiveExpiry } from "../keyspace/expiry.ts";
import { Keyspace } from "../keyspace/keyspace.ts";
import { Arguments } from "../protocol/arguments.ts";
import { CommandsAhead } from "../protocol/commands_ahead.ts";
import { BufferPool, ReplyWriter } from "../protocol/reply_writer.ts";
import { PARSED_COMMAND, PARSED_ERROR } from "../protocol/request_parser.ts";
import { latin1Bytes } from "../base/ascii.ts";
import { Acl } from "./acl/acl.ts";
import { Blocking } from "./blocking/blocking.ts";
import { Client } from "./client.ts";
import { ClientCare } from "./client_care.ts";
import { ClientMemory } from "./client_memory.ts";
import { clientLine } from "./commands/client_list.ts";
import type { Config } from "./config/config.ts";
import { ENCODING_DIRECTIVES } from "./config/directives_data.ts";
import { Dispatch } from "./dispatch.ts";
import { ExpiredKeys } from "./expired_keys.ts";
import { HeapCare } from "./heap_care.ts";
import { KeyNotifications } from "./key_notifications.ts";
import { watchExpiries } from "./latency/expiry_latency.ts";
import { Latency } from "./latency/latency.ts";
import { LazyFreeing } from "./lazy_freeing.ts";
import type { Log } from "./log.ts";
import { MemoryLimit } from "./memory_limit.ts";
import { Monitors } from "./monitors.ts";
import { OomScore } from "./oom_score.ts";
import { OutputLimits } from "./output_limits.ts";
import { Pause } from "./pause.ts";
import { PubSub } from "./pubsub/pubsub.ts";
import { ReplyRelease } from "./reply_release.ts";
import { SlowLog } from "./slow_log.ts";
import { SlowReaders, TURN_REPLY_BYTES_MAX } from "./slow_readers.ts";
import { Tracking } from "./tracking/tracking.ts";
import { WatchedKeys } from "./transaction/watched_keys.ts";
import type { Command, CommandTable } from "./registry.ts";
import { Statistics } from "./statistics.ts";
import { Persistence } from "./persistence/persistence.ts";
import { commandTable } from "./command_table.ts";

const PROTECTED_MODE = latin1Bytes(
  "-DENIED Redis is running in protected mode because protected mode is enabled and no password " +
    "is set for the default user. In this mode connections are only accepted from the loopback " +
    "interface. If you want to connect from external computers to Redis you may adopt one of the " +
    "following solutions: 1) Just disable protected mode sending the command 'CONFIG SET " +
    "protected-mode no' from the loopback interface by connecting to Redis from the same host the " +
    "server is running, however MAKE SURE Redis is not publicly accessible from internet if you " +
    "do so. Use CONFIG REWRITE to make this change permanent. 2) Alternatively you can just " +
    "disable the protected mode by editing the Redis configuration file, and setting the " +
    "protected mode option to 'no', and then restarting the server. 3) If you started the server " +
    "manually just for testing, restart it with the '--protected-mode no' option. 4) Set up an " +
    "authentication password for the default user. NOTE: You only need to do one of the above " +
    "things in order for the server to start accepting connections from the outside.\r\n",
);
const MAX_CLIENTS = latin1Bytes("-ERR max number of clients reached\r\n");

/** With more connections a tick comes more often (`dynamic-hz`), but no more often than that. */
const CLIENTS_PER_TICK_MAX = 200;
const HZ_MAX = 500;
/** An entry keeps the length of its value in 31 bits, whatever `proto-max-bulk-len` says. */
const BULK_BYTES_MAX = 0x7fffe000;

export class Engine {
  readonly platform: Platform;
  readonly clock: Clock;
  readonly config: Config;
  readonly log: Log;
  readonly keyspace: Keyspace;
  readonly expiry: ActiveExpiry;
  readonly propagation: Propagation = new Propagation();
  readonly statistics: Statistics = new Statistics();
  readonly pause: Pause = new Pause();
  readonly outputLimits: OutputLimits;
  readonly persistence: Persistence;
  readonly acl: Acl;
  readonly watchedKeys: WatchedKeys;
  readonly blocking: Blocking;
  readonly pubSub: PubSub;
  readonly tracking: Tracking;
  readonly monitors: Monitors;
  readonly slowLog: SlowLog;
  readonly latency: Latency;
  readonly memoryLimit: MemoryLimit;
  readonly slowReaders: SlowReaders = new SlowReaders(this);
  readonly clientMemory: ClientMemory = new ClientMemory();
  readonly replyBuffers: BufferPool = new BufferPool();
  readonly settings: CallSettings;
  readonly call: Call;
  readonly commands: CommandTable;
  readonly dispatch: Dispatch;
  readonly handlers: SocketHandlers;
  /** By id, in the order of their arrival. */
  readonly clients: Map<number, Client> = new Map();
  /** 40 hex digits, new at each start. */
  readonly runId: string;
  /** 40 hex digits: the history of changes that replicas follow; see {@link changeReplicationId}. */
  replicationId: string;
  readonly startedMs: number;
  /** `usedMemoryBytes` of the server before there was anything in it. */
  readonly startupMemoryBytes: number;

  /** Ends the server; set by the one who runs it. */
  stop: () => void = () => {};
  /** The client whose command runs. */
  currentClient: Client | null = null;
  isLoading = false;
  /** The commands of a transaction run: what would need all of them whole waits. */
  isInTransaction = false;
  /** Something is to be done when the command that runs is over: {@link settleDeferred}. */
  hasDeferred = false;
  /** DEBUG SET-ACTIVE-EXPIRE. */
  isActiveExpiryOn = true;
  /** DEBUG PAUSE-CRON: nothing happens in {@link tick}. */
  isTickPaused = false;
  /** The TCP port that is listened on; whoever listens can know better than the configuration. */
  tcpPort: () => number = () => this.config.number("port");
  /** The same of the port with TLS. */
  tlsPort: () => number = () => this.config.number("tls-port");
  /** `maxclients` and `client-query-buffer-limit`, refreshed when they change. */
  #maxClients = 0;
  #queryBufferMax = 0;
  #nextClientId = 1;
  #attackLoggedMs = 0;
  readonly #arguments: Arguments = new Arguments();
  readonly #ahead: CommandsAhead = new CommandsAhead();
  readonly care: ClientCare = new ClientCare(this);
  readonly #heapCare: HeapCare = new HeapCare(this);
  readonly #release: ReplyRelease = new ReplyRelease(this);
  readonly #notifications: KeyNotifications;
  readonly #expiredKeys: ExpiredKeys = new ExpiredKeys(this);
  /** What connections are to be sent behind the reply of the command that runs. */
  #heldPushes: { readonly client: Client; readonly bytes: Uint8Array }[] = [];

  constructor(platform: Platform, config: Config, log: Log) {
    this.platform = platform;
    this.clock = platform.clock;
    this.config = config;
    this.log = log;
    const seed = new Uint8Array(36);
    platform.random.fill(seed);
    const prng = new Prng(seed.subarray(0, 16));
    this.runId = hexDigits(seed.subarray(16));
    this.replicationId = this.#newReplicationId();
    this.startedMs = this.clock.wallMs();
    this.keyspace = new Keyspace(prng, {
      expired: (database, ref) => this.#expiredKeys.expired(database, ref),
      fieldExpired: (database, ref, bytes, start, end, isNews, isLast) => {
        this.#expiredKeys.fieldExpired(database, ref, bytes, start, end, isNews, isLast);
      },
      flushedAll: () => this.persistence.snapshots.afterFlushAll(),
      keyReady: (database, bytes, start, end) => {
        this.blocking.keyReady(database, bytes, start, end);
      },
      keyAdded: (database, bytes, start, end) => {
        // RESTORE makes a value aside, in a database of its own, first.
        if (this.isLoading || this.keyspace.databases[database.index] !== database) return;
        this.call.keyEvents.notify(database, bytes, start, end, EVENT_NEW, "new");
      },
      keyGone: (database, ref) => this.blocking.keyGone(database, ref),
      replacing: (database, other) => this.watchedKeys.replacing(database, other),
      replaced: (database) => this.blocking.databaseChanged(database.index),
      flushed: () => this.tracking.flushed(),
    }, config.number("databases"));
    this.keyspace.setNow(this.startedMs);
    new LazyFreeing(this);
    new OomScore(this);
    this.startupMemoryBytes = this.usedMemoryBytes;
    this.settings = {
      bulkLengthMax: 0,
      lazyUserDelete: false,
      lazyUserFlush: false,
      lazyExpire: false,
      sharesIntegers: true,
      skipChecksumValidation: false,
      compressesDump: true,
      warn: (text) => log.warning(text),
    };
    this.call = new Call(
      this.keyspace,
      this.settings,
      this.propagation,
      this.#arguments,
      new ReplyWriter(this.replyBuffers),
    );
    this.call.blocker = (request) => this.blocking.block(this.currentClient!, request);
    this.call.keyEvents.listener = {
      touched: (database, bytes, start, end) => {
        this.watchedKeys.touched(database, bytes, start, end);
        this.tracking.invalidate(bytes, start, end);
      },
      notified: (database, bytes, start, end, eventClass, event) => {
        this.#notifications.notify(database, bytes, start, end, eventClass, event);
      },
    };
    this.watchedKeys = new WatchedKeys(this);
    this.blocking = new Blocking(this);
    this.pubSub = new PubSub(this);
    this.tracking = new Tracking(this);
    this.monitors = new Monitors(this);
    this.slowLog = new SlowLog(this);
    this.latency = new Latency(this);
    watchExpiries(this);
    this.memoryLimit = new MemoryLimit(this);
    this.#notifications = new KeyNotifications(this);
    this.expiry = new ActiveExpiry(this.keyspace, () => this.clock.monotonicUs());
    this.outputLimits = new OutputLimits(config, this.clients);
    this.persistence = new Persistence(this);
    this.commands = commandTable(this);
    this.acl = new Acl(this);
    this.dispatch = new Dispatch(this);
    this.handlers = {
      opened: (socket) => this.#opened(socket),
      received: (socket, bytes, length) => this.#received(socket, bytes, length),
      drained: (socket) => this.#drained(socket),
      closed: (socket, error) => this.#closed(socket, error),
    };
    this.#followConfig();
  }

  /** Bytes that this server accounts for: data, its tables, connections. */
  get usedMemoryBytes(): number {
    const heap = this.keyspace.heap;
    return heap.allocatedBytes + heap.bookkeepingBytes + this.clientMemory.bytes;
  }

  /** Why a command that a directive protects may not run now (DEBUG, MODULE), if so. */
  protectedRefusal(client: Client, command: Command): string | undefined {
    const name = (command.parent ?? command).definition.name;
    const directive = name === "debug" ? "enable-debug-command" : "enable-module-command";
    if (this.config.allowsProtected(directive, client.socket.isLocal)) return undefined;
    return `ERR ${name.toUpperCase()} command not allowed. If the ${directive} option is set to ` +
      `"local", you can run it from a local connection, otherwise you need to set this option ` +
      `in the configuration file, and then restart the server.`;
  }

  /** How often a second {@link tick} is to run: with `dynamic-hz` more often for many connections. */
  get hz(): number {
    let hz = this.config.number("hz");
    if (!this.config.flag("dynamic-hz")) return hz;
    while (this.clients.size > hz * CLIENTS_PER_TICK_MAX && hz < HZ_MAX) hz *= 2;
    return Math.min(hz, HZ_MAX);
  }

  /** What runs `hz` times a second. */
  tick(): void {
    this.keyspace.setNow(this.clock.wallMs());
    if (this.isTickPaused) return;
    const beganUs = this.clock.monotonicUs();
    this.pauseEndsIfDue();
    if (
      this.isActiveExpiryOn && !this.isLoading && this.pause.mode === "off" && !this.#isLogFailing
    ) {
      this.expiry.run(this.hz);
      const expiryUs = this.clock.monotonicUs() - beganUs;
      this.statistics.expiryUs += expiryUs;
      this.latency.add("expire-cycle", expiryUs / 1000);
    }
    this.propagation.finishAlone();
    if (this.hasDeferred) this.settleDeferred();
    if (this.persistence.isWriteDue) this.#release.schedule();
    this.persistence.tick();
    this.#heapCare.run();
    const nowUs = this.clock.monotonicUs();
    const statistics = this.statistics;
    statistics.commandRate.sample(statistics.commandsProcessed, nowUs);
    statistics.inputRate.sample(statistics.netInputBytes, nowUs);
    statistics.outputRate.sample(statistics.netOutputBytes, nowUs);
    statistics.cycleRate.sample(statistics.cycles, nowUs);
    statistics.cycleTimeRate.sample(statistics.cycleUs, nowUs);
    const used = this.usedMemoryBytes;
    if (used > statistics.peakUsedMemoryBytes) statistics.peakUsedMemoryBytes = used;
    this.care.run(this.hz);
    statistics.countTick(this.clock.monotonicUs() - beganUs);
  }

  /** Whether touches of keys are told depends on whether anybody watches or tracks any. */
  followTouches(): void {
    this.call.keyEvents.tellsTouches = this.watchedKeys.keyCount > 0 || this.tracking.isOn;
  }

  /** Does what had to wait until the command that ran was over. */
  settleDeferred(): void {
    while (this.hasDeferred) {
      this.hasDeferred = false;
      this.endCommand();
      this.blocking.serve();
    }
  }

  /** Has what is done at the end of a turn done at the end of this one. */
  endTurnLater(): void {
    this.#release.schedule();
  }

  /** Sends a client, at the end of this turn, what has been written to its reply buffer. */
  sendLater(client: Client): void {
    this.#release.queue(client);
  }

  /**
   * Sends the client whose command runs a message that is no reply: behind the reply to that
   * command, and to the whole transaction. The bytes are kept until then.
   */
  pushAfterReply(client: Client, bytes: Uint8Array): void {
    this.#heldPushes.push({ client, bytes });
    this.hasDeferred = true;
  }

  /** A client waits until something is done that has nothing to do with the data (CONFIG SET port). */
  waitFor(client: Client, done: Promise<void>): void {
    client.isPostponed = true;
    void done.then(() => {
      client.isPostponed = false;
      if (!client.isClosed) this.resume(client);
    });
  }

  /** A client that has waited goes on with what it has sent meanwhile. */
  resume(client: Client): void {
    client.lastInteractionMs = this.keyspace.nowMs;
    this.#release.queue(client);
    this.clock.atTurnEnd(() => this.runSent(client));
  }

  /** A command is over: what those are to be told who were not to be interrupted is told now. */
  endCommand(): void {
    this.tracking.endOfCommand();
    const pushes = this.#heldPushes;
    if (pushes.length === 0) return;
    this.#heldPushes = [];
    for (const { client, bytes } of pushes) {
      if (client.isClosed) continue;
      client.reply.raw(bytes);
      this.#release.queue(client);
    }
  }

  /** Begins another history of changes: no replica can go on with the one before. */
  changeReplicationId(): void {
    this.replicationId = this.#newReplicationId();
  }

  /** Ends CLIENT PAUSE when its time is over. */
  pauseEndsIfDue(): void {
    if (this.pause.mode !== "off" && this.keyspace.nowMs >= this.pause.endsAtMs) this.unpause();
  }

  /** CLIENT PAUSE. While it lasts, keys only look expired: deleting them would be a write. */
  pauseClients(mode: "write" | "all", endsAtMs: number): void {
    this.pauseEndsIfDue();
    this.pause.begin(mode, endsAtMs);
    this.keyspace.keepsExpired = true;
    this.pauseEndsIfDue();
  }

  /** Ends CLIENT PAUSE and lets those go on who waited. */
  unpause(): void {
    for (const client of this.pause.end()) {
      // It has not been idle all the while: `timeout` begins now.
      client.lastInteractionMs = this.keyspace.nowMs;
      this.clock.atTurnEnd(() => this.runSent(client));
    }
    this.keyspace.keepsExpired = false;
    this.blocking.unpaused();
  }

  /** Closes a connection: at once, or when its replies have been sent. */
  closeClient(client: Client, when: "now" | "after replies"): void {
    if (client.isClosed) return;
    if (when === "after replies") {
      client.isClosingAfterReplies = true;
      this.#release.queue(client);
      return;
    }
    this.#forget(client);
    client.reply.drop();
    client.socket.destroy();
  }

  /** Takes a client that is gone, or goes, out of all that knows it. */
  #forget(client: Client): void {
    if (client.isClosed) return;
    client.isClosed = true;
    this.clients.delete(client.id);
    this.pause.waiting.delete(client);
    this.blocking.left(client);
    this.watchedKeys.discard(client);
    this.pubSub.left(client);
    this.tracking.left(client);
    this.monitors.left(client);
    this.memoryLimit.left(client);
    this.slowReaders.left(client);
  }

  /**
   * Somebody's browser was made to send HTTP here, hoping that what is no command is passed over and
   * what follows is run. It gets no chance; the log says so once a minute.
   */
  closeHttpClient(client: Client): void {
    const nowMs = this.keyspace.nowMs;
    if (Math.abs(nowMs - this.#attackLoggedMs) > 60_000) {
      this.#attackLoggedMs = nowMs;
      this.log.warning(
        "Possible SECURITY ATTACK detected: a client has sent POST or Host: as to a web server " +
          `(Cross Protocol Scripting). Connection from ${client.socket.remoteAddress} aborted.`,
      );
    }
    this.closeClient(client, "now");
  }

  /** Sends what is waiting for every client; returns false while some of it could not be sent. */
  flushClients(): boolean {
    this.#release.endTurn();
    for (const client of this.clients.values()) if (client.outputBytes > 0) return false;
    return true;
  }

  /** CONFIG RESETSTAT. */
  resetStatistics(): void {
    this.statistics.reset();
    this.keyspace.hits = 0;
    this.keyspace.misses = 0;
    this.keyspace.expiredCount = 0;
    this.expiry.resetStatistics();
    this.keyspace.lazyFree.freedCount = 0;
    this.keyspace.hashes.expiredFieldCount = 0;
    this.persistence.resetStatistics();
    this.memoryLimit.resetStatistics();
    this.acl.log.resetStatistics();
    for (const command of this.commands.commands) command.resetStatistics();
  }

  /** A log that cannot be written must not be made longer by keys whose expiry it knows anyway. */
  get #isLogFailing(): boolean {
    return this.persistence.log.error !== "";
  }

  #newReplicationId(): string {
    const bytes = new Uint8Array(20);
    this.platform.random.fill(bytes);
    return hexDigits(bytes);
  }

  #followLimits(): void {
    const { config, keyspace: { limits } } = this;
    limits.hashMaxListpackEntries = config.number("hash-max-listpack-entries");
    limits.hashMaxListpackValue = config.number("hash-max-listpack-value");
    limits.listMaxListpackSize = config.number("list-max-listpack-size");
    limits.listCompressDepth = config.number("list-compress-depth");
    limits.setMaxIntsetEntries = config.number("set-max-intset-entries");
    limits.setMaxListpackEntries = config.number("set-max-listpack-entries");
    limits.setMaxListpackValue = config.number("set-max-listpack-value");
    limits.zsetMaxListpackEntries = config.number("zset-max-listpack-entries");
    limits.zsetMaxListpackValue = config.number("zset-max-listpack-value");
    limits.hllSparseMaxBytes = config.number("hll-sparse-max-bytes");
    limits.streamNodeMaxBytes = config.number("stream-node-max-bytes");
    limits.streamNodeMaxEntries = config.number("stream-node-max-entries");
  }

  #followConfig(): void {
    const config = this.config;
    const follow = () => {
      this.settings.bulkLengthMax = Math.min(config.number("proto-max-bulk-len"), BULK_BYTES_MAX);
      this.settings.lazyUserDelete = config.flag("lazyfree-lazy-user-del");
      this.settings.lazyUserFlush = config.flag("lazyfree-lazy-user-flush");
      this.settings.lazyExpire = config.flag("lazyfree-lazy-expire");
      this.settings.compressesDump = config.flag("rdbcompression");
      const policy = config.choice("maxmemory-policy");
      this.settings.sharesIntegers = config.number("maxmemory") === 0 || !/l[rf]u/.test(policy);
      this.keyspace.freesExpiredLazily = this.settings.lazyExpire;
      this.keyspace.freesReplacedLazily = config.flag("lazyfree-lazy-server-del");
      this.#followLimits();
      this.#maxClients = config.number("maxclients");
      this.#queryBufferMax = config.number("client-query-buffer-limit");
      const access = this.keyspace.access;
      access.isLfu = policy.includes("lfu");
      access.logFactor = config.number("lfu-log-factor");
      access.decayMinutes = config.number("lfu-decay-time");
      access.tick(this.keyspace.nowMs);
      return undefined;
    };
    follow();
    config.onChange([
      "proto-max-bulk-len",
      "lazyfree-lazy-user-del",
      "lazyfree-lazy-user-flush",
      "lazyfree-lazy-expire",
      "lazyfree-lazy-server-del",
      ...ENCODING_DIRECTIVES.map((directive) => directive.name),
      "rdbcompression",
      "maxmemory",
      "maxclients",
      "client-query-buffer-limit",
      "maxmemory-policy",
      "lfu-log-factor",
      "lfu-decay-time",
    ], follow);
  }

  #opened(socket: Socket): void {
    if (this.clients.size >= this.#maxClients) {
      this.statistics.rejectedConnections++;
      return turnAway(socket, MAX_CLIENTS);
    }
    const isOpen = this.acl.defaultUser.needsNoPassword;
    if (!socket.isLocal && isOpen && this.config.flag("protected-mode")) {
      this.statistics.rejectedConnections++;
      return turnAway(socket, PROTECTED_MODE);
    }
    this.statistics.connectionsReceived++;
    const client = new Client(
      this.#nextClientId++,
      socket,
      this.#arguments,
      this.settings,
      this.#ahead,
      this.replyBuffers,
      Math.floor(this.clock.wallMs()),
      this.acl.defaultUser,
      !this.acl.needsAuthentication,
    );
    client.reply.protocol = this.config.number("client-default-resp");
    socket.owner = client;
    socket.keepAlive(this.config.number("tcp-keepalive"));
    this.clients.set(client.id, client);
    this.memoryLimit.clientChanged(client);
    if (this.log.level === "verbose" || this.log.level === "debug") {
      this.log.verbose(`Accepted ${socket.remoteAddress}`);
    }
  }

  #received(socket: Socket, bytes: Uint8Array, length: number): void {
    const client = socket.owner as Client | null;
    if (client === null || client.isClosed || client.isClosingAfterReplies) return;
    const statistics = this.statistics;
    statistics.netInputBytes += length;
    statistics.readEvents++;
    client.netInputBytes += length;
    const { parser } = client;
    // An argument that must not be held whole is not run when its end arrives.
    if (
      parser.awaitedBytes > this.#queryBufferMax &&
      parser.bufferedBytes + length > this.#queryBufferMax
    ) return this.#closeGreedy(client);
    parser.feed(bytes, length);
    this.runSent(client);
  }

  /** Runs what the client has sent so far. */
  runSent(client: Client): void {
    if (client.isClosed || client.isClosingAfterReplies) return;
    const wallMs = this.clock.wallMs();
    this.keyspace.setNow(wallMs);
    client.lastInteractionMs = this.keyspace.nowMs;
    const parser = client.parser;
    if (!client.isPostponed && client.blocked === null && !this.slowReaders.holds(client)) {
      this.dispatch.beginBatch(client);
      this.#runCommands(client);
      this.dispatch.endBatch();
      this.keyspace.keysAhead.clear();
    }
    this.currentClient = null;
    if (client.isClosed) return;
    parser.retain();
    if (parser.bufferedBytes > this.#queryBufferMax) this.#closeGreedy(client);
    const hasReplies = client.reply.length > 0 || client.isClosingAfterReplies;
    // What it takes is looked at again when its replies have left, which mostly is all that matters.
    if (!hasReplies || this.memoryLimit.isOn) this.memoryLimit.clientChanged(client);
    if (hasReplies) this.#release.queue(client);
    else if (this.persistence.isWriteDue) this.#release.schedule();
  }

  #runCommands(client: Client): void {
    const parser = client.parser;
    for (;;) {
      const found = parser.next();
      if (found === PARSED_COMMAND) {
        if (parser.args.count === 0) continue;
        if (this.#ahead.isFresh) this.#fetchKeys(client);
        if (!this.dispatch.execute(client)) return this.#postpone(client);
        const { length, limitBytes } = client.reply;
        if (length >= limitBytes) this.limitOutput(client);
        if (client.isClosed || client.isClosingAfterReplies) return;
        if (client.blocked !== null || client.isPostponed) return;
        // Long replies to a pipeline take turns with other clients, and leave as they come.
        if (length > TURN_REPLY_BYTES_MAX) return this.slowReaders.endTurn(client);
      } else if (found === PARSED_ERROR) {
        this.log.verbose(`Protocol error (${parser.error}) from client: ${this.#describe(client)}`);
        if (client.replyMode === "on") client.reply.error(`ERR ${parser.error}`);
        this.statistics.countError(`ERR ${parser.error}`);
        client.isClosingAfterReplies = true;
        return;
      } else return;
    }
  }

  /** A client in a line of the log. */
  #describe(client: Client): string {
    return clientLine(this, client, this.config.flag("hide-user-data-from-log"));
  }

  /** Has the keys of a pipeline's commands fetched together. */
  #fetchKeys(client: Client): void {
    this.#ahead.isFresh = false;
    this.keyspace.fetchAhead(this.#ahead, client.databaseIndex);
  }

  /** The command just parsed must wait until the pause ends. */
  #postpone(client: Client): void {
    client.parser.rewind();
    client.isPostponed = true;
    this.pause.waiting.add(client);
  }

  #closeGreedy(client: Client): void {
    this.statistics.inputBufferLimitDisconnections++;
    this.log.warning(
      `Closing client that reached max query buffer length: ${this.#describe(client)} ` +
        `(qbuf initial bytes: ${client.parser.bufferedBytes})`,
    );
    this.closeClient(client, "now");
  }

  /** Closes a client that has let more replies pile up than it may. */
  limitOutput(client: Client): void {
    if (!this.outputLimits.isExceeded(client, this.keyspace.nowMs)) return;
    this.statistics.outputBufferLimitDisconnections++;
    this.log.warning(
      `Client ${
        this.#describe(client)
      } scheduled to be closed ASAP for overcoming of output buffer ` +
        `limits.`,
    );
    this.closeClient(client, "now");
  }

  /** Ends a connection whose replies have been sent. */
  endClient(client: Client): void {
    this.#forget(client);
    client.socket.end();
  }

  #drained(socket: Socket): void {
    const client = socket.owner as Client | null;
    if (client === null || client.isClosed) return;
    client.isDraining = false;
    client.reply.isHeld = false;
    client.inFlightBytes = 0;
    client.heldBytes = 0;
    // Not at once: replies of this turn may stand behind what has been sent.
    this.#release.queue(client);
  }

  #closed(socket: Socket, error?: NetworkError): void {
    const client = socket.owner as Client | null;
    if (client === null) return;
    socket.owner = null;
    if (error !== undefined && !client.isClosed) {
      this.log.verbose(`Reading from client: ${error.message}`);
    }
    this.#forget(client);
    client.reply.drop();
  }
}

function hexDigits(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Says why and closes. */
function turnAway(socket: Socket, reason: Uint8Array): void {
  socket.owner = null;
  socket.write(reason, 0, reason.length);
  socket.end();
}
