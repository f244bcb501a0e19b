/**
 * The suite's folder as the suite expects it, with Pagurus for the programs that it starts itself:
 *
 *     src/valkey-server, valkey-check-aof, valkey-check-rdb     scripts that start Pagurus
 *     src/*, tests/*                                            links into the suite's own folder
 *     tests/tmp                                                 where its servers live
 *     tests/tls                                                 certificates, where there are any
 *
 * So the suite's own folder is only read, and several can run beside each other.
 */
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pagurusCommand } from "../../tests/support/servers.ts";
import { run } from "../processes.ts";
import type { Runtime } from "../test_runs.ts";

/** What the suite starts, and the arguments that make Pagurus that. */
const PROGRAMS: Readonly<Record<string, string>> = {
  "valkey-server": "",
  "valkey-check-aof": "--check-aof",
  "valkey-check-rdb": "--check-rdb",
};

/** The suite names such a file to every server; Deno and Bun have no use for it and refuse it. */
const WITHOUT_DH_PARAMETERS = " --tls-dh-params-file ''";

/**
 * Makes the layout in a new folder; the suite is started there. `certificates` is a folder that
 * `makeCertificates` has filled.
 */
export function layOut(
  suite: string,
  folder: string,
  runtime: Runtime,
  certificates?: string,
): void {
  mkdirSync(join(folder, "tests/tmp"), { recursive: true });
  mkdirSync(join(folder, "src"));
  link(suite, folder, "src", Object.keys(PROGRAMS));
  link(suite, folder, "tests", ["tmp", "tls"]);
  if (certificates !== undefined) {
    symlinkSync(join(certificates, "tests/tls"), join(folder, "tests/tls"));
  }
  const command = pagurusCommand(runtime).map((word) => `'${word}'`).join(" ");
  const overrides = certificates !== undefined && runtime !== "node" ? WITHOUT_DH_PARAMETERS : "";
  for (const [name, mode] of Object.entries(PROGRAMS)) {
    // exec, because the suite signals the process that it has started and looks for its pid.
    const more = mode === "" ? overrides : "";
    const script = `#!/bin/sh\nexec ${command} ${mode} "$@"${more}\n`;
    writeFileSync(join(folder, "src", name), script, { mode: 0o755 });
  }
}

/**
 * Lets the suite's script make certificates in `folder`, below tests/tls. Its Diffie-Hellman
 * parameters alone would take it half a minute, so those of a known group are there already.
 */
export async function makeCertificates(suite: string, folder: string): Promise<void> {
  mkdirSync(join(folder, "tests/tls"), { recursive: true });
  const group = "-genparam -algorithm DH -pkeyopt group:ffdhe2048 -out tests/tls/valkey.dh";
  const script = `cd "$0" && openssl genpkey ${group} && exec bash "$1"/utils/gen-test-certs.sh`;
  const { code, output } = await run("/bin/sh", ["-c", script, folder, suite], {
    timeoutMs: 120_000,
  });
  if (code !== 0) throw new Error(`no certificates could be made:\n${output}`);
}

function link(suite: string, folder: string, part: string, except: readonly string[]): void {
  for (const name of readdirSync(join(suite, part))) {
    if (!except.includes(name)) symlinkSync(join(suite, part, name), join(folder, part, name));
  }
}
