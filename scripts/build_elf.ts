/**
 * Puts a blob into an ELF program (Linux), where the program finds it as a note: this is how a single
 * executable of Node gets its application. Node's documentation leaves it to a tool of its own,
 * postject; what that does for ELF is little, and done here.
 *
 * A running program sees of its file only what a program header maps. So there have to be two more of
 * them, and the table, which has no room left behind it, moves to the end of the file:
 *
 * ```
 *   before                     after
 *   ELF header ---+            ELF header ------------+
 *   headers    <--+            (the old headers)      |
 *   ...                        ...                    |
 *                              headers, two more   <--+   the first maps all of this part,
 *                              note: name, blob           the second says where the note is
 * ```
 *
 * The new part keeps the distance between file offset and address that the start of the file has,
 * because older kernels tell a program where its headers are by that distance.
 */

const ELF64_HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const NOTE_HEADER_BYTES = 12;
/** The largest page of any machine that Node runs on (arm64 may have 64 KiB). */
const PAGE_BYTES = 65536;
const PT_LOAD = 1;
const PT_NOTE = 4;
const PT_PHDR = 6;
const READABLE = 4;

/** One line of the table of program headers, in the order of its fields. */
interface ProgramHeader {
  type: number;
  flags: number;
  offset: bigint;
  address: bigint;
  fileBytes: bigint;
  memoryBytes: bigint;
  align: bigint;
}

/** True for a 64-bit little-endian ELF file. */
export function isElf64(program: Uint8Array): boolean {
  return program.length > ELF64_HEADER_BYTES &&
    [0x7f, 0x45, 0x4c, 0x46, 2, 1].every((byte, index) => program[index] === byte);
}

/** The program with a note of this name, which holds the blob. @throws Error when it is not ELF. */
export function withNote(program: Uint8Array, name: string, blob: Uint8Array): Uint8Array {
  if (!isElf64(program)) throw new Error("not a 64-bit little-endian ELF file");
  const headers = readHeaders(program);
  const first = headers.find(({ type }) => type === PT_LOAD);
  if (first === undefined) throw new Error("the ELF file maps nothing");
  const distance = first.address - first.offset;

  const note = noteOf(name, blob);
  const tableBytes = (headers.length + 2) * PROGRAM_HEADER_BYTES;
  const lengthBytes = tableBytes + note.length;
  const offset = roundUp(
    Math.max(
      program.length,
      ...headers.map(({ address, memoryBytes }) =>
        // Zeroed memory behind the last mapping counts as well.
        Number(address + memoryBytes - distance)
      ),
    ),
    PAGE_BYTES,
  );
  const address = BigInt(offset) + distance;
  const part = (type: number, at: number, bytes: number, align: number): ProgramHeader => ({
    type,
    flags: READABLE,
    offset: BigInt(offset + at),
    address: address + BigInt(at),
    fileBytes: BigInt(bytes),
    memoryBytes: BigInt(bytes),
    align: BigInt(align),
  });
  const table = [
    ...headers.map((header) => header.type === PT_PHDR ? part(PT_PHDR, 0, tableBytes, 8) : header),
    part(PT_LOAD, 0, lengthBytes, PAGE_BYTES),
    part(PT_NOTE, tableBytes, note.length, 4),
  ];

  const result = new Uint8Array(offset + lengthBytes);
  result.set(program);
  table.forEach((header, index) => {
    writeHeader(result, offset + index * PROGRAM_HEADER_BYTES, header);
  });
  result.set(note, offset + tableBytes);
  const view = new DataView(result.buffer);
  view.setBigUint64(32, BigInt(offset), true);
  view.setUint16(56, table.length, true);
  return result;
}

function readHeaders(program: Uint8Array): ProgramHeader[] {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const table = Number(view.getBigUint64(32, true));
  if (view.getUint16(54, true) !== PROGRAM_HEADER_BYTES) throw new Error("odd program headers");
  return Array.from({ length: view.getUint16(56, true) }, (_, index) => {
    const at = table + index * PROGRAM_HEADER_BYTES;
    return {
      type: view.getUint32(at, true),
      flags: view.getUint32(at + 4, true),
      offset: view.getBigUint64(at + 8, true),
      address: view.getBigUint64(at + 16, true),
      fileBytes: view.getBigUint64(at + 32, true),
      memoryBytes: view.getBigUint64(at + 40, true),
      align: view.getBigUint64(at + 48, true),
    };
  });
}

function writeHeader(into: Uint8Array, at: number, header: ProgramHeader): void {
  const view = new DataView(into.buffer, into.byteOffset + at, PROGRAM_HEADER_BYTES);
  view.setUint32(0, header.type, true);
  view.setUint32(4, header.flags, true);
  view.setBigUint64(8, header.offset, true);
  view.setBigUint64(16, header.address, true);
  // The physical address, which means nothing here.
  view.setBigUint64(24, header.address, true);
  view.setBigUint64(32, header.fileBytes, true);
  view.setBigUint64(40, header.memoryBytes, true);
  view.setBigUint64(48, header.align, true);
}

/** Length of the name, length of the blob, type, then both, each filled up to four bytes. */
function noteOf(name: string, blob: Uint8Array): Uint8Array {
  const nameBytes = new TextEncoder().encode(`${name}\0`);
  const blobAt = NOTE_HEADER_BYTES + roundUp(nameBytes.length, 4);
  const note = new Uint8Array(blobAt + roundUp(blob.length, 4));
  const view = new DataView(note.buffer);
  view.setUint32(0, nameBytes.length, true);
  view.setUint32(4, blob.length, true);
  note.set(nameBytes, NOTE_HEADER_BYTES);
  note.set(blob, blobAt);
  return note;
}

function roundUp(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}
