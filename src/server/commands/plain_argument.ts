/**
 * Arguments as the commands about connections read them: rarely, so exactness comes before speed.
 */
import { latin1 } from "../../base/ascii.ts";
import { parseBigInteger } from "../../base/integer_text.ts";
import type { Call } from "../../command/call.ts";
import { unknownSubcommandOrArity } from "../../protocol/wire_errors.ts";

/** What CLIENT SETNAME and HELLO say to a name that is not {@link isListable}. */
export const INVALID_CLIENT_NAME =
  "ERR Client names cannot contain spaces, newlines or special characters.";

/** The argument as a signed 64-bit integer; undefined when it is none. */
export function int64(call: Call, index: number): bigint | undefined {
  const args = call.args;
  return parseBigInteger(args.bytes, args.starts[index], args.ends[index]);
}

/**
 * The argument as Redis prints and compares it where it takes it for a C string: what follows a zero
 * byte is not there.
 */
export function textUntilZero(call: Call, index: number): string {
  const { bytes, starts, ends } = call.args;
  const zero = bytes.subarray(starts[index], ends[index]).indexOf(0);
  return latin1(bytes, starts[index], zero < 0 ? ends[index] : starts[index] + zero);
}

/** True for what CLIENT LIST can show as one field: printable ASCII without spaces, or nothing. */
export function isListable(text: string): boolean {
  return /^[!-~]*$/.test(text);
}

/** How much of a subcommand's name an error quotes. */
const QUOTED_BYTES_MAX = 128;

/** More arguments than the subcommand knows what to do with. */
export function replyWrongCount(call: Call, container: string): void {
  const subcommand = textUntilZero(call, 1).slice(0, QUOTED_BYTES_MAX);
  call.reply.error(unknownSubcommandOrArity(subcommand, container));
}
