/** The bytes of a stream in RDB files, as redis-server writes them. */
import { row } from "./fixture.ts";

/** Its one node: entries 1-1 (a 1, b x), 1-2 (deleted), 2-0 (c 70000) and 5-5 (a 1.5, b ""). */
export const NODE = hex(
  "100000000000000001000000000000000140515100" +
    "00001f000301010102018161028162020001020100010001010181780205010301000101010201ded402050100" +
    "010101dfff020101816302f270110104060102010401040183312e350480010501ff",
);
/** Length, last ID; first ID, greatest deleted ID, entries added. */
const COUNTERS_1 = hex("030505");
export const COUNTERS_2 = hex("03050501010102" + "04");
/** Two entries that are pending with alice in g; bob has nothing, h has no consumers. */
export const PENDING = hex(
  "020000000000000001000000000000000100806e8774010000070000000000000002000000000000000001806e877401" +
    "0000412c",
);
/** What of it is alice's: all; then nothing of bob. */
export const OWN = hex("0200000000000000010000000000000001000000000000000200000000" + "00000000");
/** When alice and bob were seen, and alice was active. */
export const SEEN_MS = 1_795_271_708_636;
export const SEEN = hex("dc4f88fea1010000");
const UNKNOWN = hex("81ffffffffffffffff");

function hex(digits: string): Uint8Array {
  return Uint8Array.from(digits.match(/../g)!, (pair) => Number.parseInt(pair, 16));
}

/** The stream as redis-server writes it: 5.0 (15), 7.0 (19) or 8.0 (21). */
export function streamValue(type: 15 | 19 | 21): Uint8Array {
  const active = type === 21 ? [SEEN] : [];
  const never = type === 21 ? [hex("ffffffffffffffff")] : [];
  const read = type === 15 ? [] : [[2]];
  const unread = type === 15 ? [] : [UNKNOWN];
  return row(
    ...[[type], [1], NODE, type === 15 ? COUNTERS_1 : COUNTERS_2, [2]],
    ...[[1], "g", [2, 0], ...read, PENDING, [2]],
    ...[[5], "alice", SEEN, ...active, OWN, [3], "bob", SEEN, ...never, [0]],
    ...[[1], "h", [2, 0], ...unread, [0, 0]],
  );
}
