/** Replies of the stream commands as values. */
import { CommandFixture } from "../fixture.ts";

/**
 * A reply as values: bulks and simple strings as text, integers, arrays; null; errors as `-text`.
 */
export type Value = string | number | null | Value[];

export class StreamFixture extends CommandFixture {
  /** As {@link run}, with the reply taken apart. */
  value(...words: (string | number)[]): Value {
    return replyValue(this.run(...words.map(String)));
  }
}

/** A reply in RESP2 as a value. */
export function replyValue(reply: string): Value {
  return new ReplyText(reply).next();
}

/** Takes a reply apart. */
class ReplyText {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  next(): Value {
    const end = this.#text.indexOf("\r\n", this.#at);
    const line = this.#text.slice(this.#at + 1, end);
    const type = this.#text[this.#at];
    this.#at = end + 2;
    if (type === "-") return `-${line}`;
    if (type === "+") return line;
    if (type === ":") return Number(line);
    const length = Number(line);
    if (length < 0) return null;
    if (type === "*") return Array.from({ length }, () => this.next());
    this.#at += length + 2;
    return this.#text.slice(end + 2, end + 2 + length);
  }
}

/** What a map in RESP2 says under a name. */
export function field(map: Value, name: string): Value {
  const items = map as Value[];
  return items[items.indexOf(name) + 1];
}
