import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Subscription } from "../../lib/subscription.ts";
import type { PublishOutcome, Session } from "../../lib/transport.ts";
import { SessionRig } from "../support/nats-session.ts";

/** Stands for a station: captures `s.>`, settles when told. */
class FakeStation {
  readonly waiting: { readonly from: Session; readonly token: number; readonly sequence: number }[] = [];
  readonly #name: string;
  #sequence = 0;
  #settled = 0;

  constructor(rig: SessionRig, name: string, filter: string) {
    this.#name = name;
    const tenant = rig.broker.tenant("$G");
    const capture = {
      capture: (_message: unknown, from: Session, token: number): boolean => {
        if (token !== 0) this.waiting.push({ from, token, sequence: ++this.#sequence });
        return true;
      },
    };
    tenant.router.add(new Subscription({ filter, session: tenant.system, label: name, capture }));
  }

  settle(more: Partial<PublishOutcome> = {}): void {
    const next = this.waiting[this.#settled++];
    if (next === undefined) throw new Error("nothing waits");
    next.from.published(next.token, {
      kind: "stored",
      station: this.#name,
      sequence: next.sequence,
      code: undefined,
      message: "",
      lastSequence: 0,
      lastMessageId: "",
      batch: "",
      batchCount: 0,
      sum: "",
      ...more,
    });
  }
}

describe("a publish into a station", () => {
  it("is acked to its reply once the outcome is known, and not before", () => {
    const rig = new SessionRig();
    const station = new FakeStation(rig, "S", "s.>");
    const client = rig.connect();
    client.send("SUB in.* 1\r\nPUB s.a in.1 1\r\nx\r\nPUB s.a in.2 1\r\ny\r\n");
    assert.equal(client.take(), "");
    station.settle();
    station.settle({ kind: "duplicate", sequence: 1 });
    assert.equal(client.take(), 'MSG in.1 1 22\r\n{"stream":"S","seq":1}\r\nMSG in.2 1 40\r\n{"stream":"S","seq":1,"duplicate": true}\r\n');
  });

  it("is acked to a client that does not hear its own messages, too", () => {
    const rig = new SessionRig();
    const station = new FakeStation(rig, "S", "s.>");
    const client = rig.connect({ echo: false });
    client.send("SUB in.* 1\r\nPUB s.a in.1 1\r\nx\r\n");
    station.settle();
    assert.equal(client.take(), 'MSG in.1 1 22\r\n{"stream":"S","seq":1}\r\n');
  });

  it("is answered with the refusal in JetStream's words", () => {
    const rig = new SessionRig();
    const station = new FakeStation(rig, "S", "s.>");
    const client = rig.connect();
    client.send("SUB in.* 1\r\nPUB s.a in.1 1\r\nx\r\n");
    station.settle({ kind: "refused", code: "wrong_last_sequence", lastSequence: 7, sequence: 0 });
    assert.match(
      client.take(),
      /\r\n\{"error":\{"code":400,"err_code":10071,"description":"wrong last sequence: 7"\},"stream":"S","seq":0\}\r\n$/,
    );
  });

  it("captured twice is acked by both, in whatever order they come", () => {
    const rig = new SessionRig();
    const [one, other] = [new FakeStation(rig, "ONE", "s.>"), new FakeStation(rig, "OTHER", "s.a")];
    const client = rig.connect();
    client.send("SUB in.* 1\r\nPUB s.a in.1 1\r\nx\r\nPUB s.b in.2 0\r\n\r\nPUB s.a in.3 0\r\n\r\n");
    for (const station of [other, one, one, other, one]) station.settle();
    const replies = [...client.take().matchAll(/MSG (in\.\d) 1 \d+\r\n\{"stream":"(\w+)","seq":(\d)\}/g)].map((match) =>
      match.slice(1).join(" "),
    );
    assert.deepEqual(replies, ["in.1 OTHER 1", "in.1 ONE 1", "in.2 ONE 2", "in.3 OTHER 2", "in.3 ONE 3"]);
  });

  it("without a reply asks for no outcome, and a request nobody captured gets 503", () => {
    const rig = new SessionRig();
    const station = new FakeStation(rig, "S", "s.>");
    const client = rig.connect({ no_responders: true });
    client.send("SUB in.* 1\r\nPUB s.a 1\r\nx\r\nPUB other in.1 0\r\n\r\nPUB s.a in.2 0\r\n\r\n");
    assert.equal(station.waiting.length, 1);
    assert.match(client.take(), /^HMSG in\.1 1 .* 503\r\n/s);
    station.settle();
    assert.equal(client.take(), 'MSG in.2 1 22\r\n{"stream":"S","seq":1}\r\n');
  });

  it("is not read while too many outcomes are awaited, and is again once they have come", () => {
    const rig = new SessionRig();
    const station = new FakeStation(rig, "S", "s.>");
    const client = rig.connect();
    client.send("SUB in.* 1\r\n");
    const batch = "PUB s.a in.1 0\r\n\r\n".repeat(8192);
    for (let sent = 0; sent < 8; sent++) {
      assert.equal(client.connection.paused, false);
      client.send(batch);
      rig.clock.turn();
    }
    assert.equal(client.connection.paused, true);
    station.settle();
    assert.equal(client.connection.paused, false);
    for (let settled = 1; settled < station.waiting.length; settled++) station.settle();
    assert.equal(client.session.messagesOut, 65_536);
  });

  it("is not acked to whoever the client is after another CONNECT", () => {
    const rig = new SessionRig();
    const station = new FakeStation(rig, "S", "s.>");
    const client = rig.connect();
    client.send("PUB s.a in.1 0\r\n\r\n");
    client.send('CONNECT {"verbose":false}\r\nSUB in.* 1\r\nPUB s.a in.2 0\r\n\r\n');
    station.settle();
    assert.equal(client.take(), "");
    station.settle();
    assert.equal(client.take(), 'MSG in.2 1 22\r\n{"stream":"S","seq":2}\r\n');
  });

  it("is answered before a closing door lets its client go", () => {
    const rig = new SessionRig();
    const station = new FakeStation(rig, "S", "s.>");
    const client = rig.connect();
    client.send("SUB in.* 1\r\nPUB s.a in.1 0\r\n\r\n");
    void rig.door.close();
    assert.equal(client.connection.ended, false);
    assert.equal(client.connection.paused, true);
    station.settle();
    assert.equal(client.take(), 'MSG in.1 1 22\r\n{"stream":"S","seq":1}\r\n');
    assert.equal(client.connection.ended, true);
  });

  it("keeps a closing door for a bounded time, answered or not", () => {
    const rig = new SessionRig();
    const station = new FakeStation(rig, "S", "s.>");
    const client = rig.connect();
    client.send("PUB s.a in.1 0\r\n\r\n");
    void rig.door.close();
    rig.clock.advance(4_000);
    assert.equal(client.connection.ended, false);
    rig.clock.advance(2_000);
    assert.equal(client.connection.ended, true);
    assert.equal(station.waiting.length, 1);
  });

  it("outlives its client without harm", () => {
    const rig = new SessionRig();
    const station = new FakeStation(rig, "S", "s.>");
    const client = rig.connect();
    client.send("SUB in.* 1\r\nPUB s.a in.1 0\r\n\r\n");
    client.connection.destroy();
    station.settle();
    assert.equal(client.take(), "");
  });
});
