/** The geo commands: replies digit by digit, and searches of all sizes at all places. */
import { Prng } from "../../src/base/prng.ts";
import { conformance, type Scenario } from "../support/compare.ts";
import { type Reply, textOf } from "../support/reply.ts";

const SICILY = ["13.361389", "38.115556", "Palermo", "15.087269", "37.502669", "Catania"];

/** Chance that is the same each time. */
class Dice {
  readonly #prng: Prng;

  constructor(seed: number) {
    this.#prng = new Prng(new Uint8Array(16).fill(seed));
  }

  /** From 0 up to below 1. */
  next(): number {
    return this.#prng.nextDouble();
  }

  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  of<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.next() * choices.length)];
  }
}

/**
 * Scores as the doubles that they are, for Redis 7.2 writes them with fewer digits than 7.0; and
 * distances but for the last bits, in which libraries do not agree on a sine.
 */
function scoresAsDoubles(reply: Reply): Reply {
  switch (reply.kind) {
    case "array":
      return { kind: "array", items: reply.items.map(scoresAsDoubles) };
    case "double":
      return { kind: "double", text: asDouble(reply.text) };
    case "bulk":
      return { kind: "bulk", bytes: Buffer.from(textOf(reply).replace(/^[\d.e+-]+$/, asDouble)) };
    default:
      return reply;
  }
}

function asDouble(text: string): string {
  const value = Number(text);
  return Number.isInteger(value) ? String(value) : value.toPrecision(12);
}

function doScores(c: Scenario, key: string): void {
  c.doNormalized(scoresAsDoubles, "ZRANGE", key, "0", "-1", "WITHSCORES");
}

function sicily(c: Scenario, key = "Sicily"): void {
  c.do("GEOADD", key, ...SICILY);
}

conformance("GEOADD adds, changes and refuses", (c) => {
  sicily(c);
  c.do("GEOADD", "Sicily", "13.361389", "38.115556", "Palermo");
  c.do("GEOADD", "Sicily", "13.4", "38.1", "Palermo");
  c.do("GEOADD", "Sicily", "CH", "13.5", "38.1", "Palermo", "14", "38", "Enna");
  c.do("GEOADD", "Sicily", "NX", "1", "1", "Palermo", "2", "2", "Noto");
  c.do("GEOADD", "Sicily", "XX", "ch", "1", "1", "Palermo", "2", "2", "Gela");
  c.do("geoadd", "Sicily", "xx", "Ch", "XX", "1", "1", "Palermo");
  c.do("GEOADD", "absent", "XX", "1", "1", "a");
  c.do("EXISTS", "absent");
  doScores(c, "Sicily");
  c.do("OBJECT", "ENCODING", "Sicily");
  c.do("GEOADD", "edges", "180", "85.05112878", "ne", "-180", "-85.05112878", "sw");
  c.do("GEOADD", "edges", "180", "-85.05112878", "se", "-180", "85.05112878", "nw");
  c.do("GEOADD", "edges", "180", "12.34567", "e", "12.34567", "85.05112878", "n", "0", "0", "o");
  c.do("GEOADD", "edges", "180", "-61.87654321", "e2", "0x10", "1e1", "hex", "-0", "+0", "zero");
  doScores(c, "edges");
  c.do("GEOPOS", "edges", "ne", "sw", "se", "nw", "e", "n", "o", "e2", "hex", "zero");
  c.do("GEOHASH", "edges", "ne", "sw", "se", "nw", "e", "n", "o", "e2", "hex", "zero");
  c.do("GEOADD", "edges", "1", "1", "x".repeat(65));
  c.do("GEOPOS", "edges", "x".repeat(65), "o");
});

conformance("GEOADD complains", (c) => {
  c.do("SET", "string", "1");
  c.do("GEOADD", "k", "1", "1");
  c.do("GEOADD", "k", "1", "1", "a", "2");
  c.do("GEOADD", "k", "1", "1", "a", "2", "2");
  c.do("GEOADD", "k", "NX", "XX", "1", "1", "a");
  c.do("GEOADD", "k", "NX", "CH", "nx");
  c.do("GEOADD", "k", "ch", "1", "1");
  c.do("GEOADD", "k", "ch", "xx", "nx");
  c.do("GEOADD", "k", "INCR", "1", "1", "a");
  c.do("GEOADD", "k", "GT", "1", "1");
  c.do("GEOADD", "k", "1", "x", "a");
  c.do("GEOADD", "k", "x", "200", "a");
  c.do("GEOADD", "k", "nan", "1", "a");
  c.do("GEOADD", "k", "1", "1", "a", "2", "90", "b");
  c.do("EXISTS", "k");
  for (const [longitude, latitude] of OUTSIDE) c.do("GEOADD", "k", longitude, latitude, "a");
  c.do("GEOADD", "string", "200", "1", "a");
  c.do("GEOADD", "string", "1", "1", "a");
  c.do("GEOADD", "string", "1", "1", "a", "1");
  c.do("GEOADD", "string", "XX", "1", "1", "a");
});

const OUTSIDE = [
  ["200", "1"],
  ["180.0000001", "1"],
  ["1", "85.05112879"],
  ["1", "-85.0511288"],
  ["-180.1", "-1000"],
  ["inf", "-inf"],
  ["1e20", "1"],
  ["1", "1e300"],
  ["200.0078125", "200.0234375"],
  ["-181.9999999", "-99.9999995"],
  ["9007199254740993", "4503599627370497.5"],
];

conformance("GEODIST, GEOPOS, GEOHASH", (c) => {
  sicily(c);
  c.do("SET", "string", "1");
  for (const unit of [[], ["m"], ["KM"], ["ft"], ["Mi"], ["cm"], ["m", "m"], ["cm", "m"]]) {
    c.do("GEODIST", "Sicily", "Palermo", "Catania", ...unit);
    c.do("GEODIST", "Sicily", "Palermo", "Palermo", ...unit);
    c.do("GEODIST", "Sicily", "Palermo", "nobody", ...unit);
    c.do("GEODIST", "Sicily", "nobody", "Palermo", ...unit);
    c.do("GEODIST", "absent", "Palermo", "Catania", ...unit);
    c.do("GEODIST", "string", "Palermo", "Catania", ...unit);
  }
  for (const command of ["GEOPOS", "GEOHASH"]) {
    c.do(command, "Sicily");
    c.do(command);
    c.do(command, "absent");
    c.do(command, "absent", "a", "b");
    c.do(command, "Sicily", "Palermo", "nobody", "Catania");
    c.do(command, "string", "a");
  }
  c.do("GEODIST", "Sicily", "Palermo");
});

conformance("coordinates of any scores", (c) => {
  const scores = ["0", "-1", "1.5", "-1.5", "0.9", "4503599627370495", "4503599627370496"];
  scores.push("1e18", "-1e18", "9223372036854775808", "18446744073709551616", "1e300", "inf");
  scores.push("-inf", "-9223372036854775808", "-1e19", "13835058055282163712", "3479099956230698");
  scores.push("9007199254740993", "18014398509481984", "6004799503160661", "12297829382473034410");
  for (const [i, score] of scores.entries()) c.do("ZADD", "z", score, `m${i}`);
  for (const i of scores.keys()) {
    c.do("GEOPOS", "z", `m${i}`);
    c.do("GEOHASH", "z", `m${i}`);
    c.do("GEODIST", "z", "m0", `m${i}`);
    c.do("GEOSEARCH", "z", "FROMMEMBER", `m${i}`, "BYRADIUS", "0", "m", "WITHHASH", "WITHCOORD");
    c.do("GEOSEARCH", "z", "FROMMEMBER", `m${i}`, "BYRADIUS", "5000", "km", "WITHHASH");
  }
});

conformance("many places: scores, positions and distances", (c) => {
  const dice = new Dice(1);
  for (let i = 0; i < 500; i++) {
    const longitude = dice.of([
      () => dice.between(-180, 180),
      () => dice.between(-1, 1) * 1e-4,
      () => dice.of([-1, 1]) * (180 - dice.next() * 1e-4),
    ])();
    const latitude = dice.of([
      () => dice.between(-85.05112878, 85.05112878),
      () => dice.between(-1, 1) * 1e-4,
      () => dice.of([-1, 1]) * (85.05112878 - dice.next() * 1e-4),
    ])();
    c.do("GEOADD", "k", String(longitude), String(latitude), `m${i}`);
    c.doNormalized(scoresAsDoubles, "ZSCORE", "k", `m${i}`);
    c.do("GEOPOS", "k", `m${i}`);
    c.do("GEOHASH", "k", `m${i}`);
    c.do("GEODIST", "k", `m${i}`, `m${Math.floor(i * dice.next())}`, dice.of(["m", "km", "ft"]));
  }
});

conformance("GEOSEARCH: options", (c) => {
  sicily(c);
  c.do("GEOADD", "Sicily", "12.758489", "38.788135", "edge1", "17.241510", "38.788135", "edge2");
  const from = ["FROMLONLAT", "15", "37"];
  c.do("GEOSEARCH", "Sicily", ...from, "BYRADIUS", "200", "km", "ASC");
  c.do("GEOSEARCH", "Sicily", ...from, "BYBOX", "400", "400", "km", "ASC", "WITHCOORD", "WITHDIST");
  c.do("GEOSEARCH", "Sicily", ...from, "BYBOX", "400", "400", "km", "WITHHASH", "DESC", "withdist");
  c.do("GEOSEARCH", "Sicily", ...from, "byradius", "200", "MI", "count", "1", "any");
  c.do(
    "GEOSEARCH",
    "Sicily",
    "BYRADIUS",
    "1e6",
    "ft",
    "frommember",
    "Palermo",
    "ASC",
    "COUNT",
    "2",
  );
  c.do("GEOSEARCH", "Sicily", "BYRADIUS", "1e6", "ft", "frommember", "Palermo", "DESC", "ASC");
  c.do("GEOSEARCH", "Sicily", "COUNT", "3", ...from, "BYRADIUS", "300", "km", "COUNT", "1");
  c.do("GEOSEARCH", "Sicily", ...from, ...["fromlonlat", "13", "38"], "BYRADIUS", "50", "km");
  c.do("GEOSEARCH", "Sicily", ...from, "BYRADIUS", "50", "km", "BYRADIUS", "500", "km");
  c.do("GEOSEARCH", "Sicily", ...from, "BYBOX", "1", "1", "m", "BYBOX", "500", "500", "km");
  c.do("GEOSEARCH", "Sicily", ...from, "BYRADIUS", "0", "m");
  c.do("GEOSEARCH", "Sicily", ...from, "BYRADIUS", "inf", "m");
  c.do("GEOSEARCH", "Sicily", ...from, "BYBOX", "inf", "inf", "m");
  c.do("GEOSEARCH", "Sicily", ...from, "BYBOX", "inf", "100", "km");
  c.do("GEOSEARCH", "Sicily", ...from, "BYRADIUS", "200", "km", "COUNT", "9223372036854775807");
  c.do("GEOSEARCH", "absent", ...from, "BYRADIUS", "200", "km", "WITHDIST");
});

/** What follows the key, and is no search. */
const WRONG = [
  ["FROMLONLAT", "15", "37", "BYRADIUS", "200"],
  ["FROMLONLAT", "15", "37", "BYRADIUS", "200", "cm"],
  ["FROMLONLAT", "15", "37", "BYRADIUS", "-1", "cm"],
  ["FROMLONLAT", "15", "37", "BYRADIUS", "x", "cm"],
  ["FROMLONLAT", "15", "95", "BYRADIUS", "x", "cm"],
  ["FROMLONLAT", "y", "95", "BYRADIUS", "x", "cm"],
  ["BYRADIUS", "x", "cm", "FROMLONLAT", "15", "95"],
  ["FROMLONLAT", "15", "37", "BYBOX", "1", "1", "cm"],
  ["FROMLONLAT", "15", "37", "BYBOX", "1", "-1", "cm"],
  ["FROMLONLAT", "15", "37", "BYBOX", "-1", "1", "m"],
  ["FROMLONLAT", "15", "37", "BYBOX", "x", "y", "m"],
  ["FROMLONLAT", "15", "37", "BYBOX", "1", "y", "m"],
  ["FROMLONLAT", "15", "37", "BYBOX", "1", "1"],
  ["FROMLONLAT", "15", "37", "BYBOX", "1", "1", "m", "BYRADIUS", "1", "m"],
  ["FROMLONLAT", "15", "37", "BYRADIUS", "1", "m", "BYBOX", "1", "1", "m"],
  ["FROMLONLAT", "15", "37", "FROMMEMBER", "Palermo", "BYRADIUS", "1", "m"],
  ["FROMMEMBER", "Palermo", "FROMLONLAT", "15", "37", "BYRADIUS", "1", "m"],
  ["FROMMEMBER", "nobody", "BYRADIUS", "x", "m"],
  ["BYRADIUS", "1", "x", "FROMMEMBER", "nobody"],
  ["BYRADIUS", "1", "m", "FROMMEMBER", "nobody"],
  ["FROMMEMBER", "Palermo", "FROMMEMBER", "nobody", "BYRADIUS", "1", "m"],
  ["FROMMEMBER", "Palermo", "ASC", "WITHDIST", "COUNT", "1"],
  ["BYRADIUS", "1", "m", "ASC", "WITHDIST", "WITHHASH"],
  ["ASC", "ASC", "ASC", "ASC", "ASC"],
  ["FROMMEMBER", "Palermo", "BYRADIUS", "1", "m", "ANY"],
  ["FROMMEMBER", "Palermo", "BYRADIUS", "1", "m", "COUNT"],
  ["FROMMEMBER", "Palermo", "BYRADIUS", "1", "m", "COUNT", "0"],
  ["FROMMEMBER", "Palermo", "BYRADIUS", "1", "m", "COUNT", "-5"],
  ["FROMMEMBER", "Palermo", "BYRADIUS", "1", "m", "COUNT", "x"],
  ["FROMMEMBER", "Palermo", "BYRADIUS", "1", "m", "COUNT", "9223372036854775808"],
  ["FROMMEMBER", "Palermo", "BYRADIUS", "1", "m", "COUNT", "-9223372036854775808"],
  ["FROMMEMBER", "Palermo", "BYRADIUS", "1", "m", "STORE", "k"],
  ["FROMMEMBER", "Palermo", "BYRADIUS", "1", "m", "STOREDIST"],
  ["FROMMEMBER", "Palermo", "BYRADIUS", "1", "m", "STOREDIST", "k"],
  ["FROMMEMBER", "Palermo", "BYRADIUS", "1", "m", "WITHDIST"],
  ["FROMMEMBER", "Palermo", "BYRADIUS", "1", "m", "WITHCOORD", "ANY"],
  ["FROMMEMBER", "Palermo", "ANY", "WITHCOORD", "WITHHASH", "ASC", "x"],
  ["FROMMEMBER", "Palermo", "BYRADIUS", "1", "m", "nonsense"],
];

conformance("GEOSEARCH and GEOSEARCHSTORE complain", (c) => {
  sicily(c);
  c.do("SET", "string", "1");
  for (const key of ["Sicily", "absent", "string"]) {
    for (const wrong of WRONG) {
      c.do("GEOSEARCH", key, ...wrong);
      c.do("geoSearchStore", "to", key, ...wrong);
    }
  }
  c.do("EXISTS", "to");
});

conformance("GEOSEARCHSTORE", (c) => {
  sicily(c);
  c.do("GEOADD", "Sicily", "12.758489", "38.788135", "edge1", "17.241510", "38.788135", "edge2");
  const search = ["Sicily", "FROMLONLAT", "15", "37", "BYBOX", "400", "400", "km"];
  for (const rest of [[], ["STOREDIST"], ["COUNT", "3"], ["COUNT", "2", "DESC", "STOREDIST"]]) {
    c.do("GEOSEARCHSTORE", "to", ...search, ...rest);
    doScores(c, "to");
    c.do("OBJECT", "ENCODING", "to");
  }
  c.do("SET", "string", "1", "EX", "100");
  c.do("GEOSEARCHSTORE", "string", ...search, "ASC", "COUNT", "1", "ANY");
  c.do("TTL", "string");
  doScores(c, "string");
  c.do("GEOSEARCHSTORE", "string", "Sicily", "FROMLONLAT", "0", "0", "BYRADIUS", "1", "m");
  c.do("EXISTS", "string");
  c.do("GEOSEARCHSTORE", "string", "Sicily", "FROMLONLAT", "0", "0", "BYRADIUS", "1", "m");
  c.do("SET", "string", "1");
  c.do("GEOSEARCHSTORE", "string", "absent", "FROMLONLAT", "0", "0", "BYRADIUS", "1", "m");
  c.do("EXISTS", "string");
  c.do("GEOSEARCHSTORE", "string", "absent", "FROMMEMBER", "x", "BYRADIUS", "1", "m");
  c.do("GEOSEARCHSTORE", "Sicily", ...search, "STOREDIST");
  doScores(c, "Sicily");
  c.do("GEOADD", "long", "1", "1", "x".repeat(65), "1.1", "1", "short");
  c.do("GEOSEARCHSTORE", "to", "long", "FROMLONLAT", "1", "1", "BYRADIUS", "100", "km");
  c.do("OBJECT", "ENCODING", "to");
  c.do("GEOSEARCHSTORE", "to", "long", "FROMLONLAT", "1.1", "1", "BYRADIUS", "1", "km");
  c.do("OBJECT", "ENCODING", "to");
});

conformance("GEORADIUS and its relatives", (c) => {
  sicily(c);
  c.do("SET", "string", "1");
  const circle = ["15", "37", "200", "km"];
  for (const command of ["GEORADIUS", "GEORADIUS_RO"]) {
    for (const key of ["Sicily", "absent", "string"]) {
      c.do(command, key, ...circle);
      c.do(command, key, ...circle, "WITHDIST", "WITHCOORD", "WITHHASH", "ASC");
      c.do(command, key, ...circle, "COUNT", "1", "DESC");
      c.do(command, key, ...circle, "ANY");
      c.do(command, key, ...circle, "COUNT", "1", "ANY");
      c.do(command, key, "15", "37", "-1", "km");
      c.do(command, key, "15", "37", "x", "km");
      c.do(command, key, "15", "x", "x", "km");
      c.do(command, key, "15", "137", "1", "km");
      c.do(command, key, "15", "37", "1", "cm", "STORE");
      c.do(command, key, ...circle, "STORE");
      c.do(command, key, ...circle, "FROMLONLAT", "1", "1");
      c.do(command, key, ...circle, "BYRADIUS", "1", "m");
      c.do(command, key, ...circle, "STORE", "to");
      c.do(command, key, ...circle, "STOREDIST", "to", "WITHDIST");
      c.do(command, key, ...circle, "STOREDIST", "to", "STORE", "to2");
      doScores(c, "to");
      doScores(c, "to2");
    }
    c.do(command, "Sicily", "15", "37", "200");
  }
  for (const command of ["GEORADIUSBYMEMBER", "GEORADIUSBYMEMBER_RO"]) {
    for (const key of ["Sicily", "absent", "string"]) {
      c.do(command, key, "Palermo", "200", "km");
      c.do(command, key, "Palermo", "200", "km", "WITHDIST", "COUNT", "1");
      c.do(command, key, "nobody", "x", "km");
      c.do(command, key, "Palermo", "x", "km");
      c.do(command, key, "Palermo", "1", "cm");
      c.do(command, key, "Palermo", "1", "cm", "nonsense");
      c.do(command, key, "Palermo", "200", "km", "STOREDIST", "to3");
      c.do(command, key, "Palermo", "200", "km", "STOREDIST");
      doScores(c, "to3");
      c.do("SET", "to3", "1");
    }
    c.do(command, "Sicily", "Palermo", "200");
  }
});

const PLACES: readonly ((dice: Dice) => readonly [number, number])[] = [
  (dice) => [dice.between(-180, 180), dice.between(-85, 85)],
  (dice) => [dice.between(-180, 180), dice.of([-1, 1]) * dice.between(64, 85.05)],
  (dice) => [dice.of([-1, 1]) * dice.between(179, 180), dice.between(-85, 85)],
  (dice) => [dice.of([-1, 1]) * 180, dice.of([-1, 1]) * dice.between(84, 85.05112878)],
  (dice) => [dice.between(-1, 1), dice.between(-1, 1)],
  (dice) => [dice.between(13, 13.1), dice.between(52, 52.1)],
  (dice) => [dice.of([-90, -45, 0, 45, 90]), dice.of([-42.52556439, 0, 42.52556439])],
];

/** Sorted sets of so many places, spread over the earth and around one spot, with twins. */
function scatter(c: Scenario, dice: Dice, key: string, count: number): void {
  const places: (readonly [number, number])[] = [];
  const args: string[] = [];
  for (let i = 0; i < count; i++) {
    const isTwin = i > 10 && dice.next() < 0.1;
    const place = isTwin ? dice.of(places) : dice.of(PLACES)(dice);
    places.push(place);
    args.push(String(place[0]), String(place[1]), `m${i}`);
  }
  for (let i = 0; i < args.length; i += 300) c.do("GEOADD", key, ...args.slice(i, i + 300));
}

/**
 * A radius or side: not quite as far as the other side of the earth, where the last bit of a sine,
 * which no two libraries have the same, is some centimeters.
 */
function size(dice: Dice): string {
  return String(10 ** dice.between(-1, 7.2));
}

for (const [name, count, seed] of [["small", 120, 2], ["large", 3000, 3]] as const) {
  conformance(`searches of all sizes in a ${name} sorted set`, (c) => {
    const dice = new Dice(seed);
    scatter(c, dice, "k", count);
    c.do("OBJECT", "ENCODING", "k");
    for (let i = 0; i < 400; i++) {
      const [longitude, latitude] = dice.of(PLACES)(dice);
      const from = dice.next() < 0.5
        ? ["FROMLONLAT", String(longitude), String(latitude)]
        : ["FROMMEMBER", `m${Math.floor(dice.next() * count)}`];
      const area = dice.next() < 0.5
        ? ["BYRADIUS", size(dice), dice.of(["m", "ft", "M"])]
        : ["BYBOX", size(dice), size(dice), dice.of(["m", "ft", "M"])];
      const options = dice.of([
        [],
        ["WITHDIST", "WITHHASH"],
        ["ASC", "WITHDIST", "WITHCOORD"],
        ["DESC", "WITHDIST"],
        ["COUNT", String(1 + Math.floor(dice.next() * 20)), "WITHDIST"],
        ["COUNT", String(1 + Math.floor(dice.next() * 200)), "DESC"],
        ["COUNT", String(1 + Math.floor(dice.next() * 20)), "ANY"],
        ["COUNT", String(1 + Math.floor(dice.next() * 20)), "ANY", "ASC", "WITHHASH"],
      ]);
      c.do("GEOSEARCH", "k", ...from, ...area, ...options);
      if (i % 8 !== 0) continue;
      const stored = dice.of([[], ["STOREDIST"], ["COUNT", "50", "ASC"]]);
      c.do("GEOSEARCHSTORE", "to", "k", ...from, ...area, ...stored);
      doScores(c, "to");
      c.do("OBJECT", "ENCODING", "to");
    }
  });
}

conformance("keys of the geo commands", (c) => {
  const keys = ["COMMAND", "GETKEYS"];
  c.do(...keys, "GEOADD", "k", "1", "1", "a");
  c.do(...keys, "GEOSEARCHSTORE", "to", "k", "FROMMEMBER", "a", "BYRADIUS", "1", "m");
  c.do(...keys, "GEORADIUS", "k", "1", "1", "1", "m");
  c.do(...keys, "GEORADIUS", "k", "1", "1", "1", "m", "STORE", "to");
  c.do(...keys, "GEORADIUS", "k", "1", "1", "1", "m", "WITHDIST", "storedist", "to");
  c.do(...keys, "GEORADIUS_RO", "k", "1", "1", "1", "m", "STORE", "to");
  c.do(...keys, "GEORADIUSBYMEMBER", "k", "m", "1", "m", "STORE", "to");
  c.do(...keys, "GEORADIUSBYMEMBER", "k", "m", "1", "m", "STORE");
  c.do(...keys, "GEORADIUSBYMEMBER", "k", "m", "1", "m", "STORE", "to", "STOREDIST", "to2");
});
