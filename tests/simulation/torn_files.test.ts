/**
 * Writes that the system takes only in part, and files that end anywhere: what a server writes is
 * the same however little it gets rid of at a time, and of a file that was cut it loads what is
 * whole, or refuses it and leaves it alone.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Machine, STRIDE } from "./machine.ts";
import { textOf } from "./history.ts";
import { assertIsPrefix, optionsOf, POLICIES, Run, stateOf, WORKLOAD } from "./workload.ts";
import type { Step } from "./workload.ts";

const FOLDER = "/appendonlydir";
const INCREMENT = `${FOLDER}/appendonly.aof.1.incr.aof`;
/** The bytes of an increment are many by now: a part of them, and all around its ends, will do. */
const CUT_STRIDE = 5 * STRIDE;
/** No rewrite, so that one increment holds it all; pipelines and an expired key among it. */
const WRITES: readonly Step[] = WORKLOAD.filter((step) => !("order" in step));

/** Everything on the disk after a workload and an end in order. */
async function filesAfter(appendMaxBytes: number, policy: (typeof POLICIES)[number]) {
  const machine = new Machine(1);
  machine.disk.appendMaxBytes = appendMaxBytes;
  const life = await machine.bootUp(optionsOf(policy));
  const run = new Run(machine, life, policy);
  run.run(WORKLOAD);
  if (policy === "rdb") assert.equal(run.order("SAVE"), "+OK\r\n");
  await life.close();
  return { machine, run, files: machine.allFiles() };
}

/** Not deepEqual, which takes its time to show how long texts differ. */
function assertSameFiles(
  found: ReadonlyMap<string, string>,
  expected: ReadonlyMap<string, string>,
  what: string,
): void {
  assert.deepEqual([...found.keys()], [...expected.keys()], what);
  for (const [path, text] of expected) assert.ok(found.get(path) === text, `${what}: ${path}`);
}

for (const policy of POLICIES) {
  test(`${policy}: short writes of any length give the same files`, async () => {
    const whole = await filesAfter(Infinity, policy);
    assert.ok([...whole.files.values()].some((text) => text.length > 50));
    for (const appendMaxBytes of [1, 2, 3, 7, 16, 63, 1000, 4096]) {
      const { machine, run, files } = await filesAfter(appendMaxBytes, policy);
      assertSameFiles(files, whole.files, `${appendMaxBytes} bytes at most`);
      const next = await machine.bootUp(optionsOf(policy));
      assertIsPrefix(run, next, run.history.count, `${appendMaxBytes} bytes at most`);
    }
  });
}

/** One increment with the writes: where each of them ends, and how many commands there were then. */
async function written(): Promise<
  { machine: Machine; run: Run; bytes: Uint8Array; ends: Map<number, number> }
> {
  const machine = new Machine(1);
  const life = await machine.bootUp(optionsOf("always"));
  const run = new Run(machine, life, "always");
  const ends = new Map<number, number>();
  for (const step of WRITES) {
    run.step(step);
    ends.set(machine.disk.readFile(INCREMENT)!.length, run.history.count);
  }
  await life.close();
  return { machine, run, bytes: machine.disk.readFile(INCREMENT)!, ends };
}

test("an increment cut anywhere: what is whole is loaded, the rest is cut off", async () => {
  const { machine, run, bytes, ends } = await written();
  let wholeCount = 0;
  let cutCount = 0;
  // Inside the long value one place is as good as another.
  const long = Buffer.from(bytes).indexOf("$5000\r\n") + 20;
  const places = Array.from({ length: bytes.length }, (_, at) => at)
    .filter((at) => at < long || at > long + 4960 ? at % CUT_STRIDE === 0 : at % 311 === 0);
  const atEnds = [...ends.keys()].flatMap((end) => [end - 1, end, end + 1])
    .filter((at) => at >= 0 && at <= bytes.length);
  for (const cut of [...new Set([...places, ...atEnds])].toSorted((a, b) => a - b)) {
    machine.disk.writeFile(INCREMENT, bytes.subarray(0, cut));
    const life = await machine.bootUp(optionsOf("always"));
    const state = textOf(stateOf(life.engine), run.nowMs);
    const counts = [...ends].filter(([end]) => end <= cut).map(([, count]) => count);
    const next = [...ends].find(([end]) => end >= cut)![1];
    const possible = run.history.states.slice(counts.at(-1) ?? 0, next + 1);
    assert.ok(possible.some((each) => textOf(each, run.nowMs) === state), `cut at ${cut}`);
    const kept = machine.disk.readFile(INCREMENT)!.length;
    const isCut = kept < cut;
    if (isCut) cutCount++;
    else wholeCount++;
    const told = life.logged("Truncating the AOF");
    assert.equal(told.length, isCut ? 1 : 0, `cut at ${cut}`);
    if (isCut) assert.ok(told[0].includes(` at offset ${kept} !!!`), told[0]);
    if (ends.has(cut)) assert.equal(isCut, false);
    life.die();
    // Nothing is to be cut off the next time.
    const again = await machine.bootUp(optionsOf("always"));
    assert.equal(textOf(stateOf(again.engine), run.nowMs), state);
    assert.deepEqual(again.logged("Truncating"), []);
    again.die();
  }
  assert.ok(wholeCount >= 10 && cutCount > 100 / STRIDE, `${wholeCount}, ${cutCount}`);
});

test("aof-load-truncated no: a cut increment ends the start and stays as it is", async () => {
  const { machine, bytes, ends } = await written();
  for (let cut = 0; cut <= bytes.length; cut += 13) {
    machine.disk.writeFile(INCREMENT, bytes.subarray(0, cut));
    const life = await machine.boot({ ...optionsOf("always"), "aof-load-truncated": "no" });
    if (life.startFailure === undefined) {
      life.die();
      continue;
    }
    assert.match(
      life.log.join(""),
      /Unexpected end of file reading the append only file appendonly/,
    );
    assert.equal(machine.disk.readFile(INCREMENT)!.length, cut);
    assert.ok(!ends.has(cut));
  }
});

test("a cut in any file but the last is an error, and no file is touched", async () => {
  const { machine, bytes } = await written();
  const manifest = `${FOLDER}/appendonly.aof.manifest`;
  const next = `${FOLDER}/appendonly.aof.2.incr.aof`;
  machine.disk.writeFile(
    manifest,
    Buffer.from(
      machine.text(manifest) + "file appendonly.aof.2.incr.aof seq 2 type i\n",
    ),
  );
  const more = Buffer.from("*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*2\r\n$4\r\nINCR\r\n$4\r\nmore\r\n");
  for (const cut of [1, 10, bytes.length - 1]) {
    machine.disk.writeFile(INCREMENT, bytes.subarray(0, cut));
    machine.disk.writeFile(next, more);
    const before = machine.allFiles();
    const life = await machine.boot(optionsOf("always"));
    assert.notEqual(life.startFailure, undefined);
    assert.match(
      life.log.join(""),
      /appendonly\.aof\.1\.incr\.aof ends unexpectedly at offset \d+/,
    );
    assert.match(life.log.join(""), /Fatal error: the truncated file is not the last file/);
    assertSameFiles(machine.allFiles(), before, `cut at ${cut}`);
    // With nothing behind it, it is the last one that holds anything: a crash leaves that.
    machine.disk.writeFile(next, new Uint8Array(0));
    const good = await machine.bootUp(optionsOf("always"));
    assert.equal(good.logged("Truncating the AOF").length, 1);
    good.die();
  }
});

test("a base or an RDB file cut at every byte is refused and stays as it is", async () => {
  const { machine } = await filesAfter(Infinity, "rdb");
  const dump = machine.disk.readFile("/dump.rdb")!;
  const logged = (await filesAfter(Infinity, "always")).machine;
  const manifest = logged.text(`${FOLDER}/appendonly.aof.manifest`)!;
  const base = `${FOLDER}/${/file (\S+) seq \d+ type b/.exec(manifest)![1]}`;
  const whole = logged.disk.readFile(base)!;
  for (
    const [which, path, bytes, policy] of [
      [machine, "/dump.rdb", dump, "rdb"],
      [logged, base, whole, "always"],
    ] as const
  ) {
    for (let cut = 1; cut < bytes.length; cut += STRIDE) {
      which.disk.writeFile(path, bytes.subarray(0, cut));
      const before = which.allFiles();
      const life = await which.boot(optionsOf(policy));
      assert.notEqual(life.startFailure, undefined, `${path} cut at ${cut}`);
      assertSameFiles(which.allFiles(), before, `${path} cut at ${cut}`);
    }
    which.disk.writeFile(path, bytes);
    await which.bootUp(optionsOf(policy));
  }
});
