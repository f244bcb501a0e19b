/** The file that users are kept in (`aclfile`): read at the start and by ACL LOAD, written by ACL SAVE. */
import { latin1, latin1Bytes } from "../../base/ascii.ts";
import { readWholeFile } from "../../persistence/file_contents.ts";
import { directoryOf } from "../../persistence/file_path.ts";
import type { TemporaryFileTexts } from "../../persistence/temporary_file.ts";
import { attempt, replaceFile } from "../../persistence/temporary_file.ts";
import { errorText, FileError } from "../../platform/file_system.ts";
import { absolutePath } from "../config/load.ts";
import type { Engine } from "../engine.ts";
import type { RuleSettings } from "./rules.ts";
import type { User } from "./user.ts";
import { AclFileErrors, parseAclFile } from "./user_lines.ts";

/** The file cannot be written; the message is for the log. */
class SaveFailure extends Error {}

const TEXTS: TemporaryFileTexts = {
  open: "Opening temp ACL file for ACL SAVE",
  write: "Writing ACL file for ACL SAVE",
  sync: "Syncing ACL file for ACL SAVE",
  close: "Closing ACL file for ACL SAVE",
  move: "Renaming ACL file for ACL SAVE",
  error: (message) => new SaveFailure(message),
};

/** The users of the file by name, or what is wrong with it. */
export function loadAclFile(
  engine: Engine,
  settings: RuleSettings,
): Map<string, User> | AclFileErrors {
  const name = engine.config.text("aclfile");
  let contents: Uint8Array;
  try {
    contents = readWholeFile(engine.platform.files, pathOf(engine));
  } catch (thrown) {
    if (!(thrown instanceof FileError)) throw thrown;
    const reason = errorText(thrown.code);
    return new AclFileErrors(`Error loading ACLs, opening file '${name}': ${reason}`);
  }
  return parseAclFile(name, latin1(contents), settings);
}

/** Writes the file anew, all or nothing; false where that could not be done: the log says why. */
export function saveAclFile(engine: Engine, text: string): boolean {
  const { keyspace, platform } = engine;
  const { files } = platform;
  const path = pathOf(engine);
  const aside = `${path}.tmp-${platform.process.pid}-${Math.floor(keyspace.nowMs)}`;
  try {
    replaceFile(files, path, aside, latin1Bytes(text), TEXTS);
    const directory = directoryOf(path);
    attempt(
      "Syncing ACL directory for ACL SAVE",
      TEXTS.error,
      () => files.syncDirectory(directory),
    );
    return true;
  } catch (thrown) {
    if (!(thrown instanceof SaveFailure)) throw thrown;
    engine.log.warning(thrown.message);
    return false;
  }
}

function pathOf({ config }: Engine): string {
  return absolutePath(config.text("dir"), config.text("aclfile"));
}
