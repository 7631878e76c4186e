/** The INFO line: what the server tells of itself, in the field order of the servers that clients know. */

/** The version of nats-server whose features are met: clients switch features on by it. */
export const natsVersion = "2.14.0";
/**
 * The JetStream API level that is met. 1: pauses, time to live of messages, batches of direct gets. 2: atomic batches, counters,
 * schedules. 4: fast batches, repeating schedules.
 */
export const apiLevel = 4;

export interface ServerInfo {
  readonly serverId: string;
  readonly serverName: string;
  readonly host: string;
  readonly port: number;
  readonly payloadBytesMax: number;
  readonly authRequired: boolean;
  /** Addresses a client may reconnect to; empty for one broker alone. */
  readonly connectUrls: readonly string[];
  /** False: nobody answers the JetStream API. */
  readonly jetStream: boolean;
  readonly domain: string | undefined;
}

export interface ClientInfo {
  readonly clientId: number;
  readonly clientAddress: string;
  /** TLS: not at all, if the client wants it, or always; `verify`: with a client certificate. */
  readonly tls: "off" | "available" | "required" | "verify";
  /** What the client signs; undefined when keys are not asked for. */
  readonly nonce: string | undefined;
  /** Defined once connected: the tenant's name. */
  readonly tenant: string | undefined;
  readonly lameDuck: boolean;
}

export function infoLine(server: ServerInfo, client: ClientInfo): string {
  const required = client.tls === "required" || client.tls === "verify";
  const info = {
    server_id: server.serverId,
    server_name: server.serverName,
    version: natsVersion,
    proto: 1,
    go: `node${process.versions.node}`,
    host: server.host,
    port: server.port,
    headers: true,
    ...(server.authRequired ? { auth_required: true } : {}),
    ...(required ? { tls_required: true } : {}),
    ...(client.tls === "verify" ? { tls_verify: true } : {}),
    ...(client.tls === "available" ? { tls_available: true } : {}),
    max_payload: server.payloadBytesMax,
    ...(server.jetStream ? { jetstream: true } : {}),
    client_id: client.clientId,
    client_ip: client.clientAddress,
    ...(client.nonce === undefined ? {} : { nonce: client.nonce }),
    ...(server.connectUrls.length === 0 ? {} : { connect_urls: server.connectUrls }),
    ...(client.lameDuck ? { ldm: true } : {}),
    ...(client.tenant === undefined ? {} : { connect_info: true, remote_account: client.tenant }),
    ...(server.jetStream ? { api_lvl: apiLevel } : {}),
    ...(server.domain === undefined ? {} : { domain: server.domain }),
  };
  return `INFO ${JSON.stringify(info)} \r\n`;
}
