/** Rules and what they make of a user, in the words of Redis 8.0, which describes users as 7.2. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startBench } from "../commands/fixture.ts";

const { engine } = await startBench();
const { acl } = engine;

/** Makes a user of nothing else, and tells its rules. */
function made(...rules: string[]): string {
  acl.deleteUser("u");
  const error = acl.setUser("u", rules);
  return error ?? acl.find("u")!.rules;
}

/** Why the rule is refused. */
function refused(rule: string, ...before: string[]): string {
  const text = made(...before, rule);
  const start = `Error in ACL SETUSER modifier '${rule}': `;
  assert.ok(text.startsWith(start), text);
  return text.slice(start.length);
}

const NOTHING = "off sanitize-payload resetchannels -@all";

test("a new user may do nothing", () => {
  assert.equal(made(), NOTHING);
  assert.equal(made(""), NOTHING);
  assert.equal(made("on", "nopass", ">a", "+@all", "~*", "&*", "(+get)", "reset"), NOTHING);
});

test("the user's own words, in any case", () => {
  assert.equal(made("ON", "NoPass"), "on nopass sanitize-payload resetchannels -@all");
  assert.equal(made("skip-sanitize-payload"), "off skip-sanitize-payload resetchannels -@all");
  assert.equal(made("skip-sanitize-payload", "sanitize-payload", "on", "off"), NOTHING);
  assert.equal(made("on\0more"), "on sanitize-payload resetchannels -@all");
});

const SECRET = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

test("passwords are kept as hashes, once", () => {
  const one = `off sanitize-payload #${SECRET} resetchannels -@all`;
  assert.equal(made(">secret"), one);
  assert.equal(made(">secret", ">secret", `#${SECRET}`), one);
  assert.equal(made("nopass", ">secret"), one);
  assert.equal(made(">secret", "<secret"), NOTHING);
  assert.equal(made(">secret", `!${SECRET}`), NOTHING);
  assert.equal(made(">secret", "nopass"), "off nopass sanitize-payload resetchannels -@all");
  assert.equal(made(">secret", "nopass", "resetpass"), NOTHING);
  const missing = "The password you are trying to remove from the user does not exist";
  assert.equal(refused("<secret"), missing);
  assert.equal(refused(`!${SECRET}`), missing);
  const wrong = "The password hash must be exactly 64 characters and contain only lowercase " +
    "hexadecimal characters";
  for (const hash of ["#", "!", "#123", `#${SECRET.toUpperCase()}`, `!${SECRET}0`]) {
    assert.equal(refused(hash), wrong);
  }
});

test("patterns of keys and channels", () => {
  const all = "off sanitize-payload ~* &* -@all";
  assert.equal(made("~*", "&*"), all);
  assert.equal(made("allkeys", "allchannels"), all);
  assert.equal(made("~*", "&*", "resetkeys", "resetchannels"), NOTHING);
  assert.equal(
    made("~a*", "%R~b", "%w~c", "~a*", "&x", "&x", "&y*"),
    "off sanitize-payload ~a* %R~b %W~c resetchannels &x &y* -@all",
  );
  assert.equal(made("%R~a", "%W~a"), "off sanitize-payload ~a resetchannels -@all");
  assert.equal(made("%RW~a", "%wr~b"), "off sanitize-payload ~a ~b resetchannels -@all");
  assert.equal(made("~a", "~*"), "off sanitize-payload ~* resetchannels -@all");
  for (const rule of ["%~a", "%RR~a", "%X~a", "%", "~a b", "%R~a\tb", "&a b", "~a\0"]) {
    assert.equal(refused(rule), "Syntax error");
  }
  assert.match(refused("~a", "~*"), /^Adding a pattern after the \* pattern \(or the 'allkeys'/);
  assert.match(refused("&a", "&*"), /^Adding a pattern after the \* pattern \(or the 'allchan/);
});

function commands(...rules: string[]): string {
  return made(...rules).replace("off sanitize-payload resetchannels ", "");
}

test("rules of commands stay in order and take their earlier selves away", () => {
  assert.equal(commands("+get"), "-@all +get");
  assert.equal(commands("+GET", "+get", "-gEt"), "-@all -get");
  assert.equal(
    commands("+@all", "-@hash", "-@slow", "+hget", "-@hash"),
    "+@all -@slow +hget -@hash",
  );
  assert.equal(
    commands("+client|list", "+config|get", "+config", "+acl|list", "-acl"),
    "-@all +client|list +config -acl",
  );
  assert.equal(commands("+config", "+config|get", "-config|set", "+config"), "-@all +config");
  assert.equal(commands("-@string", "+@all"), "+@all");
  assert.equal(commands("+get", "nocommands"), "-@all");
  assert.equal(commands("+select|0", "+SELECT|0", "+select|1"), "-@all +select|0 +select|1");
  assert.equal(commands("+select|0", "+select"), "-@all +select");
});

test("what is no command", () => {
  const unknown = "Unknown command or category name in ACL";
  for (
    const rule of ["+nosuch", "-nosuch", "+@nosuch", "+", "-", "+@", "+config|nosuch", "-select|0"]
  ) assert.equal(refused(rule), unknown);
  assert.equal(refused("+get|a|b"), unknown);
  assert.equal(refused("+config|get|a"), "Allowing first-arg of a subcommand is not supported");
  for (const rule of ["+get|", "nosuch", "?", ")", "+select|0 +@all"]) {
    assert.equal(refused(rule), "Syntax error");
  }
});

test("selectors", () => {
  assert.equal(
    made("(+get ~a)", "(&b", "-@all)", "()"),
    "off sanitize-payload resetchannels -@all (~a resetchannels -@all +get) " +
      "(resetchannels &b -@all) (resetchannels -@all)",
  );
  assert.equal(made("(+get)", "clearselectors"), NOTHING);
  assert.equal(refused("(on)"), "Syntax error");
  assert.equal(refused("(+nosuch)"), "Unknown command or category name in ACL");
  assert.equal(made("on", "(+get"), "Unmatched parenthesis in acl selector starting at '(+get'.");
});

test("all rules or none", () => {
  acl.deleteUser("u");
  assert.ok(acl.setUser("u", ["on", "+nosuch"]) !== undefined);
  assert.equal(acl.find("u"), undefined);
  acl.setUser("u", ["on"]);
  assert.ok(acl.setUser("u", ["off", "+nosuch"]) !== undefined);
  assert.equal(acl.find("u")!.isEnabled, true);
});

test("who is not restricted in any way", () => {
  const isFree = (...rules: string[]) => {
    made(...rules);
    return acl.find("u")!.isUnrestricted;
  };
  assert.ok(isFree("+@all", "~*", "&*"));
  assert.ok(isFree("(+@all ~* &*)"));
  assert.ok(!isFree("+@all", "~*"));
  assert.ok(!isFree("+@all", "~*", "&*", "-get"));
  assert.ok(!isFree("+@all", "~*", "&*", "-get", "+get"));
  assert.ok(isFree("+@all", "~*", "&*", "-get", "+@all"));
});

test("what is saved can be read again, quotes and all", () => {
  made("on", `~a"b`, `("~c\\"d" "+get")`, "(~e'f)");
  const user = acl.find("u")!;
  assert.equal(
    user.savedLine,
    `u on sanitize-payload ~a"b resetchannels -@all ("~c\\"d" resetchannels -@all +get) ` +
      "(resetchannels -@all)",
  );
  assert.equal(
    user.configuredLine,
    `u on sanitize-payload "~a\\"b" resetchannels -@all "(\\"~c\\\\\\"d\\"" resetchannels -@all ` +
      "+get) (resetchannels -@all)",
  );
});
