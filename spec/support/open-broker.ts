/** A broker with its doors on free ports, over a store the spec chooses. */
import type { Identity } from "../../lib/auth/identity.ts";
import { SystemClock } from "../../lib/clock.ts";
import { defaultLimits } from "../../lib/limits.ts";
import { SystemRandom } from "../../lib/random.ts";
import type { Store } from "../../store/store.ts";
import type { MqttSettings } from "../../transports/mqtt/settings.ts";
import type { Authentication } from "../../transports/nats/authentication.ts";
import type { WebTls } from "../../transports/carriages/web/engine.ts";
import type { CredentialCookies } from "../../transports/web/credentials.ts";
import { OpenBroker } from "../../transports/open.ts";
import { ModelStore } from "./model-store.ts";

export const nobody: Identity = { user: "", tenant: "$G", permissions: undefined, expiresMs: undefined };

export interface SpecBroker extends AsyncDisposable {
  readonly opened: OpenBroker;
  readonly natsUrl: string;
  readonly mqttUrl: string;
  readonly webUrl: string;
  readonly mqttPort: number;
  readonly reports: readonly string[];
}

export interface SpecBrokerOptions {
  readonly store?: Store;
  readonly mqtt?: Partial<MqttSettings>;
  readonly webEngine?: "uWebSockets.js" | "ws";
  readonly webCompression?: boolean;
  readonly webTls?: WebTls;
  readonly webCookies?: CredentialCookies;
  readonly authentication?: Authentication;
  /** Monitoring at a port of its own. */
  readonly monitor?: boolean;
}

export async function openSpecBroker(options: SpecBrokerOptions = {}): Promise<SpecBroker> {
  const clock = new SystemClock();
  const reports: string[] = [];
  const opened = new OpenBroker({
    clock,
    random: new SystemRandom(),
    fileStore: undefined,
    memoryStore: options.store ?? new ModelStore(clock),
    authentication: options.authentication ?? { anonymous: nobody, asksForKeys: false, authenticate: () => Promise.resolve(nobody) },
    serverName: "spec",
    version: "0.0.0",
    host: "127.0.0.1",
    natsPort: 0,
    mqttPort: 0,
    webPort: 0,
    webEngine: options.webEngine,
    webCompression: options.webCompression,
    webTls: options.webTls,
    webCookies: options.webCookies,
    monitor: options.monitor === true ? { host: "127.0.0.1", port: 0 } : undefined,
    limits: defaultLimits,
    mqttSettings: options.mqtt,
    report: (message) => reports.push(message),
  });
  await opened.open();
  const { nats, mqtt, web } = opened.addresses;
  return {
    opened,
    natsUrl: nats?.url ?? "",
    mqttUrl: mqtt?.url ?? "",
    webUrl: web?.url ?? "",
    mqttPort: mqtt?.port ?? 0,
    reports,
    [Symbol.asyncDispose]: () => opened.close(),
  };
}
