/**
 * `dist/npm/`: the npm package. Node refuses TypeScript below node_modules, so it holds JavaScript:
 *
 *     package.json  README.md  LICENSE
 *     mod.js        the library
 *     cli.js        the program
 *     worker.js     what the background worker starts with; both find it beside themselves
 *     types/        declarations, as far as mod.d.ts reaches
 *
 * Bundled, because opening 150 small files takes Node longer than all the rest of a start. Not
 * minified: that wins nothing at run time, and a stack trace should be worth reading. Library and
 * program are the same module but for what `import.meta.main` says, which is settled here: whoever
 * bundles the library into a program of his own would otherwise start ours.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { type Artefact, runTool, type Sources } from "./build_artefact.ts";
import { root } from "./processes.ts";

/** As the source: what is older is not tried. */
const NODE_VERSIONS = ">=22.18";
const TYPES_ENTRY = "mod.d.ts";

export const npmPackage: Artefact = {
  name: "npm",

  async build(path: string, sources: Sources): Promise<void> {
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path, { recursive: true });
    await bundle(sources.entry, join(path, "mod.js"), ["--define=import.meta.main=false"]);
    await bundle(sources.entry, join(path, "cli.js"), [
      ...["--define=import.meta.main=true", "--banner=#!/usr/bin/env node"],
    ]);
    await bundle(sources.worker, join(path, "worker.js"));
    await declareTypes(sources.entry, join(path, "types"));
    const readme = readFileSync(join(root, "README.md"), "utf8");
    writeFileSync(join(path, "README.md"), ofPackage(readme));
    copyFileSync(join(root, "LICENSE"), join(path, "LICENSE"));
    writeFileSync(join(path, "package.json"), `${JSON.stringify(manifest(), null, 2)}\n`);
  },
};

function bundle(entry: string, outfile: string, options: readonly string[] = []): Promise<void> {
  return runTool("bun", [
    ...["build", "--target=node", "--format=esm", `--outfile=${outfile}`, ...options, entry],
  ]);
}

/** The program's own package.json decides what both say. */
function manifest(): object {
  const { name, version, description, license } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  ) as Record<string, string>;
  return {
    name,
    version,
    description,
    license,
    type: "module",
    engines: { node: NODE_VERSIONS },
    bin: { pagurus: "cli.js" },
    exports: {
      ".": { types: `./types/${TYPES_ENTRY}`, default: "./mod.js" },
      "./package.json": "./package.json",
    },
  };
}

/** Writes the declarations of the entry and of what they refer to. */
async function declareTypes(entry: string, folder: string): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), "pagurus-types-"));
  try {
    const configuration = join(scratch, "tsconfig.json");
    writeFileSync(
      configuration,
      JSON.stringify({
        extends: join(root, "tsconfig.json"),
        // Whether the types are right is the business of `npm run check`, with each runtime's own.
        compilerOptions: {
          noCheck: true,
          noEmit: false,
          declaration: true,
          emitDeclarationOnly: true,
          rootDir: root,
          outDir: scratch,
        },
        files: [join(root, entry)],
        include: [],
      }),
    );
    await runTool("tsc", ["-p", configuration]);
    const start = join(scratch, entry.replace(/\.ts$/, ".d.ts"));
    for (const path of reachable(start)) {
      const target = join(folder, path === start ? TYPES_ENTRY : relative(scratch, path));
      mkdirSync(dirname(target), { recursive: true });
      const text = ofPackage(readFileSync(path, "utf8"))
        .replace(RELATIVE_IMPORT, (_, before, specifier) => `${before}${specifier}.js"`);
      // AsyncDisposable, for programs that do not ask for it themselves.
      const library = path === start ? '/// <reference lib="esnext.disposable" />\n' : "";
      writeFileSync(target, library + text);
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const RELATIVE_IMPORT = /((?:\bfrom |\bimport\()")(\.[^"]+)\.ts"/g;

/** A declaration file and all that it imports, and so on. */
function reachable(start: string): Set<string> {
  const found = new Set([start]);
  for (const path of found) {
    for (const [, , specifier] of readFileSync(path, "utf8").matchAll(RELATIVE_IMPORT)) {
      const target = join(dirname(path), `${specifier}.d.ts`);
      if (existsSync(target)) found.add(target);
    }
  }
  return found;
}

/** Examples, as they are written in a program that has installed the package. */
function ofPackage(text: string): string {
  return text.replaceAll('from "./mod.ts"', 'from "pagurus"');
}
