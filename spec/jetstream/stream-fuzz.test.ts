import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { Message } from "../../lib/message.ts";
import { Subject } from "../../lib/router/subject.ts";
import { stationConfig } from "../../lib/station/config.ts";
import { Subscription } from "../../lib/subscription.ts";
import { registerAccountApi } from "../../transports/nats/jetstream/account-api.ts";
import { Api } from "../../transports/nats/jetstream/api.ts";
import { registerDirectGet } from "../../transports/nats/jetstream/direct-get.ts";
import { registerMessageApi } from "../../transports/nats/jetstream/message-api.ts";
import { registerStreamApi } from "../../transports/nats/jetstream/stream-api.ts";
import { streamConfigRequestFields } from "../../transports/nats/jetstream/stream-config.ts";
import { holdStations, Publisher } from "../station/hold-station.ts";

const verb = fc.constantFrom(
  "INFO",
  "STREAM.CREATE.S",
  "STREAM.CREATE.N",
  "STREAM.UPDATE.S",
  "STREAM.INFO.S",
  "STREAM.PURGE.S",
  "STREAM.NAMES",
  "STREAM.LIST",
  "STREAM.MSG.GET.S",
  "STREAM.MSG.DELETE.S",
  "DIRECT.GET.S",
  "DIRECT.GET.S.s.a",
);

const field = fc.constantFrom(
  ...Object.keys(streamConfigRequestFields),
  "seq",
  "batch",
  "multi_last",
  "last_by_subj",
  "next_by_subj",
  "keep",
);
const value = fc.oneof(
  fc.json().map((text): unknown => JSON.parse(text)),
  fc.constantFrom("S", "s.>", "limits", "file", ["s.>"], 1, -1, 1e300),
);
const payload = fc.oneof(
  fc.string(),
  fc.json(),
  fc.dictionary(field, value, { maxKeys: 5 }).map((fields) => JSON.stringify({ name: "S", ...fields })),
  fc.dictionary(field, value, { maxKeys: 3 }).map((fields) => JSON.stringify(fields)),
);

/** Keeps what it is answered. */
class Asker extends Publisher {
  readonly answers: string[] = [];

  override deliver(_subscription: Subscription, message: Message): boolean {
    this.answers.push(message.body.toString("utf8", message.bodyStart, message.bodyEnd));
    return true;
  }
}

test("whatever is asked, the API answers once with JSON or a status, and nothing breaks", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(verb, payload), { minLength: 1, maxLength: 8 }), async (requests) => {
      const { stations, tenant, clock, publish } = await holdStations();
      const reports: string[] = [];
      const api = new Api({ id: 9, clock, tenant, stations, report: (message) => void reports.push(message) });
      registerAccountApi(api);
      registerStreamApi(api, "server");
      registerMessageApi(api);
      registerDirectGet(api);
      await stations.create(stationConfig({ name: "S", subjects: ["s.>"], allowDirect: true }));
      for (const subject of ["s.a", "s.b"]) publish(subject);
      clock.settle();
      for (const [what, body] of requests) {
        const receiver = new Asker();
        const { answers } = receiver;
        const inbox = new Subscription({ filter: "inbox", session: receiver, label: "" });
        tenant.router.add(inbox);
        const message = new Message(new Subject(Buffer.from(`$JS.API.${what}`), false));
        message.replyBuffer = Buffer.from("inbox");
        message.replyEnd = 5;
        message.body = Buffer.from(body);
        message.bodyEnd = message.body.length;
        tenant.publish(receiver, message, 0);
        for (let turn = 0; turn < 50 && answers.length === 0; turn++) await new Promise((resolve) => setImmediate(resolve));
        tenant.router.remove(inbox);
        assert.ok(answers.length > 0, `no answer to ${what} ${body}`);
        const first = answers[0] ?? "";
        if (what.startsWith("DIRECT")) assert.match(first, /^NATS\/1\.0|^x$/);
        else assert.ok(JSON.parse(first));
      }
      assert.deepEqual(reports, []);
    }),
    { seed: 5, numRuns: 200 },
  );
});
