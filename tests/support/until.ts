/** Waiting until something is so. A test's own time limit ends it. */
import { sleep } from "./servers.ts";

const INTERVAL_MS = 5;

/** Asks again and again, until it is so. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!await isSo()) await sleep(INTERVAL_MS);
}

/** Until the server says that so many clients wait. */
export async function untilBlocked(
  observer: { info(section: string): Promise<string> },
  count: number,
): Promise<void> {
  await until(async () =>
    (await observer.info("clients")).includes(`blocked_clients:${count}\r\n`)
  );
}
