/**
 * Replies as tests look at them: a tree that keeps everything the wire tells apart. A nil bulk, a
 * nil array and RESP3's null are three different things here, and so are a simple string and a
 * bulk string of the same text.
 */

/** One reply of a server. Numbers stay text where the wire has text: nothing is rounded. */
export type Reply =
  | { readonly kind: "simple"; readonly text: string }
  | { readonly kind: "error"; readonly text: string }
  | { readonly kind: "integer"; readonly value: bigint }
  | { readonly kind: "bulk"; readonly bytes: Uint8Array }
  | { readonly kind: "null"; readonly form: "bulk" | "array" | "resp3" }
  | { readonly kind: "array" | "set" | "push"; readonly items: readonly Reply[] }
  | { readonly kind: "map"; readonly entries: readonly (readonly [Reply, Reply])[] }
  | { readonly kind: "double"; readonly text: string }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "big_number"; readonly text: string }
  | { readonly kind: "verbatim"; readonly format: string; readonly bytes: Uint8Array };

const encoder = new TextEncoder();

/** A simple string: `+OK`. */
export function simple(text: string): Reply {
  return { kind: "simple", text };
}

/** An error: `-ERR ...`. */
export function error(text: string): Reply {
  return { kind: "error", text };
}

/** An integer: `:1`. */
export function integer(value: bigint | number): Reply {
  return { kind: "integer", value: BigInt(value) };
}

/** A bulk string; text is taken as UTF-8. */
export function bulk(value: string | Uint8Array): Reply {
  return { kind: "bulk", bytes: typeof value === "string" ? encoder.encode(value) : value };
}

/** An array. */
export function array(...items: Reply[]): Reply {
  return { kind: "array", items };
}

/** The bytes of a text-like reply, or undefined where the reply is of another kind. */
export function bytesOf(reply: Reply): Uint8Array | undefined {
  if (reply.kind === "bulk" || reply.kind === "verbatim") return reply.bytes;
  return undefined;
}

/** The text of a reply that has one (bytes as UTF-8); throws where it has none. */
export function textOf(reply: Reply): string {
  switch (reply.kind) {
    case "simple":
    case "error":
    case "double":
    case "big_number":
      return reply.text;
    case "integer":
      return String(reply.value);
    case "bulk":
    case "verbatim":
      return new TextDecoder().decode(reply.bytes);
    default:
      throw new TypeError(`a reply of kind ${reply.kind} has no text`);
  }
}

/** The elements of an aggregate, a map's as key, value, key, value; throws for other kinds. */
export function itemsOf(reply: Reply): readonly Reply[] {
  switch (reply.kind) {
    case "array":
    case "set":
    case "push":
      return reply.items;
    case "map":
      return reply.entries.flat();
    default:
      throw new TypeError(`a reply of kind ${reply.kind} has no elements: ${describe(reply)}`);
  }
}

/**
 * The reply as one line of text. Two replies are equal exactly where these are, so this is also how
 * they are compared and sorted.
 */
export function describe(reply: Reply): string {
  switch (reply.kind) {
    case "simple":
      return `+${quote(reply.text)}`;
    case "error":
      return `-${quote(reply.text)}`;
    case "integer":
      return `:${reply.value}`;
    case "bulk":
      return quote(latin1(reply.bytes));
    case "null":
      return reply.form === "resp3" ? "null" : `nil ${reply.form}`;
    case "array":
      return `[${reply.items.map(describe).join(", ")}]`;
    case "set":
      return `set[${reply.items.map(describe).join(", ")}]`;
    case "push":
      return `push[${reply.items.map(describe).join(", ")}]`;
    case "map":
      return `{${reply.entries.map(([k, v]) => `${describe(k)}: ${describe(v)}`).join(", ")}}`;
    case "double":
      return `,${reply.text}`;
    case "boolean":
      return reply.value ? "#t" : "#f";
    case "big_number":
      return `(${reply.text}`;
    case "verbatim":
      return `=${reply.format}:${quote(latin1(reply.bytes))}`;
  }
}

/** Each byte as the character of its number; TextDecoder's "latin1" is in truth windows-1252. */
function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** Quotes a string whose characters are bytes, as redis-cli does. */
export function quote(characters: string): string {
  // deno-lint-ignore no-control-regex
  const escaped = characters.replace(/[\\"\x00-\x1f\x7f-\xff]/g, (character) => {
    if (character === "\\" || character === '"') return `\\${character}`;
    if (character === "\n") return "\\n";
    if (character === "\r") return "\\r";
    if (character === "\t") return "\\t";
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return `"${escaped}"`;
}

/** Cuts a long description in its middle. */
export function shorten(text: string, limit = 400): string {
  if (text.length <= limit) return text;
  const half = limit >> 1;
  return `${text.slice(0, half)} ...(${text.length} characters)... ${text.slice(-half)}`;
}
