/**
 * The connections that have gone: the newest of them as they ended, and what all of them together have carried. Bounded: the oldest are
 * forgotten, their counts are not.
 */
import type { ConnectionRow } from "./connection-row.ts";

/** Connections remembered. */
const rowsMax = 2_048;

/** What connections have carried. */
export interface Traffic {
  connections: number;
  messagesIn: number;
  bytesIn: number;
  messagesOut: number;
  bytesOut: number;
  slow: number;
  stale: number;
}

export function noTraffic(): Traffic {
  return { connections: 0, messagesIn: 0, bytesIn: 0, messagesOut: 0, bytesOut: 0, slow: 0, stale: 0 };
}

export function addRow(traffic: Traffic, row: ConnectionRow): void {
  traffic.connections++;
  traffic.messagesIn += row.messagesIn;
  traffic.bytesIn += row.bytesIn;
  traffic.messagesOut += row.messagesOut;
  traffic.bytesOut += row.bytesOut;
  if (row.reason.startsWith("Slow Consumer")) traffic.slow++;
  if (row.reason === "Stale Connection") traffic.stale++;
}

export class EndedConnections {
  /** Of those that never showed who they were, under `""`. */
  readonly byTenant: Map<string, Traffic> = new Map();
  /** A ring; the oldest is at `#oldest` once it is full. */
  readonly #rows: ConnectionRow[] = [];
  #oldest = 0;

  add(row: ConnectionRow): void {
    let traffic = this.byTenant.get(row.tenant);
    if (traffic === undefined) this.byTenant.set(row.tenant, (traffic = noTraffic()));
    addRow(traffic, row);
    // Its subscriptions hold on to the session.
    const kept = { ...row, subscriptions: () => [] };
    if (this.#rows.length < rowsMax) {
      this.#rows.push(kept);
      return;
    }
    this.#rows[this.#oldest] = kept;
    this.#oldest = (this.#oldest + 1) % rowsMax;
  }

  /** Oldest first. */
  rows(): ConnectionRow[] {
    return [...this.#rows.slice(this.#oldest), ...this.#rows.slice(0, this.#oldest)];
  }
}
