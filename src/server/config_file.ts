/** The configuration file of a running server: written anew with the values in force. */
import { errorText, FileError } from "../platform/file_system.ts";
import { rewriteConfigFile } from "./config/rewrite.ts";
import type { Engine } from "./engine.ts";
import { readWholeFile, replaceFile } from "../persistence/file_contents.ts";

/**
 * Rewrites the file, directives at their defaults too when `everything` is wanted. Returns why the
 * system refused, undefined when it is done.
 */
export function rewriteConfig(
  engine: Engine,
  path: string,
  everything: boolean,
): string | undefined {
  const { config, platform } = engine;
  const { files } = platform;
  try {
    const old = files.stat(path) === undefined ? new Uint8Array(0) : readWholeFile(files, path);
    const rewritten = rewriteConfigFile(old, config, { everything });
    replaceFile(files, path, `${path}-${platform.process.pid}.tmp`, rewritten);
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof FileError)) throw thrown;
    return errorText(thrown.code);
  }
}
