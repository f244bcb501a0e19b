/** What a single executable application of Node carries inside it. */
import process from "node:process";

/** The text of an asset; undefined where this is no single executable. */
export function embeddedText(name: string): string | undefined {
  // Not imported: Bun, for which this is bundled too, has no such module.
  const sea = process.getBuiltinModule("node:sea");
  return sea?.isSea() ? sea.getAsset(name, "utf8") : undefined;
}
