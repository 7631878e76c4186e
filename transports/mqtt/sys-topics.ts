/** The `$SYS` topics people graph: a few numbers of the broker, published every ten seconds and shown to whoever subscribes. */
import { Message, nothing } from "../../lib/message.ts";
import { Subject } from "../../lib/router/subject.ts";
import type { Timer } from "../../lib/clock.ts";
import type { MqttDoor } from "./door.ts";
import type { Interest } from "./interest.ts";
import type { MqttSession } from "./session.ts";
import { subjectOfTopic } from "./topic.ts";

const intervalMs = 10_000;

export class SysTopics {
  readonly #door: MqttDoor;
  readonly #version: string;
  readonly #startedMs: number;
  #timer: Timer | undefined;

  constructor(door: MqttDoor, version: string) {
    this.#door = door;
    this.#version = version;
    this.#startedMs = door.clock.monotonicMs();
    this.#schedule();
  }

  /** Topics and values as they are now. The names are mosquitto's. */
  values(): [topic: string, value: string][] {
    const door = this.#door;
    let subscriptions = 0;
    let retained = 0;
    let total = 0;
    for (const tenant of door.tenants) {
      total += tenant.sessions.size;
      retained += tenant.retained.log.state.messages;
      for (const session of tenant.sessions.values()) subscriptions += session.interests.size;
    }
    const connected = door.connections.size;
    const { counters } = door;
    return [
      ["$SYS/broker/version", `waystation ${this.#version}`],
      ["$SYS/broker/uptime", `${Math.floor((door.clock.monotonicMs() - this.#startedMs) / 1000)} seconds`],
      ["$SYS/broker/clients/connected", String(connected)],
      ["$SYS/broker/clients/disconnected", String(Math.max(0, total - connected))],
      ["$SYS/broker/clients/total", String(total)],
      ["$SYS/broker/messages/received", String(counters.messagesReceived)],
      ["$SYS/broker/messages/sent", String(counters.messagesSent)],
      ["$SYS/broker/publish/messages/dropped", String(counters.dropped)],
      ["$SYS/broker/bytes/received", String(counters.bytesReceived)],
      ["$SYS/broker/subscriptions/count", String(subscriptions)],
      ["$SYS/broker/retained messages/count", String(retained)],
    ];
  }

  sendTo(session: MqttSession, interest: Interest): void {
    for (const [topic, value] of this.values()) {
      const subject = Buffer.from(subjectOfTopic(topic), "utf8");
      if (!interest.wants(subject, 0, subject.length)) continue;
      const payload = Buffer.from(value, "utf8");
      session.connection?.sendRetained(Buffer.from(topic, "utf8"), payload, 0, payload.length, nothing, -1, []);
    }
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #schedule(): void {
    this.#timer = this.#door.clock.after(intervalMs, () => {
      this.#publish();
      this.#schedule();
    });
  }

  #publish(): void {
    const message = new Message(new Subject(nothing, true));
    for (const [topic, value] of this.values()) {
      const subject = Buffer.from(subjectOfTopic(topic), "utf8");
      message.body = Buffer.from(value, "utf8");
      message.bodyEnd = message.body.length;
      for (const { tenant } of this.#door.tenants) {
        message.subject = tenant.router.resolve(subject, 0, subject.length);
        tenant.publish(tenant.system, message, 0);
      }
    }
  }
}
