/**
 * A program for the build's tests, built like the server: it starts its platform as the server does,
 * has the background worker save a keyspace into the folder given, and prints what came of it.
 */
import { runtime } from "../../adapters/runtime.ts";
import { SAVE_RDB_JOB } from "../../src/persistence/jobs.ts";
import { freezeForSave } from "../../src/persistence/rdb/save.ts";
import { newKeyspace, put, SAVE_SETTINGS } from "../unit/persistence/rdb/fixture.ts";

async function main(): Promise<void> {
  const { platform: { background, clock }, host } = await runtime();
  const keyspace = newKeyspace();
  for (let i = 0; i < 1000; i++) put(keyspace, 0, `key:${i}`, `value ${i}`);
  const job = freezeForSave(keyspace, { ...SAVE_SETTINGS, directory: host.arguments[0] });
  // The worker alone does not keep the process alive.
  const timer = clock.schedule(30_000, () => host.exit(3));
  const tell = (outcome: object) => {
    host.writeLog(`${JSON.stringify({ isParallel: background.isParallel, ...outcome })}\n`);
    timer.cancel();
    background.close();
  };
  background.start(SAVE_RDB_JOB, job, {
    progress() {},
    done: (result) => tell({ result }),
    failed: (error) => tell({ error: error.message }),
  });
}

void main();
