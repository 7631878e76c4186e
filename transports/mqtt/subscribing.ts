/** SUBSCRIBE and UNSUBSCRIBE: filters judged one by one, made durable when the session is, then answered. */
import { Expression } from "../../lib/condition/condition.ts";
import type { MqttConnection } from "./connection.ts";
import type { MqttDoor } from "./door.ts";
import type { Interest, InterestRecord } from "./interest.ts";
import type { SubscribePacket, UnsubscribePacket } from "./packet/decoder.ts";
import { reason } from "./packet/reason.ts";
import { parseReplay, parseStationFilter } from "./replay.ts";
import type { ReplayRange } from "./replay.ts";
import { makeInterest } from "./tenant.ts";

/** Resolves with a reason code for each filter, when the subscriptions are in force and, for a durable session, durable. */
export async function subscribe(door: MqttDoor, connection: MqttConnection, packet: SubscribePacket): Promise<number[]> {
  const session = connection.session;
  const attachment = session?.attachment;
  if (session === undefined || attachment === undefined) return packet.entries.map(() => reason.unspecified);
  const tenant = door.tenantOf(attachment.tenant);
  const wishes = readWishes(packet, door);
  if (typeof wishes === "number") return packet.entries.map(() => wishes);
  const { last } = tenant.retained;
  const added: { readonly interest: Interest; readonly retainHandling: number; readonly isNew: boolean }[] = [];
  const histories: { readonly interest: Interest; readonly station: string | undefined }[] = [];
  const codes = packet.entries.map((entry) => {
    const history = parseStationFilter(entry.filter);
    const record: InterestRecord = {
      topicFilter: history === undefined ? entry.filter : history.filter,
      qos: entry.qos,
      noLocal: entry.noLocal,
      retainAsPublished: entry.retainAsPublished,
      identifier: packet.subscriptionIdentifier,
      since: session.interests.get(entry.filter)?.record.since ?? tenant.kept.log.state.lastSequence,
      condition: wishes.condition,
    };
    const interest = makeInterest(session, record);
    if (interest === undefined || levelsOf(entry.filter) > door.settings.levelsMax) return reason.topicFilterInvalid;
    if (!attachment.maySubscribe(interest.filter, interest.queue)) return door.settings.deniedSubscribeCode;
    interest.permitted = attachment.identity.permissions?.deliveryFilter(interest.filter, interest.queue, interest.parentToo);
    door.restrict(interest);
    if (history !== undefined || wishes.replay !== undefined) histories.push({ interest, station: history?.station });
    if (history !== undefined) return entry.qos;
    const isNew = !session.interests.has(entry.filter);
    const { subscriptionsMax } = attachment.identity.limits ?? door.settings;
    if (isNew && session.interests.size >= subscriptionsMax) return reason.quotaExceeded;
    session.addInterest(interest);
    added.push({ interest, retainHandling: entry.retainHandling, isNew });
    return entry.qos;
  });
  if (session.durable && added.length > 0) await tenant.save(session, connection.accepted?.sessionExpirySeconds ?? 0, 0);
  for (const { interest, retainHandling, isNew } of added) {
    if (interest.shared || retainHandling === 2 || (retainHandling === 1 && !isNew)) continue;
    // After SUBACK: the answer to this packet leaves first.
    door.clock.endOfTurn(() => door.sendRetained(tenant, session, interest, last));
  }
  for (const { interest, station } of histories) {
    door.clock.endOfTurn(() => door.replay(session, interest, station, wishes.replay ?? { kind: "all" }));
  }
  return codes;
}

/** What the user properties of a SUBSCRIBE ask for besides; a reason code when one of them is wrong. */
function readWishes(
  packet: SubscribePacket,
  door: MqttDoor,
): { readonly condition: string; readonly replay: ReplayRange | undefined } | number {
  let condition = "";
  let replay: ReplayRange | undefined;
  for (const [name, value] of packet.userProperties) {
    if (name === "condition") {
      try {
        condition = new Expression(value).text;
      } catch {
        return reason.implementationSpecific;
      }
    } else if (name === "replay") {
      replay = parseReplay(value, door.clock.nowUs());
      if (replay === undefined) return reason.implementationSpecific;
    }
  }
  return { condition, replay };
}

export async function unsubscribe(door: MqttDoor, connection: MqttConnection, packet: UnsubscribePacket): Promise<number[]> {
  const session = connection.session;
  const attachment = session?.attachment;
  if (session === undefined || attachment === undefined) return packet.filters.map(() => reason.unspecified);
  const codes = packet.filters.map((filter) => (session.removeInterest(filter) ? reason.success : reason.noSubscriptionExisted));
  if (session.durable) await door.tenantOf(attachment.tenant).save(session, connection.accepted?.sessionExpirySeconds ?? 0, 0);
  return codes;
}

function levelsOf(filter: string): number {
  let levels = 1;
  for (let at = filter.indexOf("/"); at >= 0; at = filter.indexOf("/", at + 1)) levels++;
  return levels;
}
