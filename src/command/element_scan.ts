/** What HSCAN, SSCAN and ZSCAN have in common: their definition, their options, their reply. */
import { matchesGlob } from "../base/glob.ts";
import { type Call, WRONG_TYPE_REPLIED } from "./call.ts";
import {
  type AclCategory,
  type ArgumentSpecification,
  type CommandDefinition,
  defineCommand,
  keyRange,
} from "./definition.ts";
import { int64OrReply } from "./integer_argument.ts";
import { cursorOrReply } from "./scan_argument.ts";

/** How many elements a call looks at where COUNT does not say. */
const SCAN_COUNT = 10;
/** After so many segments for each element asked for, the call ends all the same. */
const SEGMENTS_PER_ELEMENT_MAX = 10;
/** Cursors lie below; a higher one, which no reply of ours has named, is an end already. */
export const CURSOR_END: number = 2 ** 32;
const STAR = 0x2a;

/** What tells the command of one type from those of the others. */
export interface ScannedType {
  readonly name: string;
  readonly summary: string;
  readonly group: CommandDefinition["group"];
  /** What the complexity counts. */
  readonly elements: string;
  /** The category of the type, and the type itself. */
  readonly category: AclCategory;
  readonly type: number;
  /** The option that leaves values out, in lower case; "" where there is none. */
  readonly noValues: "novalues" | "noscores" | "";
  /**
   * Writes all elements of a small value, or those of the next segment of a large one, and returns
   * the next cursor.
   */
  reply(call: Call, ref: number, cursor: number, scan: ElementScan): number;
}

/** The command that goes through the elements of one value, some at each call. */
export function scanCommand(scanned: ScannedType): CommandDefinition {
  const { name, summary, group, elements, category, type, noValues } = scanned;
  const scan = new ElementScan();
  return defineCommand({
    name,
    summary,
    since: "2.8.0",
    group,
    complexity: `O(1) a call; O(N) for all the calls that go through N ${elements}.`,
    arity: -3,
    flags: ["readonly"],
    acl: [category],
    tips: ["nondeterministic_output"],
    keys: [keyRange(1, 1, 1, "RO access")],
    arguments: argumentsOf(noValues),
    run(call) {
      let cursor = cursorOrReply(call, 2);
      if (cursor !== cursor) return;
      const ref = call.lookupReadOf(1, type);
      if (ref === WRONG_TYPE_REPLIED) return;
      // Where there is no key Redis does not look at the options.
      if (ref !== 0 && !scan.read(call, 3, noValues)) return;
      scan.begin(call);
      if (ref === 0) cursor = 0;
      else {
        let segmentCount = 0;
        do {
          cursor = scanned.reply(call, ref, cursor, scan);
        } while (cursor !== 0 && !scan.isEnough(++segmentCount));
      }
      scan.end(call, cursor);
    },
  });
}

function argumentsOf(noValues: ScannedType["noValues"]): readonly ArgumentSpecification[] {
  const always: readonly ArgumentSpecification[] = [
    { name: "key", type: "key", keySpec: 0 },
    { name: "cursor", type: "integer" },
    { name: "pattern", type: "pattern", token: "MATCH", flags: ["optional"] },
    { name: "count", type: "integer", token: "COUNT", flags: ["optional"] },
  ];
  if (noValues === "") return always;
  const token = noValues.toUpperCase();
  return [...always, { name: noValues, type: "pure-token", token, flags: ["optional"] }];
}

/** The options behind the cursor, and what is written so far: one object serves every call. */
export class ElementScan {
  /** False with NOVALUES of HSCAN (Redis 7.4) and NOSCORES of ZSCAN (Valkey 8). */
  hasValues = true;
  /** Elements to look at. A least: whole segments are. */
  #count = SCAN_COUNT;
  #lookedAt = 0;
  /** The argument with the pattern; 0 when everything matches. */
  #matchIndex = 0;
  #mark = 0;
  /** Bulk strings written so far. */
  #written = 0;

  /**
   * Reads all arguments from `index` on; false after replying with an error.
   * @param noValues the option that leaves values out, in lower case; "" where there is none.
   */
  read(call: Call, index: number, noValues: ScannedType["noValues"]): boolean {
    this.#count = SCAN_COUNT;
    this.hasValues = true;
    this.#matchIndex = 0;
    while (index < call.count) {
      const hasValue = index + 1 < call.count;
      if (hasValue && call.is(index, "count")) {
        this.#count = int64OrReply(call, index + 1);
        if (this.#count !== this.#count) return false;
        if (this.#count < 1) {
          call.syntaxError();
          return false;
        }
        index += 2;
      } else if (hasValue && call.is(index, "match")) {
        this.#matchIndex = isMatchAll(call, index + 1) ? 0 : index + 1;
        index += 2;
      } else if (noValues !== "" && call.is(index, noValues)) {
        this.hasValues = false;
        index++;
      } else {
        call.syntaxError();
        return false;
      }
    }
    return true;
  }

  /** Whether an element has to be told. */
  isMatched(call: Call, bytes: Uint8Array, start: number, end: number): boolean {
    const index = this.#matchIndex;
    if (index === 0) return true;
    const args = call.args;
    return matchesGlob(args.bytes, args.starts[index], args.ends[index], bytes, start, end, false);
  }

  /** The bulk strings are going to be written. */
  begin(call: Call): void {
    this.#mark = call.reply.length;
    this.#written = 0;
    this.#lookedAt = 0;
  }

  /** So many elements more have been looked at, whether they matched or not. */
  lookedAt(count: number): void {
    this.#lookedAt += count;
  }

  /** Whether the call has looked at what it was asked for, in so many segments. */
  isEnough(segmentCount: number): boolean {
    const count = this.#count;
    return this.#lookedAt >= count || segmentCount >= count * SEGMENTS_PER_ELEMENT_MAX;
  }

  /** So many bulk strings more have been written. */
  wrote(count: number): void {
    this.#written += count;
  }

  /** All are written: puts the cursor, which is known only now, in front of them. */
  end(call: Call, cursor: number): void {
    const reply = call.reply;
    const end = reply.length;
    const mark = this.#mark;
    reply.array(2);
    reply.bulkInteger(cursor);
    reply.array(this.#written);
    const headerLength = reply.length - end;
    const bytes = reply.bytes;
    const header = bytes.slice(end, reply.length);
    bytes.copyWithin(mark + headerLength, mark, end);
    bytes.set(header, mark);
  }
}

/** True for "*" alone, which matches everything, nothing at all too (as a glob it would not). */
function isMatchAll(call: Call, index: number): boolean {
  const { bytes, starts, ends } = call.args;
  return ends[index] - starts[index] === 1 && bytes[starts[index]] === STAR;
}
