import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MemoryClock, MemoryFileSystem, MemoryRandom } from "../../../adapters/memory/mod.ts";
import { FileError } from "../../../src/platform/file_system.ts";

const bytesOf = (content: string): Uint8Array => new TextEncoder().encode(content);
const make = (seed: number): MemoryFileSystem =>
  new MemoryFileSystem(new MemoryClock(), new MemoryRandom(seed));
const textAt = (files: MemoryFileSystem, path: string): string | undefined => {
  const bytes = files.readFile(path);
  return bytes && new TextDecoder().decode(bytes);
};
const seeds = fc.integer({ min: 0, max: 2 ** 32 });

/** What `see` tells of a disk after a power loss, over many seeds. */
function outcomes(prepare: (files: MemoryFileSystem) => unknown, path: string): Set<string> {
  const seen = new Set<string>();
  for (let seed = 0; seed < 300; seed++) {
    const files = make(seed);
    prepare(files);
    files.losePower();
    seen.add(textAt(files, path) ?? "(none)");
  }
  return seen;
}

test("what was synced survives a power loss, what was not is a torn tail", () => {
  const seen = outcomes((files) => {
    const file = files.open("/a", "create");
    files.syncDirectory("/");
    file.append(bytesOf("kept"));
    file.sync();
    file.append(bytesOf("xyz"));
  }, "/a");
  const expected = ["kept", "keptx", "keptxy", "keptxyz"];
  const zeroed = ["kept\0\0\0", "keptx\0\0", "keptxy\0"];
  assert.deepEqual([...seen].sort(), [...expected, ...zeroed].sort());
});

test("a file whose folder was not synced may be missing", () => {
  const seen = outcomes((files) => {
    const file = files.open("/a", "create");
    file.append(bytesOf("content"));
    file.sync();
  }, "/a");
  assert.deepEqual([...seen].sort(), ["(none)", "content"]);
});

test("a rename is old or new, and new for sure when its folder was synced", () => {
  const rename = (files: MemoryFileSystem): void => {
    files.writeFile("/dump.rdb", bytesOf("old"));
    const file = files.open("/temp.rdb", "create");
    file.append(bytesOf("new"));
    file.sync();
    files.rename("/temp.rdb", "/dump.rdb");
  };
  assert.deepEqual([...outcomes(rename, "/dump.rdb")].sort(), ["new", "old"]);
  const synced = (files: MemoryFileSystem): void => {
    rename(files);
    files.syncDirectory("/");
  };
  assert.deepEqual([...outcomes(synced, "/dump.rdb")], ["new"]);
  assert.deepEqual([...outcomes(synced, "/temp.rdb")], ["(none)"]);
});

test("a rename without a sync of the file may lose its content", () => {
  const seen = outcomes((files) => {
    files.open("/t", "create").append(bytesOf("ab"));
    files.rename("/t", "/f");
    files.syncDirectory("/");
  }, "/f");
  for (const outcome of ["", "a", "ab", "\0\0"]) assert.ok(seen.has(outcome), outcome);
});

test("a removal and a truncate may not have happened", () => {
  const removed = outcomes((files) => {
    files.writeFile("/a", bytesOf("here"));
    files.remove("/a");
  }, "/a");
  assert.deepEqual([...removed].sort(), ["(none)", "here"]);
  const cut = outcomes((files) => {
    files.writeFile("/a", bytesOf("abcdef"));
    files.open("/a", "append").truncate(2);
  }, "/a");
  assert.deepEqual([...cut].sort(), ["ab", "abcdef"]);
  const cutAndSynced = outcomes((files) => {
    files.writeFile("/a", bytesOf("abcdef"));
    const file = files.open("/a", "append");
    file.truncate(2);
    file.append(bytesOf("X"));
    file.sync();
  }, "/a");
  assert.deepEqual([...cutAndSynced], ["abX"]);
});

test("files below a folder that was not synced are gone with it", () => {
  const seen = outcomes((files) => {
    files.makeDirectory("/dir");
    const file = files.open("/dir/a", "create");
    file.append(bytesOf("x"));
    file.sync();
    files.syncDirectory("/dir");
  }, "/dir/a");
  assert.deepEqual([...seen].sort(), ["(none)", "x"]);
});

test("files opened before a power loss are closed by it", () => {
  const files = make(1);
  const file = files.open("/a", "create");
  files.losePower();
  assert.throws(() => file.append(bytesOf("x")), { code: "EBADF" });
});

test("any synced prefix survives any sequence of appends and syncs", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("append"), length: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ kind: fc.constant("sync"), length: fc.constant(0) }),
  );
  fc.assert(fc.property(seeds, fc.array(step, { maxLength: 30 }), (seed, steps) => {
    const files = make(seed);
    const file = files.open("/a", "create");
    files.syncDirectory("/");
    let written = "";
    let synced = "";
    for (const { kind, length } of steps) {
      if (kind === "sync") {
        file.sync();
        synced = written;
      } else {
        const more = String.fromCharCode(97 + written.length % 26).repeat(length);
        file.append(bytesOf(more));
        written += more;
      }
    }
    files.losePower();
    const left = textAt(files, "/a") ?? assert.fail("the file is gone");
    assert.ok(left.startsWith(synced));
    const tail = left.replace(/\0+$/, "");
    assert.ok(written.startsWith(tail));
    assert.ok(left.length <= written.length);
  }));
});

test("the n-th call fails, for every n, once or for good", () => {
  const work = (files: MemoryFileSystem): void => {
    files.makeDirectory("/d");
    const file = files.open("/d/a", "create");
    file.append(bytesOf("x"));
    file.sync();
    file.sizeBytes();
    file.readAt(0, new Uint8Array(1));
    file.truncate(0);
    file.close();
    files.rename("/d/a", "/d/b");
    files.syncDirectory("/d");
    files.stat("/d/b");
    files.list("/d");
    files.remove("/d/b");
  };
  const whole = make(1);
  work(whole);
  assert.equal(whole.calls, 12);
  for (let number = 1; number <= whole.calls; number++) {
    for (const andLater of [false, true]) {
      const files = make(1);
      files.failCall(number, "ENOSPC", andLater);
      assert.throws(
        () => work(files),
        (error) => error instanceof FileError && error.code === "ENOSPC",
      );
      assert.equal(files.calls, number);
      if (andLater) assert.throws(() => files.stat("/"), { code: "ENOSPC" });
      else assert.equal(files.stat("/")?.kind, "directory");
      files.failCall(0);
      assert.equal(files.stat("/")?.kind, "directory");
    }
  }
});

test("a failing background sync tells so, and leaves nothing synced", () => {
  const clock = new MemoryClock();
  const files = new MemoryFileSystem(clock, new MemoryRandom(1));
  const file = files.open("/a", "create");
  files.failCall(1, "EIO");
  const outcomes: unknown[] = [];
  file.syncInBackground((error) => outcomes.push(error?.code));
  assert.deepEqual(outcomes, []);
  clock.advance(0);
  assert.deepEqual(outcomes, ["EIO"]);
});

test("short writes and a full disk", () => {
  const files = make(1);
  files.appendMaxBytes = 3;
  const file = files.open("/a", "create");
  assert.equal(file.append(bytesOf("abcdef")), 3);
  files.appendMaxBytes = Infinity;
  files.capacityBytes = 5;
  assert.equal(file.append(bytesOf("defgh")), 2);
  assert.throws(() => file.append(bytesOf("f")), { code: "ENOSPC" });
  assert.equal(file.append(new Uint8Array(0)), 0);
  assert.equal(textAt(files, "/a"), "abcde");
  file.truncate(1);
  assert.equal(file.append(bytesOf("XYZ!!")), 4);
});

test("the same seed loses the same", () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const run = (): string | undefined => {
        const files = make(seed);
        files.writeFile("/a", bytesOf("0123"));
        files.open("/a", "append").append(bytesOf("456789"));
        files.losePower();
        return textAt(files, "/a");
      };
      assert.equal(run(), run());
    }),
    { numRuns: 30 },
  );
});
