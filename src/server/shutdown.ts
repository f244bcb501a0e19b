/**
 * The end of a server, asked for by SHUTDOWN or a signal: save if there is something to save for,
 * then stop. A save that fails keeps the server alive, unless it is forced. While the data set is being
 * loaded nothing is saved, whatever was asked for, as in Redis.
 */
import type { Engine } from "./engine.ts";

/** What SHUTDOWN and `shutdown-on-sig*` may say. */
export interface ShutdownOptions {
  readonly save: "default" | "save" | "nosave";
  /** Do not wait for replicas. */
  readonly now: boolean;
  /** Stop although saving failed. */
  readonly force: boolean;
}

/** Ends what runs and saves as asked; true when the server may stop now. */
export function prepareShutdown(engine: Engine, options: ShutdownOptions): boolean {
  const { log, config, persistence } = engine;
  log.notice("User requested shutdown...");
  if (!persistence.prepareEnd(options.force)) return refuse(engine);
  const hasSavePoints = config.savePoints().length > 0;
  const isWanted = options.save === "save" || (options.save === "default" && hasSavePoints);
  // What is half loaded must not take the place of the file that it is loaded from.
  if (isWanted && !engine.isLoading) {
    log.notice("Saving the final RDB snapshot before exiting.");
    if (persistence.snapshots.save() !== undefined) {
      if (!options.force) {
        log.warning("Error trying to save the DB, can't exit.");
        return refuse(engine);
      }
      log.warning("Error trying to save the DB. Exit anyway.");
    }
  }
  engine.flushClients();
  log.notice("Redis is now ready to exit, bye bye...");
  return true;
}

function refuse(engine: Engine): false {
  engine.log.warning(
    "Errors trying to shut down the server. Check the logs for more information.",
  );
  return false;
}

/** The options that a directive like `shutdown-on-sigterm "save now"` holds. */
export function shutdownOptions(text: string): ShutdownOptions {
  const words = text.split(" ");
  const save = words.includes("save") ? "save" : words.includes("nosave") ? "nosave" : "default";
  return { save, now: words.includes("now"), force: words.includes("force") };
}
