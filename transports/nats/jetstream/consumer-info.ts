/** A group's state as the API tells it: the fields of nats-server's ConsumerInfo, in its order. */
import type { Group } from "../../../lib/consumer/group.ts";
import { encodeConsumer } from "./consumer-config.ts";
import { timeText } from "./json.ts";

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
    ts: timeText(nowUs),
  };
}

function pair(count: number, sequence: number, lastUs: number): object {
  return { consumer_seq: count, stream_seq: sequence, last_active: lastUs > 0 ? timeText(lastUs) : undefined };
}
