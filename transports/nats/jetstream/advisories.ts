/** Announces what happens to stations on `$JS.EVENT.ADVISORY.STREAM.…`, as monitoring tools of JetStream expect. */
import type { Clock } from "../../../store/environment.ts";
import { idMaker } from "../../../lib/random.ts";
import type { Random } from "../../../lib/random.ts";
import type { Stations } from "../../../lib/station/stations.ts";
import type { Tenant } from "../../../lib/tenant.ts";
import type { Api } from "./api.ts";
import { encodeAnswer, timeText } from "./json.ts";

export interface AdvisorOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly tenant: Tenant;
}

/** Publishes one advisory: `type` after `io.nats.jetstream.advisory.v1.`, its id and time first, then the fields. */
export type Advise = (subject: string, type: string, fields: object) => void;

const idCharacters = 22;

export function advisor(options: AdvisorOptions): Advise {
  const { clock, tenant } = options;
  const nextId = idMaker(options.random, idCharacters);
  return (subject, type, fields) => {
    const advisory = { type: `io.nats.jetstream.advisory.v1.${type}`, id: nextId(), timestamp: timeText(clock.nowUs()), ...fields };
    tenant.announce(`$JS.EVENT.ADVISORY.${subject}`, Buffer.from(encodeAnswer(advisory), "utf8"), 0);
  };
}

/** Announces every request of the API with its answer, while somebody listens. */
export function adviseOfRequests(api: Api, serverName: string, advise: Advise): void {
  const { tenant } = api;
  const subject = Buffer.from("$JS.EVENT.ADVISORY.API");
  api.audit = ({ subject: asked, payload }, response) => {
    const { plain, queues, captures } = tenant.router.match(tenant.router.resolve(subject, 0, subject.length));
    if (plain.length + queues.length + captures.length === 0) return;
    const request = payload.length === 0 ? {} : { request: payload.toString("utf8") };
    advise("API", "api_audit", { server: serverName, client: { acc: tenant.name }, subject: asked, ...request, response });
  };
}

/** Announces stations that come, change and go, after whoever asked for it has been answered. */
export function adviseOfStations(stations: Stations, clock: Clock, advise: Advise): void {
  const words = { created: ["CREATED", "create"], changed: ["UPDATED", "modify"], deleted: ["DELETED", "delete"] } as const;
  stations.listeners.add((event, station) => {
    const [verb, action] = words[event];
    clock.endOfTurn(() => advise(`STREAM.${verb}.${station.name}`, "stream_action", { stream: station.name, action }));
  });
}
