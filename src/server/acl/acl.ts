/**
 * The users of one server, who a connection is, and what is refused to whom.
 *
 * A connection refers to its user (`client.user`). The user of a connection that has not
 * authenticated is the default user, who always exists and is always the same object.
 *
 * Dispatch asks here only for users that are restricted in any way.
 */
import { latin1 } from "../../base/ascii.ts";
import type { Arguments } from "../../protocol/arguments.ts";
import type { Client } from "../client.ts";
import { clientLine } from "../commands/client_list.ts";
import type { Engine } from "../engine.ts";
import { StartFailure } from "../persistence/start_failure.ts";
import type { Command } from "../registry.ts";
import { loadAclFile, saveAclFile } from "./acl_file.ts";
import type { DenialContext, DenialReason } from "./acl_log.ts";
import { AclLog } from "./acl_log.ts";
import { CommandIndex } from "./command_index.ts";
import { hashPassword, isAmong } from "./password.ts";
import { MAY_READ } from "./pattern.ts";
import {
  ALLOWED,
  DENIED_CHANNEL,
  DENIED_COMMAND,
  DENIED_KEY,
  PermissionCheck,
} from "./permission.ts";
import type { RuleSettings } from "./rules.ts";
import { applyRule } from "./rules.ts";
import { closeRevoked } from "./subscribers.ts";
import { User } from "./user.ts";
import {
  AclFileErrors,
  configuredUsers,
  mergeSelectors,
  UnmatchedParenthesis,
} from "./user_lines.ts";

const DEFAULT_USER = "default";

const REASONS: readonly DenialReason[] = ["command", "command", "key", "channel"];

/** Why EXEC does not run what could be queued. */
const CHANGED_MEANWHILE = "NOPERM ACLs rules changed between the moment the transaction was " +
  "accumulated and the EXEC call. This command is no longer allowed for the following reason: ";
const CHANGES: readonly string[] = [
  "",
  "no permission to execute the command or subcommand",
  "no permission to touch the specified keys",
  "no permission to access one of the channels used as arguments",
];

export class Acl {
  readonly defaultUser: User;
  readonly log: AclLog = new AclLog();
  readonly settings: RuleSettings;
  /** A new connection is not the default user's until it has authenticated. */
  needsAuthentication = false;
  readonly #engine: Engine;
  readonly #check: PermissionCheck;
  /** By name, the default user among them. */
  #users: Map<string, User> = new Map();

  /** The commands of the engine must be there. */
  constructor(engine: Engine) {
    this.#engine = engine;
    const index = new CommandIndex(engine.commands.declared);
    const { config, log } = engine;
    this.settings = {
      index,
      get allowsAllChannels(): boolean {
        return config.choice("acl-pubsub-default") === "allchannels";
      },
      deprecated: (rule) =>
        log.warning(
          "Deprecation warning: a rule allows a first argument of a command that is not allowed " +
            `otherwise (${rule}). That is no use that rules are made for, and may end.`,
        ),
    };
    this.#check = new PermissionCheck(index);
    this.defaultUser = this.#newDefaultUser();
    this.#users.set(DEFAULT_USER, this.defaultUser);
    this.#followPassword();
    config.onChange(["requirepass"], () => {
      this.#followPassword();
      return undefined;
    });
    engine.call.mayReadEveryKey = () => this.#mayReadEveryKey();
  }

  // Users

  /** All of them, by the bytes of their names. */
  get users(): readonly User[] {
    return [...this.#users.values()].sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  }

  /** The user of that name, as byte text. */
  find(name: string): User | undefined {
    return this.#users.get(name);
  }

  /** ACL SETUSER: all rules or none; returns why they cannot be applied. */
  setUser(name: string, rules: readonly string[]): string | undefined {
    const merged = mergeSelectors(rules);
    if (merged instanceof UnmatchedParenthesis) {
      return `Unmatched parenthesis in acl selector starting at '${rules[merged.index]}'.`;
    }
    const user = this.#users.get(name);
    const changed = user === undefined ? this.#newUser(name) : user.copy(name);
    for (const rule of merged) {
      const error = applyRule(changed, rule, this.settings);
      if (error !== undefined) return `Error in ACL SETUSER modifier '${rule}': ${error}`;
    }
    if (user === undefined) this.#users.set(name, changed);
    else {
      closeRevoked(this.#engine, user, user, changed);
      user.become(changed);
    }
    if (user === this.defaultUser) this.#followDefaultUser();
    return undefined;
  }

  /** ACL DELUSER: false where there is none. Connections of the user are closed. */
  deleteUser(name: string): boolean {
    const user = this.#users.get(name);
    if (user === undefined || user === this.defaultUser) return false;
    this.#users.delete(name);
    for (const client of [...this.#engine.clients.values()]) {
      if (client.user === user) this.#end(client);
    }
    return true;
  }

  // Who a connection is

  /**
   * Makes a connection the user's if the password is right; what it was stays otherwise.
   * @param userName as byte text.
   */
  authenticate(client: Client, args: Arguments, userName: string, password: Uint8Array): boolean {
    const user = this.#users.get(userName);
    if (user === undefined || !isPasswordOf(user, password)) {
      const object = latin1(args.bytes, args.starts[0], args.ends[0]);
      this.#note(client, "auth", this.#contextOf(client), object, userName);
      return false;
    }
    client.user = user;
    client.isAuthenticated = true;
    client.parser.isUnauthenticated = false;
    return true;
  }

  /** Makes a connection what a new one is (RESET). */
  begin(client: Client): void {
    client.user = this.defaultUser;
    client.isAuthenticated = !this.needsAuthentication;
    client.parser.isUnauthenticated = this.needsAuthentication;
  }

  // What is refused

  /** Why a client's user may not run a command, if so; the log keeps it. */
  refusal(client: Client, command: Command, args: Arguments): string | undefined {
    if (client.user.passes(command, args)) return undefined;
    const reason = this.#check.check(client.user, command, args);
    if (reason === ALLOWED) return undefined;
    this.#noteDenial(client, command, args, reason, this.#contextOf(client));
    return `NOPERM ${denialText(reason, client.user, command)}`;
  }

  /** As {@link refusal}, for a command that could be queued and is to be run now. */
  refusalInTransaction(client: Client, command: Command, args: Arguments): string | undefined {
    const reason = this.#check.check(client.user, command, args);
    if (reason === ALLOWED) return undefined;
    this.#noteDenial(client, command, args, reason, "multi");
    return CHANGED_MEANWHILE + CHANGES[reason];
  }

  /** ACL DRYRUN: why a user may not run a command, in more words and without a log. */
  rehearse(user: User, command: Command, args: Arguments): string | undefined {
    const reason = this.#check.check(user, command, args);
    if (reason === ALLOWED) return undefined;
    const index = this.#check.deniedIndex;
    return denialText(
      reason,
      user,
      command,
      latin1(args.bytes, args.starts[index], args.ends[index]),
    );
  }

  #mayReadEveryKey(): boolean {
    const { currentClient, call } = this.#engine;
    if (currentClient === null || currentClient.user.isUnrestricted) return true;
    const command = this.settings.index.find(call.name);
    return command === undefined ||
      this.#check.hasEveryKey(currentClient.user, command, call.args, MAY_READ);
  }

  // Files

  /** Takes users from the configuration and the file that it names; called before the first client. */
  loadAtStart(): void {
    const { config, log } = this.#engine;
    const path = config.text("aclfile");
    if (path !== "" && config.users.length > 0) {
      log.warning(
        "Configuring Redis with users defined in redis.conf and at the same setting an ACL file " +
          "path is invalid. This setup is very likely to lead to configuration errors and " +
          "security holes, please define either an ACL file or declare users directly in your " +
          "redis.conf, but not both.",
      );
      throw new StartFailure("users are defined in two places");
    }
    this.#takeConfigured();
    if (path === "") return;
    const error = this.loadFile();
    if (error === undefined) return;
    log.warning(`Aborting Redis startup because of ACL errors: ${error}`);
    throw new StartFailure("the ACL file has errors");
  }

  #takeConfigured(): void {
    const { config, log } = this.#engine;
    const error = configuredUsers(config.users, this.settings, (name) => {
      const user = this.#users.get(name) ?? this.#newUser(name);
      applyRule(user, "reset", this.settings);
      this.#users.set(name, user);
      return user;
    });
    if (error !== undefined) {
      log.warning(error);
      log.warning("Critical error while loading ACLs. Exiting.");
      throw new StartFailure("a user is not as it should be");
    }
    for (const [name] of config.users) {
      if (this.#users.get(name)?.isEnabled) continue;
      log.notice(
        `The user '${name}' is disabled (there is no 'on' modifier in the user description). ` +
          "Make sure this is not a configuration error.",
      );
    }
    this.#followDefaultUser();
  }

  /**
   * ACL LOAD: the users of the file take the place of all others. Connections of users who are gone
   * are closed. Returns everything that is wrong with the file; then nothing has changed.
   */
  loadFile(): string | undefined {
    const loaded = loadAclFile(this.#engine, this.settings);
    if (loaded instanceof AclFileErrors) return loaded.text;
    const old = this.defaultUser.copy(DEFAULT_USER);
    this.defaultUser.become(loaded.get(DEFAULT_USER) ?? this.#newDefaultUser());
    loaded.set(DEFAULT_USER, this.defaultUser);
    const before = this.#users;
    this.#users = loaded;
    for (const [name, user] of before) {
      const next = loaded.get(name);
      if (next !== undefined) closeRevoked(this.#engine, user, next === user ? old : user, next);
    }
    for (const client of [...this.#engine.clients.values()]) {
      const user = loaded.get(client.user.name);
      if (user === undefined) this.#end(client);
      else client.user = user;
    }
    this.#followDefaultUser();
    return undefined;
  }

  /** ACL SAVE; false where the file could not be written: the log says why. */
  saveFile(): boolean {
    return saveAclFile(this.#engine, this.users.map((user) => `user ${user.savedLine}\n`).join(""));
  }

  // The rest

  /** The password of the default user is what `requirepass` says, whatever it was. */
  #followPassword(): void {
    const password = latin1(this.#engine.config.bytes("requirepass"));
    applyRule(this.defaultUser, "resetpass", this.settings);
    applyRule(this.defaultUser, password === "" ? "nopass" : `>${password}`, this.settings);
    this.#followDefaultUser();
  }

  /** Who has not authenticated need not any more, or again; who had in time, has. */
  #followDefaultUser(): void {
    this.needsAuthentication = !this.defaultUser.isOpen;
    for (const { parser, isAuthenticated } of this.#engine.clients.values()) {
      parser.isUnauthenticated = this.needsAuthentication && !isAuthenticated;
    }
  }

  #newUser(name: string): User {
    return new User(name, this.settings.index, this.settings.allowsAllChannels);
  }

  #newDefaultUser(): User {
    const user = this.#newUser(DEFAULT_USER);
    for (const rule of ["+@all", "~*", "&*", "on", "nopass"]) applyRule(user, rule, this.settings);
    return user;
  }

  /** The user of the connection is no more: it is nobody's while it ends. */
  #end(client: Client): void {
    client.user = this.defaultUser;
    client.isAuthenticated = false;
    const isCurrent = client === this.#engine.currentClient;
    this.#engine.closeClient(client, isCurrent ? "after replies" : "now");
  }

  #contextOf(client: Client): DenialContext {
    // Commands of a transaction cannot wait, neither while they are queued nor when they run.
    const isQueued = client.transaction !== null || this.#engine.call.blocker === null;
    return isQueued ? "multi" : "toplevel";
  }

  #noteDenial(
    client: Client,
    command: Command,
    args: Arguments,
    reason: number,
    context: DenialContext,
  ): void {
    const index = this.#check.deniedIndex;
    const object = reason === DENIED_COMMAND
      ? command.fullName
      : latin1(args.bytes, args.starts[index], args.ends[index]);
    this.#note(client, REASONS[reason], context, object, client.user.name);
  }

  #note(
    client: Client,
    reason: DenialReason,
    context: DenialContext,
    object: string,
    userName: string,
  ): void {
    const engine = this.#engine;
    this.log.add(
      { reason, context, object, userName },
      Math.floor(engine.keyspace.nowMs),
      engine.config.number("acllog-max-len"),
      () => clientLine(engine, client),
    );
  }
}

function isPasswordOf(user: User, password: Uint8Array): boolean {
  if (!user.isEnabled) return false;
  return user.needsNoPassword || isAmong(hashPassword(password), user.passwords);
}

/** @param object what was denied, to be named; left out where others may read it. */
function denialText(reason: number, user: User, command: Command, object?: string): string {
  const subject = `User ${user.name} has no permissions to`;
  if (reason === DENIED_KEY) {
    if (object === undefined) return "No permissions to access a key";
    return `${subject} access the '${object}' key`;
  }
  if (reason === DENIED_CHANNEL) {
    if (object === undefined) return "No permissions to access a channel";
    return `${subject} access the '${object}' channel`;
  }
  return `${subject} run the '${command.fullName}' command`;
}
