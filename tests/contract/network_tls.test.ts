import { serverTls } from "../support/certificates.ts";
import { benchMakers } from "../support/platforms.ts";
import { thisRuntime } from "../support/servers.ts";
import { networkContract } from "./network_contract.ts";
import { tlsContract } from "./network_tls_contract.ts";

const handshakes = { timeoutMs: 30_000, begin: () => true, ended: () => {} };

const WITHOUT: Readonly<Record<string, ReadonlyMap<string, string>>> = {
  node: new Map(),
  deno: new Map([
    ["a peer that is cut off", "Deno's own TLS client does not end when it is destroyed paused"],
  ]),
  bun: new Map([
    ["what came before a half-close is still answered", "Bun closes when the peer says goodbye"],
  ]),
};

for (const maker of benchMakers) {
  if (maker.isMemory) continue;
  const without = WITHOUT[thisRuntime]!;
  networkContract(maker, { tls: { options: serverTls(), handshakes }, without });
  tlsContract(maker);
}
