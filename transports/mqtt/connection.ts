/**
 * One network connection of a client: the handshake, keep-alive, publishes on their way in, frames on their way out. It belongs to
 * a session from CONNACK on and leaves it behind when it closes. What the peer may not do ends it with the reason code of the
 * specification, told before the socket closes.
 */
import type { Timer } from "../../lib/clock.ts";
import type { Message } from "../../lib/message.ts";
import { Message as BrokerMessage, nothing } from "../../lib/message.ts";
import { Subject } from "../../lib/router/subject.ts";
import type { CloseReason } from "../../lib/transport.ts";
import type { Connection, ConnectionHandler, EndReason } from "../carriages/connection.ts";
import { Outbox } from "../outbox.ts";
import { AckQueue } from "./ack-queue.ts";
import { AuthenticationDialogue, scramMethod } from "./enhanced-authentication.ts";
import type { Proven } from "./enhanced-authentication.ts";
import { authenticate } from "./handshake.ts";
import type { Accepted } from "./handshake.ts";
import { completed, forwardable, headersOf, propertiesOf } from "./forward.ts";
import { InboundPublish } from "./inbound.ts";
import type { MqttDoor } from "./door.ts";
import { MqttDecoder, PublishView } from "./packet/decoder.ts";
import type { ConnectPacket, PacketHandler, ProtocolLevel, SubscribePacket, UnsubscribePacket, Will } from "./packet/decoder.ts";
import { disconnectFrame, encodeRare, pingResponse, publishBytes, writeAck, writeExplainedAck, writePublish } from "./packet/encoder.ts";
import { MqttFault, reason } from "./packet/reason.ts";
import type { Entry, MqttSession } from "./session.ts";
import { secondsLeft } from "./session.ts";
import { subscribe, unsubscribe } from "./subscribing.ts";
import { subjectBytesMax, topicOfSubject, writeSubject } from "./topic.ts";

const topicAliasMaxOut = 64;

export class MqttConnection implements ConnectionHandler, PacketHandler {
  readonly door: MqttDoor;
  readonly connection: Connection;
  readonly outbox: Outbox;
  /** Undefined until CONNACK. */
  session: MqttSession | undefined = undefined;
  level: ProtocolLevel = 4;
  /** Deliveries the client takes unacknowledged. */
  window = 100;
  will: Will | undefined = undefined;
  requestProblemInformation = true;
  accepted: Accepted | undefined = undefined;
  /** For the operator: messages and bytes of payload, and when it came, in microseconds since the epoch. */
  messagesIn = 0;
  messagesOut = 0;
  bytesIn = 0;
  bytesOut = 0;
  readonly startUs: number;
  readonly #decoder: MqttDecoder;
  #acks: AckQueue;
  /** Identifiers of QoS 2 publishes of this connection not yet released: they count against the receive maximum. */
  readonly #unreleased: Set<number> = new Set();
  readonly #message: BrokerMessage = new BrokerMessage(new Subject(nothing, true));
  readonly #inbound: InboundPublish = new InboundPublish(new PublishView());
  #packetBytesMaxOut = 0;
  #aliasesIn: (Buffer | undefined)[] = [];
  #aliasesOut: Map<string, number> = new Map();
  #aliasesOutMax = 0;
  #subjectBuffer: Buffer = Buffer.allocUnsafe(256);
  #topicBefore: Buffer = nothing;
  #subjectBefore: Subject | undefined;
  #timer: Timer | undefined;
  #keepAliveMs = 0;
  #heardMs: number;
  #closed = false;
  #ending = false;
  #clean = false;
  /** CONNECT is being judged: what comes meanwhile waits. */
  #judging = false;
  /** Since CONNECT named a method. */
  #dialogue: AuthenticationDialogue | undefined;

  constructor(door: MqttDoor, connection: Connection) {
    this.door = door;
    this.connection = connection;
    this.outbox = new Outbox({
      connection,
      pool: door.pool,
      flushList: door.flushList,
      pendingBytesMax: door.pendingBytesMax,
      roomBytesMax: door.pendingBytesMax / 2,
      drained: () => this.#drained(),
    });
    this.#decoder = new MqttDecoder(this, door.settings.packetBytesMax);
    this.#acks = new AckQueue(ignore, 1);
    this.#heardMs = door.clock.monotonicMs();
    this.startUs = door.clock.nowUs();
    this.#timer = door.clock.after(door.settings.connectTimeoutMs, () => this.destroy());
  }

  get room(): number {
    return this.#closed ? 0 : this.outbox.room;
  }

  /** When it was last heard of, in microseconds since the epoch. */
  get activeUs(): number {
    const { clock } = this.door;
    return clock.nowUs() - Math.round((clock.monotonicMs() - this.#heardMs) * 1000);
  }

  // -- carriage ---------------------------------------------------------------------------------------------------------

  data(chunk: Buffer): void {
    this.#heardMs = this.door.clock.monotonicMs();
    this.door.counters.bytesReceived += chunk.length;
    this.#decoder.push(chunk);
    if (this.#decoder.keptBytes > this.door.settings.packetBytesMax) this.destroy();
  }

  closed(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer?.cancel();
    this.#decoder.stop();
    this.outbox.close();
    this.door.connectionClosed(this, this.#clean);
  }

  destroy(): void {
    this.connection.destroy();
  }

  // -- CONNECT ----------------------------------------------------------------------------------------------------------

  connect(packet: ConnectPacket): void {
    this.level = packet.level;
    const method = packet.authenticationMethod;
    if (method === undefined) return this.#judge(packet, undefined);
    if (method !== scramMethod) return this.refuse(reason.badAuthenticationMethod);
    this.#dialogue = new AuthenticationDialogue(this.door.authentication, this.connection.remoteAddress, {
      challenge: (data) => this.#sendAuth(reason.continueAuthentication, data),
      refused: (code) => (this.session === undefined ? this.refuse(code) : this.#fail(code)),
      proven: (proven) => (this.session === undefined ? this.#judge(packet, proven) : this.#provenAgain(this.session, proven)),
    });
    this.#dialogue.begin(packet.authenticationData);
  }

  #judge(packet: ConnectPacket, proven: Proven | undefined): void {
    if (this.#closed || this.#ending) return;
    this.#judging = true;
    this.#decoder.pause();
    this.connection.pause();
    authenticate(this.door, this, packet, proven).then(
      (answer) => this.#judged(packet, answer),
      () => this.refuse(reason.serverUnavailable),
    );
  }

  #judged(packet: ConnectPacket, answer: Accepted | number): void {
    if (this.#closed || this.#ending) {
      if (typeof answer === "number") return;
      // The client went while it was judged: what it was given is given back.
      this.session = answer.session;
      this.accepted = answer;
      if (this.#closed) this.door.connectionClosed(this, true);
      return;
    }
    if (typeof answer === "number") {
      this.refuse(answer);
      return;
    }
    this.accepted = answer;
    this.session = answer.session;
    this.#acks = answer.session.inbound.queueFor((packetId, qos, code, why) => this.#answer(packetId, qos, code, why));
    this.will = packet.will;
    this.requestProblemInformation = packet.requestProblemInformation;
    const { settings } = this.door;
    const asked = packet.receiveMaximum < 0 ? 65_535 : packet.receiveMaximum;
    this.window = Math.min(asked, settings.inflightMax);
    this.#packetBytesMaxOut = Math.max(0, packet.maximumPacketSize);
    this.#aliasesOutMax = Math.min(packet.topicAliasMaximum, settings.topicAliasMaximum, topicAliasMaxOut);
    this.#keepAliveMs = answer.keepAliveSeconds * 1000 * settings.keepAliveFactor;
    this.#timer?.cancel();
    this.#watch();
    this.#send(answer.connack);
    answer.session.connection = this;
    answer.session.resend();
    this.#judging = false;
    this.#decoder.resume();
    if (!this.#closed && !this.#ending) this.connection.resume();
  }

  /** CONNACK with an error, then the end. Older protocols have five codes only. */
  refuse(reasonCode: number): void {
    if (this.#closed || this.#ending) return;
    const old = oldConnackCode(reasonCode);
    const frame =
      this.level === 5
        ? encodeRare({ cmd: "connack", reasonCode, sessionPresent: false }, 5)
        : encodeRare({ cmd: "connack", returnCode: old, sessionPresent: false }, this.level);
    this.#send(frame);
    this.connection.explain?.("denied", `CONNECT refused with ${reasonCode}`);
    this.#end();
  }

  // -- the client's packets ----------------------------------------------------------------------------------------------

  publish(view: PublishView): void {
    const session = this.#established();
    const { attachment } = session;
    if (attachment === undefined) return;
    this.door.counters.messagesReceived++;
    this.messagesIn++;
    this.bytesIn += view.payloadEnd - view.payloadStart;
    const inbound = this.#inbound;
    inbound.view = view;
    inbound.clientId = session.clientId;
    inbound.level = this.level;
    inbound.topic = this.#topicOf(view);
    inbound.properties = forwardable(view.bytes, view.propertiesStart, view.propertiesEnd);
    // The last second that 32 bits have is in 2106: what lives longer than that lives until then.
    const nowSeconds = Math.floor(this.door.clock.nowUs() / 1_000_000);
    inbound.expiresAtSeconds = view.expirySeconds < 0 ? 0 : Math.min(0xffff_ffff, nowSeconds + view.expirySeconds);
    if (view.qos > 0 && !this.#admits(session, view)) return;
    if (inbound.topic.length > this.door.settings.levelsMax) this.#checkLevels(inbound.topic);
    const subject = this.#subjectOf(inbound.topic);
    const token = view.qos === 0 ? 0 : this.#acks.add(view.packetId, view.qos);
    if (!attachment.mayPublish(subject)) {
      if (token > 0) this.#acks.expect(token, 0, this.level === 5 ? reason.notAuthorized : reason.success);
      return;
    }
    this.#route(session, subject, view, token);
  }

  /** False when there is nothing to publish: a QoS 2 publish seen before is answered again, not published again (MQTT-4.3.3-10). */
  #admits(session: MqttSession, view: PublishView): boolean {
    const { inbound } = session;
    const unacknowledged = this.#acks.sizeAtQos1 + this.#unreleased.size;
    if (this.level === 5 && unacknowledged >= this.door.settings.receiveMaximum && !this.#unreleased.has(view.packetId)) {
      throw new MqttFault(reason.receiveMaximumExceeded, "more unacknowledged publishes than the receive maximum");
    }
    if (view.qos === 1) return true;
    const { packetId } = view;
    this.#unreleased.add(packetId);
    if (!inbound.has(packetId)) {
      inbound.begins(packetId);
      return true;
    }
    // Never before its first copy is durable, which an earlier connection may have brought.
    const acks = this.#acks;
    const token = acks.add(packetId, 2);
    acks.expect(token, inbound.whenSettled(packetId, (code) => acks.settle(token, code)) ? 1 : 0, reason.success);
    return false;
  }

  #route(session: MqttSession, subject: Subject, view: PublishView, token: number): void {
    const attachment = session.attachment;
    if (attachment === undefined) return;
    const inbound = this.#inbound;
    const message = this.#message;
    message.subject = subject;
    message.source = inbound;
    message.replyBuffer = nothing;
    message.replyStart = message.replyEnd = 0;
    if (view.responseTopicStart >= 0) {
      const target = Buffer.allocUnsafe(subjectBytesMax(view.responseTopicEnd - view.responseTopicStart));
      message.replyBuffer = target;
      message.replyEnd = writeSubject(target, view.bytes, view.responseTopicStart, view.responseTopicEnd);
    }
    const headers = headersOf(view.bytes, view.propertiesStart, view.propertiesEnd);
    if (headers.length === 0) {
      message.body = view.bytes;
      message.bodyStart = view.payloadStart;
      message.headerBytes = 0;
      message.bodyEnd = view.payloadEnd;
    } else {
      message.body = Buffer.concat([headers, view.bytes.subarray(view.payloadStart, view.payloadEnd)]);
      message.bodyStart = 0;
      message.headerBytes = headers.length;
      message.bodyEnd = message.body.length;
    }
    const taken = attachment.publish(message, token);
    const captured = attachment.captured;
    let outcomes = token === 0 ? 0 : captured;
    const { kept, retained } = this.door.tenantOf(attachment.tenant);
    if (token > 0 && kept.awaitDispatch((ok) => this.#acks.settle(token, ok ? reason.success : reason.quotaExceeded))) outcomes++;
    if (view.retain) {
      const told = token === 0 ? undefined : (ok: boolean): void => this.#acks.settle(token, ok ? reason.success : reason.quotaExceeded);
      retained.set(subject, inbound, view, told);
      if (token > 0) outcomes++;
    }
    // 0x10 in PUBACK alone: in PUBREC it would say the same, but some clients take every code but 0 there for a refusal.
    const unmatched = this.level === 5 && taken === 0 && view.qos === 1;
    if (token > 0) this.#acks.expect(token, outcomes, unmatched ? reason.noMatchingSubscribers : reason.success);
  }

  #topicOf(view: PublishView): Buffer {
    const named = view.bytes.subarray(view.topicStart, view.topicEnd);
    if (view.topicAlias === 0) return named;
    if (view.topicAlias > this.door.settings.topicAliasMaximum)
      throw new MqttFault(reason.topicAliasInvalid, "a topic alias above the maximum");
    if (named.length > 0) {
      const kept = Buffer.from(named);
      this.#aliasesIn[view.topicAlias] = kept;
      return kept;
    }
    const known = this.#aliasesIn[view.topicAlias];
    // MQTT 5 §3.3.2.3.4 names the code.
    if (known === undefined) throw new MqttFault(reason.protocolError, "a topic alias that was never set");
    return known;
  }

  #checkLevels(topic: Buffer): void {
    let levels = 1;
    for (let at = topic.indexOf(0x2f); at >= 0; at = topic.indexOf(0x2f, at + 1)) levels++;
    if (levels > this.door.settings.levelsMax) throw new MqttFault(reason.topicNameInvalid, `a topic of ${levels} levels`);
  }

  /** The interned subject; publishing to the same topic as before costs one comparison. */
  #subjectOf(topic: Buffer): Subject {
    const before = this.#subjectBefore;
    if (before !== undefined && this.#topicBefore.equals(topic)) return before;
    if (this.#subjectBuffer.length < subjectBytesMax(topic.length)) this.#subjectBuffer = Buffer.allocUnsafe(subjectBytesMax(topic.length));
    const length = writeSubject(this.#subjectBuffer, topic, 0, topic.length);
    const attachment = this.session?.attachment;
    if (attachment === undefined) throw new MqttFault(reason.protocolError, "a PUBLISH before CONNECT");
    const subject = attachment.subject(this.#subjectBuffer, 0, length);
    this.#subjectBefore = subject.transient ? undefined : subject;
    this.#topicBefore = subject.transient ? nothing : Buffer.from(topic);
    return subject;
  }

  acknowledged(type: 4 | 5 | 6 | 7, packetId: number, reasonCode: number): void {
    const session = this.#established();
    if (type !== 6) session.assertAnswers(type, packetId);
    if (type === 4) {
      session.acknowledged(packetId);
    } else if (type === 5) {
      if (reasonCode >= 0x80) session.acknowledged(packetId);
      else if (!session.received(packetId, () => this.#sendAck(6, packetId, reason.success))) {
        this.#sendAck(6, packetId, reason.packetIdentifierNotFound);
      }
    } else if (type === 6) {
      this.#unreleased.delete(packetId);
      const known = session.inbound.has(packetId);
      const code = known || this.level !== 5 ? reason.success : reason.packetIdentifierNotFound;
      session.inbound.ends(packetId, () => this.#sendAck(7, packetId, code));
    } else session.acknowledged(packetId);
  }

  subscribe(packet: SubscribePacket): void {
    this.#established();
    subscribe(this.door, this, packet).then(
      (codes) => {
        if (this.level === 5) this.#send(encodeRare({ cmd: "suback", messageId: packet.packetId, granted: codes }, 5));
        else {
          const granted = codes.map((code) => (code >= 0x80 ? 0x80 : code));
          this.#send(encodeRare({ cmd: "suback", messageId: packet.packetId, granted }, this.level));
        }
      },
      () => this.#fail(reason.implementationSpecific),
    );
  }

  unsubscribe(packet: UnsubscribePacket): void {
    this.#established();
    unsubscribe(this.door, this, packet).then(
      (codes) => this.#send(encodeRare({ cmd: "unsuback", messageId: packet.packetId, granted: codes }, this.level)),
      () => this.#fail(reason.implementationSpecific),
    );
  }

  ping(): void {
    this.#established();
    this.#send(pingResponse);
  }

  disconnect(reasonCode: number, sessionExpirySeconds: number): void {
    if (sessionExpirySeconds >= 0 && this.accepted !== undefined) {
      if (sessionExpirySeconds > 0 && this.accepted.sessionExpirySeconds === 0) {
        throw new MqttFault(reason.protocolError, "a session that was to end with the connection cannot be given an expiry");
      }
      this.accepted.sessionExpirySeconds = sessionExpirySeconds;
    }
    this.#clean = reasonCode !== reason.disconnectWithWill;
    this.#decoder.stop();
    // At once, not only when the socket has closed: the client may be back before that.
    this.door.left(this, this.#clean);
    this.#end();
  }

  authenticate(reasonCode: number, method: string | undefined, data: Buffer | undefined): void {
    if (this.#dialogue === undefined) throw new MqttFault(reason.protocolError, "AUTH, but CONNECT named no method");
    if (method !== scramMethod) throw new MqttFault(reason.badAuthenticationMethod, "not the method that CONNECT named");
    if (reasonCode === reason.continueAuthentication) this.#dialogue.goOn(data);
    else if (this.session === undefined) throw new MqttFault(reason.protocolError, "a re-authentication before CONNACK");
    else this.#dialogue.begin(data);
  }

  /** A re-authentication proves the same user, or ends the connection. */
  #provenAgain(session: MqttSession, { identity, answer }: Proven): void {
    const { attachment } = session;
    if (identity.user === session.user && identity.tenant === attachment?.tenant.name) this.#sendAuth(reason.success, answer);
    else this.#fail(reason.notAuthorized);
  }

  #sendAuth(reasonCode: number, data: Buffer): void {
    const properties = { authenticationMethod: scramMethod, authenticationData: data };
    this.#send(encodeRare({ cmd: "auth", reasonCode, properties }, 5));
  }

  /** Before CONNACK only AUTH and DISCONNECT may come (MQTT 5 §4.12). */
  #established(): MqttSession {
    if (this.session === undefined) throw new MqttFault(reason.protocolError, "a packet before CONNACK");
    return this.session;
  }

  fault(fault: MqttFault): void {
    if (this.session === undefined) {
      // Before CONNACK only CONNACK may speak, and only to a peer that got as far as naming its version.
      if (fault.reasonCode === reason.unsupportedProtocolVersion || this.#decoder.level !== 0) {
        if (this.#decoder.level !== 0) this.level = this.#decoder.level;
        if (fault.reasonCode === reason.unsupportedProtocolVersion && this.#decoder.level === 0) this.#refuseVersion();
        else if (fault.reasonCode === reason.unsupportedProtocolVersion) this.refuse(fault.reasonCode);
        else if (this.level === 5) this.refuse(fault.reasonCode);
        else this.destroy();
        return;
      }
      this.destroy();
      return;
    }
    this.#fail(fault.reasonCode);
  }

  #refuseVersion(): void {
    this.#send(Buffer.from([0x20, 3, 0, 0x84, 0]));
    this.#end();
  }

  // -- towards the client ------------------------------------------------------------------------------------------------

  /** A live message, straight from whoever published it. With an entry at QoS 1 or 2. False when it was not sent. */
  deliverNow(
    message: Message,
    source: InboundPublish | undefined,
    retain: boolean,
    identifiers: readonly number[],
    entry?: Entry,
  ): boolean {
    if (this.#closed || this.#ending) return false;
    const payloadStart = message.bodyStart + message.headerBytes;
    if (source !== undefined) {
      if (entry === undefined && identifiers.length === 0 && this.#copyFrame(source, retain)) return true;
      const left = secondsLeft(source.expiresAtSeconds, this.door.clock.nowUs());
      return this.#write(
        source.topic,
        message.body,
        payloadStart,
        message.bodyEnd,
        source.properties,
        left,
        identifiers,
        retain,
        entry,
        false,
      );
    }
    const topic = topicOfSubject(message.subject.bytes);
    let properties = nothing;
    if (this.level === 5 && (message.headerBytes > 0 || message.replyEnd > message.replyStart)) {
      const reply =
        message.replyEnd > message.replyStart ? topicOfSubject(message.replyBuffer, message.replyStart, message.replyEnd) : nothing;
      properties = propertiesOf(message.body, message.bodyStart, payloadStart, reply);
    }
    return this.#write(topic, message.body, payloadStart, message.bodyEnd, properties, -1, identifiers, retain, entry, false);
  }

  /** A queued or kept message. */
  send(
    topic: Buffer,
    payload: Buffer,
    payloadStart: number,
    payloadEnd: number,
    properties: Buffer,
    expirySeconds: number,
    entry: Entry,
    dup: boolean,
  ): boolean {
    return this.#write(topic, payload, payloadStart, payloadEnd, properties, expirySeconds, entry.identifiers, entry.retain, entry, dup);
  }

  /** A retained message at QoS 0. */
  sendRetained(
    topic: Buffer,
    payload: Buffer,
    start: number,
    end: number,
    properties: Buffer,
    expirySeconds: number,
    ids: readonly number[],
  ): void {
    this.#write(topic, payload, start, end, properties, expirySeconds, ids, true, undefined, false);
  }

  /** QoS 0 between clients of the same version: the frame that came in goes out. */
  #copyFrame(source: InboundPublish, retain: boolean): boolean {
    const { view } = source;
    const sameForm = this.level === 5 ? source.level === 5 : source.level !== 5;
    if (!sameForm || view.qos !== 0 || view.retain !== retain || view.topicAlias > 0 || view.expirySeconds >= 0 || this.#aliasesOutMax > 0)
      return false;
    const bytes = view.payloadEnd - view.frameStart;
    if (this.#packetBytesMaxOut > 0 && bytes > this.#packetBytesMaxOut) return true;
    const { outbox } = this;
    if (!outbox.open(bytes)) {
      this.door.counters.dropped++;
      return true;
    }
    view.bytes.copy(outbox.chunk, outbox.at, view.frameStart, view.payloadEnd);
    outbox.commit(outbox.at + bytes);
    this.door.counters.messagesSent++;
    this.messagesOut++;
    this.bytesOut += view.payloadEnd - view.payloadStart;
    return true;
  }

  #write(
    topic: Buffer,
    payload: Buffer,
    payloadStart: number,
    payloadEnd: number,
    properties: Buffer,
    expirySeconds: number,
    identifiers: readonly number[],
    retain: boolean,
    entry: Entry | undefined,
    dup: boolean,
  ): boolean {
    if (this.#closed || this.#ending) return false;
    const five = this.level === 5;
    let alias = 0;
    let shownTopic = topic;
    if (five && this.#aliasesOutMax > 0) {
      const key = topic.toString("latin1");
      alias = this.#aliasesOut.get(key) ?? 0;
      if (alias > 0) shownTopic = nothing;
      else if (this.#aliasesOut.size < this.#aliasesOutMax) {
        alias = this.#aliasesOut.size + 1;
        this.#aliasesOut.set(key, alias);
      }
    }
    const parts = {
      topic: shownTopic,
      payload,
      payloadStart,
      payloadEnd,
      properties: five ? completed(properties, expirySeconds, identifiers, alias) : nothing,
      qos: entry?.qos ?? 0,
      retain,
      dup,
      packetId: entry?.packetId ?? 0,
      level: this.level,
    };
    const bytes = publishBytes(parts);
    if (this.#packetBytesMaxOut > 0 && bytes > this.#packetBytesMaxOut) {
      // Too large for this client: as if it had been delivered (MQTT-3.1.2-25).
      this.door.counters.dropped++;
      if (entry !== undefined) this.door.clock.endOfTurn(() => this.session?.acknowledged(entry.packetId));
      return true;
    }
    const { outbox } = this;
    if (!outbox.open(bytes)) {
      if (entry === undefined) this.door.counters.dropped++;
      return false;
    }
    outbox.commit(writePublish(outbox.chunk, outbox.at, parts));
    this.door.counters.messagesSent++;
    this.messagesOut++;
    this.bytesOut += payloadEnd - payloadStart;
    return true;
  }

  /** PUBREL again, after a reconnect. */
  release(packetId: number): boolean {
    return this.#sendAck(6, packetId, reason.success);
  }

  /** PUBACK or PUBREC. What was not stored is never acknowledged as if it were: before version 5 only closing says no. */
  #answer(packetId: number, qos: number, reasonCode: number, why: string): void {
    if (qos === 2) {
      if (reasonCode >= 0x80) this.#unreleased.delete(packetId);
      this.session?.inbound.settled(packetId, reasonCode);
    }
    if (reasonCode >= 0x80 && this.level !== 5) {
      this.destroy();
      return;
    }
    const type = qos === 2 ? 5 : 4;
    if (why === "" || !this.requestProblemInformation) this.#sendAck(type, packetId, reasonCode);
    else {
      const frame = writeExplainedAck(type, packetId, reasonCode, why);
      // A reason that the client has no room for is left out (MQTT-3.4.2-2).
      if (this.#packetBytesMaxOut > 0 && frame.length > this.#packetBytesMaxOut) this.#sendAck(type, packetId, reasonCode);
      else this.#send(frame);
    }
  }

  #sendAck(type: 4 | 5 | 6 | 7, packetId: number, reasonCode: number): boolean {
    return this.#send(writeAck(type, packetId, reasonCode, this.level));
  }

  #send(frame: Buffer): boolean {
    if (this.#closed || this.#ending) return false;
    const { outbox } = this;
    if (!outbox.open(frame.length)) {
      // A client that asks faster than it reads the answers.
      this.destroy();
      return false;
    }
    frame.copy(outbox.chunk, outbox.at);
    outbox.commit(outbox.at + frame.length);
    return true;
  }

  #drained(): void {
    this.session?.pump();
    this.session?.attachment?.drained();
  }

  hold(): void {
    this.connection.pause();
  }

  resume(): void {
    if (!this.#judging) this.connection.resume();
  }

  // -- the end ------------------------------------------------------------------------------------------------------------

  close(why: CloseReason): void {
    this.#fail(closeReasons[why]);
  }

  /** Another connection took the session over. */
  takenOver(): void {
    this.#fail(reason.sessionTakenOver);
  }

  /** DISCONNECT with a reason for version 5, then the end; the socket is drained so that the client can read it. */
  #fail(reasonCode: number): void {
    if (this.#closed || this.#ending) return;
    this.#decoder.stop();
    if (this.level === 5 && this.session !== undefined) this.#send(disconnectFrame(reasonCode));
    this.connection.explain?.(endReasons.get(reasonCode) ?? "denied", `DISCONNECT with ${reasonCode}`);
    this.#end();
  }

  #end(): void {
    if (this.#ending) return;
    this.#ending = true;
    this.outbox.end();
  }

  #watch(): void {
    if (this.#keepAliveMs === 0) return;
    const silence = this.door.clock.monotonicMs() - this.#heardMs;
    const left = this.#keepAliveMs - silence;
    if (left <= 0) {
      this.#fail(reason.keepAliveTimeout);
      return;
    }
    this.#timer = this.door.clock.after(left + 1, () => this.#watch());
  }
}

function ignore(): void {}

/** CONNACK codes before version 5 (3.1.1 §3.2.2.3). */
function oldConnackCode(reasonCode: number): number {
  switch (reasonCode) {
    case reason.unsupportedProtocolVersion:
      return 1;
    case reason.clientIdentifierNotValid:
      return 2;
    case reason.badUserNameOrPassword:
      return 4;
    case reason.notAuthorized:
    case reason.banned:
      return 5;
    default:
      return 3;
  }
}

/** Other reasons are the policy's. */
const endReasons: ReadonlyMap<number, EndReason> = new Map([
  [reason.serverShuttingDown, "going_away"],
  [reason.useAnotherServer, "going_away"],
  [reason.packetTooLarge, "too_large"],
  [reason.malformedPacket, "protocol"],
  [reason.protocolError, "protocol"],
  [reason.connectionRateExceeded, "busy"],
]);

const closeReasons: Readonly<Record<CloseReason, number>> = {
  shutdown: reason.serverShuttingDown,
  lame_duck: reason.useAnotherServer,
  credentials_revoked: reason.notAuthorized,
  credentials_expired: reason.maximumConnectTime,
  tenant_expired: reason.maximumConnectTime,
  kicked: reason.administrativeAction,
  slow_consumer: reason.quotaExceeded,
  too_many_connections: reason.connectionRateExceeded,
  fault: reason.unspecified,
};
