/**
 * A file that is written aside and counts only when it is whole: synced, and then mostly put in the
 * place of another in one step. Whatever fails, and whenever it is given up, it is removed.
 */
import type { File, FileSystem } from "../platform/file_system.ts";

/** A sync every so many bytes, so that the last one is short. */
const SYNC_BYTES = 4 << 20;

/** What is said of each thing that can fail; the system's reason comes behind it. */
export interface TemporaryFileTexts {
  readonly open: string;
  readonly write: string;
  readonly sync: string;
  readonly close: string;
  readonly move: string;
  /** Makes what is thrown. */
  error(message: string): Error;
}

export class TemporaryFile {
  readonly #files: FileSystem;
  readonly #path: string;
  readonly #texts: TemporaryFileTexts;
  readonly #syncsIncrementally: boolean;
  readonly #file: File;
  #sinceSyncBytes = 0;
  #isOpen = true;
  #isKept = false;

  /** Makes the file anew. Whoever does it calls {@link end} in any case. */
  constructor(
    files: FileSystem,
    path: string,
    texts: TemporaryFileTexts,
    syncsIncrementally: boolean,
  ) {
    this.#files = files;
    this.#path = path;
    this.#texts = texts;
    this.#syncsIncrementally = syncsIncrementally;
    this.#file = this.#attempt(texts.open, () => files.open(path, "create"));
  }

  /** Writes all of the bytes. */
  append(bytes: Uint8Array): void {
    this.#sinceSyncBytes += bytes.length;
    this.#attempt(this.#texts.write, () => {
      while (bytes.length > 0) bytes = bytes.subarray(this.#file.append(bytes));
      if (!this.#syncsIncrementally || this.#sinceSyncBytes < SYNC_BYTES) return;
      this.#sinceSyncBytes = 0;
      this.#file.sync();
    });
  }

  /** Everything is written: makes it last. */
  finish(): void {
    this.#attempt(this.#texts.sync, () => this.#file.sync());
    this.#isOpen = false;
    this.#attempt(this.#texts.close, () => this.#file.close());
  }

  /** Puts the finished file in the place of another. */
  moveTo(path: string): void {
    this.#attempt(this.#texts.move, () => this.#files.rename(this.#path, path));
    this.#isKept = true;
  }

  /** Leaves the finished file where it is. */
  keep(): void {
    this.#isKept = true;
  }

  /** Removes the file, unless it was kept or moved. */
  end(): void {
    if (this.#isOpen) quietly(() => this.#file.close());
    this.#isOpen = false;
    if (!this.#isKept) quietly(() => this.#files.remove(this.#path));
  }

  #attempt<Result>(text: string, run: () => Result): Result {
    return attempt(text, this.#texts.error, run);
  }
}

/**
 * Puts new contents in the place of a file in one step: written aside first, whole and synced. That
 * the folder is synced, too, is the caller's matter.
 */
export function replaceFile(
  files: FileSystem,
  path: string,
  aside: string,
  contents: Uint8Array,
  texts: TemporaryFileTexts,
): void {
  const file = new TemporaryFile(files, aside, texts, false);
  try {
    file.append(contents);
    file.finish();
    file.moveTo(path);
  } finally {
    file.end();
  }
}

/** Runs something; where it fails, throws what is said of it with the system's reason. */
export function attempt<Result>(
  text: string,
  errorOf: (message: string) => Error,
  run: () => Result,
): Result {
  try {
    return run();
  } catch (thrown) {
    throw errorOf(`${text}: ${thrown instanceof Error ? thrown.message : thrown}`);
  }
}

/** What failed first is what matters. */
function quietly(run: () => void): void {
  try {
    run();
  } catch {
    // It is gone already, or cannot be removed where it could not be written either.
  }
}
