/** Paths of files and of the folders they are in. */

/** The path of a file in a folder that may be "", the one that relative paths start from. */
export function pathIn(directory: string, name: string): string {
  if (directory === "") return name;
  return directory.endsWith("/") ? directory + name : `${directory}/${name}`;
}

/** The folder that something is in, as the file system can open it. */
export function directoryOf(path: string): string {
  const bare = path.replace(/\/+$/, "");
  const slash = bare.lastIndexOf("/");
  if (slash < 0) return ".";
  return slash === 0 ? "/" : bare.slice(0, slash);
}
