/** The worker of the contract suite: what `adapters/worker.ts` is to the server. */
import { serveJobs } from "../../adapters/shared/worker_jobs.ts";
import { contractJobs } from "./jobs.ts";

serveJobs(contractJobs);
