/**
 * Geohashes: a place on earth as one integer of 52 bits, so that places that are near each other
 * mostly have numbers that are near each other. A geohash of `step` bits an axis names a cell of a
 * grid of 2^step columns (longitude) and 2^step rows (latitude):
 *
 *     column   c25 c24 ... c1 c0        geohash   c25 r25 c24 r24 ... c1 r1 c0 r0
 *     row      r25 r24 ... r1 r0                  bit 51                    bit 0
 *
 * Rows begin at the latitude where the Mercator map ends, so there are no poles. The easternmost
 * longitude is column 2^step, one beyond the grid, and so is the northernmost row: then a number has
 * up to 54 bits, and as a double it is rounded, as it is for Redis.
 *
 * A geohash is a double here, or two 32-bit words where every bit counts. Every operation on
 * coordinates is done in the order in which Redis does it, so that all digits come out the same.
 */
import { latin1Bytes } from "./ascii.ts";

export const LONGITUDE_MAX = 180;
export const LATITUDE_MAX = 85.05112878;
/** Bits an axis of the geohashes that are scores. */
export const STEP_MAX = 26;

const LONGITUDE_RANGE = 360;
const LATITUDE_RANGE = LATITUDE_MAX * 2;
const GRID = 1 << STEP_MAX;
const TWO_32 = 4294967296;
const TWO_53 = 2 ** 53;
const TWO_63 = 2 ** 63;
const TWO_64 = 2 ** 64;

/** The radius of the earth as Redis has it, in meters. */
export const EARTH_RADIUS_METERS = 6372797.560856;
export const EARTH_DIAMETER_METERS = 2 * EARTH_RADIUS_METERS;
const RADIANS_PER_DEGREE = Math.PI / 180;

/** The letters of a geohash as text: five bits each. */
const ALPHABET = latin1Bytes("0123456789bcdefghjkmnpqrstuvwxyz");
/** A geohash as text has one letter more than 52 bits are enough for: the last one is always 0. */
export const GEOHASH_TEXT_BYTES = 11;

/** The column of a longitude in a grid of 2^step columns. */
export function columnOf(longitude: number, step: number): number {
  return Math.floor((longitude + LONGITUDE_MAX) / LONGITUDE_RANGE * (1 << step));
}

/** The row of a latitude in a grid of 2^step rows. */
export function rowOf(latitude: number, step: number): number {
  return Math.floor((latitude + LATITUDE_MAX) / LATITUDE_RANGE * (1 << step));
}

/** The words of the geohash of a cell: bits 63..32 and 31..0, as int32. */
export function geohashHigh(column: number, row: number): number {
  return spread(row >>> 16) | spread(column >>> 16) << 1;
}

export function geohashLow(column: number, row: number): number {
  return spread(row & 0xffff) | spread(column & 0xffff) << 1;
}

/**
 * The least score of a cell of a grid of 2^step.
 * @param next 1 for the least score beyond the cell instead.
 */
export function scoreOfCell(column: number, row: number, step: number, next: number): number {
  const high = geohashHigh(column, row);
  const low = geohashLow(column, row) >>> 0;
  // The sum of both words is rounded once.
  return (high * TWO_32 + (low + next)) * 2 ** (2 * (STEP_MAX - step));
}

/** The score that a place has in a sorted set. */
export function scoreOfPlace(longitude: number, latitude: number): number {
  return scoreOfCell(columnOf(longitude, STEP_MAX), rowOf(latitude, STEP_MAX), STEP_MAX, 0);
}

/** The place that {@link decodeScore} has left: longitude and latitude. */
export const decoded: Float64Array = new Float64Array(2);
export const DECODED_LONGITUDE = 0;
export const DECODED_LATITUDE = 1;

/** Finds the place in the middle of the cell of a score, whatever the score is: see `decoded`. */
export function decodeScore(score: number): void {
  const bits = score >= 0 && score < TWO_53 ? Math.floor(score) : bitsOfRareScore(score);
  const high = Math.floor(bits / TWO_32);
  const low = bits - high * TWO_32;
  const column = (collect(high >> 1) << 16 | collect(low >>> 1)) >>> 0;
  const row = (collect(high | 0) << 16 | collect(low | 0)) >>> 0;
  const west = (column / GRID) * LONGITUDE_RANGE - LONGITUDE_MAX;
  const east = ((column + 1 >>> 0) / GRID) * LONGITUDE_RANGE - LONGITUDE_MAX;
  const south = (row / GRID) * LATITUDE_RANGE - LATITUDE_MAX;
  const north = ((row + 1 >>> 0) / GRID) * LATITUDE_RANGE - LATITUDE_MAX;
  const longitude = (west + east) / 2;
  const latitude = (south + north) / 2;
  decoded[0] = Math.max(Math.min(longitude, LONGITUDE_MAX), -LONGITUDE_MAX);
  decoded[1] = Math.max(Math.min(latitude, LATITUDE_MAX), -LATITUDE_MAX);
}

/** The west end of a column; the east end is the west end of the next. */
export function longitudeOfColumn(column: number, step: number): number {
  return column / (1 << step) * LONGITUDE_RANGE - LONGITUDE_MAX;
}

/** The south end of a row; the north end is the south end of the next. */
export function latitudeOfRow(row: number, step: number): number {
  return row / (1 << step) * LATITUDE_RANGE - LATITUDE_MAX;
}

/**
 * Writes the place of a score as the geohash text that the rest of the world knows, whose rows go
 * from pole to pole. Returns the end.
 */
export function writeGeohashText(into: Uint8Array, at: number, score: number): number {
  decodeScore(score);
  const column = columnOf(decoded[0], STEP_MAX);
  const row = Math.floor((decoded[1] + 90) / 180 * GRID);
  const high = geohashHigh(column, row);
  const low = geohashLow(column, row);
  for (let shift = 47; shift >= 2; shift -= 5) {
    let letter = shift >= 32 ? high >>> (shift - 32) : low >>> shift;
    if (shift < 32 && shift > 27) letter |= high << (32 - shift);
    into[at++] = ALPHABET[letter & 31];
  }
  into[at++] = ALPHABET[0];
  return at;
}

export function radiansOf(degrees: number): number {
  return degrees * RADIANS_PER_DEGREE;
}

export function degreesOf(radians: number): number {
  return radians / RADIANS_PER_DEGREE;
}

/** Meters between the places of two scores. */
export function distanceOfScores(from: number, to: number): number {
  decodeScore(from);
  const longitude = decoded[0];
  const latitude = decoded[1];
  decodeScore(to);
  return geoDistance(longitude, latitude, decoded[0], decoded[1]);
}

/** Meters between two places in degrees, by the haversine of the angle between them. */
export function geoDistance(
  longitude1: number,
  latitude1: number,
  longitude2: number,
  latitude2: number,
): number {
  const v = Math.sin((radiansOf(longitude2) - radiansOf(longitude1)) / 2);
  const from = radiansOf(latitude1);
  const to = radiansOf(latitude2);
  if (v === 0) return EARTH_RADIUS_METERS * Math.abs(to - from);
  const u = Math.sin((to - from) / 2);
  const haversine = u * u + Math.cos(from) * Math.cos(to) * v * v;
  return EARTH_DIAMETER_METERS * Math.asin(Math.sqrt(haversine));
}

/** Any score as an unsigned 64-bit integer, as the x86 makes it of a double. */
function bitsOfRareScore(score: number): number {
  if (score >= 0 && score < TWO_64) return Math.floor(score);
  if (score >= 0) return 0;
  // Taken for what its two's complement is.
  return score > -TWO_63 ? Math.trunc(score) : TWO_63;
}

/** Puts 16 bits at the even places of 32. */
function spread(bits: number): number {
  bits = (bits | bits << 8) & 0x00ff00ff;
  bits = (bits | bits << 4) & 0x0f0f0f0f;
  bits = (bits | bits << 2) & 0x33333333;
  return (bits | bits << 1) & 0x55555555;
}

/** The 16 bits at the even places of 32. */
function collect(bits: number): number {
  bits &= 0x55555555;
  bits = (bits | bits >>> 1) & 0x33333333;
  bits = (bits | bits >>> 2) & 0x0f0f0f0f;
  bits = (bits | bits >>> 4) & 0x00ff00ff;
  return (bits | bits >>> 8) & 0xffff;
}
