/**
 * What is done for each connection about once a second, whatever it does itself: idle ones are closed
 * (`timeout`), buffers that are no longer needed shrink, and those who do not read are held to the
 * output limits although nothing new is written to them.
 *
 * Each tick looks at a share of the connections, so that ten thousand of them cost no pause.
 */
import type { Client } from "./client.ts";
import type { Engine } from "./engine.ts";

/** A query buffer goes when its connection has been silent for so long (Redis's two seconds). */
const SILENT_MS = 2000;
const CLIENTS_PER_TICK_MIN = 5;
/** So many seconds, the one that runs included, are what INFO calls recent. */
const RECENT_SECONDS = 8;

export class ClientCare {
  readonly #engine: Engine;
  /** The largest buffers that were seen in each of the last seconds, by the second modulo 8. */
  readonly #inputMax: Float64Array = new Float64Array(RECENT_SECONDS);
  readonly #outputMax: Float64Array = new Float64Array(RECENT_SECONDS);
  #second = 0;
  #upcoming: Iterator<Client> | null = null;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Looks after the next clients; `hz` calls a second are expected. */
  run(hz: number): void {
    const { clients, config } = this.#engine;
    const timeoutMs = config.number("timeout") * 1000;
    this.#beginSecond();
    const count = Math.max(CLIENTS_PER_TICK_MIN, Math.ceil(clients.size / hz));
    for (let i = 0; i < Math.min(count, clients.size); i++) {
      this.#upcoming ??= clients.values();
      const next = this.#upcoming.next();
      if (next.done === true) this.#upcoming = null;
      else this.#lookAfter(next.value, timeoutMs);
    }
  }

  /** The largest buffer of what a client has sent, as far as rounds have met it recently. */
  get recentInputMax(): number {
    return Math.max(...this.#inputMax);
  }

  /** The same of what a client is to be sent. */
  get recentOutputMax(): number {
    return Math.max(...this.#outputMax);
  }

  /** What was seen in seconds that are no longer recent is forgotten. */
  #beginSecond(): void {
    const second = Math.floor(this.#engine.clock.monotonicUs() / 1e6);
    const first = Math.max(this.#second + 1, second - RECENT_SECONDS + 1);
    for (let passed = first; passed <= second; passed++) {
      this.#inputMax[passed % RECENT_SECONDS] = 0;
      this.#outputMax[passed % RECENT_SECONDS] = 0;
    }
    this.#second = second;
  }

  #notePeaks(client: Client): void {
    const slot = this.#second % RECENT_SECONDS;
    const input = client.parser.bufferBytes;
    const output = client.outputBytes;
    if (input > this.#inputMax[slot]) this.#inputMax[slot] = input;
    if (output > this.#outputMax[slot]) this.#outputMax[slot] = output;
  }

  #lookAfter(client: Client, timeoutMs: number): void {
    const engine = this.#engine;
    const silentMs = engine.keyspace.nowMs - client.lastInteractionMs;
    if (timeoutMs > 0 && silentMs > timeoutMs && !isExpectedSilent(client)) {
      engine.log.verbose("Closing idle client");
      return engine.closeClient(client, "now");
    }
    client.parser.shrink(silentMs > SILENT_MS);
    client.heldBytes = client.inFlightBytes;
    client.reply.adapt(engine.keyspace.nowMs);
    this.#notePeaks(client);
    if (client.outputBytes > 0) engine.limitOutput(client);
    if (!client.isClosed) engine.memoryLimit.clientChanged(client);
  }
}

/** One that waits, or listens to what others do, is not idle. */
function isExpectedSilent(client: Client): boolean {
  return client.isPostponed || client.blocked !== null || client.subscriptions !== null ||
    client.isMonitor;
}
