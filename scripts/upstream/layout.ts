/**
 * The suite's folder as the suite expects it, with Pagurus for the programs that it starts itself:
 *
 *     src/valkey-server, valkey-check-aof, valkey-check-rdb     scripts that start Pagurus
 *     src/*, tests/*                                            links into the suite's own folder
 *     tests/tmp                                                 where its servers live
 *
 * So the suite's own folder is only read, and several can run beside each other.
 */
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pagurusCommand } from "../../tests/support/servers.ts";
import type { Runtime } from "../test_runs.ts";

/** What the suite starts, and the arguments that make Pagurus that. */
const PROGRAMS: Readonly<Record<string, string>> = {
  "valkey-server": "",
  "valkey-check-aof": "--check-aof",
  "valkey-check-rdb": "--check-rdb",
};

/** Makes the layout in a new folder; the suite is started there. */
export function layOut(suite: string, folder: string, runtime: Runtime): void {
  mkdirSync(join(folder, "tests/tmp"), { recursive: true });
  mkdirSync(join(folder, "src"));
  link(suite, folder, "src", Object.keys(PROGRAMS));
  link(suite, folder, "tests", ["tmp"]);
  const command = pagurusCommand(runtime).map((word) => `'${word}'`).join(" ");
  for (const [name, mode] of Object.entries(PROGRAMS)) {
    // exec, because the suite signals the process that it has started and looks for its pid.
    const script = `#!/bin/sh\nexec ${command} ${mode} "$@"\n`;
    writeFileSync(join(folder, "src", name), script, { mode: 0o755 });
  }
}

function link(suite: string, folder: string, part: string, except: readonly string[]): void {
  for (const name of readdirSync(join(suite, part))) {
    if (!except.includes(name)) symlinkSync(join(suite, part, name), join(folder, part, name));
  }
}
