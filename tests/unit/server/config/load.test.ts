import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCommandLine } from "../../../../src/server/config/command_line.ts";
import { Config } from "../../../../src/server/config/config.ts";
import {
  absolutePath,
  applyOptions,
  unknownVariables,
} from "../../../../src/server/config/load.ts";
import { FakeDirectories, newConfig, start } from "./fixture.ts";
import { START_CASES } from "./start_cases.ts";

test("command lines and files fail as redis-server's do", () => {
  for (const [args, files, error] of START_CASES) {
    const contents = Object.fromEntries(
      Object.entries(files).map(([name, text]) => [`/data/${name}`, text]),
    );
    assert.equal(start(args, contents).error, error, JSON.stringify(args));
  }
});

test("what is later wins: defaults, file, standard input, environment, command line", () => {
  const { config, error } = start(
    ["a.conf", "--port", "5", "-"],
    { "/data/a.conf": "port 1\ntimeout 1\nhz 11\nmaxclients 11\ntcp-keepalive 1\n" },
    {
      standardInput: "timeout 2\nmaxclients 12\ntcp-keepalive 2",
      environment: { PAGURUS_PORT: "4", PAGURUS_MAXCLIENTS: "14", PATH: "/x" },
    },
  );
  assert.equal(error, "");
  assert.deepEqual(
    ["databases", "hz", "tcp-keepalive", "maxclients", "port"].map((name) => config.get(name)),
    ["16", "11", "2", "14", "5"],
  );
  assert.equal(config.file, "/data/a.conf");
});

test("the environment", () => {
  const environment = {
    PAGURUS_SAVE: "60 1 30 2",
    PAGURUS_CLIENT_OUTPUT_BUFFER_LIMIT: "normal 1 2 3",
    PAGURUS_SERVER_CPULIST: "0-1",
    PAGURUS_REQUIREPASS: 'a "b" é',
    PAGURUS_NONSENSE: "1",
    PAGURUS_MASTERUSER: "",
  };
  const { config, error } = start(["a.conf"], { "/data/a.conf": "save 900 1\n" }, { environment });
  assert.equal(error, "");
  assert.equal(config.get("save"), "60 1 30 2");
  assert.equal(config.text("requirepass"), 'a "b" é');
  assert.equal(config.get("server_cpulist"), "0-1");
  assert.deepEqual(unknownVariables(config, environment), ["PAGURUS_NONSENSE"]);
  assert.equal(start(["--save", "5 5"], {}, { environment }).config.get("save"), "5 5");
  assert.equal(start([], {}, { environment: { PAGURUS_SAVE: "" } }).config.get("save"), "");
  assert.equal(
    start([], {}, { environment: { PAGURUS_PORT: "x" } }).error,
    "\n*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***\n" +
      `Environment variable PAGURUS_PORT="x": argument couldn't be parsed into an integer\n`,
  );
});

test("save: the first line takes the place of the defaults, the next add to it", () => {
  const save = (...args: string[]) => start(args).config.get("save");
  assert.equal(save(), "3600 1 300 100 60 10000");
  assert.equal(save("--save", "3600", "1", "--save", "300 10"), "3600 1 300 10");
  assert.equal(save("--save", ""), "");
  assert.equal(save("--save"), "");
  assert.equal(save("--save", "--port", "1"), "");
  assert.equal(save("--save", "1 1", "--save", "", "--save", "2 2"), "2 2");
  const file = { "/data/a.conf": "save 900 1\nsave 300 10\n" };
  assert.equal(start(["a.conf", "--save", "5 5"], file).config.get("save"), "900 1 300 10 5 5");
});

test("command line: names, values and the rest", () => {
  const get = (args: readonly string[], name: string) => {
    const { config, error } = start(args);
    assert.equal(error, "");
    return config.get(name);
  };
  assert.equal(get(["--port=7777"], "port"), "7777");
  assert.equal(get(["--requirepass=a=b c"], "requirepass"), "a=b c");
  assert.equal(get(["--requirepass="], "requirepass"), "");
  assert.equal(get(["--port 7777", "--hz", "12"], "port"), "7777");
  assert.equal(get(["--requirepass", "--secret"], "requirepass"), "--secret");
  assert.equal(get(["--bind", "127.0.0.1", "::1"], "bind"), "127.0.0.1 ::1");
  assert.equal(get(["--bind", "127.0.0.1 ::1"], "bind"), "127.0.0.1 ::1");
  assert.equal(get(["--PORT", "1"], "port"), "1");
  assert.equal(get(["--unixsocketperm", "0700"], "unixsocketperm"), "700");
  assert.equal(get(["--replicaof", "10.0.0.1 6379"], "slaveof"), "10.0.0.1 6379");
  assert.equal(get(["--replicaof", "no", "one"], "slaveof"), "");
  assert.equal(get(["--activedefrag", "yes"], "activedefrag"), "yes");
  assert.equal(
    get(
      ["--client-output-buffer-limit", "normal 1 2 3 pubsub 0 0 0"],
      "client-output-buffer-limit",
    ),
    "normal 1 2 3 slave 268435456 67108864 60 pubsub 0 0 0",
  );
});

test("command line: what is not a start", () => {
  const action = (...args: string[]) => parseCommandLine(args).action;
  assert.equal(action("-v"), "version");
  assert.equal(action("--version"), "version");
  assert.equal(action("-h"), "help");
  assert.equal(action("--help"), "help");
  assert.equal(action("--test-memory", "5"), "refuse");
  assert.equal(action("a.conf", "--sentinel"), "refuse");
  assert.equal(action("--port", "1", "-v"), "start");
  assert.deepEqual(parseCommandLine(["-"]), {
    action: "start",
    file: undefined,
    standardInput: true,
    options: "",
  });
});

test("include: nested, relative to dir, with patterns", () => {
  const files = {
    "/data/a.conf": "hz 20\ninclude conf.d/*.conf\ndir /other\ninclude b.conf\ntimeout 9\n",
    "/data/conf.d/1.conf": "hz 30\ntimeout 1",
    "/data/conf.d/2.conf": "# nothing\ntimeout 2\ninclude none/*.conf\n",
    "/data/conf.d/.3.conf": "hz 99",
    "/data/conf.d/4.conf/x": "a folder",
    "/other/b.conf": "include /data/conf.d/[!1].conf\nmaxclients 77\n",
  };
  const { config, error } = start(["a.conf"], files);
  assert.equal(error, "");
  assert.deepEqual(["hz", "timeout", "maxclients", "dir"].map((name) => config.get(name)), [
    "30",
    "9",
    "77",
    "/other",
  ]);
});

test("include: the file of an error is named, circles end, a missing file is told", () => {
  assert.equal(
    start(["a.conf"], { "/data/a.conf": "include b.conf", "/data/b.conf": "hz 1\n  hz x y\n" })
      .error,
    "\n*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***\n" +
      "Reading the configuration file 'b.conf', at line 2\n>>> 'hz x y'\nwrong number of arguments\n",
  );
  assert.match(
    start(["a.conf"], { "/data/a.conf": "include a.conf" }).error,
    /at line 1\n>>> 'include a.conf'\nFiles are included more than 16 deep\n$/,
  );
  assert.equal(
    start(["a.conf"], { "/data/a.conf": "include nope.conf" }).error,
    "Fatal error, can't open config file 'nope.conf': No such file or directory\n",
  );
  assert.equal(
    start(["nope.conf"]).error,
    "Fatal error, can't open config file '/data/nope.conf': No such file or directory\n",
  );
});

test("the first error is the first of the file", () => {
  const { error } = start(["a.conf"], { "/data/a.conf": 'hz x\nport "1\n' });
  assert.match(error, /at line 1\n>>> 'hz x'/);
});

test("lines that only a file knows", () => {
  const checks = {
    renameCommand: (from: string) =>
      from === "nope" ? "No such command in rename-command" : undefined,
    user: (args: readonly string[]) => args[1] === "bad" ? "Error in user declaration" : undefined,
  };
  const text = 'rename-command CONFIG ""\nrename-command get fetch\nuser ann on >x\n' +
    "loadmodule /x.so a b\nlua-replicate-commands yes\nsentinel\n";
  const { config, error } = start(["a.conf"], { "/data/a.conf": text }, { checks });
  assert.equal(error, "");
  assert.deepEqual(config.renamedCommands, [["CONFIG", ""], ["get", "fetch"]]);
  assert.deepEqual(config.users, [["ann", "on", ">x"]]);
  assert.deepEqual(config.modules, [["/x.so", "a", "b"]]);
  assert.match(start(["--rename-command", "nope", "x"], {}, { checks }).error, /No such command/);
  assert.match(start(["--user", "ann", "bad"], {}, { checks }).error, /Error in user/);
});

test("a cluster has one database", () => {
  assert.equal(start(["--cluster-enabled", "yes"]).config.get("databases"), "1");
});

test("directives that are only kept are known, each once", () => {
  const { config } = start(["--io-threads", "4", "--port", "1", "--slave-read-only", "no"]);
  assert.deepEqual(config.keptOnly(), ["io-threads", "replica-read-only"]);
});

test("options of a program", () => {
  const config = newConfig();
  assert.equal(
    applyOptions(config, { port: 0, appendonly: true, save: "", bind: ["127.0.0.1", "::1"] }),
    undefined,
  );
  assert.deepEqual(["port", "appendonly", "save", "bind"].map((name) => config.get(name)), [
    "0",
    "yes",
    "",
    "127.0.0.1 ::1",
  ]);
  assert.equal(
    applyOptions(new Config(new FakeDirectories()), { port: 70000 }),
    "port: argument must be between 0 and 65535 inclusive",
  );
});

test("absolute paths", () => {
  assert.equal(absolutePath("/a/b", "c.conf"), "/a/b/c.conf");
  assert.equal(absolutePath("/a/b", "../c.conf"), "/a/c.conf");
  assert.equal(absolutePath("/a/b", "../../../c.conf"), "/c.conf");
  assert.equal(absolutePath("/", "c.conf"), "/c.conf");
  assert.equal(absolutePath("/a", "/c.conf"), "/c.conf");
  assert.equal(absolutePath("/a", "C:\\c.conf"), "C:\\c.conf");
});
