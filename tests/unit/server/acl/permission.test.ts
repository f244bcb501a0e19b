/** The short way to say that a command may run says nothing else than the long one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { latin1Bytes } from "../../../../src/base/ascii.ts";
import { Arguments } from "../../../../src/protocol/arguments.ts";
import { startBench } from "../commands/fixture.ts";

const { engine: { acl } } = await startBench();
const { commands } = acl.settings.index;

const rule = fc.constantFrom(
  ...["+@all", "-@all", "allkeys", "resetkeys", "+@read", "-@write", "+@string", "-get", "+set"],
  ...["~a*", "~ab", "%R~a*", "%W~*", "%R~*", "~*b", "+select|0", "&*", "&a", "(+get ~*)"],
);
const word = fc.constantFrom("a", "ab", "b", "abb", "", "GET", "STORE", "1", "2", "STREAMS", "BY");

function argumentsOf(words: readonly string[]): Arguments {
  const args = new Arguments();
  args.bytes = latin1Bytes(words.join(""));
  let at = 0;
  for (const each of words) args.push(at, at += each.length);
  return args;
}

test("what passes is allowed", () => {
  let passed = 0;
  const users = fc.array(rule, { maxLength: 6 });
  const words = fc.array(word, { minLength: 12, maxLength: 12 });
  fc.assert(
    fc.property(users, words, fc.nat(4), (rules, rest, more) => {
      acl.deleteUser("u");
      if (acl.setUser("u", ["+@all", "~a*", ...rules]) !== undefined) return;
      const user = acl.find("u")!;
      for (const command of commands) {
        const name = command.fullName.split("|");
        const count = Math.abs(command.arity) + (command.arity < 0 ? more : 0);
        const args = argumentsOf([...name, ...rest].slice(0, Math.max(count, name.length)));
        if (!command.accepts(args.count) || !user.passes(command, args)) continue;
        passed++;
        assert.equal(acl.rehearse(user, command, args), undefined, command.fullName);
      }
    }),
    { numRuns: 150 },
  );
  assert.ok(passed > 10_000, String(passed));
});

test("commands of one key pass where a pattern allows it", () => {
  acl.setUser("one", ["+@all", "~x", "~app:*"]);
  const user = acl.find("one")!;
  const passes = (...words: string[]) =>
    user.passes(acl.settings.index.find(words[0])!, argumentsOf(words));
  assert.ok(passes("get", "app:1"));
  assert.ok(passes("set", "x", "1", "get"));
  assert.ok(passes("ping"));
  assert.ok(!passes("get", "y"));
  assert.ok(!passes("publish", "app:1", "m"));
  acl.setUser("one", ["-get"]);
  assert.ok(!passes("get", "x"));
});
