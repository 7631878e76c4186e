/**
 * Says who a connection is. Owns the users' entries: what a connection's permissions read, and what proves a user. Users are replaced
 * whole while connections live; who may not stay is told to the listeners.
 *
 * Secrets in clear are kept and compared as keyed digests, so the time taken says nothing about them. A hash once found right is
 * remembered the same way, so that a thousand devices that come back are not a thousand hashes; it is forgotten with the entry.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { Clock, Random } from "../../store/environment.ts";
import type { Limits } from "../limits.ts";
import { Attempts } from "./attempts.ts";
import { mappedUser } from "./certificate.ts";
import { ConnectionPermissions } from "./connection-permissions.ts";
import type { PermissionHolder } from "./connection-permissions.ts";
import type { Credentials } from "./credentials.ts";
import { Hasher } from "./hasher.ts";
import type { HashedSecret } from "./hasher.ts";
import { defaultTenant, operatorOf } from "./identity.ts";
import type { Identity } from "./identity.ts";
import { parseUserKey, signatureHolds } from "./nkey.ts";
import { judgeToken } from "./operator-trust.ts";
import type { OperatorTrust } from "./operator-trust.ts";
import { PermissionSet } from "./permission-set.ts";
import type { Subject } from "../router/subject.ts";
import { deriveScram, formatScram, scramIterations, scramSaltBytes } from "./scram.ts";
import type { ScramKeys } from "./scram.ts";
import { secretCharsMax, sha256 } from "./secret.ts";
import type { StoredSecret } from "./secret.ts";
import { namesMax } from "./user-document.ts";
import { sameLogin } from "./user.ts";
import type { TenantDefinition, User } from "./user.ts";

/** Everything that decides who may connect. Replaced whole. */
export interface AuthPolicy {
  /** Names are unique. Without any, everybody is anonymous. */
  readonly users: readonly User[];
  /** Those with limits of their own; a user's tenant need not be among them. */
  readonly tenants: readonly TenantDefinition[];
  /** Connections that show nothing are let in as anonymous, beside the users there are. */
  readonly allowAnonymous: boolean;
  /** The user that connections are which show nothing. */
  readonly noAuthUser: string | undefined;
  /** A verified client certificate says which user it is; passwords are not asked for then. */
  readonly mapCertificates: boolean;
  /** Users show tokens that accounts have signed, and are known by nothing else. */
  readonly trust?: OperatorTrust | undefined;
}

export const openPolicy: AuthPolicy = { users: [], tenants: [], allowAnonymous: false, noAuthUser: undefined, mapCertificates: false };

/** Why somebody was not let in; for logs and counters, never for the peer. */
export type RefusalReason =
  | "nothing_shown"
  | "unknown_user"
  | "wrong_secret"
  | "wrong_signature"
  | "unmapped_certificate"
  | "expired"
  | "changed_meanwhile"
  | "busy"
  | "jwt_unsupported"
  | "fault";

export interface Refusal {
  readonly reason: RefusalReason;
  /** The name shown, or `""`. */
  readonly user: string;
  readonly remoteAddress: string;
}

/** A login by SCRAM under way. */
export interface ScramLogin {
  readonly keys: ScramKeys;
  /** `proven`: the client's proof holds for `keys`. Undefined = refused all the same. */
  judge(proven: boolean): Identity | undefined;
}

export interface AuthenticatorOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: Limits;
  readonly refused?: ((refusal: Refusal) => void) | undefined;
}

/** With more tokens that are hashes, each wrong token would cost more hashing than an address is granted. */
export const hashedTokensMax = 8;

const nothingPermitted = new PermissionSet({
  publish: { allow: [], deny: [] },
  subscribe: { allow: [], deny: [] },
  allowResponses: undefined,
});

export class Authenticator {
  /** Told the names whose connections must end: removed, or to be proven otherwise now. `""` stands for anonymous ones. */
  readonly revokedListeners: Set<(users: ReadonlySet<string>) => void> = new Set();
  /** Told the names whose permissions changed. The new ones hold already for what is asked; subscriptions made before are the listener's to check. */
  readonly permissionListeners: Set<(users: ReadonlySet<string>) => void> = new Set();
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #hasher: Hasher;
  readonly #attempts: Attempts;
  readonly #refused: (refusal: Refusal) => void;
  readonly #digestKey: Buffer;
  #limits: Limits;
  #policy: AuthPolicy = openPolicy;
  #entries: Map<string, Entry> = new Map();
  #keys: Map<string, Entry> = new Map();
  /** By digest. */
  #tokens: Map<string, Entry> = new Map();
  #hashedTokens: Entry[] = [];
  /** Some stored hash, to spend the same time on users that do not exist. */
  #decoy: HashedSecret | undefined;
  readonly #nobody: Identity = nobody(() => !this.#policy.allowAnonymous);
  #unproven: Identity | undefined = this.#nobody;

  constructor(options: AuthenticatorOptions) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#limits = options.limits;
    this.#hasher = new Hasher(options.random, options.limits.authQueueMax);
    this.#attempts = new Attempts(options.clock, options.limits.authAttemptsPerAddress);
    this.#refused = options.refused ?? (() => {});
    this.#digestKey = Buffer.alloc(32);
    options.random.fill(this.#digestKey);
  }

  /** Who a connection is that shows nothing; undefined = it must show something (or be looked at: ask `authenticate` with nothing). */
  get anonymous(): Identity | undefined {
    return this.#unproven;
  }

  /** Some user proves itself with a key: send a nonce. */
  get asksForKeys(): boolean {
    return this.#keys.size > 0 || this.#policy.trust !== undefined;
  }

  /** 15 characters that were not used before. */
  newNonce(): string {
    const bytes = Buffer.alloc(11);
    this.#random.fill(bytes);
    return bytes.toString("base64url");
  }

  /** A password or token in the form in which it may be kept. */
  hash(secret: string): Promise<string> {
    return this.#hasher.hash(secret);
  }

  /** A password as SCRAM needs it. */
  async scramOf(password: string): Promise<string> {
    return formatScram(await deriveScram(password, this.#salt()));
  }

  /**
   * Begins a login by SCRAM: the keys of who the client says it is, or for somebody unknown ones that no proof fits, so that the answer
   * tells nothing. Whoever asked calls `judge` once. Undefined = busy: this address has tried too often.
   */
  async beginScram(user: string, remoteAddress: string): Promise<ScramLogin | undefined> {
    if (!this.#attempts.take(remoteAddress)) {
      this.#refused({ reason: "busy", user: user.slice(0, namesMax), remoteAddress });
      return undefined;
    }
    const entry = this.#entries.get(user);
    const keys = entry === undefined ? undefined : await this.#scramKeys(entry);
    const judge = (proven: boolean): Identity | undefined => {
      let outcome: Identity | RefusalReason = keys === undefined ? "unknown_user" : "wrong_secret";
      if (proven && keys !== undefined && entry !== undefined) {
        this.#attempts.giveBack(remoteAddress);
        outcome = this.#entries.get(user) === entry ? this.#admit(entry) : "changed_meanwhile";
      }
      if (typeof outcome !== "string") return outcome;
      this.#refused({ reason: outcome, user: user.slice(0, namesMax), remoteAddress });
      return undefined;
    };
    return { keys: keys ?? this.#decoyKeys(user), judge };
  }

  /** Of a password in clear they are made once; of a hash alone they cannot be. */
  async #scramKeys(entry: Entry): Promise<ScramKeys | undefined> {
    const { secret, scram } = entry.user;
    if (secret.kind !== "password") return undefined;
    if (scram !== undefined) return scram;
    if (secret.stored.kind !== "clear") return undefined;
    return (entry.scram ??= await deriveScram(secret.stored.text, this.#salt()));
  }

  /** The same salt for the same name each time, as for a real one. */
  #decoyKeys(user: string): ScramKeys {
    const digest = this.#digest(`scram ${user}`);
    return { iterations: scramIterations, salt: digest.subarray(0, scramSaltBytes), storedKey: digest, serverKey: digest };
  }

  #salt(): Buffer {
    const salt = Buffer.alloc(scramSaltBytes);
    this.#random.fill(salt);
    return salt;
  }

  /** Undefined = refused; the reason goes to `refused`. Never rejects. */
  async authenticate(credentials: Credentials): Promise<Identity | undefined> {
    let outcome: Entry | Identity | RefusalReason;
    try {
      outcome = await this.#decide(credentials);
    } catch {
      outcome = "fault";
    }
    if (outcome instanceof Entry) outcome = this.#admit(outcome);
    if (typeof outcome !== "string") return outcome;
    const user = credentials.user ?? credentials.nkey ?? "";
    this.#refused({ reason: outcome, user: user.slice(0, namesMax), remoteAddress: credentials.remoteAddress });
    return undefined;
  }

  /** What a user may publish who need not be connected now: for what the broker does on somebody's behalf. */
  mayPublish(user: string, subject: Subject): boolean {
    // Nobody's and the operator's own wishes are those of who had the broker to himself.
    if (user === "" || user === operatorOf(defaultTenant).user || this.#policy.users.length === 0) return true;
    const entry = this.#entries.get(user);
    return entry !== undefined && (entry.permissionSet === undefined || entry.permissionSet.mayPublish(subject));
  }

  /** Who a user is that was let in before, for what it left behind; undefined = not there any more, or expired. `""` = anonymous. */
  identityOf(user: string): Identity | undefined {
    if (user === "") return this.#unproven?.user === "" ? this.#nobody : undefined;
    const entry = this.#entries.get(user);
    if (entry === undefined) return undefined;
    const admitted = this.#admit(entry);
    return typeof admitted === "string" ? undefined : admitted;
  }

  /** Takes effect before it returns; then the listeners are told who may not stay and whose permissions are others. */
  replace(policy: AuthPolicy, limits: Limits = this.#limits): void {
    const before = this.#entries;
    const wasOpen = this.#unproven?.user === "";
    const revoked = new Set<string>();
    const changed = new Set<string>();
    this.#limits = limits;
    this.#hasher.waitingMax = limits.authQueueMax;
    this.#attempts.max = limits.authAttemptsPerAddress;
    this.#policy = policy;
    this.#entries = new Map(policy.users.map((user) => [user.name, this.#entryFor(user, before.get(user.name), changed)]));
    for (const [name, entry] of before) {
      if (this.#entries.get(name) === entry) continue;
      entry.permissionSet = nothingPermitted;
      revoked.add(name);
    }
    this.#index();
    if (wasOpen && this.#unproven?.user !== "") revoked.add("");
    if (revoked.size > 0) for (const listener of this.revokedListeners) listener(revoked);
    if (changed.size > 0) for (const listener of this.permissionListeners) listener(changed);
  }

  close(): Promise<void> {
    return this.#hasher.close();
  }

  #entryFor(user: User, known: Entry | undefined, changed: Set<string>): Entry {
    if (known === undefined || !sameLogin(known.user, user)) return new Entry(user, this.#digestOf(user));
    if (JSON.stringify(known.user.permissions) !== JSON.stringify(user.permissions)) changed.add(user.name);
    known.become(user);
    return known;
  }

  #index(): void {
    this.#keys = new Map();
    this.#tokens = new Map();
    this.#hashedTokens = [];
    this.#decoy = undefined;
    for (const entry of this.#entries.values()) {
      const secret = entry.user.secret;
      if (secret.kind === "nkey") this.#keys.set(secret.publicKey, entry);
      if (secret.kind === "token") {
        if (entry.digest !== undefined) this.#tokens.set(entry.digest.toString("base64"), entry);
        if (isSlow(secret.stored) && this.#hashedTokens.length < hashedTokensMax) this.#hashedTokens.push(entry);
      }
      if (secret.kind === "password" && isSlow(secret.stored)) this.#decoy ??= secret.stored;
    }
    this.#unproven = this.#whoShowsNothing();
  }

  #whoShowsNothing(): Identity | undefined {
    const { noAuthUser, allowAnonymous, users, trust } = this.#policy;
    if (trust !== undefined) return undefined;
    if (noAuthUser !== undefined) {
      const entry = this.#entries.get(noAuthUser);
      // One shared identity would share the replies that connections were asked for: then each gets its own by `authenticate`.
      if (entry === undefined || entry.permissionSet?.responses !== undefined || entry.user.expiresMs !== undefined) return undefined;
      return (entry.shared ??= this.#identify(entry));
    }
    return allowAnonymous || users.length === 0 ? this.#nobody : undefined;
  }

  #decide(shown: Credentials): Promise<Entry | RefusalReason> | Entry | Identity | RefusalReason {
    if (this.#policy.trust !== undefined) return given(shown.jwt) ? this.#byJwt(this.#policy.trust, shown) : "nothing_shown";
    if (this.#policy.users.length === 0) return this.#nobody;
    if (this.#policy.mapCertificates && shown.certificate !== undefined) {
      const name = mappedUser(shown.certificate, this.#entries);
      return (name === undefined ? undefined : this.#entries.get(name)) ?? "unmapped_certificate";
    }
    if (given(shown.nkey)) return this.#byKey(shown.nkey, shown);
    if (given(shown.jwt)) return "jwt_unsupported";
    // A protocol without a place for tokens shows them as a password, beside a name that nobody has.
    if (given(shown.user) && given(shown.token) && !this.#entries.has(shown.user)) return this.#byToken(shown.token, shown.remoteAddress);
    if (given(shown.user)) return this.#byPassword(shown.user, shown.password ?? "", shown.remoteAddress);
    if (given(shown.token)) return this.#byToken(shown.token, shown.remoteAddress);
    if (given(shown.password)) return "unknown_user";
    if (this.#policy.noAuthUser !== undefined) return this.#entries.get(this.#policy.noAuthUser) ?? "nothing_shown";
    return this.#unproven ?? "nothing_shown";
  }

  #byJwt(trust: OperatorTrust, shown: Credentials): Identity | RefusalReason {
    const user = judgeToken(trust, shown, this.#clock.nowUs() / 1000);
    if (typeof user === "string") return user;
    const { key, tenant, expiresMs, tenantExpiresFirst } = user;
    const holder = { permissionSet: user.permissions === undefined ? undefined : new PermissionSet(user.permissions) };
    const permissions = new ConnectionPermissions(holder, this.#clock, this.#limits.responsesTrackedMax);
    const { connectionsMax, subscriptionsMax } = this.#limits;
    const limits = { connectionsMax, subscriptionsMax, ...trust.accounts.get(tenant)?.tenant.limits };
    return { user: key, tenant, permissions, rules: user.permissions, expiresMs, tenantExpiresFirst, limits };
  }

  #byKey(nkey: string, shown: Credentials): Entry | RefusalReason {
    const entry = this.#keys.get(nkey);
    if (entry === undefined) return "unknown_user";
    entry.key ??= parseUserKey(nkey);
    if (entry.key === undefined || shown.nonce === "" || shown.signature === undefined) return "wrong_signature";
    return signatureHolds(entry.key, shown.nonce, shown.signature) ? entry : "wrong_signature";
  }

  async #byPassword(name: string, password: string, address: string): Promise<Entry | RefusalReason> {
    if (password.length > secretCharsMax) return "wrong_secret";
    const entry = this.#entries.get(name) ?? this.#ofAccount(name);
    const secret = entry?.user.secret;
    const stored = secret?.kind === "password" ? secret.stored : undefined;
    const digest = this.#digest(password);
    const same = timingSafeEqual(digest, entry?.digest ?? this.#digestKey);
    if (entry !== undefined && stored !== undefined && same) return entry;
    const hashed = stored ?? this.#decoy;
    if (hashed !== undefined && isSlow(hashed)) {
      const verdict = await this.#verify(password, hashed, address, stored !== undefined);
      if (verdict === "busy") return "busy";
      if (verdict === "right" && entry !== undefined && stored !== undefined) {
        if (this.#entries.get(entry.user.name) !== entry) return "changed_meanwhile";
        entry.digest = digest;
        return entry;
      }
    }
    return stored === undefined ? "unknown_user" : "wrong_secret";
  }

  /** Clients of Memphis show `name$account`: an account is a tenant, 1 the default one. */
  #ofAccount(name: string): Entry | undefined {
    const at = name.lastIndexOf("$");
    const entry = at < 1 ? undefined : this.#entries.get(name.slice(0, at));
    const account = name.slice(at + 1);
    return entry !== undefined && entry.user.tenant === (account === "1" ? defaultTenant : account) ? entry : undefined;
  }

  async #byToken(token: string, address: string): Promise<Entry | RefusalReason> {
    if (token.length > secretCharsMax) return "wrong_secret";
    const digest = this.#digest(token);
    const known = this.#tokens.get(digest.toString("base64"));
    if (known !== undefined) return known;
    for (const entry of this.#hashedTokens) {
      const secret = entry.user.secret;
      if (secret.kind !== "token" || !isSlow(secret.stored)) continue;
      const verdict = await this.#verify(token, secret.stored, address, true);
      if (verdict === "busy") return "busy";
      if (verdict !== "right") continue;
      if (this.#entries.get(entry.user.name) !== entry) return "changed_meanwhile";
      entry.digest = digest;
      this.#tokens.set(digest.toString("base64"), entry);
      return entry;
    }
    return "wrong_secret";
  }

  /** `refundable`: an attempt that was right does not count. */
  async #verify(secret: string, stored: HashedSecret, address: string, refundable: boolean): Promise<"right" | "wrong" | "busy"> {
    if (!this.#attempts.take(address)) return "busy";
    const verdict = await this.#hasher.verify(secret, stored);
    if (refundable && verdict === "right") this.#attempts.giveBack(address);
    return verdict;
  }

  #admit(entry: Entry): Identity | RefusalReason {
    if (entry.user.expiresMs !== undefined && this.#clock.nowUs() / 1000 >= entry.user.expiresMs) return "expired";
    return this.#identify(entry);
  }

  #identify(entry: Entry): Identity {
    const permissions = new ConnectionPermissions(entry, this.#clock, this.#limits.responsesTrackedMax);
    const { name: user, tenant, expiresMs } = entry.user;
    const own = this.#policy.tenants.find(({ name }) => name === tenant)?.limits;
    const { connectionsMax, subscriptionsMax } = this.#limits;
    return {
      user,
      tenant,
      permissions,
      rules: entry.user.permissions,
      expiresMs,
      limits: own === undefined ? undefined : { connectionsMax, subscriptionsMax, ...own },
    };
  }

  #digestOf(user: User): Buffer | undefined {
    const secret = user.secret;
    if (secret.kind !== "password" && secret.kind !== "token") return undefined;
    const { stored } = secret;
    if (stored.kind === "clear") return this.#digest(stored.text);
    return stored.kind === "sha256" ? this.#keyed(stored.hash) : undefined;
  }

  #digest(secret: string): Buffer {
    return this.#keyed(sha256(secret));
  }

  #keyed(hash: Buffer): Buffer {
    return createHmac("sha256", this.#digestKey).update(hash).digest();
  }
}

/** One user as connections refer to it. Replaced when the user has to log in anew, kept when only its permissions change. */
class Entry implements PermissionHolder {
  user: User;
  permissionSet: PermissionSet | undefined;
  /** Of a secret in clear, or of a hash's secret since it was found right. */
  digest: Buffer | undefined;
  key: KeyObject | undefined;
  /** Made of a password in clear at the first login that needs them. */
  scram: ScramKeys | undefined;
  /** Who all connections are that show nothing, when this is the user for those. */
  shared: Identity | undefined;

  constructor(user: User, digest: Buffer | undefined) {
    this.user = user;
    this.permissionSet = compiled(user);
    this.digest = digest;
    this.key = undefined;
    this.scram = undefined;
    this.shared = undefined;
  }

  become(user: User): void {
    if (JSON.stringify(this.user.permissions) !== JSON.stringify(user.permissions)) this.permissionSet = compiled(user);
    this.user = user;
  }
}

function compiled(user: User): PermissionSet | undefined {
  return user.permissions === undefined ? undefined : new PermissionSet(user.permissions);
}

function isSlow(stored: StoredSecret): stored is HashedSecret {
  return stored.kind === "bcrypt" || stored.kind === "scrypt";
}

function given(text: string | undefined): text is string {
  return text !== undefined && text !== "";
}

/** Where nobody has to show anything, because only this machine reaches the broker, whoever is there administers it. */
function nobody(administers: () => boolean): Identity {
  return {
    user: "",
    tenant: defaultTenant,
    permissions: undefined,
    expiresMs: undefined,
    get administers() {
      return administers();
    },
  };
}
