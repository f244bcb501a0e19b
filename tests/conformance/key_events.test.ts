/**
 * What every command says has happened to keys: the messages of both servers with all classes of
 * notify-keyspace-events, command by command.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Prng } from "../../src/base/prng.ts";
import { commandFor, TYPE_COMMANDS } from "../fuzz/type_commands.ts";
import { startPair } from "../support/compare.ts";
import { itemsOf, textOf } from "../support/reply.ts";
import { type Argument, describeCommand, type RespClient } from "../support/resp_client.ts";
import { skipWithout } from "../support/servers.ts";

/** Lines of commands by family; `|` begins another one, words are separated by spaces. */
const FORMS: Readonly<Record<string, readonly string[]>> = {
  strings: [
    "SET a 1|SET a 2 EX 100|SET a 3 KEEPTTL|SET a 4 GET|SET a 5 NX|SET none 5 XX|SET b 1 PX 1000 NX",
    "SETNX a 1|SETNX c 1|SETEX d 100 x|PSETEX e 100000 x|GETSET a 9|GETSET f 1",
    "MSET g 1 h 2 g 3|MSETNX i 1 j 2|MSETNX i 1 k 2|APPEND a x|APPEND l x|SETRANGE a 2 y",
    "SETRANGE m 0 x|SETRANGE m2 5 x|SETRANGE m3 0 |STRLEN a|GETRANGE a 0 1|SUBSTR a 0 1",
    "INCR n|INCRBY n 5|DECR n|DECRBY n 2|INCRBYFLOAT n 1.5|INCRBYFLOAT o 1.5|INCR a",
    "GETDEL o|GETDEL none|GETEX n|GETEX n EX 100|GETEX n PERSIST|GETEX n PERSIST|GETEX n PXAT 1",
    "SET p 1|GETEX p EXAT 1|GETEX none EX 5|SET p 1 EXAT 1|SET p 1 PXAT 99999999999999|GET none",
    "MGET a none b|EXISTS a none|LCS a b|LCS none none2|SET q 1|SET q 1 EX 100 GET|SET q 2 XX GET",
    "SETBIT r 7 1|SETBIT r 7 1|SETBIT r 100 0|BITFIELD r SET u8 0 255|BITFIELD r GET u8 0",
    "BITFIELD s INCRBY u8 0 1|BITFIELD r INCRBY u8 0 1 OVERFLOW FAIL INCRBY u8 0 255",
    "BITOP AND t r s|BITOP NOT t none|BITOP OR t none none|BITCOUNT none|BITPOS none 1|GETBIT none 1",
    "PFADD u a b|PFADD u a|PFADD v|PFADD v|PFMERGE w u v|PFCOUNT u|PFCOUNT none|PFMERGE u u",
    "PFADD u c|PFCOUNT u v|PFMERGE new1|PFDEBUG ENCODING u|PFDEBUG TODENSE u",
  ],
  keys: [
    "MSET a 1 b 2 c 3|DEL a none b|UNLINK c none|DEL none|TOUCH none",
    "SET a 1|EXPIRE a 100|EXPIRE none 5|PEXPIRE a 100000|EXPIREAT a 99999999999|EXPIRE a 50 GT",
    "EXPIRE a 50 NX|EXPIRE a 500 LT|PERSIST a|PERSIST a|PERSIST none|EXPIRE a -1|EXPIRE a 1",
    "SET a 1|PEXPIREAT a 1|SET a 1|EXPIREAT a 0|TTL none|TYPE none|OBJECT ENCODING none|DUMP none",
    "SET a 1|RENAME a b|RENAME b b|RENAMENX b c|SET d 1|RENAMENX c d|RENAME c d|RENAME none x",
    "SET l 1|RPUSH m 1|RENAME m l|RENAME l m2",
    "COPY d e|COPY d e|COPY d e REPLACE|COPY d f DB 1|COPY none e|MOVE d 1|MOVE none 1|MOVE e 1",
    "SET d 1|MOVE d 1|MOVE d 0|SELECT 1|MOVE f 0|SELECT 0|SWAPDB 0 1|FLUSHDB",
    "SET a 1|FLUSHDB|FLUSHALL|SET a 1|KEYS *|SCAN 0|RANDOMKEY|DBSIZE|EXISTS none",
    "SET a 1|RESTORE r 0 PAYLOAD|RESTORE r 0 PAYLOAD|RESTORE r 0 PAYLOAD REPLACE|RESTORE r 1 PAYLOAD REPLACE ABSTTL",
    "RPUSH l 3 1 2|SORT l STORE s|SORT none STORE s|SORT none STORE s|SORT l BY w_* GET # STORE s",
    "SET w_1 5|SORT l BY w_* GET w_*|SORT l BY w_* GET w_* STORE s|SORT_RO l|SORT l",
    "SET a 1|OBJECT FREQ a|DEBUG OBJECT a|MEMORY USAGE none|WAIT 0 0|OBJECT HELP",
  ],
  lists: [
    "LPUSH l a b|RPUSH l c|LPUSHX l d|RPUSHX none d|LPUSHX none d|LINSERT l BEFORE a x|LINSERT l AFTER none x",
    "LINSERT none BEFORE a x|LSET l 0 z|LSET none 0 z|LSET l 99 z|LREM l 0 z|LREM l 0 none|LREM none 0 z",
    "LTRIM l 0 2|LTRIM l 5 6|LTRIM none 0 1|RPUSH l a b c d|LPOP l|RPOP l 2|LPOP l 0|LPOP none|LPOP l 5",
    "RPUSH l a b c|LMOVE l m LEFT RIGHT|LMOVE l l LEFT RIGHT|LMOVE none m LEFT LEFT|RPOPLPUSH l m",
    "LMOVE l m LEFT LEFT|RPOPLPUSH m m|LMPOP 2 none m LEFT COUNT 2|LMPOP 1 none LEFT|LMPOP 1 m RIGHT COUNT 9",
    "RPUSH l a b c d e f|BLPOP none l 1|BRPOP l 1|BLMOVE l m LEFT LEFT 1|BRPOPLPUSH l m 1|BLMPOP 1 1 l LEFT",
    "BLPOP l 1|BLPOP m 1|BLPOP m 1|LINDEX none 0|LRANGE none 0 1|LLEN none|LPOS none a|RPUSH one a|LREM one 0 a",
  ],
  hashes: [
    "HSET h a 1 b 2|HSET h a 1|HMSET h c 3|HSETNX h a 1|HSETNX h d 1|HINCRBY h n 1|HINCRBYFLOAT h n 1.5",
    "HINCRBY h2 n 1|HDEL h none|HDEL h a b|HDEL h c d n|HDEL none a|HGET none a|HGETALL none|HLEN none",
    "HMGET none a b|HSTRLEN none a|HKEYS none|HRANDFIELD none|HSCAN none 0|HINCRBY h2 n x|HEXISTS none a",
  ],
  sets: [
    "SADD s a b|SADD s a|SADD t b c|SREM s none|SREM s a|SMOVE t s c|SMOVE t s none|SMOVE t s b|SMOVE none s b",
    "SREM s c b|SADD s a|SPOP s|SPOP none|SADD s a b c|SPOP s 0|SPOP s 5|SPOP none 3|SADD s a|SPOP s 1",
    "SADD a 1 2 3|SADD b 2 3 4|SINTERSTORE c a b|SUNIONSTORE c a b|SDIFFSTORE c a b|SINTERSTORE c a none",
    "SDIFFSTORE c none a|SUNIONSTORE c none none2|SINTER a none|SINTERCARD 2 a none|SUNION none none2|SDIFF a none",
    "SISMEMBER none a|SMISMEMBER none a|SCARD none|SMEMBERS none|SRANDMEMBER none|SSCAN none 0|SMOVE a a 1",
    "SADD x a|SMOVE x y a|SUNIONSTORE a a b|SINTERSTORE a a b",
  ],
  "sorted sets": [
    "ZADD z 1 a 2 b|ZADD z 1 a|ZADD z 3 a|ZADD z NX 5 a|ZADD z XX 5 none|ZADD none XX 1 a|ZADD z INCR 1 a|ZINCRBY z 2 b",
    "ZADD z GT CH 1 a|ZADD z NX INCR 1 a|ZREM z none|ZREM z a|ZREM z b|ZREM none a|ZADD z 1 a 2 b 3 c 4 d 5 e",
    "ZPOPMIN z|ZPOPMAX z 1|ZPOPMIN none|ZPOPMIN z 0|ZPOPMAX z 9|ZADD z 1 a 2 b 3 c|ZMPOP 1 z MIN|ZMPOP 2 none z MAX COUNT 9",
    "ZADD z 1 a 2 b 3 c 4 d|ZREMRANGEBYRANK z 0 0|ZREMRANGEBYSCORE z 2 2|ZREMRANGEBYLEX z - +|ZREMRANGEBYRANK none 0 1",
    "ZADD z 1 a 2 b|ZREMRANGEBYSCORE z 50 60|ZREMRANGEBYSCORE z 0 9|ZADD a 1 x 2 y|ZADD b 1 x|ZUNIONSTORE c 2 a b",
    "ZINTERSTORE c 2 a b|ZDIFFSTORE c 2 a b|ZINTERSTORE c 2 a none|ZINTERSTORE c 2 a none|ZUNIONSTORE c 1 none",
    "ZRANGESTORE c a 0 -1|ZRANGESTORE c a 5 6|ZRANGESTORE c none 0 1|ZRANGESTORE a a 0 0|ZINTER 2 a none|ZUNION 1 none",
    "ZADD z 1 a 2 b 3 c|BZPOPMIN z 1|BZPOPMAX none z 1|BZMPOP 1 1 z MIN|ZCARD none|ZSCORE none a|ZRANGE none 0 1",
    "ZCOUNT none 0 1|ZRANK none a|ZRANDMEMBER none|ZSCAN none 0|ZMSCORE none a|ZLEXCOUNT none - +|ZINTERCARD 1 none",
    "GEOADD g 13.3 38.1 p 15 37 c|GEOADD g 13.3 38.1 p|GEOADD g XX CH 14 38 p|GEOSEARCHSTORE h g FROMMEMBER p BYRADIUS 500 km",
    "GEOSEARCHSTORE h none FROMLONLAT 1 1 BYRADIUS 1 km|GEORADIUS g 14 38 500 km STORE h|GEORADIUS g 0 0 1 m STORE h",
    "GEORADIUSBYMEMBER g p 500 km STOREDIST h|GEODIST none a b|GEOPOS none a|GEOHASH none a|GEOSEARCH none FROMLONLAT 1 1 BYRADIUS 1 km",
  ],
  streams: [
    "XADD x 1-1 a 1|XADD x 2-1 a 1|XADD x MAXLEN 1 3-1 a 1|XADD none NOMKSTREAM 1-1 a 1|XADD x 1-1 a 1|XADD x 4-1 a 1",
    "XTRIM x MAXLEN 1|XTRIM x MAXLEN 5|XTRIM none MAXLEN 1|XDEL x 9-9|XDEL x 4-1|XDEL none 1-1|XSETID x 9-9|XADD x 10-1 a 1",
    "XGROUP CREATE x g 0|XGROUP CREATE new g $ MKSTREAM|XGROUP CREATE none g $|XGROUP CREATECONSUMER x g c|XGROUP CREATECONSUMER x g c",
    "XGROUP SETID x g 0|XREADGROUP GROUP g c2 STREAMS x >|XREADGROUP GROUP g c2 STREAMS x 0",
    "XACK x g 10-1|XACK x g 10-1|XADD x 11-1 a 1|XREADGROUP GROUP g c NOACK STREAMS x >|XADD x 12-1 a 1",
    "XREADGROUP GROUP g c COUNT 1 STREAMS x >|XCLAIM x g d 0 12-1|XCLAIM x g d 0 99-1|XCLAIM x g f 0 12-1 JUSTID",
    "XAUTOCLAIM x g h 0 0|XAUTOCLAIM x g h 0 0 JUSTID|XPENDING x g|XGROUP DELCONSUMER x g h|XGROUP DELCONSUMER x g none",
    "XGROUP DESTROY x g|XGROUP DESTROY x g|XGROUP DESTROY none g|XLEN none|XRANGE none - +|XREAD STREAMS none 0|XINFO STREAM none",
    "XADD y 1-1 a 1|XDEL y 1-1|XLEN y|XADD y MINID 5 6-1 a 1|XADD y MAXLEN ~ 1 7-1 a 1|XADD y MAXLEN 0 8-1 a 1",
    "XGROUP CREATE y g 0|XADD y 9-1 a 1|XREADGROUP GROUP g a STREAMS y >|XDEL y 9-1",
  ],
  transactions: [
    "MULTI|SET a 1|INCR a|DEL a|GET a|EXEC|WATCH a|MULTI|SET a 1|EXEC|MULTI|SET b 1|DISCARD",
    "SET t 1 PX 1|DEBUG SLEEP 0.01|GET t|RPUSH l 1|SET l 1|SET l 2|SADD l 1|RPUSH m 1|GETSET m 1",
    "RPUSH k 1|SET k 1|HSET k2 a 1|SORT k2 STORE k|RPUSH k3 1|SORT k3 STORE k2|SINTERSTORE k3 none|RESTORE k 0 bad",
  ],
};

const END_OF_COMMAND = "__key:end__";

/** One server's subscriber and the connection that sends commands. */
interface Watched {
  readonly listener: RespClient;
  readonly client: RespClient;
}

let sides: Watched[] = [];
const skip = skipWithout("redis-server");

before(async () => {
  if (skip) return;
  const { redis, ours } = await startPair({ args: ["--enable-debug-command", "yes"] });
  sides = await Promise.all([redis, ours].map(async (server) => {
    const [listener, client] = [await server.client(), await server.client()];
    await client.command("CONFIG", "SET", "notify-keyspace-events", "KEAmn");
    // What expires is met by commands alone: both servers tell of it at the same place.
    await client.command("DEBUG", "SET-ACTIVE-EXPIRE", "0");
    await listener.command("PSUBSCRIBE", "__key*");
    return { listener, client };
  }));
});

after(() => {
  for (const { listener, client } of sides) {
    listener.close();
    client.close();
  }
});

/**
 * Runs commands, in one packet, and returns what each has told, a line each: the command and its
 * messages. In a transaction what they have told comes when it is executed, in the same form.
 */
async function eventsOf(
  { client, listener }: Watched,
  commands: readonly (readonly Argument[])[],
): Promise<string[]> {
  const whole = [["FLUSHALL"], ...commands, ["DISCARD"]].flatMap((words) => [
    words,
    ["PUBLISH", END_OF_COMMAND, describeCommand(words)],
  ]);
  await client.pipeline(whole);
  const told: string[] = [];
  let messages = "";
  for (;;) {
    const [, , channel, message] = itemsOf(await listener.nextReply()).map(textOf);
    if (channel !== END_OF_COMMAND) {
      messages += ` ${channel} ${message},`;
      continue;
    }
    if (message === "DISCARD" && messages === "") return told;
    told.push(`${told.length} ${message}:${messages}`);
    messages = "";
  }
}

/** Both servers tell the same of all the commands. */
async function compareEvents(commands: readonly (readonly Argument[])[]): Promise<void> {
  const [expected, actual] = await Promise.all(sides.map((side) => eventsOf(side, commands)));
  assert.deepEqual(actual, expected);
}

/** What DUMP makes of the string 1, in a form that both take. */
const PAYLOAD = new Uint8Array([
  ...[0x00, 0xc0, 0x01, 0x0a, 0x00, 0x26, 0x78, 0xe7, 0xb6, 0xd1, 0x01, 0x11, 0xfc],
]);

function wordsOf(line: string): Argument[] {
  return line.split(" ").map((word) => word === "PAYLOAD" ? PAYLOAD : word);
}

for (const [family, forms] of Object.entries(FORMS)) {
  test(`the events of ${family}`, { skip }, async () => {
    await compareEvents(forms.flatMap((line) => line.split("|").map(wordsOf)));
  });
}

/** What Redis 7.0 does not know, and what chance decides. */
const LEFT_OUT = /^H(EXPIRE|PERSIST|PEXPIRETIME|GETDEL|SETEX)$|^SPOP$/;
const COMMAND_COUNT = 400;

for (const type of Object.keys(TYPE_COMMANDS)) {
  test(`the events of any commands on a ${type}, and on what is none`, { skip }, async () => {
    const prng = new Prng(new Uint8Array(16).fill(type.length));
    const types = Object.keys(TYPE_COMMANDS);
    const commands: string[][] = [];
    while (commands.length < COMMAND_COUNT) {
      const isStray = prng.below(20) === 0;
      const of = isStray ? types[prng.below(types.length)] : type;
      const words = commandFor(of, `key${prng.below(3)}`, prng);
      if (LEFT_OUT.test(words[0]) || words[2] === "*" || words[3] === "WITHSCORE") continue;
      commands.push(words);
      if (prng.below(15) === 0) commands.push(["DEL", `key${prng.below(3)}`]);
    }
    await compareEvents(commands);
  });
}
