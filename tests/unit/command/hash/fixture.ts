/** Replies of the hash commands as one line each. */
import { CommandFixture } from "../fixture.ts";

export class HashFixture extends CommandFixture {
  /** Runs a line of words; the reply is one line, too: `[:1 $-1 $ab]`. */
  line(text: string): string {
    return readable(this.run(...text.split(" ").map((word) => word === '""' ? "" : word)));
  }

  /** The fields of a hash and their values, as HGETALL gives them. */
  pairs(key: string): Map<string, string> {
    const words = this.list("HGETALL", key);
    const pairs = new Map<string, string>();
    for (let i = 0; i < words.length; i += 2) pairs.set(words[i], words[i + 1]);
    return pairs;
  }
}

/** A reply in RESP2 on one line. */
function readable(reply: string): string {
  let at = 0;
  const read = (): string => {
    const end = reply.indexOf("\r\n", at);
    const line = reply.slice(at, end);
    at = end + 2;
    if (line[0] === "$" && line !== "$-1") {
      const text = reply.slice(at, at + Number(line.slice(1)));
      at += text.length + 2;
      return `$${text}`;
    }
    if (line[0] !== "*" || line === "*-1") return line;
    return `[${Array.from({ length: Number(line.slice(1)) }, read).join(" ")}]`;
  };
  return read();
}
