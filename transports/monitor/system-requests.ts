/**
 * Requests below `$SYS.REQ.` in nats-server's words. In every tenant: who am I, and who is connected to my tenant. In the system tenant:
 * everything about the server and about each tenant, the end of a connection, and lame duck for one.
 *
 * It listens only to who publishes such a request himself, so what the permissions of a user allow is what he may ask.
 */
import type { Identity } from "../../lib/auth/identity.ts";
import type { PermissionRules, SubjectRules } from "../../lib/auth/permissions.ts";
import { isFields } from "../../lib/config/issues.ts";
import type { Message } from "../../lib/message.ts";
import { Subscription } from "../../lib/subscription.ts";
import type { Tenant } from "../../lib/tenant.ts";
import type { CloseReason, PublishOutcome, Session } from "../../lib/transport.ts";
import { natsVersion } from "../nats/info.ts";
import { timeText } from "../nats/jetstream/json.ts";
import type { Monitor } from "./monitor.ts";
import { allTenantsStats, queryOf, serverDocuments, statsz, tenantDocuments } from "./system-documents.ts";

/** Requests that wait in a tenant; who asks beyond gets no answer. */
const waitingMax = 256;

/** Undefined: no answer is given. */
type Handler = (body: unknown, asker: Identity, tokens: readonly string[]) => unknown;

/** What was asked cannot be done; the message is the protocol's. */
class Refused extends Error {}

export class SystemRequests implements Session {
  readonly id: number;
  readonly echo = true;
  readonly room: number = Number.MAX_SAFE_INTEGER;
  readonly #monitor: Monitor;
  readonly #tenant: Tenant;
  readonly #subscriptions: Subscription[] = [];
  readonly #handlers: Map<Subscription, Handler> = new Map();
  readonly #source: () => object;
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();

  /** `source` says which server answers. */
  constructor(monitor: Monitor, tenant: Tenant, source: () => object, system: boolean) {
    this.#monitor = monitor;
    this.#tenant = tenant;
    this.#source = source;
    this.id = monitor.opened.broker.nextSessionId();
    this.#add("$SYS.REQ.USER.INFO", (_body, asker) => ({ data: userInfo(asker, monitor.nowUs) }));
    if (system) this.#addServer();
    else this.#addOwn();
  }

  stop(): void {
    for (const subscription of this.#subscriptions) this.#tenant.router.remove(subscription);
  }

  deliver(subscription: Subscription, message: Message): boolean {
    const { publisher } = this.#tenant;
    const { broker } = this.#monitor.opened;
    const asker = publisher === undefined ? undefined : broker.attachmentOf(publisher);
    const handler = this.#handlers.get(subscription);
    if (asker === undefined || handler === undefined || message.replyStart === message.replyEnd || this.#waiting >= waitingMax) return true;
    const reply = message.replyBuffer.toString("utf8", message.replyStart, message.replyEnd);
    const body = message.body.toString("utf8", message.bodyStart + message.headerBytes, message.bodyEnd);
    const tokens = message.subject.text.split(".");
    this.#waiting++;
    this.#last = this.#last
      .then(() => new Promise<void>((resolve) => broker.clock.endOfTurn(resolve)))
      .then(async () => {
        const answer = await this.#judged(handler, body, asker.identity, tokens);
        if (answer !== undefined) this.#tenant.announce(reply, Buffer.from(JSON.stringify(answer), "utf8"), 0);
        this.#waiting--;
      });
    return true;
  }

  published(_token: number, _outcome: PublishOutcome): void {}
  hold(): void {}
  resume(): void {}
  close(_reason: CloseReason): void {}

  async #judged(handler: Handler, text: string, asker: Identity, tokens: readonly string[]): Promise<unknown> {
    let body: unknown;
    try {
      body = text === "" ? {} : JSON.parse(text);
    } catch {
      return { server: this.#source(), error: { code: 400, description: "unexpected end of JSON input" } };
    }
    try {
      const answer = await handler(body, asker, tokens);
      if (answer === undefined) return undefined;
      return tokens[4] === "IDZ" ? answer : { server: this.#source(), ...(answer as object) };
    } catch (error) {
      const description = error instanceof Error ? error.message : String(error);
      return { server: this.#source(), ...(error instanceof Refused ? {} : { data: null }), error: { code: 500, description } };
    }
  }

  #add(filter: string, handler: Handler): void {
    const subscription = new Subscription({ filter, session: this, label: 0 });
    this.#subscriptions.push(subscription);
    this.#handlers.set(subscription, handler);
    this.#tenant.router.add(subscription);
  }

  /** A tenant may ask about itself. */
  #addOwn(): void {
    const monitor = this.#monitor;
    for (const [kind, read] of tenantDocuments) {
      if (kind !== "CONNZ" && kind !== "STATZ") continue;
      const handler: Handler = async (body, asker) => ({ data: await read(monitor, asker.tenant, queryOf(body)) });
      this.#add(`$SYS.REQ.ACCOUNT.PING.${kind}`, handler);
      if (kind === "CONNZ") this.#add("$SYS.REQ.SERVER.PING.CONNZ", handler);
    }
  }

  #addServer(): void {
    const monitor = this.#monitor;
    const { serverId, serverName } = monitor.opened.nats.serverInfo;
    const stats: Handler = (body) => (this.#meant(body) ? { statsz: statsz(monitor) } : undefined);
    const identity: Handler = (body) =>
      this.#meant(body) ? { name: serverName, host: monitor.opened.addresses.nats?.host ?? "", id: serverId } : undefined;
    this.#add("$SYS.REQ.SERVER.PING", stats);
    for (const whose of ["PING", serverId]) {
      this.#add(`$SYS.REQ.SERVER.${whose}.STATSZ`, stats);
      this.#add(`$SYS.REQ.SERVER.${whose}.IDZ`, identity);
      for (const [kind, read] of serverDocuments) {
        const handler: Handler = async (body) => (this.#meant(body) ? { data: await read(monitor, queryOf(body)) } : undefined);
        this.#add(`$SYS.REQ.SERVER.${whose}.${kind}`, handler);
      }
    }
    for (const [kind, read] of tenantDocuments) {
      this.#add(`$SYS.REQ.ACCOUNT.*.${kind}`, async (body, asker, tokens) => {
        const name = tokens[3] ?? "";
        if (!this.#meant(body)) return undefined;
        if (name === "PING" && kind === "STATZ") return { data: allTenantsStats(monitor, queryOf(body)) };
        const tenant = name === "PING" ? asker.tenant : name;
        return { data: await read(monitor, tenant, queryOf(body)) };
      });
    }
    this.#add(`$SYS.REQ.SERVER.${serverId}.KICK`, (body) => {
      this.#named(body, "no such client or leafnode id").close("kicked");
      return {};
    });
  }

  /** A request to every server may say which are to answer. */
  #meant(body: unknown): boolean {
    if (!isFields(body)) return true;
    const { serverName } = this.#monitor.opened.nats.serverInfo;
    const host = this.#monitor.opened.addresses.nats?.host ?? "";
    const wanted = (key: string, mine: string): boolean => {
      const value = body[key];
      if (typeof value !== "string" || value === "") return true;
      return body["exact_match"] === true ? value === mine : mine.includes(value);
    };
    return wanted("server_name", serverName) && wanted("host", host) && wanted("cluster", "") && wanted("domain", "");
  }

  #named(body: unknown, none: string): Session {
    const id = isFields(body) ? body["cid"] : undefined;
    for (const { session } of this.#monitor.opened.broker.attachments()) if (session.id === id) return session;
    throw new Refused(none);
  }
}

/** Which server answers or announces, numbered. */
export function sourceOf(monitor: Monitor): () => object {
  let sequence = 0;
  return () => {
    const { serverId, serverName, jetStream } = monitor.opened.nats.serverInfo;
    return {
      name: serverName,
      host: monitor.opened.addresses.nats?.host ?? "",
      id: serverId,
      ver: natsVersion,
      jetstream: jetStream,
      ...(jetStream ? { flags: 1 } : {}),
      seq: ++sequence,
      time: timeText(monitor.nowUs),
    };
  };
}

function userInfo(identity: Identity, nowUs: number): object {
  const { user, tenant, rules, expiresMs } = identity;
  return {
    user,
    account: tenant,
    account_name: tenant,
    ...(rules === undefined ? {} : { permissions: permissionsInfo(rules) }),
    ...(expiresMs === undefined ? {} : { expires: Math.max(0, Math.round(expiresMs * 1_000 - nowUs)) * 1_000 }),
  };
}

function permissionsInfo({ publish, subscribe, allowResponses }: PermissionRules): object {
  return {
    publish: subjectsInfo(publish),
    subscribe: subjectsInfo(subscribe),
    ...(allowResponses === undefined ? {} : { responses: { max: allowResponses.max, ttl: allowResponses.expiresMs * 1_000_000 } }),
  };
}

function subjectsInfo(rules: SubjectRules | undefined): object {
  return {
    ...(rules?.allow === undefined ? {} : { allow: rules.allow }),
    ...(rules === undefined || rules.deny.length === 0 ? {} : { deny: rules.deny }),
  };
}
