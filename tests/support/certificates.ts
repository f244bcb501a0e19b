/**
 * Certificates for tests (tests/support/certificates), valid from 2020 to 2120.
 *
 * - `authority` signed `server`, `other_server`, `client` and `expired`; its key is gone.
 * - `stranger_authority` signed `stranger`, as good a certificate as any, for somebody else.
 * - `server_encrypted.key` is the key of `server` with the passphrase `sesame`.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { TlsOptions } from "../../src/platform/network.ts";

/** The path of one of the files. */
export function certificatePath(name: string): string {
  return fileURLToPath(new URL(`certificates/${name}`, import.meta.url));
}

/** The text of one of the files. */
export function certificateText(name: string): string {
  return readFileSync(certificatePath(name), "utf8");
}

/** What a server with the certificate `server` listens with, unless told otherwise. */
export function serverTls(more: Partial<TlsOptions> = {}): TlsOptions {
  return {
    certificate: certificateText("server.crt"),
    key: certificateText("server.key"),
    keyPassphrase: "",
    authorities: [certificateText("authority.crt")],
    clientCertificates: "no",
    protocols: ["TLSv1.2", "TLSv1.3"],
    ciphers: "",
    cipherSuites: "",
    prefersServerCiphers: false,
    resumesSessions: true,
    sessionSeconds: 300,
    dhParameters: "",
    ...more,
  };
}

/** What a client is told; it has a certificate where a name is given. */
export function clientTls(name?: string): TlsOptions {
  return serverTls({
    certificate: name === undefined ? "" : certificateText(`${name}.crt`),
    key: name === undefined ? "" : certificateText(`${name}.key`),
  });
}

/** The command line of a server that has TLS at this port. */
export function tlsArguments(port: number, authClients = "no"): string[] {
  return [
    ...["--tls-port", String(port), "--tls-auth-clients", authClients],
    ...["--tls-cert-file", certificatePath("server.crt")],
    ...["--tls-key-file", certificatePath("server.key")],
    ...["--tls-ca-cert-file", certificatePath("authority.crt")],
  ];
}
