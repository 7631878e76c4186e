/**
 * Memphis in one tenant: a responder for the requests its clients make, over the NATS protocol of any door. What they store and fetch goes
 * by the JetStream API, to which a station's partitions are streams. A request is copied when it arrives and handled after its turn; it
 * is answered with a text, empty for success, or with JSON, as each kind has it. The rights to what is asked are judged here; the
 * subjects of the requests themselves are everybody's to publish.
 */
import type { TenantAttachment } from "../../lib/attachment.ts";
import type { Clock } from "../../lib/clock.ts";
import type { TenantGroups } from "../../lib/consumer/tenant-groups.ts";
import type { Message } from "../../lib/message.ts";
import { StationClients } from "../../lib/station/clients.ts";
import type { Stations } from "../../lib/station/stations.ts";
import { Subscription } from "../../lib/subscription.ts";
import type { Tenant } from "../../lib/tenant.ts";
import type { CloseReason, PublishOutcome, Session } from "../../lib/transport.ts";
import { MemphisClients, noSchema } from "./clients.ts";
import type { Asker, Fields } from "./request.ts";
import { readFields } from "./request.ts";
import { MemphisStations, messageOf } from "./stations.ts";

/** What it needs of the broker. */
export interface MemphisHost {
  readonly clock: Clock;
  nextSessionId(): number;
  attachmentOf(session: Session): TenantAttachment | undefined;
  readonly detachListeners: Set<(session: Session) => void>;
}

export interface MemphisOptions {
  readonly broker: MemphisHost;
  readonly tenant: Tenant;
  readonly stations: Stations;
  readonly groups: TenantGroups;
  readonly autoCreate: () => boolean;
}

/** Requests under way at once; then they are not heard, and their askers ask again. */
const runningMax = 4_096;

type Handler = (fields: Fields, asker: Asker) => string | object | Promise<string | object>;

export class Memphis implements Session {
  readonly id: number;
  readonly echo = true;
  readonly room: number = Number.MAX_SAFE_INTEGER;
  readonly clients: StationClients = new StationClients();
  readonly #options: MemphisOptions;
  readonly #subscriptions: readonly Subscription[];
  readonly #handlers: Map<string, Handler>;
  readonly #gone: (session: Session) => void;
  #running = 0;

  constructor(options: MemphisOptions) {
    const { broker, tenant, stations, groups, autoCreate } = options;
    this.id = broker.nextSessionId();
    this.#options = options;
    const made = new MemphisStations({ stations, autoCreate });
    const { clients } = this;
    const memphis = new MemphisClients({
      clock: broker.clock,
      stations,
      groups,
      clients,
      made,
      schemaUpdate: () => noSchema,
      keepsViolations: () => false,
    });
    this.#handlers = new Map<string, Handler>([
      ["$memphis_station_creations", (fields, asker) => made.create(fields, asker)],
      ["$memphis_station_destructions", (fields, asker) => made.destroy(fields, asker)],
      ["$memphis_producer_creations", (fields, asker) => memphis.createProducer(fields, asker)],
      ["$memphis_consumer_creations", (fields, asker) => memphis.createConsumer(fields, asker)],
      ["$memphis_producer_destructions", (fields) => memphis.destroy("producer", fields)],
      ["$memphis_consumer_destructions", (fields) => memphis.destroy("member", fields)],
    ]);
    this.#subscriptions = [...this.#handlers.keys()].map((filter) => new Subscription({ filter, session: this, label: "" }));
    for (const subscription of this.#subscriptions) tenant.router.add(subscription);
    this.#gone = (session) => this.clients.gone(session);
    broker.detachListeners.add(this.#gone);
    stations.listeners.add((event, station) => {
      const { partition } = station.config;
      if (event === "deleted" && (partition === undefined || partition.number === 1)) this.#removed(partition?.of ?? station.name);
    });
  }

  /** Answers nothing more. */
  stop(): void {
    this.#options.broker.detachListeners.delete(this.#gone);
    for (const subscription of this.#subscriptions) this.#options.tenant.router.remove(subscription);
  }

  deliver(subscription: Subscription, message: Message): boolean {
    const { broker, tenant } = this.#options;
    const { publisher } = tenant;
    const attachment = publisher === undefined ? undefined : broker.attachmentOf(publisher);
    const handler = this.#handlers.get(subscription.filter);
    if (publisher === undefined || attachment === undefined || handler === undefined || this.#running >= runningMax) return true;
    const reply = message.replyBuffer.toString("utf8", message.replyStart, message.replyEnd);
    const payload = message.body.toString("utf8", message.bodyStart + message.headerBytes, message.bodyEnd);
    this.#running++;
    broker.clock.endOfTurn(() => void this.#handle(handler, payload, reply, askerOf(publisher, attachment)));
    return true;
  }

  published(_token: number, _outcome: PublishOutcome): void {}
  hold(): void {}
  resume(): void {}
  close(_reason: CloseReason): void {}

  /** Tells every client something. */
  tell(subject: string, update: object): void {
    this.#options.tenant.announce(subject, Buffer.from(JSON.stringify(update), "utf8"), 0);
  }

  #removed(station: string): void {
    this.clients.stationGone(station);
    this.tell("$memphis_sdk_clients_updates", { type: "remove_station", station_name: station, update: true });
  }

  async #handle(handler: Handler, payload: string, reply: string, asker: Asker): Promise<void> {
    let answer: string | object;
    try {
      const fields = readFields(payload);
      answer = fields === undefined ? "the request is no JSON object" : await handler(fields, asker);
    } catch (error) {
      answer = messageOf(error);
    } finally {
      this.#running--;
    }
    const text = typeof answer === "string" ? answer : JSON.stringify(answer);
    if (reply !== "") this.#options.tenant.announce(reply, Buffer.from(text, "utf8"), 0);
  }
}

function askerOf(session: Session, attachment: TenantAttachment): Asker {
  return {
    session,
    identity: attachment.identity,
    mayPublish: (subject) => {
      const bytes = Buffer.from(subject, "utf8");
      return attachment.mayPublish(attachment.subject(bytes, 0, bytes.length));
    },
    maySubscribe: (filter) => attachment.maySubscribe(filter, undefined),
  };
}
