/**
 * The event `expire-del` of the latency monitor: a key whose time had come took long to delete,
 * whoever met it. Nothing is timed while the monitor is off.
 */
import type { ExpiryWatch } from "../../keyspace/keyspace.ts";
import type { Engine } from "../engine.ts";

/** Has the deletions of a server timed whenever `latency-monitor-threshold` asks for it. */
export function watchExpiries(engine: Engine): void {
  const { clock, config, keyspace, latency } = engine;
  let beganUs = 0;
  const watch: ExpiryWatch = {
    begin: () => {
      beganUs = clock.monotonicUs();
    },
    end: () => latency.add("expire-del", (clock.monotonicUs() - beganUs) / 1000),
  };
  const follow = () => {
    keyspace.expiryWatch = config.number("latency-monitor-threshold") > 0 ? watch : null;
    return undefined;
  };
  follow();
  config.onChange(["latency-monitor-threshold"], follow);
}
