/**
 * `dist/pagurus-bun`: Bun and the program in one file, by `bun build --compile`. The worker is a
 * second entrypoint of it; with the names flattened it lies beside the first, where it is looked for.
 */
import type { Artefact, Sources } from "./build_artefact.ts";
import { runTool } from "./build_artefact.ts";

export const bunExecutable: Artefact = {
  name: "pagurus-bun",

  build(path: string, sources: Sources): Promise<void> {
    return runTool("bun", [
      ...["build", "--compile", `--outfile=${path}`, "--entry-naming=[name].[ext]"],
      // Compiled ahead: half of the time from start to first PONG.
      ...["--bytecode", "--format=esm"],
      // A server must not take its settings from an .env or bunfig.toml that happens to lie about.
      ...["--no-compile-autoload-dotenv", "--no-compile-autoload-bunfig"],
      ...[sources.entry, sources.worker],
    ]);
  },
};
