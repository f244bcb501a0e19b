import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeDirectories, newConfig, NOWHERE } from "./fixture.ts";
import { SET_CASES } from "./set_cases.ts";
import { Config } from "../../../../src/server/config/config.ts";
import { DIRECTIVES } from "../../../../src/server/config/directives.ts";

test("CONFIG SET answers as redis-server does", () => {
  const config = newConfig();
  for (const [args, reply, value] of SET_CASES) {
    const before = new Map(config.matching(["*"]));
    const result = config.set(args, NOWHERE);
    assert.equal(result.ok ? "OK" : result.error, reply, args.join(" "));
    if (value !== undefined) assert.equal(config.get(args[0]), value, args.join(" "));
    if (!result.ok) assert.deepEqual(new Map(config.matching(["*"])), before, args.join(" "));
  }
});

test("every directive that CONFIG SET may change takes the value it has", () => {
  const config = newConfig();
  for (const directive of DIRECTIVES) {
    const traits: { immutable?: true; protected?: true } = directive;
    if (traits.immutable || traits.protected) continue;
    const value = config.get(directive.name);
    assert(value !== undefined);
    assert.deepEqual(config.set([directive.name, value], NOWHERE).ok, true, directive.name);
    assert.equal(config.get(directive.name), value);
  }
});

test("names and aliases are each there once", () => {
  const names = new Set<string>();
  for (const directive of DIRECTIVES) {
    const traits: { alias?: string; laterAlias?: string } = directive;
    for (const name of [directive.name, traits.alias, traits.laterAlias]) {
      if (name === undefined) continue;
      assert(!names.has(name), name);
      assert.equal(name, name.toLowerCase());
      names.add(name);
    }
  }
});

test("CONFIG GET: exact names come back as asked, patterns leave out what is hidden", () => {
  const config = newConfig();
  assert.deepEqual(config.matching(["MAXMEMORY"]), [["MAXMEMORY", "0"]]);
  assert.deepEqual(config.matching(["MAXMEM[O]RY"]), [["maxmemory", "0"]]);
  assert.deepEqual(config.matching(["maxmemory", "MAXMEMORY", "maxmemory"]), [["maxmemory", "0"]]);
  assert.deepEqual(config.matching(["maxmemory*", "MAXMEMORY"]).map(([name]) => name).sort(), [
    "maxmemory",
    "maxmemory-clients",
    "maxmemory-eviction-tenacity",
    "maxmemory-policy",
    "maxmemory-samples",
  ]);
  assert.deepEqual(config.matching(["use-exit-on-panic"]), [["use-exit-on-panic", "no"]]);
  assert.deepEqual(config.matching(["use-exit*"]), []);
  assert.deepEqual(config.matching(["primaryauth", "server-cpulist"]), [
    ["primaryauth", ""],
    ["server-cpulist", ""],
  ]);
  assert.deepEqual(config.matching(["primary*", "server-*"]), []);
  assert.deepEqual(config.matching(["slave-pri*"]), [["slave-priority", "100"]]);
  assert.deepEqual(config.matching(["no-such", "["]), []);
});

test("typed reading", () => {
  const config = newConfig();
  assert.equal(config.number("maxclients"), 10000);
  assert.equal(config.number("unixsocketperm"), 0);
  assert.equal(config.flag("rdbchecksum"), true);
  assert.equal(config.text("dir"), "/data");
  assert.equal(config.text("dbfilename"), "dump.rdb");
  assert.equal(config.choice("maxmemory-policy"), "noeviction");
  assert.equal(config.has("shutdown-on-sigterm", "default"), true);
  config.start("shutdown-on-sigterm", ["now", "force"], "line");
  assert.equal(config.has("shutdown-on-sigterm", "force"), true);
  assert.equal(config.has("shutdown-on-sigterm", "default"), false);
  assert.deepEqual(config.bindAddresses(), ["*", "-::*"]);
  assert.deepEqual(config.savePoints()[2], { seconds: 60, changes: 10000 });
  assert.deepEqual(config.outputBufferLimits().replica, {
    hardBytes: 268435456,
    softBytes: 67108864,
    softSeconds: 60,
  });
  assert.deepEqual(config.latencyPercentiles(), [50, 99, 99.9]);
  assert.equal(config.replicaOf(), undefined);
  assert.equal(config.keyspaceEvents(), 0);
  // @ts-expect-error: a name that no directive has.
  assert.throws(() => config.number("maxclient"));
  // @ts-expect-error: a directive of another kind.
  assert.throws(() => config.flag("maxclients"));
});

test("text is decoded, bytes are exact", () => {
  const config = newConfig();
  config.set(["requirepass", "\xff\x00\xc3\xa9"], NOWHERE);
  assert.deepEqual([...config.bytes("requirepass")], [0xff, 0, 0xc3, 0xa9]);
  assert.equal(config.get("requirepass"), "\xff\x00\xc3\xa9");
  config.set(["ignore-warnings", "\xc3\xa9\0rest"], NOWHERE);
  assert.equal(config.text("ignore-warnings"), "é");
});

test("a percentage of maxmemory", () => {
  const config = newConfig();
  config.set(["maxmemory", "1000", "maxmemory-clients", "5%"], NOWHERE);
  assert.equal(config.clientMemoryLimitBytes(), 50);
  config.set(["maxmemory", "0"], NOWHERE);
  assert.equal(config.clientMemoryLimitBytes(), 0);
  config.set(["maxmemory-clients", "2kb"], NOWHERE);
  assert.equal(config.clientMemoryLimitBytes(), 2048);
});

test("hooks: each runs once, in the order of the changes, and only for changes", () => {
  const config = newConfig();
  const calls: string[] = [];
  config.onChange(["port", "bind"], () => void calls.push(`listen ${config.number("port")}`));
  config.onChange(["timeout"], () => void calls.push(`timeout ${config.number("timeout")}`));
  config.set(["timeout", "5", "port", "7000", "bind", "127.0.0.1"], NOWHERE);
  assert.deepEqual(calls.splice(0), ["timeout 5", "listen 7000"]);
  config.set(["timeout", "5"], NOWHERE);
  assert.deepEqual(calls, []);
  assert.deepEqual(config.set(["timeout", "6", "hz", "10"], NOWHERE), {
    ok: true,
    changed: ["timeout"],
  });
});

test("hooks: one that refuses takes everything back", () => {
  const config = newConfig();
  const seen: number[] = [];
  config.onChange(["timeout"], () => void seen.push(config.number("timeout")));
  config.onChange(["port"], () => {
    return config.number("port") === 1
      ? "Unable to listen on this port. Check server logs."
      : undefined;
  });
  config.set(["timeout", "9"], NOWHERE);
  assert.deepEqual(config.set(["timeout", "5", "hz", "100", "port", "1"], NOWHERE), {
    ok: false,
    error:
      "ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this port. Check server logs.",
  });
  assert.deepEqual(seen, [9, 5, 9]);
  assert.deepEqual(["timeout", "hz", "port"].map((name) => config.get(name)), ["9", "10", "6379"]);
});

test("hooks run for a certificate though its path stays", () => {
  const config = newConfig();
  let calls = 0;
  config.onChange(["tls-cert-file"], () => void calls++);
  config.set(["tls-cert-file", "a"], NOWHERE);
  config.set(["tls-cert-file", "a"], NOWHERE);
  assert.equal(calls, 2);
});

test("dir moves at once and moves back", () => {
  const directories = new FakeDirectories();
  const config = new Config(directories);
  config.start("enable-protected-configs", ["local"], "line");
  const local = { local: true, loading: false };
  assert.equal(config.set(["dir", "/other"], NOWHERE).ok, false);
  assert.deepEqual(config.set(["dir", "/nope"], local), {
    ok: false,
    error: "ERR CONFIG SET failed (possibly related to argument 'dir') - No such file or directory",
  });
  assert.equal(config.set(["dir", "/other", "timeout", "x"], local).ok, false);
  assert.equal(directories.current, "/data");
  assert.equal(config.set(["dir", "/other"], local).ok, true);
  assert.equal(config.text("dir"), "/other");
  assert.equal(config.set(["dbfilename", "a/b"], local).ok, false);
});

test("what may not change while a data set is loaded", () => {
  const config = newConfig();
  assert.deepEqual(config.set(["appendonly", "yes"], { local: false, loading: true }), {
    ok: false,
    error: "LOADING Redis is loading the dataset in memory",
  });
  assert.equal(config.set(["timeout", "1"], { local: false, loading: true }).ok, true);
});

test("protected actions", () => {
  const config = newConfig();
  assert.equal(config.allowsProtected("enable-debug-command", true), false);
  config.start("enable-debug-command", ["local"], "line");
  assert.equal(config.allowsProtected("enable-debug-command", true), true);
  assert.equal(config.allowsProtected("enable-debug-command", false), false);
  config.start("enable-debug-command", ["yes"], "line");
  assert.equal(config.allowsProtected("enable-debug-command", false), true);
});

test("sensitive directives are known by every name", () => {
  const config = newConfig();
  for (const name of ["requirepass", "MASTERAUTH", "primaryuser", "masteruser"]) {
    assert.equal(config.isSensitive(name), true, name);
  }
  assert.equal(config.isSensitive("port"), false);
  assert.equal(config.isSensitive("nothing"), false);
});
