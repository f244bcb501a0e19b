/**
 * Sorted sets and sets combined: ZUNION, ZINTER, ZDIFF, their forms that store, and ZINTERCARD.
 *
 * As in Redis, unions and intersections go through the inputs from the smallest to the largest, so
 * that sums are rounded alike; 0 * inf and inf - inf count as 0.
 */
import type { Keyspace } from "../../keyspace/keyspace.ts";
import { TYPE_SET, TYPE_ZSET } from "../../keyspace/value_type.ts";
import type { ZsetBuilder } from "../../keyspace/zset/zset_builder.ts";
import { ZsetSource } from "../../keyspace/zset/zset_source.ts";
import { LIMIT_NEGATIVE, WRONG_TYPE } from "../../protocol/wire_errors.ts";
import type { Call } from "../call.ts";
import {
  type ArgumentSpecification,
  defineCommand,
  keyRange,
  numberedKeys,
} from "../definition.ts";
import { int64AtLeastOrReply, int64OrReply } from "../integer_argument.ts";
import { replaceByResult } from "../zset_result.ts";
import { replyHeader, replyMember, scoreOrReply, WITHSCORES } from "./arguments.ts";

const NOT_A_WEIGHT = "ERR weight value is not a float";

const UNION = 0;
const INTERSECTION = 1;
const DIFFERENCE = 2;

const SUM = 0;
const MIN = 1;
const MAX = 2;

/** What is done with the result. */
const REPLY = 0;
const STORE = 1;
const COUNT = 2;

const NUMKEYS: ArgumentSpecification = { name: "numkeys", type: "integer" };
const DESTINATION: ArgumentSpecification = { name: "destination", type: "key", keySpec: 0 };
const WEIGHTS: readonly ArgumentSpecification[] = [
  { name: "weight", type: "integer", token: "WEIGHTS", flags: ["optional", "multiple"] },
  {
    name: "aggregate",
    type: "oneof",
    token: "AGGREGATE",
    flags: ["optional"],
    arguments: [
      { name: "sum", type: "pure-token", token: "SUM" },
      { name: "min", type: "pure-token", token: "MIN" },
      { name: "max", type: "pure-token", token: "MAX" },
    ],
  },
];

function keysArgument(keySpec: number): ArgumentSpecification {
  return { name: "key", type: "key", keySpec, flags: ["multiple"] };
}

/** ZUNION, ZINTER or ZDIFF. */
function replying(name: string, operation: number, what: string, complexity: string) {
  return defineCommand({
    name,
    summary: `Returns ${what} of sorted sets.`,
    since: "6.2.0",
    group: "sorted-set",
    complexity,
    arity: -3,
    flags: ["readonly", "movablekeys"],
    acl: ["sortedset"],
    keys: [numberedKeys(1, "RO access")],
    arguments: [
      NUMKEYS,
      keysArgument(0),
      ...(operation === DIFFERENCE ? [] : WEIGHTS),
      WITHSCORES,
    ],
    run: (call) => combine(call, 1, operation, REPLY),
  });
}

/** ZUNIONSTORE, ZINTERSTORE or ZDIFFSTORE. */
function storing(
  name: string,
  operation: number,
  since: string,
  what: string,
  complexity: string,
) {
  return defineCommand({
    name,
    summary: `Makes ${what} of sorted sets the sorted set of a key.`,
    since,
    group: "sorted-set",
    complexity,
    arity: -4,
    flags: ["write", "denyoom", "movablekeys"],
    acl: ["sortedset"],
    keys: [keyRange(1, 1, 1, "OW update"), numberedKeys(2, "RO access")],
    arguments: [
      DESTINATION,
      NUMKEYS,
      keysArgument(1),
      ...(operation === DIFFERENCE ? [] : WEIGHTS),
    ],
    run: (call) => combine(call, 2, operation, STORE),
  });
}

const UNION_COST = "O(N)+O(M*log(M)) for N members in all sorted sets and M in the result.";
const INTER_COST = "O(N*K)+O(M*log(M)) at worst for K sorted sets, N members in the smallest and " +
  "M in the result.";
const DIFF_COST =
  "O(N*K)+O(M*log(M)) at worst for K sorted sets, N members in the first and M in " +
  "the result.";

export const zunion = replying("zunion", UNION, "the union", UNION_COST);
export const zinter = replying("zinter", INTERSECTION, "the intersection", INTER_COST);
export const zdiff = replying("zdiff", DIFFERENCE, "the difference", DIFF_COST);
export const zunionstore = storing("zunionstore", UNION, "2.0.0", "the union", UNION_COST);
export const zinterstore = storing(
  "zinterstore",
  INTERSECTION,
  "2.0.0",
  "the intersection",
  INTER_COST,
);
export const zdiffstore = storing(
  "zdiffstore",
  DIFFERENCE,
  "6.2.0",
  "the difference",
  DIFF_COST,
);

export const zintercard = defineCommand({
  name: "zintercard",
  summary: "Returns how many members sorted sets have in common.",
  since: "7.0.0",
  group: "sorted-set",
  complexity: "O(N*K) at worst for K sorted sets and N members in the smallest.",
  arity: -3,
  flags: ["readonly", "movablekeys"],
  acl: ["sortedset"],
  keys: [numberedKeys(1, "RO access")],
  arguments: [
    NUMKEYS,
    keysArgument(0),
    { name: "limit", type: "integer", token: "LIMIT", flags: ["optional"] },
  ],
  run: (call) => combine(call, 1, INTERSECTION, COUNT),
});

/** The inputs of a call: kept, because each has buffers of its own. */
class Inputs {
  readonly #keyspace: Keyspace;
  readonly #sources: ZsetSource[] = [];

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace;
  }

  at(index: number): ZsetSource {
    while (this.#sources.length <= index) this.#sources.push(new ZsetSource(this.#keyspace));
    return this.#sources[index];
  }

  /** Ends those that were open; keeps a few. */
  close(count: number): void {
    for (let i = 0; i < count; i++) this.#sources[i].close();
    if (this.#sources.length > KEPT_SOURCES_MAX) this.#sources.length = KEPT_SOURCES_MAX;
  }

  /** Puts the first of them in order of their size, those of one size as they came. */
  sort(count: number): void {
    const sources = this.#sources;
    for (let i = 1; i < count; i++) {
      const source = sources[i];
      let at = i;
      for (; at > 0 && sources[at - 1].count > source.count; at--) sources[at] = sources[at - 1];
      sources[at] = source;
    }
  }
}

const KEPT_SOURCES_MAX = 16;
const inputsByKeyspace = new WeakMap<Keyspace, Inputs>();

function inputsOf(keyspace: Keyspace): Inputs {
  let inputs = inputsByKeyspace.get(keyspace);
  if (inputs === undefined) {
    inputs = new Inputs(keyspace);
    inputsByKeyspace.set(keyspace, inputs);
  }
  return inputs;
}

/** What the options of a call say. */
class CombineOptions {
  aggregate = SUM;
  hasScores = false;
  /** 0: none. */
  limit = 0;

  /** Reads all arguments from `index` on; false after replying with an error. */
  read(
    call: Call,
    index: number,
    inputs: Inputs,
    count: number,
    operation: number,
    use: number,
  ): boolean {
    this.aggregate = SUM;
    this.hasScores = false;
    this.limit = 0;
    const hasWeights = operation !== DIFFERENCE && use !== COUNT;
    while (index < call.count) {
      const left = call.count - index;
      if (hasWeights && left > count && call.is(index, "weights")) {
        if (!readWeights(call, index + 1, inputs, count)) return false;
        index += count + 1;
      } else if (hasWeights && left >= 2 && call.is(index, "aggregate")) {
        this.aggregate = aggregateAt(call, index + 1);
        if (this.aggregate < 0) {
          call.syntaxError();
          return false;
        }
        index += 2;
      } else if (use === REPLY && call.is(index, "withscores")) {
        this.hasScores = true;
        index++;
      } else if (use === COUNT && left >= 2 && call.is(index, "limit")) {
        this.limit = int64AtLeastOrReply(call, index + 1, 0, LIMIT_NEGATIVE);
        if (this.limit !== this.limit) return false;
        index += 2;
      } else {
        call.syntaxError();
        return false;
      }
    }
    return true;
  }
}

const options = new CombineOptions();

function readWeights(call: Call, index: number, inputs: Inputs, count: number): boolean {
  for (let i = 0; i < count; i++) {
    const weight = scoreOrReply(call, index + i, NOT_A_WEIGHT);
    if (weight !== weight) return false;
    inputs.at(i).weight = weight;
  }
  return true;
}

function aggregateAt(call: Call, index: number): number {
  if (call.is(index, "sum")) return SUM;
  if (call.is(index, "min")) return MIN;
  return call.is(index, "max") ? MAX : -1;
}

/** @param numkeysIndex the argument that says how many inputs follow. */
function combine(call: Call, numkeysIndex: number, operation: number, use: number): void {
  const count = int64OrReply(call, numkeysIndex);
  if (count !== count) return;
  if (count < 1) {
    return call.reply.error(`ERR at least 1 input key is needed for '${call.name}' command`);
  }
  if (count > call.count - numkeysIndex - 1) return call.syntaxError();
  const inputs = inputsOf(call.keyspace);
  const first = numkeysIndex + 1;
  let opened = 0;
  try {
    for (; opened < count; opened++) {
      const ref = call.lookupRead(first + opened);
      const type = ref === 0 ? TYPE_ZSET : call.database.typeOf(ref);
      if (type !== TYPE_ZSET && type !== TYPE_SET) return call.reply.error(WRONG_TYPE);
      const source = inputs.at(opened);
      source.open(call.database, ref);
      source.weight = 1;
    }
    if (!options.read(call, first + count, inputs, count, operation, use)) return;
    reopen(call, inputs, first, count);
    if (operation !== DIFFERENCE) inputs.sort(count);
    finish(call, inputs, count, operation, use);
  } finally {
    inputs.close(opened);
  }
}

/**
 * A key that a later look-up found expired may be one that is open: what was there then is not there
 * any more.
 */
function reopen(call: Call, inputs: Inputs, first: number, count: number): void {
  const { bytes, starts, ends } = call.args;
  for (let i = 0; i < count; i++) {
    const source = inputs.at(i);
    if (source.ref === 0) continue;
    const ref = call.database.find(bytes, starts[first + i], ends[first + i]);
    source.open(call.database, ref);
  }
}

function finish(call: Call, inputs: Inputs, count: number, operation: number, use: number): void {
  if (use === COUNT) return call.reply.integer(intersect(inputs, count, null));
  const { builder } = call.keyspace.zsets;
  builder.begin();
  try {
    if (operation === UNION) unite(inputs, count, builder);
    else if (operation === INTERSECTION) intersect(inputs, count, builder);
    else subtract(inputs, count, builder);
    builder.order();
    if (use === REPLY) return replyResult(call, builder);
    const resultCount = builder.count;
    replaceByResult(call, 1, builder, call.name);
    call.reply.integer(resultCount);
  } finally {
    builder.end();
  }
}

function replyResult(call: Call, builder: ZsetBuilder): void {
  const reader = builder.read();
  replyHeader(call.reply, reader.count, options.hasScores);
  for (let more = reader.seek(0); more; more = reader.next()) {
    replyMember(call.reply, reader, options.hasScores);
  }
}

/** A member's score times its input's weight. */
function weighted(score: number, weight: number): number {
  const value = score * weight;
  return value === value ? value : 0;
}

function aggregated(score: number, value: number): number {
  if (options.aggregate === MIN) return value < score ? value : score;
  if (options.aggregate === MAX) return value > score ? value : score;
  const sum = score + value;
  return sum === sum ? sum : 0;
}

function unite(inputs: Inputs, count: number, builder: ZsetBuilder): void {
  for (let i = 0; i < count; i++) {
    const source = inputs.at(i);
    while (source.next()) {
      const score = weighted(source.score, source.weight);
      const { bytes, start, end } = source;
      if (builder.has(bytes, start, end)) builder.setScore(aggregated(builder.score, score));
      else builder.add(bytes, start, end, score);
    }
  }
}

/** Returns how many members all inputs have, up to the limit; builds them where that is wanted. */
function intersect(inputs: Inputs, count: number, builder: ZsetBuilder | null): number {
  const first = inputs.at(0);
  let found = 0;
  // The smallest is empty.
  if (first.count === 0) return 0;
  while (first.next()) {
    const { bytes, start, end } = first;
    let score = weighted(first.score, first.weight);
    let i = 1;
    for (; i < count; i++) {
      const source = inputs.at(i);
      const other = source.ref === first.ref ? first.score : source.scoreOf(bytes, start, end);
      if (other !== other) break;
      score = aggregated(score, other * source.weight);
    }
    if (i < count) continue;
    found++;
    if (builder === null) {
      if (found === options.limit) break;
    } else {
      builder.has(bytes, start, end);
      builder.add(bytes, start, end, score);
    }
  }
  return found;
}

function subtract(inputs: Inputs, count: number, builder: ZsetBuilder): void {
  const first = inputs.at(0);
  for (let i = 1; i < count; i++) if (inputs.at(i).ref === first.ref && first.ref !== 0) return;
  while (first.next()) {
    const { bytes, start, end } = first;
    let isElsewhere = false;
    for (let i = 1; i < count && !isElsewhere; i++) {
      const score = inputs.at(i).scoreOf(bytes, start, end);
      isElsewhere = score === score;
    }
    if (isElsewhere) continue;
    builder.has(bytes, start, end);
    builder.add(bytes, start, end, first.score);
  }
}
