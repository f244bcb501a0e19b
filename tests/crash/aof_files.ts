/**
 * What must be so of the files that a server with an append-only file keeps in its folder, whatever
 * has happened to it. Reads the manifest by itself, so as not to share a mistake with the server.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sleep } from "../support/servers.ts";

/** A row of the manifest. */
export interface ManifestRow {
  readonly name: string;
  readonly sequence: number;
  readonly type: string;
}

/** What a folder holds. */
export interface FolderFiles {
  readonly manifest: readonly ManifestRow[];
  /** In the append-only file's folder but in no row of its manifest. */
  readonly strangers: readonly string[];
  /** Of a save or a rewrite that has not ended. */
  readonly temporary: readonly string[];
}

/** Where a server keeps its append-only file, by default. */
export const AOF_FOLDER = "appendonlydir";
export const MANIFEST = "appendonly.aof.manifest";

/** How long a server may take to remove what a rewrite has left behind. */
const HISTORY_MS_MAX = 10_000;

/** Waits until a server has removed all history, and says so in its manifest. */
export async function historyRemoved(directory: string): Promise<void> {
  const deadline = performance.now() + HISTORY_MS_MAX;
  const history = () => readManifest(directory).filter(({ type }) => type === "h");
  while (history().length > 0) {
    if (performance.now() > deadline) throw new Error(`${history()[0].name} is still history`);
    await sleep(5);
  }
}

/** Reads a folder; throws where the manifest is broken or names a file that is not there. */
export function readFolder(directory: string): FolderFiles {
  const folder = join(directory, AOF_FOLDER);
  const manifest = readManifest(directory);
  for (const { name, type } of manifest) {
    // History may be gone: its rows go after its files.
    if (type === "h" || existsSync(join(folder, name))) continue;
    throw new Error(`${name} of the manifest is missing`);
  }
  const count = (type: string) => manifest.filter((row) => row.type === type).length;
  if (count("b") > 1) throw new Error("the manifest has more than one base");
  if (count("i") === 0) throw new Error("the manifest has no file to append to");
  const known = new Set([MANIFEST, ...manifest.map(({ name }) => name)]);
  const names = readdirSync(folder);
  const isTemporary = (name: string) => name.startsWith("temp-");
  return {
    manifest,
    strangers: names.filter((name) => !known.has(name) && !isTemporary(name)),
    temporary: [...names, ...readdirSync(directory)].filter(isTemporary),
  };
}

/** The rows of a folder's manifest. */
export function readManifest(directory: string): ManifestRow[] {
  const text = readFileSync(join(directory, AOF_FOLDER, MANIFEST), "latin1");
  return text.trimEnd().split("\n").map((line) => {
    const match = /^file (\S+) seq (\d+) type ([bhi])( startoffset \d+)?( endoffset \d+)?$/.exec(
      line,
    );
    if (!match) throw new Error(`a strange line in the manifest: ${JSON.stringify(line)}`);
    return { name: match[1], sequence: Number(match[2]), type: match[3] };
  });
}
