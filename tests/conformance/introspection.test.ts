/** SLOWLOG, LATENCY, MONITOR, CLUSTER without a cluster, MODULE without modules, ROLE. */
import { conformance, conformanceOf } from "../support/compare.ts";
import { describe, itemsOf, type Reply, textOf } from "../support/reply.ts";
import type { RespClient } from "../support/resp_client.ts";

/** The arguments of each entry of the slow log, and the name of its client. */
function slowEntries(reply: Reply): unknown[] {
  return itemsOf(reply).map((entry) => {
    const [id, seconds, us, args, , name] = itemsOf(entry);
    return {
      kinds: [id, seconds, us].map(({ kind }) => kind),
      args: itemsOf(args).map(textOf),
      name: textOf(name),
    };
  });
}

conformance("SLOWLOG: forms and errors", (c) => {
  // On a busy machine any command may be slow.
  c.do("CONFIG", "SET", "slowlog-log-slower-than", "1000000000");
  c.do("SLOWLOG");
  c.do("SLOWLOG", "NOSUCH");
  c.do("SLOWLOG", "GET", "a");
  c.do("SLOWLOG", "GET", "-2");
  c.do("SLOWLOG", "GET", "9223372036854775807");
  c.do("SLOWLOG", "GET", "9223372036854775808");
  c.do("SLOWLOG", "GET", "1", "2");
  c.do("SLOWLOG", "GET", "-1");
  c.do("SLOWLOG", "LEN");
  c.do("SLOWLOG", "LEN", "x");
  c.do("SLOWLOG", "RESET");
  c.do("SLOWLOG", "RESET", "x");
  c.do("SLOWLOG", "HELP", "x");
  c.do("CONFIG", "SET", "slowlog-log-slower-than", "-2");
  c.do("CONFIG", "SET", "slowlog-max-len", "-1");
  c.doSorted("CONFIG", "GET", "slowlog-*");
}, { args: ["--databases", "17"] });

conformanceOf("SLOWLOG: what an entry holds", async (client) => {
  await client.command("CONFIG", "SET", "slowlog-log-slower-than", 0, "slowlog-max-len", 100);
  await client.command("CLIENT", "SETNAME", "me");
  await client.command("SLOWLOG", "RESET");
  const commands: (readonly (string | Uint8Array)[])[] = [
    ["set", "k", "v"],
    ["SET", "k", "x".repeat(128)],
    ["SET", "k", "x".repeat(129)],
    ["SET", "k", new Uint8Array([0, 255, 10])],
    ["DEL", ...Array.from({ length: 31 }, (_, i) => `k${i}`)],
    ["DEL", ...Array.from({ length: 32 }, (_, i) => `k${i}`)],
    ["DEL", ...Array.from({ length: 100 }, (_, i) => `k${i}`)],
    ["NOSUCH", "a"],
    ["GET"],
    ["INCR", "k"],
    ["AUTH", "a", "b"],
    ["AUTH", "b"],
    ["HELLO", "2", "AUTH", "a", "b", "SETNAME", "me"],
    ["CONFIG", "SET", "masterauth", "secret", "maxclients", "100", "masteruser", ""],
    ["CONFIG", "SET", "masterauth", ""],
    ["CONFIG", "SET", "nosuch", "secret"],
    ["ACL", "SETUSER", "x", "on", ">secret"],
    ["MULTI"],
    ["SET", "k", "in"],
    ["EXEC"],
    ["SPOP", "set", "10"],
    ["GETEX", "k", "EX", "100"],
    ["EXPIRE", "k", "100"],
  ];
  for (const command of commands) await client.command(...command);
  await client.command("CONFIG", "SET", "slowlog-log-slower-than", -1);
  const entries = slowEntries(await client.command("SLOWLOG", "GET", -1));
  return [
    entries,
    await client.command("SLOWLOG", "LEN"),
    slowEntries(await client.command("SLOWLOG", "GET", 2)),
  ];
}, { args: ["--databases", "18"] });

conformance("LATENCY: forms and errors", (c) => {
  c.do("LATENCY");
  c.do("LATENCY", "NOSUCH");
  c.do("LATENCY", "LATEST");
  c.do("LATENCY", "LATEST", "x");
  c.do("LATENCY", "HISTORY");
  c.do("LATENCY", "HISTORY", "nosuch");
  c.do("LATENCY", "HISTORY", "nosuch", "x");
  c.do("LATENCY", "GRAPH", "nosuch");
  c.do("LATENCY", "GRAPH");
  c.do("LATENCY", "RESET");
  c.do("LATENCY", "RESET", "nosuch");
  c.do("LATENCY", "DOCTOR", "x");
  c.doLoose("LATENCY", "DOCTOR");
  c.do("LATENCY", "HISTOGRAM", "nosuch");
  c.do("LATENCY", "HELP", "x");
  c.do("CONFIG", "SET", "latency-monitor-threshold", "-1");
  c.do("CONFIG", "SET", "latency-tracking-info-percentiles", "101");
  c.do("CONFIG", "SET", "latency-tracking-info-percentiles", "a");
  c.do("CONFIG", "SET", "latency-tracking-info-percentiles", "50 99.9 0.0001 100");
  c.do("CONFIG", "GET", "latency-tracking-info-percentiles");
}, { args: ["--databases", "19"] });

conformanceOf("LATENCY: what took long", async (client) => {
  await client.command("CONFIG", "SET", "latency-monitor-threshold", 60);
  await client.command("DEBUG", "SLEEP", "0.07");
  const latest = await client.command("LATENCY", "LATEST");
  const shape = itemsOf(latest).map((event) => {
    const [name, seconds, ms, maxMs] = itemsOf(event);
    return [textOf(name), seconds.kind, textOf(ms) === textOf(maxMs), Number(textOf(ms)) >= 70];
  });
  const history = await client.command("LATENCY", "HISTORY", "command");
  const graph = textOf(await client.command("LATENCY", "GRAPH", "command"));
  return [
    shape,
    itemsOf(history).length,
    graph.replace(/\d+/g, "N").replace(/ +$/gm, ""),
    await client.command("LATENCY", "RESET", "COMMAND", "command"),
    await client.command("LATENCY", "LATEST"),
  ];
}, { args: ["--databases", "20", "--enable-debug-command", "yes"] });

conformanceOf("LATENCY HISTOGRAM and INFO latencystats", async (client) => {
  await client.command("CONFIG", "RESETSTAT");
  await client.command("SET", "k", "v");
  await client.command("SET", "k", "v");
  await client.command("GET");
  await client.command("CLIENT", "ID");
  const reply = await client.command("LATENCY", "HISTOGRAM", "get", "client", "set", "SET", "no");
  const items = itemsOf(reply);
  const observed: unknown[] = [reply.kind];
  for (let i = 0; i < items.length; i += 2) {
    const [, calls, name, histogram] = itemsOf(items[i + 1]);
    observed.push([textOf(items[i]), items[i + 1].kind, textOf(calls), textOf(name)]);
    observed.push([histogram.kind, itemsOf(histogram).at(-1)]);
  }
  const info = textOf(await client.command("INFO", "latencystats"));
  const names = info.split("\r\n").map((line) => line.replace(/=[\d.]+/g, "=N")).sort();
  await client.command("CONFIG", "SET", "latency-tracking", "no");
  await client.command("CONFIG", "RESETSTAT");
  await client.command("SET", "k", "v");
  return [observed, names, await client.command("LATENCY", "HISTOGRAM")];
}, { args: ["--databases", "21"] });

/** What a monitor hears of commands, without times and addresses. */
async function heard(monitor: RespClient, count: number): Promise<string[]> {
  const lines: string[] = [];
  for (let i = 0; i < count; i++) {
    const reply = await monitor.nextReply();
    lines.push(describe(reply).replace(/\d+\.\d{6} \[(\d+) [^\]]+\]/, "TIME [$1 ADDRESS]"));
  }
  return lines;
}

conformanceOf("MONITOR", async (client, server) => {
  const monitor = await server.client();
  const observed: unknown[] = [await monitor.command("MONITOR")];
  const commands: (readonly (string | Uint8Array)[])[] = [
    ["set", "k", 'a "b" \\ \r\n\t\x07\x08'],
    ["SET", "k", new Uint8Array([0, 1, 127, 128, 255])],
    ["GET", ""],
    ["SELECT", "3"],
    ["INCR", "k"],
    ["NOSUCH"],
    ["GET"],
    ["CONFIG", "GET", "hz"],
    ["CLIENT", "LIST"],
    ["CLIENT", "ID"],
    ["SLOWLOG", "GET"],
    ["AUTH", "a", "b"],
    ["HELLO", "2", "AUTH", "a", "b"],
    ["ACL", "WHOAMI"],
    ["MULTI"],
    ["SET", "k", "in"],
    ["SELECT", "1"],
    ["SET", "k", "other"],
    ["EXEC"],
    ["MULTI"],
    ["NOSUCH"],
    ["EXEC"],
    ["MULTI"],
    ["DISCARD"],
    ["BLPOP", "list", "0.01"],
    ["ECHO", "the end"],
  ];
  for (const command of commands) await client.command(...command);
  for (;;) {
    const [line] = await heard(monitor, 1);
    observed.push(line);
    if (line.includes("the end")) break;
  }
  // It may go on sending commands: it is answered, and told.
  monitor.send("PING");
  observed.push(await heard(monitor, 2));
  monitor.send("RESET");
  observed.push(await heard(monitor, 1));
  await client.command("PING");
  observed.push(await monitor.command("PING"));
  observed.push(await client.command("MONITOR", "x"));
  await client.command("MULTI");
  await client.command("MONITOR");
  observed.push(await client.command("EXEC"));
  monitor.close();
  return observed;
}, { args: ["--databases", "22"] });

conformance("CLUSTER and its like without a cluster", (c) => {
  c.do("CLUSTER");
  c.do("CLUSTER", "NOSUCH");
  for (const name of ["INFO", "NODES", "SLOTS", "SHARDS", "MYID", "HELP", "LINKS", "SAVECONFIG"]) {
    c.do("CLUSTER", name);
    c.do("CLUSTER", name, "x");
  }
  c.do("CLUSTER", "KEYSLOT", "k");
  c.do("CLUSTER", "KEYSLOT");
  c.do("CLUSTER", "MEET", "127.0.0.1", "1");
  c.do("CLUSTER", "SETSLOT", "1", "STABLE");
  c.do("CLUSTER", "RESET");
  c.do("READONLY");
  c.do("READONLY", "x");
  c.do("READWRITE");
  c.do("ASKING");
});

conformance("MODULE without modules, ROLE", (c) => {
  c.do("MODULE");
  c.do("MODULE", "LIST");
  c.do("MODULE", "LIST", "x");
  c.do("MODULE", "NOSUCH");
  c.do("MODULE", "LOAD", "/nosuch.so");
  c.do("MODULE", "LOAD");
  c.do("MODULE", "LOADEX", "/nosuch.so");
  c.do("MODULE", "UNLOAD", "nosuch");
  c.do("ROLE");
  c.do("ROLE", "x");
});

conformance("MODULE where it is allowed", (c) => {
  c.do("MODULE", "LOAD", "/nosuch.so");
  c.do("MODULE", "LOAD", "/nosuch.so", "a", "b");
  c.do("MODULE", "LOADEX", "/nosuch.so");
  c.do("MODULE", "LOADEX", "/nosuch.so", "CONFIG");
  c.do("MODULE", "LOADEX", "/nosuch.so", "CONFIG", "a", "b", "ARGS", "c");
  c.do("MODULE", "LOADEX", "/nosuch.so", "nonsense");
  c.do("MODULE", "LOADEX", "/nosuch.so", "ARGS");
  c.do("MODULE", "UNLOAD", "nosuch");
}, { args: ["--enable-module-command", "yes"] });
