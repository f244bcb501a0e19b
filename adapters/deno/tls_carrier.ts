/**
 * What carries TLS on Deno: a stream around each `Deno.Conn`.
 *
 * Deno's `node:tls` encrypts a `net.Socket` without its streams, and then says that a write is done
 * before the kernel has taken it: a peer that does not read would fill the memory. Over a stream of
 * another kind it waits for it.
 */
import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import type { TcpAddress } from "../../src/platform/network.ts";
import { addressText, isLoopback } from "../shared/socket_address.ts";
import type { CarrierListener } from "../shared/tls_network.ts";
import type { Carrier } from "../shared/tls_socket.ts";

/** A record of TLS is no longer than this and some bytes. */
const READ_BYTES = 16 * 1024 + 512;

/** How long to wait after a failed accept (EMFILE), which would fail again at once. */
const ACCEPT_RETRY_MS = 10;

/** Accepts connections; throws what Deno throws. */
export function listenForConnections(
  address: TcpAddress,
  accept: (carrier: Carrier) => void,
): Promise<CarrierListener> {
  const listener = Deno.listen({
    hostname: address.host,
    port: address.port,
    tcpBacklog: address.backlog,
  });
  let isClosed = false;
  const acceptAll = async (): Promise<void> => {
    while (!isClosed) {
      let connection: Deno.TcpConn;
      try {
        connection = await listener.accept();
      } catch {
        if (!isClosed) await new Promise((resolve) => setTimeout(resolve, ACCEPT_RETRY_MS));
        continue;
      }
      accept(carrierOf(connection));
    }
  };
  const accepting = acceptAll();
  return Promise.resolve({
    port: (listener.addr as Deno.NetAddr).port,
    close() {
      if (!isClosed) listener.close();
      isClosed = true;
      return accepting;
    },
  });
}

/** Opens a connection; rejects with what Deno throws. */
export async function openConnection(host: string, port: number): Promise<Carrier> {
  return carrierOf(await Deno.connect({ hostname: host, port }));
}

function carrierOf(connection: Deno.TcpConn): Carrier {
  const { remoteAddr: remote, localAddr: local } = connection;
  try {
    connection.setNoDelay(true);
  } catch {
    // The peer is gone already: reading will tell.
  }
  const stream = new ConnectionStream(connection);
  return {
    stream,
    remoteAddress: addressText(remote.hostname, remote.port),
    localAddress: addressText(local.hostname, local.port),
    isLocal: isLoopback(remote.hostname),
    keepAlive(idleSeconds) {
      try {
        connection.setKeepAlive(idleSeconds > 0);
      } catch {
        // The same.
      }
    },
    hold: (isHeld) => stream.hold(isHeld),
  };
}

class ConnectionStream extends Duplex {
  readonly #connection: Deno.TcpConn;
  #isHeld = false;
  /** Somebody wants to read, and may not. */
  #owesRead = false;

  constructor(connection: Deno.TcpConn) {
    super({ allowHalfOpen: true });
    this.#connection = connection;
  }

  /** Reads nothing more, or goes on. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    if (isHeld || !this.#owesRead) return;
    this.#owesRead = false;
    void this._read();
  }

  /** The stream calls this again only when what is pushed has been taken. */
  override async _read(): Promise<void> {
    if (this.#isHeld) {
      this.#owesRead = true;
      return;
    }
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    try {
      const length = await this.#connection.read(buffer);
      this.push(length === null ? null : buffer.subarray(0, length));
    } catch (thrown) {
      this.destroy(thrown as Error);
    }
  }

  override async _write(
    bytes: Buffer,
    _encoding: string,
    done: (error?: Error | null) => void,
  ): Promise<void> {
    try {
      let sent = 0;
      while (sent < bytes.length) sent += await this.#connection.write(bytes.subarray(sent));
    } catch (thrown) {
      done(thrown as Error);
      return;
    }
    done();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#connection.closeWrite().then(() => done(), () => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    try {
      this.#connection.close();
    } catch {
      // The system had closed it already.
    }
    done(error);
  }
}
