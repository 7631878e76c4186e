/**
 * Producers and consumers of Memphis clients. A producer is a name beside a connection. A consumer's group exists on every partition
 * before the answer, keeps its position whatever becomes of its members, and ends a fetch early once it gave something and has no more.
 */
import type { Clock } from "../../lib/clock.ts";
import { groupConfig } from "../../lib/consumer/config.ts";
import type { DeliverFrom, GroupConfig } from "../../lib/consumer/config.ts";
import type { Groups } from "../../lib/consumer/groups.ts";
import type { TenantGroups } from "../../lib/consumer/tenant-groups.ts";
import type { StationClients } from "../../lib/station/clients.ts";
import { lastOfAll } from "../../lib/station/last-records.ts";
import type { Stations } from "../../lib/station/stations.ts";
import { readName } from "./names.ts";
import { numberOf, textOf } from "./request.ts";
import type { Asker, Fields } from "./request.ts";
import { messageOf } from "./stations.ts";
import type { MemphisStations } from "./stations.ts";

const ackTimeDefaultMs = 30_000;
const deliveriesMin = 1;
const deliveriesMax = 10;
const deliveriesDefault = 10;
/** A fetch that got something ends after so long without more. */
const lingerMs = 50;
const ackPendingMax = 65_536;

export interface MemphisClientsOptions {
  readonly clock: Clock;
  readonly stations: Stations;
  readonly groups: TenantGroups;
  readonly clients: StationClients;
  readonly made: MemphisStations;
  /** What a client has to know of a station's schema. */
  readonly schemaUpdate: (station: string) => object;
  /** Dead letters of messages that do not fit are kept. */
  readonly keepsViolations: (station: string) => boolean;
}

export class MemphisClients {
  readonly #options: MemphisClientsOptions;

  constructor(options: MemphisClientsOptions) {
    this.#options = options;
  }

  async createProducer(fields: Fields, asker: Asker): Promise<object> {
    const answer = {
      partitions_update: { partitions_list: null as number[] | null },
      schema_update: noSchema,
      schemaverse_to_dls: false,
      send_notification: false,
      station_version: 2,
      station_partitions_first_functions: {},
      error: "",
    };
    const name = readName(fields.get("name"), "producer");
    if ("problem" in name) return { ...answer, error: name.problem };
    const station = await this.#options.made.need(fields.get("station_name"), asker);
    if ("problem" in station) return { ...answer, error: station.problem };
    if (!asker.mayPublish(`${station.name}$1.final`))
      return { ...answer, error: `not permitted to produce into station '${station.shown}'` };
    this.#enter(fields, asker, "producer", station.name, "", name.shown);
    return {
      ...answer,
      partitions_update: { partitions_list: this.#partitions(station.name) },
      schema_update: this.#options.schemaUpdate(station.name),
      schemaverse_to_dls: this.#options.keepsViolations(station.name),
      send_notification: true,
    };
  }

  async createConsumer(fields: Fields, asker: Asker): Promise<object> {
    const refused = (error: string): object => ({ partitions_update: { partitions_list: null }, schema_update: noSchema, error });
    const name = readName(fields.get("name"), "consumer");
    if ("problem" in name) return refused(name.problem);
    const group = readName(textOf(fields, "consumers_group") || name.shown, "consumer group");
    if ("problem" in group) return refused(group.problem);
    const wanted = configOf(group.name, fields);
    if (typeof wanted === "string") return refused(wanted);
    const station = await this.#options.made.need(fields.get("station_name"), asker);
    if ("problem" in station) return refused(station.problem);
    if (!asker.mayPublish(`$JS.API.CONSUMER.MSG.NEXT.${station.name}$1.${group.name}`)) {
      return refused(`not permitted to consume from station '${station.shown}'`);
    }
    try {
      await this.#defineGroup(station.name, wanted, startOf(fields));
    } catch (error) {
      return refused(messageOf(error));
    }
    this.#enter(fields, asker, "member", station.name, group.name, name.shown);
    return {
      partitions_update: { partitions_list: this.#partitions(station.name) },
      schema_update: this.#options.schemaUpdate(station.name),
      error: "",
    };
  }

  /** `""`, or what is wrong: a name that is not there does not exist. */
  destroy(kind: "producer" | "member", fields: Fields): string {
    const what = kind === "producer" ? "producer" : "consumer";
    const name = readName(fields.get("name"), what);
    const station = readName(fields.get("station_name"), "station");
    if ("problem" in name) return name.problem;
    if ("problem" in station) return station.problem;
    const known = this.#options.clients.remove({ kind, station: station.name, name: name.shown });
    return known ? "" : `${what} '${name.shown}' does not exist`;
  }

  #partitions(station: string): number[] {
    return this.#options.stations.partitionsOf(station).map((_, index) => index + 1);
  }

  #enter(fields: Fields, asker: Asker, kind: "producer" | "member", station: string, group: string, name: string): void {
    this.#options.clients.add(asker.session, {
      kind,
      station,
      group,
      name,
      door: "memphis",
      connection: textOf(fields, "connection_id"),
      user: asker.identity.user,
      lastSeenUs: this.#options.clock.nowUs(),
    });
  }

  async #defineGroup(station: string, wanted: GroupConfig, start: Start): Promise<void> {
    const partitions = this.#options.stations.partitionsOf(station);
    const isNew = partitions.some(({ name }) => this.#options.groups.of(name)?.get(wanted.name) === undefined);
    const from = start.last > 0 && isNew ? await lastOfAll(this.#options.clock, partitions, start.last) : undefined;
    for (const [index, partition] of partitions.entries()) {
      const groups = this.#options.groups.of(partition.name);
      if (groups === undefined) throw new Error("the station is being destroyed");
      await define(groups, wanted, from === undefined ? start.deliver : { kind: "sequence", sequence: from[index] ?? 1 });
    }
  }
}

export const noSchema = {
  schema_name: "",
  active_version: { version_number: 0, descriptor: "", schema_content: "", message_struct_name: "" },
  type: "",
};

interface Start {
  readonly deliver: DeliverFrom;
  /** The newest so many of the station; 0 = `deliver` says it. */
  readonly last: number;
}

/** Sequence 1 is what a client says that says nothing: what comes from now on. */
function startOf(fields: Fields): Start {
  const sequence = numberOf(fields, "start_consume_from_sequence", 1);
  const last = numberOf(fields, "last_messages", -1);
  if (sequence > 1) return { deliver: { kind: "sequence", sequence }, last: 0 };
  return { deliver: { kind: "new" }, last: Math.max(0, last) };
}

function configOf(name: string, fields: Fields): GroupConfig | string {
  const deliveries = numberOf(fields, "max_msg_deliveries", deliveriesDefault) || deliveriesDefault;
  if (!Number.isSafeInteger(deliveries) || deliveries < deliveriesMin || deliveries > deliveriesMax) {
    return `max_msg_deliveries is ${deliveriesMin} to ${deliveriesMax}`;
  }
  const sequence = numberOf(fields, "start_consume_from_sequence", 1);
  if (sequence > 1 && numberOf(fields, "last_messages", -1) > -1) {
    return "start_consume_from_sequence and last_messages exclude each other";
  }
  if (!Number.isSafeInteger(sequence) || sequence < 0) return "start_consume_from_sequence is a whole number from 1";
  const ackWaitMs = numberOf(fields, "max_ack_time_ms", ackTimeDefaultMs) || ackTimeDefaultMs;
  if (ackWaitMs < 0) return "max_ack_time_ms is at least 1";
  return groupConfig({ name, ackWaitMs, deliveriesMax: deliveries, ackPendingMax, lingerMs });
}

/** A group that is there keeps its position; only how it repeats may change. */
async function define(groups: Groups, wanted: GroupConfig, deliver: DeliverFrom): Promise<void> {
  const known = groups.get(wanted.name);
  const { ackWaitMs, deliveriesMax: deliveries } = wanted;
  const most = groups.defaults.ackPendingMax;
  const config =
    known === undefined
      ? { ...wanted, deliver, ackPendingMax: most > 0 ? most : ackPendingMax }
      : { ...known.config, ackWaitMs, deliveriesMax: deliveries, backoffMs: [] };
  const defined = await groups.define(config, undefined);
  if (defined.kind === "refused") throw new Error(defined.problem.message);
}
