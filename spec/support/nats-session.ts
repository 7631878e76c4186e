/** One or more NATS sessions over scripted connections and a simulated clock: time passes only when the test says so. */
import { Broker } from "../../lib/broker.ts";
import { defaultLimits } from "../../lib/limits.ts";
import type { Limits } from "../../lib/limits.ts";
import { NatsDoor } from "../../transports/nats/door.ts";
import type { Authentication } from "../../transports/nats/authentication.ts";
import type { NatsSession } from "../../transports/nats/session.ts";
import { EmptyStore } from "../conformance/empty-store.ts";
import { openToAnybody } from "./nats-door.ts";
import { ScriptedConnection } from "./scripted-connection.ts";
import { SimClock } from "./sim-clock.ts";
import { SimRandom } from "./sim-random.ts";

export class SessionRig {
  readonly clock: SimClock;
  readonly broker: Broker;
  readonly door: NatsDoor;

  constructor(limits: Partial<Limits> = {}, authentication: Authentication = openToAnybody) {
    this.clock = new SimClock({ automatic: false });
    const random = new SimRandom(1);
    this.broker = new Broker({
      clock: this.clock,
      random,
      fileStore: undefined,
      memoryStore: new EmptyStore(),
      report: () => {},
    });
    this.door = new NatsDoor({
      broker: this.broker,
      clock: this.clock,
      random,
      authentication,
      serverId: "S",
      serverName: "s",
      limits: { ...defaultLimits, ...limits },
    });
  }

  /** Connects and says CONNECT. */
  connect(fields: Readonly<Record<string, unknown>> = {}): RigClient {
    const client = this.open();
    client.send(`CONNECT ${JSON.stringify({ verbose: false, pedantic: false, headers: true, protocol: 1, ...fields })}\r\n`);
    return client;
  }

  /** Connects and says nothing. */
  open(): RigClient {
    const connection = new ScriptedConnection();
    this.door.accept(connection);
    const session = [...this.door.sessions].find((candidate) => candidate.connection === connection);
    if (session === undefined) throw new Error("the door made no session");
    const client = new RigClient(this, connection, session);
    client.greeting = client.take();
    return client;
  }
}

export class RigClient {
  readonly connection: ScriptedConnection;
  readonly session: NatsSession;
  greeting: string;
  readonly #rig: SessionRig;

  constructor(rig: SessionRig, connection: ScriptedConnection, session: NatsSession) {
    this.#rig = rig;
    this.greeting = "";
    this.connection = connection;
    this.session = session;
  }

  send(text: string): void {
    this.connection.handler?.data(Buffer.from(text, "latin1"));
  }

  /** What was sent to it since it last took, the turn's end included; writes finish. */
  take(): string {
    this.#rig.clock.settle();
    this.connection.finishAll();
    this.#rig.clock.settle();
    this.connection.finishAll();
    const text = Buffer.concat(this.connection.written).toString("latin1");
    this.connection.written.length = 0;
    return text;
  }
}
