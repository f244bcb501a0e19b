/**
 * From {@link TlsOptions} to the options of `node:tls`, which all three runtimes have.
 *
 * Everything is checked before: Deno takes a broken certificate without a word and fails at every
 * handshake, Node passes over broken DH parameters. And what a runtime would ignore is refused, so
 * that nobody relies on it: see {@link TlsLimits}.
 */
import { constants, createPrivateKey, X509Certificate } from "node:crypto";
import * as tls from "node:tls";
import type { TlsOptions, TlsPart, TlsProtocol } from "../../src/platform/network.ts";
import { TlsRefusal } from "../../src/platform/network.ts";

/** What a runtime's TLS cannot do. */
export interface TlsLimits {
  /** The runtime's name, for messages. */
  readonly runtime: string;
  /** The oldest version that it speaks. */
  readonly oldestProtocol: TlsProtocol;
  readonly hasCiphers: boolean;
  readonly hasCipherSuites: boolean;
  readonly hasServerOrder: boolean;
  readonly hasDiffieHellman: boolean;
  /**
   * What one set of options has agreed on with a client can be resumed under another, which may ask
   * for more: a resumed session proves nothing, and cannot be prevented.
   */
  readonly sharesSessions: boolean;
  /** A server says only of `net.Socket`s which connection it is about; others have one each. */
  readonly needsServerEach: boolean;
}

/** From the oldest. */
const PROTOCOLS: readonly TlsProtocol[] = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];

const WITHOUT_PROTOCOL: readonly number[] = [
  constants.SSL_OP_NO_TLSv1,
  constants.SSL_OP_NO_TLSv1_1,
  constants.SSL_OP_NO_TLSv1_2,
  constants.SSL_OP_NO_TLSv1_3,
];

const CERTIFICATE =
  /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]+-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g;
const DH_PARAMETERS = /-----BEGIN DH PARAMETERS-----[^-]+-----END DH PARAMETERS-----/;

/** The sessions of all servers belong together, as in Redis. */
const SESSION_CONTEXT = "redis";

/** Throws a {@link TlsRefusal} where a server could not be run with these options. */
export function checkServerOptions(options: TlsOptions, limits: TlsLimits): void {
  checkSupport(options, limits);
  checkCertificate(options);
  checkCommon(options);
}

/** What `tls.createServer` is told; checks first, unless that has been done. */
export function serverOptions(
  options: TlsOptions,
  limits: TlsLimits,
  isChecked: boolean,
): tls.TlsOptions {
  if (!isChecked) checkServerOptions(options, limits);
  const { clientCertificates, dhParameters } = options;
  return {
    ...commonOptions(options, limits),
    requestCert: clientCertificates !== "no",
    rejectUnauthorized: clientCertificates === "yes",
    honorCipherOrder: options.prefersServerCiphers,
    sessionIdContext: SESSION_CONTEXT,
    sessionTimeout: options.sessionSeconds,
    ...(limits.hasDiffieHellman ? { dhparam: dhParameters === "" ? "auto" : dhParameters } : {}),
  };
}

/** What `tls.connect` is told besides where to; checks first. */
export function clientOptions(options: TlsOptions, limits: TlsLimits): tls.ConnectionOptions {
  checkSupport(options, limits);
  if (options.certificate !== "" || options.key !== "") checkCertificate(options);
  checkCommon(options);
  return {
    ...commonOptions(options, limits),
    rejectUnauthorized: true,
    // As Redis, which asks whose signature it is and not what name.
    checkServerIdentity: () => undefined,
  };
}

function commonOptions(options: TlsOptions, limits: TlsLimits): tls.SecureContextOptions {
  const { certificate, key, keyPassphrase, authorities } = options;
  const spoken = PROTOCOLS.filter((protocol) => options.protocols.includes(protocol));
  return {
    ...(certificate === "" ? {} : { cert: certificate }),
    ...(key === "" ? {} : { key }),
    ...(keyPassphrase === "" ? {} : { passphrase: keyPassphrase }),
    ...(authorities.length === 0 ? {} : { ca: [...authorities] }),
    ...cipherOption(options, limits),
    minVersion: spoken[0],
    maxVersion: spoken.at(-1),
    secureOptions: optionBits(options),
  };
}

/** The bits that say what the range of versions cannot: gaps in it, and no session tickets. */
function optionBits(options: TlsOptions): number {
  let bits = constants.SSL_OP_NO_COMPRESSION | (constants.SSL_OP_NO_RENEGOTIATION ?? 0);
  for (const [index, protocol] of PROTOCOLS.entries()) {
    if (!options.protocols.includes(protocol)) bits |= WITHOUT_PROTOCOL[index];
  }
  return options.resumesSessions ? bits : bits | constants.SSL_OP_NO_TICKET;
}

/** Node has one list for both kinds, and takes a list of one kind for a wish to have only that. */
function cipherOption(options: TlsOptions, limits: TlsLimits): { ciphers?: string } {
  const { ciphers, cipherSuites } = options;
  if (ciphers === "" && cipherSuites === "") return {};
  const defaults = tls.DEFAULT_CIPHERS.split(":");
  const ofKind = (isSuite: boolean) =>
    defaults.filter((name) => name.startsWith("TLS_") === isSuite).join(":");
  if (!limits.hasCipherSuites) return { ciphers };
  return {
    ciphers: `${cipherSuites === "" ? ofKind(true) : cipherSuites}:${
      ciphers === "" ? ofKind(false) : ciphers
    }`,
  };
}

function checkSupport(options: TlsOptions, limits: TlsLimits): void {
  const { runtime } = limits;
  const oldest = PROTOCOLS.indexOf(limits.oldestProtocol);
  for (const protocol of options.protocols) {
    if (PROTOCOLS.indexOf(protocol) >= oldest) continue;
    throw new TlsRefusal("protocols", `${runtime} does not speak ${protocol}`);
  }
  if (options.protocols.length === 0) {
    throw new TlsRefusal("protocols", "no version of TLS is allowed");
  }
  if (options.ciphers !== "" && !limits.hasCiphers) {
    throw new TlsRefusal("ciphers", `${runtime} does not let its ciphers be chosen`);
  }
  if (options.cipherSuites !== "" && !limits.hasCipherSuites) {
    throw new TlsRefusal("cipherSuites", `${runtime} does not let its cipher suites be chosen`);
  }
  if (options.prefersServerCiphers && !limits.hasServerOrder) {
    throw new TlsRefusal("other", `${runtime} always follows the client's order of ciphers`);
  }
  if (options.dhParameters !== "" && !limits.hasDiffieHellman) {
    throw new TlsRefusal("dhParameters", `${runtime} has no Diffie-Hellman with parameters`);
  }
}

function checkCertificate(options: TlsOptions): void {
  const certificate = attempt("certificate", () => new X509Certificate(options.certificate));
  const { key, keyPassphrase } = options;
  const privateKey = attempt("key", () =>
    createPrivateKey({
      key,
      format: "pem",
      ...(keyPassphrase === "" ? {} : { passphrase: keyPassphrase }),
    }));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new TlsRefusal("key", "error:05800074:x509 certificate routines::key values mismatch");
  }
}

function checkCommon(options: TlsOptions): void {
  for (const text of options.authorities) {
    const certificates = text.match(CERTIFICATE);
    if (certificates === null) throw new TlsRefusal("authorities", "no certificate in the file");
    for (const each of certificates) attempt("authorities", () => new X509Certificate(each));
  }
  const { ciphers, cipherSuites, dhParameters } = options;
  if (ciphers !== "") attempt("ciphers", () => tls.createSecureContext({ ciphers }));
  if (cipherSuites !== "") {
    attempt("cipherSuites", () => tls.createSecureContext({ ciphers: cipherSuites }));
  }
  if (dhParameters === "") return;
  if (!DH_PARAMETERS.test(dhParameters)) throw new TlsRefusal("dhParameters", "no DH parameters");
  attempt("dhParameters", () => tls.createSecureContext({ dhparam: dhParameters }));
}

function attempt<Result>(part: TlsPart, check: () => Result): Result {
  try {
    return check();
  } catch (thrown) {
    throw new TlsRefusal(part, tlsErrorText(thrown));
  }
}

/** One line: what the library says ends in the name of a source file, and in a line feed. */
export function tlsErrorText(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return message.replace(/^[0-9A-F]{16}:/, "").replace(/:[^:\s]+\.c:\d+:\s*$/, "")
    .replace(/\s+/g, " ").trim();
}
