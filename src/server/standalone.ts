/**
 * The server as a program: command line, configuration, log file, pid file, signals, exit code. What
 * it does to the process around it goes through {@link Host}.
 */
import { latin1Bytes, utf8Bytes } from "../base/ascii.ts";
import { errorText, FileError } from "../platform/file_system.ts";
import type { Host } from "../platform/host.ts";
import { NetworkError } from "../platform/network.ts";
import type { Platform } from "../platform/platform.ts";
import { runTool } from "../tools/tool.ts";
import { userLineChecks } from "./acl/user_lines.ts";
import { helpText, parseCommandLine, versionText } from "./config/command_line.ts";
import { ConfigError, configErrorText } from "./config/conf_file.ts";
import { Config } from "./config/config.ts";
import { loadConfig, unknownVariables } from "./config/load.ts";
import { readWholeFile } from "../persistence/file_contents.ts";
import { Log } from "./log.ts";
import type { LogSink } from "./log.ts";
import { StartFailure } from "./persistence/start_failure.ts";
import { Server } from "./server.ts";
import { prepareShutdown, shutdownOptions } from "./shutdown.ts";
import { PAGURUS_VERSION, REDIS_VERSION } from "./version.ts";

/** Runs a server until it is told to stop; returns the exit code. */
export async function runStandalone(platform: Platform, host: Host): Promise<number> {
  const commandLine = parseCommandLine(host.arguments, host.calledAs);
  switch (commandLine.action) {
    case "version":
      if (commandLine.program !== undefined) {
        host.writeLog(`${commandLine.program} ${REDIS_VERSION}\n`);
        return 0;
      }
      host.writeLog(versionText(REDIS_VERSION, platform.process.runtime, PAGURUS_VERSION));
      return 0;
    case "help":
      host.writeError(helpText("pagurus"));
      return 0;
    case "tool":
      return runTool(commandLine.command, platform, host);
    case "refuse":
      host.writeError(`${commandLine.message}\n`);
      return 1;
  }
  const config = new Config(platform.files, userLineChecks());
  const environment = host.environment();
  const error = loadConfig(config, {
    commandLine,
    ...(commandLine.standardInput ? { standardInput: host.readStandardInput() } : {}),
    environment,
    files: {
      read: (path) => readWholeFile(platform.files, path),
      list: (path) => platform.files.list(path),
    },
  });
  if (error !== undefined) {
    host.writeError(configErrorText(error, REDIS_VERSION));
    return 1;
  }
  const sink = logSink(platform, host, config);
  if (sink === undefined) return 1;
  const log = new Log(platform.clock, platform.process.pid, sink);
  followLogLevel(log, config);
  announce(platform, config, log, unknownVariables(config, environment));
  let server: Server;
  try {
    server = new Server(platform, config, log);
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    host.writeError(configErrorText(thrown, REDIS_VERSION));
    return 1;
  }
  return await serve(server, platform, host, config, log);
}

async function serve(
  server: Server,
  platform: Platform,
  host: Host,
  config: Config,
  log: Log,
): Promise<number> {
  let isShuttingDown = false;
  host.onSignal(["SIGINT", "SIGTERM"], (name) => {
    // A second Ctrl-C means at once; a second SIGTERM says nothing new, as in Redis.
    if (isShuttingDown && name === "SIGINT") {
      log.warning("You insist... exiting now.");
      host.exit(1);
    }
    log.warning(
      server.engine.isLoading
        ? "Received shutdown signal during loading, scheduling shutdown."
        : `Received ${name} scheduling shutdown...`,
    );
    if (isShuttingDown) return;
    const directive = name === "SIGINT" ? "shutdown-on-sigint" : "shutdown-on-sigterm";
    const options = shutdownOptions(config.get(directive) ?? "default");
    isShuttingDown = prepareShutdown(server.engine, options);
    if (isShuttingDown) void server.close();
  });
  try {
    await server.start();
  } catch (thrown) {
    // The log has said why.
    if (thrown instanceof NetworkError || thrown instanceof StartFailure) return 1;
    throw thrown;
  }
  const pidFile = config.text("pidfile");
  if (pidFile !== "") writePidFile(platform, log, pidFile);
  await server.stopped;
  if (pidFile !== "") removeQuietly(platform, pidFile);
  return 0;
}

/** The first lines of the log, which tools and people look for. */
function announce(
  platform: Platform,
  config: Config,
  log: Log,
  unknown: readonly string[],
): void {
  const { pid, runtime } = platform.process;
  log.role = "C";
  log.notice("oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo");
  log.notice(
    `Redis version=${REDIS_VERSION}, bits=64, commit=00000000, modified=0, pid=${pid}, just started`,
  );
  log.notice(
    config.file === undefined
      ? "Warning: no config file specified, using the default config. In order to specify a " +
        "config file use pagurus /path/to/redis.conf"
      : "Configuration loaded",
  );
  log.role = "M";
  for (const name of config.keptOnly()) {
    log.notice(`The directive '${name}' does not apply to this server: kept, without effect.`);
  }
  for (const name of unknown) log.warning(`The environment variable ${name} names no directive.`);
  const port = config.number("port") || config.number("tls-port");
  if (config.flag("always-show-logo")) {
    log.raw(logo(port, pid, runtime));
  } else log.notice(`Running mode=standalone, port=${port}.`);
  log.notice(`Pagurus ${PAGURUS_VERSION} on ${runtime}`);
}

/** A hermit crab, and what the start-up scripts of others look for beside it. */
function logo(port: number, pid: number, runtime: string): string {
  return `
        __
     .-'  '-.        Pagurus ${PAGURUS_VERSION} (${runtime}), speaks Redis ${REDIS_VERSION}
    /  .--.  \\__     Running in standalone mode
   |  ( @  )  _ \\    Port: ${port}
    \\  '--' _( o)>   PID: ${pid}
     '-..-\\\\ //\\\\

`;
}

function followLogLevel(log: Log, config: Config): void {
  const follow = () => {
    log.level = config.choice("loglevel");
    return undefined;
  };
  follow();
  config.onChange(["loglevel"], follow);
}

/** Where log lines go: standard output, or `logfile`, opened for each line as logrotate expects. */
function logSink(platform: Platform, host: Host, config: Config): LogSink | undefined {
  const path = config.text("logfile");
  if (path === "") return (line) => host.writeLog(line);
  try {
    appendToFile(platform, path, "");
  } catch (thrown) {
    if (!(thrown instanceof FileError)) throw thrown;
    host.writeError(
      configErrorText(
        new ConfigError(`Can't open the log file: ${errorText(thrown.code)}`),
        REDIS_VERSION,
      ),
    );
    return undefined;
  }
  return (line) => {
    try {
      appendToFile(platform, path, line);
    } catch (thrown) {
      // A disk that is full must not stop the server because it cannot say so.
      if (!(thrown instanceof FileError)) throw thrown;
    }
  };
}

function appendToFile(platform: Platform, path: string, line: string): void {
  const file = platform.files.open(path, "append");
  try {
    let rest = utf8Bytes(line);
    while (rest.length > 0) rest = rest.subarray(file.append(rest));
  } finally {
    file.close();
  }
}

function writePidFile(platform: Platform, log: Log, path: string): void {
  try {
    const file = platform.files.open(path, "create");
    file.append(latin1Bytes(`${platform.process.pid}\n`));
    file.close();
  } catch (thrown) {
    if (!(thrown instanceof FileError)) throw thrown;
    log.warning(`Failed to write PID file: ${errorText(thrown.code)}`);
  }
}

function removeQuietly(platform: Platform, path: string): void {
  try {
    platform.files.remove(path);
  } catch (thrown) {
    if (!(thrown instanceof FileError)) throw thrown;
  }
}
