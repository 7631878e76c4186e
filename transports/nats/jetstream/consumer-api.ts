/**
 * The API's verbs about consumers: create in its three forms, info, delete, names, list, pause, reset, unpin. Translates between
 * JetStream's words and the core's; what a group does is not here.
 */
import type { Defined, Groups } from "../../../lib/consumer/groups.ts";
import type { Group } from "../../../lib/consumer/group.ts";
import type { TenantGroups } from "../../../lib/consumer/tenant-groups.ts";
import type { Station } from "../../../lib/station/station.ts";
import { StoreError } from "../../../store/store.ts";
import type { Api, ApiRequest } from "./api.ts";
import type { ConsumerAdvisories } from "./consumer-advisories.ts";
import { consumerFields, decodeConsumer } from "./consumer-config.ts";
import { consumerInfo } from "./consumer-info.ts";
import { consumerApiError, consumerErrors } from "./consumer-refusals.ts";
import { apiErrors } from "./errors.ts";
import { decodeRequest, timeText, zeroTime } from "./json.ts";
import type { Values } from "./json.ts";

const namesMax = 1024;
const listMax = 256;
const emptyPage = { total: 0, offset: 0, limit: 0, consumers: [] };

export interface ConsumerApiOptions {
  readonly api: Api;
  readonly groups: TenantGroups;
  readonly advisories: ConsumerAdvisories;
  /** Makes the names of those who ask for none. */
  readonly makeName: () => string;
}

interface Found {
  readonly station: Station;
  readonly groups: Groups;
}

export class ConsumerApi {
  readonly #options: ConsumerApiOptions;

  constructor(options: ConsumerApiOptions) {
    this.#options = options;
  }

  register(): void {
    const { api } = this.#options;
    const one = { argsMin: 2, argsMax: 2 };
    const create = { argsMin: 1, argsMax: 1000, type: "consumer_create_response" };
    api.register({ verb: "CONSUMER.CREATE", ...create, handle: (request) => this.#create(request) });
    api.register({ verb: "CONSUMER.DURABLE.CREATE", ...create, handle: (request) => this.#createDurable(request) });
    api.register({ verb: "CONSUMER.INFO", ...one, type: "consumer_info_response", handle: (request) => this.#info(request) });
    api.register({ verb: "CONSUMER.DELETE", ...one, type: "consumer_delete_response", handle: (request) => this.#delete(request) });
    api.register({ verb: "CONSUMER.PAUSE", ...one, type: "consumer_pause_response", handle: (request) => this.#pause(request) });
    api.register({ verb: "CONSUMER.RESET", ...one, type: "consumer_reset_response", handle: (request) => this.#reset(request) });
    api.register({ verb: "CONSUMER.UNPIN", ...one, type: "consumer_unpin_response", handle: (request) => this.#unpin(request) });
    const all = { argsMin: 1, argsMax: 1, errorFields: emptyPage };
    api.register({ verb: "CONSUMER.NAMES", ...all, type: "consumer_names_response", handle: (request) => this.#names(request) });
    api.register({ verb: "CONSUMER.LIST", ...all, type: "consumer_list_response", handle: (request) => this.#list(request) });
  }

  #create(request: ApiRequest): Promise<object> {
    const values = decodeRequest(request.payload, createFields, "CreateConsumerRequest");
    const [stream = "", name = "", ...filter] = request.args;
    const config = given(values);
    if (text(values, "stream_name") !== stream) throw consumerErrors.streamMismatch();
    const durable = text(config, "durable_name");
    if (request.args.length === 1) {
      if (durable !== "") throw consumerErrors.ephemeralWithDurable();
      return this.#define(stream, text(config, "name") || this.#options.makeName(), values);
    }
    if (/[\\/]/.test(name)) throw consumerErrors.pathSeparators();
    if (durable !== "" && durable !== name) throw consumerErrors.durableNotMatching();
    const filtered = filter.join(".");
    if (filtered !== "") {
      if (Array.isArray(config["filter_subjects"]) && config["filter_subjects"].length > 0) throw consumerErrors.filtersInSubject();
      if (text(config, "filter_subject") !== filtered) throw consumerErrors.filterMismatch();
    }
    return this.#define(stream, name, values);
  }

  #createDurable(request: ApiRequest): Promise<object> {
    const values = decodeRequest(request.payload, createFields, "CreateConsumerRequest");
    const [stream = "", name = ""] = request.args;
    if (request.args.length !== 2) throw consumerErrors.durableNotInSubject();
    const config = given(values);
    if (text(values, "stream_name") !== stream) throw consumerErrors.streamMismatch();
    if (/[\\/]/.test(name)) throw consumerErrors.pathSeparators();
    if (text(config, "durable_name") === "") throw consumerErrors.durableNotSet();
    if (text(config, "durable_name") !== name) throw consumerErrors.durableNotMatching();
    if (text(config, "name") !== "" && text(config, "name") !== name) throw consumerErrors.nameMismatch();
    return this.#define(stream, name, values);
  }

  async #define(stream: string, name: string, values: Values): Promise<object> {
    const { groups } = this.#found(stream);
    const before = groups.get(name);
    const decoded = decodeConsumer(given(values), name, groups.defaults);
    // A pause is changed by its own verb alone, and how long a partly filled pull waits by other doors.
    const config =
      before === undefined ? decoded : { ...decoded, pausedUntilUs: before.config.pausedUntilUs, lingerMs: before.config.lingerMs };
    const action = text(values, "action");
    const only = action === "create" ? "create" : action === "update" ? "change" : undefined;
    const defined = await this.#kept(groups.define(config, only));
    if (defined.kind === "refused") throw consumerApiError(defined.problem);
    if (!("group" in defined)) throw defined.kind === "exists" ? consumerErrors.exists() : consumerErrors.missing();
    const { group } = defined;
    if (defined.kind === "created") {
      this.#options.advisories.acted(stream, name, "create");
      if (group.config.pausedUntilUs > this.#nowUs()) this.#options.advisories.paused(stream, name, group.config.pausedUntilUs);
    }
    return consumerInfo(stream, group, this.#nowUs());
  }

  async #info(request: ApiRequest): Promise<object> {
    if (request.payload.length > 0 && request.payload.toString().trim() !== "{}") throw apiErrors.payloadExpectedEmpty();
    const { group } = this.#foundGroup(request);
    await group.opened;
    return consumerInfo(request.args[0] ?? "", group, this.#nowUs());
  }

  async #delete(request: ApiRequest): Promise<object> {
    const { groups, group } = this.#foundGroup(request);
    if (!(await this.#kept(groups.delete(group.name)))) throw consumerErrors.notFound();
    return { success: true };
  }

  async #pause(request: ApiRequest): Promise<object> {
    const values = decodeRequest(request.payload, { pause_until: "time" }, "JSApiConsumerPauseRequest");
    const { groups, group } = this.#foundGroup(request);
    const untilUs = typeof values["pause_until"] === "number" ? values["pause_until"] : 0;
    const was = group.config.pausedUntilUs > this.#nowUs();
    await this.#kept(groups.pause(group, untilUs));
    const leftUs = untilUs - this.#nowUs();
    if (was || leftUs > 0) this.#options.advisories.paused(request.args[0] ?? "", group.name, untilUs);
    return {
      paused: leftUs > 0,
      pause_until: untilUs > 0 ? timeText(untilUs) : zeroTime,
      pause_remaining: leftUs > 0 ? leftUs * 1000 : undefined,
    };
  }

  async #reset(request: ApiRequest): Promise<object> {
    const values = decodeRequest(request.payload, { seq: "uint64" }, "JSApiConsumerResetRequest");
    const { groups, group } = this.#foundGroup(request);
    const sequence = typeof values["seq"] === "number" ? values["seq"] : 0;
    const { deliver } = group.config;
    if (sequence > 0) {
      if (deliver.kind === "sequence" && sequence < deliver.sequence) throw consumerErrors.invalidReset("below start seq");
      if (deliver.kind === "time" && sequence < (await groups.log.findTime(deliver.timeUs))) {
        throw consumerErrors.invalidReset("below start time");
      }
      if (deliver.kind !== "all" && deliver.kind !== "sequence" && deliver.kind !== "time")
        throw consumerErrors.invalidReset("not allowed");
    }
    const next = await this.#kept(groups.reset(group, sequence));
    return { ...consumerInfo(request.args[0] ?? "", group, this.#nowUs()), reset_seq: next };
  }

  #unpin(request: ApiRequest): object {
    const values = decodeRequest(request.payload, { group: "string" }, "JSApiConsumerUnpinRequest");
    const name = text(values, "group");
    if (name === "") throw apiErrors.invalidJson("consumer group not specified");
    if (!/^[a-zA-Z0-9/_=-]{1,16}$/.test(name)) throw consumerErrors.priorityGroupInvalid();
    const { group } = this.#foundGroup(request);
    if (group.config.priority?.groups.includes(name) !== true) throw consumerErrors.noPriorityGroup();
    group.unpin(name);
    return {};
  }

  #names(request: ApiRequest): object {
    const { names, offset } = this.#page(request, namesMax);
    return { total: names.total, offset, limit: namesMax, consumers: names.page };
  }

  async #list(request: ApiRequest): Promise<object> {
    const stream = request.args[0] ?? "";
    const { names, offset, groups } = this.#page(request, listMax);
    const consumers: object[] = [];
    for (const name of names.page) {
      const group = groups.get(name);
      await group?.opened;
      if (group !== undefined) consumers.push(consumerInfo(stream, group, this.#nowUs()));
    }
    return { total: names.total, offset, limit: listMax, consumers };
  }

  #page(request: ApiRequest, limit: number): { names: { total: number; page: string[] }; offset: number; groups: Groups } {
    const values = decodeRequest(request.payload, { offset: "int", subject: "string" }, "JSApiConsumersRequest");
    const { groups } = this.#found(request.args[0] ?? "");
    const all = groups.names();
    const offset = Math.min(all.length, typeof values["offset"] === "number" ? Math.max(0, values["offset"]) : 0);
    return { names: { total: all.length, page: all.slice(offset, offset + limit) }, offset, groups };
  }

  #found(stream: string): Found {
    const station = this.#options.api.stations.named(stream);
    const groups = station === undefined ? undefined : this.#options.groups.of(station.name);
    if (station === undefined || groups === undefined) throw apiErrors.streamNotFound();
    return { station, groups };
  }

  #foundGroup(request: ApiRequest): Found & { readonly group: Group } {
    const found = this.#found(request.args[0] ?? "");
    const group = found.groups.get(request.args[1] ?? "");
    if (group === undefined) throw consumerErrors.notFound();
    return { ...found, group };
  }

  /** The store's own errors in the API's words. */
  async #kept<T extends Defined | boolean | number | void>(change: Promise<T>): Promise<T> {
    try {
      return await change;
    } catch (error) {
      if (error instanceof StoreError) throw apiErrors.storeFailed(error.message);
      throw error;
    }
  }

  #nowUs(): number {
    return this.#options.api.clock.nowUs();
  }
}

const createFields = {
  stream_name: "string",
  config: { object: consumerFields },
  action: { choice: ["create", "update", ""] },
  pedantic: "bool",
} as const;

function given(values: Values): Values {
  const config = values["config"];
  return isValues(config) ? config : {};
}

function isValues(value: unknown): value is Values {
  return typeof value === "object" && value !== null;
}

function text(values: Values, field: string): string {
  const value = values[field];
  return typeof value === "string" ? value : "";
}
