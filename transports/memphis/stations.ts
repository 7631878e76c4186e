/**
 * Stations as clients of Memphis ask for them: made, destroyed, and found by producers and consumers, with Memphis's defaults. The rights
 * are those of every door: to make a station is to publish `$JS.API.STREAM.CREATE.NAME`, to destroy it `$JS.API.STREAM.DELETE.NAME`.
 */
import { stationConfig } from "../../lib/station/config.ts";
import type { StationConfig } from "../../lib/station/config.ts";
import { StationError } from "../../lib/station/station-error.ts";
import type { Stations } from "../../lib/station/stations.ts";
import { partitionName } from "../../lib/station/partition.ts";
import { readName } from "./names.ts";
import { fieldsOf, flagOf, numberOf, textOf } from "./request.ts";
import type { Asker, Fields } from "./request.ts";

/** Metadata of a station that a client of Memphis made: its rights are told by its subjects alone. */
export const memphisKey = "waystation.memphis";

const ageDefaultSeconds = 3_600;
const windowDefaultMs = 120_000;
const windowMaxMs = 24 * 3_600_000;
const windowMinMs = 100;

export interface MemphisStationsOptions {
  readonly stations: Stations;
  /** A producer or consumer of a station that is not there makes it. */
  readonly autoCreate: () => boolean;
}

/** What is wrong, in a sentence; `""` = nothing. */
export type Answer = string;

export class MemphisStations {
  readonly #options: MemphisStationsOptions;

  constructor(options: MemphisStationsOptions) {
    this.#options = options;
  }

  async create(fields: Fields, asker: Asker): Promise<Answer> {
    const named = readName(fields.get("name"), "station");
    if ("problem" in named) return named.problem;
    if (this.#options.stations.configOf(named.name) !== undefined) return `station '${named.shown}' already exists`;
    const wanted = configOf(named.name, named.shown, fields);
    if (typeof wanted === "string") return wanted;
    return await this.#create(wanted, asker);
  }

  async destroy(fields: Fields, asker: Asker): Promise<Answer> {
    const named = readName(fields.get("station_name"), "station");
    if ("problem" in named) return named.problem;
    if (!asker.mayPublish(`$JS.API.STREAM.DELETE.${named.name}`)) return `not permitted to destroy station '${named.shown}'`;
    try {
      await this.#options.stations.delete(named.name);
      return "";
    } catch (error) {
      if (error instanceof StationError && error.code === "not_found") return `station '${named.shown}' does not exist`;
      return messageOf(error);
    }
  }

  /** Finds the station a producer or consumer names, or makes it with the defaults where that is allowed. */
  async need(value: unknown, asker: Asker): Promise<{ readonly name: string; readonly shown: string } | { readonly problem: string }> {
    const named = readName(value, "station");
    if ("problem" in named) return named;
    const { stations, autoCreate } = this.#options;
    if (stations.configOf(named.name) !== undefined) return named;
    if (!autoCreate()) return { problem: `station '${named.shown}' does not exist` };
    const wanted = configOf(named.name, named.shown, new Map());
    const problem = typeof wanted === "string" ? wanted : await this.#create(wanted, asker);
    // Two who need it at once both have it.
    return problem === "" || stations.configOf(named.name) !== undefined ? named : { problem };
  }

  async #create(config: StationConfig, asker: Asker): Promise<Answer> {
    if (!asker.mayPublish(`$JS.API.STREAM.CREATE.${config.name}`)) return `not permitted to create station '${config.name}'`;
    const { stations } = this.#options;
    try {
      try {
        await stations.create(config);
      } catch (error) {
        if (!(error instanceof StationError) || error.code !== "subjects_overlap") throw error;
        // Another station has the subject of this one's name: then only its partitions' subjects are left.
        await stations.create({ ...config, subjects: [`${partitionName(config.name, config.partitions + 1)}.>`] });
      }
      return "";
    } catch (error) {
      return messageOf(error);
    }
  }
}

export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text === "" ? "the request failed" : text;
}

function configOf(name: string, shown: string, fields: Fields): StationConfig | string {
  const limits = retentionOf(fields);
  if (typeof limits === "string") return limits;
  const storage = textOf(fields, "storage_type") || "file";
  if (storage !== "file" && storage !== "memory") return `storage_type is 'file' or 'memory', not '${storage}'`;
  if (numberOf(fields, "replicas", 1) > 1) return "this broker keeps one replica: set replicas to 1";
  if (flagOf(fields, "tiered_storage_enabled", false)) return "tiered storage is not available: leave tiered_storage_enabled out";
  const windowMs = numberOf(fields, "idempotency_window_in_ms", windowDefaultMs) || windowDefaultMs;
  if (windowMs < windowMinMs || windowMs > windowMaxMs) return `idempotency_window_in_ms is ${windowMinMs} to ${windowMaxMs}`;
  const { ageMaxMs = 0 } = limits;
  return stationConfig({
    name,
    subjects: [shown],
    storage,
    ...limits,
    duplicateWindowMs: ageMaxMs > 0 ? Math.min(windowMs, ageMaxMs) : windowMs,
    partitions: Math.max(1, numberOf(fields, "partitions_number", 1)),
    metadata: { [memphisKey]: "1" },
  });
}

/** What is kept, in the one way of four that is asked for. */
function retentionOf(fields: Fields): Pick<Partial<StationConfig>, "ageMaxMs" | "messagesMax" | "bytesMax" | "retention"> | string {
  const type = textOf(fields, "retention_type") || "message_age_sec";
  const value = numberOf(fields, "retention_value", type === "message_age_sec" ? ageDefaultSeconds : 0);
  if (type === "ack_based") return { retention: "interest" };
  if (!Number.isSafeInteger(value) || value < 0) return "retention_value is a whole number";
  switch (type) {
    case "message_age_sec":
      return { ageMaxMs: (value || ageDefaultSeconds) * 1000 };
    case "messages":
      return value === 0 ? "retention_value is at least 1" : { messagesMax: value };
    case "bytes":
      return value === 0 ? "retention_value is at least 1" : { bytesMax: value };
    default:
      return "retention_type is 'message_age_sec', 'messages', 'bytes' or 'ack_based'";
  }
}

/** The policy of dead letters that a station is created with. */
export function deadLetterFields(fields: Fields): { readonly poison: boolean; readonly schema: boolean; readonly station: string } {
  const given = fieldsOf(fields.get("dls_configuration")) ?? new Map<string, unknown>();
  return {
    poison: flagOf(given, "poison", true),
    schema: flagOf(given, "schemaverse", true),
    station: textOf(fields, "dls_station"),
  };
}
