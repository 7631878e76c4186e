/** The will: a message the client left with the broker, published when the client goes without saying goodbye. */
import { Message, nothing } from "../../lib/message.ts";
import { Subject } from "../../lib/router/subject.ts";
import type { MqttDoor } from "./door.ts";
import { headersOf, forwardable } from "./forward.ts";
import { InboundPublish } from "./inbound.ts";
import { PublishView } from "./packet/decoder.ts";
import type { MqttSession } from "./session.ts";
import { subjectBytesMax, writeSubject } from "./topic.ts";
import type { MqttTenant } from "./tenant.ts";

/** Publishes `session.will` once and forgets it. */
export function publishWill(door: MqttDoor, tenant: MqttTenant, session: MqttSession): void {
  const { will, attachment } = session;
  session.will = undefined;
  if (will === undefined || attachment === undefined) return;
  const view = new PublishView();
  view.bytes = will.payload;
  view.qos = will.qos;
  view.retain = will.retain;
  view.payloadEnd = will.payload.length;
  view.expirySeconds = will.expirySeconds;
  // Not a frame that could be copied as it is.
  view.topicAlias = 1;
  const inbound = new InboundPublish(view);
  inbound.clientId = session.clientId;
  inbound.level = 5;
  inbound.topic = will.topic;
  inbound.properties = forwardable(will.properties, 0, will.properties.length);
  inbound.expiresAtSeconds = will.expirySeconds < 0 ? 0 : Math.floor(door.clock.nowUs() / 1_000_000) + will.expirySeconds;
  const target = Buffer.allocUnsafe(subjectBytesMax(will.topic.length));
  const length = writeSubject(target, will.topic, 0, will.topic.length);
  const subject = attachment.subject(target, 0, length);
  if (!attachment.mayPublish(subject)) return;
  const message = new Message(new Subject(nothing, true));
  const headers = headersOf(will.properties, 0, will.properties.length);
  message.subject = subject;
  message.source = inbound;
  message.body = headers.length === 0 ? will.payload : Buffer.concat([headers, will.payload]);
  message.headerBytes = headers.length;
  message.bodyEnd = message.body.length;
  attachment.publish(message, 0);
  if (will.retain) tenant.retained.set(subject, inbound, view, undefined);
}
