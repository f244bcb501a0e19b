/**
 * Every error text that is not one command's alone, in Redis's own words. The first word is the
 * code that clients switch on and INFO errorstats counts.
 */

export const SYNTAX_ERROR = "ERR syntax error";
export const NOT_AN_INTEGER = "ERR value is not an integer or out of range";
export const NOT_POSITIVE = "ERR value is out of range, must be positive";
/** A count whose sign tells something, and that has no negative. */
export const COUNT_OUT_OF_RANGE =
  "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807";
/** LMPOP, ZMPOP, SINTERCARD. */
export const NUMKEYS_NOT_POSITIVE = "ERR numkeys should be greater than 0";
export const POPPED_NOT_POSITIVE = "ERR count should be greater than 0";
export const LIMIT_NEGATIVE = "ERR LIMIT can't be negative";
export const NOT_A_FLOAT = "ERR value is not a valid float";
export const OUT_OF_RANGE = "ERR value is out of range";
export const WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value";
export const NO_SUCH_KEY = "ERR no such key";
export const INDEX_OUT_OF_RANGE = "ERR index out of range";
export const INVALID_CURSOR = "ERR invalid cursor";
export const DB_INDEX_OUT_OF_RANGE = "ERR DB index is out of range";
export const STRING_TOO_LONG = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
export const INCREMENT_OVERFLOW = "ERR increment or decrement would overflow";
export const SAME_OBJECT = "ERR source and destination objects are the same";
export const OUT_OF_MEMORY = "OOM command not allowed when used memory > 'maxmemory'.";
export const LOADING = "LOADING Redis is loading the dataset in memory";
export const NO_AUTH = "NOAUTH Authentication required.";
export const NOT_IN_TRANSACTION = "ERR Command not allowed inside a transaction";
export const NO_REPLICAS = "NOREPLICAS Not enough good replicas to write.";
/** To a monitor: to Redis it is a kind of replica. */
export const NOT_FOR_REPLICAS = "ERR Replica can't interact with the keyspace";
export const EXEC_ABORTED = "EXECABORT Transaction discarded because of previous errors.";
export const NO_PROTO = "NOPROTO unsupported protocol version";
export const WRONG_PASS = "WRONGPASS invalid username-password pair or user is disabled.";

/** @param name the full name, `config|get` for a subcommand. */
export function wrongArity(name: string): string {
  return `ERR wrong number of arguments for '${name}' command`;
}

export function invalidExpireTime(name: string): string {
  return `ERR invalid expire time in '${name}' command`;
}

/** For a container command's unknown subcommand. */
export function unknownSubcommand(subcommand: string, container: string): string {
  return `ERR unknown subcommand '${subcommand}'. Try ${container.toUpperCase()} HELP.`;
}

/** For a subcommand that exists but cannot take these arguments (addReplySubcommandSyntaxError). */
export function unknownSubcommandOrArity(subcommand: string, container: string): string {
  return `ERR unknown subcommand or wrong number of arguments for '${subcommand}'. ` +
    `Try ${container.toUpperCase()} HELP.`;
}

/** EXEC itself is refused: that ends the transaction. */
export function execAborted(error: string): string {
  const reason = error.startsWith("ERR ") ? error.slice(4) : error;
  return `EXECABORT Transaction discarded because of: ${reason}`;
}

/** A connection of RESP2 that has subscribed is there for messages alone. */
export function notWhileSubscribed(fullName: string): string {
  return `ERR Can't execute '${fullName}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / ` +
    "RESET are allowed in this context";
}
