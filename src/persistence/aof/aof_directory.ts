/**
 * The folder of an append-only file: its manifest on the disk, and the paths of its files.
 *
 * The manifest decides which files count, so it is only ever replaced as a whole, in one step that
 * survives a power loss. Files that are not in it are nobody's.
 */
import type { FileSystem } from "../../platform/file_system.ts";
import { readWholeFile } from "../file_contents.ts";
import { directoryOf, pathIn } from "../file_path.ts";
import { attempt, replaceFile } from "../temporary_file.ts";
import type { AofManifest } from "./aof_manifest.ts";
import { formatManifest, parseManifest } from "./aof_manifest.ts";

/** A manifest or a base file that cannot be written; the message is the line that Redis logs. */
export class AofWriteError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "AofWriteError";
  }
}

/** What {@link AofWriteError} is made by. */
export function aofWriteError(message: string): AofWriteError {
  return new AofWriteError(message);
}

export class AofDirectory {
  /** `appenddirname` in `dir`. */
  readonly path: string;
  /** `appendfilename`. */
  readonly appendFileName: string;
  readonly manifestPath: string;
  readonly #files: FileSystem;

  constructor(files: FileSystem, path: string, appendFileName: string) {
    this.#files = files;
    this.path = path;
    this.appendFileName = appendFileName;
    this.manifestPath = this.filePath(`${appendFileName}.manifest`);
  }

  /** The path of a file in the folder. */
  filePath(name: string): string {
    return pathIn(this.path, name);
  }

  /** Makes the folder where there is none, so that a power loss leaves it. @throws {FileError} */
  make(): void {
    const files = this.#files;
    if (files.stat(this.path)?.kind === "directory") return;
    files.makeDirectory(this.path);
    files.syncDirectory(directoryOf(this.path));
  }

  /**
   * Reads the manifest; undefined where there is none.
   * @throws {AofManifestError} and FileError.
   */
  load(): AofManifest | undefined {
    if (this.#files.stat(this.manifestPath) === undefined) return undefined;
    return parseManifest(readWholeFile(this.#files, this.manifestPath));
  }

  /**
   * Puts a manifest in the place of the one on the disk. Where only the last step fails, the sync of
   * the folder, the new one is there already but a power loss may bring the old one back.
   * @throws {AofWriteError}
   */
  persist(manifest: AofManifest): void {
    const name = `${this.appendFileName}.manifest`;
    const temporary = `temp-${name}`;
    const aside = this.filePath(temporary);
    replaceFile(this.#files, this.manifestPath, aside, formatManifest(manifest), {
      open: `Can't open the AOF manifest file ${temporary}`,
      write: `Error trying to write the temporary AOF manifest file ${temporary}`,
      sync: `Fail to fsync the temp AOF file ${temporary}`,
      close: `Error trying to close the temporary AOF manifest file ${temporary}`,
      move: `Error trying to rename the temporary AOF manifest file ${temporary} into ${name}`,
      error: aofWriteError,
    });
    attempt(`Fail to fsync AOF directory ${this.manifestPath}`, aofWriteError, () => {
      this.#files.syncDirectory(this.path);
    });
  }
}
