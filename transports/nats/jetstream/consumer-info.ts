/** A group's state as the API tells it: the fields of nats-server's ConsumerInfo, in its order. */
import type { Group } from "../../../lib/consumer/group.ts";
import { encodeConsumer } from "./consumer-config.ts";
import { timeText, zeroTime } from "./json.ts";

export function consumerInfo(station: string, group: Group, nowUs: number): object {
  const { config } = group;
  const pausedMs = (config.pausedUntilUs - nowUs) / 1000;
  return {
    stream_name: station,
    name: group.name,
    created: timeText(group.createdUs),
    config: encodeConsumer(config),
    delivered: pair(group.deliveredCount, group.deliveredSequence, group.deliveredUs),
    ack_floor: pair(group.floorCount, group.floorSequence, group.ackedUs),
    num_ack_pending: group.ackPending,
    num_redelivered: config.deliveriesMax === 1 ? 0 : group.redelivered,
    num_waiting: group.waiting,
    num_pending: group.outstanding,
    push_bound: (config.push !== undefined && group.pushActive) || undefined,
    paused: pausedMs > 0 || undefined,
    pause_remaining: pausedMs > 0 ? Math.round(pausedMs * 1e6) : undefined,
    priority_groups: priorityGroups(group),
    ts: timeText(nowUs),
  };
}

/** Of the first group alone, as nats-server does. */
function priorityGroups(group: Group): object[] | undefined {
  const name = group.config.priority?.groups[0];
  if (name === undefined) return undefined;
  const { id, givenUs } = group.pin;
  return [{ group: name, pinned_client_id: id || undefined, pinned_ts: id === "" ? zeroTime : timeText(givenUs) }];
}

function pair(count: number, sequence: number, lastUs: number): object {
  return { consumer_seq: count, stream_seq: sequence, last_active: lastUs > 0 ? timeText(lastUs) : undefined };
}
