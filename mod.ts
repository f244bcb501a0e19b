/**
 * Pagurus: a Redis-compatible in-memory data server.
 *
 * As a program, `node mod.ts`, `deno run -A mod.ts` or `bun run mod.ts`, it takes redis-server's own
 * command line. As a library it runs inside another program:
 *
 * ```ts
 * import { createServer } from "./mod.ts";
 *
 * await using server = await createServer({ port: 0 });
 * console.log(server.url); // redis://127.0.0.1:49152
 * ```
 *
 * This is the one place that knows which runtime it is on.
 */
import { createServerOn } from "./src/server/embedded.ts";
import type { EmbeddedServer, ServerOptions } from "./src/server/embedded.ts";
import type { Host } from "./src/platform/host.ts";
import type { Platform } from "./src/platform/platform.ts";
import { backgroundJobs } from "./src/persistence/jobs.ts";
import { runStandalone } from "./src/server/standalone.ts";

export type { EmbeddedServer, ServerOptions } from "./src/server/embedded.ts";

/**
 * Starts a server inside this program and resolves when it accepts connections.
 *
 * The options are named as the directives of redis.conf. What differs from the program: `bind` is
 * 127.0.0.1 and `save` is off unless given, `port: 0` picks a free port, and nothing is logged unless
 * `onLog` takes the lines. Servers in one process share nothing.
 *
 * ```ts
 * import { createServer } from "./mod.ts";
 *
 * const server = await createServer({ port: 0, maxclients: 100, requirepass: "secret" });
 * console.log(server.url); // redis://:secret@127.0.0.1:49152
 * await server.close();
 * ```
 *
 * @throws an Error that names the directive when an option is refused, and a NetworkError when the
 * port cannot be had.
 */
export async function createServer(options: ServerOptions = {}): Promise<EmbeddedServer> {
  const { platform } = await runtime();
  return await createServerOn(platform, options);
}

interface Runtime {
  readonly platform: Platform;
  readonly host: Host;
}

/** The adapter of the runtime that this runs on. */
async function runtime(): Promise<Runtime> {
  const options = {
    jobs: backgroundJobs,
    workerUrl: new URL("./adapters/worker.ts", import.meta.url),
  };
  if ("Deno" in globalThis) {
    const { denoHost, denoPlatform } = await import("./adapters/deno/mod.ts");
    return { platform: denoPlatform(options), host: denoHost };
  }
  if ("Bun" in globalThis) {
    const { bunHost, bunPlatform } = await import("./adapters/bun/mod.ts");
    return { platform: bunPlatform(options), host: bunHost };
  }
  const { nodeHost, nodePlatform } = await import("./adapters/node/mod.ts");
  return { platform: nodePlatform(options), host: nodeHost };
}

if (import.meta.main) {
  const { platform, host } = await runtime();
  host.exit(await runStandalone(platform, host));
}
