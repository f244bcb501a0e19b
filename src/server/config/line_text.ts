/**
 * One line of a configuration file: splitting it into arguments and quoting an argument, by the
 * rules of Redis's sdssplitargs and sdscatrepr. Byte text in, byte text out.
 */

import { latin1Bytes, quoteBytes } from "../../base/ascii.ts";

/** An argument between double quotes, escaped so that {@link splitArguments} gives it back. */
export function quoted(argument: string): string {
  return quoteBytes(latin1Bytes(argument));
}

/** Without the blanks at both ends that separate nothing. */
export function trimmed(line: string): string {
  return line.replace(/^[ \t\r\n]+/, "").replace(/[ \t\r\n]+$/, "");
}

/**
 * Splits a line at white space. `"..."` knows `\n \r \t \b \a`, `\xHH` and `\` before any other
 * character; `'...'` knows `\'` only. A closing quote must be followed by white space or the end;
 * an opening one may stand inside a word, which it continues. A zero byte ends the line.
 *
 * @returns undefined where quotes are unbalanced.
 */
export function splitArguments(line: string): string[] | undefined {
  const zero = line.indexOf("\0");
  return new Splitter(zero < 0 ? line : line.slice(0, zero)).split();
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  b: "\b",
  a: "\x07",
};

class Splitter {
  readonly #line: string;
  #at = 0;
  #word = "";

  constructor(line: string) {
    this.#line = line;
  }

  split(): string[] | undefined {
    const words: string[] = [];
    for (;;) {
      while (isSpace(this.#line[this.#at])) this.#at++;
      if (this.#at >= this.#line.length) return words;
      this.#word = "";
      if (!this.#readWord()) return undefined;
      words.push(this.#word);
    }
  }

  #readWord(): boolean {
    for (;;) {
      const character = this.#line[this.#at];
      if (character === undefined) return true;
      this.#at++;
      // Vertical tab and form feed separate words but do not end one.
      if (
        character === " " || character === "\n" || character === "\r" || character === "\t"
      ) return true;
      if (character === '"') return this.#readDoubleQuoted();
      if (character === "'") return this.#readSingleQuoted();
      this.#word += character;
    }
  }

  #readDoubleQuoted(): boolean {
    for (;;) {
      const character = this.#line[this.#at];
      if (character === undefined) return false;
      this.#at++;
      if (character === '"') return this.#endsHere();
      if (character === "\\" && this.#at < this.#line.length) this.#readEscape();
      else this.#word += character;
    }
  }

  #readEscape(): void {
    const hex = /^x([0-9A-Fa-f]{2})/.exec(this.#line.slice(this.#at, this.#at + 3));
    if (hex !== null) {
      this.#word += String.fromCharCode(Number.parseInt(hex[1], 16));
      this.#at += 3;
      return;
    }
    const character = this.#line[this.#at++];
    this.#word += ESCAPES[character] ?? character;
  }

  #readSingleQuoted(): boolean {
    for (;;) {
      const character = this.#line[this.#at];
      if (character === undefined) return false;
      this.#at++;
      if (character === "'") return this.#endsHere();
      if (character === "\\" && this.#line[this.#at] === "'") {
        this.#word += "'";
        this.#at++;
      } else {
        this.#word += character;
      }
    }
  }

  #endsHere(): boolean {
    const next = this.#line[this.#at];
    return next === undefined || isSpace(next);
  }
}

function isSpace(character: string | undefined): boolean {
  return character !== undefined && " \t\n\v\f\r".includes(character);
}
