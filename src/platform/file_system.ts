/**
 * Files, as the core sees them: synchronous, because every use is either a start-up, a save that
 * answers when it is done, or an append that must be in the kernel before a reply leaves.
 *
 * Every failure throws a {@link FileError}. Paths are as the operating system takes them; a
 * relative path is relative to the folder that the process was started in.
 */
export interface FileSystem {
  /**
   * - `read`: an existing file, for reading only.
   * - `create`: for reading and appending; made anew, emptied when it exists (mode 0644).
   * - `append`: for reading and appending; made when it does not exist, kept when it does.
   */
  open(path: string, mode: "read" | "create" | "append"): File;
  /** Replaces `to` in one step. */
  rename(from: string, to: string): void;
  /** The name is gone at once; the space of a large file may be free a little later. */
  remove(path: string): void;
  /** Makes a folder and those above it; no error when it exists. */
  makeDirectory(path: string): void;
  /** Names (not paths) of what is in a folder, in no certain order. */
  list(path: string): string[];
  /** What stands at a path, or undefined where nothing does. */
  stat(path: string): FileStatus | undefined;
  /** Makes renames, creations and removals in this folder survive a power loss. */
  syncDirectory(path: string): void;
  /** The absolute path of the folder that relative paths start from, and a way to change it. */
  currentDirectory(): string;
  changeDirectory(path: string): void;
}

/** An open file. */
export interface File {
  /** Writes at the end; returns the bytes written, which may be fewer than given (never 0 of some). */
  append(bytes: Uint8Array): number;
  /** Reads at a position; returns the bytes read, 0 at the end of the file. */
  readAt(positionBytes: number, into: Uint8Array): number;
  truncate(sizeBytes: number): void;
  sizeBytes(): number;
  /** Returns when everything appended is on the disk (fdatasync). */
  sync(): void;
  /** The same without waiting: `done` is called later, with an error where it failed. */
  syncInBackground(done: (error?: FileError) => void): void;
  close(): void;
}

/** What {@link FileSystem.stat} tells. */
export interface FileStatus {
  readonly kind: "file" | "directory" | "other";
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

/** The operating system refused something; `code` is its short name (`ENOENT`, `ENOSPC`, ...). */
export class FileError extends Error {
  readonly code: string;
  readonly path: string;
  constructor(code: string, path: string, message: string) {
    super(message);
    this.name = "FileError";
    this.code = code;
    this.path = path;
  }
}

/**
 * The C library's text for the error codes that users meet, as Redis prints them.
 * Adapters use it so that messages read the same on every runtime.
 */
export function errorText(code: string): string {
  return ERROR_TEXTS[code] ?? code;
}

const ERROR_TEXTS: Readonly<Record<string, string>> = {
  EACCES: "Permission denied",
  EADDRINUSE: "Address already in use",
  EADDRNOTAVAIL: "Cannot assign requested address",
  EAFNOSUPPORT: "Address family not supported by protocol",
  EBADF: "Bad file descriptor",
  ECONNABORTED: "Software caused connection abort",
  ECONNREFUSED: "Connection refused",
  ECONNRESET: "Connection reset by peer",
  EDQUOT: "Disk quota exceeded",
  EEXIST: "File exists",
  EFBIG: "File too large",
  EHOSTUNREACH: "No route to host",
  EINVAL: "Invalid argument",
  EIO: "Input/output error",
  EISDIR: "Is a directory",
  EMFILE: "Too many open files",
  ENAMETOOLONG: "File name too long",
  ENETUNREACH: "Network is unreachable",
  ENFILE: "Too many open files in system",
  ENOENT: "No such file or directory",
  ENOSPC: "No space left on device",
  ENOTCONN: "Transport endpoint is not connected",
  ENOTDIR: "Not a directory",
  ENOTEMPTY: "Directory not empty",
  ENOTFOUND: "Name or service not known",
  EPERM: "Operation not permitted",
  EPIPE: "Broken pipe",
  EROFS: "Read-only file system",
  ETIMEDOUT: "Connection timed out",
};
