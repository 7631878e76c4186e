/** `/healthz`: is the broker well, and with options, is there such a stream or consumer. */
import type { Monitor } from "./monitor.ts";
import { flagOf, textOf } from "./query.ts";
import type { Query } from "./query.ts";

export interface HealthzOptions {
  readonly tenant: string;
  readonly station: string;
  readonly group: string;
  /** Errors as a list. */
  readonly details: boolean;
}

export interface Health {
  readonly status: number;
  readonly document: object;
}

export function healthzOptions(query: Query): HealthzOptions {
  // What these leave out is not looked at anyway, and a broker without JetStream is well; a wrong value is refused all the same.
  for (const name of ["js-enabled", "js-enabled-only", "js-server-only", "js-meta-only"]) flagOf(query, name);
  return {
    tenant: textOf(query, "account"),
    station: textOf(query, "stream"),
    group: textOf(query, "consumer"),
    details: flagOf(query, "details"),
  };
}

interface Fault {
  readonly status: number;
  readonly type: string;
  readonly error: string;
}

export function healthz(monitor: Monitor, options: HealthzOptions): Health {
  const fault = faultOf(monitor, options);
  if (fault === undefined) return { status: 200, document: { status: "ok" } };
  const { tenant, station, group } = options;
  if (options.details) {
    const where = {
      ...(tenant === "" ? {} : { account: tenant }),
      ...(station === "" ? {} : { stream: station }),
      ...(group === "" ? {} : { consumer: group }),
    };
    return { status: fault.status, document: { status: "error", errors: [{ type: fault.type, ...where, error: fault.error }] } };
  }
  return { status: fault.status, document: { status: fault.status === 400 ? "error" : "unavailable", error: fault.error } };
}

function faultOf(monitor: Monitor, { tenant, station, group }: HealthzOptions): Fault | undefined {
  const bad = (error: string): Fault => ({ status: 400, type: "BAD_REQUEST", error });
  if (station !== "" && tenant === "") return bad('"account" must not be empty when checking stream health');
  if (group !== "" && station === "") return bad('"stream" must not be empty when checking consumer health');
  const { broker, tenants, ready } = monitor.opened;
  const { kind, reason } = broker.file.store.status();
  // A full disk is not cured by a restart: then it is not ready, but well.
  if (kind === "failed" || kind === "closed") return { status: 503, type: "STORE", error: reason || "the store is closed" };
  if (!ready) return { status: 503, type: "CONNECTION", error: "the broker starts or stops" };
  if (tenant === "") return undefined;
  const service = tenants.get(tenant);
  if (service === undefined) return { status: 404, type: "ACCOUNT", error: `JetStream account "${tenant}" not found` };
  if (station === "") return undefined;
  if (service.stations.get(station) === undefined) {
    return { status: 404, type: "STREAM", error: `JetStream stream "${station}" not found on account "${tenant}"` };
  }
  if (group === "" || service.groups.of(station)?.get(group) !== undefined) return undefined;
  const error = `JetStream consumer "${group}" not found for stream "${station}" on account "${tenant}"`;
  return { status: 404, type: "CONSUMER", error };
}
