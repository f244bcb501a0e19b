/** Users in files: `user` lines of the configuration, and a file of their own. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryPlatform } from "../../../../adapters/memory/mod.ts";
import type { MemoryPlatform } from "../../../../adapters/memory/mod.ts";
import { latin1, latin1Bytes } from "../../../../src/base/ascii.ts";
import { readWholeFile } from "../../../../src/persistence/file_contents.ts";
import { userLineChecks } from "../../../../src/server/acl/user_lines.ts";
import { Config } from "../../../../src/server/config/config.ts";
import { rewriteConfig } from "../../../../src/server/config_file.ts";
import { Log } from "../../../../src/server/log.ts";
import { StartFailure } from "../../../../src/server/persistence/start_failure.ts";
import { Server } from "../../../../src/server/server.ts";
import { bulk, Connection } from "../commands/connections.ts";

const FILE = "/users.acl";

function write(platform: MemoryPlatform, path: string, text: string): void {
  const file = platform.files.open(path, "create");
  file.append(latin1Bytes(text));
  file.close();
}

function read(platform: MemoryPlatform, path: string): string {
  return latin1(readWholeFile(platform.files, path));
}

/** Starts a server with such directives; its log is there even where it does not start. */
async function start(platform: MemoryPlatform, log: string[], ...lines: string[][]) {
  const config = new Config(platform.files, userLineChecks());
  for (const [name, ...args] of [["save", ""], ["bind", "127.0.0.1"], ...lines]) {
    assert.equal(config.start(name, args, "line"), undefined);
  }
  const server = new Server(platform, config, new Log(platform.clock, 1, (line) => log.push(line)));
  await server.start();
  return server;
}

/** A server on a file with such users. */
async function onFile(text: string) {
  const platform = memoryPlatform();
  write(platform, FILE, text);
  const log: string[] = [];
  const server = await start(platform, log, ["aclfile", FILE]);
  return { platform, log, server, admin: new Connection(platform) };
}

/** What the log says of a start that fails. */
async function failing(platform: MemoryPlatform, ...lines: string[][]): Promise<string> {
  const log: string[] = [];
  await assert.rejects(start(platform, log, ...lines), StartFailure);
  return log.join("");
}

test("the lines of a configuration, refused as they are read", () => {
  const check = (line: string) => {
    const config = new Config(memoryPlatform().files, userLineChecks());
    return config.start("user", line.split(" "), "line");
  };
  assert.equal(check("u on +nosuch ~a (+get ~b)"), undefined, "commands are found later");
  assert.equal(check("u on ~x %q"), "Error in user declaration 'on': Syntax error", "as Redis");
  assert.match(check("u (+get ~a")!, /Unmatched parenthesis/);
  const config = new Config(memoryPlatform().files, userLineChecks());
  assert.equal(config.start("user", ["u"], "line"), undefined);
  assert.equal(
    config.start("user", ["u", "on"], "line"),
    "Error in user declaration 'u': Duplicate user found. A user can only be defined once in " +
      "config files",
  );
});

test("users of a configuration", async () => {
  const platform = memoryPlatform();
  const log: string[] = [];
  const lines = [
    ["user", "alice", "on", "nopass", "(+get", "~a)"],
    ["user", "off", ">x"],
    ["user", "default", "on", "nopass", "~*", "+@all"],
  ];
  const { engine } = await start(platform, log, ...lines);
  assert.deepEqual(engine.acl.users.map((user) => user.line), [
    "alice on nopass sanitize-payload resetchannels -@all (~a resetchannels -@all +get)",
    "default on nopass sanitize-payload ~* resetchannels +@all",
    "off off sanitize-payload #2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881 " +
    "resetchannels -@all",
  ]);
  assert.match(log.join(""), /The user 'off' is disabled/);
  write(platform, "/redis.conf", "user gone on\n# kept\nuser alice on\n");
  assert.equal(rewriteConfig(engine, "/redis.conf", false), undefined);
  const rewritten = read(platform, "/redis.conf");
  assert.match(rewritten, /^user alice on nopass .*\n# kept\nuser default on /);
  assert.match(rewritten, /\nuser off off /);
});

test("a start on users that cannot be", async () => {
  const platform = memoryPlatform();
  assert.match(
    await failing(platform, ["user", "u", "+nosuch"]),
    /Error loading ACL rule '\+nosuch' for the user named 'u': Unknown command .*\n.*Critical error/,
  );
  assert.match(await failing(platform, ["user", "a b"]), /Spaces not allowed in ACL usernames/);
  assert.match(
    await failing(platform, ["user", "u"], ["aclfile", FILE]),
    /users defined in redis.conf and at the same setting an ACL file path is invalid/,
  );
  assert.match(
    await failing(platform, ["aclfile", "/none"]),
    /ACL errors: Error loading ACLs, opening file '\/none': No such file or directory/,
  );
  write(
    platform,
    FILE,
    "user u +nosuch %q %z\nfoo\n \t\nuser default on\nuser u\nuser x (~a\r\nuser\n",
  );
  assert.ok((await failing(platform, ["aclfile", FILE])).includes(
    "ACL errors: /users.acl:1: Error in applying operation '+nosuch': Unknown command or category " +
      "name in ACL. /users.acl:1: Syntax error. /users.acl:2 should start with user keyword " +
      "followed by the username. WARNING: Duplicate user 'u' found on line 5. /users.acl:6: " +
      "Unmatched parenthesis in selector definition./users.acl:7 should start with user keyword " +
      "followed by the username. WARNING: ACL errors detected, no change to the previously active " +
      "ACL rules was performed",
  ));
});

test("ACL SAVE and ACL LOAD", async () => {
  const { admin, platform, server } = await onFile("user u on >p ~a +@all\r\n\nuser v on nopass\n");
  assert.equal(admin.line("ACL USERS"), `*3\r\n${bulk("default")}${bulk("u")}${bulk("v")}`);
  admin.line("ACL SETUSER w on nopass ~w +@all &w");
  assert.equal(admin.line("ACL SAVE"), "+OK\r\n");
  const saved = read(platform, FILE);
  assert.equal(saved.split("\n").length, 5);
  assert.equal(saved, server.engine.acl.users.map((user) => `user ${user.line}\n`).join(""));
  assert.deepEqual(platform.files.list("/").filter((name) => name.includes("tmp")), []);
  const before = admin.line("ACL LIST");
  assert.equal(admin.line("ACL LOAD"), "+OK\r\n");
  assert.equal(admin.line("ACL LIST"), before);
});

test("ACL LOAD keeps who is still there and closes who is not", async () => {
  const text = "user u on nopass ~* &a* +@all\nuser v on nopass ~* &* +@all\n";
  const { admin, platform } = await onFile(`${text}user gone on nopass +@all\n`);
  const as = (name: string) => {
    const connection = new Connection(platform);
    connection.line(`AUTH ${name} x`);
    return connection;
  };
  const [kept, gone, subscriber, lost, free] = ["u", "gone", "u", "u", "v"].map(as);
  subscriber.line("SUBSCRIBE a");
  lost.line("SUBSCRIBE ab");
  free.line("SUBSCRIBE a");
  write(platform, FILE, "user u on nopass ~* &a &b +get\nuser v on nopass ~* &* +@all\n");
  assert.equal(admin.line("ACL LOAD"), "+OK\r\n");
  assert.deepEqual([kept, gone, subscriber, lost, free].map((each) => each.isGone), [
    ...[false, true, false, true, false],
  ]);
  assert.match(kept.line("SET a 1"), /^-NOPERM/);
  assert.equal(kept.line("GET a"), "$-1\r\n");
  assert.equal(admin.line("ACL WHOAMI"), bulk("default"));
});

test("a default user that the file does not name may do everything", async () => {
  const { admin, platform } = await onFile("user default on >x ~* &* +@all\n");
  assert.match(admin.line("PING"), /^-NOAUTH/);
  admin.line("AUTH x");
  write(platform, FILE, "user u on\n");
  assert.equal(admin.line("ACL LOAD"), "+OK\r\n");
  assert.equal(new Connection(platform).line("PING"), "+PONG\r\n");
});

test("a file with errors changes nothing", async () => {
  const { admin, platform } = await onFile("user u on nopass ~a +@all\n");
  const before = admin.line("ACL LIST");
  write(platform, FILE, "user u off\nuser u on\n");
  assert.match(admin.line("ACL LOAD"), /^-ERR WARNING: Duplicate user 'u' found on line 2\. WARN/);
  assert.equal(admin.line("ACL LIST"), before);
  platform.files.remove(FILE);
  assert.match(admin.line("ACL LOAD"), /^-ERR Error loading ACLs, opening file '\/users.acl': No/);
});

test("ACL SAVE where nothing can be written", async () => {
  const { admin, log, platform } = await onFile("user u on\n");
  const open = platform.files.open.bind(platform.files);
  platform.files.open = (path, mode) => open(mode === "create" ? "/none/x" : path, mode);
  assert.match(admin.line("ACL SAVE"), /^-ERR There was an error trying to save the ACLs\./);
  assert.match(log.join(""), /Opening temp ACL file for ACL SAVE: No such file or directory/);
});

test("without a file there is nothing to load", async () => {
  const platform = memoryPlatform();
  await start(platform, []);
  const admin = new Connection(platform);
  for (const word of ["LOAD", "SAVE"]) {
    assert.match(
      admin.line(`ACL ${word}`),
      /^-ERR This Redis instance is not configured to use an ACL file\./,
    );
  }
});
