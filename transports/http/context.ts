/** What handlers find by name: the asker's tenant, its stations and groups, and a connection in process that publishes for it. */
import { operatorOf } from "../../lib/auth/identity.ts";
import { Expression } from "../../lib/condition/condition.ts";
import type { Group } from "../../lib/consumer/group.ts";
import type { Groups } from "../../lib/consumer/groups.ts";
import { compileFilter, filterProblem } from "../../lib/filter.ts";
import type { StationFamily } from "../../lib/station/family.ts";
import { Station } from "../../lib/station/station.ts";
import type { SubjectFilterTest } from "../../store/store.ts";
import type { LocalConnection } from "../local/connection.ts";
import type { OpenBroker } from "../open.ts";
import type { TenantService } from "../tenant-services.ts";
import { CapturedSubjects } from "./captured.ts";
import type { Schema } from "./json-schema.ts";
import { schemaProblem } from "./json-schema.ts";
import { HttpProblem } from "./problem.ts";
import type { HttpCall } from "./router.ts";

/** Bytes of messages that wait for their outcome at all requests together. */
const pendingBytesMax: number = 64 * 1024 * 1024;

export class HttpContext {
  readonly opened: OpenBroker;
  /** Of produces whose outcome is not known. */
  pendingBytes = 0;
  readonly captured: CapturedSubjects = new CapturedSubjects();
  readonly #connections: Map<string, LocalConnection> = new Map();

  constructor(opened: OpenBroker) {
    this.opened = opened;
  }

  tenant(call: HttpCall): TenantService {
    const name = call.identity.tenant;
    this.opened.broker.tenant(name);
    const service = this.opened.tenants.get(name);
    if (service === undefined) throw new HttpProblem(503, "Service Unavailable", `tenant ${name} is not ready: try again`);
    return service;
  }

  /** A station as one log: a partition is named NAME$2. */
  station(call: HttpCall): Station {
    const station = this.whole(call);
    if (station instanceof Station) return station;
    const { name, partitions } = station;
    const example = `${name}$1`;
    throw new HttpProblem(409, "Conflict", `station '${name}' has ${partitions.length} partitions: name one, such as ${example}`);
  }

  /** A station, of one partition or of several. */
  whole(call: HttpCall): Station | StationFamily {
    const name = call.params["name"] ?? "";
    const { stations } = this.tenant(call);
    const found = stations.get(name) ?? stations.families.get(name);
    if (found === undefined) throw new HttpProblem(404, "Not Found", `there is no station '${name}': POST /v1/stations creates one`);
    return found;
  }

  groups(call: HttpCall): Groups {
    const groups = this.tenant(call).groups.of(this.station(call).name);
    if (groups === undefined) throw new HttpProblem(404, "Not Found", "the station is being deleted");
    return groups;
  }

  group(call: HttpCall): Group {
    const name = call.params["group"] ?? "";
    const group = this.groups(call).get(name);
    if (group === undefined) throw new HttpProblem(404, "Not Found", `there is no group '${name}': POST …/groups creates one`);
    return group;
  }

  /** Acts for requests whose permission has been checked. */
  connection(call: HttpCall): LocalConnection {
    return this.connectionOf(call.identity.tenant);
  }

  connectionOf(tenant: string): LocalConnection {
    let connection = this.#connections.get(tenant);
    if (connection === undefined) {
      connection = this.opened.connect(operatorOf(tenant));
      this.#connections.set(tenant, connection);
    }
    return connection;
  }

  /** Counts bytes that wait for their outcome, or refuses. */
  admit(bytes: number): void {
    if (this.pendingBytes > 0 && this.pendingBytes + bytes > pendingBytesMax) {
      throw new HttpProblem(503, "Service Unavailable", "the broker is busy: send again a little later");
    }
    this.pendingBytes += bytes;
  }
}

export function sendJson(call: HttpCall, status: number, value: unknown): void {
  call.response.send(status, [["content-type", "application/json"]], `${JSON.stringify(value)}\n`);
}

/** The body as JSON that fits the schema; an empty body is an empty object. */
export function jsonBody(call: HttpCall, schema: Schema): Record<string, unknown> {
  let value: unknown = {};
  if (call.body.length > 0) {
    try {
      value = JSON.parse(call.body.toString("utf8"));
    } catch (error) {
      throw new HttpProblem(400, "Bad Request", `the body is no JSON: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const problem = schemaProblem(schema, value, "");
  if (problem !== undefined) throw new HttpProblem(422, "Unprocessable Content", problem);
  return value as Record<string, unknown>;
}

/** A whole number of the query, within bounds. */
export function queryNumber(call: HttpCall, name: string, preset: number, min: number, max: number): number {
  const text = call.query.get(name);
  if (text === null || text === "") return preset;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    throw new HttpProblem(422, "Unprocessable Content", `'${name}' is to be a whole number from ${min} to ${max}`);
  }
  return value;
}

/** A filter of the query; undefined = none. */
export function queryFilter(call: HttpCall, name: string): SubjectFilterTest | undefined {
  const text = call.query.get(name);
  if (text === null || text === "" || text === ">") return undefined;
  const problem = filterProblem(text);
  if (problem !== undefined) throw new HttpProblem(422, "Unprocessable Content", problem);
  return compileFilter(text);
}

/** A condition on content of the query; undefined = none. Throws a ConditionError. */
export function queryCondition(call: HttpCall): Expression | undefined {
  const text = call.query.get("condition");
  return text === null || text.trim() === "" ? undefined : new Expression(text);
}

export function timeText(us: number): string {
  return new Date(us / 1000).toISOString();
}
