/** A program that the host suite starts: does what its first argument says. */
import type { Host } from "../../src/platform/host.ts";

const runtime = "Deno" in globalThis ? "deno" : "Bun" in globalThis ? "bun" : "node";
const adapter = await import(`../../adapters/${runtime}/mod.ts`) as Record<string, Host>;
const host = adapter[`${runtime}Host`]!;

switch (host.arguments[0]) {
  case "echo": {
    const input = host.readStandardInput();
    host.writeLog(`${host.arguments.slice(1).join("|")}\n`);
    host.writeLog(`${host.environment()["PAGURUS_CONTRACT"]}\n`);
    host.writeLog(new TextDecoder().decode(input));
    host.writeError("to standard error\n");
    host.exit(3);
    break;
  }
  case "log": {
    // More than a pipe holds, to a reader that is slow to begin with.
    for (let line = 0; line < 20_000; line++) host.writeLog(`line ${line}\n`);
    host.exit(0);
    break;
  }
  case "signals": {
    let count = 0;
    const keepAlive = setInterval(() => {}, 1000);
    host.onSignal(["SIGTERM", "SIGINT"], (name) => {
      host.writeLog(`${name}\n`);
      if (++count === 2) {
        clearInterval(keepAlive);
        host.exit(0);
      }
    });
    host.writeLog("ready\n");
    break;
  }
}
