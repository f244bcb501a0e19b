/**
 * What connections take of memory: the sums by class, kept up by differences whenever a connection's
 * buffers may have changed, and who would have to go first if it were too much.
 *
 * While `maxmemory-clients` is set, connections that may be evicted stand in buckets by the power of
 * two of what they take, so that one of the largest is found without looking at all of them:
 *
 *     bucket   0         1           2          ...   18
 *     takes    < 64 KiB  to 128 KiB  to 256 KiB       8 GiB and more
 *
 * Invariant: a sum is the total of what the connections of its class took when they were accounted
 * last.
 */
import type { Client } from "./client.ts";

/** The classes of `client-output-buffer-limit`, and of what INFO tells of connections. */
export type ClientClass = "normal" | "replica" | "pubsub";

const BUCKET_COUNT = 19;
/** The smallest bucket's upper end, as a power of two. */
const FIRST_BUCKET_BITS = 15;

/** The class that a connection is of now. */
export function clientClassOf(client: Client): ClientClass {
  return client.subscriptions === null ? "normal" : "pubsub";
}

export class ClientMemory {
  /** Bytes by class. */
  normal = 0;
  replica = 0;
  pubsub = 0;
  readonly #buckets: readonly Set<Client>[] = Array.from(
    { length: BUCKET_COUNT },
    () => new Set<Client>(),
  );
  #isBucketed = false;

  /** Bytes of all connections. */
  get bytes(): number {
    return this.normal + this.replica + this.pubsub;
  }

  /** Bytes that `maxmemory-clients` is about. */
  get evictableBytes(): number {
    return this.normal + this.pubsub;
  }

  /** What the connection takes may have changed. */
  account(client: Client): void {
    const bytes = client.memoryBytes;
    const clientClass = clientClassOf(client);
    if (clientClass === client.accountedClass) {
      if (bytes !== client.accountedBytes) {
        this[clientClass] += bytes - client.accountedBytes;
        client.accountedBytes = bytes;
      }
    } else {
      this[client.accountedClass] -= client.accountedBytes;
      this[clientClass] += bytes;
      client.accountedClass = clientClass;
      client.accountedBytes = bytes;
    }
    if (this.#isBucketed) this.#place(client, client.isNoEvict ? -1 : bucketOf(bytes));
  }

  /** The connection is gone. */
  left(client: Client): void {
    this[client.accountedClass] -= client.accountedBytes;
    client.accountedBytes = 0;
    this.#place(client, -1);
  }

  /** Begins or ends to keep buckets. */
  setBucketed(isBucketed: boolean, clients: Iterable<Client>): void {
    if (isBucketed === this.#isBucketed) return;
    this.#isBucketed = isBucketed;
    for (const client of clients) {
      if (isBucketed) this.account(client);
      else this.#place(client, -1);
    }
  }

  /** A connection that takes as much as any, within a factor of two; null when none may go. */
  largest(): Client | null {
    for (let i = BUCKET_COUNT - 1; i >= 0; i--) {
      for (const client of this.#buckets[i]) return client;
    }
    return null;
  }

  #place(client: Client, bucket: number): void {
    const old = client.memoryBucket;
    if (old === bucket) return;
    if (old >= 0) this.#buckets[old].delete(client);
    if (bucket >= 0) this.#buckets[bucket].add(client);
    client.memoryBucket = bucket;
  }
}

function bucketOf(bytes: number): number {
  if (bytes < 2 << FIRST_BUCKET_BITS) return 0;
  const bits = bytes < 2 ** 31 ? 31 - Math.clz32(bytes) : Math.floor(Math.log2(bytes));
  return Math.min(bits - FIRST_BUCKET_BITS, BUCKET_COUNT - 1);
}
