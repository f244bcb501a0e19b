/**
 * Temporary files that a server left behind when it was killed: nobody will ever finish them, and
 * each may be as large as the data set. (Redis leaves them.)
 */
import { FileError } from "../../platform/file_system.ts";
import type { Engine } from "../engine.ts";

/**
 * Removes what is called like a temporary file in a folder. Where the first group of the pattern is a
 * process's id, the file goes only when that process is this one, which has just begun, or is known
 * to be gone.
 * @param isOurs whether the folder is one in which to remove anything; it may throw FileError.
 */
export function removeLeftovers(
  engine: Engine,
  folder: string,
  pattern: RegExp,
  isOurs: () => boolean = () => true,
): void {
  const { log, platform } = engine;
  const { files } = platform;
  try {
    if (!isOurs()) return;
    for (const name of files.list(folder)) {
      const match = pattern.exec(name);
      if (match === null || !isOver(engine, match[1])) continue;
      files.remove(`${folder}/${name}`);
      log.notice(`Removed ${name}, which was left behind by a server that did not end by itself`);
    }
  } catch (thrown) {
    // Whatever is in the way here is no reason not to start.
    if (!(thrown instanceof FileError)) throw thrown;
  }
}

function isOver({ platform }: Engine, pid: string | undefined): boolean {
  if (pid === undefined || Number(pid) === platform.process.pid) return true;
  const { files } = platform;
  return files.stat("/proc/self") !== undefined && files.stat(`/proc/${pid}`) === undefined;
}
