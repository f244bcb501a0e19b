/**
 * `dist/pagurus-node`: a single executable application of Node. Server and worker are bundled, each
 * into one CommonJS file (an application of Node's cannot be anything else), the worker as an asset.
 * With V8's code cache for the server, which is only good for the very Node that made it: so it is
 * made by the Node that goes into the executable.
 */
import { chmodSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type Artefact, NotBuiltHere, runTool, type Sources } from "./build_artefact.ts";
import { isElf64, withNote } from "./build_elf.ts";

const NOTE_NAME = "NODE_SEA_BLOB";
/** Node looks for its application only where the last character of this is 1. */
const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:";

export const nodeExecutable: Artefact = {
  name: "pagurus-node",

  async build(path: string, sources: Sources): Promise<void> {
    const program = readFileSync(realpathSync(process.execPath));
    if (!isElf64(program)) {
      throw new NotBuiltHere(
        `putting an application into Node is done here for Linux only, not for ${process.platform}`,
        "npx postject, as https://nodejs.org/api/single-executable-applications.html says",
      );
    }
    const scratch = mkdtempSync(join(tmpdir(), "pagurus-build-"));
    try {
      await bundle(sources.entry, join(scratch, "main.cjs"));
      await bundle(sources.worker, join(scratch, "worker.cjs"));
      const blob = await prepareBlob(scratch);
      lightFuse(program);
      writeFileSync(path, withNote(program, NOTE_NAME, blob));
      chmodSync(path, 0o755);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  },
};

function bundle(entry: string, outfile: string): Promise<void> {
  return runTool("bun", [
    ...["build", "--target=node", "--format=cjs", `--outfile=${outfile}`],
    // Bun would write down where the source lies on this machine.
    ...["--define", 'import.meta.url="file:///pagurus/mod.js"', entry],
  ]);
}

async function prepareBlob(scratch: string): Promise<Uint8Array> {
  const configuration = join(scratch, "sea.json");
  const output = join(scratch, "application.blob");
  writeFileSync(
    configuration,
    JSON.stringify({
      main: join(scratch, "main.cjs"),
      output,
      assets: { "worker.js": join(scratch, "worker.cjs") },
      disableExperimentalSEAWarning: true,
      useCodeCache: true,
    }),
  );
  await runTool(process.execPath, ["--experimental-sea-config", configuration]);
  return readFileSync(output);
}

function lightFuse(program: Uint8Array): void {
  const buffer = Buffer.from(program.buffer, program.byteOffset, program.byteLength);
  const at = buffer.indexOf(`${FUSE}0`);
  if (at < 0 || buffer.indexOf(`${FUSE}0`, at + 1) >= 0) {
    throw new Error("this Node's fuse is not where it should be: exactly once in the program");
  }
  buffer[at + FUSE.length] = 0x31;
}
