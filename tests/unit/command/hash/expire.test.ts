/**
 * The expiry of fields: what Redis 8.0.2 replied to these commands, one after the other, and what
 * stood in its append-only file.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { START_MS } from "../fixture.ts";
import { HashFixture } from "./fixture.ts";

const NO_FIELDS = "-ERR Mandatory argument FIELDS is missing or not at the right position";
const WRONG_COUNT = "-ERR The `numfields` parameter must match the number of arguments";
const ABOVE_ZERO = "-ERR Parameter `numFields` should be greater than 0";
const POSITIVE = "-ERR Number of fields must be a positive integer";
const NEGATIVE = "-ERR invalid expire time, must be >= 0";
const NOT_AN_INTEGER = "-ERR value is not an integer or out of range";
const WRONG_TYPE = "-WRONGTYPE Operation against a key holding the wrong kind of value";
const ONE_EXPIRATION = "-ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified";
const ONE_CONDITION = "-ERR Only one of FXX or FNX arguments can be specified";

function invalid(name: string): string {
  return `-ERR invalid expire time in '${name}' command`;
}

function arity(name: string): string {
  return `-ERR wrong number of arguments for '${name}' command`;
}

/** Lines of `command => reply`. */
function converse(f: HashFixture, ...lines: readonly (readonly [string, string])[]): void {
  for (const [command, reply] of lines) assert.equal(f.line(command), reply, command);
  f.keyspace.check();
}

test("HEXPIRE and its like: what is wrong, in the order in which it is found", () => {
  const f = new HashFixture();
  f.set("str");
  converse(
    f,
    ["hset h a 1 b 2 c 3", ":3"],
    ["hexpire h 10", arity("hexpire")],
    ["hexpire h 10 FIELDS 1 a b", WRONG_COUNT],
    ["hexpire h 10 FIELDS 2 a", WRONG_COUNT],
    ["hexpire h 10 FIELDS 0 a", ABOVE_ZERO],
    ["hexpire h 10 FIELDS -1 a", ABOVE_ZERO],
    ["hexpire h 10 FIELDS abc a", ABOVE_ZERO],
    ["hexpire h 10 FIELDS 99999999999 a", WRONG_COUNT],
    ["hexpire h 10 FIELDS 9223372036854775807 a", WRONG_COUNT],
    ["hexpire h 10 FIELDS 99999999999999999999 a", ABOVE_ZERO],
    ["hexpire h 10 FIELD 1 a", NO_FIELDS],
    ["hexpire h 10 NX XX FIELDS 1 a", NO_FIELDS],
    ["hexpire h 10 NX NX FIELDS 1 a", NO_FIELDS],
    ["hexpire h 10 FIELDS 1 a NX", WRONG_COUNT],
    ["hexpire h 10 NX FIELDS 1", WRONG_COUNT],
    ["hexpire h abc FIELDS 1 a", NOT_AN_INTEGER],
    ["hexpire h abc BAD 1 a", NOT_AN_INTEGER],
    ["hexpire h -1 BAD 1 a", NEGATIVE],
    ["hexpire h 9223372036854775807 BAD 1 a", invalid("hexpire")],
    ["hexpire h 281474976710655 FIELDS 1 a", invalid("hexpire")],
    ["hpexpire h 281474976710655 FIELDS 1 a", invalid("hpexpire")],
    ["hpexpireat h 70368744177664 FIELDS 1 a", invalid("hpexpireat")],
    ["hpexpireat h 70368744177663 FIELDS 1 a", "[:1]"],
    ["hpexpiretime h FIELDS 1 a", "[:70368744177663]"],
    ["hexpireat h 281474976710 FIELDS 1 a", invalid("hexpireat")],
    ["hpexpireat h -1 FIELDS 1 a", NEGATIVE],
    ["hexpire missing 10 FIELDS 2 a b", "[:-2 :-2]"],
    ["hexpire missing 10 FIELDS 1 a b", WRONG_COUNT],
    ["hexpire missing abc FIELDS 2 a b", NOT_AN_INTEGER],
    ["hexpire missing 10 BAD FIELDS 2 a b", NO_FIELDS],
    ["hexpire str abc FIELDS 1 a", WRONG_TYPE],
    ["hexpire str 10 FIELDS 0 a", WRONG_TYPE],
  );
});

test("HTTL and its like, HPERSIST, HGETDEL: what is wrong", () => {
  const f = new HashFixture();
  f.set("str");
  f.line("hset h a 1 b 2 c 3");
  for (const name of ["httl", "hpttl", "hexpiretime", "hpexpiretime", "hpersist", "hgetdel"]) {
    const none = name === "hgetdel" ? "$-1" : ":-2";
    converse(
      f,
      [`${name} missing FIELDS 2 a b`, `[${none} ${none}]`],
      [`${name} missing FIELDS 1 a b`, WRONG_COUNT],
      [`${name} str FIELDS 1 a b`, WRONG_TYPE],
      [`${name} str FOO 0 a`, WRONG_TYPE],
      [`${name} h FIELD 1 a`, NO_FIELDS],
      [`${name} h FIELDS 0 a`, POSITIVE],
      [`${name} h FIELDS x a`, POSITIVE],
      [`${name} h FIELDS 99999999999999999999 a`, POSITIVE],
      [`${name} h FIELDS 9223372036854775807 a`, WRONG_COUNT],
      [`${name} h FIELDS 2 a`, WRONG_COUNT],
      [`${name} h FIELDS 1`, arity(name)],
    );
  }
  assert.equal(f.line("hlen h"), ":3");
});

test("conditions, and what there is to know afterwards", () => {
  const f = new HashFixture();
  converse(
    f,
    ["hset h a 1 b 2 c 3", ":3"],
    ["hexpire h 100 NX FIELDS 3 a b zz", "[:1 :1 :-2]"],
    ["hexpire h 100 NX FIELDS 2 a b", "[:0 :0]"],
    ["hexpire h 50 GT FIELDS 2 a c", "[:0 :0]"],
    ["hexpire h 200 GT FIELDS 2 a c", "[:1 :0]"],
    ["hexpire h 200 gt fields 1 a", "[:0]"],
    ["hexpire h 300 LT FIELDS 2 a c", "[:0 :1]"],
    ["hexpire h 100 XX FIELDS 3 a b zz", "[:1 :1 :-2]"],
    ["httl h FIELDS 4 a b c zz", "[:100 :100 :300 :-2]"],
    ["hpttl h FIELDS 2 a c", "[:100000 :300000]"],
    ["hpersist h FIELDS 3 a a zz", "[:1 :-1 :-2]"],
    ["httl h FIELDS 2 a b", "[:-1 :100]"],
    // Seconds are rounded up.
    ["hpexpireat h 4102444800001 FIELDS 1 b", "[:1]"],
    ["hexpiretime h FIELDS 1 b", "[:4102444801]"],
    ["hpexpire h 1 FIELDS 1 b", "[:1]"],
    ["httl h FIELDS 1 b", "[:1]"],
    ["hexpire h 0 FIELDS 1 zz", "[:-2]"],
    ["hexpire h 0 XX FIELDS 1 a", "[:0]"],
    ["hexpire h 0 FIELDS 2 b b", "[:2 :-2]"],
    ["hexpire h 0 FIELDS 2 a c", "[:2 :2]"],
    ["hlen h", ":0"],
  );
  assert.equal(f.entry("h"), 0);
});

test("a field that expires makes a table of the hash, which has room for it", () => {
  const f = new HashFixture();
  f.line("hset h a 1 b 2");
  f.line("httl h FIELDS 1 a");
  f.line("hexpire h 10 XX FIELDS 1 a");
  assert.equal(f.encoding("h"), "listpack");
  f.line("hexpire h 10 FIELDS 1 a");
  assert.equal(f.encoding("h"), "hashtable");
  f.line("hpersist h FIELDS 1 a");
  assert.equal(f.encoding("h"), "hashtable");
});

test("HGETEX", () => {
  const f = new HashFixture();
  f.set("str");
  converse(
    f,
    ["hset h a 1 b 2 c 3", ":3"],
    ["hgetex h FIELDS 1", arity("hgetex")],
    ["hgetex h FIELDS 2 a zz", "[$1 $-1]"],
    ["hgetex h FIELDS 2 a", WRONG_COUNT],
    ["hgetex h FIELDS 0 a", POSITIVE],
    ["hgetex h FOO 1 a", NO_FIELDS],
    ["hgetex h EX 10 FIELDS 1 a", "[$1]"],
    ["httl h FIELDS 1 a", "[:10]"],
    ["hgetex h FIELDS 1 a", "[$1]"],
    ["httl h FIELDS 1 a", "[:10]"],
    ["hgetex h EX -1 FIELDS 1 a", NEGATIVE],
    ["hgetex h EX abc FIELDS 1 a", NOT_AN_INTEGER],
    ["hgetex h EX FIELDS 1 a", NOT_AN_INTEGER],
    ["hgetex h EX 10 PX 10 FIELDS 1 a", NO_FIELDS],
    ["hgetex h PERSIST EX 10 FIELDS 1 a", NO_FIELDS],
    ["hgetex h KEEPTTL FIELDS 1 a", NO_FIELDS],
    ["hgetex h FIELDS 1 a EX 10", WRONG_COUNT],
    ["hgetex h EX 10 FIELDS", WRONG_COUNT],
    ["hgetex h EX 10 FIELDS 1", WRONG_COUNT],
    ["hgetex h PXAT 70368744177664 FIELDS 1 a", invalid("hgetex")],
    ["hgetex h PX 9223372036854775807 FIELDS 1 a", invalid("hgetex")],
    ["hgetex missing EX abc FIELDS 2 a b", NOT_AN_INTEGER],
    ["hgetex missing EX 10 FIELDS 2 a b", "[$-1 $-1]"],
    ["hgetex str EX abc FIELDS 1 a", WRONG_TYPE],
    ["hgetex h PERSIST FIELDS 2 a b", "[$1 $2]"],
    ["httl h FIELDS 2 a b", "[:-1 :-1]"],
    ["hgetex h PXAT 1 FIELDS 3 a zz b", "[$1 $-1 $2]"],
    ["hgetall h", "[$c $3]"],
    ["hgetex h EX 0 FIELDS 2 c c", "[$3 $-1]"],
  );
  assert.equal(f.entry("h"), 0);
});

test("HSETEX", () => {
  const f = new HashFixture();
  f.set("str");
  converse(
    f,
    ["hsetex h FIELDS 1 a 2", ":1"],
    ["hsetex h FIELDS 2 a 2", arity("hsetex")],
    ["hsetex h FIELDS 1 a 2 b 3", arity("hsetex")],
    ["hsetex h FNX FIELDS 1 a", arity("hsetex")],
    ["hsetex h FIELDS 0 a 2", "-ERR invalid number of fields"],
    ["hsetex h FIELDS x a 2", "-ERR invalid number of fields"],
    ["hsetex h FIELDS 99999999999999 a 2", "-ERR invalid number of fields"],
    ["hsetex h FNX FIELDS 2 a 2 z 3", ":0"],
    ["hsetex h FNX FIELDS 1 z 2", ":1"],
    ["hsetex h FXX FIELDS 2 z 5 y 2", ":0"],
    ["hsetex h FXX FIELDS 2 z 5 a 2", ":1"],
    ["hsetex h FXX FNX FIELDS 2 z 5 a 2", ONE_CONDITION],
    ["hsetex h FXX FXX FIELDS 2 z 5 a 2", ONE_CONDITION],
    ["hsetex h EX 100 FIELDS 2 z 5 a 2", ":1"],
    ["hsetex h KEEPTTL FIELDS 2 z 6 b 2", ":1"],
    ["httl h FIELDS 3 a b z", "[:100 :-1 :100]"],
    ["hsetex h FIELDS 1 z 6", ":1"],
    ["httl h FIELDS 3 a b z", "[:100 :-1 :-1]"],
    ["hsetex h EX 10 KEEPTTL FIELDS 1 z 6", ONE_EXPIRATION],
    ["hsetex h KEEPTTL KEEPTTL FIELDS 1 z 6", ONE_EXPIRATION],
    ["hsetex h EX 10 FNX EX", ONE_EXPIRATION],
    ["hsetex h EX 10 FNX FIELDS 1 a 6", ":0"],
    ["hsetex h FNX EX 10 FIELDS", arity("hsetex")],
    ["hsetex h EX -1 FIELDS 1 a 6", NEGATIVE],
    ["hsetex h EX abc FOO FIELDS 1 a 1", NOT_AN_INTEGER],
    ["hsetex h FOO FIELDS 1 a 1", "-ERR unknown argument: FOO"],
    ["hsetex h PXAT 70368744177664 FIELDS 1 a 6", invalid("hsetex")],
    ["hsetex h FIELDS 1 a 6 EX 10", arity("hsetex")],
    ["hsetex str FIELDS 1 a 6", WRONG_TYPE],
    ["hsetex str EX abc FIELDS 1 a 6", NOT_AN_INTEGER],
    ["hsetex h PXAT 1 FIELDS 2 a 6 new 7", ":1"],
    ["hkeys h", "[$b $z]"],
    ["hsetex new PXAT 1 FIELDS 1 a 6", ":1"],
    ["hsetex new FXX FIELDS 1 a 6", ":0"],
    ["hlen new", ":0"],
    ["hsetex new FNX EX 5 FIELDS 2 a 6 a 7", ":1"],
    ["hgetall new", "[$a $7]"],
    ["hpttl new FIELDS 1 a", "[:5000]"],
  );
});

test("what a new value does to an expiry time", () => {
  const f = new HashFixture();
  converse(
    f,
    ["hsetex h EX 100 FIELDS 3 a 1 b 2 c 3", ":1"],
    ["hincrby h a 5", ":6"],
    ["hincrbyfloat h b 1.5", "$3.5"],
    ["hsetnx h c 9", ":0"],
    ["httl h FIELDS 3 a b c", "[:100 :100 :100]"],
    ["hset h a 1", ":0"],
    ["hmset h b 1", "+OK"],
    ["httl h FIELDS 3 a b c", "[:-1 :-1 :100]"],
  );
});

test("a field whose time is past is absent; who asks for it by name ends it", () => {
  const f = new HashFixture();
  const due = (line: string) => {
    f.line(`hset ${line}`);
    f.line("hpexpire e 1 FIELDS 1 a");
    f.advance(2);
    f.takePropagated();
  };
  due("e a 1 b 2");
  converse(
    f,
    ["hlen e", ":2"],
    ["hgetall e", "[$b $2]"],
    ["hkeys e", "[$b]"],
    ["hvals e", "[$2]"],
    ["hscan e 0", "[$0 [$b $2]]"],
    ["hrandfield e 10", "[$b]"],
    ["hrandfield e -3", "[$b $b $b]"],
  );
  assert.deepEqual(f.takePropagated(), []);
  for (
    const [command, reply] of [
      ["hget e a", "$-1"],
      ["hexists e a", ":0"],
      ["hstrlen e a", ":0"],
      ["hmget e a b", "[$-1 $2]"],
      ["httl e FIELDS 2 a b", "[:-2 :-1]"],
      ["hpersist e FIELDS 2 a b", "[:-2 :-1]"],
      ["hdel e a", ":0"],
      ["hgetdel e FIELDS 1 a", "[$-1]"],
      ["hexpire e 10 XX FIELDS 1 a", "[:-2]"],
      ["hsetex e FXX FIELDS 1 a 9", ":0"],
    ]
  ) {
    due("e a 1 b 2");
    converse(f, [command, reply], ["hlen e", ":1"]);
    assert.deepEqual(f.takePropagated(), ["0 HDEL e a"], command);
  }
  for (
    const [command, reply, value] of [
      ["hset e a 7", ":1", "7"],
      ["hsetnx e a 7", ":1", "7"],
      ["hincrby e a 7", ":7", "7"],
      ["hincrbyfloat e a 7.5", "$7.5", "7.5"],
      ["hsetex e FNX FIELDS 1 a 9", ":1", "9"],
      ["hsetex e KEEPTTL FIELDS 1 a 9", ":1", "9"],
    ]
  ) {
    due("e a 1 b 2");
    converse(f, [command, reply], ["httl e FIELDS 1 a", "[:-1]"], ["hget e a", `$${value}`]);
    const repeated = command === "hincrbyfloat e a 7.5" ? "HSET e a 7.5" : command;
    assert.deepEqual(f.takePropagated(), ["MULTI", "0 HDEL e a", `0 ${repeated}`, "EXEC"], command);
  }
});

test("with its last field the key goes, whoever finds it", () => {
  const names = ["hget e a", "hmget e a b", "hdel e a b", "hgetdel e FIELDS 2 a b", "hexists e a"];
  for (const command of [...names, "httl e FIELDS 2 a b", "hgetex e FIELDS 2 a b"]) {
    const f = new HashFixture();
    f.line("hset e a 1");
    f.line("hpexpire e 1 FIELDS 1 a");
    f.advance(2);
    assert.equal(f.line("hgetall e"), "[]");
    assert.equal(f.line("hrandfield e"), "$-1");
    assert.equal(f.line("hrandfield e 5"), "[]");
    assert.equal(f.line("hrandfield e -5"), "[]");
    f.line(command);
    assert.equal(f.entry("e"), 0, command);
    f.keyspace.check();
  }
});

test("what is repeated", () => {
  const f = new HashFixture();
  const repeats = (command: string, ...lines: string[]) => {
    f.line(command);
    assert.deepEqual(
      f.takePropagated(),
      lines.map((line) => /^[A-Z]+$/.test(line) ? line : `0 ${line}`),
    );
    f.keyspace.check();
  };
  const at = START_MS + 10_000;
  repeats("hset h a 1 b 2 c 3", "hset h a 1 b 2 c 3");
  repeats("hexpire h 10 FIELDS 3 a zz b", `HPEXPIREAT h ${at} FIELDS 2 a b`);
  repeats("hpexpire h 20000 GT FIELDS 2 a c", `HPEXPIREAT h ${START_MS + 20_000} GT FIELDS 1 a`);
  repeats("hexpireat h 4102444800 FIELDS 1 a", "HPEXPIREAT h 4102444800000 FIELDS 1 a");
  repeats("hpexpireat h 4102444800123 FIELDS 1 a", "hpexpireat h 4102444800123 FIELDS 1 a");
  repeats("hpexpireat h 4102444800123 FIELDS 2 a zz", "hpexpireat h 4102444800123 FIELDS 1 a");
  repeats("hexpire h 10 NX FIELDS 1 a");
  repeats("hpersist h FIELDS 2 a zz", "hpersist h FIELDS 2 a zz");
  repeats("hpersist h FIELDS 1 a");
  repeats("hexpire h 0 FIELDS 3 a zz b", "MULTI", "HDEL h a", "HDEL h b", "EXEC");
  repeats("hset h a 1 b 2", "hset h a 1 b 2");
  repeats("hgetex h EX 10 FIELDS 2 a zz", `HPEXPIREAT h ${at} FIELDS 2 a zz`);
  repeats("hgetex h FIELDS 1 a");
  repeats("hgetex h PERSIST FIELDS 3 a zz b", "HPERSIST h FIELDS 3 a zz b");
  repeats("hgetex h PERSIST FIELDS 1 a");
  repeats("hgetex h EXAT 1 FIELDS 3 a zz b", "MULTI", "HDEL h a", "HDEL h b", "EXEC");
  repeats("hset h a 1 b 2", "hset h a 1 b 2");
  repeats("hgetdel h FIELDS 3 a zz b", "HDEL h a zz b");
  repeats("hgetdel h FIELDS 1 zz");
  repeats("hsetex h FIELDS 1 a 1", "hsetex h FIELDS 1 a 1");
  repeats("hsetex h FNX EX 10 FIELDS 1 b 2", `hsetex h FNX PXAT ${at} FIELDS 1 b 2`);
  repeats("hsetex h FNX FIELDS 1 b 2");
  repeats("hsetex h PXAT 1 FIELDS 2 a 1 zz 2", "MULTI", "HDEL h a", "HDEL h zz", "EXEC");
  // Redis 8.0.2 repeats an HSET, which takes the time away on the other side.
  repeats("hincrbyfloat h b 1", "HSETEX h KEEPTTL FIELDS 1 b 3");
  repeats("hincrbyfloat h d 1", "HSET h d 1");
  repeats("hdel h zz");
});

test("while a log is loaded, times that are past are set and nothing expires", () => {
  const f = new HashFixture();
  f.keyspace.ignoresExpiry = true;
  converse(
    f,
    ["hset h a 1 b 2", ":2"],
    ["hpexpireat h 1000 FIELDS 1 a", "[:1]"],
    ["hsetex h PXAT 1000 FIELDS 1 c 3", ":1"],
    ["hmget h a b c", "[$1 $2 $3]"],
  );
  f.keyspace.ignoresExpiry = false;
  converse(f, ["hkeys h", "[$b]"], ["hmget h a b c", "[$-1 $2 $-1]"]);
});

test("clients that are paused do not see what has expired, and end nothing", () => {
  const f = new HashFixture();
  f.line("hset h a 1");
  f.line("hpexpire h 1 FIELDS 1 a");
  f.takePropagated();
  f.advance(5);
  f.keyspace.keepsExpired = true;
  converse(f, ["hget h a", "$-1"], ["hlen h", ":1"], ["hgetall h", "[]"]);
  assert.deepEqual(f.takePropagated(), []);
});
