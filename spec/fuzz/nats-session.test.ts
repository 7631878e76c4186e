/** NATS sessions on damaged streams: whatever is sent, nothing is thrown, and a connection that has gone leaves nothing behind. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { propertyRuns } from "../support/effort.ts";
import { SessionRig } from "../support/nats-session.ts";

const lines = fc.array(
  fc.oneof(
    fc.constantFrom(
      "PING\r\n",
      "PONG\r\n",
      "SUB a.* 1\r\n",
      "SUB a.> q 2\r\n",
      "SUB in.* x\r\n",
      "SUB > 0\r\n",
      "UNSUB 1\r\n",
      "UNSUB 2 1\r\n",
      "UNSUB nobody\r\n",
      "PUB a.b 2\r\nhi\r\n",
      "PUB a.b in.1 0\r\n\r\n",
      "PUB .. in.1 0\r\n\r\n",
      "HPUB a.b 12 14\r\nNATS/1.0\r\n\r\nhi\r\n",
      'CONNECT {"verbose":true,"headers":true,"no_responders":true}\r\n',
      'CONNECT {"verbose":false,"echo":false}\r\n',
      'CONNECT {"user":"u","pass":"p"}\r\n',
      "INFO {}\r\n+OK\r\n",
    ),
    fc.string({ maxLength: 12 }),
  ),
  { maxLength: 30 },
);

describe("NATS sessions on damaged streams", () => {
  it("neither throw nor leave anything behind", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(lines, { minLength: 1, maxLength: 3 }), fc.array(fc.nat(600), { maxLength: 8 }), async (scripts, cuts) => {
        const rig = new SessionRig({ controlLineBytesMax: 512 });
        const clients = scripts.map((script) => ({ client: rig.connect(), stream: script.join("") }));
        for (const { client, stream } of clients) {
          let from = 0;
          for (const cut of [...cuts.map((place) => place % (stream.length + 1)).sort((a, b) => a - b), stream.length]) {
            client.send(stream.slice(from, cut));
            from = cut;
          }
          await Promise.resolve();
          client.take();
        }
        rig.clock.advance(300_000);
        for (const { client } of clients) client.connection.destroy();
        rig.clock.settle();
        assert.equal(rig.door.sessions.size, 0);
        assert.equal(rig.door.pool.bytesOut, 0);
        assert.equal([...rig.broker.attachments()].length, 0);
        assert.equal(rig.broker.tenant("$G").router.count, 0);
      }),
      propertyRuns(42, 400, 8000),
    );
  });
});
