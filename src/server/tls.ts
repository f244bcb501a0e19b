/**
 * From the `tls-` directives to {@link TlsOptions}: which files are read, what is missing, and what
 * the log says when they cannot be used, in Redis's words.
 *
 * The `tls-client-` directives are for connections that the server opens itself, and so not here.
 */
import { utf8 } from "../base/ascii.ts";
import { errorText, FileError } from "../platform/file_system.ts";
import type { TlsOptions, TlsPart, TlsProtocol } from "../platform/network.ts";
import { TlsRefusal } from "../platform/network.ts";
import type { Platform } from "../platform/platform.ts";
import { readWholeFile } from "../persistence/file_contents.ts";
import type { Config } from "./config/config.ts";
import type { DirectiveName } from "./config/directives.ts";
import { absolutePath } from "./config/load.ts";
import type { Log } from "./log.ts";

/** What the options are made of. When one of these changes, so do they. */
export const TLS_DIRECTIVES: readonly DirectiveName[] = [
  "tls-cert-file",
  "tls-key-file",
  "tls-key-file-pass",
  "tls-ca-cert-file",
  "tls-ca-cert-dir",
  "tls-auth-clients",
  "tls-protocols",
  "tls-ciphers",
  "tls-ciphersuites",
  "tls-prefer-server-ciphers",
  "tls-session-caching",
  "tls-session-cache-size",
  "tls-session-cache-timeout",
  "tls-dh-params-file",
];

const PROTOCOLS: readonly TlsProtocol[] = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
const USUAL_PROTOCOLS: readonly TlsProtocol[] = ["TLSv1.2", "TLSv1.3"];

/** How OpenSSL finds an authority in a folder: by the hash of its name. */
const HASHED_NAME = /^[0-9a-f]{8}\.\d+$/;

/** Something is wrong that the log has to tell. */
class Problem extends Error {}

/** Reads the files and checks all; undefined where it cannot be, after saying why in the log. */
export function loadTls(platform: Platform, config: Config, log: Log): TlsOptions | undefined {
  try {
    const options = new TlsFiles(platform, config).options();
    try {
      platform.network.checkTls(options);
    } catch (thrown) {
      if (!(thrown instanceof TlsRefusal)) throw thrown;
      throw new Problem(refusalText(config, thrown.part, thrown.message));
    }
    return options;
  } catch (thrown) {
    if (!(thrown instanceof Problem)) throw thrown;
    log.warning(thrown.message);
    return undefined;
  }
}

class TlsFiles {
  readonly #platform: Platform;
  readonly #config: Config;

  constructor(platform: Platform, config: Config) {
    this.#platform = platform;
    this.#config = config;
  }

  options(): TlsOptions {
    const config = this.#config;
    const certificatePath = config.text("tls-cert-file");
    if (certificatePath === "") throw new Problem("No tls-cert-file configured!");
    const keyPath = config.text("tls-key-file");
    if (keyPath === "") throw new Problem("No tls-key-file configured!");
    const authClients = config.choice("tls-auth-clients");
    const authoritiesPath = config.text("tls-ca-cert-file");
    const authoritiesFolder = config.text("tls-ca-cert-dir");
    if (authClients !== "no" && authoritiesPath === "" && authoritiesFolder === "") {
      throw new Problem(
        "Either tls-ca-cert-file or tls-ca-cert-dir must be specified when tls-cluster, " +
          "tls-replication or tls-auth-clients are enabled!",
      );
    }
    const authorities: string[] = [];
    if (authoritiesPath !== "") authorities.push(this.#read(authoritiesPath, "authorities"));
    if (authoritiesFolder !== "") authorities.push(...this.#readFolder(authoritiesFolder));
    const parametersPath = config.text("tls-dh-params-file");
    return {
      protocols: this.#protocols(),
      certificate: this.#read(certificatePath, "certificate"),
      key: this.#read(keyPath, "key"),
      keyPassphrase: config.text("tls-key-file-pass"),
      authorities,
      clientCertificates: authClients,
      ciphers: config.text("tls-ciphers"),
      cipherSuites: config.text("tls-ciphersuites"),
      prefersServerCiphers: config.flag("tls-prefer-server-ciphers"),
      resumesSessions: config.flag("tls-session-caching"),
      sessionSeconds: config.number("tls-session-cache-timeout"),
      dhParameters: parametersPath === "" ? "" : this.#read(parametersPath, "dhParameters"),
    };
  }

  #protocols(): readonly TlsProtocol[] {
    const text = this.#config.text("tls-protocols");
    if (text === "") return USUAL_PROTOCOLS;
    return text.split(" ").map((word) => {
      const found = PROTOCOLS.find((name) => name.toLowerCase() === word.toLowerCase());
      if (found !== undefined) return found;
      throw new Problem(
        "Invalid tls-protocols specified. " +
          "Use a combination of 'TLSv1', 'TLSv1.1', 'TLSv1.2' and 'TLSv1.3'.",
      );
    });
  }

  #read(path: string, part: TlsPart): string {
    try {
      return utf8(readWholeFile(this.#platform.files, this.#absolute(path)));
    } catch (thrown) {
      if (!(thrown instanceof FileError)) throw thrown;
      throw new Problem(refusalText(this.#config, part, errorText(thrown.code)));
    }
  }

  /** As OpenSSL, which looks only at names that `openssl rehash` makes, and at no wrong file. */
  #readFolder(path: string): string[] {
    const folder = this.#absolute(path);
    try {
      return this.#platform.files.list(folder).filter((name) => HASHED_NAME.test(name)).sort()
        .map((name) => this.#read(`${folder}/${name}`, "authorities"));
    } catch (thrown) {
      if (!(thrown instanceof FileError)) throw thrown;
      throw new Problem(refusalText(this.#config, "authorities", errorText(thrown.code)));
    }
  }

  #absolute(path: string): string {
    return absolutePath(this.#config.text("dir"), path);
  }
}

function refusalText(config: Config, part: TlsPart, reason: string): string {
  switch (part) {
    case "certificate":
      return `Failed to load certificate: ${config.text("tls-cert-file")}: ${reason}`;
    case "key":
      return `Failed to load private key: ${config.text("tls-key-file")}: ${reason}`;
    case "authorities":
      return `Failed to configure CA certificate(s) file/directory: ${reason}`;
    case "ciphers":
      return `Failed to configure ciphers: ${config.text("tls-ciphers")}: ${reason}`;
    case "cipherSuites":
      return `Failed to configure ciphersuites: ${config.text("tls-ciphersuites")}: ${reason}`;
    case "dhParameters":
      return `Failed to load ${config.text("tls-dh-params-file")}: ${reason}`;
    case "protocols":
      return `Invalid tls-protocols specified: ${reason}`;
    case "other":
      return `Failed to configure TLS: ${reason}`;
  }
}
