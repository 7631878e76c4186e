/**
 * The consumer half of the JetStream API in one tenant: finds groups by the two names in a subject, turns pulls and acks into calls
 * on them, gives push groups their receivers, and passes on what happens in them as advisories.
 */
import type { Random } from "../../../store/environment.ts";
import type { Group } from "../../../lib/consumer/group.ts";
import type { Groups } from "../../../lib/consumer/groups.ts";
import type { GroupListener, TenantGroups } from "../../../lib/consumer/tenant-groups.ts";
import type { Message } from "../../../lib/message.ts";
import { idMaker } from "../../../lib/random.ts";
import { Subscription } from "../../../lib/subscription.ts";
import type { Session } from "../../../lib/transport.ts";
import type { Tenant } from "../../../lib/tenant.ts";
import { AckResponder } from "./ack-responder.ts";
import type { AckTarget } from "./ack-responder.ts";
import type { Api } from "./api.ts";
import { ConsumerAdvisories } from "./consumer-advisories.ts";
import { ConsumerApi } from "./consumer-api.ts";
import { Inbox, PullInbox, PushInbox, Renderer } from "./consumer-inbox.ts";
import type { GroupWire } from "./consumer-inbox.ts";
import { KeyedMembers } from "./keyed-members.ts";
import { PullReader, refusalStatus } from "./consumer-pull.ts";
import type { PullAsk } from "./consumer-pull.ts";

const pullPrefixBytes: number = "$JS.API.CONSUMER.MSG.NEXT.".length;
const nothing: Buffer = Buffer.alloc(0);

/** Confirmed acks a group owes answers for at most; beyond it the oldest are not answered, and their senders time out. */
const confirmationsMax = 65_536;

export interface ConsumerDoorOptions {
  readonly api: Api;
  readonly groups: TenantGroups;
  readonly tenant: Tenant;
  readonly random: Random;
  /** The id of the responder's session: `broker.nextSessionId()`. */
  readonly id: number;
}

/** A group with what its wire needs. */
class Wire implements GroupWire {
  readonly renderer: Renderer;
  readonly group: Group;
  readonly groups: Groups;
  readonly key: Buffer;
  readonly ackPrefix: Buffer;
  readonly flowPrefix: string;
  /** Who waits for their acks to be durable, oldest first. */
  readonly confirmations: Buffer[] = [];
  /** Ends the watch for receivers of a push group. */
  unwatch: () => void = () => {};

  constructor(renderer: Renderer, groups: Groups, group: Group) {
    const names = `${groups.station.name}.${group.name}`;
    this.renderer = renderer;
    this.group = group;
    this.groups = groups;
    this.key = Buffer.from(names);
    this.ackPrefix = Buffer.from(`$JS.ACK.${names}.`);
    this.flowPrefix = `$JS.FC.${names}.`;
  }
}

export class ConsumerDoor implements AckTarget, GroupListener {
  readonly #options: ConsumerDoorOptions;
  readonly #advisories: ConsumerAdvisories;
  readonly #renderer: Renderer;
  readonly #reader: PullReader = new PullReader();
  readonly #wires: Map<Group, Wire> = new Map();
  readonly #byKey: Map<string, Wire> = new Map();
  readonly #subscriptions: readonly Subscription[];
  readonly #members: KeyedMembers = new KeyedMembers();
  #last: Wire | undefined = undefined;
  #answers: Buffer[] = [];

  constructor(options: ConsumerDoorOptions) {
    const { api, groups, tenant, random } = options;
    this.#options = options;
    this.#advisories = new ConsumerAdvisories(tenant, api.clock, idMaker(random, 22));
    this.#renderer = new Renderer(tenant);
    groups.listen(this);
    new ConsumerApi({ api, groups, advisories: this.#advisories, makeName: idMaker(random, 8) }).register();
    api.pull = (message) => this.#pull(message);
    const responder = new AckResponder(options.id, this);
    this.#subscriptions = ["$JS.ACK.>", "$JS.FC.>"].map((filter) => new Subscription({ filter, session: responder, label: "" }));
    for (const subscription of this.#subscriptions) tenant.router.add(subscription);
  }

  /** Takes no more acknowledgements. */
  stop(): void {
    for (const subscription of this.#subscriptions) this.#options.tenant.router.remove(subscription);
    this.#options.api.pull = undefined;
  }

  /** A connection has ended: whoever asked by it has left his keyed groups. */
  detached(session: Session): void {
    this.#members.detached(session);
  }

  groupOf(bytes: Buffer, start: number, end: number): Group | undefined {
    return this.#wireOf(bytes, start, end)?.group;
  }

  confirm(group: Group, reply: Buffer): void {
    const wire = this.#wires.get(group);
    if (wire === undefined || wire.confirmations.length >= confirmationsMax) return;
    wire.confirmations.push(reply);
    group.confirm();
  }

  answer(reply: Buffer): void {
    this.#answers.push(reply);
    if (this.#answers.length === 1) this.#options.api.clock.endOfTurn(() => this.#answerAll());
  }

  pull(group: Group, reply: Buffer, buffer: Buffer, start: number, end: number): void {
    const wire = this.#wires.get(group);
    if (wire !== undefined) this.#ask(wire, reply, this.#reader.read(buffer, start, end), undefined);
  }

  exhausted(group: Group, groups: Groups, sequence: number, deliveries: number): void {
    this.#advisories.exhausted(groups.station.name, group.name, sequence, deliveries);
  }

  nakked(group: Group, groups: Groups, sequence: number, count: number, deliveries: number): void {
    this.#advisories.nakked(groups.station.name, group.name, sequence, count, deliveries);
  }

  terminated(group: Group, groups: Groups, sequence: number, count: number, deliveries: number, reason: string): void {
    this.#advisories.terminated(groups.station.name, group.name, sequence, count, deliveries, reason);
  }

  sampled(group: Group, groups: Groups, sequence: number, count: number, deliveries: number, delayMs: number): void {
    this.#advisories.sampled(groups.station.name, group.name, sequence, count, deliveries, delayMs);
  }

  pinned(group: Group, groups: Groups, priorityGroup: string, pin: string): void {
    this.#advisories.pinned(groups.station.name, group.name, priorityGroup, pin);
  }

  unpinned(group: Group, groups: Groups, priorityGroup: string, reason: "admin" | "timeout"): void {
    this.#advisories.unpinned(groups.station.name, group.name, priorityGroup, reason);
  }

  confirmed(group: Group, _groups: Groups, acks: number): void {
    const wire = this.#wires.get(group);
    if (wire === undefined) return;
    for (const reply of wire.confirmations.splice(0, acks)) {
      // A group in memory confirms from within the ack's own delivery, where nothing may be sent.
      if (group.config.memory) this.answer(reply);
      else this.#send(reply);
    }
  }

  pushing(group: Group, groups: Groups): void {
    const { push } = group.config;
    if (push === undefined) return;
    const wire = this.#wireFor(group, groups);
    wire.unwatch();
    wire.unwatch = this.#options.tenant.router.watch(push.subject, () => group.receiverCame());
    group.pushTo(new PushInbox(wire, push.subject, push.queue));
  }

  deleted(group: Group, groups: Groups): void {
    const wire = this.#wires.get(group);
    this.#wires.delete(group);
    this.#members.forget(group);
    wire?.unwatch();
    if (wire !== undefined) this.#byKey.delete(wire.key.toString());
    if (this.#last === wire) this.#last = undefined;
    this.#advisories.acted(groups.station.name, group.name, "delete");
  }

  #pull(message: Message): boolean {
    const subject = message.subject.bytes;
    const wire = this.#wireOf(subject, pullPrefixBytes, subject.length);
    if (wire === undefined) return false;
    if (message.replyEnd === message.replyStart) return true;
    const reply = Buffer.from(message.replyBuffer.subarray(message.replyStart, message.replyEnd));
    this.#ask(wire, reply, this.#reader.read(message.body, message.bodyStart + message.headerBytes, message.bodyEnd), message);
    return true;
  }

  #ask(wire: Wire, reply: Buffer, ask: PullAsk, message: Message | undefined): void {
    const sink = new PullInbox(wire, reply);
    const { group } = wire;
    if (ask.refusal !== undefined) {
      sink.tell(group.config.push === undefined ? ask.refusal : "409 Consumer is push based");
      return;
    }
    const { batch, bytesMax, noWait, expiresMs, heartbeatMs, priority } = ask;
    let member: string | undefined;
    if (group.config.mode === "keyed") {
      member = this.#members.ask(group, message, this.#options.tenant.publisher);
      if (member === undefined) {
        sink.tell("404 Left");
        return;
      }
    }
    const refusal = group.pull({ sink, batch, bytesMax, noWait, expiresMs, heartbeatMs, member, priority });
    const status = refusal === undefined ? undefined : refusalStatus(refusal, ask, group.config);
    if (status !== undefined) sink.tell(status);
  }

  /** The group whose names stand at `bytes[start, end)` as `<stream>.<consumer>`. */
  #wireOf(bytes: Buffer, start: number, end: number): Wire | undefined {
    const last = this.#last;
    if (last !== undefined && !last.group.closed && isAt(last.key, bytes, start, end)) return last;
    const key = bytes.toString("utf8", start, end);
    let wire = this.#byKey.get(key);
    if (wire === undefined || wire.group.closed) {
      const [station = "", name = "", ...more] = key.split(".");
      const named = more.length > 0 ? undefined : this.#options.api.stations.named(station);
      const groups = named === undefined ? undefined : this.#options.groups.of(named.name);
      const group = groups?.get(name);
      if (groups === undefined || group === undefined) return undefined;
      wire = this.#wireFor(group, groups);
    }
    this.#last = wire;
    return wire;
  }

  #wireFor(group: Group, groups: Groups): Wire {
    let wire = this.#wires.get(group);
    if (wire === undefined) {
      wire = new Wire(this.#renderer, groups, group);
      this.#wires.set(group, wire);
      this.#byKey.set(wire.key.toString(), wire);
    }
    return wire;
  }

  #answerAll(): void {
    const answers = this.#answers;
    this.#answers = [];
    for (const reply of answers) this.#send(reply);
  }

  /** An empty message. */
  #send(reply: Buffer): void {
    const inbox = new Inbox(this.#options.tenant, reply, undefined);
    inbox.send(this.#renderer.status(inbox.subject, nothing, nothing));
  }
}

function isAt(key: Buffer, bytes: Buffer, start: number, end: number): boolean {
  const length = key.length;
  if (length !== end - start) return false;
  for (let index = 0; index < length; index++) {
    if (key[index] !== bytes[start + index]) return false;
  }
  return true;
}
