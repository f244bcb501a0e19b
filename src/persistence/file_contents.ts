/** Whole files: small ones, read at once. */
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
