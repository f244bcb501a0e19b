/** The file that stands for a listening Unix socket: who removes it, and who may connect. */
import * as fs from "node:fs";

/**
 * Removes a file that an earlier server left, as Redis does before it binds. What cannot be removed
 * makes the bind fail, and that error is the one to report.
 */
export function removeSocketFile(path: string): void {
  try {
    fs.unlinkSync(path);
  } catch {
    // Nothing was there, or the bind will say what is wrong.
  }
}

/** Gives the socket file its mode (`unixsocketperm`); 0 leaves what the system gave. */
export function setSocketFileMode(path: string, mode: number): void {
  if (mode !== 0) fs.chmodSync(path, mode);
}
