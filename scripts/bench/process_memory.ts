/**
 * What processes hold in memory, as Linux tells it.
 *
 * Of a process and the child that it forked, the sum of both RSS would count every page that they
 * share twice. The sum of their PSS (proportional set size) counts it once.
 */
import { readdirSync, readFileSync } from "node:fs";

/** The resident bytes of one process. */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}

/** The resident bytes of a process together with all that descend from it. */
export function familyResidentBytes(pid: number): number {
  const text = readWhileThere(`/proc/${pid}/smaps_rollup`);
  const own = Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
  return childrenOf(pid).reduce((sum, child) => sum + familyResidentBytes(child), own);
}

/** Each thread lists the children that it has started. */
function childrenOf(pid: number): number[] {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.flatMap((thread) =>
    readWhileThere(`/proc/${pid}/task/${thread}/children`).split(" ").filter(Boolean).map(Number)
  );
}

/** Empty where the process has ended meanwhile, as the child of a snapshot does. */
function readWhileThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code === "ENOENT" || code === "ESRCH") return "";
    throw error;
  }
}
