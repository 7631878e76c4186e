/**
 * The broker without doors: tenants, the stores behind them, the path of outcomes back to whoever published. Doors attach
 * sessions to it; `transports/open.ts` puts the two together. No global state: several brokers live in one process.
 */
import type { Clock, Random, Timer } from "../store/environment.ts";
import type { Log, Outcome, Store, StoreEvents } from "../store/store.ts";
import { TenantAttachment } from "./attachment.ts";
import type { AttachmentHost } from "./attachment.ts";
import type { Identity } from "./auth/identity.ts";
import { Pending } from "./pending.ts";
import { Router } from "./router/router.ts";
import { Tenant } from "./tenant.ts";
import type { CloseReason, Session } from "./transport.ts";

export { defaultTenant } from "./auth/identity.ts";

/** How long a publisher waits for a crowded receiver, before it may overrun it: a frozen one must not freeze others. */
const stallMs = 10;

/** A store with the publishes that wait for it. */
export interface Lane {
  readonly store: Store;
  readonly pending: Pending;
}

const dayMs = 86_400_000;

export interface BrokerOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Keeps stations whose storage is `file`. Undefined: they are kept in memory too, and die with the process. */
  readonly fileStore: Store | undefined;
  readonly memoryStore: Store;
  /** One line for the operator. `fatal`: a store takes nothing more. */
  readonly report: (message: string, fatal: boolean) => void;
}

/** What wakes up when a log's records become visible or disappear. Set by the station that owns the log. */
export interface LogOwner {
  /** Called once per commit. */
  committed(): void;
}

/** What has progress to save in the batch about to be committed. */
export interface ProgressSource {
  saveProgress(): void;
}

export class Broker implements AttachmentHost {
  readonly clock: Clock;
  readonly random: Random;
  readonly file: Lane;
  readonly memory: Lane;
  readonly report: (message: string, fatal: boolean) => void;
  readonly tenants: Map<string, Tenant> = new Map();
  /** Told when a session that refused a delivery has room again. */
  readonly drainListeners: Set<(session: Session) => void> = new Set();
  /** Told when a session has gone, after its subscriptions have. */
  readonly detachListeners: Set<(session: Session) => void> = new Set();
  /** Told of each session that has shown who it is. */
  readonly attachListeners: Set<(attachment: TenantAttachment) => void> = new Set();
  /** Runs for each tenant as it comes to life, before anybody attaches to it. */
  readonly tenantListeners: Set<(tenant: Tenant) => void> = new Set();
  readonly #owners: Map<Log, LogOwner> = new Map();
  readonly #attachments: Map<Session, TenantAttachment> = new Map();
  /** Not read from until the store has room. */
  readonly #held: Set<Session> = new Set();
  /** Not read from until a receiver has room, or a moment has passed. */
  readonly #stalled: Set<Session> = new Set();
  readonly #stalledBy: Set<Session> = new Set();
  #stallEnd: Timer | undefined = undefined;
  /** How often a publisher was made to wait for a receiver. */
  stallsTotal = 0;
  #dirty: ProgressSource[] = [];
  #nextSession = 1;
  #closing: Promise<void> | undefined;

  constructor(options: BrokerOptions) {
    this.clock = options.clock;
    this.random = options.random;
    this.report = options.report;
    this.memory = this.#lane(options.memoryStore);
    this.file = options.fileStore === undefined ? this.memory : this.#lane(options.fileStore);
  }

  /** Opens the stores. Resolves with every recovered log; whoever makes stations of them calls `own`. */
  async open(): Promise<readonly Log[]> {
    const logs: Log[] = [];
    for (const lane of this.#lanes()) logs.push(...(await lane.store.open(this.#events(lane))));
    return logs;
  }

  /** The lane a log of this storage lives in. */
  laneFor(storage: "file" | "memory"): Lane {
    return storage === "file" ? this.file : this.memory;
  }

  own(log: Log, owner: LogOwner): void {
    this.#owners.set(log, owner);
  }

  disown(log: Log): void {
    this.#owners.delete(log);
  }

  /** Asks for `saveProgress` before the next commit. Call once per source until it has run. */
  dirty(source: ProgressSource): void {
    this.#dirty.push(source);
  }

  /** Finds the tenant, or brings it to life. */
  tenant(name: string): Tenant {
    const known = this.tenants.get(name);
    if (known !== undefined) return known;
    const tenant = new Tenant(name, new Router({ seed: Math.floor(this.random.fraction() * 2 ** 32) }), this.random);
    this.tenants.set(name, tenant);
    for (const listener of this.tenantListeners) listener(tenant);
    return tenant;
  }

  nextSessionId(): number {
    return this.#nextSession++;
  }

  attach(session: Session, identity: Identity): TenantAttachment {
    const attachment = new TenantAttachment(this, this.tenant(identity.tenant), session, identity);
    this.#attachments.set(session, attachment);
    if (identity.expiresMs !== undefined) this.#expireAt(attachment, identity.expiresMs);
    for (const listener of this.attachListeners) listener(attachment);
    return attachment;
  }

  /** Ends the session when its credentials do. A timer's range is shorter than theirs may be: it looks again now and then. */
  #expireAt(attachment: TenantAttachment, expiresMs: number): void {
    const leftMs = expiresMs - this.clock.nowUs() / 1000;
    if (leftMs <= 0) attachment.session.close(attachment.identity.tenantExpiresFirst === true ? "tenant_expired" : "credentials_expired");
    else attachment.expiry = this.clock.after(Math.min(leftMs, dayMs), () => this.#expireAt(attachment, expiresMs));
  }

  /** Undefined for a session of the broker's own, and for one that has gone. */
  attachmentOf(session: Session): TenantAttachment | undefined {
    return this.#attachments.get(session);
  }

  /** Everybody attached now. */
  attachments(): Iterable<TenantAttachment> {
    return this.#attachments.values();
  }

  get congested(): boolean {
    return this.file.store.congested || this.memory.store.congested;
  }

  throttle(session: Session): void {
    if (this.#held.has(session)) return;
    this.#held.add(session);
    if (!this.#stalled.has(session)) session.hold();
  }

  stall(session: Session, receiver: Session): void {
    if (session === receiver || session.stallable === false || this.#stalled.has(session)) return;
    if (this.#stalled.size === 0) this.#stallEnd = this.clock.after(stallMs, () => this.#stalledInVain());
    this.stallsTotal++;
    this.#stalled.add(session);
    this.#stalledBy.add(receiver);
    if (!this.#held.has(session)) session.hold();
  }

  drained(session: Session): void {
    if (this.#stalledBy.delete(session) && this.#stalledBy.size === 0) this.#endStall();
    for (const listener of this.drainListeners) listener(session);
  }

  detached(attachment: TenantAttachment): void {
    attachment.expiry?.cancel();
    this.#attachments.delete(attachment.session);
    this.#held.delete(attachment.session);
    this.#stalled.delete(attachment.session);
    this.#stalledBy.delete(attachment.session);
    for (const listener of this.detachListeners) listener(attachment.session);
  }

  /** The identity's tenant has all the connections it may have. */
  full(identity: Identity): boolean {
    const max = identity.limits?.connectionsMax;
    if (max === undefined) return false;
    let count = 0;
    for (const attachment of this.#attachments.values()) if (attachment.identity.tenant === identity.tenant) count++;
    return count >= max;
  }

  /**
   * Ends the sessions that these users have now, at once or after a moment; `""` are the anonymous ones. For
   * `Authenticator.revokedListeners`. Who comes meanwhile has shown what counts now, and stays.
   */
  revoke(users: ReadonlySet<string>, afterMs: number = 0): void {
    const revoked = [...this.#attachments.values()].filter(({ identity }) => users.has(identity.user));
    const end = (): void => {
      for (const attachment of revoked) {
        if (this.#attachments.get(attachment.session) === attachment) attachment.session.close("credentials_revoked");
      }
    };
    if (afterMs === 0) end();
    else this.clock.after(afterMs, end);
  }

  /** These users have other permissions now. For `Authenticator.permissionListeners`. */
  permissionsChanged(users: ReadonlySet<string>): void {
    for (const attachment of [...this.#attachments.values()]) {
      if (users.has(attachment.identity.user)) attachment.session.permissionsChanged?.();
    }
  }

  /** Ends every session for `reason`. */
  closeSessions(reason: CloseReason): void {
    for (const attachment of [...this.#attachments.values()]) attachment.session.close(reason);
  }

  /** Commits what is submitted and closes the stores. Callable twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // Closing flushes, where the store is open: one that never opened must not hide why.
    for (const lane of this.#lanes()) await lane.store.close();
  }

  #lanes(): Lane[] {
    return this.file === this.memory ? [this.memory] : [this.file, this.memory];
  }

  #lane(store: Store): Lane {
    return {
      store,
      pending: new Pending(
        (task) => this.clock.endOfTurn(task),
        () => this.clock.monotonicMs(),
      ),
    };
  }

  #events(lane: Lane): StoreEvents {
    return {
      beforeCommit: () => this.#saveProgress(),
      settled: (outcome: Outcome) => lane.pending.settled(outcome),
      committed: (changed) => this.#committed(changed),
      fault: (message, fatal) => this.report(message, fatal),
    };
  }

  #saveProgress(): void {
    if (this.#dirty.length === 0) return;
    const sources = this.#dirty;
    this.#dirty = [];
    for (const source of sources) source.saveProgress();
  }

  #stalledInVain(): void {
    for (const receiver of this.#stalledBy) receiver.waited?.(stallMs);
    this.#endStall();
  }

  #endStall(): void {
    // One that goes on would end the next stall too early.
    this.#stallEnd?.cancel();
    const stalled = [...this.#stalled];
    this.#stalled.clear();
    this.#stalledBy.clear();
    for (const session of stalled) if (!this.#held.has(session)) session.resume();
  }

  #committed(changed: readonly Log[]): void {
    for (const log of changed) this.#owners.get(log)?.committed();
    if (this.#held.size > 0 && !this.congested) {
      const held = [...this.#held];
      this.#held.clear();
      for (const session of held) if (!this.#stalled.has(session)) session.resume();
    }
  }
}
