import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Identity } from "../../lib/auth/identity.ts";
import type { DeliveryFilter, Permissions } from "../../lib/auth/permissions.ts";
import type { Subject } from "../../lib/router/subject.ts";
import type { Authentication } from "../../transports/nats/authentication.ts";
import { SessionRig } from "../support/nats-session.ts";

/** May do what starts with `ok.`, in any queue but `no`; hears nothing of `ok.secret`; may answer where it was asked. */
class TestPermissions implements Permissions {
  subscribes = true;
  readonly unrestricted = false;
  readonly tracksReplies = true;
  readonly replies: string[] = [];

  mayPublish(subject: Subject): boolean {
    return subject.text.startsWith("ok.") || this.replies.includes(subject.text);
  }

  maySubscribe(filter: string, queue: string | undefined): boolean {
    return this.subscribes && filter.startsWith("ok.") && queue !== "no";
  }

  deliveryFilter(filter: string): DeliveryFilter | undefined {
    return filter === "ok.>" ? { holds: (message) => message.subject.text !== "ok.secret", passes: () => true } : undefined;
  }

  replyable(buffer: Buffer, start: number, end: number): void {
    this.replies.push(buffer.toString("latin1", start, end));
  }
}

/** User `u` with password `p`; the answer comes when the test lets it. */
class OneUser implements Authentication {
  readonly anonymous = undefined;
  readonly asksForKeys = true;
  readonly permissions = new TestPermissions();
  answer: (() => void) | undefined;
  expiresMs: number | undefined;

  authenticate(credentials: { user: string | undefined; password: string | undefined }): Promise<Identity | undefined> {
    const good = credentials.user === "u" && credentials.password === "p";
    return new Promise((resolve) => {
      this.answer = () => resolve(good ? { user: "u", tenant: "$G", permissions: this.permissions, expiresMs: this.expiresMs } : undefined);
    });
  }
}

async function answered(users: OneUser): Promise<void> {
  users.answer?.();
  for (let turn = 0; turn < 3; turn++) await Promise.resolve();
}

describe("a NATS session", () => {
  it("is asked for a sign of life, and closed as stale when it gives none", () => {
    const rig = new SessionRig({ pingIntervalMs: 10_000, pingsOutstandingMax: 2 });
    const client = rig.connect();
    rig.clock.advance(3_000);
    assert.equal(client.take(), "PING\r\n");
    rig.clock.advance(10_000);
    assert.equal(client.take(), "PING\r\n");
    assert.equal(client.connection.ended, false);
    rig.clock.advance(10_500);
    assert.equal(client.take(), "-ERR 'Stale Connection'\r\n");
    assert.equal(client.connection.ended, true);
  });

  it("is not pinged while it talks, once it has answered", () => {
    const rig = new SessionRig({ pingIntervalMs: 10_000 });
    const client = rig.connect();
    rig.clock.advance(3_000);
    assert.equal(client.take(), "PING\r\n");
    client.send("PONG\r\n");
    for (let second = 0; second < 60; second++) {
      client.send("PUB a 0\r\n\r\n");
      rig.clock.advance(1_000);
    }
    assert.equal(client.take(), "");
    rig.clock.advance(20_500);
    assert.match(client.take(), /^PING\r\n/);
  });

  it("must authenticate in time", () => {
    const rig = new SessionRig({ authTimeoutMs: 2_000 }, new OneUser());
    const client = rig.open();
    rig.clock.advance(1_900);
    assert.equal(client.take(), "");
    rig.clock.advance(1_000);
    assert.equal(client.take(), "-ERR 'Authentication Timeout'\r\n");
    assert.equal(client.connection.ended, true);
  });

  it("must authenticate before anything else", () => {
    const rig = new SessionRig({}, new OneUser());
    const client = rig.open();
    client.send("SUB a 1\r\n");
    assert.equal(client.take(), "-ERR 'Authorization Violation'\r\n");
    assert.equal(client.connection.ended, true);
  });

  it("is refused with a wrong password", async () => {
    const users = new OneUser();
    const rig = new SessionRig({}, users);
    const client = rig.connect({ user: "u", pass: "wrong" });
    await answered(users);
    assert.equal(client.take(), "-ERR 'Authorization Violation'\r\n");
    assert.equal(client.connection.ended, true);
  });

  it("keeps what it is sent while its password is checked, and reads no further", async () => {
    const users = new OneUser();
    const rig = new SessionRig({}, users);
    const client = rig.connect({ user: "u", pass: "p" });
    client.send("SUB ok.a 1\r\nPUB ok.a 2\r\nhi\r\nPI");
    client.send("NG\r\n");
    assert.equal(client.connection.paused, true);
    assert.equal(client.take(), "");
    await answered(users);
    assert.equal(client.connection.paused, false);
    assert.match(client.take(), /^MSG ok\.a 1 2\r\nhi\r\nPONG\r\nINFO \{.*"remote_account":"\$G".*\} \r\n$/);
  });

  it("is told what it may not do, in the words that clients match, and stays", async () => {
    const users = new OneUser();
    const rig = new SessionRig({}, users);
    const client = rig.connect({ user: "u", pass: "p" });
    await answered(users);
    client.send("PUB no.a 1\r\nx\r\nSUB no.b 1\r\nSUB ok.b no 2\r\nSUB ok.c q 3\r\nPUB ok.c 0\r\n\r\n");
    assert.equal(
      client.take(),
      `-ERR 'Permissions Violation for Publish to "no.a"'\r\n` +
        `-ERR 'Permissions Violation for Subscription to "no.b"'\r\n` +
        `-ERR 'Permissions Violation for Subscription to "ok.b" using queue "no"'\r\n` +
        "MSG ok.c 3 0\r\n\r\n",
    );
    assert.equal(client.connection.ended, false);
  });

  it("may answer where it was asked, and hears nothing that its permissions keep from it", async () => {
    const users = new OneUser();
    const rig = new SessionRig({}, users);
    const client = rig.connect({ user: "u", pass: "p" });
    await answered(users);
    client.send("SUB ok.> 1\r\nPUB ok.secret 0\r\n\r\nPUB in.box 0\r\n\r\nPUB ok.a in.box 0\r\n\r\nPUB in.box 0\r\n\r\n");
    assert.equal(client.take(), `-ERR 'Permissions Violation for Publish to "in.box"'\r\nMSG ok.a 1 in.box 0\r\n\r\n`);
  });

  it("is told when a permission it used is gone", async () => {
    const users = new OneUser();
    const rig = new SessionRig({}, users);
    const client = rig.connect({ user: "u", pass: "p" });
    await answered(users);
    client.send("SUB ok.a 1\r\nSUB ok.b q x7\r\n");
    users.permissions.subscribes = false;
    rig.broker.permissionsChanged(new Set(["somebody else"]));
    assert.equal(client.take(), "");
    rig.broker.permissionsChanged(new Set(["u"]));
    client.send("PUB ok.a 0\r\n\r\nPUB ok.b 0\r\n\r\n");
    assert.equal(
      client.take(),
      `-ERR 'Permissions Violation for Subscription to "ok.a" (sid "1")'\r\n` +
        `-ERR 'Permissions Violation for Subscription to "ok.b" using queue "q" (sid "x7")'\r\n`,
    );
    rig.broker.revoke(new Set(["u"]));
    assert.equal(client.take(), "-ERR 'User Authentication Revoked'\r\n");
  });

  it("ends when its credentials expire or are withdrawn", async () => {
    const users = new OneUser();
    const rig = new SessionRig({}, users);
    users.expiresMs = rig.clock.nowUs() / 1000 + 5_000;
    const client = rig.connect({ user: "u", pass: "p" });
    await answered(users);
    rig.clock.advance(7_000);
    assert.match(client.take(), /-ERR 'User Authentication Expired'\r\n$/);
    users.expiresMs = undefined;
    const other = rig.connect({ user: "u", pass: "p" });
    await answered(users);
    other.session.close("credentials_revoked");
    assert.match(other.take(), /-ERR 'User Authentication Revoked'\r\n$/);
  });

  it("has a bounded number of subscriptions", () => {
    const rig = new SessionRig({ subscriptionsMax: 2 });
    const client = rig.connect();
    client.send("SUB a 1\r\nSUB b 2\r\nSUB c 3\r\nUNSUB 1\r\nSUB d 4\r\nPUB d 0\r\n\r\n");
    assert.equal(client.take(), "-ERR 'maximum subscriptions exceeded'\r\nMSG d 4 0\r\n\r\n");
  });

  it("is refused when there are too many connections", () => {
    const rig = new SessionRig({ connectionsMax: 1 });
    rig.connect();
    const late = rig.open();
    assert.match(late.greeting, /^INFO \{.*\} \r\n-ERR 'maximum connections exceeded'\r\n$/);
    assert.equal(late.connection.ended, true);
    assert.equal(rig.door.accepted, 2);
  });

  it("is cut without a word when it does not take what it subscribed to, and others are not", () => {
    const rig = new SessionRig({ pendingOutBytesMax: 64 * 1024, payloadBytesMax: 16 * 1024 });
    const slow = rig.connect();
    const quick = rig.connect();
    const publisher = rig.connect();
    slow.send("SUB a 1\r\n");
    quick.send("SUB a 1\r\n");
    const message = `PUB a 16000\r\n${"x".repeat(16_000)}\r\n`;
    for (let sent = 0; sent < 20; sent++) {
      publisher.send(message);
      rig.clock.settle();
      quick.connection.finishAll();
    }
    assert.equal(slow.connection.destroyed, true);
    assert.equal(quick.connection.destroyed, false);
    assert.equal(quick.session.messagesOut, 20);
    assert.doesNotMatch(Buffer.concat(slow.connection.written).toString(), /ERR/);
    assert.equal(rig.door.sessions.size, 2);
  });

  it("is cut when nothing it is sent moves for the deadline", () => {
    const rig = new SessionRig({ pendingOutMs: 10_000 });
    const client = rig.connect();
    client.send("SUB a 1\r\nPUB a 2\r\nhi\r\n");
    rig.clock.advance(9_000);
    assert.equal(client.connection.destroyed, false);
    rig.clock.advance(4_000);
    assert.equal(client.connection.destroyed, true);
  });

  it("is told of a lame duck and then closed", async () => {
    const rig = new SessionRig({ lameDuckMs: 1_000 });
    const client = rig.connect();
    const old = rig.connect({ protocol: 0 });
    await rig.door.announceLameDuck();
    assert.match(client.take(), /^INFO \{.*"ldm":true.*\} \r\n$/);
    assert.equal(old.take(), "");
    rig.clock.advance(5_000);
    assert.equal(client.connection.ended, true);
    assert.equal(old.connection.ended, true);
  });

  it("stops reading when the broker says so, and goes on", () => {
    const rig = new SessionRig();
    const client = rig.connect();
    client.session.hold();
    assert.equal(client.connection.paused, true);
    client.session.resume();
    assert.equal(client.connection.paused, false);
  });

  it("waits for the end of the turn after much work, so that others have theirs", () => {
    const rig = new SessionRig();
    const client = rig.connect();
    const chunk = "PUB a 0\r\n\r\n".repeat(4096);
    client.send(chunk);
    client.send(chunk);
    assert.equal(client.connection.paused, false);
    client.send(chunk);
    assert.equal(client.connection.paused, true);
    rig.clock.turn();
    assert.equal(client.connection.paused, false);
    assert.equal(client.session.messagesIn, 3 * 4096);
  });

  it("does not wait where the carriage cannot stop the peer from sending", () => {
    const rig = new SessionRig();
    const client = rig.connect();
    client.connection.pausesPeer = false;
    client.send("PUB a 0\r\n\r\n".repeat(40_000));
    assert.equal(client.connection.paused, false);
    assert.equal(client.session.messagesIn, 40_000);
  });

  it("waits in the middle of what it has sent when it has many receivers, and goes on where it was", () => {
    const rig = new SessionRig();
    const publisher = rig.connect();
    const receiver = rig.connect();
    for (let sid = 1; sid <= 1000; sid++) receiver.send(`SUB many ${sid}\r\n`);
    publisher.send("PUB many 0\r\n\r\n".repeat(50));
    const turns: number[] = [];
    while (publisher.connection.paused) {
      turns.push(publisher.session.messagesIn);
      rig.clock.turn();
      receiver.connection.finishAll();
    }
    assert.deepEqual(turns, [17, 34, 50]);
    assert.equal(publisher.session.messagesIn, 50);
    assert.equal(receiver.session.messagesOut, 50_000);
  });

  it("drops its subscriptions with the connection", () => {
    const rig = new SessionRig();
    const client = rig.connect();
    const other = rig.connect();
    client.send("SUB a 1\r\n");
    client.connection.destroy();
    other.send(`CONNECT ${JSON.stringify({ verbose: false, headers: true, no_responders: true })}\r\nSUB in 9\r\nPUB a in 0\r\n\r\n`);
    assert.match(other.take(), /503/);
    assert.equal(rig.door.sessions.size, 1);
  });

  it("shows a nonce to those who may sign it", () => {
    const rig = new SessionRig({}, new OneUser());
    const client = rig.open();
    assert.match(client.session.nonce, /^[A-Za-z0-9_-]{15}$/);
    assert.ok(client.greeting.includes(`"nonce":"${client.session.nonce}"`));
    assert.ok(client.greeting.includes('"auth_required":true'));
    assert.notEqual(rig.open().session.nonce, client.session.nonce);
  });
});
