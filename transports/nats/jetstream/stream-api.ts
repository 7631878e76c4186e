/** The stream half of the API: create, update, delete, purge, info, names and list. */
import type { StationConfig } from "../../../lib/station/config.ts";
import type { Station } from "../../../lib/station/station.ts";
import { filterProblem } from "../../../lib/filter.ts";
import type { Api, ApiAnswer, ApiRequest } from "./api.ts";
import { apiErrors } from "./errors.ts";
import { count, decodeRequest, flag, text, timeText } from "./json.ts";
import type { Values } from "./json.ts";
import { stationOf, streamConfig, streamConfigRequestFields } from "./stream-config.ts";
import { originState, noDetails, streamState, subjectsPageMax } from "./stream-info.ts";

const namesPageMax = 1024;
const listPageMax = 256;

const emptyInfo: object = { total: 0, offset: 0, limit: 0 };

/** Registers the verbs. `serverName` is what INFO calls itself. */
export function registerStreamApi(api: Api, serverName: string): void {
  const { stations, clock } = api;
  const one = { argsMin: 1, argsMax: 1 };
  const none = { argsMin: 0, argsMax: 0 };
  const found = (name: string | undefined): Station => {
    const station = stations.named(name ?? "");
    if (station === undefined) throw apiErrors.streamNotFound();
    return station;
  };
  const describe = async (station: Station): Promise<object> => ({
    config: streamConfig(station.config),
    created: timeText(station.createdUs),
    state: (await streamState(station, noDetails)).state,
    ...originState(station, clock.nowUs(), false),
    ts: timeText(clock.nowUs()),
  });
  /** The station a request asks for; a mirror may answer direct gets where its origin may. */
  const asked = (values: Values, before: StationConfig | undefined): StationConfig => {
    const config = stationOf(values, before);
    const origin = config.mirror === undefined ? undefined : stations.get(config.mirror.origin);
    return origin === undefined ? config : { ...config, mirrorDirect: origin.config.allowDirect };
  };

  api.register({
    verb: "STREAM.CREATE",
    ...one,
    type: "stream_create_response",
    handle: async (request) => {
      const values = decodeRequest(request.payload, streamConfigRequestFields, "StreamConfigRequest");
      const name = text(values, "name");
      if (name !== request.args[0]) throw apiErrors.streamNameMismatch();
      if (/[/\\]/.test(name)) throw apiErrors.nameHasSeparators();
      const { station } = await stations.create(asked(values, stations.configOf(name)));
      return { ...(await describe(station)), did_create: true };
    },
  });
  api.register({
    verb: "STREAM.UPDATE",
    ...one,
    type: "stream_update_response",
    handle: async (request) => {
      const values = decodeRequest(request.payload, streamConfigRequestFields, "StreamConfigRequest");
      if (text(values, "name") !== request.args[0]) throw apiErrors.streamNameMismatch();
      const before = stations.configOf(request.args[0] ?? "");
      if (before === undefined) throw apiErrors.streamNotFound();
      return await describe(await stations.update(asked(values, before)));
    },
  });
  api.register({
    verb: "STREAM.DELETE",
    ...one,
    type: "stream_delete_response",
    handle: async (request) => {
      if (request.payload.length > 0) throw apiErrors.payloadExpectedEmpty();
      await stations.delete(request.args[0] ?? "");
      return { success: true };
    },
  });
  api.register({
    verb: "STREAM.PURGE",
    ...one,
    type: "stream_purge_response",
    errorFields: { purged: 0 },
    handle: async (request) => {
      const values = decodeRequest(request.payload, { filter: "string", seq: "uint64", keep: "uint64" }, "JSApiStreamPurgeRequest");
      const name = request.args[0] ?? "";
      if (stations.configOf(name) === undefined) throw apiErrors.streamNotFound();
      const [upTo, keep, filter] = [count(values, "seq"), count(values, "keep"), text(values, "filter")];
      if (upTo > 0 && keep > 0) throw apiErrors.badRequest();
      if (filter !== "" && filterProblem(filter) !== undefined) return { success: true, purged: 0 };
      const purged = await stations.purge(name, { filter, upTo, keep });
      return { success: true, purged };
    },
  });
  api.register({
    verb: "STREAM.INFO",
    ...one,
    type: "stream_info_response",
    errorFields: emptyInfo,
    handle: async (request) => {
      const fields = { deleted_details: "bool", subjects_filter: "string", offset: "int" } as const;
      const values = decodeRequest(request.payload, fields, "JSApiStreamInfoRequest");
      const station = found(request.args[0]);
      const details = {
        deleted: flag(values, "deleted_details"),
        subjectsFilter: text(values, "subjects_filter"),
        offset: count(values, "offset"),
      };
      // Who publishes without waiting and then asks wants to see what it published.
      await station.store.flush().catch(() => undefined);
      const { state, subjectsTotal, offset } = await streamState(station, details);
      return {
        total: subjectsTotal,
        offset,
        limit: subjectsTotal === 0 ? 0 : subjectsPageMax,
        config: streamConfig(station.config),
        created: timeText(station.createdUs),
        state,
        cluster: { leader: serverName },
        ...originState(station, clock.nowUs()),
        ts: timeText(clock.nowUs()),
      };
    },
  });

  const page = (
    request: ApiRequest,
    limit: number,
  ): { readonly all: readonly Station[]; readonly offset: number; readonly page: Station[] } => {
    const values = decodeRequest(request.payload, { offset: "int", subject: "string" }, "JSApiStreamNamesRequest");
    const subject = text(values, "subject");
    const all = subject === "" ? stations.list() : filterProblem(subject) === undefined ? stations.capturing(subject) : [];
    const offset = Math.min(Math.max(0, count(values, "offset")), all.length);
    return { all, offset, page: all.slice(offset, offset + limit) };
  };
  api.register({
    verb: "STREAM.NAMES",
    ...none,
    type: "stream_names_response",
    errorFields: { ...emptyInfo, streams: null },
    handle: (request): ApiAnswer => {
      const { all, offset, page: stations } = page(request, namesPageMax);
      const names = stations.length === 0 ? null : stations.map((station) => station.name);
      return { total: all.length, offset, limit: namesPageMax, streams: names };
    },
  });
  api.register({
    verb: "STREAM.LIST",
    ...none,
    type: "stream_list_response",
    errorFields: { ...emptyInfo, streams: [] },
    handle: async (request) => {
      const { all, offset, page: stations } = page(request, listPageMax);
      const streams = await Promise.all(
        stations.map(async (station) => ({
          config: streamConfig(station.config, false),
          created: timeText(station.createdUs),
          state: (await streamState(station, noDetails)).state,
          ...originState(station, clock.nowUs()),
          ts: timeText(clock.nowUs()),
        })),
      );
      return { total: all.length, offset, limit: listPageMax, streams };
    },
  });
  for (const [verb, type] of [
    ["STREAM.LEADER.STEPDOWN", "stream_leader_stepdown_response"],
    ["STREAM.PEER.REMOVE", "stream_remove_peer_response"],
    ["CONSUMER.LEADER.STEPDOWN", "consumer_leader_stepdown_response"],
  ] as const) {
    const handle = (): ApiAnswer => {
      throw apiErrors.clusteringRequired();
    };
    api.register({ verb, argsMin: 1, argsMax: verb.startsWith("CONSUMER") ? 2 : 1, type, handle });
  }
}
