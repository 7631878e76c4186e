/**
 * Announces to the system tenant who connects, who goes and why, in nats-server's words: `$SYS.ACCOUNT.<tenant>.CONNECT`, `.DISCONNECT`,
 * `$SYS.SERVER.<id>.CLIENT.AUTH.ERR` for those who never showed who they are, and how many connections a tenant has. An announcement is
 * made at the end of the turn, because what ends a connection may be a delivery.
 */
import type { TenantAttachment } from "../../lib/attachment.ts";
import type { Tenant } from "../../lib/tenant.ts";
import { idMaker } from "../../lib/random.ts";
import { timeText } from "../nats/jetstream/json.ts";
import { accstatz } from "./accounts.ts";
import type { ConnectionRow } from "./connection-row.ts";
import type { Monitor } from "./monitor.ts";

const idCharacters = 22;

export class SystemEvents {
  readonly #monitor: Monitor;
  readonly #tenant: Tenant;
  readonly #source: () => object;
  readonly #nextId: () => string;

  constructor(monitor: Monitor, tenant: Tenant, source: () => object) {
    this.#monitor = monitor;
    this.#tenant = tenant;
    this.#source = source;
    this.#nextId = idMaker(monitor.opened.broker.random, idCharacters);
  }

  /** What the client says of itself is known at the end of the turn. */
  connected({ session, identity }: TenantAttachment): void {
    this.#later(() => {
      this.#counted(identity.tenant);
      const subject = `$SYS.ACCOUNT.${identity.tenant}.CONNECT`;
      const row = this.#heard(subject) ? this.#monitor.rowOf(session) : undefined;
      if (row !== undefined) this.#announce(subject, "client_connect", { client: clientInfo(row) });
    });
  }

  ended(row: ConnectionRow): void {
    const client = { ...clientInfo(row), ...(row.rttUs === 0 ? {} : { rtt: row.rttUs * 1_000 }), stop: timeText(row.stopUs) };
    const traffic = {
      // As the server sees it: what it sent is what the client received.
      sent: { msgs: row.messagesIn, bytes: row.bytesIn },
      received: { msgs: row.messagesOut, bytes: row.bytesOut },
    };
    const fields = { client, ...traffic, reason: row.reason };
    this.#later(() => {
      if (row.tenant === "") {
        const { serverId } = this.#monitor.opened.nats.serverInfo;
        if (row.reason !== "Client Closed") this.#announce(`$SYS.SERVER.${serverId}.CLIENT.AUTH.ERR`, "client_disconnect", fields);
        return;
      }
      this.#counted(row.tenant);
      this.#announce(`$SYS.ACCOUNT.${row.tenant}.DISCONNECT`, "client_disconnect", fields);
    });
  }

  #counted(tenant: string): void {
    const subjects = [`$SYS.SERVER.ACCOUNT.${tenant}.CONNS`, `$SYS.ACCOUNT.${tenant}.SERVER.CONNS`];
    if (!subjects.some((subject) => this.#heard(subject))) return;
    const { account_statz: all } = accstatz(this.#monitor, { tenants: [tenant], unused: true }) as {
      readonly account_statz: readonly object[];
    };
    for (const subject of subjects) this.#announce(subject, "account_connections", all[0] ?? {});
  }

  #announce(subject: string, type: string, fields: object): void {
    if (!this.#heard(subject)) return;
    const event = {
      type: `io.nats.server.advisory.v1.${type}`,
      id: this.#nextId(),
      timestamp: timeText(this.#monitor.nowUs),
      server: this.#source(),
      ...fields,
    };
    this.#tenant.announce(subject, Buffer.from(JSON.stringify(event), "utf8"), 0);
  }

  #heard(subject: string): boolean {
    const bytes = Buffer.from(subject, "utf8");
    const { plain, queues, captures } = this.#tenant.router.match(this.#tenant.router.resolve(bytes, 0, bytes.length));
    return plain.length + queues.length + captures.length > 0;
  }

  #later(announce: () => void): void {
    this.#monitor.opened.broker.clock.endOfTurn(announce);
  }
}

function clientInfo(row: ConnectionRow): object {
  return {
    start: timeText(row.startUs),
    host: row.address,
    id: row.id,
    acc: row.tenant === "" ? "$G" : row.tenant,
    ...(row.user === "" ? {} : { user: row.user }),
    ...(row.name === "" ? {} : { name: row.name }),
    ...(row.language === "" ? {} : { lang: row.language }),
    ...(row.version === "" ? {} : { ver: row.version }),
    name_tag: row.tenant === "" ? "$G" : row.tenant,
    kind: "Client",
    client_type: row.type,
    ...(row.mqttClient === "" ? {} : { client_id: row.mqttClient }),
  };
}
