/** What the core refuses, as problems with the status that HTTP has for it. */
import type { BrokerErrorCode } from "../../lib/errors.ts";
import { BrokerError } from "../../lib/errors.ts";
import type { GroupProblem } from "../../lib/consumer/group-rules.ts";
import { StationError } from "../../lib/station/station-error.ts";
import type { StationRefusal } from "../../lib/station/station-error.ts";
import { StoreError } from "../../store/store.ts";
import { ProduceError } from "../local/connection.ts";
import { HttpProblem } from "./problem.ts";

/** Undefined: not the asker's fault, and not a thing to explain. */
export function problemOf(error: unknown): HttpProblem | undefined {
  if (error instanceof HttpProblem) return error;
  if (error instanceof StationError) {
    const status = stationStatus[error.code] ?? 422;
    return new HttpProblem(status, titles[status] ?? "Refused", error.message, { code: error.code });
  }
  if (error instanceof ProduceError) {
    const status = produceStatus(error.code);
    return new HttpProblem(status, titles[status] ?? "Refused", error.message, { code: error.code });
  }
  if (error instanceof BrokerError) return brokerStatus[error.code] === undefined ? undefined : problemOfCode(error.code, error.message);
  if (error instanceof StoreError) return new HttpProblem(503, "Service Unavailable", error.message, { code: error.code });
  return undefined;
}

/** Of a code of `BrokerError`, as it comes from a service. */
export function problemOfCode(code: string, message: string): HttpProblem {
  const status = Object.hasOwn(brokerStatus, code) ? (brokerStatus[code as BrokerErrorCode] ?? 500) : 500;
  return new HttpProblem(status, titles[status] ?? "Refused", message, { code });
}

export function groupProblem(problem: GroupProblem): HttpProblem {
  const status = problem.code === "groups_max" || problem.code === "cannot_change" || problem.code === "push_in_use" ? 409 : 422;
  return new HttpProblem(status, titles[status] ?? "Refused", problem.message, { code: problem.code });
}

const titles: Readonly<Record<number, string>> = {
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  409: "Conflict",
  412: "Precondition Failed",
  413: "Payload Too Large",
  422: "Unprocessable Content",
  501: "Not Implemented",
  503: "Service Unavailable",
  507: "Insufficient Storage",
};

/** What is not named is a configuration that breaks a rule: 422. */
const stationStatus: Partial<Record<StationRefusal, number>> = {
  not_found: 404,
  record_not_found: 404,
  exists: 409,
  subjects_overlap: 409,
  cannot_change: 409,
  sealed: 409,
  purge_denied: 403,
  delete_denied: 403,
  stations_max: 409,
  groups_max_exceeds_tenant: 409,
  bytes_max_exceeds_tenant: 409,
  memory_reserved: 409,
  storage_reserved: 409,
  not_supported: 501,
  store_failed: 503,
};

function produceStatus(code: ProduceError["code"]): number {
  switch (code) {
    case "denied":
      return 403;
    case "no_station":
      return 404;
    case "wrong_last_sequence":
    case "wrong_last_subject_sequence":
    case "wrong_last_message_id":
    case "wrong_station":
      return 412;
    case "message_bytes_max":
      return 413;
    case "messages_max":
    case "bytes_max":
    case "messages_per_subject_max":
    case "sealed":
      return 409;
    case "no_space":
    case "tenant_full":
      return 507;
    case "store_failed":
    case "closed":
    case "duplicate_ids_full":
    case "batches_max":
      return 503;
    default:
      return 422;
  }
}

const brokerStatus: Partial<Record<BrokerErrorCode, number>> = {
  config: 422,
  invalid: 422,
  usage: 422,
  not_found: 404,
  exists: 409,
  conflict: 409,
  limit: 409,
  denied: 403,
  unsupported: 501,
  busy: 503,
  closed: 503,
  no_space: 507,
};
