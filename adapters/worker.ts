/**
 * The module that a background worker starts with, the same on Node, Deno and Bun. It is an
 * entrypoint: it may know which jobs there are, and on which runtime.
 */
import { backgroundJobs } from "../src/persistence/jobs.ts";
import { serveJobs } from "./shared/worker_jobs.ts";
import { lowerPriority } from "./shared/worker_priority.ts";

interface DenoPermissions {
  querySync(
    descriptor: { readonly name: "sys"; readonly kind: string },
  ): { readonly state: string };
}

/** Deno would ask whoever sits at the terminal. */
function mayLowerPriority(): boolean {
  const { Deno: deno } = globalThis as { Deno?: { readonly permissions: DenoPermissions } };
  if (deno === undefined) return true;
  return deno.permissions.querySync({ name: "sys", kind: "setPriority" }).state === "granted";
}

if (mayLowerPriority()) lowerPriority();
serveJobs(backgroundJobs);
