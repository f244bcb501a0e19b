/**
 * The one way from what a runtime throws to the error classes of the platform. Every runtime puts
 * the system's short name (`ENOENT`) in a `code` property of what it throws; where an error has
 * none, its class or its text tells.
 */
import { errorText, FileError } from "../../src/platform/file_system.ts";
import { NetworkError } from "../../src/platform/network.ts";

/** The short name of what went wrong, or `EIO` where the runtime does not say. */
export function systemCode(thrown: unknown): string {
  if (thrown !== null && typeof thrown === "object") {
    const { code, name, message } = thrown as { code?: unknown; name?: unknown; message?: unknown };
    if (typeof code === "string" && /^E[A-Z0-9_]+$/.test(code)) {
      if (code.startsWith("ERR_")) return "EINVAL";
      // The resolver's own codes (EAI_AGAIN, ...): the name could not be looked up.
      return code.startsWith("EAI_") ? "ENOTFOUND" : code;
    }
    const byName = typeof name === "string" ? CODE_OF_CLASS[name] : undefined;
    if (byName !== undefined) return byName;
    const inText = typeof message === "string" ? /\bE[A-Z]{3,}[A-Z0-9]*\b/.exec(message) : null;
    if (inText !== null) return inText[0];
  }
  return "EIO";
}

/** The platform's error for a failed file operation. Its message is the C library's text. */
export function fileError(thrown: unknown, path: string): FileError {
  if (thrown instanceof FileError) return thrown;
  const code = systemCode(thrown);
  return new FileError(code, path, errorText(code));
}

/** The platform's error for a failed network operation. Its message is the C library's text. */
export function networkError(thrown: unknown): NetworkError {
  if (thrown instanceof NetworkError) return thrown;
  const code = systemCode(thrown);
  return new NetworkError(code, errorText(code));
}

/** Error classes of Deno, which carry no code where Deno itself and not the system refused. */
const CODE_OF_CLASS: Readonly<Record<string, string>> = {
  AddrInUse: "EADDRINUSE",
  AddrNotAvailable: "EADDRNOTAVAIL",
  AlreadyExists: "EEXIST",
  BadResource: "EBADF",
  BrokenPipe: "EPIPE",
  ConnectionAborted: "ECONNABORTED",
  ConnectionRefused: "ECONNREFUSED",
  ConnectionReset: "ECONNRESET",
  IsADirectory: "EISDIR",
  NotADirectory: "ENOTDIR",
  NotCapable: "EACCES",
  NotConnected: "ENOTCONN",
  NotFound: "ENOENT",
  PermissionDenied: "EACCES",
  TimedOut: "ETIMEDOUT",
};
