/** The subcommands of CLIENT about caches that clients keep. */
import { latin1 } from "../../base/ascii.ts";
import type { Call } from "../../command/call.ts";
import type { CommandDefinition } from "../../command/definition.ts";
import { defineCommand } from "../../command/definition.ts";
import { NOT_AN_INTEGER } from "../../protocol/wire_errors.ts";
import type { Engine } from "../engine.ts";
import type { ClientTracking, TrackingOptions } from "../tracking/client_tracking.ts";
import { overlap } from "../tracking/prefixes.ts";
import { int64 } from "./plain_argument.ts";

const ONE_REDIRECTION = "ERR A client can only redirect to a single other client";
const NO_SUCH_CLIENT = "ERR The client ID you want redirect to does not exist";
const PREFIX_NEEDS_BROADCAST = "ERR PREFIX option requires BCAST mode to be enabled";
const OTHER_BROADCAST = "ERR You can't switch BCAST mode on/off before disabling tracking for " +
  "this client, and then re-enabling it with a different mode.";
const NO_CHOICE_IN_BROADCAST = "ERR OPTIN and OPTOUT are not compatible with BCAST";
const BOTH_CHOICES = "ERR You can't specify both OPTIN mode and OPTOUT mode";
const OTHER_CHOICE = "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this " +
  "client, and then re-enabling it with a different mode.";
const CACHING_NEEDS_CHOICE = "ERR CLIENT CACHING can be called only when the client is in " +
  "tracking mode with OPTIN or OPTOUT mode enabled";
const YES_NEEDS_OPTIN =
  "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.";
const NO_NEEDS_OPTOUT =
  "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.";

/** What CLIENT TRACKING says beside ON or OFF. */
interface Request extends TrackingOptions {
  readonly prefixes: readonly Uint8Array[];
}

/** The subcommands of CLIENT that are about tracking. */
export function trackingCommands(engine: Engine): readonly CommandDefinition[] {
  const all = {
    group: "connection",
    complexity: "O(1)",
    flags: ["noscript", "loading", "stale"],
    acl: ["connection"],
  } as const;
  return [
    defineCommand({
      ...all,
      name: "tracking",
      summary: "Says whether the connection is told of changes to keys that it may keep.",
      since: "6.0.0",
      complexity: "O(1), and for BCAST O(N) for N prefixes",
      arity: -3,
      arguments: [
        {
          name: "status",
          type: "oneof",
          arguments: [
            { name: "on", type: "pure-token", token: "ON" },
            { name: "off", type: "pure-token", token: "OFF" },
          ],
        },
        { name: "client-id", type: "integer", token: "REDIRECT", flags: ["optional"] },
        {
          name: "prefix",
          type: "string",
          token: "PREFIX",
          flags: ["optional", "multiple", "multiple_token"],
        },
        { name: "bcast", type: "pure-token", token: "BCAST", flags: ["optional"] },
        { name: "optin", type: "pure-token", token: "OPTIN", flags: ["optional"] },
        { name: "optout", type: "pure-token", token: "OPTOUT", flags: ["optional"] },
        { name: "noloop", type: "pure-token", token: "NOLOOP", flags: ["optional"] },
      ],
      run: (call) => track(engine, call),
    }),
    defineCommand({
      ...all,
      name: "caching",
      summary: "Says whether the connection may keep what it reads next.",
      since: "6.0.0",
      arity: 3,
      arguments: [{
        name: "mode",
        type: "oneof",
        arguments: [
          { name: "yes", type: "pure-token", token: "YES" },
          { name: "no", type: "pure-token", token: "NO" },
        ],
      }],
      run: (call) => setCaching(call, engine.currentClient!.tracking),
    }),
    defineCommand({
      ...all,
      name: "getredir",
      summary: "Tells which connection is told in place of this one.",
      since: "6.0.0",
      arity: 2,
      run(call) {
        call.reply.integer(engine.currentClient!.tracking?.options.redirection ?? -1);
      },
    }),
    defineCommand({
      ...all,
      name: "trackinginfo",
      summary: "Tells how the connection is told of changes to keys that it may keep.",
      since: "6.2.0",
      arity: 2,
      run: (call) => replyInfo(call, engine.currentClient!.tracking),
    }),
  ];
}

/** CLIENT TRACKING. */
function track(engine: Engine, call: Call): void {
  const client = engine.currentClient!;
  const request = readOptions(engine, call);
  if (request === undefined) return;
  if (call.is(2, "on")) {
    const refusal = refusalOf(request, client.tracking);
    if (refusal !== undefined) return call.reply.error(refusal);
    const { prefixes, ...options } = request;
    engine.tracking.turnOn(client, options, prefixes);
  } else if (call.is(2, "off")) engine.tracking.left(client);
  else return call.syntaxError();
  call.reply.ok();
}

/** The options behind ON or OFF; undefined after replying with the error. */
function readOptions(engine: Engine, call: Call): Request | undefined {
  const { reply } = call;
  const prefixes: Uint8Array[] = [];
  let redirection = 0;
  let [isBroadcast, isOptIn, isOptOut, isNoLoop] = [false, false, false, false];
  for (let i = 3; i < call.count; i++) {
    const hasMore = i + 1 < call.count;
    if (hasMore && call.is(i, "redirect")) {
      if (redirection !== 0) return void reply.error(ONE_REDIRECTION);
      const id = int64(call, ++i);
      if (id === undefined) return void reply.error(NOT_AN_INTEGER);
      if (!engine.clients.has(Number(id))) return void reply.error(NO_SUCH_CLIENT);
      redirection = Number(id);
    } else if (call.is(i, "bcast")) isBroadcast = true;
    else if (call.is(i, "optin")) isOptIn = true;
    else if (call.is(i, "optout")) isOptOut = true;
    else if (call.is(i, "noloop")) isNoLoop = true;
    else if (hasMore && call.is(i, "prefix")) prefixes.push(call.args.copy(++i));
    else return void call.syntaxError();
  }
  return { redirection, isBroadcast, isOptIn, isOptOut, isNoLoop, prefixes };
}

/** Why the options do not go together, or with what the connection has on already, if so. */
function refusalOf(request: Request, current: ClientTracking | null): string | undefined {
  const { isBroadcast, isOptIn, isOptOut, prefixes } = request;
  if (!isBroadcast && prefixes.length > 0) return PREFIX_NEEDS_BROADCAST;
  if (current !== null && current.options.isBroadcast !== isBroadcast) return OTHER_BROADCAST;
  if (isBroadcast && (isOptIn || isOptOut)) return NO_CHOICE_IN_BROADCAST;
  if (isOptIn && isOptOut) return BOTH_CHOICES;
  if (current !== null) {
    const { options } = current;
    if ((isOptIn && options.isOptOut) || (isOptOut && options.isOptIn)) return OTHER_CHOICE;
  }
  return isBroadcast ? overlapOf(prefixes, current) : undefined;
}

/**
 * The first two prefixes of which one begins with the other. (Where neither is the first one given,
 * redis-server up to 8.0 replies with the error and goes on, to OK: a reply too many.)
 */
function overlapOf(
  prefixes: readonly Uint8Array[],
  current: ClientTracking | null,
): string | undefined {
  const tail = ". Prefixes for a single client must not overlap.";
  for (let i = 0; i < prefixes.length; i++) {
    const prefix = prefixes[i];
    for (const { bytes } of current?.prefixes ?? []) {
      if (!overlap(bytes, prefix)) continue;
      return `ERR Prefix '${shown(prefix)}' overlaps with an existing prefix '${shown(bytes)}'` +
        tail;
    }
    for (let j = i + 1; j < prefixes.length; j++) {
      if (!overlap(prefix, prefixes[j])) continue;
      return `ERR Prefix '${shown(prefix)}' overlaps with another provided prefix ` +
        `'${shown(prefixes[j])}'${tail}`;
    }
  }
  return undefined;
}

/** As C prints it: up to the first zero byte. */
function shown(bytes: Uint8Array): string {
  const zero = bytes.indexOf(0);
  return latin1(bytes, 0, zero < 0 ? bytes.length : zero);
}

/** CLIENT CACHING. */
function setCaching(call: Call, tracking: ClientTracking | null): void {
  const { reply } = call;
  if (tracking === null) return reply.error(CACHING_NEEDS_CHOICE);
  if (call.is(2, "yes")) {
    if (!tracking.options.isOptIn) return reply.error(YES_NEEDS_OPTIN);
  } else if (call.is(2, "no")) {
    if (!tracking.options.isOptOut) return reply.error(NO_NEEDS_OPTOUT);
  } else return call.syntaxError();
  tracking.isCachingGiven = true;
  reply.ok();
}

/** CLIENT TRACKINGINFO. */
function replyInfo(call: Call, tracking: ClientTracking | null): void {
  const { reply } = call;
  const flags = flagsOf(tracking);
  reply.map(3);
  reply.bulkText("flags");
  reply.set(flags.length);
  for (const flag of flags) reply.bulkText(flag);
  reply.bulkText("redirect");
  reply.integer(tracking?.options.redirection ?? -1);
  reply.bulkText("prefixes");
  const prefixes = tracking?.prefixes ?? [];
  reply.array(prefixes.length);
  for (const { bytes } of prefixes) reply.bulk(bytes);
}

function flagsOf(tracking: ClientTracking | null): string[] {
  if (tracking === null) return ["off"];
  const { isBroadcast, isOptIn, isOptOut, isNoLoop } = tracking.options;
  const flags = ["on"];
  if (isBroadcast) flags.push("bcast");
  if (isOptIn) flags.push("optin");
  if (isOptIn && tracking.isCachingGiven) flags.push("caching-yes");
  if (isOptOut) flags.push("optout");
  if (isOptOut && tracking.isCachingGiven) flags.push("caching-no");
  if (isNoLoop) flags.push("noloop");
  if (tracking.isRedirectionBroken) flags.push("broken_redirect");
  return flags;
}
