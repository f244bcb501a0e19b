/**
 * Kills a server with SIGKILL while many connections write, starts it again in the same folder and
 * compares every key with what was sent and what was acknowledged; round after round.
 *
 * A round: the connections write, append-only files are rewritten and snapshots saved beside it;
 * after a while the server is killed (half of the times right after a rewrite or a save was asked
 * for); now and then it is killed once more while it starts; then it is started, {@link KeyOwner}
 * judges what it holds, and the files in its folder are looked at.
 *
 * SIGKILL does not take what the kernel has: this proves the order of writes, replies and renames,
 * and not the syncs.
 */
import { cpSync, rmSync } from "node:fs";
import { Prng } from "../../src/base/prng.ts";
import { textOf } from "../support/reply.ts";
import { encodeCommand, type RespClient } from "../support/resp_client.ts";
import { sleep, TestServer } from "../support/servers.ts";
import { historyRemoved, readFolder } from "./aof_files.ts";
import { CrashFailure, DATABASES, KeyOwner } from "./key_owner.ts";

/** What to kill, and what it promises. */
export interface CrashSettings {
  /** Starts the server in the folder of all the rounds. */
  readonly start: (args: readonly string[]) => Promise<TestServer>;
  readonly directory: string;
  readonly policy: "always" | "everysec";
  readonly seed: number;
  /** With everysec: what was acknowledged so long before the kill must be there. */
  readonly lossMs: number;
  /** How many files of saves and rewrites that were killed may lie about. */
  readonly temporaryFilesMax: number;
}

/** How a round went, in commands of all connections together. */
export interface RoundReport {
  readonly sent: number;
  readonly acknowledged: number;
  /** Acknowledged but gone. */
  readonly lost: number;
  /** Not acknowledged but there. */
  readonly gained: number;
  readonly ranMs: number;
  /** How often the server was killed. */
  readonly kills: number;
  readonly rewrites: number;
  readonly files: number;
}

const OWNERS_MIN = 8;
const OWNERS_MAX = 20;
const RUN_MS_MIN = 50;
const RUN_MS_MAX = 1500;
/** One of them a round: short pipelines make short turns of the server's loop. */
const PIPELINES_MAX = [1, 10, 150];
/** What lies in the folder of the append-only file but is in no row of its manifest. */
const STRANGERS_MAX = 2;

/** A server's life of many deaths. */
export class CrashRun {
  readonly #settings: CrashSettings;
  readonly #prng: Prng;
  readonly #owners: readonly KeyOwner[];
  #server: TestServer | undefined;

  constructor(settings: CrashSettings) {
    this.#settings = settings;
    this.#prng = seededPrng(settings.seed, 0);
    this.#owners = Array.from(
      { length: OWNERS_MAX },
      (_, i) => new KeyOwner(`c${i}`, seededPrng(settings.seed, i + 1)),
    );
  }

  /**
   * Writes, ends the server, starts it again and compares. Throws where a promise was broken; the
   * folder as the crash has left it is beside the folder then, under the same name with `.crashed`.
   */
  async round(end: "kill" | "shutdown"): Promise<RoundReport> {
    const server = this.#server ?? await this.#start();
    const startMs = performance.now();
    const { endMs, rewrites } = await this.#writeUntilEnd(server, end);
    this.#keepCopy();
    const kills = Number(end === "kill") + await this.#killStarts(server);
    this.#server = await this.#start();
    const isBounded = end === "kill" && this.#settings.policy === "everysec";
    const floorMs = isBounded ? endMs - this.#settings.lossMs : Infinity;
    const sums = await this.#judge(this.#server, floorMs);
    await historyRemoved(this.#settings.directory);
    const files = this.#checkFiles();
    return { ...sums, ranMs: endMs - startMs, kills, rewrites, files };
  }

  /** Ends the server in order. */
  async close(): Promise<void> {
    await this.#server?.stop();
    this.#server = undefined;
    rmSync(`${this.#settings.directory}.crashed`, { recursive: true, force: true });
  }

  #start(): Promise<TestServer> {
    const yesOrNo = () => this.#prng.below(2) === 0 ? "yes" : "no";
    return this.#settings.start([
      ...["--appendonly", "yes", "--appendfsync", this.#settings.policy],
      ...["--auto-aof-rewrite-min-size", "256kb"],
      ...["--aof-use-rdb-preamble", yesOrNo(), "--aof-timestamp-enabled", yesOrNo()],
      // Microseconds a key: so that kills fall into rewrites and saves too.
      ...["--rdb-key-save-delay", ["0", "30", "300"][this.#prng.below(3)]],
    ]);
  }

  async #writeUntilEnd(
    server: TestServer,
    end: "kill" | "shutdown",
  ): Promise<{ endMs: number; rewrites: number }> {
    let isEnding = false;
    /** Runs until the server's end ends it. */
    const untilEnd = async (work: (client: RespClient) => Promise<void>) => {
      const client = await server.client();
      try {
        for (;;) await work(client);
      } catch (error) {
        if (!isEnding || error instanceof CrashFailure) throw error;
      }
    };
    const count = OWNERS_MIN + this.#prng.below(OWNERS_MAX - OWNERS_MIN + 1);
    const pipelineMax = PIPELINES_MAX[this.#prng.below(PIPELINES_MAX.length)];
    const control = await server.client();
    const writers = Promise.all([
      ...this.#owners.slice(0, count).map((owner) =>
        untilEnd((client) => this.#write(client, owner, pipelineMax))
      ),
      untilEnd((client) => this.#saveOrRewrite(client, 400)),
    ]);
    // Looked at when the round is over.
    writers.catch(() => {});
    await sleep(RUN_MS_MIN + this.#prng.below(RUN_MS_MAX - RUN_MS_MIN));
    const info = textOf(await control.command("INFO", "persistence"));
    if (this.#prng.below(2) === 0) await this.#saveOrRewrite(control, 30);
    isEnding = true;
    const endMs = performance.now();
    if (end === "kill") server.signal("SIGKILL");
    else control.send("SHUTDOWN");
    const exit = await server.exited;
    await writers;
    if (end === "shutdown" && exit.code !== 0) {
      throw new CrashFailure(`SHUTDOWN: ${JSON.stringify(exit)}\n${server.log}`);
    }
    return { endMs, rewrites: Number(/aof_rewrites:(\d+)/.exec(info)?.[1] ?? 0) };
  }

  async #write(client: RespClient, owner: KeyOwner, pipelineMax: number): Promise<void> {
    const commands = owner.plan(1 + this.#prng.below(pipelineMax));
    client.sendRaw(Buffer.concat(commands.map(({ args }) => encodeCommand(args))));
    for (const _ of commands) owner.acknowledge(await client.nextReply(), performance.now());
  }

  /** One of them may be running already, which is an error that says so. */
  async #saveOrRewrite(client: RespClient, waitMsMax: number): Promise<void> {
    const reply = await client.command(this.#prng.below(2) === 0 ? "BGSAVE" : "BGREWRITEAOF");
    if (!/started|scheduled|in progress|active/.test(textOf(reply))) {
      throw new CrashFailure(textOf(reply));
    }
    await sleep(this.#prng.below(waitMsMax));
  }

  /** Now and then the next start does not get far either. */
  async #killStarts(server: TestServer): Promise<number> {
    let kills = 0;
    while (this.#prng.below(4) === 0) {
      const { commandLine, port, directory } = server;
      const starting = new TestServer(commandLine, port, directory, false, {});
      await sleep(this.#prng.below(400));
      await starting.kill();
      kills++;
    }
    return kills;
  }

  async #judge(server: TestServer, floorMs: number) {
    const client = await server.client();
    await checkInfo(client);
    const sums = { sent: 0, acknowledged: 0, lost: 0, gained: 0 };
    for (const owner of this.#owners) {
      const floor = owner.acknowledgedBy(floorMs);
      const { sent, acknowledged, survived } = owner.judge(
        await client.pipeline(owner.reading()),
        floor,
      );
      sums.sent += sent;
      sums.acknowledged += acknowledged;
      sums.lost += Math.max(0, acknowledged - survived);
      sums.gained += Math.max(0, survived - acknowledged);
    }
    await this.#checkCounts(client);
    client.close();
    return sums;
  }

  /** No keys but the owners'. */
  async #checkCounts(client: RespClient): Promise<void> {
    for (const [index, database] of DATABASES.entries()) {
      await client.command("SELECT", database);
      const found = Number(textOf(await client.command("DBSIZE")));
      const expected = this.#owners.reduce((sum, owner) => sum + owner.countIn(index), 0);
      if (found !== expected) {
        throw new CrashFailure(`database ${database} holds ${found} keys instead of ${expected}`);
      }
    }
  }

  #checkFiles(): number {
    const { manifest, strangers, temporary } = readFolder(this.#settings.directory);
    if (strangers.length > STRANGERS_MAX) {
      throw new CrashFailure(`files that no manifest names: ${strangers.join(" ")}`);
    }
    if (temporary.length > this.#settings.temporaryFilesMax) {
      throw new CrashFailure(`temporary files are left: ${temporary.join(" ")}`);
    }
    return manifest.length + strangers.length + temporary.length;
  }

  #keepCopy(): void {
    const { directory } = this.#settings;
    rmSync(`${directory}.crashed`, { recursive: true, force: true });
    try {
      cpSync(directory, `${directory}.crashed`, { recursive: true });
    } catch (error) {
      // A child of redis-server outlives it for a moment and renames its file.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
}

/** Checks that a server that has just started says that all is well. */
async function checkInfo(client: RespClient): Promise<void> {
  const info = textOf(await client.command("INFO", "persistence"));
  const expected = [
    "loading:0",
    "aof_enabled:1",
    "aof_last_write_status:ok",
    "aof_last_bgrewrite_status:ok",
    "rdb_last_bgsave_status:ok",
  ];
  for (const line of expected) {
    if (!info.includes(line)) throw new CrashFailure(`no ${line} in:\n${info}`);
  }
}

/** A generator of its own for each seed and stream. */
export function seededPrng(seed: number, stream: number): Prng {
  const prng = new Prng(new Uint8Array(Uint32Array.of(seed, stream, ~seed, ~stream).buffer));
  // Seeds that differ in few bits give numbers that differ little, at first.
  for (let i = 0; i < 20; i++) prng.nextUint32();
  return prng;
}
