/**
 * Whether bytes from outside are a listpack (listpack.ts): all that reading one relies on.
 *
 * As strict as redis-server is when it sanitises a payload, and stricter in two things: an entry
 * whose length wraps 32 bits, and a length backwards that is right only with the bytes before it.
 */
import {
  backlenBefore,
  backlenBytes,
  EMPTY_LISTPACK_BYTES,
  encodedBytesAt,
  LISTPACK_COUNT_UNKNOWN,
  LISTPACK_END,
  LISTPACK_HEADER_BYTES,
  ListpackReader,
  listpackTotalBytes,
} from "./listpack.ts";

/** The texts that have more than one byte before them. */
const TEXT_12 = 0xe0;
const TEXT_32 = 0xf0;

/**
 * Whether `bytes[at..at+length)` is a listpack, of which nothing else can be said to be wrong. Reads
 * nothing outside.
 *
 * @param deep looks at each entry; else only header and end are.
 * @param visit is called with a reader at each entry, when that is whole, and the count in the
 * header (65535: unknown); with false it ends the check.
 */
export function isValidListpack(
  bytes: Uint8Array,
  at: number,
  length: number,
  deep: boolean,
  visit?: (reader: ListpackReader, headerCount: number) => boolean,
): boolean {
  if (length < EMPTY_LISTPACK_BYTES || listpackTotalBytes(bytes, at) !== length) return false;
  const last = at + length - 1;
  if (bytes[last] !== LISTPACK_END) return false;
  if (!deep) return true;
  const headerCount = bytes[at + 4] | bytes[at + 5] << 8;
  const reader = visit === undefined ? undefined : new ListpackReader();
  let count = 0;
  let p = at + LISTPACK_HEADER_BYTES;
  while (bytes[p] !== LISTPACK_END) {
    const entryBytes = validEntryBytes(bytes, p, last);
    if (entryBytes === 0) return false;
    if (reader !== undefined) {
      reader.openAt(bytes, at, p - at);
      reader.next();
      if (visit?.(reader, headerCount) === false) return false;
    }
    p += entryBytes;
    count++;
  }
  return p === last && (headerCount === LISTPACK_COUNT_UNKNOWN || headerCount === count);
}

/** The bytes of the entry at a position, 0 when it is broken or reaches behind `last`. */
function validEntryBytes(bytes: Uint8Array, p: number, last: number): number {
  const first = bytes[p];
  const headBytes = first === TEXT_32 ? 5 : first >= TEXT_12 && first < TEXT_32 ? 2 : 1;
  if (p + headBytes > last) return 0;
  const encoded = encodedBytesAt(bytes, p);
  if (encoded === 0) return 0;
  const entryBytes = encoded + backlenBytes(encoded);
  if (p + entryBytes > last) return 0;
  // A length that goes on into what is before it would be another one behind another entry.
  if (bytes[p + encoded] >= 0x80) return 0;
  return backlenBefore(bytes, p + entryBytes) === encoded ? entryBytes : 0;
}
