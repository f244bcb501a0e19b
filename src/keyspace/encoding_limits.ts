/**
 * Up to which size a value stays in its small encoding: the directives `*-max-listpack-*`,
 * `set-max-intset-entries`, `list-max-listpack-size` and what else shapes a value's bytes.
 */
export class EncodingLimits {
  hashMaxListpackEntries = 512;
  hashMaxListpackValue = 64;
  /** Entries of a node when positive; -1 to -5: 4, 8, 16, 32 or 64 KiB. */
  listMaxListpackSize = -2;
  listCompressDepth = 0;
  setMaxIntsetEntries = 512;
  setMaxListpackEntries = 128;
  setMaxListpackValue = 64;
  zsetMaxListpackEntries = 128;
  zsetMaxListpackValue = 64;
  hllSparseMaxBytes = 3000;
  /** Bytes and entries of a stream's node; 0: no limit. */
  streamNodeMaxBytes = 4096;
  streamNodeMaxEntries = 100;
}
