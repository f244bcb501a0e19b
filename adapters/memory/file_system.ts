/**
 * Files in memory, with the faults that a real disk and a real operating system are allowed:
 *
 * - **Power loss** ({@link MemoryFileSystem.losePower}). What was not synced may be gone. Of a file's
 *   unsynced bytes any prefix stays; the rest is missing, or is there as zeros. Of the changes to
 *   folders (made, renamed, removed) that no `syncDirectory` has covered, the first few stay. An
 *   unsynced truncate may not have happened.
 * - **Failing calls** ({@link MemoryFileSystem.failCall}): the n-th call from now fails, once or with
 *   every later one.
 * - **Short writes** (`appendMaxBytes`) and a **full disk** (`capacityBytes`).
 *
 * There are two trees over the same nodes: what programs see, and what the disk holds. A sync moves
 * something from the one to the other.
 *
 * ```
 *   entries --------- path -> node ----- bytes, lengthBytes
 *   durableEntries -- path -> node ----- durable bytes (a prefix of `bytes`, or a copy after truncate)
 *   journal: changes of entries that are not in durableEntries yet, in order
 * ```
 */
import type { Clock } from "../../src/platform/clock.ts";
import { errorText, FileError } from "../../src/platform/file_system.ts";
import type { File, FileStatus, FileSystem } from "../../src/platform/file_system.ts";
import type { MemoryRandom } from "./random.ts";

/** One change of the tree. A rename takes away and puts in one step. */
interface TreeChange {
  readonly removed: string | undefined;
  readonly added: string | undefined;
  readonly node: Node | undefined;
}

type Node = FileNode | DirectoryNode;

interface DirectoryNode {
  readonly kind: "directory";
  readonly modifiedMs: number;
}

const FIRST_BYTES = 256;

/** A file's content, as programs see it and as the disk holds it. */
class FileNode {
  readonly kind = "file";
  bytes = new Uint8Array(FIRST_BYTES);
  lengthBytes = 0;
  modifiedMs: number;
  /** The disk holds this many bytes of `bytes`, unless it holds `durableCopy`. */
  #durableLengthBytes = 0;
  /** What the disk still holds after a truncate that is not synced. */
  #durableCopy: Uint8Array<ArrayBuffer> | undefined;

  constructor(modifiedMs: number) {
    this.modifiedMs = modifiedMs;
  }

  append(added: Uint8Array): void {
    const length = this.lengthBytes + added.length;
    if (length > this.bytes.length) {
      const larger = new Uint8Array(Math.max(length, this.bytes.length * 2));
      larger.set(this.bytes.subarray(0, this.lengthBytes));
      this.bytes = larger;
    }
    this.bytes.set(added, this.lengthBytes);
    this.lengthBytes = length;
  }

  truncate(sizeBytes: number): void {
    if (sizeBytes > this.lengthBytes) {
      this.append(new Uint8Array(sizeBytes - this.lengthBytes));
      return;
    }
    if (sizeBytes < this.#durableLengthBytes) {
      this.#durableCopy ??= this.bytes.slice(0, this.#durableLengthBytes);
      this.#durableLengthBytes = sizeBytes;
    }
    this.lengthBytes = sizeBytes;
  }

  /** Puts the first `lengthBytes` on the disk. */
  sync(lengthBytes: number): void {
    this.#durableCopy = undefined;
    const written = Math.min(lengthBytes, this.lengthBytes);
    this.#durableLengthBytes = Math.max(this.#durableLengthBytes, written);
  }

  /** What a power loss leaves; see the head of this file. */
  losePower(random: MemoryRandom): void {
    if (this.#durableCopy !== undefined && random.below(2) === 0) {
      this.bytes = this.#durableCopy;
      this.lengthBytes = this.bytes.length;
    } else {
      const unsynced = this.lengthBytes - this.#durableLengthBytes;
      const kept = this.#durableLengthBytes + random.below(unsynced + 1);
      if (random.below(4) === 0) this.bytes.fill(0, kept, this.lengthBytes);
      else this.lengthBytes = kept;
    }
    this.sync(this.lengthBytes);
  }
}

/** A {@link FileSystem} in memory. */
export class MemoryFileSystem implements FileSystem {
  /** The most bytes that one append takes; what is above is a short write. */
  appendMaxBytes = Infinity;
  /** The size of the disk: what does not fit is a short write, and then ENOSPC. */
  capacityBytes = Infinity;

  readonly #clock: Clock;
  readonly #random: MemoryRandom;
  #entries = new Map<string, Node>();
  #durableEntries = new Map<string, Node>();
  #journal: TreeChange[] = [];
  #currentDirectory = "/";
  #calls = 0;
  #failingCall = Infinity;
  #failsOn = false;
  #failureCode = "EIO";
  /** Files opened before a power loss are gone with the process. */
  #epoch = 0;

  /** An empty disk with the folder `/`. `random` decides what a power loss leaves. */
  constructor(clock: Clock, random: MemoryRandom) {
    this.#clock = clock;
    this.#random = random;
    const root: DirectoryNode = { kind: "directory", modifiedMs: clock.wallMs() };
    this.#entries.set("/", root);
    this.#durableEntries.set("/", root);
  }

  /** Calls of this interface so far, each of which {@link failCall} can make fail. */
  get calls(): number {
    return this.#calls;
  }

  /**
   * Makes the `number`-th call from now fail with `code` (1 is the next one); with `andLater` all
   * calls after it too. 0 takes it back.
   */
  failCall(number: number, code: string = "EIO", andLater: boolean = false): void {
    this.#failingCall = number === 0 ? Infinity : this.#calls + number;
    this.#failureCode = code;
    this.#failsOn = andLater;
  }

  /** The machine loses power and starts again: files are closed, unsynced things may be lost. */
  losePower(): void {
    this.#epoch++;
    const kept = this.#random.below(this.#journal.length + 1);
    for (const change of this.#journal.slice(0, kept)) applyChange(this.#durableEntries, change);
    this.#journal = [];
    for (const path of [...this.#durableEntries.keys()]) {
      if (!this.#isReachable(path)) this.#durableEntries.delete(path);
    }
    this.#entries = new Map(this.#durableEntries);
    for (const node of new Set(this.#entries.values())) {
      if (node.kind === "file") node.losePower(this.#random);
    }
    if (!this.#entries.has(this.#currentDirectory)) this.#currentDirectory = "/";
  }

  /** Puts a file into an existing folder, synced: a test's way to prepare a disk. */
  writeFile(path: string, bytes: Uint8Array): void {
    const full = this.#fullPath(path);
    this.#needParent(full, path);
    const node = new FileNode(this.#clock.wallMs());
    node.append(bytes);
    node.sync(bytes.length);
    this.#entries.set(full, node);
    this.#durableEntries.set(full, node);
  }

  /** What a file holds, as programs see it; undefined where there is none. */
  readFile(path: string): Uint8Array | undefined {
    const node = this.#entries.get(this.#fullPath(path));
    return node?.kind === "file" ? node.bytes.slice(0, node.lengthBytes) : undefined;
  }

  open(path: string, mode: "read" | "create" | "append"): File {
    this.countCall(path);
    const full = this.#fullPath(path);
    let node = this.#entries.get(full);
    if (node?.kind === "directory" && mode !== "read") throw fileError("EISDIR", path);
    if (node === undefined) {
      if (mode === "read") throw fileError(this.#missingCode(full), path);
      this.#needParent(full, path);
      node = new FileNode(this.#clock.wallMs());
      this.#change({ removed: undefined, added: full, node });
    } else if (mode === "create" && node.kind === "file") node.truncate(0);
    return new MemoryFile(this, path, node, mode !== "read", this.#epoch);
  }

  rename(from: string, to: string): void {
    this.countCall(from);
    const source = this.#fullPath(from);
    const target = this.#fullPath(to);
    const node = this.#need(source, from);
    this.#needParent(target, to);
    const replaced = this.#entries.get(target);
    if (replaced === node) return;
    if (replaced?.kind === "directory") {
      throw fileError(node.kind === "directory" ? "ENOTEMPTY" : "EISDIR", to);
    }
    if (node.kind === "directory" && replaced !== undefined) throw fileError("ENOTDIR", to);
    if (target.startsWith(`${source}/`)) throw fileError("EINVAL", from);
    for (const below of this.#below(source)) {
      const moved = target + below.slice(source.length);
      this.#change({ removed: below, added: moved, node: this.#entries.get(below) });
    }
    this.#change({ removed: source, added: target, node });
  }

  remove(path: string): void {
    this.countCall(path);
    const full = this.#fullPath(path);
    if (this.#need(full, path).kind === "directory") throw fileError("EISDIR", path);
    this.#change({ removed: full, added: undefined, node: undefined });
  }

  makeDirectory(path: string): void {
    this.countCall(path);
    let made = "";
    for (const name of this.#fullPath(path).split("/").slice(1)) {
      if (name === "") continue;
      made += `/${name}`;
      const existing = this.#entries.get(made);
      if (existing === undefined) {
        const node: DirectoryNode = { kind: "directory", modifiedMs: this.#clock.wallMs() };
        this.#change({ removed: undefined, added: made, node });
      } else if (existing.kind === "file") {
        throw fileError(made === this.#fullPath(path) ? "EEXIST" : "ENOTDIR", path);
      }
    }
  }

  list(path: string): string[] {
    this.countCall(path);
    const full = this.#fullPath(path);
    if (this.#need(full, path).kind !== "directory") throw fileError("ENOTDIR", path);
    const names: string[] = [];
    for (const entry of this.#entries.keys()) {
      if (entry !== "/" && parentOf(entry) === full) names.push(nameOf(entry));
    }
    return names;
  }

  stat(path: string): FileStatus | undefined {
    this.countCall(path);
    const node = this.#entries.get(this.#fullPath(path));
    if (node === undefined) return undefined;
    const sizeBytes = node.kind === "file" ? node.lengthBytes : 0;
    return { kind: node.kind, sizeBytes, modifiedMs: node.modifiedMs };
  }

  syncDirectory(path: string): void {
    this.countCall(path);
    const full = this.#fullPath(path);
    if (this.#need(full, path).kind !== "directory") throw fileError("ENOTDIR", path);
    this.#journal = this.#journal.filter((change) => {
      const { added, removed } = change;
      const isHere = (added !== undefined && parentOf(added) === full) ||
        (removed !== undefined && parentOf(removed) === full);
      if (isHere) applyChange(this.#durableEntries, change);
      return !isHere;
    });
  }

  currentDirectory(): string {
    return this.#currentDirectory;
  }

  changeDirectory(path: string): void {
    this.countCall(path);
    const full = this.#fullPath(path);
    if (this.#need(full, path).kind !== "directory") throw fileError("ENOTDIR", path);
    this.#currentDirectory = full;
  }

  /** Counts one call, and throws where it is the one to fail. For this module only. */
  countCall(path: string): void {
    this.#calls++;
    const fails = this.#calls === this.#failingCall ||
      (this.#failsOn && this.#calls > this.#failingCall);
    if (fails) throw fileError(this.#failureCode, path);
  }

  /** Appends what fits and returns how much that was. For this module only. */
  appendTo(node: FileNode, bytes: Uint8Array, path: string): number {
    let room = Math.min(bytes.length, this.appendMaxBytes);
    if (this.capacityBytes !== Infinity) {
      room = Math.min(room, Math.max(0, this.capacityBytes - this.#usedBytes()));
      if (room === 0 && bytes.length > 0) throw fileError("ENOSPC", path);
    }
    node.append(room === bytes.length ? bytes : bytes.subarray(0, room));
    node.modifiedMs = this.#clock.wallMs();
    return room;
  }

  /** Calls back at the end of a turn to come, where the process still lives. For this module only. */
  later(epoch: number, callback: () => void): void {
    this.#clock.schedule(0, () => {
      if (this.isAlive(epoch)) callback();
    });
  }

  /** True until the power loss after which nothing opened before counts. For this module only. */
  isAlive(epoch: number): boolean {
    return epoch === this.#epoch;
  }

  #usedBytes(): number {
    let used = 0;
    for (const node of new Set(this.#entries.values())) {
      if (node.kind === "file") used += node.lengthBytes;
    }
    return used;
  }

  #change(change: TreeChange): void {
    applyChange(this.#entries, change);
    this.#journal.push(change);
  }

  #need(full: string, path: string): Node {
    const node = this.#entries.get(full);
    if (node === undefined) throw fileError(this.#missingCode(full), path);
    return node;
  }

  #needParent(full: string, path: string): void {
    const parent = this.#entries.get(parentOf(full));
    if (parent === undefined) throw fileError(this.#missingCode(parentOf(full)), path);
    if (parent.kind !== "directory") throw fileError("ENOTDIR", path);
  }

  /** ENOTDIR where a file stands in the place of a folder on the way, ENOENT otherwise. */
  #missingCode(full: string): string {
    for (let path = full; path !== "/"; path = parentOf(path)) {
      if (this.#entries.get(path)?.kind === "file") return "ENOTDIR";
    }
    return "ENOENT";
  }

  #below(directory: string): string[] {
    return [...this.#entries.keys()].filter((path) => path.startsWith(`${directory}/`));
  }

  #isReachable(path: string): boolean {
    for (let at = path; at !== "/"; at = parentOf(at)) {
      if (this.#durableEntries.get(parentOf(at))?.kind !== "directory") return false;
    }
    return true;
  }

  #fullPath(path: string): string {
    const parts: string[] = [];
    const absolute = path.startsWith("/") ? path : `${this.#currentDirectory}/${path}`;
    for (const part of absolute.split("/")) {
      if (part === "..") parts.pop();
      else if (part !== "" && part !== ".") parts.push(part);
    }
    return `/${parts.join("/")}`;
  }
}

/** One opening of a file. */
class MemoryFile implements File {
  readonly #files: MemoryFileSystem;
  readonly #path: string;
  readonly #node: Node;
  readonly #isWritable: boolean;
  readonly #epoch: number;
  #isClosed = false;

  constructor(
    files: MemoryFileSystem,
    path: string,
    node: Node,
    isWritable: boolean,
    epoch: number,
  ) {
    this.#files = files;
    this.#path = path;
    this.#node = node;
    this.#isWritable = isWritable;
    this.#epoch = epoch;
  }

  append(bytes: Uint8Array): number {
    return this.#files.appendTo(this.#use("EBADF"), bytes, this.#path);
  }

  readAt(positionBytes: number, into: Uint8Array): number {
    const node = this.#use(undefined);
    const end = Math.min(node.lengthBytes, positionBytes + into.length);
    if (positionBytes >= end) return 0;
    into.set(node.bytes.subarray(positionBytes, end));
    return end - positionBytes;
  }

  truncate(sizeBytes: number): void {
    this.#use("EINVAL").truncate(sizeBytes);
  }

  sizeBytes(): number {
    return this.#use(undefined).lengthBytes;
  }

  sync(): void {
    const node = this.#use(undefined);
    node.sync(node.lengthBytes);
  }

  syncInBackground(done: (error?: FileError) => void): void {
    let failure: FileError | undefined;
    let sizeBytes = 0;
    this.#needOpen();
    try {
      sizeBytes = this.#use(undefined).lengthBytes;
    } catch (thrown) {
      if (!(thrown instanceof FileError)) throw thrown;
      failure = thrown;
    }
    this.#files.later(this.#epoch, () => {
      if (failure === undefined) {
        if (this.#node.kind === "file") this.#node.sync(sizeBytes);
        done();
      } else done(failure);
    });
  }

  close(): void {
    this.#needOpen();
    this.#isClosed = true;
  }

  /** The content, where this file is open; `readOnlyCode` is the error where it must be writable. */
  #use(readOnlyCode: string | undefined): FileNode {
    this.#needOpen();
    this.#files.countCall(this.#path);
    if (readOnlyCode !== undefined && !this.#isWritable) throw fileError(readOnlyCode, this.#path);
    if (this.#node.kind === "directory") throw fileError("EISDIR", this.#path);
    return this.#node;
  }

  #needOpen(): void {
    if (this.#isClosed || !this.#files.isAlive(this.#epoch)) throw fileError("EBADF", this.#path);
  }
}

function applyChange(entries: Map<string, Node>, change: TreeChange): void {
  if (change.removed !== undefined) entries.delete(change.removed);
  if (change.added !== undefined && change.node !== undefined) {
    entries.set(change.added, change.node);
  }
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash <= 0 ? "/" : path.slice(0, slash);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function fileError(code: string, path: string): FileError {
  return new FileError(code, path, errorText(code));
}
