/** What TLS promises on every runtime: who is let in, and what becomes of those who are not. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createConnection } from "node:net";
import { test } from "node:test";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import {
  type Listener,
  type NetworkError,
  type TlsOptions,
  TlsRefusal,
} from "../../src/platform/network.ts";
import { certificateText, clientTls, serverTls } from "../support/certificates.ts";
import type { Bench, BenchMaker } from "../support/platforms.ts";
import { thisRuntime } from "../support/servers.ts";
import { bytesOf, Recorder, textOf } from "./socket_recorder.ts";

/** Longer than any handshake takes; what waits for it to be over waits longer. */
const PATIENT_MS = 90_000;
const IMPATIENT_MS = 300;

/** A listener that echoes, and what it tells of handshakes. */
interface Secure extends Bench {
  readonly listener: Listener;
  readonly recorder: Recorder;
  readonly counts: { pending: number; failures: NetworkError[]; max: number };
}

type Wish = Omit<ConnectionOptions, "session"> & { session?: Uint8Array | undefined };

/** How an attempt to be let in went. */
interface Attempt {
  /** The echo has come. */
  readonly isIn: boolean;
  readonly error: string;
  readonly protocol: string;
  readonly cipher: string;
  readonly session: Uint8Array | undefined;
  readonly isResumed: boolean;
}

/** Runs the suite on one kind of platform. */
export function tlsContract(maker: BenchMaker): void {
  const on = (
    name: string,
    options: Partial<TlsOptions>,
    body: (secure: Secure) => Promise<void>,
    timeoutMs = PATIENT_MS,
  ): void => {
    test(`TLS, ${maker.name}: ${name}`, async () => {
      const bench = await maker.make();
      const recorder = new Recorder();
      recorder.onOpened = (connection) => {
        connection.onReceived = (bytes) => {
          recorder.calling(() => connection.socket.write(bytes, 0, bytes.length));
        };
      };
      const counts: Secure["counts"] = { pending: 0, failures: [], max: Infinity };
      const handshakes = {
        timeoutMs,
        begin: () => {
          if (counts.pending >= counts.max) return false;
          counts.pending++;
          return true;
        },
        ended: (error?: NetworkError) => {
          counts.pending--;
          if (error !== undefined) counts.failures.push(error);
        },
      };
      const listener = await bench.platform.network.listen({
        kind: "tcp",
        host: "127.0.0.1",
        port: 0,
        backlog: 511,
        tls: { options: serverTls(options), handshakes },
      }, recorder);
      try {
        await body({ ...bench, listener, recorder, counts });
        await bench.until("no handshake to be left", () => counts.pending === 0);
      } finally {
        for (const { socket } of recorder.connections) socket.destroy();
        await listener.close();
        await bench.rest();
        bench.close();
      }
    });
  };

  on("a client certificate is asked for", { clientCertificates: "yes" }, async (secure) => {
    const { listener, counts, recorder, until } = secure;
    assert.equal((await attempt(listener, "client")).isIn, true);
    assert.equal((await attempt(listener)).isIn, false);
    assert.equal((await attempt(listener, "stranger")).isIn, false);
    assert.equal((await attempt(listener, "expired")).isIn, false);
    await until("the failures", () => counts.failures.length === 3);
    assert.equal(recorder.connections.length, 1);
    assert.match(counts.failures[0].message, /did.not.return.a.certificate|sent no certificates/i);
  });

  on("a client certificate may be shown", { clientCertificates: "optional" }, async (secure) => {
    const { listener, counts, recorder, until } = secure;
    assert.equal((await attempt(listener, "client")).isIn, true);
    assert.equal((await attempt(listener)).isIn, true);
    assert.equal((await attempt(listener, "stranger")).isIn, false);
    assert.equal((await attempt(listener, "expired")).isIn, false);
    await until("the failures", () => counts.failures.length === 2);
    assert.equal(recorder.connections.length, 2);
    for (const { message } of counts.failures) assert.match(message, /verif|expired|first cert/i);
  });

  on("no client certificate is asked for", {}, async ({ listener }) => {
    assert.equal((await attempt(listener, "stranger")).isIn, true);
    assert.equal((await attempt(listener)).isIn, true);
  });

  on("a session is no way around a certificate", {}, async (secure) => {
    const { listener } = secure;
    for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
      const only = { minVersion: version, maxVersion: version };
      listener.secure!(serverTls());
      const open = await attempt(listener, undefined, only);
      assert.ok(open.isIn && open.session !== undefined);
      listener.secure!(serverTls({ clientCertificates: "optional" }));
      const bad = await attempt(listener, "stranger", only);
      assert.equal(bad.isIn, false);
      listener.secure!(serverTls({ clientCertificates: "yes" }));
      for (const { session } of [open, bad]) {
        if (session === undefined) continue;
        const resumed = await attempt(listener, undefined, { ...only, session });
        assert.equal(resumed.isIn, false, version);
      }
      const stranger = await attempt(listener, "stranger", only);
      assert.equal(stranger.isIn, false);
      if (stranger.session === undefined) continue;
      const again = await attempt(listener, "stranger", { ...only, session: stranger.session });
      assert.equal(again.isIn, false, version);
    }
  });

  on("sessions are resumed, or not", {}, async ({ listener }) => {
    for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
      const only = { minVersion: version, maxVersion: version };
      listener.secure!(serverTls());
      const first = await attempt(listener, undefined, only);
      const second = await attempt(listener, undefined, { ...only, session: first.session });
      // Deno's own client never resumes a session.
      assert.ok(second.isIn && (second.isResumed || thisRuntime === "deno"), version);
      listener.secure!(serverTls({ resumesSessions: false }));
      const third = await attempt(listener, undefined, only);
      assert.equal(third.isIn, true);
      const fourth = await attempt(listener, undefined, { ...only, session: third.session });
      assert.equal(fourth.isIn && fourth.isResumed, false, version);
    }
  });

  on("other options for new connections", {}, async ({ listener, until, recorder }) => {
    const before = await dial(listener);
    listener.secure!(serverTls({
      certificate: certificateText("other_server.crt"),
      key: certificateText("other_server.key"),
    }));
    const after = await dial(listener);
    assert.equal(before.getPeerCertificate().subject.CN, "server");
    assert.match(String(after.getPeerCertificate().subject.CN), /other.server/);
    let echo = "";
    before.on("data", (bytes: Uint8Array) => echo += textOf(bytes));
    before.write("still here");
    await until("the echo", () => echo === "still here");
    assert.throws(
      () => listener.secure!(serverTls({ key: certificateText("client.key") })),
      (thrown) => thrown instanceof TlsRefusal && thrown.part === "key",
    );
    assert.equal((await attempt(listener)).isIn, true);
    before.destroy();
    after.destroy();
    await until("the closes", () => recorder.connections.every(({ closed }) => closed === 1));
  });

  on("versions", { protocols: ["TLSv1.3"] }, async ({ listener, counts, until }) => {
    assert.equal((await attempt(listener)).protocol, "TLSv1.3");
    const old = await attempt(listener, undefined, { maxVersion: "TLSv1.2" });
    assert.equal(old.isIn, false);
    await until("the failure", () => counts.failures.length === 1);
    listener.secure!(serverTls({ protocols: ["TLSv1.2"] }));
    assert.equal((await attempt(listener)).protocol, "TLSv1.2");
    assert.equal((await attempt(listener, undefined, { minVersion: "TLSv1.3" })).isIn, false);
  });

  on("plain text is refused", {}, async ({ listener, counts, until, recorder }) => {
    const socket = createConnection({ host: "127.0.0.1", port: listener.port });
    let isOver = false;
    socket.on("error", () => {});
    socket.on("data", () => {});
    socket.on("close", () => isOver = true);
    socket.write("*1\r\n$4\r\nPING\r\n");
    await until("the end", () => isOver);
    await until("the failure", () => counts.failures.length === 1);
    assert.equal(recorder.connections.length, 0);
  });

  on("a handshake that never ends", {}, async ({ listener, counts, until, recorder }) => {
    const sockets = Array.from({ length: 5 }, (_, index) => {
      const socket = createConnection({ host: "127.0.0.1", port: listener.port });
      socket.on("error", () => {});
      socket.on("data", () => {});
      // Nothing at all, or the beginning of a hello that does not go on.
      if (index > 2) socket.write(Uint8Array.of(22, 3, 1, 2, 0, 1));
      return socket;
    });
    await until("them to be there", () => counts.failures.length + counts.pending === 5);
    await until("them to be given up", () => counts.failures.length === 5);
    await until("the closes", () => sockets.every((socket) => socket.destroyed));
    assert.equal(recorder.connections.length, 0);
    assert.equal((await attempt(listener)).isIn, true);
  }, IMPATIENT_MS);

  on("a client that goes away in the handshake", {}, async ({ listener, counts, until }) => {
    for (const way of ["end", "destroy"] as const) {
      const before = counts.failures.length;
      const socket = createConnection({ host: "127.0.0.1", port: listener.port });
      socket.on("error", () => {});
      socket.write(Uint8Array.of(22, 3, 1, 2, 0, 1));
      await until("it", () => counts.pending === 1);
      socket[way]();
      await until("its end", () => counts.pending === 0);
      assert.equal(counts.failures.length, before + 1);
      socket.destroy();
    }
  });

  on("more connections than there may be", {}, async ({ listener, counts, until, recorder }) => {
    counts.max = 2;
    const held = [0, 1].map(() => createConnection({ host: "127.0.0.1", port: listener.port }));
    for (const socket of held) socket.on("error", () => {});
    await until("two handshakes", () => counts.pending === 2);
    assert.equal((await attempt(listener)).isIn, false);
    assert.equal(recorder.connections.length, 0);
    for (const socket of held) socket.destroy();
    await until("none", () => counts.pending === 0);
    assert.equal((await attempt(listener)).isIn, true);
  });

  on("a listener that closes gives handshakes up", {}, async ({ listener, counts, until }) => {
    const socket = createConnection({ host: "127.0.0.1", port: listener.port });
    let isOver = false;
    socket.on("error", () => {});
    socket.on("close", () => isOver = true);
    socket.on("data", () => {});
    await until("it", () => counts.pending === 1);
    await listener.close();
    assert.equal(counts.pending, 0);
    await until("the end", () => isOver);
  });

  on("connections of one's own", { clientCertificates: "yes" }, async (secure) => {
    const { platform, listener, until } = secure;
    const address = { kind: "tcp", host: "127.0.0.1", port: listener.port } as const;
    const near = new Recorder();
    const socket = platform.network.connect({ ...address, tls: clientTls("client") }, near);
    await until("the connection", () => near.connections.length === 1);
    const message = bytesOf("hello");
    near.calling(() => socket.write(message, 0, message.length));
    await until("the echo", () => near.connections[0].receivedBytes === 5);
    near.calling(() => socket.destroy());
    const foreign = new Recorder();
    platform.network.connect({
      ...address,
      tls: { ...clientTls("client"), authorities: [certificateText("stranger_authority.crt")] },
    }, foreign);
    await until("the refusal", () => foreign.refused.length === 1);
    assert.notEqual(foreign.refused[0], undefined);
    assert.equal(foreign.connections.length, 0);
  });

  on("a key with a passphrase, several authorities", {
    key: certificateText("server_encrypted.key"),
    keyPassphrase: "sesame",
    clientCertificates: "yes",
    authorities: [
      certificateText("stranger_authority.crt") + certificateText("authority.crt"),
    ],
  }, async ({ listener }) => {
    assert.equal((await attempt(listener, "client")).isIn, true);
    assert.equal((await attempt(listener, "stranger")).isIn, true);
  });

  test(`TLS, ${maker.name}: what is broken is refused by its part`, async () => {
    const bench = await maker.make();
    const refuses = (part: string, more: Partial<TlsOptions>): void => {
      let thrown: unknown;
      try {
        bench.platform.network.checkTls(serverTls(more));
      } catch (error) {
        thrown = error;
      }
      assert.ok(thrown instanceof TlsRefusal, `${part} ${JSON.stringify(more).slice(0, 60)}`);
      assert.equal(thrown.part, part);
      assert.match(thrown.message, /^[^\n]{5,}$/);
    };
    bench.platform.network.checkTls(serverTls());
    refuses("certificate", { certificate: "" });
    refuses("certificate", { certificate: "garbage" });
    refuses("certificate", { certificate: certificateText("server.key") });
    refuses("key", { key: "garbage" });
    refuses("key", { key: certificateText("client.key") });
    refuses("key", { key: certificateText("server_encrypted.key") });
    refuses("key", { key: certificateText("server_encrypted.key"), keyPassphrase: "no" });
    refuses("authorities", { authorities: ["garbage"] });
    refuses("protocols", { protocols: [] });
    refuses("ciphers", { ciphers: "NO-SUCH-CIPHER" });
    refuses("cipherSuites", { cipherSuites: "TLS_NO_SUCH_SUITE" });
    refuses("dhParameters", { dhParameters: "garbage" });
    if (thisRuntime === "deno") {
      refuses("protocols", { protocols: ["TLSv1.1", "TLSv1.2"] });
      refuses("ciphers", { ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" });
      refuses("other", { prefersServerCiphers: true });
    }
    if (thisRuntime !== "node") {
      refuses("cipherSuites", { cipherSuites: "TLS_AES_128_GCM_SHA256" });
      refuses("dhParameters", { dhParameters: certificateText("dh_parameters.pem") });
    }
    bench.close();
  });

  const skip = thisRuntime === "deno" ? "Deno does not let ciphers be chosen" : false;
  test(`TLS, ${maker.name}: ciphers`, { skip }, async () => {
    const bench = await maker.make();
    const weak = "ECDHE-ECDSA-AES128-GCM-SHA256";
    const strong = "ECDHE-ECDSA-AES256-GCM-SHA384";
    const handshakes = { timeoutMs: PATIENT_MS, begin: () => true, ended: () => {} };
    const listener = await bench.platform.network.listen({
      kind: "tcp",
      host: "127.0.0.1",
      port: 0,
      backlog: 511,
      tls: { options: serverTls({ ciphers: `${weak}:${strong}` }), handshakes },
    }, new Recorder());
    const wish = { maxVersion: "TLSv1.2", ciphers: `${strong}:${weak}` } as const;
    const cipherOf = async (): Promise<string> => {
      const socket = await dial(listener, undefined, wish);
      const { name } = socket.getCipher();
      socket.destroy();
      return name;
    };
    try {
      assert.equal(await cipherOf(), strong);
      listener.secure!(serverTls({ ciphers: `${weak}:${strong}`, prefersServerCiphers: true }));
      assert.equal(await cipherOf(), weak);
      listener.secure!(serverTls({ ciphers: strong }));
      assert.equal(await cipherOf(), strong);
      if (thisRuntime === "node") {
        listener.secure!(serverTls({ cipherSuites: "TLS_CHACHA20_POLY1305_SHA256" }));
        const socket = await dial(listener);
        assert.equal(socket.getCipher().name, "TLS_CHACHA20_POLY1305_SHA256");
        socket.destroy();
        const older = await dial(listener, undefined, { maxVersion: "TLSv1.2" });
        older.destroy();
      }
    } finally {
      await bench.rest();
      await listener.close();
      bench.close();
    }
  });
}

/** How a listener is reached, with a certificate or without one. */
function dialing(listener: Listener, certificate?: string): ConnectionOptions {
  return {
    host: "127.0.0.1",
    port: listener.port,
    ca: certificateText("authority.crt"),
    ...(certificate === undefined ? {} : {
      cert: certificateText(`${certificate}.crt`),
      key: certificateText(`${certificate}.key`),
    }),
  };
}

/** Opens a connection and waits for the end of the handshake; rejects when it fails. */
function dial(
  listener: Listener,
  certificate?: string,
  more: ConnectionOptions = {},
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...dialing(listener, certificate),
      ...more,
    });
    socket.on("error", reject);
    socket.once("secureConnect", () => resolve(socket));
  });
}

/** Tries to be let in: says something and waits for the echo, or for the end. */
function attempt(
  listener: Listener,
  certificate?: string,
  more: Wish = {},
): Promise<Attempt> {
  return new Promise((resolve) => {
    const { session, ...others } = more;
    let last: Uint8Array | undefined;
    let error = "";
    let isIn = false;
    let protocol = "";
    let cipher = "";
    let isResumed = false;
    const socket = connect({
      ...dialing(listener, certificate),
      ...others,
      ...(session === undefined ? {} : { session: Buffer.from(session) }),
    });
    socket.on("session", (bytes: Uint8Array) => last = bytes);
    socket.on("error", (thrown) => error = thrown.message);
    socket.once("secureConnect", () => {
      protocol = socket.getProtocol() ?? "";
      cipher = socket.getCipher()?.name ?? "";
      isResumed = socket.isSessionReused();
      last ??= socket.getSession();
      socket.write("hello");
    });
    socket.on("data", () => {
      isIn = true;
      // The tickets of TLS 1.3 come after the handshake.
      setTimeout(() => socket.destroy(), 20);
    });
    socket.on("end", () => socket.destroy());
    socket.on("close", () => resolve({ isIn, error, protocol, cipher, session: last, isResumed }));
  });
}
