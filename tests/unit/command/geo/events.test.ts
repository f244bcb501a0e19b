/** What the commands on places tell of keys. Checked against redis-server 7.0.15 and 8.0.2. */
import { test } from "node:test";
import { checkEvents } from "../fixture.ts";

test("places", () => {
  checkEvents([
    ["GEOADD g 13 38 p 15 37 c", "touch g", "z zadd g"],
    ["GEOADD g 13 38 p"],
    ["GEOADD g xx 14 38 zz"],
    ["GEOADD g xx ch 14 38 p", "touch g", "z zadd g"],
    ["GEOADD nokey xx 14 38 p"],
    ["GEOSEARCHSTORE y g frommember p bybox 1000 1000 km", "touch y", "z geosearchstore y"],
    ["GEOSEARCHSTORE y nokey fromlonlat 1 1 bybox 1 1 km", "m keymiss nokey", "touch y", "g del y"],
    ["GEOSEARCHSTORE y g fromlonlat 100 1 bybox 1 1 km"],
    ["GEORADIUS g 15 37 200 km store y", "touch y", "z georadiusstore y"],
    ["GEORADIUSBYMEMBER g p 200 km storedist y", "touch y", "z georadiusstore y"],
    ["GEORADIUS nokey 15 37 200 km store y", "m keymiss nokey", "touch y", "g del y"],
    ["GEORADIUS nokey 15 37 200 km", "m keymiss nokey"],
    ["GEOPOS nokey a", "m keymiss nokey"],
    ["GEODIST nokey a b", "m keymiss nokey"],
    ["GEOHASH nokey a", "m keymiss nokey"],
    ["GEOSEARCH nokey fromlonlat 1 1 bybox 1 1 km", "m keymiss nokey"],
  ]);
});
