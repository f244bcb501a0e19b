/**
 * Consumer groups: who has been given which entries of a stream and has not acknowledged them.
 *
 *     stream -> NameTree of groups
 *     group     word 0           1         2           3 to 6    7, 8
 *               +-------------+---------+-----------+---------+--------------+------+
 *               | name length | pending | consumers | last id | entries read | name |
 *               +-------------+---------+-----------+---------+--------------+------+
 *     consumer  word 0           1         2, 3        4, 5
 *               +-------------+---------+-----------+-------------+------+
 *               | name length | pending | seen time | active time | name |
 *               +-------------+---------+-----------+-------------+------+
 *
 * - pending: the root of a PendingTree, 0 when nothing is pending. Each entry that is pending in
 *   the group is pending with one consumer, whose reference stands in the group's record: the
 *   group's ids are the union of the consumers', which share none.
 * - consumers: the root of a NameTree, 0 when there is none.
 * - entries read: how many entries the group's last id stands behind, -1 when nobody knows.
 * - seen time: when the consumer last tried to get anything; active time: when it last got
 *   something, -1 when it never did. Milliseconds since the epoch. Numbers of two words: the low
 *   one first.
 */
import { assert } from "../../base/assert.ts";
import type { Heap } from "../../heap/heap.ts";
import { NAME_LENGTH, NameTree } from "./name_tree.ts";
import {
  CONSUMER_RECORD_WORDS,
  GROUP_RECORD_WORDS,
  PENDING_CONSUMER,
  PENDING_COUNT,
  PENDING_TIME,
  PendingTree,
} from "./pending_tree.ts";
import { StreamId } from "./stream_id.ts";
import {
  objectWord,
  setObjectWord,
  STREAM_GROUPS,
  writeObjectId,
  writeObjectNumber,
} from "./stream_root.ts";

export const GROUP_PENDING = 1;
export const GROUP_CONSUMERS = 2;
export const GROUP_LAST_ID = 3;
export const GROUP_ENTRIES_READ = 7;
export const GROUP_NAME_OFFSET = 36;
export const CONSUMER_PENDING = 1;
export const CONSUMER_SEEN = 2;
export const CONSUMER_ACTIVE = 4;
export const CONSUMER_NAME_OFFSET = 24;

export class ConsumerGroups {
  readonly groups: NameTree;
  readonly consumers: NameTree;
  /** Lists of groups, and of consumers. */
  readonly pending: PendingTree;
  readonly ownPending: PendingTree;
  readonly #heap: Heap;
  readonly #id: StreamId = new StreamId();

  constructor(heap: Heap) {
    this.#heap = heap;
    this.groups = new NameTree(heap, GROUP_NAME_OFFSET);
    this.consumers = new NameTree(heap, CONSUMER_NAME_OFFSET);
    this.pending = new PendingTree(heap, GROUP_RECORD_WORDS);
    this.ownPending = new PendingTree(heap, CONSUMER_RECORD_WORDS);
  }

  /** The group of that name of a stream; 0 when there is none. */
  findGroup(stream: number, bytes: Uint8Array, start: number, end: number): number {
    return this.groups.find(objectWord(this.#heap, stream, STREAM_GROUPS), bytes, start, end);
  }

  /**
   * Makes a group, right after the look-up that said that there is none of the name.
   * @throws {HeapFull} and then nothing has changed.
   */
  createGroup(
    stream: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    lastId: StreamId,
    entriesRead: number,
  ): number {
    const heap = this.#heap;
    heap.write(stream);
    const root = objectWord(heap, stream, STREAM_GROUPS);
    const group = this.groups.add(root, bytes, start, end);
    setObjectWord(heap, stream, STREAM_GROUPS, this.groups.madeRoot);
    writeObjectId(heap, group, GROUP_LAST_ID, lastId);
    writeObjectNumber(heap, group, GROUP_ENTRIES_READ, entriesRead);
    return group;
  }

  /** Ends the group that was just found. */
  destroyGroup(stream: number, group: number): void {
    const heap = this.#heap;
    const root = objectWord(heap, stream, STREAM_GROUPS);
    heap.write(stream);
    this.groups.remove(root);
    if (this.groups.count(root) === 0) {
      finish(this.groups.tree.freeSteps(root, () => {}));
      setObjectWord(heap, stream, STREAM_GROUPS, 0);
    }
    finish(this.#freeGroup(group));
  }

  /** The consumer of that name of a group; 0 when there is none. */
  findConsumer(group: number, bytes: Uint8Array, start: number, end: number): number {
    return this.consumers.find(objectWord(this.#heap, group, GROUP_CONSUMERS), bytes, start, end);
  }

  /**
   * Makes a consumer, right after the look-up that said that there is none of the name.
   * @throws {HeapFull} and then nothing has changed.
   */
  createConsumer(
    group: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    nowMs: number,
  ): number {
    const heap = this.#heap;
    heap.write(group);
    const root = objectWord(heap, group, GROUP_CONSUMERS);
    const consumer = this.consumers.add(root, bytes, start, end);
    setObjectWord(heap, group, GROUP_CONSUMERS, this.consumers.madeRoot);
    writeObjectNumber(heap, consumer, CONSUMER_SEEN, nowMs);
    writeObjectNumber(heap, consumer, CONSUMER_ACTIVE, -1);
    return consumer;
  }

  /**
   * Ends the consumer that was just found, and what is pending with it; returns how much that was.
   */
  deleteConsumer(group: number, consumer: number): number {
    const heap = this.#heap;
    const { ownPending } = this;
    const own = objectWord(heap, consumer, CONSUMER_PENDING);
    const count = ownPending.count(own);
    for (let isThere = ownPending.first(own); isThere; isThere = ownPending.next()) {
      ownPending.readId(this.#id);
      this.#removeFromGroup(group, this.#id);
    }
    const root = objectWord(heap, group, GROUP_CONSUMERS);
    heap.write(group);
    this.consumers.remove(root);
    if (this.consumers.count(root) === 0) {
      finish(this.consumers.tree.freeSteps(root, () => {}));
      setObjectWord(heap, group, GROUP_CONSUMERS, 0);
    }
    finish(ownPending.freeSteps(own));
    heap.free(consumer);
    return count;
  }

  /** How many entries are pending in a group, or with a consumer. */
  pendingCount(group: number): number {
    return this.pending.count(objectWord(this.#heap, group, GROUP_PENDING));
  }

  ownPendingCount(consumer: number): number {
    return this.ownPending.count(objectWord(this.#heap, consumer, CONSUMER_PENDING));
  }

  /** Goes to the record of an id in a group's list; false when it is not pending. */
  findPending(group: number, id: StreamId): boolean {
    return this.pending.find(objectWord(this.#heap, group, GROUP_PENDING), id);
  }

  /** The consumer of the record that was found; 0 while a file is loaded. */
  get pendingConsumer(): number {
    return this.pending.word(PENDING_CONSUMER);
  }

  get deliveryTimeMs(): number {
    return this.pending.number(PENDING_TIME);
  }

  set deliveryTimeMs(timeMs: number) {
    this.pending.setNumber(PENDING_TIME, timeMs);
  }

  get deliveryCount(): number {
    return this.pending.number(PENDING_COUNT);
  }

  set deliveryCount(count: number) {
    this.pending.setNumber(PENDING_COUNT, count);
  }

  /** Sets when the entry of the record that was found was delivered, and how often it has been. */
  setDelivery(timeMs: number, count: number): void {
    this.pending.setDelivery(timeMs, count);
  }

  /**
   * Makes an id pending in a group and with a consumer, right after the look-up that said that it
   * is not; the group's record is the one that is found then, without time and count.
   * @param consumer 0 while a file is loaded: `own` comes later.
   * @throws {HeapFull} and then nothing has changed.
   */
  addPending(group: number, consumer: number, id: StreamId): void {
    const heap = this.#heap;
    const root = objectWord(heap, group, GROUP_PENDING);
    heap.write(group);
    if (consumer !== 0) this.addOwn(consumer, id);
    try {
      this.pending.insert(root, id);
    } catch (thrown) {
      if (consumer !== 0) this.#removeOwn(consumer, id);
      throw thrown;
    }
    if (this.pending.root !== root) setObjectWord(heap, group, GROUP_PENDING, this.pending.root);
    if (consumer !== 0) this.pending.setWord(PENDING_CONSUMER, consumer);
  }

  /** Hands the record that was found to another consumer. */
  reassign(consumer: number, id: StreamId): void {
    const old = this.pendingConsumer;
    if (old === consumer) return;
    this.addOwn(consumer, id);
    this.pending.setWord(PENDING_CONSUMER, consumer);
    if (old !== 0) this.#removeOwn(old, id);
  }

  /** Takes an id out of a group's list and its consumer's; false when it is not pending. */
  acknowledge(group: number, id: StreamId): boolean {
    if (!this.findPending(group, id)) return false;
    const consumer = this.pendingConsumer;
    this.#removeFound(group);
    if (consumer !== 0) this.#removeOwn(consumer, id);
    return true;
  }

  /**
   * Adds an id to a consumer's list; false when it is there already.
   * @throws {HeapFull}
   */
  addOwn(consumer: number, id: StreamId): boolean {
    const heap = this.#heap;
    const root = objectWord(heap, consumer, CONSUMER_PENDING);
    if (this.ownPending.find(root, id)) return false;
    heap.write(consumer);
    this.ownPending.insert(root, id);
    if (this.ownPending.root !== root) {
      setObjectWord(heap, consumer, CONSUMER_PENDING, this.ownPending.root);
    }
    return true;
  }

  #removeOwn(consumer: number, id: StreamId): void {
    const heap = this.#heap;
    const root = objectWord(heap, consumer, CONSUMER_PENDING);
    if (!this.ownPending.find(root, id)) return;
    heap.write(consumer);
    this.ownPending.remove(root);
    if (this.ownPending.root !== root) {
      setObjectWord(heap, consumer, CONSUMER_PENDING, this.ownPending.root);
    }
  }

  #removeFromGroup(group: number, id: StreamId): void {
    const root = objectWord(this.#heap, group, GROUP_PENDING);
    if (this.pending.find(root, id)) this.#removeFound(group);
  }

  /** Takes the record that was found out of a group's list. */
  #removeFound(group: number): void {
    const heap = this.#heap;
    const root = objectWord(heap, group, GROUP_PENDING);
    heap.write(group);
    this.pending.remove(root);
    if (this.pending.root !== root) setObjectWord(heap, group, GROUP_PENDING, this.pending.root);
  }

  /** Frees all groups of a stream, in steps. */
  *freeSteps(groupsRoot: number): Generator<undefined, void, void> {
    if (groupsRoot === 0) return;
    const groups: number[] = [];
    yield* this.groups.tree.freeSteps(groupsRoot, (group) => groups.push(group));
    for (const group of groups) yield* this.#freeGroup(group);
  }

  *#freeGroup(group: number): Generator<undefined, void, void> {
    const heap = this.#heap;
    yield* this.pending.freeSteps(objectWord(heap, group, GROUP_PENDING));
    const root = objectWord(heap, group, GROUP_CONSUMERS);
    const consumers: number[] = [];
    if (root !== 0) {
      yield* this.consumers.tree.freeSteps(root, (consumer) => consumers.push(consumer));
    }
    for (const consumer of consumers) {
      yield* this.ownPending.freeSteps(objectWord(heap, consumer, CONSUMER_PENDING));
      heap.free(consumer);
      yield;
    }
    heap.free(group);
  }

  /** The bytes of all groups of a stream. */
  bytesOf(groupsRoot: number): number {
    if (groupsRoot === 0) return 0;
    const heap = this.#heap;
    let bytes = this.groups.tree.innerBytes(groupsRoot);
    for (let group = this.groups.first(groupsRoot); group !== 0; group = this.groups.next()) {
      bytes += heap.capacityOf(group) +
        this.pending.bytesOf(objectWord(heap, group, GROUP_PENDING));
      const root = objectWord(heap, group, GROUP_CONSUMERS);
      if (root !== 0) bytes += this.consumers.tree.innerBytes(root);
      for (let each = this.consumers.first(root); each !== 0; each = this.consumers.next()) {
        bytes += heap.capacityOf(each);
        bytes += this.ownPending.bytesOf(objectWord(heap, each, CONSUMER_PENDING));
      }
    }
    return bytes;
  }

  /** Verifies the groups of a stream. */
  check(groupsRoot: number): void {
    if (groupsRoot === 0) return;
    const heap = this.#heap;
    const groups: number[] = [];
    this.groups.tree.check(groupsRoot, (group) => groups.push(group) && 1);
    for (const group of groups) {
      const root = objectWord(heap, group, GROUP_CONSUMERS);
      const consumers: number[] = [];
      if (root !== 0) this.consumers.tree.check(root, (each) => consumers.push(each) && 1);
      const pendingRoot = objectWord(heap, group, GROUP_PENDING);
      this.pending.check(pendingRoot);
      let owned = 0;
      for (const consumer of consumers) {
        const own = objectWord(heap, consumer, CONSUMER_PENDING);
        this.ownPending.check(own);
        owned += this.ownPending.count(own);
        for (let is = this.ownPending.first(own); is; is = this.ownPending.next()) {
          this.ownPending.readId(this.#id);
          assert(this.pending.find(pendingRoot, this.#id), "what is pending is so in the group");
          assert(this.pendingConsumer === consumer, "the group knows whose it is");
        }
        assert(objectWord(heap, consumer, NAME_LENGTH) >= 0, "a consumer has a name");
      }
      assert(
        owned === this.pending.count(pendingRoot),
        "everything pending is so with one consumer",
      );
    }
  }
}

function finish(steps: Generator<undefined, void, void>): void {
  while (steps.next().done !== true);
}
