/**
 * Kills a server over and over while it is written to, and looks whether it keeps its promises; see
 * tests/crash/crash_round.ts.
 *
 *     node scripts/crash.ts --server node                              100 rounds, appendfsync always
 *     node scripts/crash.ts --server bun --policy everysec --rounds 20
 *     node scripts/crash.ts --server redis --seed 7                    the judge judged
 *     node scripts/crash.ts --loss-ms 2500 --temporary-files 2         the bounds, as they are
 *
 * A line a round: commands acknowledged and sent, of those acknowledged how many were lost (none,
 * with `always`), of those not acknowledged how many were there. One round in ten ends in order,
 * by SHUTDOWN. What goes wrong is printed with the seed, and the folder is kept: the exit code is 1.
 */
import { rmSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";
import { CrashRun, type CrashSettings } from "../tests/crash/crash_round.ts";
import { startPagurus, startRedis, temporaryDirectory } from "../tests/support/servers.ts";
import { type Runtime, RUNTIMES } from "./test_runs.ts";

const { values } = parseArgs({
  options: {
    server: { type: "string", default: "node" },
    rounds: { type: "string", default: "100" },
    policy: { type: "string", default: "always" },
    seed: { type: "string" },
    "loss-ms": { type: "string", default: "2500" },
    "temporary-files": { type: "string", default: "2" },
  },
});
const { server, policy } = values;
if (server !== "redis" && !RUNTIMES.includes(server as Runtime)) {
  refuse(`--server ${server}: one of ${RUNTIMES.join(", ")}, redis`);
}
if (policy !== "always" && policy !== "everysec") {
  refuse(`--policy ${policy}: always or everysec`);
}

function refuse(message: string): never {
  console.error(message);
  process.exit(2);
}

const rounds = Number(values.rounds);
const directory = temporaryDirectory();
const settings: CrashSettings = {
  directory,
  policy,
  seed: Number(values.seed ?? Date.now() % 1_000_000),
  lossMs: Number(values["loss-ms"]),
  // redis-server never removes what a rewrite that was killed has left.
  temporaryFilesMax: server === "redis" ? Infinity : Number(values["temporary-files"]),
  start: (args) =>
    server === "redis"
      ? startRedis({ directory, args })
      : startPagurus({ runtime: server as Runtime, directory, args }),
};
const run = new CrashRun(settings);
const sums = { acknowledged: 0, lost: 0, gained: 0, kills: 0 };
let round = 0;
try {
  while (round < rounds) {
    round++;
    const end = round % 10 === 0 ? "shutdown" : "kill";
    const report = await run.round(end);
    sums.acknowledged += report.acknowledged;
    sums.lost += report.lost;
    sums.gained += report.gained;
    sums.kills += report.kills;
    console.log(
      `${String(round).padStart(4)} ${end.padEnd(8)} ${Math.round(report.ranMs)} ms, ` +
        `${report.acknowledged} of ${report.sent} acknowledged, ${report.lost} lost, ` +
        `${report.gained} gained; ${report.rewrites} rewrites, ${report.files} files`,
    );
  }
  await run.close();
  rmSync(directory, { recursive: true, force: true });
  console.log(
    `${server} ${policy} seed ${settings.seed}: ${sums.kills} kills, ${sums.acknowledged} commands ` +
      `acknowledged, ${sums.lost} lost, ${sums.gained} gained: all promises kept`,
  );
} catch (error) {
  console.error(error);
  console.error(
    `FAIL ${server} ${policy} in round ${round}, --seed ${settings.seed}; ` +
      `the folder: ${directory}, as the crash left it: ${directory}.crashed`,
  );
  process.exitCode = 1;
}
process.exit();
