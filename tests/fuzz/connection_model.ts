/**
 * What one connection must hear: the commands that it has sent, in their order, and for each of them
 * the replies that Redis's rules give it in the state in which the connection is by then: in a
 * transaction, subscribed, blocked, a monitor, in RESP2 or RESP3. The state is learned from the
 * replies alone.
 *
 *     sent:  SUBSCRIBE a b | MULTI | GET k  | EXEC     | BLPOP list 0
 *     heard: a, b          | +OK   | QUEUED | [value]  |                (and messages in between)
 *
 * What is no reply may stand between any two: messages, lines of MONITOR, pushes.
 */
import assert from "node:assert/strict";
import { StrictReader } from "./strict_reply.ts";

type Words = readonly string[];

/** Commands that are run at once in a transaction. */
const NOT_QUEUED = new Set(["multi", "exec", "discard", "watch", "quit", "reset"]);
const SUBSCRIPTION = /^([ps]?)(un)?subscribe$/;
/** Of how many elements and how named what is no reply is, in RESP2. */
const MESSAGE =
  /^(\*3\r\n\$7\r\nmessage\r\n|\*4\r\n\$8\r\npmessage\r\n|\*3\r\n\$8\r\nsmessage\r\n)/;
const MONITOR_LINE = /^\+\d+\.\d{6} \[\d+ [^\]]*\]/;
const CHANGE = /^[*>]3\r\n\$\d+\r\n([ps]?(?:un)?subscribe)\r\n/;
const CHANGED =
  /^[*>]3\r\n\$\d+\r\n([ps]?)(un)?subscribe\r\n(?:\$\d+\r\n([^]*)|\$-1|_)\r\n:(\d+)\r\n$/;

/** A command, and how many replies to it are still to come. */
interface Sent {
  readonly words: Words;
  readonly name: string;
  /** Unknown until the first one comes. */
  left: number;
}

export class ConnectionModel {
  protocol: 2 | 3 = 2;
  /** How often it got what is no reply. */
  outOfBandCount = 0;
  /**
   * It has said CLIENT REPLY, or has queued what breaks Redis's own protocol (SUBSCRIBE in a
   * transaction): what comes must be well-formed, but its count is anybody's guess.
   */
  isLost = false;
  /** CLIENT REPLY and MULTI: what is held back may be a part of EXEC's array, Redis's way. */
  #isBroken = false;
  #hasMulti = false;
  #hasReplyMode = false;
  readonly #sent: Sent[] = [];
  readonly #answered: (words: Words, isError: boolean) => void;
  /** What has been queued; null outside of a transaction. */
  #queued: string[] | null = null;
  /** HELLO came somewhere in a transaction. */
  #isMixed = false;
  #isMonitor = false;
  /** MONITOR has been answered: another one says nothing. */
  #hasMonitor = false;
  #hasSubscribed = false;
  /** By letter: channels, patterns, shard channels. */
  readonly #names: Record<string, Set<string>> = { "": new Set(), p: new Set(), s: new Set() };

  /** @param answered is told of each command that is over. */
  constructor(answered: (words: Words, isError: boolean) => void = () => {}) {
    this.#answered = answered;
  }

  /** Commands that are yet to be answered. */
  get waiting(): readonly Words[] {
    this.#passSilent("");
    return this.#sent.map(({ words }) => words);
  }

  send(words: Words): void {
    const name = words[0].toLowerCase();
    this.#sent.push({ words, name, left: -1 });
    if (name === "multi") this.#hasMulti = true;
    if (name === "client" && words[1]?.toLowerCase() === "reply") {
      this.isLost = true;
      this.#hasReplyMode = true;
    }
    this.#isBroken = this.#hasMulti && this.#hasReplyMode;
    if (name === "monitor") this.#isMonitor = true;
    // It may have been meant as a part of it: what is redirected comes as a message.
    if (name === "subscribe" || name === "psubscribe" || name === "ssubscribe") {
      this.#hasSubscribed = true;
    }
  }

  /** Bytes that came; they end with a whole reply. */
  hear(bytes: Uint8Array): void {
    if (this.#isBroken) return;
    const reader = new StrictReader(bytes, this.#protocols());
    while (!reader.isAtEnd) {
      reader.protocols = this.#protocols();
      this.#take(reader.nextText());
    }
  }

  #protocols(): { resp2: boolean; resp3: boolean } {
    const head = this.#sent[0]?.name;
    const mixes = this.isLost || this.#isMixed || head === "hello" || head === "reset" ||
      head === "exec" || head === "monitor" || (this.#hasSubscribed && this.protocol === 2);
    return { resp2: mixes || this.protocol === 2, resp3: mixes || this.protocol === 3 };
  }

  #take(text: string): void {
    if (this.isLost) return;
    const isChange = CHANGE.test(text);
    if (!this.#isOutOfBand(text)) this.#passSilent(text);
    const head = this.#sent[0];
    if (isChange && head !== undefined && SUBSCRIPTION.test(head.name)) {
      return this.#takeChange(head, text);
    }
    if (text[0] === ">" || this.#isOutOfBand(text)) {
      assert.ok(!isChange, `a change of subscriptions that nobody asked for: ${quoted(text)}`);
      this.outOfBandCount++;
      return;
    }
    assert.ok(head !== undefined, `a reply to nothing: ${quoted(text)}`);
    assert.ok(head.left <= 0, `${quoted(text)} among the replies to ${head.name}`);
    this.#takeReply(head, text);
  }

  #isOutOfBand(text: string): boolean {
    if (text[0] === ">") return !CHANGE.test(text);
    if (this.#hasSubscribed && MESSAGE.test(text)) return true;
    return this.#isMonitor && MONITOR_LINE.test(text);
  }

  /** Passes what gets no reply at all, unless the one that comes is one to it. */
  #passSilent(text: string): void {
    if (!this.#hasMonitor || this.#queued !== null || text.includes("'monitor'")) return;
    while (this.#sent[0]?.name === "monitor") this.#sent.shift();
  }

  #takeChange(head: Sent, text: string): void {
    const found = CHANGED.exec(text);
    assert.ok(
      found !== null && `${found[1]}${found[2] ?? ""}subscribe` === head.name,
      quoted(text),
    );
    assert.ok(this.#queued === null, "a subscription in a transaction is queued");
    const [, letter, isEnd, name, count] = found;
    const names = this.#names[letter];
    if (head.left < 0) head.left = Math.max(1, head.words.length - 1 || names.size);
    if (isEnd === undefined) names.add(name);
    else names.delete(name);
    const expected = letter === "s" ? names.size : this.#names[""].size + this.#names.p.size;
    assert.equal(Number(count), expected, "the count of subscriptions");
    if (--head.left === 0) this.#over(false);
  }

  #takeReply(head: Sent, text: string): void {
    const isError = text[0] === "-";
    const { name } = head;
    if (this.#queued !== null && !NOT_QUEUED.has(name)) {
      assert.ok(isError || text === "+QUEUED\r\n", `${name} in a transaction: ${quoted(text)}`);
      if (!isError) this.#queue(head);
      return this.#over(isError);
    }
    assert.notEqual(text, "+QUEUED\r\n", "queued outside of a transaction");
    assert.ok(isError || !SUBSCRIPTION.test(name), `${name}: ${quoted(text)}`);
    if (name === "exec") this.#takeExec(text, isError);
    else if (!isError) this.#follow(head, text);
    this.#over(isError);
  }

  #queue({ name }: Sent): void {
    this.#queued!.push(name);
    if (SUBSCRIPTION.test(name)) this.isLost = true;
    if (name === "hello") this.#isMixed = true;
  }

  #takeExec(text: string, isError: boolean): void {
    const queued = this.#queued;
    this.#queued = null;
    if (isError || text === "*-1\r\n" || text === "_\r\n") return;
    // Lines about its own commands stand among the replies to them, Redis's too.
    if (this.#hasMonitor) this.isLost = true;
    assert.ok(queued !== null, "EXEC without MULTI did something");
    assert.equal(/^\*(\d+)\r\n/.exec(text)?.[1], String(queued.length), "replies within EXEC's");
  }

  #follow({ name, words }: Sent, text: string): void {
    if (name === "multi") this.#queued = [];
    if (name === "discard") this.#queued = null;
    if (name === "monitor") this.#hasMonitor = true;
    if (name === "hello") {
      if (words[1] !== undefined) this.protocol = Number(words[1]) === 3 ? 3 : 2;
      this.#isMixed = false;
      assert.ok(text[0] === (this.protocol === 3 ? "%" : "*"), quoted(text));
    }
    if (name !== "reset") return;
    assert.equal(text, "+RESET\r\n");
    this.protocol = 2;
    this.#isMixed = false;
    this.#hasMonitor = false;
    this.#queued = null;
    for (const names of Object.values(this.#names)) names.clear();
  }

  #over(isError: boolean): void {
    const { words } = this.#sent.shift()!;
    this.#answered(words, isError);
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}
