/** The commands of geo. */
import type { CommandDefinition } from "../definition.ts";
import { geoadd } from "./add.ts";
import { geodist, geohash, geopos } from "./position.ts";
import { georadius, georadiusbymember, georadiusbymemberRo, georadiusRo } from "./radius.ts";
import { geosearch, geosearchstore } from "./search.ts";

export const geoCommands: readonly CommandDefinition[] = [
  geoadd,
  geodist,
  geohash,
  geopos,
  geosearch,
  geosearchstore,
  georadius,
  georadiusRo,
  georadiusbymember,
  georadiusbymemberRo,
];
