import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryClock } from "../../../../adapters/memory/clock.ts";
import { MemoryFileSystem } from "../../../../adapters/memory/file_system.ts";
import { MemoryRandom } from "../../../../adapters/memory/random.ts";
import { latin1, latin1Bytes } from "../../../../src/base/ascii.ts";
import { AofDirectory } from "../../../../src/persistence/aof/aof_directory.ts";
import {
  AofManifestError,
  EMPTY_MANIFEST,
  formatManifest,
  withNewBase,
  withNewIncremental,
} from "../../../../src/persistence/aof/aof_manifest.ts";

const FILE = "appendonly.aof";
const OLD = withNewBase(EMPTY_MANIFEST, FILE, true);
const NEW = withNewIncremental(OLD, FILE);

function newFiles(seed = 1): MemoryFileSystem {
  return new MemoryFileSystem(new MemoryClock(), new MemoryRandom(seed));
}

/** A folder with the old manifest in it. */
function newDirectory(files: MemoryFileSystem): AofDirectory {
  const directory = new AofDirectory(files, "/data/aof", FILE);
  files.makeDirectory("/data");
  files.syncDirectory("/");
  directory.make();
  directory.persist(OLD);
  return directory;
}

test("paths", () => {
  const directory = new AofDirectory(newFiles(), "data/aof", "a.aof");
  assert.equal(directory.path, "data/aof");
  assert.equal(directory.appendFileName, "a.aof");
  assert.equal(directory.manifestPath, "data/aof/a.aof.manifest");
  assert.equal(directory.filePath("a.aof.1.incr.aof"), "data/aof/a.aof.1.incr.aof");
});

test("a manifest is persisted and loaded", () => {
  const files = newFiles();
  const directory = new AofDirectory(files, "appendonlydir", FILE);
  assert.equal(directory.load(), undefined);
  directory.make();
  directory.make();
  assert.equal(directory.load(), undefined);
  files.appendMaxBytes = 7;
  directory.persist(NEW);
  assert.deepEqual(directory.load(), NEW);
  assert.deepEqual(files.readFile("/appendonlydir/appendonly.aof.manifest"), formatManifest(NEW));
  directory.persist(OLD);
  assert.deepEqual(directory.load(), OLD);
  assert.deepEqual(files.list("/appendonlydir"), ["appendonly.aof.manifest"]);
});

test("a manifest that is wrong, and one that cannot be read", () => {
  const files = newFiles();
  const directory = newDirectory(files);
  files.writeFile(directory.manifestPath, latin1Bytes("file a seq 1 type x\n"));
  assert.throws(() => directory.load(), AofManifestError);
  files.failCall(2, "EACCES");
  assert.throws(() => directory.load(), { name: "FileError", code: "EACCES" });
});

test("whatever fails, a manifest is whole and nothing else is left", () => {
  const count = (() => {
    const files = newFiles();
    const directory = newDirectory(files);
    const before = files.calls;
    directory.persist(NEW);
    return files.calls - before;
  })();
  const name = "temp-appendonly.aof.manifest";
  const texts = [
    `Can't open the AOF manifest file ${name}`,
    `Error trying to write the temporary AOF manifest file ${name}`,
    `Fail to fsync the temp AOF file ${name}`,
    `Error trying to rename the temporary AOF manifest file ${name} into appendonly.aof.manifest`,
    "Fail to fsync AOF directory /data/aof/appendonly.aof.manifest",
  ];
  assert.equal(count, texts.length);
  for (const [index, text] of texts.entries()) {
    const files = newFiles();
    const directory = newDirectory(files);
    files.failCall(index + 1, "ENOSPC");
    assert.throws(() => directory.persist(NEW), {
      name: "AofWriteError",
      message: `${text}: No space left on device`,
    });
    assert.deepEqual(files.list("/data/aof"), ["appendonly.aof.manifest"], text);
    const expected = index === texts.length - 1 ? NEW : OLD;
    assert.deepEqual(directory.load(), expected, text);
  }
});

test("a file that can neither be written nor removed does not harm the manifest", () => {
  const files = newFiles();
  const directory = newDirectory(files);
  files.failCall(2, "EIO", true);
  assert.throws(() => directory.persist(NEW), { name: "AofWriteError" });
  files.failCall(0);
  assert.deepEqual(directory.load(), OLD);
  directory.persist(NEW);
  assert.deepEqual(directory.load(), NEW);
});

test("a power loss at any moment leaves the old manifest or the new one", () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 60; seed++) {
    for (let failAt = 1; failAt <= 6; failAt++) {
      const files = newFiles(seed);
      const directory = newDirectory(files);
      files.failCall(failAt, "EIO", true);
      const isDone = failAt > 5;
      if (isDone) directory.persist(NEW);
      else assert.throws(() => directory.persist(NEW), { name: "AofWriteError" });
      files.failCall(0);
      files.losePower();
      const manifest = files.readFile(directory.manifestPath);
      assert.ok(manifest !== undefined, "there is always one");
      assert.deepEqual(
        directory.load(),
        isDone ? NEW : latin1(manifest).includes("incr") ? NEW : OLD,
      );
      seen.add(`${failAt} ${latin1(manifest).includes("incr")}`);
    }
  }
  // Where the folder could not be synced both were found.
  assert.deepEqual(
    [...seen].sort(),
    ["1 false", "2 false", "3 false", "4 false", "5 false", "5 true", "6 true"],
  );
});

test("the folder itself survives a power loss", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const files = newFiles(seed);
    newDirectory(files);
    files.losePower();
    assert.equal(files.stat("/data/aof")?.kind, "directory");
  }
});
