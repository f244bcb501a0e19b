/** The configuration file of a running server: written anew with the values in force. */
import { errorText, FileError } from "../platform/file_system.ts";
import { readWholeFile } from "../persistence/file_contents.ts";
import { directoryOf } from "../persistence/file_path.ts";
import { replaceFile } from "../persistence/temporary_file.ts";
import { rewriteConfigFile } from "./config/rewrite.ts";
import type { Engine } from "./engine.ts";

/** The new file could not be written; `message` is what stands in the log. */
class RewriteFailure extends Error {
  /** The system's reason alone, which the reply tells. */
  get reason(): string {
    return this.message.slice(this.message.indexOf(": ") + 2);
  }
}

/**
 * Rewrites the file, directives at their defaults too when `everything` is wanted. Returns why the
 * system refused, undefined when it is done.
 */
export function rewriteConfig(
  engine: Engine,
  path: string,
  everything: boolean,
): string | undefined {
  const { config, platform: { files } } = engine;
  try {
    const old = files.stat(path) === undefined ? new Uint8Array(0) : readWholeFile(files, path);
    // Where a file of their own holds the users, there are no lines of them here.
    const users = config.text("aclfile") === ""
      ? engine.acl.users.map((user) => user.configuredLine)
      : [];
    replace(engine, path, rewriteConfigFile(old, config, { everything, users }));
    return undefined;
  } catch (thrown) {
    if (thrown instanceof RewriteFailure) {
      engine.log.warning(thrown.message);
      return thrown.reason;
    }
    if (!(thrown instanceof FileError)) throw thrown;
    return errorText(thrown.code);
  }
}

/** Puts the new contents in the place of the old, in one step that survives a power loss. */
function replace({ platform }: Engine, path: string, contents: Uint8Array): void {
  const { files } = platform;
  const aside = `${path}-${platform.process.pid}.tmp`;
  replaceFile(files, path, aside, contents, {
    open: `Could not create tmp config file ${aside}`,
    write: `Could not write tmp config file ${aside}`,
    sync: `Could not sync tmp config file ${aside} to disk`,
    close: `Could not close tmp config file ${aside}`,
    move: `Could not rename tmp config file ${aside}`,
    error: (message) => new RewriteFailure(message),
  });
  files.syncDirectory(directoryOf(path));
}
