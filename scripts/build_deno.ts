/**
 * `dist/pagurus-deno`, by `deno compile`. It puts the program into a base binary (denort) that Deno
 * downloads once for each of its versions, so the first time needs the network.
 */
import { type Artefact, NotBuiltHere, type Sources } from "./build_artefact.ts";
import { run } from "./processes.ts";

/** What the program asks of Deno. Which folder it may use is only known where it runs. */
export const PERMISSIONS: readonly string[] = [
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-sys=osRelease,systemMemoryInfo,setPriority",
];

/** The arguments of `deno` that build the executable at `path`. */
export function compileArguments(path: string, sources: Sources): string[] {
  return [
    ...["compile", "--no-check", ...PERMISSIONS],
    ...["--include", sources.worker, "--output", path, sources.entry],
  ];
}

export const denoExecutable: Artefact = {
  name: "pagurus-deno",

  async build(path: string, sources: Sources): Promise<void> {
    const args = compileArguments(path, sources);
    const { code, output } = await run("deno", args, { timeoutMs: 120_000 });
    if (code === 0) return;
    if (output.includes("Setting up base binary")) {
      const reason = /^\s*1: (.*)$/m.exec(output)?.[1] ?? output.trim();
      throw new NotBuiltHere(
        `Deno has to download its base binary and cannot: ${reason}`,
        `deno ${args.join(" ")}`,
      );
    }
    throw new Error(`deno ${args.join(" ")}\n${output.trimEnd()}`);
  },
};
