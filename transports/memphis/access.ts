/**
 * The rights of Memphis clients. A user who may publish a station's filters may produce into it; one who may subscribe to them may
 * consume from it. That is asked of stations which Memphis clients made, whose name with its dots is their filter: a rule for `prod.*`
 * is a rule for the stations `prod.x`, and not for `nonprod.x`. What these clients publish and listen to beside that follows from it.
 */
import type { Permissions } from "../../lib/auth/permissions.ts";
import type { Access } from "../../lib/station/access.ts";
import { filtersOf, StationAccess } from "../../lib/station/access.ts";
import type { StationConfig } from "../../lib/station/config.ts";
import type { Stations } from "../../lib/station/stations.ts";
import type { Router } from "../../lib/router/router.ts";
import type { Subject } from "../../lib/router/subject.ts";
import { memphisKey } from "./stations.ts";

/** Requests everybody may make: what they ask for is judged by who answers them. */
export const askable: ReadonlySet<string> = new Set([
  "$memphis_station_creations",
  "$memphis_station_destructions",
  "$memphis_producer_creations",
  "$memphis_producer_destructions",
  "$memphis_consumer_creations",
  "$memphis_consumer_destructions",
  "$memphis_schema_creations",
  "$memphis_schema_attachments",
  "$memphis_schema_detachments",
  "$memphis_schemaverse_dls",
  "$memphis_nacked_dls",
  "$memphis_pm_acks",
  "$memphis_notifications",
]);

const clientUpdates = "$memphis_sdk_clients_updates";
const perStation = /^\$memphis_(schema_updates|functions_updates|dls)_([^.]+)(?:\.[^.]+)?$/;
/** Consuming: asking about the group, pulling from it, acknowledging to it. */
/** Whatever else shows a station's messages, or what is consumed of them. */
const reading = /^\$JS\.API\.(?:CONSUMER\.(?:[A-Z]+\.)*|STREAM\.MSG\.GET\.|DIRECT\.GET\.)([^.]+)/;
const consuming = /^\$JS\.(?:API\.CONSUMER\.(?:INFO|MSG\.NEXT)|ACK)\.([^.]+)\./;

export class MemphisAccess implements Access {
  readonly #stations: Stations;
  readonly #access: StationAccess;

  constructor(stations: Stations, router: Router) {
    this.#stations = stations;
    this.#access = new StationAccess(stations, router);
  }

  mayPublish(subject: Subject, permissions: Permissions): boolean | undefined {
    const { text } = subject;
    if (text.startsWith("$memphis_")) return askable.has(text) ? true : undefined;
    if (!text.startsWith("$JS.")) return this.#access.mayPublish(subject, permissions);
    const consumed = consuming.exec(text)?.[1];
    const name = consumed ?? reading.exec(text)?.[1];
    const station = name === undefined ? undefined : this.#stations.named(name);
    if (station === undefined) return undefined;
    if (isMemphis(station.config))
      return mayRead(station.config, permissions) && (consumed !== undefined || permissions.mayPublish(subject));
    // By another name than its own the station is as closed as by its own.
    if (station.name === name) return undefined;
    const own = text.replace(`.${name}`, `.${station.name}`);
    return permissions.mayPublish(subject) && this.#access.mayPublishAll([own], permissions);
  }

  maySubscribe(filter: string, queue: string | undefined, permissions: Permissions): boolean | undefined {
    if (!filter.startsWith("$memphis_")) return undefined;
    if (filter === clientUpdates) return true;
    const parts = perStation.exec(filter);
    const config = parts === null ? undefined : this.#stations.configOf(parts[2] ?? "");
    if (parts === null || config === undefined || permissions.maySubscribe(filter, queue)) return undefined;
    if (mayRead(config, permissions)) return true;
    return parts[1] === "dls" ? undefined : this.#access.mayPublishAll(config.subjects, permissions) || undefined;
  }
}

function isMemphis(config: StationConfig): boolean {
  return config.metadata[memphisKey] !== undefined;
}

function mayRead(config: StationConfig, permissions: Permissions): boolean {
  return filtersOf(config).every((filter) => permissions.maySubscribe(filter, undefined));
}
