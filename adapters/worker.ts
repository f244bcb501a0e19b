/**
 * The module that a background worker starts with, the same on Node, Deno and Bun. It is an
 * entrypoint: it may know which jobs there are.
 */
import { backgroundJobs } from "../src/persistence/jobs.ts";
import { serveJobs } from "./shared/worker_jobs.ts";

serveJobs(backgroundJobs);
