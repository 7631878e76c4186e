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
      return {
        memory,
        storage,
        reserved_memory: 0,
        reserved_storage: 0,
        streams: api.stations.size,
        consumers,
        limits: {
          max_memory: -1,
          max_storage: -1,
          max_streams: api.stations.stationsMax || -1,
          max_consumers: -1,
          max_ack_pending: -1,
          memory_max_stream_bytes: -1,
          storage_max_stream_bytes: -1,
          max_bytes_required: false,
        },
        api: { level: apiLevel, total: api.total, errors: api.errors },
      };
    },
  });
}
