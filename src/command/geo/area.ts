/**
 * What GEOSEARCH and its relatives search: a circle or a box around a place, and the geohash cells
 * that cover it. The cells are at most nine: the one that the place is in, and its neighbours as far
 * as the area may reach into them.
 *
 *     north west   north   north east          row + 1
 *     west         center  east                row
 *     south west   south   south east          row - 1
 *
 * Their size follows from the area's: so large that the area cannot reach beyond a neighbour, unless
 * it covers so much of the earth that cells of a quarter of it are too small. Columns and rows wrap
 * around, rows too, which is of no use but harmless.
 */
import {
  columnOf,
  decoded,
  DECODED_LATITUDE,
  DECODED_LONGITUDE,
  decodeScore,
  degreesOf,
  EARTH_DIAMETER_METERS,
  EARTH_RADIUS_METERS,
  latitudeOfRow,
  longitudeOfColumn,
  radiansOf,
  rowOf,
  scoreOfCell,
  STEP_MAX,
} from "../../base/geohash.ts";

const CELLS_MAX = 9;
/** In the order in which cells are searched. */
const CENTER = 0;
const COLUMN_STEPS: readonly number[] = [0, 0, 0, 1, -1, 1, -1, 1, -1];
const ROW_STEPS: readonly number[] = [0, 1, -1, 0, 0, 1, 1, -1, -1];

/** Half the equator on the Mercator map. */
const MERCATOR_MAX_METERS = 20037726.37;
/** Above these latitudes cells are narrow and must be larger. */
const HIGH_LATITUDE = 66;
const HIGHEST_LATITUDE = 80;
/** More than what rounding can make of a distance, so that cheap tests never say no to a yes. */
const SLACK = 1 + 1e-9;

export class GeoArea {
  longitude = 0;
  latitude = 0;
  isBox = false;
  /** In units, like the sides of a box. */
  radius = 0;
  width = 0;
  height = 0;
  metersOfUnit = 1;

  /** Scores of the cells: cell i has those from minimums[i] up to below maximums[i]. */
  readonly minimums: Float64Array = new Float64Array(CELLS_MAX);
  readonly maximums: Float64Array = new Float64Array(CELLS_MAX);
  cellCount = 0;

  /** What {@link contains} looks at. A field, because an argument would be boxed. */
  score = 0;
  /** Meters from the middle to the place that {@link contains} has found to be inside. */
  distance = 0;

  /** The ends of the area, in degrees. */
  #west = 0;
  #east = 0;
  #south = 0;
  #north = 0;

  /** What {@link contains} needs: the middle in radians, and the area in meters. */
  #longitudeRadians = 0;
  #latitudeRadians = 0;
  #latitudeCosine = 0;
  #radiusMeters = 0;
  #halfWidthMeters = 0;
  #halfHeightMeters = 0;
  #latitudeDistanceMax = 0;
  #haversineMax = 0;

  /** Computes the cells of the area, and all that {@link contains} needs. */
  cover(): void {
    this.#prepare();
    this.#findEnds();
    const { longitude, latitude } = this;
    let step = this.#step();
    if (step > 1 && !this.#isCovered(step)) step--;
    const column = columnOf(longitude, step);
    const row = rowOf(latitude, step);
    // Of a grid of two columns the neighbours are never left out.
    const isFine = step >= 2;
    const reachesWest = !isFine || !(longitudeOfColumn(column, step) < this.#west);
    const reachesEast = !isFine || !(longitudeOfColumn(column + 1, step) > this.#east);
    const reachesSouth = !isFine || !(latitudeOfRow(row, step) < this.#south);
    const reachesNorth = !isFine || !(latitudeOfRow(row + 1, step) > this.#north);
    this.cellCount = 0;
    for (let i = CENTER; i < CELLS_MAX; i++) {
      const columnStep = COLUMN_STEPS[i];
      const rowStep = ROW_STEPS[i];
      if (columnStep < 0 ? !reachesWest : columnStep > 0 && !reachesEast) continue;
      if (rowStep < 0 ? !reachesSouth : rowStep > 0 && !reachesNorth) continue;
      this.#addCell(
        neighbour(column, columnStep, step),
        neighbour(row, rowStep, step),
        step,
      );
    }
  }

  /**
   * Whether the place of `score` is in the area; its distance is then in `distance`. This is done
   * for every member of the cells, most of which are outside, so what is cheap comes first.
   */
  contains(): boolean {
    decodeScore(this.score);
    return this.isBox ? this.#isInBox() : this.#isInCircle();
  }

  #isInCircle(): boolean {
    const to = radiansOf(decoded[DECODED_LATITUDE]);
    const down = to - this.#latitudeRadians;
    const alongMeridian = EARTH_RADIUS_METERS * Math.abs(down);
    if (alongMeridian > this.#latitudeDistanceMax) return false;
    const v = Math.sin((radiansOf(decoded[DECODED_LONGITUDE]) - this.#longitudeRadians) / 2);
    let distance = alongMeridian;
    if (v !== 0) {
      const u = Math.sin(down / 2);
      const haversine = u * u + this.#latitudeCosine * Math.cos(to) * v * v;
      if (haversine > this.#haversineMax) return false;
      distance = EARTH_DIAMETER_METERS * Math.asin(Math.sqrt(haversine));
    }
    if (distance > this.#radiusMeters) return false;
    this.distance = distance;
    return true;
  }

  #isInBox(): boolean {
    const to = radiansOf(decoded[DECODED_LATITUDE]);
    const down = to - this.#latitudeRadians;
    const alongMeridian = EARTH_RADIUS_METERS * Math.abs(down);
    if (alongMeridian > this.#halfHeightMeters) return false;
    const v = Math.sin((radiansOf(decoded[DECODED_LONGITUDE]) - this.#longitudeRadians) / 2);
    if (v === 0) {
      this.distance = alongMeridian;
      return true;
    }
    // The box is as wide as along the parallel of the place.
    const cosine = Math.cos(to);
    const across = EARTH_DIAMETER_METERS * Math.asin(Math.sqrt(cosine * cosine * v * v));
    if (across > this.#halfWidthMeters) return false;
    const u = Math.sin(down / 2);
    const haversine = u * u + this.#latitudeCosine * cosine * v * v;
    this.distance = EARTH_DIAMETER_METERS * Math.asin(Math.sqrt(haversine));
    return true;
  }

  #prepare(): void {
    const { metersOfUnit } = this;
    this.#longitudeRadians = radiansOf(this.longitude);
    this.#latitudeRadians = radiansOf(this.latitude);
    this.#latitudeCosine = Math.cos(this.#latitudeRadians);
    const radius = this.radius * metersOfUnit;
    this.#radiusMeters = radius;
    this.#halfWidthMeters = this.width * metersOfUnit / 2;
    this.#halfHeightMeters = this.height * metersOfUnit / 2;
    this.#latitudeDistanceMax = radius * SLACK + 1e-3;
    const angle = (radius * SLACK + 1e-3) / EARTH_RADIUS_METERS / 2;
    this.#haversineMax = angle < Math.PI / 2 ? Math.sin(angle) ** 2 * SLACK : Infinity;
  }

  #findEnds(): void {
    const { longitude, latitude, isBox, metersOfUnit } = this;
    const height = metersOfUnit * (isBox ? this.height / 2 : this.radius);
    const width = metersOfUnit * (isBox ? this.width / 2 : this.radius);
    const rows = degreesOf(height / EARTH_RADIUS_METERS);
    // Parallels are shorter nearer to a pole: the same width is more degrees there.
    const far = latitude < 0 ? latitude - rows : latitude + rows;
    const columns = degreesOf(width / EARTH_RADIUS_METERS / Math.cos(radiansOf(far)));
    this.#west = longitude - columns;
    this.#east = longitude + columns;
    this.#south = latitude - rows;
    this.#north = latitude + rows;
  }

  /** The bits an axis of cells that are about as large as the area. */
  #step(): number {
    const { width, height, latitude } = this;
    const reach = this.isBox
      ? Math.sqrt((width / 2) * (width / 2) + (height / 2) * (height / 2))
      : this.radius;
    let meters = reach * this.metersOfUnit;
    if (meters === 0) return STEP_MAX;
    let step = -1;
    for (; meters < MERCATOR_MAX_METERS && step <= STEP_MAX + 2; step++) meters *= 2;
    if (Math.abs(latitude) > HIGH_LATITUDE) step--;
    if (Math.abs(latitude) > HIGHEST_LATITUDE) step--;
    return Math.min(Math.max(step, 1), STEP_MAX);
  }

  /** Whether the neighbours of the middle cell reach to the ends of the area. */
  #isCovered(step: number): boolean {
    const { longitude, latitude } = this;
    const column = columnOf(longitude, step);
    const row = rowOf(latitude, step);
    const north = latitudeOfRow(neighbour(row, 1, step) + 1, step);
    const south = latitudeOfRow(neighbour(row, -1, step), step);
    const east = longitudeOfColumn(neighbour(column, 1, step) + 1, step);
    const west = longitudeOfColumn(neighbour(column, -1, step), step);
    return !(north < this.#north || south > this.#south || east < this.#east || west > this.#west);
  }

  /** Adds a cell, unless it is the one that was added before it: a small grid has few. */
  #addCell(column: number, row: number, step: number): void {
    const count = this.cellCount;
    const minimum = scoreOfCell(column, row, step, 0);
    if (count > 1 && this.minimums[count - 1] === minimum) return;
    this.minimums[count] = minimum;
    this.maximums[count] = scoreOfCell(column, row, step, 1);
    this.cellCount = count + 1;
  }
}

/** The column or row beside another one, around the earth. */
function neighbour(index: number, step: number, bits: number): number {
  return step === 0 ? index : (index + step) & ((1 << bits) - 1);
}
