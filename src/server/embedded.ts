/** The server as a part of somebody else's program. */
import { errorText, FileError } from "../platform/file_system.ts";
import type { Platform } from "../platform/platform.ts";
import { userLineChecks } from "./acl/user_lines.ts";
import { Config } from "./config/config.ts";
import type { DirectiveOptions } from "./config/load.ts";
import { absolutePath, applyOptions } from "./config/load.ts";
import type { FreePorts } from "./listeners.ts";
import { Log } from "./log.ts";
import { Server } from "./server.ts";
import { prepareShutdown } from "./shutdown.ts";

/** Directives by name, and what only an embedding can ask for. */
export type ServerOptions = DirectiveOptions & {
  /** Takes each line of the log, line feed included. */
  readonly onLog?: (line: string) => void;
};

/** A running server. */
export interface EmbeddedServer extends AsyncDisposable {
  /** The port in use (that with TLS where there is no other); 0 where there is only a Unix socket. */
  readonly port: number;
  /** What clients connect to: `redis://[:password@]host:port`, `rediss:` with TLS, or `unix://path`. */
  readonly url: string;
  /** Resolves when the server has stopped: by `close`, or because a client said SHUTDOWN. */
  readonly stopped: Promise<void>;
  /** Saves when save points are configured, then stops. Closing again does nothing. */
  close(): Promise<void>;
}

/** Starts a server on a platform; see `createServer` in mod.ts. */
export async function createServerOn(
  platform: Platform,
  options: ServerOptions,
): Promise<EmbeddedServer> {
  const { onLog, ...directives } = options;
  const config = new Config(new OwnDirectory(platform), userLineChecks());
  const refusal = applyOptions(config, { bind: "127.0.0.1", save: "", ...directives });
  if (refusal !== undefined) throw new Error(refusal);
  const log = new Log(platform.clock, platform.process.pid, onLog ?? (() => {}));
  log.level = config.choice("loglevel");
  const server = new Server(platform, config, log, freePorts(directives));
  await server.start();
  let isClosing = false;
  const close = async () => {
    if (isClosing) return await server.stopped;
    isClosing = true;
    prepareShutdown(server.engine, { save: "default", now: false, force: true });
    await server.close();
  };
  return {
    port: server.port || server.tlsPort,
    url: urlOf(config, server.port, server.tlsPort),
    stopped: server.stopped,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** `dir` of one server among several: the process's own folder stays where it is. */
class OwnDirectory {
  readonly #platform: Platform;
  #path: string;

  constructor(platform: Platform) {
    this.#platform = platform;
    this.#path = platform.files.currentDirectory();
  }

  currentDirectory(): string {
    return this.#path;
  }

  changeDirectory(path: string): void {
    const absolute = absolutePath(this.#path, path);
    const kind = this.#platform.files.stat(absolute)?.kind;
    if (kind === undefined) throw new FileError("ENOENT", absolute, errorText("ENOENT"));
    if (kind !== "directory") throw new FileError("ENOTDIR", absolute, errorText("ENOTDIR"));
    this.#path = absolute;
  }
}

/** Where TLS is asked for, `port: 0` is not a wish to be reached without it. */
function freePorts(directives: DirectiveOptions): FreePorts {
  const tlsPort = directives["tls-port"];
  return { tcp: tlsPort === undefined, tls: tlsPort !== undefined && Number(tlsPort) === 0 };
}

function urlOf(config: Config, tcpPort: number, tlsPort: number): string {
  const port = tcpPort || tlsPort;
  if (port === 0) return `unix://${config.text("unixsocket")}`;
  const password = config.text("requirepass");
  const credentials = password === "" ? "" : `:${encodeURIComponent(password)}@`;
  const address = config.bindAddresses()[0]?.replace(/^-/, "") ?? "127.0.0.1";
  const host = address === "*" || address === "0.0.0.0" ? "127.0.0.1" : address;
  const scheme = tcpPort === 0 ? "rediss" : "redis";
  return `${scheme}://${credentials}${host.includes(":") ? `[${host}]` : host}:${port}`;
}
