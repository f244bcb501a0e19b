/** What every {@link FileSystem} promises. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { errorText, FileError, type FileSystem } from "../../src/platform/file_system.ts";
import type { Bench, BenchMaker } from "../support/platforms.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytesOf = (content: string): Uint8Array => new TextEncoder().encode(content);

/** Runs the suite on one kind of platform. */
export function fileSystemContract(maker: BenchMaker): void {
  const onBench = (
    name: string,
    body: (files: FileSystem, folder: string, bench: Bench) => Promise<void> | void,
  ): void => {
    test(`files, ${maker.name}: ${name}`, async () => {
      const bench = await maker.make();
      try {
        await body(bench.platform.files, bench.folder, bench);
      } finally {
        bench.close();
      }
    });
  };

  onBench("appended bytes can be read at any position", (files, folder) => {
    const file = files.open(`${folder}/a`, "create");
    appendAll(file, bytesOf("hello "));
    appendAll(file, bytesOf("wörld").subarray(0));
    const outer = bytesOf("xx, and morexx");
    appendAll(file, outer.subarray(2, outer.length - 2));
    assert.equal(file.append(new Uint8Array(0)), 0);
    assert.equal(file.sizeBytes(), 22);
    const into = new Uint8Array(5).fill(46);
    assert.equal(file.readAt(6, into.subarray(1, 4)), 3);
    assert.deepEqual(into, new Uint8Array([46, ...bytesOf("wö"), 46]));
    assert.equal(file.readAt(20, into), 2);
    assert.equal(text(into.subarray(0, 2)), "re");
    assert.equal(file.readAt(22, into), 0);
    assert.equal(file.readAt(1000, into), 0);
    assert.equal(file.readAt(0, new Uint8Array(0)), 0);
    file.close();
    assert.equal(read(files, `${folder}/a`), "hello wörld, and more");
  });

  onBench("large appends arrive whole", (files, folder) => {
    const content = new Uint8Array(3 * 1024 * 1024 + 17);
    for (let index = 0; index < content.length; index++) content[index] = index * 31 + (index >> 9);
    const file = files.open(`${folder}/large`, "create");
    appendAll(file, content);
    const back = new Uint8Array(content.length + 10);
    let length = 0;
    for (let part = 1; part > 0; length += part) part = file.readAt(length, back.subarray(length));
    assert.equal(length, content.length);
    assert.deepEqual(back.subarray(0, length), content);
    file.close();
  });

  onBench("create empties a file, append keeps it", (files, folder) => {
    const path = `${folder}/b`;
    for (
      const [mode, expected] of [["append", "one"], ["append", "onetwo"], [
        "create",
        "three",
      ]] as const
    ) {
      const file = files.open(path, mode);
      appendAll(file, bytesOf({ one: "one", onetwo: "two", three: "three" }[expected]));
      file.close();
      assert.equal(read(files, path), expected);
    }
  });

  onBench("truncate cuts or fills with zeros, and appending goes on there", (files, folder) => {
    const file = files.open(`${folder}/c`, "create");
    appendAll(file, bytesOf("0123456789"));
    file.truncate(4);
    assert.equal(file.sizeBytes(), 4);
    appendAll(file, bytesOf("ab"));
    file.truncate(8);
    appendAll(file, bytesOf("z"));
    file.truncate(9);
    file.close();
    assert.equal(read(files, `${folder}/c`), "0123ab\0\0z");
  });

  onBench("a file may be read while another opening appends", (files, folder) => {
    const writer = files.open(`${folder}/d`, "append");
    const reader = files.open(`${folder}/d`, "read");
    const into = new Uint8Array(10);
    assert.equal(reader.readAt(0, into), 0);
    appendAll(writer, bytesOf("x"));
    const other = files.open(`${folder}/d`, "append");
    appendAll(other, bytesOf("y"));
    appendAll(writer, bytesOf("z"));
    assert.equal(reader.readAt(0, into), 3);
    assert.equal(text(into.subarray(0, 3)), "xyz");
    files.remove(`${folder}/d`);
    assert.equal(reader.readAt(1, into), 2, "a removed file lives on while it is open");
    assert.equal(files.stat(`${folder}/d`), undefined);
    for (const file of [writer, reader, other]) file.close();
  });

  onBench("rename replaces in one step, and folders can be listed", (files, folder) => {
    put(files, `${folder}/old`, "old");
    put(files, `${folder}/new`, "new");
    const open = files.open(`${folder}/new`, "read");
    files.rename(`${folder}/new`, `${folder}/old`);
    assert.equal(read(files, `${folder}/old`), "new");
    assert.equal(open.sizeBytes(), 3);
    open.close();
    files.makeDirectory(`${folder}/x/y`);
    files.makeDirectory(`${folder}/x/y`);
    files.rename(`${folder}/old`, `${folder}/x/moved`);
    assert.deepEqual(files.list(folder), ["x"]);
    assert.deepEqual(files.list(`${folder}/x`).sort(), ["moved", "y"]);
    assert.deepEqual(files.list(`${folder}/x/y`), []);
    files.rename(`${folder}/x`, `${folder}/z`);
    assert.equal(read(files, `${folder}/z/moved`), "new");
  });

  onBench("stat tells kind, size and time", (files, folder, { platform: { clock } }) => {
    put(files, `${folder}/e`, "12345");
    const status = files.stat(`${folder}/e`);
    assert.equal(status?.kind, "file");
    assert.equal(status.sizeBytes, 5);
    assert.ok(Math.abs(status.modifiedMs - clock.wallMs()) < 3_600_000);
    assert.equal(files.stat(folder)?.kind, "directory");
    assert.equal(files.stat(`${folder}/none`), undefined);
    assert.equal(files.stat(`${folder}/e/below a file`), undefined);
  });

  onBench("syncs succeed, in the background too", async (files, folder, bench) => {
    const file = files.open(`${folder}/f`, "create");
    appendAll(file, bytesOf("synced"));
    file.sync();
    files.syncDirectory(folder);
    let outcomes: (FileError | undefined)[] = [];
    file.syncInBackground((error) => outcomes.push(error));
    appendAll(file, bytesOf(" more"));
    file.syncInBackground((error) => outcomes.push(error));
    assert.deepEqual(outcomes, [], "not from within the call");
    file.close();
    await bench.until("both syncs", () => outcomes.length === 2);
    assert.deepEqual(outcomes, [undefined, undefined]);
    outcomes = [];
    assert.equal(read(files, `${folder}/f`), "synced more");
  });

  onBench("relative paths start from the current folder", (files, folder) => {
    const before = files.currentDirectory();
    assert.ok(before.startsWith("/"));
    try {
      files.makeDirectory(`${folder}/here`);
      files.changeDirectory(folder);
      files.changeDirectory("here");
      assert.ok(files.currentDirectory().endsWith("/here"));
      put(files, "relative", "r");
      assert.equal(read(files, `${folder}/here/relative`), "r");
      assert.deepEqual(files.list("."), ["relative"]);
      files.rename("./relative", "../up");
      assert.equal(read(files, `${folder}/up`), "r");
    } finally {
      files.changeDirectory(before);
    }
  });

  onBench("errors carry the system's code, the path and the C library's text", (files, folder) => {
    put(files, `${folder}/file`, "");
    files.makeDirectory(`${folder}/dir/sub`);
    const none = `${folder}/none`;
    const below = `${folder}/file/below`;
    fails("ENOENT", none, () => files.open(none, "read"));
    fails("ENOENT", `${none}/x`, () => files.open(`${none}/x`, "create"));
    fails("ENOENT", `${none}/x`, () => files.open(`${none}/x`, "append"));
    fails("ENOTDIR", below, () => files.open(below, "append"));
    fails("EISDIR", `${folder}/dir`, () => files.open(`${folder}/dir`, "create"));
    fails("EISDIR", `${folder}/dir`, () => files.open(`${folder}/dir`, "append"));
    fails("ENOENT", none, () => files.rename(none, `${folder}/x`));
    fails("EISDIR", undefined, () => files.rename(`${folder}/file`, `${folder}/dir`));
    fails("ENOTEMPTY", undefined, () => {
      files.makeDirectory(`${folder}/other`);
      files.rename(`${folder}/other`, `${folder}/dir`);
    });
    fails("ENOENT", none, () => files.remove(none));
    fails("EISDIR", `${folder}/dir`, () => files.remove(`${folder}/dir`));
    fails("EISDIR", `${folder}/dir/sub`, () => files.remove(`${folder}/dir/sub`));
    fails("EEXIST", `${folder}/file`, () => files.makeDirectory(`${folder}/file`));
    fails("ENOTDIR", below, () => files.makeDirectory(below));
    fails("ENOENT", none, () => files.list(none));
    fails("ENOTDIR", `${folder}/file`, () => files.list(`${folder}/file`));
    fails("ENOENT", none, () => files.syncDirectory(none));
    fails("ENOENT", none, () => files.changeDirectory(none));
    fails("ENOTDIR", `${folder}/file`, () => files.changeDirectory(`${folder}/file`));
  });

  onBench("a file does only what it was opened for", (files, folder) => {
    const path = `${folder}/g`;
    put(files, path, "content");
    const reader = files.open(path, "read");
    fails("EBADF", path, () => reader.append(bytesOf("x")));
    fails("EINVAL", path, () => reader.truncate(1));
    reader.close();
    const file = files.open(path, "append");
    file.close();
    fails("EBADF", path, () => file.append(bytesOf("x")));
    fails("EBADF", path, () => file.readAt(0, new Uint8Array(1)));
    fails("EBADF", path, () => file.truncate(0));
    fails("EBADF", path, () => file.sizeBytes());
    fails("EBADF", path, () => file.sync());
    fails("EBADF", path, () => file.syncInBackground(() => {}));
    fails("EBADF", path, () => file.close());
    assert.equal(read(files, path), "content");
  });
}

function appendAll(file: { append(bytes: Uint8Array): number }, bytes: Uint8Array): void {
  for (let position = 0; position < bytes.length;) {
    const written = file.append(bytes.subarray(position));
    assert.ok(written > 0);
    position += written;
  }
}

function put(files: FileSystem, path: string, content: string): void {
  const file = files.open(path, "create");
  appendAll(file, bytesOf(content));
  file.close();
}

function read(files: FileSystem, path: string): string {
  const file = files.open(path, "read");
  const into = new Uint8Array(file.sizeBytes());
  assert.equal(file.readAt(0, into), into.length);
  file.close();
  return text(into);
}

function fails(code: string, path: string | undefined, operation: () => unknown): void {
  assert.throws(operation, (error) => {
    assert.ok(error instanceof FileError, String(error));
    assert.equal(error.code, code);
    assert.equal(error.message, errorText(code));
    if (path !== undefined) assert.equal(error.path, path);
    return true;
  });
}
