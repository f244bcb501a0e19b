/** Bun's own client, which only Bun has. */
import { thisRuntime } from "./servers.ts";

/** As much of it as the tests use; its types are not for the other runtimes. */
export interface BunRedis {
  readonly connected: boolean;
  onclose: ((error: Error) => void) | null;
  connect(): Promise<void>;
  close(): void;
  duplicate(): Promise<BunRedis>;
  set(key: string, value: string | Uint8Array, ...options: (string | number)[]): Promise<string>;
  get(key: string): Promise<string | null>;
  getBuffer(key: string): Promise<Uint8Array | null>;
  mget(...keys: string[]): Promise<(string | null)[]>;
  incr(key: string): Promise<number>;
  expire(key: string, seconds: number): Promise<number>;
  ttl(key: string): Promise<number>;
  exists(key: string): Promise<boolean>;
  del(...keys: string[]): Promise<number>;
  blpop(...args: (string | number)[]): Promise<unknown>;
  publish(channel: string, message: string): Promise<number>;
  subscribe(channel: string, listener: (message: string, channel: string) => void): Promise<number>;
  unsubscribe(channel: string): Promise<void>;
  send(command: string, args: string[]): Promise<unknown>;
}

/** Why tests of it are skipped, if they are. */
export const skipWithoutBun: string | false = thisRuntime === "bun"
  ? false
  : "Bun's own client exists only on Bun";

/** A client of a server, not connected yet. */
export function newBunRedis(url: string, options?: Record<string, unknown>): BunRedis {
  const { Bun } = globalThis as unknown as {
    Bun: { RedisClient: new (url: string, options?: unknown) => BunRedis };
  };
  return new Bun.RedisClient(url, options);
}
