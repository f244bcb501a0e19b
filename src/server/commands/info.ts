/** INFO: what the server is, has done and holds. */
import type { CommandDefinition } from "../../command/definition.ts";
import { defineCommand } from "../../command/definition.ts";
import type { Engine } from "../engine.ts";
import { INFO_SECTIONS, sectionsText } from "./info_sections.ts";

/** The INFO command of one server. */
export function infoCommands(engine: Engine): readonly CommandDefinition[] {
  return [
    defineCommand({
      name: "info",
      summary: "Tells what the server is, what it has done and what it holds.",
      since: "1.0.0",
      group: "server",
      complexity: "O(1)",
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
        for (let i = 1; i < call.count; i++) names.push(call.text(i));
        call.reply.verbatim("txt", infoText(engine, names));
      },
    }),
  ];
}

/**
 * What INFO answers to these section names, in any case: `default` (also when there are none),
 * `all` and `everything` stand for several. Each section comes once, in a fixed order; names that
 * are none are passed over.
 */
export function infoText(engine: Engine, names: readonly string[]): string {
  const asked = new Set(names.map((name) => name.toLowerCase()));
  const wantsAll = asked.has("all") || asked.has("everything");
  const wantsDefault = names.length === 0 || asked.has("default");
  const sections = INFO_SECTIONS.filter(({ name, alias, isDefault, isInAll }) =>
    asked.has(name) || (alias !== undefined && asked.has(alias)) ||
    (wantsAll && isInAll) || (wantsDefault && isDefault)
  );
  return sectionsText(engine, sections);
}
