/** Users and passwords, as client libraries' options give them, and what a user may not do. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, test } from "node:test";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { newBunRedis, skipWithoutBun } from "../support/bun_redis.ts";
import {
  findProgram,
  skipWithout,
  startPagurus,
  stopServers,
  type TestServer,
} from "../support/servers.ts";

after(stopServers);

/** A server whose default user is off, with a user for an application and one who rules. */
async function startWithUsers(): Promise<TestServer> {
  const users = [
    "default off",
    "admin on >root ~* &* +@all",
    "app on >secret ~app:* %R~shared:* &app:* +@all -@dangerous -@admin +info +client",
  ];
  return await startPagurus({ args: users.flatMap((user) => ["--user", ...user.split(" ")]) });
}

for (const protocol of [2, 3] as const) {
  test(`ioredis: a user, and what is denied, RESP${protocol}`, async () => {
    const server = await startWithUsers();
    const address = { port: server.port, protocol, retryStrategy: null };
    const admin = new Redis({ ...address, username: "admin", password: "root" });
    const app = new Redis(`redis://app:secret@127.0.0.1:${server.port}/1`, { protocol });
    const stranger = new Redis({ ...address, username: "app", password: "wrong" });
    try {
      const errors: string[] = [];
      stranger.on("error", (error) => errors.push(String(error)));
      app.on("error", () => {});
      await assert.rejects(stranger.ping());
      assert.match(errors.join(), /WRONGPASS invalid username-password pair or user is disabled/);

      assert.equal(await app.acl("WHOAMI"), "app");
      assert.equal(await app.set("app:k", "v"), "OK");
      await assert.rejects(app.set("other", "v"), /NOPERM No permissions to access a key/);
      await assert.rejects(app.set("shared:k", "v"), /NOPERM/);
      assert.equal(await app.get("shared:k"), null);
      await assert.rejects(
        app.flushall(),
        /NOPERM User app has no permissions to run the 'flushall'/,
      );
      await assert.rejects(app.subscribe("news"), /NOPERM No permissions to access a channel/);
      assert.equal(await app.subscribe("app:news"), 1);
      await app.unsubscribe("app:news");
      await assert.rejects(app.multi().set("app:k", "1").set("other", "v").exec(), /EXECABORT/);
      assert.equal(await app.get("app:k"), "v");

      const log = await admin.acl("LOG");
      assert.ok((log as unknown[]).length >= 4);
      // Who is taken away is disconnected.
      const closed = new Promise((resolve) => app.once("close", resolve));
      assert.equal(await admin.acl("DELUSER", "app"), 1);
      await closed;
    } finally {
      for (const client of [admin, app, stranger]) client.disconnect();
      await server.stop();
    }
  });

  test(`node-redis: a user, and what is denied, RESP${protocol}`, async () => {
    const server = await startWithUsers();
    const app = await createClient({
      url: server.url,
      RESP: protocol,
      username: "app",
      password: "secret",
    }).connect();
    const admin = await createClient({
      url: `redis://admin:root@127.0.0.1:${server.port}`,
      RESP: protocol,
    }).connect();
    try {
      const wrong = createClient({
        url: server.url,
        RESP: protocol,
        username: "app",
        password: "wrong",
        socket: { reconnectStrategy: false },
      });
      wrong.on("error", () => {});
      await assert.rejects(wrong.connect(), /WRONGPASS/);
      assert.equal(await app.set("app:k", "v"), "OK");
      await assert.rejects(app.set("other", "v"), /NOPERM/);
      assert.deepEqual([...await admin.aclUsers()].sort(), ["admin", "app", "default"]);
      const user = await admin.aclGetUser("app");
      assert.deepEqual([...user!.flags], ["on", "sanitize-payload"]);
      assert.equal(user!.channels, "&app:*");
      assert.equal(await admin.aclDryRun("app", ["SET", "app:x", "v"]), "OK");
      assert.match(await admin.aclDryRun("app", ["SET", "other", "v"]), /no permissions|key/i);
      const log = await admin.aclLog();
      assert.ok(log.some((entry) => entry.username === "app" && entry.reason === "key"));
      assert.equal(await admin.auth({ username: "app", password: "secret" }), "OK");
      assert.equal(await admin.sendCommand(["ACL", "WHOAMI"]), "app");
    } finally {
      app.destroy();
      admin.destroy();
      await server.stop();
    }
  });
}

test("redis-cli --user, --pass, REDISCLI_AUTH", { skip: skipWithout("redis-cli") }, async () => {
  const server = await startWithUsers();
  const run = (args: string[], password?: string) =>
    execFileSync(findProgram("redis-cli")!, ["-p", String(server.port), ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      env: password === undefined ? {} : { REDISCLI_AUTH: password },
    }).trim();
  try {
    assert.equal(run(["--user", "admin", "--pass", "root", "ACL", "WHOAMI"]), "admin");
    assert.equal(run(["--user", "admin", "ACL", "WHOAMI"], "root"), "admin");
    assert.equal(run(["-3", "--user", "app", "--pass", "secret", "SET", "app:k", "v"]), "OK");
    const url = `redis://app:secret@127.0.0.1:${server.port}/1`;
    assert.equal(run(["-u", url, "GET", "app:k"]), "");
    assert.match(run(["PING"]), /^NOAUTH Authentication required/);
  } finally {
    await server.stop();
  }
});

test("Bun's client: a user, and what is denied", { skip: skipWithoutBun }, async () => {
  const server = await startWithUsers();
  const client = newBunRedis(`redis://app:secret@127.0.0.1:${server.port}`);
  const wrong = newBunRedis(`redis://app:wrong@127.0.0.1:${server.port}`, {
    autoReconnect: false,
  });
  try {
    await client.connect();
    assert.equal(await client.send("ACL", ["WHOAMI"]), "app");
    assert.equal(await client.set("app:k", "v"), "OK");
    await assert.rejects(client.set("other", "v"), /NOPERM/);
    await assert.rejects(wrong.connect());
  } finally {
    client.close();
    wrong.close();
    await server.stop();
  }
});
