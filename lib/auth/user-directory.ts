/**
 * All users and tenants there are: those of the configuration, which only the configuration changes, and those made by command, kept
 * in a document of their own. Puts both together for the authenticator after each change.
 *
 * A change by command is durable before it takes effect. Where both name somebody, the configuration counts and the other rests.
 */
import { BrokerError } from "../errors.ts";
import { Issues, isFields } from "../config/issues.ts";
import type { Fields } from "../config/issues.ts";
import { parseTenantLimits } from "../config/limits-document.ts";
import type { ConfiguredTenantLimits, Limits } from "../limits.ts";
import type { AuthPolicy, Authenticator } from "./authenticator.ts";
import { defaultTenant } from "./identity.ts";
import type { PermissionRules } from "./permissions.ts";
import { formatToken } from "./secret.ts";
import type { Secret } from "./secret.ts";
import { parseTenantName, parseUser, refuseTwins } from "./user-document.ts";
import type { UserStore } from "./user-store.ts";
import type { TenantDefinition, User } from "./user.ts";

/** What the configuration says. */
export interface DirectoryBase {
  readonly policy: AuthPolicy;
  readonly limits: Limits;
}

/** A user as it may be shown: without its secret. */
export interface ListedUser {
  readonly user: string;
  readonly tenant: string;
  readonly proof: Secret["kind"];
  readonly permissions: PermissionRules | undefined;
  readonly expires: string | undefined;
  readonly source: "configuration" | "command";
}

export interface ListedTenant {
  readonly tenant: string;
  readonly limits: ConfiguredTenantLimits;
  readonly users: number;
  readonly source: "configuration" | "command" | "default";
}

/** More would make each change by command slow: the document is written whole. */
export const commandUsersMax = 10_000;

/** A user made by command: as the document that is kept, and as read. */
interface MadeUser {
  readonly document: Fields;
  readonly user: User;
}

/** Of the document, so that a later broker can tell an older one's. */
const documentVersion = 1;

export class UserDirectory {
  /** Told after each change of users and tenants. */
  readonly listeners: Set<() => void> = new Set();
  readonly #authenticator: Authenticator;
  readonly #store: UserStore;
  #base: DirectoryBase;
  /** Made by command, as documents in the form of the configuration and as read. */
  #users: ReadonlyMap<string, MadeUser> = new Map();
  #tenants: ReadonlyMap<string, TenantDefinition> = new Map();
  #busy: Promise<unknown> = Promise.resolve();

  constructor(authenticator: Authenticator, store: UserStore, base: DirectoryBase) {
    this.#authenticator = authenticator;
    this.#store = store;
    this.#base = base;
  }

  /** Reads what was kept and puts everything into effect. Rejects with `damaged` when the document cannot be read. */
  async open(): Promise<void> {
    const text = await this.#store.load();
    if (text !== undefined) this.#read(text);
    this.#apply();
  }

  /** After a reload. */
  replaceBase(base: DirectoryBase): void {
    this.#base = base;
    this.#apply();
  }

  /** All users in the order of their names. */
  listUsers(): ListedUser[] {
    const own = this.#base.policy.users.map((user) => listed(user, "configuration"));
    const made = this.#effective().map((user) => listed(user, "command"));
    return [...own, ...made].sort((a, b) => (a.user < b.user ? -1 : 1));
  }

  listTenants(): ListedTenant[] {
    const counts = new Map<string, number>();
    for (const { tenant } of [...this.#base.policy.users, ...this.#effective()]) counts.set(tenant, (counts.get(tenant) ?? 0) + 1);
    const tenants = new Map<string, ListedTenant>();
    const put = (name: string, limits: ConfiguredTenantLimits, source: ListedTenant["source"]): void => {
      if (!tenants.has(name)) tenants.set(name, { tenant: name, limits, users: counts.get(name) ?? 0, source });
    };
    for (const { name, limits } of this.#base.policy.tenants) put(name, limits, "configuration");
    for (const { name, limits } of this.#tenants.values()) put(name, limits, "command");
    for (const user of this.#base.policy.users) put(user.tenant, {}, "configuration");
    put(defaultTenant, {}, "default");
    return [...tenants.values()].sort((a, b) => (a.tenant < b.tenant ? -1 : 1));
  }

  /** What a tenant was given; nothing when nobody defined it. */
  limitsOf(tenant: string): ConfiguredTenantLimits {
    const { policy } = this.#base;
    const defined = policy.tenants.find(({ name }) => name === tenant) ?? this.#tenants.get(tenant);
    return defined?.limits ?? policy.trust?.accounts.get(tenant)?.tenant.limits ?? {};
  }

  /**
   * Makes a user of a document in the form of the configuration; a password in clear is kept as a hash, a token as a digest.
   * `replace`: an existing one made by command is changed instead of refused. Rejects with `config`, `exists`, `conflict`, `not_found`
   * (its tenant) or `limit`.
   */
  putUser(document: unknown, replace: boolean): Promise<ListedUser> {
    return this.#inTurn(async () => {
      const issues = new Issues();
      const given = parseUser(document, "user", defaultTenant, undefined, issues);
      issues.throwIfAny();
      if (given === undefined || !isFields(document)) throw new BrokerError("invalid", "a user is an object with a name and a secret");
      this.#refuseBase(given.name);
      if (this.#users.has(given.name) && !replace)
        throw new BrokerError("exists", `user '${given.name}' exists; change or remove it instead`);
      if (!this.#users.has(given.name) && this.#users.size >= commandUsersMax)
        throw new BrokerError("limit", `${commandUsersMax} users were made by command; remove some, or put users into the configuration`);
      if (!this.#knowsTenant(given.tenant)) throw new BrokerError("not_found", `there is no tenant '${given.tenant}'; add it first`);
      const kept = await this.#sealed(document, given.secret);
      const user = this.#reread(kept);
      const others = [...this.#base.policy.users, ...this.#effective()].filter(({ name }) => name !== user.name);
      refuseTwins([...others, user], "users", issues);
      if (user.secret.kind === "certificate" && !this.#base.policy.mapCertificates)
        issues.add("certificate", true, "a password, token or nkey: certificates are not mapped to users here");
      issues.throwIfAny();
      const users = new Map(this.#users).set(user.name, { document: kept, user });
      await this.#save(users, this.#tenants);
      return listed(user, "command");
    });
  }

  /** Its connections end. Rejects with `not_found` or `conflict`. */
  removeUser(name: string): Promise<void> {
    return this.#inTurn(async () => {
      this.#refuseBase(name);
      const users = new Map(this.#users);
      if (!users.delete(name)) throw new BrokerError("not_found", `there is no user '${name}'`);
      await this.#save(users, this.#tenants);
    });
  }

  /** Makes or changes a tenant; `limits` as in the configuration. Rejects with `config`, `exists` or `conflict`. */
  putTenant(name: string, limits: unknown, replace: boolean): Promise<void> {
    return this.#inTurn(async () => {
      const issues = new Issues();
      parseTenantName(name, "tenant", issues);
      const read = limits === undefined ? {} : parseTenantLimits(limits, "limits", issues);
      issues.throwIfAny();
      if (this.#base.policy.tenants.some((tenant) => tenant.name === name))
        throw new BrokerError("conflict", `tenant '${name}' is defined in the configuration; change it there and reload`);
      if (!replace && this.#knowsTenant(name)) throw new BrokerError("exists", `tenant '${name}' exists`);
      await this.#save(this.#users, new Map(this.#tenants).set(name, { name, limits: read }));
    });
  }

  /** Its stations stay, unreachable, until a tenant of the name is there again. Rejects with `not_found`, `conflict` or, while it has users, `invalid`. */
  removeTenant(name: string): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#base.policy.tenants.some((tenant) => tenant.name === name))
        throw new BrokerError("conflict", `tenant '${name}' is defined in the configuration; remove it there and reload`);
      const tenants = new Map(this.#tenants);
      if (!tenants.delete(name)) throw new BrokerError("not_found", `there is no tenant '${name}'`);
      const users = this.listUsers().filter((user) => user.tenant === name);
      if (users.length > 0) throw new BrokerError("invalid", `tenant '${name}' has ${users.length} users; remove them first`);
      await this.#save(this.#users, tenants);
    });
  }

  /** Users made by command that the configuration does not name. */
  #effective(): User[] {
    const names = new Set(this.#base.policy.users.map((user) => user.name));
    return [...this.#users.values()].map(({ user }) => user).filter((user) => !names.has(user.name));
  }

  #apply(): void {
    const { policy, limits } = this.#base;
    const made = [...this.#tenants.values()].filter(({ name }) => !policy.tenants.some((tenant) => tenant.name === name));
    const users = [...policy.users, ...this.#effective()];
    this.#authenticator.replace({ ...policy, users, tenants: [...policy.tenants, ...made] }, limits);
    for (const listener of this.listeners) listener();
  }

  async #save(users: ReadonlyMap<string, MadeUser>, tenants: ReadonlyMap<string, TenantDefinition>): Promise<void> {
    const document = {
      version: documentVersion,
      tenants: Object.fromEntries([...tenants.values()].map(({ name, limits }) => [name, { limits }])),
      users: [...users.values()].map((one) => one.document),
    };
    await this.#store.save(JSON.stringify(document));
    this.#users = users;
    this.#tenants = tenants;
    this.#apply();
  }

  #read(text: string): void {
    const issues = new Issues();
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      throw new BrokerError("damaged", "the document of users made by command is no JSON; restore it, or remove it to lose those users", {
        cause,
      });
    }
    if (!isFields(value) || value["version"] !== documentVersion || !Array.isArray(value["users"]) || !isFields(value["tenants"]))
      throw new BrokerError(
        "damaged",
        "the document of users made by command is of another version; open it with the broker that wrote it",
      );
    const users = new Map<string, MadeUser>();
    const tenants = new Map<string, TenantDefinition>();
    for (const [index, document] of (value["users"] as unknown[]).entries()) {
      const user = parseUser(document, `users[${index}]`, defaultTenant, undefined, issues);
      if (user !== undefined && isFields(document)) users.set(user.name, { document, user });
    }
    for (const [name, fields] of Object.entries(value["tenants"])) {
      const limits = isFields(fields) ? parseTenantLimits(fields["limits"] ?? null, `tenants.${name}`, issues) : {};
      tenants.set(parseTenantName(name, "tenants", issues), { name, limits });
    }
    this.#users = users;
    this.#tenants = tenants;
    if (issues.list.length > 0)
      throw new BrokerError(
        "damaged",
        `the document of users made by command has ${issues.list.length} entries that cannot be read: ${issues.list[0]?.path}`,
      );
  }

  /** The document with its secret in the form in which it may be kept. */
  async #sealed(document: Fields, secret: Secret): Promise<Fields> {
    if ((secret.kind !== "password" && secret.kind !== "token") || secret.stored.kind !== "clear") return document;
    const rest = Object.fromEntries(Object.entries(document).filter(([key]) => !["password", "pass", "scram", "token"].includes(key)));
    if (secret.kind === "token") return { ...rest, token: formatToken(secret.stored.text) };
    const { text } = secret.stored;
    return { ...rest, password: await this.#authenticator.hash(text), scram: await this.#authenticator.scramOf(text) };
  }

  #reread(document: unknown): User {
    const issues = new Issues();
    const user = parseUser(document, "user", defaultTenant, undefined, issues);
    issues.throwIfAny();
    if (user === undefined) throw new BrokerError("invalid", "a user is an object with a name and a secret");
    return user;
  }

  #refuseBase(name: string): void {
    if (this.#base.policy.users.some((user) => user.name === name))
      throw new BrokerError("conflict", `user '${name}' is defined in the configuration; change it there and reload`);
  }

  #knowsTenant(name: string): boolean {
    return this.listTenants().some((tenant) => tenant.tenant === name);
  }

  /** One change at a time. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#busy.then(change);
    this.#busy = result.catch(() => {});
    return result;
  }
}

function listed(user: User, source: ListedUser["source"]): ListedUser {
  const expires = user.expiresMs === undefined ? undefined : new Date(user.expiresMs).toISOString();
  return { user: user.name, tenant: user.tenant, proof: user.secret.kind, permissions: user.permissions, expires, source };
}
