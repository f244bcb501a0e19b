/**
 * The arguments of the searches: where, how far, in which order, how many, and what is replied.
 * They are read in the order in which they stand, and the first that is wrong is the one that is
 * complained of; a member that is named is looked up right there.
 */
import { parsed64, parseInt64 } from "../../base/integer_text.ts";
import { decoded, DECODED_LATITUDE, DECODED_LONGITUDE, decodeScore } from "../../base/geohash.ts";
import { NOT_AN_INTEGER } from "../../protocol/wire_errors.ts";
import type { Call } from "../call.ts";
import { floatOrReply, metersOfUnitOrReply, place, readPlace } from "./arguments.ts";
import type { GeoArea } from "./area.ts";

/** Which options a command takes. */
export const TAKES_AREA = 1;
export const TAKES_STORE = 2;
export const TAKES_STOREDIST_WORD = 4;

const NO_SUCH_PLACE = "ERR could not decode requested zset member";

export class GeoSearchOptions {
  hasDistance = false;
  hasHash = false;
  hasCoordinates = false;
  isAny = false;
  isAscending = false;
  isDescending = false;
  /** Infinity where COUNT does not say. */
  count = Infinity;
  /** The argument that names the key for the result; 0 for none. */
  storeIndex = 0;
  storesDistance = false;

  readonly #area: GeoArea;
  #kind = 0;
  #hasMember = false;
  #hasPlace = false;
  #hasRadius = false;
  #hasBox = false;

  constructor(area: GeoArea) {
    this.#area = area;
  }

  /** Before {@link read}: a search by {@link readRadius} or the options of `kind`. */
  begin(kind: number): void {
    this.hasDistance = false;
    this.hasHash = false;
    this.hasCoordinates = false;
    this.isAny = false;
    this.isAscending = false;
    this.isDescending = false;
    this.count = Infinity;
    this.storeIndex = 0;
    this.storesDistance = false;
    this.#kind = kind;
    this.#hasMember = false;
    this.#hasPlace = false;
    this.#hasRadius = false;
    this.#hasBox = false;
  }

  /**
   * Reads all arguments from `index` on.
   * @param ref the sorted set; 0 when there is none.
   * @returns false after replying.
   */
  read(call: Call, index: number, ref: number): boolean {
    while (index < call.count) {
      const taken = this.#readWord(call, index) || this.#readStore(call, index) ||
        this.#readCount(call, index) || this.#readArea(call, index, ref);
      if (taken < 0) return false;
      if (taken === 0) {
        call.syntaxError();
        return false;
      }
      index += taken;
    }
    return this.#isComplete(call);
  }

  /** Reads a longitude and a latitude as the middle; false after replying. */
  readMiddle(call: Call, index: number): boolean {
    if (!readPlace(call, index)) return false;
    this.#area.longitude = place.longitude;
    this.#area.latitude = place.latitude;
    return true;
  }

  /** Takes the place of a member as the middle; false after replying that there is none such. */
  takeMember(call: Call, index: number, ref: number): boolean {
    const { bytes, starts, ends } = call.args;
    const zsets = call.keyspace.zsets;
    const score = zsets.scoreOf(call.database, ref, bytes, starts[index], ends[index]);
    if (score !== score) {
      call.reply.error(NO_SUCH_PLACE);
      return false;
    }
    decodeScore(score);
    this.#area.longitude = decoded[DECODED_LONGITUDE];
    this.#area.latitude = decoded[DECODED_LATITUDE];
    return true;
  }

  /** Reads a radius and its unit; false after replying. */
  readRadius(call: Call, index: number): boolean {
    const area = this.#area;
    const radius = floatOrReply(call, index, "ERR need numeric radius");
    if (radius !== radius) return false;
    if (radius < 0) {
      call.reply.error("ERR radius cannot be negative");
      return false;
    }
    area.isBox = false;
    area.radius = radius;
    return this.#readUnit(call, index + 1);
  }

  #readBox(call: Call, index: number): boolean {
    const area = this.#area;
    const width = floatOrReply(call, index, "ERR need numeric width");
    if (width !== width) return false;
    const height = floatOrReply(call, index + 1, "ERR need numeric height");
    if (height !== height) return false;
    if (width < 0 || height < 0) {
      call.reply.error("ERR height or width cannot be negative");
      return false;
    }
    area.isBox = true;
    area.width = width;
    area.height = height;
    return this.#readUnit(call, index + 2);
  }

  #readUnit(call: Call, index: number): boolean {
    const meters = metersOfUnitOrReply(call, index);
    if (meters !== meters) return false;
    this.#area.metersOfUnit = meters;
    return true;
  }

  /** This and those below return how many arguments were taken; 0: none; -1: after replying. */
  #readWord(call: Call, index: number): number {
    if (call.is(index, "withdist")) this.hasDistance = true;
    else if (call.is(index, "withhash")) this.hasHash = true;
    else if (call.is(index, "withcoord")) this.hasCoordinates = true;
    else if (call.is(index, "any")) this.isAny = true;
    else if (call.is(index, "asc")) this.#setOrder(false);
    else if (call.is(index, "desc")) this.#setOrder(true);
    else return 0;
    return 1;
  }

  #setOrder(isDescending: boolean): void {
    this.isAscending = !isDescending;
    this.isDescending = isDescending;
  }

  #readStore(call: Call, index: number): number {
    if ((this.#kind & TAKES_STOREDIST_WORD) !== 0 && call.is(index, "storedist")) {
      this.storesDistance = true;
      return 1;
    }
    if ((this.#kind & TAKES_STORE) === 0 || index + 1 >= call.count) return 0;
    const isDistance = call.is(index, "storedist");
    if (!isDistance && !call.is(index, "store")) return 0;
    this.storeIndex = index + 1;
    this.storesDistance = isDistance;
    return 2;
  }

  #readCount(call: Call, index: number): number {
    if (index + 1 >= call.count || !call.is(index, "count")) return 0;
    const { bytes, starts, ends } = call.args;
    let error = "";
    if (!parseInt64(bytes, starts[index + 1], ends[index + 1])) error = NOT_AN_INTEGER;
    else if (parsed64.high < 0 || (parsed64.high | parsed64.low) === 0) {
      error = "ERR COUNT must be > 0";
    }
    if (error !== "") {
      call.reply.error(error);
      return -1;
    }
    this.count = parsed64.high * 2 ** 32 + (parsed64.low >>> 0);
    return 2;
  }

  #readArea(call: Call, index: number, ref: number): number {
    if ((this.#kind & TAKES_AREA) === 0) return 0;
    const left = call.count - 1 - index;
    if (left >= 1 && !this.#hasPlace && call.is(index, "frommember")) {
      if (ref !== 0 && !this.takeMember(call, index + 1, ref)) return -1;
      this.#hasMember = true;
      return 2;
    }
    if (left >= 2 && !this.#hasMember && call.is(index, "fromlonlat")) {
      this.#hasPlace = true;
      return this.readMiddle(call, index + 1) ? 3 : -1;
    }
    if (left >= 2 && !this.#hasBox && call.is(index, "byradius")) {
      this.#hasRadius = true;
      return this.readRadius(call, index + 1) ? 3 : -1;
    }
    if (left >= 3 && !this.#hasRadius && call.is(index, "bybox")) {
      this.#hasBox = true;
      return this.#readBox(call, index + 1) ? 4 : -1;
    }
    return 0;
  }

  /** Whether the options go together; false after replying. */
  #isComplete(call: Call): boolean {
    const error = this.#conflict(call);
    if (error === undefined) return true;
    call.reply.error(error);
    return false;
  }

  #conflict(call: Call): string | undefined {
    const isSearch = (this.#kind & TAKES_AREA) !== 0;
    const isStored = this.storeIndex !== 0 || (this.#kind & TAKES_STOREDIST_WORD) !== 0;
    if (isStored && (this.hasDistance || this.hasHash || this.hasCoordinates)) {
      const who = isSearch ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS";
      return `ERR ${who} is not compatible with WITHDIST, WITHHASH and WITHCOORD options`;
    }
    if (isSearch && !this.#hasMember && !this.#hasPlace) {
      const one = "exactly one of FROMMEMBER or FROMLONLAT can be specified for";
      return `ERR ${one} ${call.text(0)}`;
    }
    if (isSearch && !this.#hasRadius && !this.#hasBox) {
      const one = "exactly one of BYRADIUS and BYBOX can be specified for";
      return `ERR ${one} ${call.text(0)}`;
    }
    if (this.isAny && this.count === Infinity) {
      return "ERR the ANY argument requires COUNT argument";
    }
    return undefined;
  }
}
