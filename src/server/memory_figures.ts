/**
 * Where the memory of a server goes: what INFO memory, MEMORY STATS and MEMORY DOCTOR tell.
 *
 *     used = startup + bookkeeping grown since + clients + indexes and headers of keys + data set
 *            \______________________ overhead ____________________________/
 *
 * `used` is counted and not estimated, but for the objects of a connection. What the JavaScript
 * engine takes for itself (code, its own heap) is in the resident set and nowhere else.
 */
import { ENTRY_HEADER_BYTES } from "../heap/entry.ts";
import type { Engine } from "./engine.ts";

/** What the keys of a database take beside their bytes and values. */
export interface DatabaseOverhead {
  readonly index: number;
  /** The index of keys, and the header of each entry. */
  readonly mainBytes: number;
  /** The index of those that expire. */
  readonly expiresBytes: number;
}

/** All sizes in bytes; shares in percent. */
export interface MemoryFigures {
  readonly used: number;
  readonly peak: number;
  readonly startup: number;
  readonly clients: number;
  readonly databases: readonly DatabaseOverhead[];
  readonly keyCount: number;
  readonly overhead: number;
  readonly dataset: number;
  /** Of what is used since the start. */
  readonly datasetPercent: number;
  readonly peakPercent: number;
  readonly bytesPerKey: number;
  /** Heap: in objects; in pages that hold objects; in chunks that hold pages. */
  readonly allocated: number;
  readonly active: number;
  readonly resident: number;
  /** The process as the system sees it; 0 where it cannot be known. */
  readonly residentSet: number;
  readonly maximum: number;
}

/** Measures; notes a new peak on the way, so that the peak is never below what is used. */
export function memoryFigures(engine: Engine): MemoryFigures {
  const { keyspace, statistics, platform } = engine;
  const heap = keyspace.heap;
  const used = engine.usedMemoryBytes;
  if (used > statistics.peakUsedMemoryBytes) statistics.peakUsedMemoryBytes = used;
  const peak = statistics.peakUsedMemoryBytes;
  const startup = engine.startupMemoryBytes;
  const databases = databaseOverheads(engine);
  const keyCount = keyspace.size;
  const clients = engine.clientMemory.bytes;
  let overhead = heap.bookkeepingBytes + clients;
  for (const { mainBytes, expiresBytes } of databases) overhead += mainBytes + expiresBytes;
  const sinceStart = Math.max(1, used - startup);
  const dataset = used - overhead;
  return {
    used,
    peak,
    startup,
    clients,
    databases,
    keyCount,
    overhead,
    dataset,
    datasetPercent: dataset * 100 / sinceStart,
    peakPercent: used * 100 / peak,
    bytesPerKey: keyCount === 0 ? 0 : Math.floor(sinceStart / keyCount),
    allocated: heap.allocatedBytes,
    active: heap.mappedBytes,
    resident: heap.reservedBytes,
    residentSet: platform.process.residentSetBytes(),
    maximum: engine.config.number("maxmemory"),
  };
}

/** A quotient of two sizes; 1 where there is nothing to divide by, as when the two are equal. */
export function ratio(part: number, whole: number): number {
  return whole === 0 ? 1 : part / whole;
}

function databaseOverheads(engine: Engine): DatabaseOverhead[] {
  const overheads: DatabaseOverhead[] = [];
  for (const { index, keys, expires, size } of engine.keyspace.databases) {
    if (size === 0) continue;
    overheads.push({
      index,
      mainBytes: keys.indexBytes + size * ENTRY_HEADER_BYTES,
      expiresBytes: expires.indexBytes,
    });
  }
  return overheads;
}
