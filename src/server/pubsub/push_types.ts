/** The types that a message begins with: `>` in RESP3, and an array in RESP2, which has no pushes. */

export const RESP2_ARRAY = 42;
export const PUSH_HEADER = 62;
