/** Replies of commands on streams without what depends on when they ran. */
import { type Reply } from "../support/reply.ts";

const ZERO: Reply = { kind: "integer", value: 0n };
/** What is smaller is no time since the epoch. */
const TIME_MIN = 1_000_000_000_000n;
/** Fields that Redis 7.2 added. */
const NEW_FIELDS = new Set(["inactive", "active-time"]);
const TIME_FIELDS = new Set(["idle", "seen-time"]);
/** Fields that 8.0 knows more often, and more often says that it does not know. */
const PROGRESS_FIELDS = new Set(["entries-read", "lag"]);

function nameOf(reply: Reply): string {
  return reply.kind === "bulk" ? new TextDecoder().decode(reply.bytes) : "";
}

function isBlank(name: string): boolean {
  return TIME_FIELDS.has(name) || PROGRESS_FIELDS.has(name);
}

/** Without times and progress, and without the fields that 7.0 does not have. */
export function withoutTimes(reply: Reply): Reply {
  if (reply.kind === "integer") return reply.value >= TIME_MIN ? ZERO : reply;
  if (reply.kind === "map") {
    const entries = reply.entries.filter(([name]) => !NEW_FIELDS.has(nameOf(name)));
    return {
      kind: "map",
      entries: entries.map(([name, value]) => [
        name,
        isBlank(nameOf(name)) ? ZERO : withoutTimes(value),
      ]),
    };
  }
  if (reply.kind !== "array") return reply;
  const items: Reply[] = [];
  for (let i = 0; i < reply.items.length; i++) {
    const name = nameOf(reply.items[i]);
    if (NEW_FIELDS.has(name)) i++;
    else if (isBlank(name)) {
      items.push(reply.items[i++], ZERO);
    } else items.push(withoutTimes(reply.items[i]));
  }
  return { kind: "array", items };
}

/** XPENDING with a range: without how long ago entries were delivered. */
export function withoutIdleTimes(reply: Reply): Reply {
  if (reply.kind !== "array") return reply;
  return {
    kind: "array",
    items: reply.items.map((item) =>
      item.kind === "array"
        ? { kind: "array", items: item.items.map((each, i) => i === 2 ? ZERO : each) }
        : item
    ),
  };
}
