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
 */
import { keepCompiledCode, runtime } from "./adapters/runtime.ts";
import type { EmbeddedServer, ServerOptions } from "./src/server/embedded.ts";

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
  const [{ platform }, { createServerOn }] = await Promise.all([
    runtime(),
    import("./src/server/embedded.ts"),
  ]);
  return await createServerOn(platform, options);
}

/** The program. What it consists of is imported here, so that {@link keepCompiledCode} works on it. */
async function main(): Promise<never> {
  keepCompiledCode();
  const [{ platform, host }, { runStandalone }] = await Promise.all([
    runtime(),
    import("./src/server/standalone.ts"),
  ]);
  return host.exit(await runStandalone(platform, host));
}

// Without `await`: a single executable of Node starts from CommonJS, which has none at its top.
if (import.meta.main) void main();
