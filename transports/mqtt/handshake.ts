/** CONNECT: who is it, which session does it get, and what does CONNACK say. */
import type { IConnackPacket } from "mqtt-packet";
import type { Identity } from "../../lib/auth/identity.ts";
import type { MqttConnection } from "./connection.ts";
import type { MqttDoor } from "./door.ts";
import { scramMethod } from "./enhanced-authentication.ts";
import type { Proven } from "./enhanced-authentication.ts";
import type { ConnectPacket } from "./packet/decoder.ts";
import { encodeRare } from "./packet/encoder.ts";
import { reason } from "./packet/reason.ts";
import type { MqttSession } from "./session.ts";

/** What a successful CONNECT led to. */
export interface Accepted {
  readonly session: MqttSession;
  readonly connack: Buffer;
  readonly keepAliveSeconds: number;
  /** May be changed by DISCONNECT. */
  sessionExpirySeconds: number;
}

const never = 0xffff_ffff;

/** Resolves with what was accepted, or with the reason code of the refusal. */
export async function authenticate(
  door: MqttDoor,
  connection: MqttConnection,
  packet: ConnectPacket,
  proven: Proven | undefined,
): Promise<Accepted | number> {
  let clientId = packet.clientId;
  let assigned = false;
  if (clientId === "") {
    if (packet.level === 3 || (packet.level === 4 && !packet.cleanStart)) return reason.clientIdentifierNotValid;
    clientId = `auto-${door.makeId()}`;
    assigned = true;
  }
  const identity = proven?.identity ?? (await identify(door, connection, packet));
  if (identity === undefined) return packet.userName === undefined ? reason.notAuthorized : reason.badUserNameOrPassword;
  const tenant = await door.openTenant(identity.tenant);
  // Who takes up a session that is there already adds none.
  if (!tenant.sessions.has(clientId) && door.broker.full(identity)) return reason.quotaExceeded;
  const { settings } = door;
  const asked = packet.level === 5 ? packet.sessionExpirySeconds : packet.cleanStart ? 0 : never;
  const sessionExpirySeconds = Math.min(asked, settings.sessionExpiryMaxSeconds);
  const { session, present } = await door.takeSession(connection, identity, clientId, packet.cleanStart, sessionExpirySeconds, packet.will);
  const capped =
    packet.level === 5 &&
    settings.keepAliveMaxSeconds > 0 &&
    (packet.keepAliveSeconds === 0 || packet.keepAliveSeconds > settings.keepAliveMaxSeconds);
  const keepAliveSeconds = capped ? settings.keepAliveMaxSeconds : packet.keepAliveSeconds;
  const connack: IConnackPacket =
    packet.level === 5
      ? {
          cmd: "connack",
          reasonCode: 0,
          sessionPresent: present,
          properties: {
            receiveMaximum: settings.receiveMaximum,
            maximumPacketSize: settings.packetBytesMax,
            topicAliasMaximum: settings.topicAliasMaximum,
            ...(asked === sessionExpirySeconds ? {} : { sessionExpiryInterval: sessionExpirySeconds }),
            ...(assigned ? { assignedClientIdentifier: clientId } : {}),
            ...(proven === undefined ? {} : { authenticationMethod: scramMethod, authenticationData: proven.answer }),
            ...(capped ? { serverKeepAlive: keepAliveSeconds } : {}),
            ...(packet.requestResponseInformation ? { responseInformation: `$reply/${clientId}` } : {}),
          },
        }
      : { cmd: "connack", returnCode: 0, sessionPresent: packet.level === 4 && present };
  return { session, connack: encodeRare(connack, packet.level), keepAliveSeconds, sessionExpirySeconds };
}

/** By what CONNECT shows. */
function identify(door: MqttDoor, connection: MqttConnection, packet: ConnectPacket): Promise<Identity | undefined> {
  const before = packet.userName === undefined && packet.password === undefined ? connection.connection.shown : undefined;
  return door.authentication.authenticate({
    user: before?.user ?? packet.userName,
    password: before?.password ?? (packet.userName === undefined ? undefined : packet.password?.toString("utf8")),
    // MQTT has no place of its own for a token: it is the password, or a user name without one.
    token: before?.token ?? packet.password?.toString("utf8") ?? packet.userName,
    nkey: undefined,
    signature: undefined,
    nonce: "",
    jwt: undefined,
    certificate: connection.connection.peerCertificate,
    remoteAddress: connection.connection.remoteAddress,
  });
}
