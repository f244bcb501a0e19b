/**
 * A program of its own: writes to a server without a pause, has it save or unlink a large value, and
 * prints as JSON how long replies took before and meanwhile ({@link ActionFigures}).
 *
 *     node scripts/bench/latency_client.ts PORT KEYS CALM_SECONDS ACTION
 *
 * 50 connections, each with one SET under way, on a key drawn from KEYS that exist:
 *
 *     warm up        a second, not counted
 *     calm           CALM_SECONDS
 *     acting         from the moment the command is sent until INFO says that all is done
 *
 * It shares a machine with the server, so it says also how long it was itself held up: a timer that
 * is due each millisecond is late by so much. A stall of the server shorter than that is none.
 */
import { connect } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import process from "node:process";
import { Latencies, type PhaseFigures } from "./latencies.ts";
import { ask, infoNumber, isFreeing, isSaving, sleep } from "./servers.ts";

/** What the program prints. */
export interface ActionFigures {
  readonly calm: PhaseFigures;
  readonly acting: PhaseFigures;
  /** From the reply to the command until all was seen done. */
  readonly actionMs: number;
  /** What the server says of it. */
  readonly saidSaveSeconds: number;
  /** How long the server says it took to fork or freeze. */
  readonly saidForkMs: number;
}

const CONNECTIONS = 50;
const WARM_UP_MS = 1000;
const POLL_MS = 50;
const TIMER_MS = 1;
const DIGITS = 12;
const REQUEST = `*3\r\n$3\r\nSET\r\n$16\r\nkey:${"0".repeat(DIGITS)}\r\n` +
  `$16\r\nval:${"0".repeat(DIGITS)}\r\n`;
const KEY_AT = REQUEST.indexOf("key:") + 4;
const VALUE_AT = REQUEST.indexOf("val:") + 4;
const REPLY = "+OK\r\n";

/** What is measured, by its name: the command, and how one sees that all is done. */
const ACTIONS: Readonly<Record<string, readonly [string, (port: number) => Promise<boolean>]>> = {
  save: ["BGSAVE", isSaving],
  unlink: ["UNLINK large", isFreeing],
};

const [port, keyCount, calmSeconds] = process.argv.slice(2).map(Number);
const [command, isActing] = ACTIONS[process.argv[5]];
const warmUp = new Latencies();
const calm = new Latencies();
const acting = new Latencies();
let phase = warmUp;
let lastReplyMs = performance.now();
let writtenCount = 0;

function writeDigits(into: Uint8Array, at: number, value: number): void {
  for (let i = at + DIGITS - 1; i >= at; i--) {
    into[i] = 48 + value % 10;
    value = Math.floor(value / 10);
  }
}

/** Opens a connection that answers each reply with the next request. */
function openWriter(): void {
  const request = new TextEncoder().encode(REQUEST);
  let sentMs = 0;
  let missingBytes = 0;
  const send = () => {
    writeDigits(request, KEY_AT, Math.floor(Math.random() * keyCount));
    writeDigits(request, VALUE_AT, writtenCount++);
    missingBytes = REPLY.length;
    sentMs = performance.now();
    socket.write(request);
  };
  const received = (count: number, bytes: Uint8Array) => {
    const isStart = missingBytes === REPLY.length;
    if (count > missingBytes || isStart && bytes[0] !== REPLY.charCodeAt(0)) {
      throw new Error(`SET: ${new TextDecoder().decode(bytes.subarray(0, count))}`);
    }
    missingBytes -= count;
    if (missingBytes > 0) return true;
    const nowMs = performance.now();
    phase.note(nowMs - sentMs, nowMs - lastReplyMs);
    lastReplyMs = nowMs;
    send();
    return true;
  };
  const socket = connect({
    port,
    host: "127.0.0.1",
    noDelay: true,
    onread: { buffer: new Uint8Array(256), callback: received },
  });
  socket.on("connect", send);
  socket.on("close", () => {
    throw new Error("the server closed a connection");
  });
}

/**
 * Watches one phase for as long as `action` takes. What came of it is worked out when all phases
 * are over: until then nothing holds up the replies.
 */
async function during(next: Latencies, action: () => Promise<void>): Promise<void> {
  timer.reset();
  phase = next;
  const startMs = performance.now();
  await action();
  next.elapsedMs = performance.now() - startMs;
  next.clientStallMs = Math.max(0, timer.max / 1e6 - TIMER_MS);
}

const timer = monitorEventLoopDelay({ resolution: TIMER_MS });
timer.enable();
for (let i = 0; i < CONNECTIONS; i++) openWriter();
await sleep(WARM_UP_MS);
await during(calm, () => sleep(calmSeconds * 1000));
let actionMs = 0;
await during(acting, async () => {
  await ask(port, command);
  const startMs = performance.now();
  while (await isActing(port)) await sleep(POLL_MS);
  actionMs = performance.now() - startMs;
});
const figures: ActionFigures = {
  calm: calm.figures(),
  acting: acting.figures(),
  actionMs,
  saidSaveSeconds: infoNumber(await ask(port, "INFO persistence"), "rdb_last_bgsave_time_sec"),
  saidForkMs: infoNumber(await ask(port, "INFO stats"), "latest_fork_usec") / 1000,
};
process.stdout.write(JSON.stringify(figures), () => process.exit(0));
