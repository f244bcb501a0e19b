/** INFO: what the server is, has done and holds. */
import type { Call } from "../../command/call.ts";
import type { CommandDefinition } from "../../command/definition.ts";
import { defineCommand } from "../../command/definition.ts";
import type { Engine } from "../engine.ts";
import { Keysizes } from "./info_keysizes.ts";
import type { InfoField, InfoSection } from "./info_sections.ts";
import { INFO_SECTIONS, sectionsText } from "./info_sections.ts";

/** The section that is made only when it is asked for by this name. */
const KEYSIZES = "keysizes";

/** The INFO command of one server. */
export function infoCommands(engine: Engine): readonly CommandDefinition[] {
  const keysizes = new Keysizes(engine.keyspace, engine.clock);
  return [
    defineCommand({
      name: "info",
      summary: "Tells what the server is, what it has done and what it holds.",
      since: "1.0.0",
      group: "server",
      complexity: "O(1); with `keysizes` O(N), N being the keys of all databases.",
      history: [["7.0.0", "Takes several sections."]],
      arity: -1,
      flags: ["loading", "stale"],
      acl: ["dangerous"],
      tips: [
        "nondeterministic_output",
        "request_policy:all_shards",
        "response_policy:special",
      ],
      arguments: [{ name: "section", type: "string", flags: ["optional", "multiple"] }],
      run(call) {
        const names: string[] = [];
        for (let i = 1; i < call.count; i++) names.push(call.text(i).toLowerCase());
        if (names.includes(KEYSIZES)) replyWithKeysizes(engine, keysizes, call, names);
        else call.reply.verbatim("txt", infoText(engine, names));
      },
    }),
  ];
}

/**
 * Visits all keys, which can take long: then the client waits, and the reply is made when that is
 * done. A transaction cannot wait; with very many keys it gets no such section.
 */
function replyWithKeysizes(
  engine: Engine,
  keysizes: Keysizes,
  call: Call,
  names: readonly string[],
): void {
  const client = engine.currentClient;
  if (client === null || client.transaction !== null) {
    return call.reply.verbatim("txt", infoText(engine, names, keysizes.countAtOnce()));
  }
  const counted = keysizes.count(() => client.isClosed);
  if (!(counted instanceof Promise)) {
    return call.reply.verbatim("txt", infoText(engine, names, counted));
  }
  const isHeard = client.replyMode === "on";
  const answered = counted.then((fields) => {
    if (isHeard && !client.isClosed) client.reply.verbatim("txt", infoText(engine, names, fields));
  });
  engine.waitFor(client, answered);
}

/**
 * What INFO answers to these section names, in any case: `default` (also when there are none),
 * `all` and `everything` stand for several. Each section comes once, in a fixed order; names that
 * are none are passed over.
 * @param keysizes the lines of the section that is not made here, behind the one of the keyspace.
 */
export function infoText(
  engine: Engine,
  names: readonly string[],
  keysizes: readonly InfoField[] | null = null,
): string {
  const asked = new Set(names.map((name) => name.toLowerCase()));
  const wantsAll = asked.has("all") || asked.has("everything");
  const wantsDefault = names.length === 0 || asked.has("default");
  const sections: InfoSection[] = INFO_SECTIONS.filter(({ name, alias, isDefault, isInAll }) =>
    asked.has(name) || (alias !== undefined && asked.has(alias)) ||
    (wantsAll && isInAll) || (wantsDefault && isDefault)
  );
  if (keysizes !== null) {
    const section = { name: KEYSIZES, heading: "Keysizes", isDefault: false, isInAll: false };
    const behind = sections.findIndex(({ name }) => name === "debug");
    sections.splice(behind < 0 ? sections.length : behind, 0, {
      ...section,
      fields: () => keysizes,
    });
  }
  return sectionsText(engine, sections);
}
