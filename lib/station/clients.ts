/**
 * Who said to produce into a station, or to be a member of one of its groups: name, door, connection, when last seen. Kept while the
 * connection lives. A hint for people; nothing depends on it.
 */
import type { Session } from "../transport.ts";

export interface StationClient {
  readonly kind: "producer" | "member";
  readonly station: string;
  /** Of a member; else "". */
  readonly group: string;
  readonly name: string;
  readonly door: string;
  /** What the client calls its connection. */
  readonly connection: string;
  readonly user: string;
  lastSeenUs: number;
}

/** Of one session; more are not listed. */
const clientsMax = 10_000;

export class StationClients {
  readonly #clients: Map<Session, Map<string, StationClient>> = new Map();

  add(session: Session, client: StationClient): void {
    let own = this.#clients.get(session);
    if (own === undefined) this.#clients.set(session, (own = new Map()));
    if (own.size < clientsMax) own.set(keyOf(client), client);
  }

  /** Takes every one of this name, by whatever session when none is given. False when there was none. */
  remove(client: Pick<StationClient, "kind" | "station" | "name">, session?: Session): boolean {
    let found = false;
    for (const [of, own] of this.#clients) {
      if (session !== undefined && of !== session) continue;
      for (const [key, each] of own) {
        if (each.kind === client.kind && each.station === client.station && each.name === client.name) found = own.delete(key) || found;
      }
      if (own.size === 0) this.#clients.delete(of);
    }
    return found;
  }

  /** The session has gone. */
  gone(session: Session): void {
    this.#clients.delete(session);
  }

  /** The station has gone. */
  stationGone(station: string): void {
    for (const own of this.#clients.values()) {
      for (const [key, each] of own) if (each.station === station) own.delete(key);
    }
  }

  /** By name. */
  of(station: string, kind: "producer" | "member"): StationClient[] {
    const found: StationClient[] = [];
    for (const own of this.#clients.values()) {
      for (const each of own.values()) if (each.station === station && each.kind === kind) found.push(each);
    }
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The session was active at this station. */
  seen(session: Session, station: string, nowUs: number): void {
    for (const each of this.#clients.get(session)?.values() ?? []) if (each.station === station) each.lastSeenUs = nowUs;
  }
}

function keyOf(client: StationClient): string {
  return `${client.kind} ${client.station} ${client.group} ${client.name}`;
}
