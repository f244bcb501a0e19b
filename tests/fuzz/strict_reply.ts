/**
 * A reader of replies that forgives nothing: it only says whether bytes are whole, well-formed
 * replies, and how many. What a client would tolerate (a sign before a zero, a stray line end in an
 * error, a type of the other protocol) is an error here.
 */

/** Which types may occur; both where the protocol changes on the way. */
export interface ReplyProtocols {
  readonly resp2: boolean;
  readonly resp3: boolean;
}

const CR = 13;
const LF = 10;
const PUSH = 62;
const DEPTH_MAX = 16;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** Reads one value after the other. */
export class StrictReader {
  /** What may come from here on. */
  protocols: ReplyProtocols;
  readonly #bytes: Uint8Array;
  #position = 0;
  #isInPush = false;

  constructor(bytes: Uint8Array, protocols: ReplyProtocols) {
    this.#bytes = bytes;
    this.protocols = protocols;
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#bytes.length;
  }

  get position(): number {
    return this.#position;
  }

  /** Reads a value; throws an Error that says where it is not well-formed. */
  next(): void {
    this.#value(0);
  }

  /** As {@link next}; returns its bytes as text. */
  nextText(): string {
    const start = this.#position;
    this.#value(0);
    return latin1(this.#bytes.subarray(start, this.#position));
  }

  /** The line that begins there. */
  lineAt(start: number): string {
    this.#position = start;
    return this.#line();
  }

  #fail(why: string, at = this.#position): never {
    const around = this.#bytes.subarray(Math.max(0, at - 40), at + 40);
    throw new Error(`reply byte ${at}: ${why} in ${JSON.stringify(latin1(around))}`);
  }

  #value(depth: number): void {
    if (depth > DEPTH_MAX) this.#fail("nested too deeply");
    const start = this.#position;
    const type = String.fromCharCode(this.#bytes[start]);
    if ("_#,(=%~>|".includes(type) && !this.protocols.resp3) this.#fail("a type of RESP3");
    const line = this.#line();
    const text = line.slice(1);
    switch (type) {
      case "+":
      case "-":
        return;
      case ":":
        return this.#integer(text, start);
      case "$":
        return text === "-1" ? this.#oldNull(start) : this.#bulk(this.#count(text, start));
      case "*":
        if (text === "-1") return this.#oldNull(start);
        return this.#values(this.#count(text, start), depth);
      case "_":
        if (text !== "") this.#fail("null with more", start);
        return;
      case "#":
        if (text !== "t" && text !== "f") this.#fail("no boolean", start);
        return;
      case ",":
        if (!/^(inf|-inf|nan|-?\d+(\.\d+)?([eE][+-]?\d+)?)$/.test(text)) {
          this.#fail("no double", start);
        }
        return;
      case "(":
        if (!/^(0|-?[1-9]\d*)$/.test(text)) this.#fail("no big number", start);
        return;
      case "=": {
        const length = this.#count(text, start);
        if (length < 4 || this.#bytes[this.#position + 3] !== 58) this.#fail("no format", start);
        return this.#bulk(length);
      }
      case "%":
        return this.#values(2 * this.#count(text, start), depth);
      case "~":
        return this.#values(this.#count(text, start), depth);
      case ">":
        this.#isInPush = true;
        this.#values(this.#count(text, start), depth);
        this.#isInPush = false;
        return;
      case "|":
        this.#values(2 * this.#count(text, start), depth);
        return this.#value(depth);
      default:
        this.#fail("no type", start);
    }
  }

  #values(count: number, depth: number): void {
    for (let i = 0; i < count; i++) this.#value(depth + 1);
  }

  #bulk(length: number): void {
    const end = this.#position + length;
    if (end + 2 > this.#bytes.length) this.#fail(`a string of ${length} bytes is cut off`);
    if (this.#bytes[end] !== CR || this.#bytes[end + 1] !== LF) this.#fail("no line end", end);
    this.#position = end + 2;
  }

  #oldNull(start: number): void {
    // "All keys are invalid" is said in the protocol of who has read them, Redis's way.
    if (!this.protocols.resp2 && !this.#isInPush) this.#fail("a null of RESP2", start);
  }

  #integer(text: string, start: number): void {
    if (!/^(0|-?[1-9]\d*)$/.test(text)) this.#fail("no integer", start);
    const value = BigInt(text);
    if (value < INT64_MIN || value > INT64_MAX) this.#fail("beyond 64 bits", start);
  }

  #count(text: string, start: number): number {
    if (!/^(0|[1-9]\d{0,9})$/.test(text)) this.#fail("no length", start);
    return Number(text);
  }

  /** The line from the position on, which then stands after it. */
  #line(): string {
    const bytes = this.#bytes;
    const start = this.#position;
    let end = start;
    while (end < bytes.length && bytes[end] !== CR && bytes[end] !== LF) end++;
    if (end + 1 >= bytes.length) this.#fail("a line is cut off", end);
    if (bytes[end] !== CR || bytes[end + 1] !== LF) this.#fail("half a line end", end);
    this.#position = end + 2;
    return latin1(bytes.subarray(start, end));
  }
}

/** All replies in some bytes. */
export class StrictReplies {
  readonly #bytes: Uint8Array;
  /** Where each reply begins, pushes and attributes apart. */
  readonly starts: number[] = [];

  /** Reads all of it; throws an Error that says where it is not well-formed. */
  constructor(bytes: Uint8Array, protocols: ReplyProtocols) {
    this.#bytes = bytes;
    const reader = new StrictReader(bytes, protocols);
    while (!reader.isAtEnd) {
      const start = reader.position;
      reader.next();
      if (bytes[start] !== PUSH) this.starts.push(start);
    }
  }

  get count(): number {
    return this.starts.length;
  }

  /** True when a reply is an error. */
  isError(index: number): boolean {
    return this.#bytes[this.starts[index]] === 45;
  }

  /** The line that a reply begins with. */
  line(index: number): string {
    return new StrictReader(this.#bytes, { resp2: true, resp3: true }).lineAt(this.starts[index]);
  }
}

/** Each byte as the character of its number. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
