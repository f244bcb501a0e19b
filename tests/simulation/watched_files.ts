/**
 * The disk as one process sees it: every call is announced before it is made, and fails without
 * having been made once the process is dead.
 */
import type { File, FileError, FileStatus, FileSystem } from "../../src/platform/file_system.ts";

/** The process is dead: nothing may go on in it. */
export class MachineStopped extends Error {}

/** A call to the disk that is about to be made, or a sync in the background that has ended. */
export interface DiskCall {
  readonly operation: string;
  readonly path: string;
  /** How many bytes are appended. */
  readonly sizeBytes: number;
}

/** What a process is to its disk. */
export interface Watcher {
  isAlive(): boolean;
  /** Called before every call, and when a sync in the background has ended. */
  watch(call: DiskCall): void;
  /** Calls back when a sync in the background may end. */
  whenSynced(callback: () => void): void;
}

type Announce = (operation: string, path: string, sizeBytes?: number) => void;

export class WatchedFiles implements FileSystem {
  readonly #files: FileSystem;
  readonly #watcher: Watcher;
  readonly #announce: Announce;

  constructor(files: FileSystem, watcher: Watcher) {
    this.#files = files;
    this.#watcher = watcher;
    this.#announce = (operation, path, sizeBytes = 0) => {
      if (!watcher.isAlive()) throw new MachineStopped();
      watcher.watch({ operation, path, sizeBytes });
      if (!watcher.isAlive()) throw new MachineStopped();
    };
  }

  open(path: string, mode: "read" | "create" | "append"): File {
    this.#announce(`open ${mode}`, path);
    return new WatchedFile(this.#files.open(path, mode), path, this.#announce, this.#watcher);
  }

  rename(from: string, to: string): void {
    this.#announce("rename", to);
    this.#files.rename(from, to);
  }

  remove(path: string): void {
    this.#announce("remove", path);
    this.#files.remove(path);
  }

  makeDirectory(path: string): void {
    this.#announce("makeDirectory", path);
    this.#files.makeDirectory(path);
  }

  list(path: string): string[] {
    this.#announce("list", path);
    return this.#files.list(path);
  }

  stat(path: string): FileStatus | undefined {
    this.#announce("stat", path);
    return this.#files.stat(path);
  }

  syncDirectory(path: string): void {
    this.#announce("syncDirectory", path);
    this.#files.syncDirectory(path);
  }

  currentDirectory(): string {
    return this.#files.currentDirectory();
  }

  changeDirectory(path: string): void {
    this.#announce("changeDirectory", path);
    this.#files.changeDirectory(path);
  }
}

class WatchedFile implements File {
  readonly #file: File;
  readonly #path: string;
  readonly #announce: Announce;
  readonly #watcher: Watcher;

  constructor(file: File, path: string, announce: Announce, watcher: Watcher) {
    this.#file = file;
    this.#path = path;
    this.#announce = announce;
    this.#watcher = watcher;
  }

  append(bytes: Uint8Array): number {
    this.#announce("append", this.#path, bytes.length);
    return this.#file.append(bytes);
  }

  readAt(positionBytes: number, into: Uint8Array): number {
    this.#announce("readAt", this.#path);
    return this.#file.readAt(positionBytes, into);
  }

  truncate(sizeBytes: number): void {
    this.#announce("truncate", this.#path);
    this.#file.truncate(sizeBytes);
  }

  sizeBytes(): number {
    this.#announce("sizeBytes", this.#path);
    return this.#file.sizeBytes();
  }

  sync(): void {
    this.#announce("sync", this.#path);
    this.#file.sync();
  }

  syncInBackground(done: (error?: FileError) => void): void {
    this.#announce("syncInBackground", this.#path);
    const watcher = this.#watcher;
    this.#file.syncInBackground((error) => {
      watcher.whenSynced(() => {
        if (!watcher.isAlive()) return;
        this.#announce("synced", this.#path);
        done(error);
      });
    });
  }

  close(): void {
    this.#announce("close", this.#path);
    this.#file.close();
  }
}
