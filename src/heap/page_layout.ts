/**
 * The numbers that the heap is built on, in one place.
 *
 * A reference is a positive 31-bit integer in 16-byte units of *logical* address space:
 *
 *     31 30                    9 8          0
 *     +-+-----------------------+------------+
 *     |0|     logical page      | unit in it |      32 GiB, 8 KiB pages, 512 units each
 *     +-+-----------------------+------------+
 *
 * The page table maps a logical page to a *physical* page; physical pages live in chunks:
 *
 *     31 30                11 10             0
 *     +-+--------------------+---------------+
 *     |0|       chunk        | page in chunk |      16 MiB chunks, 2048 pages each
 *     +-+--------------------+---------------+
 *      A logical page that has no physical page stands as -1.
 *
 * 8 KiB: a copy of a frozen page costs the same from 4 to 16 KiB (page faults dominate), and small
 * pages waste less for large objects, which own whole pages.
 */

export const UNIT_BITS = 4;
export const UNIT_BYTES = 1 << UNIT_BITS;
export const PAGE_BITS = 13;
export const PAGE_BYTES = 1 << PAGE_BITS;
/** Bits of a reference that name the unit inside the page. */
export const PAGE_UNIT_BITS = PAGE_BITS - UNIT_BITS;
export const PAGE_UNIT_MASK = (1 << PAGE_UNIT_BITS) - 1;
/** Bits of a physical page number that name the page inside its chunk. */
export const CHUNK_PAGE_BITS = 11;
export const CHUNK_PAGES = 1 << CHUNK_PAGE_BITS;
export const CHUNK_PAGE_MASK = CHUNK_PAGES - 1;
export const CHUNK_BYTES = CHUNK_PAGES * PAGE_BYTES;
/** A page table entry without a physical page. */
export const UNMAPPED = -1;
/** The logical pages that a 31-bit reference can name, as a power of two: 32 GiB. */
export const LOGICAL_PAGE_BITS_MAX = 31 - PAGE_UNIT_BITS;

/** The largest object that shares a page with others; larger ones own whole pages. */
export const SMALL_BYTES_MAX = 4096;

/**
 * The sizes that small objects are rounded up to: every 16 bytes to 256, then the largest multiple
 * of 16 of which n fit a page, for n falling from 28 to 2: at most 1/7 of an object is padding up to
 * 1 KiB, at most 1/3 above.
 */
export const CLASS_BYTES: Int32Array = sizeClasses();

/** From a size in units (rounded up) to the index of its class. */
export const CLASS_OF_UNITS: Uint8Array = classOfUnits();

/** How many objects of a class fit a page. */
export const CLASS_CAPACITY: Int32Array = CLASS_BYTES.map((bytes) =>
  Math.floor(PAGE_BYTES / bytes)
);

function sizeClasses(): Int32Array {
  const sizes: number[] = [];
  for (let bytes = UNIT_BYTES; bytes <= 256; bytes += UNIT_BYTES) sizes.push(bytes);
  for (const perPage of [28, 25, 23, 20, 18, 16, 14, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) {
    sizes.push(Math.floor(PAGE_BYTES / perPage / UNIT_BYTES) * UNIT_BYTES);
  }
  return Int32Array.from(sizes);
}

function classOfUnits(): Uint8Array {
  const table = new Uint8Array((SMALL_BYTES_MAX >>> UNIT_BITS) + 1);
  let index = 0;
  for (let units = 0; units < table.length; units++) {
    while (CLASS_BYTES[index] < units * UNIT_BYTES) index++;
    table[units] = index;
  }
  return table;
}
