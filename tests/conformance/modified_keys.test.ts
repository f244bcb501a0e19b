/**
 * Which keys count as modified: after each of many random commands, whether a transaction that
 * watches one of its keys is refused.
 */
import { conformanceOf } from "../support/compare.ts";
import { describe } from "../support/reply.ts";
import type { RespClient } from "../support/resp_client.ts";
import { seeded } from "../unit/heap/seeded.ts";
import { COLLECTIONS, commandOf, STRINGS_AND_LISTS } from "./key_commands.ts";

const COMMAND_COUNT = 2000;

async function observe(
  client: RespClient,
  seed: number,
  templates: readonly string[],
): Promise<string[]> {
  const prng = seeded(seed);
  const commands: string[][] = [];
  for (let i = 0; i < COMMAND_COUNT; i++) {
    const command = commandOf(templates[prng.below(templates.length)], prng);
    const keys = command.filter((word) => word.startsWith("key:"));
    const key = keys[prng.below(keys.length)];
    // A key of the name in another database must not count, but for MOVE and COPY.
    const database = prng.below(8) === 0 ? "1" : "0";
    commands.push(["SELECT", database], ["WATCH", key], ["SELECT", "0"]);
    commands.push(command, ["MULTI"], ["PING"], ["EXEC"]);
  }
  const replies = await client.pipeline(commands);
  return replies.flatMap((reply, i) =>
    i % 7 === 6
      ? [`${commands[i - 5][1]} after ${commands[i - 3].join(" ")}: ${describe(reply)}`]
      : []
  );
}

for (const protocol of [2, 3] as const) {
  conformanceOf(
    "keys modified by random commands on strings and lists",
    (client) => observe(client, protocol, STRINGS_AND_LISTS),
    { protocols: [protocol] },
  );
  conformanceOf(
    "keys modified by random commands on other collections",
    (client) => observe(client, protocol, COLLECTIONS),
    { protocols: [protocol] },
  );
}
