/**
 * CRC-16/XMODEM (polynomial 0x1021, start 0, bits not reflected), and the hash slot that Redis
 * Cluster derives from it.
 */

const TABLE: Uint16Array = makeTable();

function makeTable(): Uint16Array {
  const table = new Uint16Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ ((crc & 0x8000) !== 0 ? 0x1021 : 0);
    table[byte] = crc;
  }
  return table;
}

/** The CRC-16 of `bytes[start..end)`; "123456789" gives 0x31c3. */
export function crc16(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0;
  for (let at = start; at < end; at++) {
    crc = ((crc << 8) & 0xff00) ^ TABLE[(crc >>> 8) ^ bytes[at]];
  }
  return crc;
}

/** How many hash slots a cluster has. */
export const HASH_SLOT_COUNT = 16384;

/**
 * The hash slot of a key. Where the key has a '{' and, somewhere behind it, a '}', what stands
 * between the first '{' and the first '}' after it is hashed alone, unless that is empty: so keys
 * with the same tag share a slot.
 */
export function keyHashSlot(key: Uint8Array, start: number, end: number): number {
  let open = start;
  while (open < end && key[open] !== 0x7b) open++;
  let close = open + 1;
  while (close < end && key[close] !== 0x7d) close++;
  const isTagged = close < end && close > open + 1;
  const crc = isTagged ? crc16(key, open + 1, close) : crc16(key, start, end);
  return crc & (HASH_SLOT_COUNT - 1);
}
