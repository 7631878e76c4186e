/** What a tenant has and may have: `$JS.API.INFO`, which clients ask first. */
import { apiLevel } from "../info.ts";
import type { Api } from "./api.ts";

export function registerAccountApi(api: Api): void {
  api.register({
    verb: "INFO",
    argsMin: 0,
    argsMax: 0,
    type: "account_info_response",
    handle: () => {
      let [memory, storage, consumers] = [0, 0, 0];
      for (const station of api.stations.list()) {
        if (station.config.storage === "memory") memory += station.log.state.bytes;
        else storage += station.log.state.bytes;
        consumers += station.groups.size;
      }
      const { allowance } = api.stations;
      const { limits } = allowance;
      return {
        memory,
        storage,
        reserved_memory: allowance.reserved("memory"),
        reserved_storage: allowance.reserved("file"),
        streams: api.stations.size,
        consumers,
        limits: {
          max_memory: limits.memoryBytesMax ?? -1,
          max_storage: limits.storageBytesMax ?? -1,
          max_streams: limits.stationsMax ?? -1,
          max_consumers: limits.groupsMax ?? -1,
          max_ack_pending: limits.ackPendingMax ?? -1,
          memory_max_stream_bytes: limits.memoryStationBytesMax ?? -1,
          storage_max_stream_bytes: limits.storageStationBytesMax ?? -1,
          max_bytes_required: limits.stationBytesRequired === true,
        },
        ...(api.domain === "" ? {} : { domain: api.domain }),
        api: { level: apiLevel, total: api.total, errors: api.errors },
      };
    },
  });
}
