/** Append-only files as bytes, and what a reader finds in them. */
import { latin1 } from "../../../../src/base/ascii.ts";
import {
  AOF_ANNOTATION,
  AOF_BAD,
  AOF_COMMAND,
  AOF_END,
  AOF_PAUSE,
  AOF_TRUNCATED,
  AofReader,
} from "../../../../src/persistence/aof/aof_reader.ts";
import type { File } from "../../../../src/platform/file_system.ts";
import { bytesOf, MemoryFiles, row } from "../rdb/fixture.ts";

/** A command as it stands in a file. */
export function command(...args: readonly (string | Uint8Array)[]): Uint8Array {
  const parts = args.map(bytesOf);
  return row(
    `*${parts.length}\r\n`,
    ...parts.flatMap((part) => [`$${part.length}\r\n`, part, "\r\n"]),
  );
}

/** A file with that content, and the file system that counts what is read of it. */
export function fileOf(bytes: Uint8Array): { file: File; files: MemoryFiles } {
  const files = new MemoryFiles();
  files.contents.set("a.aof", bytes);
  return { file: files.open("a.aof", "read"), files };
}

/** What a reader finds, pauses aside. */
export interface Found {
  /** Arguments as Latin-1, `#` and the text of an annotation. */
  readonly items: readonly (readonly string[])[];
  readonly end: "end" | "truncated" | "bad";
  readonly offsetBytes: number;
  readonly reason: string;
}

/** Reads a file to its end. */
export function read(bytes: Uint8Array, startBytes = 0, chunkBytes?: number): Found {
  const reader = new AofReader(fileOf(bytes).file, startBytes, chunkBytes);
  const items: string[][] = [];
  for (;;) {
    const found = reader.next();
    if (found === AOF_PAUSE) continue;
    if (found === AOF_COMMAND) {
      items.push(Array.from({ length: reader.args.count }, (_, i) => latin1(reader.args.view(i))));
    } else if (found === AOF_ANNOTATION) items.push(["#", reader.annotation]);
    else {return {
        items,
        end: endOf(found),
        offsetBytes: reader.offsetBytes,
        reason: said(reader, found),
      };}
  }
}

function said(reader: AofReader, end: number): string {
  return end === AOF_END ? "" : `${reader.reasonAtBytes}: ${reader.reason}`;
}

function endOf(found: number): Found["end"] {
  if (found === AOF_END) return "end";
  if (found === AOF_TRUNCATED) return "truncated";
  if (found === AOF_BAD) return "bad";
  throw new Error(`no such end: ${found}`);
}
