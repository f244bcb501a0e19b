/** What the parts of the build have in common. */
import { run } from "./processes.ts";

/** What can be built. */
export interface Artefact {
  /** Its name below dist/. */
  readonly name: string;
  /** Builds it at `path`. @throws NotBuiltHere when this machine cannot. */
  build(path: string, sources: Sources): Promise<void>;
}

/** What goes into it; both are paths from the project's root. */
export interface Sources {
  /** The module that the program starts with. */
  readonly entry: string;
  /** The module that its background worker starts with. */
  readonly worker: string;
}

/** The server. */
export const SERVER: Sources = { entry: "mod.ts", worker: "adapters/worker.ts" };

/** This machine lacks what an artefact needs; that is no fault of the project. */
export class NotBuiltHere extends Error {
  /** The command line that does it where that is at hand. */
  readonly command: string;

  constructor(reason: string, command: string) {
    super(reason);
    this.command = command;
  }
}

/** Runs a tool of node_modules/.bin. @throws an Error with its output when it fails. */
export async function runTool(program: string, args: readonly string[]): Promise<void> {
  const { code, output } = await run(program, args, { timeoutMs: 120_000 });
  if (code !== 0) throw new Error(`${program} ${args.join(" ")}\n${output.trimEnd()}`);
}
