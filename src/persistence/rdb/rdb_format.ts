/**
 * The RDB format: its numbers, its layout and the error that a file which breaks it causes.
 *
 *     +-----------+-----+-----+---------+-----+-----+--------+
 *     | REDISvvvv | AUX | AUX | ...     | database  ...| EOF | CRC-64 |      vvvv: the version
 *     +-----------+-----+-----+---------+-----------...+-----+--------+
 *     9 bytes                                            FF    8 bytes
 *
 *     database  SELECTDB number, RESIZEDB keys expires, entry, entry, ...
 *     entry     [EXPIRETIME_MS 8 bytes] [IDLE length | FREQ byte] type key value
 *
 * Every opcode and type is one byte: types count up from 0, opcodes count down from 255. A key is a
 * string; what a value is made of depends on its type (value_types.ts).
 *
 * A length is 1, 2, 5 or 9 bytes, big-endian; the first two bits tell which:
 *
 *     00LLLLLL                          0..63
 *     01LLLLLL LLLLLLLL                 0..16383
 *     10000000 and 4 bytes              up to 2^32 - 1
 *     10000001 and 8 bytes
 *     11EEEEEE                          no length: the encoding E of a string
 *
 * A string is its length and its bytes, or one of these encodings:
 *
 *     11000000 and 1 byte               an integer, whose decimal text is the string
 *     11000001 and 2 bytes              the same, little-endian
 *     11000010 and 4 bytes              the same, little-endian
 *     11000011 clen len and clen bytes  LZF: clen bytes that decompress to len
 *
 * The checksum covers all bytes before it; zero means that there is none. Files before version 5
 * end with EOF. What follows the end is not looked at: an append-only file may go on there.
 */
import { latin1, latin1Bytes } from "../../base/ascii.ts";

/**
 * The highest version that is read. Redis 7.4 to 8.4 write 12: all that their files add to 11 are
 * types and opcodes, which are met one by one, so a file without those is as good as an old one.
 */
export const RDB_VERSION_MAX = 12;
/** The version in Valkey 9's magic, `VALKEY080`; its strings and opcodes are those of 11. */
export const VALKEY_VERSION = 80;
/** The lowest version that is written: Redis 5 and everything since read it. */
export const RDB_VERSION_MIN_WRITTEN = 9;
/** From this version on a checksum follows EOF. */
export const RDB_CHECKSUM_VERSION = 5;

export const MAGIC_BYTES = 9;
export const CHECKSUM_BYTES = 8;

export const OPCODE_SLOT_INFO = 0xf4;
export const OPCODE_FUNCTION2 = 0xf5;
export const OPCODE_FUNCTION_PRE_GA = 0xf6;
export const OPCODE_MODULE_AUX = 0xf7;
export const OPCODE_IDLE = 0xf8;
export const OPCODE_FREQ = 0xf9;
export const OPCODE_AUX = 0xfa;
export const OPCODE_RESIZEDB = 0xfb;
export const OPCODE_EXPIRETIME_MS = 0xfc;
export const OPCODE_EXPIRETIME = 0xfd;
export const OPCODE_SELECTDB = 0xfe;
export const OPCODE_EOF = 0xff;
/** Types lie below, opcodes from here on. */
export const OPCODE_FIRST = 0xf0;

export const LENGTH_14_BITS = 0x40;
export const LENGTH_32_BITS = 0x80;
export const LENGTH_64_BITS = 0x81;
export const LENGTH_ENCODED = 0xc0;

export const ENCODED_INT8 = 0;
export const ENCODED_INT16 = 1;
export const ENCODED_INT32 = 2;
export const ENCODED_LZF = 3;

/** No integer that is encoded has a longer text. */
export const INTEGER_TEXT_BYTES_MAX = 11;
/** LZF gains nothing on strings up to this length. */
export const UNCOMPRESSED_BYTES_MAX = 20;
/** A string is compressed only where that spares so many bytes. */
export const COMPRESSION_GAIN_BYTES_MIN = 4;

/** An entry keeps the length of its key in 29 bits. */
export const KEY_BYTES_MAX = 2 ** 29 - 1;
/** An entry keeps the length of its value in an int32. */
export const VALUE_BYTES_MAX = 2 ** 31 - 1;
/** The latest expiry time that an entry keeps: the largest double below 2^63. */
export const EXPIRES_AT_MS_MAX = 2 ** 63 - 1024;

/** A file or a payload that breaks the format, or that holds what this version cannot hold. */
export class RdbError extends Error {
  /** What is wrong, without the position. */
  readonly reason: string;
  /** Where reading stopped, in bytes from the beginning. */
  readonly offsetBytes: number;

  /** @param where the reader's function that noticed, for the message alone. */
  constructor(reason: string, offsetBytes: number, where: string) {
    super(
      `Internal error in RDB reading offset ${offsetBytes}, function at ${where} -> ${reason}`,
    );
    this.name = "RdbError";
    this.reason = reason;
    this.offsetBytes = offsetBytes;
  }
}

/** The first bytes of a file of that version. */
export function rdbMagic(version: number): Uint8Array {
  return latin1Bytes("REDIS" + String(version).padStart(4, "0"));
}

/**
 * Reads the first {@link MAGIC_BYTES} bytes of a file.
 * @returns the version; {@link VALKEY_VERSION} alone stands for Valkey's own numbering.
 * @throws {RdbError} where it is no RDB file, or of a version that is not read.
 */
export function readMagic(bytes: Uint8Array, at: number): number {
  const magic = latin1(bytes, at, at + MAGIC_BYTES);
  const isValkey = magic.startsWith("VALKEY");
  if (!isValkey && !magic.startsWith("REDIS")) {
    throw new RdbError("Wrong signature trying to load DB from file", 0, "readMagic");
  }
  const digits = magic.slice(isValkey ? 6 : 5);
  const version = /^\d+$/.test(digits) ? Number(digits) : 0;
  const isRead = isValkey ? version === VALKEY_VERSION : version >= 1 && version <= RDB_VERSION_MAX;
  if (isRead) return version;
  throw new RdbError(`Can't handle RDB format version ${version}`, MAGIC_BYTES, "readMagic");
}
