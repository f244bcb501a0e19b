/**
 * Stands in for Bun's own types when `deno check` follows mod.ts into the Bun adapter: bun-types and
 * Deno's library declare the same globals differently. What the adapter does with Bun is checked
 * against bun-types, by tsconfig.bun.json; here stands only as much as it uses.
 */
declare namespace Bun {
  interface Socket<Data> {
    data: Data;
    readonly remoteAddress: string;
    readonly remotePort: number;
    readonly localAddress: string;
    readonly localPort: number;
    write(bytes: Uint8Array, offset: number, length: number): number;
    setNoDelay(on: boolean): boolean;
    setKeepAlive(on: boolean, idleMs?: number): boolean;
    pause(): void;
    resume(): void;
    end(): void;
    terminate(): void;
  }

  interface SocketHandler<Data> {
    binaryType?: "uint8array" | "buffer";
    open?(socket: Socket<Data>): void;
    data?(socket: Socket<Data>, bytes: Uint8Array): void;
    drain?(socket: Socket<Data>): void;
    end?(socket: Socket<Data>): void;
    close?(socket: Socket<Data>, error?: Error): void;
    error?(socket: Socket<Data>, error: Error): void;
    connectError?(socket: Socket<Data>, error: Error): void;
  }

  interface TCPSocketListenOptions<Data> {
    hostname: string;
    port: number;
    socket: SocketHandler<Data>;
    allowHalfOpen?: boolean;
    exclusive?: boolean;
  }

  interface SocketListener {
    readonly port: number;
    stop(closesConnections?: boolean): void;
  }

  interface SocketOptions<Data> {
    socket: SocketHandler<Data>;
    allowHalfOpen?: boolean;
    unix?: string;
    hostname?: string;
    port?: number;
    data?: Data;
  }

  const version: string;
  function gc(force: boolean): void;
  function listen<Data>(options: SocketOptions<Data>): SocketListener;
  function connect<Data>(options: SocketOptions<Data>): Promise<Socket<Data>>;
}
