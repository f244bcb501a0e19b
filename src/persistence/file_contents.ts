/** Whole files: small ones, read and written at once. */
import type { FileSystem } from "../platform/file_system.ts";

/** Reads a file to its end. @throws {FileError} */
export function readWholeFile(files: FileSystem, path: string): Uint8Array {
  const file = files.open(path, "read");
  try {
    const bytes = new Uint8Array(file.sizeBytes());
    let length = 0;
    while (length < bytes.length) {
      const read = file.readAt(length, bytes.subarray(length));
      if (read === 0) break;
      length += read;
    }
    return bytes.subarray(0, length);
  } finally {
    file.close();
  }
}

/**
 * Puts a file in place of another in one step that survives a power loss; when anything fails the
 * old one is as it was.
 * @throws {FileError}
 */
export function replaceFile(
  files: FileSystem,
  path: string,
  temporary: string,
  bytes: Uint8Array,
): void {
  const file = files.open(temporary, "create");
  try {
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(file.append(rest));
    file.sync();
  } catch (thrown) {
    file.close();
    files.remove(temporary);
    throw thrown;
  }
  file.close();
  files.rename(temporary, path);
  files.syncDirectory(path.slice(0, path.lastIndexOf("/")) || "/");
}
