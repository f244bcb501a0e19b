/**
 * DEBUG ASSERT, PANIC, SEGFAULT and OOM: the process dies on purpose, with a report in the log that
 * begins as Redis's does. It dies of a failed assertion that nobody catches, once the command has
 * returned: so the runtime shows its own trace and exit code, as for a failure not asked for.
 */
import { AssertionFailure } from "../../base/assert.ts";
import { logCrashReport } from "../crash_report.ts";
import type { Engine } from "../engine.ts";
import { REDIS_VERSION } from "../version.ts";

/** What Redis tries to get. */
const OOM_BYTES = "9223372036854775807";

/** DEBUG ASSERT. */
export function crashByAssertion(engine: Engine): void {
  crash(engine, "DEBUG ASSERT", [
    "=== ASSERTION FAILED ===",
    "==> src/server/commands/debug_crash.ts '1 == 2' is not true",
  ]);
}

/** DEBUG PANIC. */
export function crashByPanic(engine: Engine): void {
  panic(engine, `DEBUG PANIC called at Unix time ${Math.floor(engine.clock.wallMs() / 1000)}`);
}

/** DEBUG SEGFAULT: no memory can be violated here, so only the report says that it was. */
export function crashBySignal(engine: Engine): void {
  crash(engine, "DEBUG SEGFAULT", [
    `Redis ${REDIS_VERSION} crashed by signal: 11, si_code: 2`,
    "Accessing address: 0x0",
    "No address was: DEBUG SEGFAULT was asked for.",
  ]);
}

/** DEBUG OOM. */
export function crashOutOfMemory(engine: Engine): void {
  engine.log.warning(`Out Of Memory allocating ${OOM_BYTES} bytes!`);
  panic(engine, `Redis aborting for OUT OF MEMORY. Allocating ${OOM_BYTES} bytes!`);
}

function panic(engine: Engine, reason: string): void {
  crash(engine, reason, [
    "------------------------------------------------",
    "!!! Software Failure. Press left mouse button to continue",
    `Guru Meditation: ${reason} #src/server/commands/debug_crash.ts`,
    "------------------------------------------------",
  ]);
}

function crash(engine: Engine, reason: string, headLines: readonly string[]): void {
  logCrashReport(engine, headLines, engine.currentClient);
  // Not a reply's failure but the process's: thrown where no caller stands between.
  engine.clock.schedule(0, () => {
    throw new AssertionFailure(reason);
  });
}
