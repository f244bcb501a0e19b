/** Arguments that the geo commands share: reading them, and how COMMAND DOCS describes them. */
import { latin1 } from "../../base/ascii.ts";
import { parseDouble } from "../../base/double_text.ts";
import { MAX_FIXED_TEXT_BYTES, writeFixed } from "../../base/fixed_text.ts";
import { LATITUDE_MAX, LONGITUDE_MAX } from "../../base/geohash.ts";
import { NOT_A_FLOAT } from "../../protocol/wire_errors.ts";
import type { Call } from "../call.ts";
import type { ArgumentSpecification } from "../definition.ts";

const UNSUPPORTED_UNIT = "ERR unsupported unit provided. please use M, KM, FT, MI";

export const KEY: ArgumentSpecification = { name: "key", type: "key", keySpec: 0 };
export const MEMBER: ArgumentSpecification = { name: "member", type: "string" };

export const LONGITUDE: ArgumentSpecification = { name: "longitude", type: "double" };
export const LATITUDE: ArgumentSpecification = { name: "latitude", type: "double" };

export const UNIT: ArgumentSpecification = {
  name: "unit",
  type: "oneof",
  arguments: [
    { name: "m", type: "pure-token", token: "M" },
    { name: "km", type: "pure-token", token: "KM" },
    { name: "ft", type: "pure-token", token: "FT" },
    { name: "mi", type: "pure-token", token: "MI" },
  ],
};

export const ORDER: ArgumentSpecification = {
  name: "order",
  type: "oneof",
  flags: ["optional"],
  arguments: [
    { name: "asc", type: "pure-token", token: "ASC" },
    { name: "desc", type: "pure-token", token: "DESC" },
  ],
};

/** An option that is one word. */
export function wordArgument(name: string, since?: string): ArgumentSpecification {
  return {
    name,
    type: "pure-token",
    token: name.toUpperCase(),
    ...(since === undefined ? {} : { since }),
    flags: ["optional"],
  };
}

/** COUNT, with ANY. */
export function countArgument(anySince?: string): ArgumentSpecification {
  return {
    name: "count-block",
    type: "block",
    flags: ["optional"],
    arguments: [
      { name: "count", type: "integer", token: "COUNT" },
      wordArgument("any", anySince),
    ],
  };
}

/** A float among the arguments; NaN, after replying, when it is none. */
export function floatOrReply(call: Call, index: number, error = NOT_A_FLOAT): number {
  const args = call.args;
  const value = parseDouble(args.bytes, args.starts[index], args.ends[index]);
  if (value !== value) call.reply.error(error);
  return value;
}

/** A place among the arguments, after {@link readPlace}. */
export const place: { longitude: number; latitude: number } = { longitude: 0, latitude: 0 };

/** Reads a longitude and the latitude behind it; false after replying. */
export function readPlace(call: Call, index: number): boolean {
  const longitude = floatOrReply(call, index);
  if (longitude !== longitude) return false;
  const latitude = floatOrReply(call, index + 1);
  if (latitude !== latitude) return false;
  if (Math.abs(longitude) > LONGITUDE_MAX || Math.abs(latitude) > LATITUDE_MAX) {
    call.reply.error(invalidPlace(longitude, latitude));
    return false;
  }
  place.longitude = longitude;
  place.latitude = latitude;
  return true;
}

function invalidPlace(longitude: number, latitude: number): string {
  return `ERR invalid longitude,latitude pair ${sixDecimals(longitude)},${sixDecimals(latitude)}`;
}

function sixDecimals(value: number): string {
  const text = new Uint8Array(MAX_FIXED_TEXT_BYTES);
  return latin1(text, 0, writeFixed(text, 0, value, 6));
}

/** How many meters a unit has; NaN, after replying, when it is none. */
export function metersOfUnitOrReply(call: Call, index: number): number {
  if (call.is(index, "m")) return 1;
  if (call.is(index, "km")) return 1000;
  if (call.is(index, "ft")) return 0.3048;
  if (call.is(index, "mi")) return 1609.34;
  call.reply.error(UNSUPPORTED_UNIT);
  return NaN;
}
