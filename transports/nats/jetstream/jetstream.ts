/**
 * JetStream in one tenant: the API over its stations and groups, and the advisories about both. It owns no state of its own but
 * what it answers with; any door's clients can ask it, because it listens on subjects.
 */
import type { Clock } from "../../../store/environment.ts";
import type { TenantGroups } from "../../../lib/consumer/tenant-groups.ts";
import { idMaker } from "../../../lib/random.ts";
import type { Random } from "../../../lib/random.ts";
import type { Stations } from "../../../lib/station/stations.ts";
import type { Tenant } from "../../../lib/tenant.ts";
import { apiLevel } from "../info.ts";
import { registerAccountApi } from "./account-api.ts";
import { advisor, adviseOfRequests, adviseOfStations } from "./advisories.ts";
import type { Advise } from "./advisories.ts";
import { Api } from "./api.ts";
import { ConsumerDoor } from "./consumer-door.ts";
import { registerDirectGet } from "./direct-get.ts";
import { registerBackup } from "./backup-api.ts";
import { FastBatchSpeaker } from "./fast-batch-speaker.ts";
import { registerMessageApi } from "./message-api.ts";
import { registerStreamApi } from "./stream-api.ts";

/** What it needs of the broker. */
export interface JetStreamHost {
  readonly clock: Clock;
  readonly random: Random;
  nextSessionId(): number;
}

export interface JetStreamOptions {
  readonly broker: JetStreamHost;
  readonly tenant: Tenant;
  readonly stations: Stations;
  readonly groups: TenantGroups;
  /** What INFO answers call the server. */
  readonly serverName?: string;
  /** The API's domain; "" = none. */
  readonly domain?: string | undefined;
  /** One line for the operator. */
  readonly report: (message: string) => void;
}

export class JetStream {
  readonly api: Api;
  /** Publishes an advisory. */
  readonly advise: Advise;
  readonly consumers: ConsumerDoor;

  constructor(options: JetStreamOptions) {
    const { broker, tenant, stations, groups, report } = options;
    this.api = new Api({ id: broker.nextSessionId(), clock: broker.clock, tenant, stations, report, domain: options.domain });
    this.advise = advisor({ clock: broker.clock, random: broker.random, tenant });
    registerAccountApi(this.api);
    registerStreamApi(this.api, options.serverName ?? "waystation");
    registerMessageApi(this.api);
    registerDirectGet(this.api);
    registerBackup({ api: this.api, groups, nextSessionId: () => broker.nextSessionId(), nextId: idMaker(broker.random, 22) });
    adviseOfRequests(this.api, options.serverName ?? "waystation", this.advise);
    adviseOfStations(stations, broker.clock, this.advise);
    stations.level = apiLevel;
    stations.voice = new FastBatchSpeaker(this.api);
    this.consumers = new ConsumerDoor({ api: this.api, groups, tenant, random: broker.random, id: broker.nextSessionId() });
  }

  /** Answers nothing more. */
  stop(): void {
    this.consumers.stop();
    this.api.stop();
  }
}
