/**
 * The conformance suite of the transport seam (`lib/transport.ts`): what the broker relies on, whatever the protocol. Run it on a
 * transport by giving it a driver, which connects clients of that transport to the broker the suite brings.
 *
 *     transportConformance("my transport", async (host) => ({ connect, close }));
 */
import assert from "node:assert/strict";
import { performance } from "node:perf_hooks";
import { afterEach, describe, it } from "node:test";
import type { Identity } from "../../lib/auth/identity.ts";
import { Broker } from "../../lib/broker.ts";
import { SystemClock } from "../../lib/clock.ts";
import type { Clock } from "../../lib/clock.ts";
import { Message } from "../../lib/message.ts";
import { SystemRandom } from "../../lib/random.ts";
import type { Random } from "../../lib/random.ts";
import { Subscription } from "../../lib/subscription.ts";
import type { Attachment, Session } from "../../lib/transport.ts";
import { EmptyStore } from "./empty-store.ts";

/** What a transport is given: the broker's part that concerns it. */
export interface TransportHost {
  readonly clock: Clock;
  readonly random: Random;
  /** Everybody's identity in this suite. */
  readonly anybody: Identity;
  nextSessionId(): number;
  attach(session: Session, identity: Identity): Attachment;
}

export interface TransportUnderTest {
  /** A new client, connected and usable. */
  connect(): Promise<TransportClient>;
  /** Ends the transport; its clients are closed. */
  close(): Promise<void>;
}

export interface ReceivedMessage {
  readonly subject: string;
  readonly body: Uint8Array;
}

export interface TransportClient {
  /** All received so far, in order. */
  readonly received: readonly ReceivedMessage[];
  /** The broker's side has ended the connection. */
  readonly closed: boolean;
  publish(subject: string, body: Uint8Array): void;
  /** Resolves once it has taken effect. */
  subscribe(filter: string): Promise<void>;
  unsubscribe(filter: string): Promise<void>;
  /** Takes nothing from the transport until `resume`, while the connection stays. */
  stall(): void;
  resume(): void;
  /** Goes away without a word. */
  vanish(): void;
}

const anybody: Identity = { user: "", tenant: "$G", permissions: undefined, expiresMs: undefined };
/** No transport may have more than this waiting for one client. */
const waitingBytesMax = 256 * 1024 * 1024;

export function transportConformance(name: string, make: (host: TransportHost) => Promise<TransportUnderTest>): void {
  describe(`the transport seam: ${name}`, () => {
    const rigs: Rig[] = [];
    afterEach(async () => {
      for (const rig of rigs.splice(0)) await rig.close();
    });

    async function open(): Promise<Rig> {
      const rig = await Rig.open(make);
      rigs.push(rig);
      return rig;
    }

    it("carries subject and body unchanged, whatever the bytes", async () => {
      const rig = await open();
      const [from, to] = [await rig.connect(), await rig.connect()];
      await to.client.subscribe("carry.>");
      const bodies = [
        Buffer.alloc(0),
        Buffer.from([0]),
        Buffer.from("\r\nPUB x 1\r\n"),
        Buffer.alloc(256).map((_, at) => at),
        Buffer.alloc(200_000, 7),
      ];
      for (const [index, body] of bodies.entries()) from.client.publish(`carry.${index}`, body);
      await until("every message", () => to.client.received.length === bodies.length);
      for (const [index, body] of bodies.entries()) {
        assert.equal(to.client.received[index]?.subject, `carry.${index}`);
        assert.equal(Buffer.compare(body, to.client.received[index]?.body ?? Buffer.alloc(1)), 0);
      }
    });

    it("keeps the order of one publisher", async () => {
      const rig = await open();
      const [from, to] = [await rig.connect(), await rig.connect()];
      await to.client.subscribe("order");
      for (let index = 0; index < 3000; index++) from.client.publish("order", Buffer.from(String(index)));
      await until("every message", () => to.client.received.length === 3000);
      assert.deepEqual(
        to.client.received.map(({ body }) => Number(Buffer.from(body).toString())),
        Array.from({ length: 3000 }, (_, index) => index),
      );
    });

    it("copies what it keeps of a message before deliver returns", async () => {
      const rig = await open();
      const to = await rig.connect();
      await to.client.subscribe("copy");
      const body = Buffer.from("as it was");
      rig.publish("copy", body);
      body.fill(0x21);
      await until("the message", () => to.client.received.length === 1);
      assert.equal(Buffer.from(to.client.received[0]?.body ?? []).toString(), "as it was");
    });

    it("delivers nothing after an unsubscribe has taken effect", async () => {
      const rig = await open();
      const to = await rig.connect();
      await to.client.subscribe("gone");
      await to.client.subscribe("stays");
      await to.client.unsubscribe("gone");
      assert.equal(rig.publish("gone", Buffer.from("x")), 0);
      assert.equal(rig.publish("stays", Buffer.from("y")), 1);
      await until("the other message", () => to.client.received.length > 0);
      assert.deepEqual(
        to.client.received.map(({ subject }) => subject),
        ["stays"],
      );
    });

    it("detaches a client that vanishes, so that nothing is delivered to it", async () => {
      const rig = await open();
      const to = await rig.connect();
      await to.client.subscribe("vanish");
      to.client.vanish();
      await until("the session to detach", () => rig.detached.has(to.session));
      assert.equal(rig.publish("vanish", Buffer.from("x")), 0);
    });

    it("gives every session an id of its own", async () => {
      const rig = await open();
      const sessions = [await rig.connect(), await rig.connect(), await rig.connect()].map(({ session }) => session);
      assert.equal(new Set(sessions.map(({ id }) => id)).size, 3);
    });

    it("reads nothing more from a client while held, and loses nothing", async () => {
      const rig = await open();
      const [from, to] = [await rig.connect(), await rig.connect()];
      await to.client.subscribe("held");
      from.session.hold();
      const body = Buffer.alloc(160, 1);
      for (let index = 0; index < 5000; index++) from.client.publish("held", body);
      rig.publish("held", Buffer.from("a fence"));
      await until("the fence", () => to.client.received.some((message) => message.body.length === 7));
      assert.ok(to.client.received.length < 5000, "a chunk under way may pass, not all");
      from.session.resume();
      await until("every message", () => to.client.received.length === 5001);
    });

    it("has room until a stalled client's bound, refuses then, and tells when it has drained", async () => {
      const rig = await open();
      const [slow, quick] = [await rig.connect(), await rig.connect()];
      await slow.client.subscribe("slow");
      await quick.client.subscribe("quick");
      slow.client.stall();
      const body = Buffer.alloc(64 * 1024, 2);
      let delivered = 0;
      await until("the room to be used up", () => {
        for (let turn = 0; turn < 16 && slow.session.room >= body.length + 1024; turn++) {
          assert.equal(rig.publish("slow", body), 1);
          delivered++;
        }
        assert.ok(delivered * body.length < waitingBytesMax, "the transport has no bound");
        return slow.session.room < body.length + 1024;
      });
      const fences = quick.client.received.length;
      rig.publish("quick", Buffer.from("still served"));
      await until("the other client", () => quick.client.received.length > fences);
      rig.drained.delete(slow.session);
      slow.client.resume();
      await until("the session to have room again", () => rig.drained.has(slow.session));
      assert.ok(slow.session.room >= body.length + 1024);
      await until("everything that was taken", () => slow.client.received.length === delivered);
      assert.equal(slow.client.closed, false);
    });

    it("ends a connection when the broker says so, once, and takes nothing afterwards", async () => {
      const rig = await open();
      const to = await rig.connect();
      await to.client.subscribe("end");
      const subscription = new Subscription({ filter: "end", session: to.session, label: 0 });
      to.session.close("kicked");
      to.session.close("shutdown");
      await until("the client to see it", () => to.client.closed);
      assert.ok(rig.detached.has(to.session));
      assert.equal(to.session.deliver(subscription, rig.message("end", Buffer.from("x"))), false);
      assert.equal(to.session.room, 0);
      assert.equal(rig.publish("end", Buffer.from("x")), 0);
    });

    it("closes its clients when it ends", async () => {
      const rig = await open();
      const clients = [await rig.connect(), await rig.connect()];
      await rig.transport.close();
      await until("the clients to see it", () => clients.every(({ client }) => client.closed));
      assert.ok(clients.every(({ session }) => rig.detached.has(session)));
    });
  });
}

interface Pair {
  readonly client: TransportClient;
  readonly session: Session;
}

/** A broker without stations, and the transport on it. */
class Rig {
  readonly transport: TransportUnderTest;
  readonly detached: ReadonlySet<Session>;
  readonly drained: Set<Session>;
  readonly #broker: Broker;
  readonly #attached: Session[];

  private constructor(broker: Broker, transport: TransportUnderTest, attached: Session[]) {
    const detached = new Set<Session>();
    const drained = new Set<Session>();
    broker.detachListeners.add((session) => detached.add(session));
    broker.drainListeners.add((session) => drained.add(session));
    this.transport = transport;
    this.detached = detached;
    this.drained = drained;
    this.#broker = broker;
    this.#attached = attached;
  }

  static async open(make: (host: TransportHost) => Promise<TransportUnderTest>): Promise<Rig> {
    const clock = new SystemClock();
    const random = new SystemRandom();
    const broker = new Broker({ clock, random, fileStore: undefined, memoryStore: new EmptyStore(), report: () => {} });
    await broker.open();
    const attached: Session[] = [];
    const transport = await make({
      clock,
      random,
      anybody,
      nextSessionId: () => broker.nextSessionId(),
      attach: (session, identity) => {
        attached.push(session);
        return broker.attach(session, identity);
      },
    });
    return new Rig(broker, transport, attached);
  }

  async connect(): Promise<Pair> {
    const before = this.#attached.length;
    const client = await this.transport.connect();
    await until("the session to attach", () => this.#attached.length > before);
    const session = this.#attached.at(-1);
    assert.ok(session !== undefined);
    return { client, session };
  }

  message(subject: string, body: Buffer): Message {
    const bytes = Buffer.from(subject);
    const message = new Message(this.#broker.tenant(anybody.tenant).router.resolve(bytes, 0, bytes.length));
    message.body = body;
    message.bodyEnd = body.length;
    return message;
  }

  /** Publishes with the broker's own voice. Returns how many took it. */
  publish(subject: string, body: Buffer): number {
    const tenant = this.#broker.tenant(anybody.tenant);
    return tenant.publish(tenant.system, this.message(subject, body), 0);
  }

  async close(): Promise<void> {
    await this.transport.close();
    await this.#broker.close();
  }
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
