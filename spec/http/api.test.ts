/** The HTTP interface on both engines: what `curl` does with stations, groups, live tails and the rest. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { PermissionSet } from "../../lib/auth/permission-set.ts";
import type { Identity } from "../../lib/auth/identity.ts";
import type { Authentication } from "../../transports/nats/authentication.ts";
import { openSpecBroker } from "../support/open-broker.ts";
import type { SpecBroker } from "../support/open-broker.ts";
import { webEngines } from "../support/web-engines.ts";
import { until } from "../support/until.ts";
import { RawSocket } from "../web/raw-socket.ts";
import { ask, eventsUntil, expectStatus } from "./asking.ts";

for (const engine of webEngines) {
  describe(`HTTP on ${engine}`, () => {
    let broker: SpecBroker;
    let url = "";
    before(async () => {
      broker = await openSpecBroker({ webEngine: engine });
      url = broker.webUrl;
      await expectStatus(201, url, "POST", "/v1/stations", JSON.stringify({ name: "S", subjects: ["s.*"] }));
    });
    after(async () => {
      await broker[Symbol.asyncDispose]();
      deepEqual(broker.reports, []);
    });

    test("one message is answered with its sequence, and the same id is stored once", async () => {
      const first = await expectStatus(201, url, "POST", "/v1/stations/S/messages?subject=s.one&id=a", "hello");
      const again = await expectStatus(200, url, "POST", "/v1/stations/S/messages?subject=s.one&id=a", "hello");
      deepEqual({ ...again.json }, { ...first.json, duplicate: true });
    });

    test("subject, key, id and headers may come as HTTP headers, and bytes stay bytes", async () => {
      const bytes = new Uint8Array([0, 255, 10, 13]);
      const headers = { "waystation-subject": "s.bytes", "waystation-key": "k", "waystation-header-colour": "red" };
      const stored = await expectStatus(201, url, "POST", "/v1/stations/S/messages", bytes, headers);
      const path = `/v1/stations/S/messages/${Number(stored.json["sequence"])}`;
      const record = await expectStatus(200, url, "GET", path);
      equal(record.json["subject"], "s.bytes");
      equal(record.json["key"], "k");
      equal(record.json["base64"], Buffer.from(bytes).toString("base64"));
      deepEqual(record.json["headers"]?.["colour"], ["red"]);
      const raw = await fetch(url + path, { headers: { accept: "application/octet-stream" } });
      deepEqual(new Uint8Array(await raw.arrayBuffer()), bytes);
      equal(raw.headers.get("waystation-subject"), "s.bytes");
    });

    test("many messages come as NDJSON or as a list, and what is refused is told one by one", async () => {
      const lines = '{"subject":"s.n","text":"1"}\n{"subject":"s.n","base64":"_w=="}\n';
      const done = await expectStatus(200, url, "POST", "/v1/stations/S/messages", lines, { "content-type": "application/x-ndjson" });
      equal(Number(done.json["results"]?.[1]?.["sequence"]), Number(done.json["results"]?.[0]?.["sequence"]) + 1);
      const list = JSON.stringify([{ subject: "s.n", json: { a: 1 } }, { subject: "elsewhere" }]);
      const partly = await expectStatus(207, url, "POST", "/v1/stations/S/messages?many=true", list);
      equal(Number(partly.json["stored"]), 1);
      equal(Number(partly.json["results"]?.[1]?.["status"]), 422);
      await expectStatus(422, url, "POST", "/v1/stations/S/messages?many=true", '[{"subject":"elsewhere"}]');
      await expectStatus(422, url, "POST", "/v1/stations/S/messages?many=true", '[{"subject":"s.n","txt":"?"}]');
      await expectStatus(400, url, "POST", "/v1/stations/S/messages?many=true", "[");
    });

    test("what cannot be stored says why", async () => {
      await expectStatus(404, url, "POST", "/v1/stations/NONE/messages?subject=s.a", "x");
      await expectStatus(422, url, "POST", "/v1/stations/S/messages", "no subject");
      await expectStatus(422, url, "POST", "/v1/stations/S/messages?subject=s.*", "a wildcard");
      await expectStatus(422, url, "POST", "/v1/stations/S/messages?subject=other", "not captured");
      await expectStatus(422, url, "POST", "/v1/stations/S/messages?subject=s.a&encoding=base64", "~");
      const large = new Uint8Array(2 * 1024 * 1024);
      await expectStatus(413, url, "POST", "/v1/stations/S/messages?subject=s.a", large);
      const expectation = { "waystation-expected-last-sequence": "99999" };
      const refused = await expectStatus(412, url, "POST", "/v1/stations/S/messages?subject=s.a", "x", expectation);
      equal(refused.json["code"], "wrong_last_sequence");
    });

    test("records are read from a position, page by page, by filter", async () => {
      await expectStatus(201, url, "POST", "/v1/stations", JSON.stringify({ name: "R", subjects: ["r.*"] }));
      for (const text of ["a", "b", "c"]) await expectStatus(201, url, "POST", `/v1/stations/R/messages?subject=r.${text}`, text);
      const page = await expectStatus(200, url, "GET", "/v1/stations/R/messages?limit=2");
      equal(Number(page.json["next"]), 3);
      const rest = await expectStatus(200, url, "GET", "/v1/stations/R/messages?from=3");
      equal(rest.json["messages"]?.[0]?.["text"], "c");
      const some = await ask(url, "GET", "/v1/stations/R/messages?subject=r.b", undefined, { accept: "application/x-ndjson" });
      equal((JSON.parse(some.text) as { text: string }).text, "b");
      const since = await expectStatus(200, url, "GET", "/v1/stations/R/messages?since=2000-01-01T00:00:00Z&limit=1");
      equal(since.json["messages"]?.[0]?.["text"], "a");
      await expectStatus(422, url, "GET", "/v1/stations/R/messages?limit=0");
      await expectStatus(404, url, "GET", "/v1/stations/R/messages/77");
      await expectStatus(204, url, "DELETE", "/v1/stations/R/messages/2");
      await expectStatus(404, url, "GET", "/v1/stations/R/messages/2");
      const subjects = await expectStatus(200, url, "GET", "/v1/stations/R/subjects");
      equal(Number(subjects.json["total"]), 2);
      const purged = await expectStatus(200, url, "POST", "/v1/stations/R/purge", '{"keep":1}');
      equal(Number(purged.json["purged"]), 1);
    });

    test("a group is fetched from, acknowledged, and what is not comes again", async () => {
      await expectStatus(201, url, "POST", "/v1/stations", JSON.stringify({ name: "G", subjects: ["g"] }));
      await expectStatus(201, url, "POST", "/v1/stations/G/groups", '{"name":"workers"}');
      await expectStatus(200, url, "POST", "/v1/stations/G/groups", '{"name":"workers"}');
      await expectStatus(409, url, "POST", "/v1/stations/G/groups", '{"name":"workers","ackWaitMs":1}');
      const fetch = "/v1/stations/G/groups/workers/fetch";
      const empty = await expectStatus(200, url, "POST", `${fetch}?expires=0`);
      deepEqual(empty.json["messages"], []);
      const waiting = expectStatus(200, url, "POST", `${fetch}?batch=10&expires=10000`);
      await expectStatus(201, url, "POST", "/v1/stations/G/messages", "work");
      const got = await waiting;
      equal(got.json["messages"]?.[0]?.["text"], "work");
      await expectStatus(200, url, "POST", "/v1/stations/G/groups/workers/nak?sequence=1");
      const again = await expectStatus(200, url, "POST", fetch);
      equal(Number(again.json["messages"]?.[0]?.["deliveries"]), 2);
      const acked = await expectStatus(200, url, "POST", "/v1/stations/G/groups/workers/ack", '{"sequences":[1,8]}');
      deepEqual({ ...acked.json }, { settled: 1, unknown: [8] });
      const group = await expectStatus(200, url, "GET", "/v1/stations/G/groups/workers");
      equal(Number(group.json["state"]?.["ackedSequence"]), 1);
      await expectStatus(200, url, "POST", "/v1/stations/G/groups/workers/seek", '{"sequence":1}');
      const replayed = await expectStatus(200, url, "POST", `${fetch}?encoding=base64`);
      equal(replayed.json["messages"]?.[0]?.["base64"], "d29yaw==");
      await expectStatus(200, url, "POST", "/v1/stations/G/groups/workers/term?sequence=1");
      await expectStatus(200, url, "PATCH", "/v1/stations/G/groups/workers", '{"ackPendingMax":5}');
      await expectStatus(204, url, "DELETE", "/v1/stations/G/groups/workers");
      await expectStatus(404, url, "POST", fetch);
    });

    test("who leaves a fetch loses nothing: its records go to the next one", async () => {
      await expectStatus(201, url, "POST", "/v1/stations", JSON.stringify({ name: "L", subjects: ["l"] }));
      await expectStatus(201, url, "POST", "/v1/stations/L/groups", '{"name":"g"}');
      const leaving = new AbortController();
      const left = fetch(`${url}/v1/stations/L/groups/g/fetch?expires=60000`, { method: "POST", signal: leaving.signal }).catch(
        () => "left",
      );
      const waiting = async (): Promise<number> => Number((await ask(url, "GET", "/v1/stations/L/groups/g")).json["state"]?.["waiting"]);
      while ((await waiting()) === 0);
      leaving.abort();
      equal(await left, "left");
      while ((await waiting()) > 0);
      await expectStatus(201, url, "POST", "/v1/stations/L/messages", "kept");
      const got = await expectStatus(200, url, "POST", "/v1/stations/L/groups/g/fetch");
      equal(got.json["messages"]?.[0]?.["text"], "kept");
    });

    test("a tail shows what is stored, from a position or after the last event seen, and a subscription what is published", async () => {
      await expectStatus(201, url, "POST", "/v1/stations", JSON.stringify({ name: "T", subjects: ["t"] }));
      await expectStatus(201, url, "POST", "/v1/stations/T/messages", "before");
      const done = new AbortController();
      const tail = await fetch(`${url}/v1/stations/T/tail?from=1`, { signal: done.signal });
      equal(tail.headers.get("content-type"), "text/event-stream");
      const resumed = await fetch(`${url}/v1/stations/T/tail`, { signal: done.signal, headers: { "last-event-id": "1" } });
      const live = await fetch(`${url}/v1/subscribe?filter=%3E`, { signal: done.signal });
      await expectStatus(201, url, "POST", "/v1/stations/T/messages", "after");
      const events = await eventsUntil(tail, "after");
      match(events, /id: 1\nevent: message\ndata: .*before[^]*id: 2\n/);
      ok(!(await eventsUntil(resumed, "after")).includes("before"));
      const published = await expectStatus(202, url, "POST", "/v1/publish/plain.subject", "news");
      equal(Number(published.json["receivers"]), 1);
      match(await eventsUntil(live, "news"), /"subject":"plain.subject"/);
      const ending = eventsUntil(await fetch(`${url}/v1/stations/T/tail`), "event: end");
      await expectStatus(204, url, "DELETE", "/v1/stations/T");
      await ending;
      done.abort();
    });

    test("stations are listed, changed and deleted, and rules that break are named", async () => {
      await expectStatus(201, url, "POST", "/v1/stations", JSON.stringify({ name: "C", subjects: ["c.>"] }));
      await expectStatus(409, url, "POST", "/v1/stations", JSON.stringify({ name: "D", subjects: ["c.x"] }));
      await expectStatus(422, url, "POST", "/v1/stations", JSON.stringify({ name: "D", maxAge: 1 }));
      await expectStatus(422, url, "POST", "/v1/stations", JSON.stringify({ name: "bad name" }));
      const changed = await expectStatus(200, url, "PATCH", "/v1/stations/C", '{"messagesMax":2}');
      equal(Number(changed.json["config"]?.["messagesMax"]), 2);
      const found = await expectStatus(200, url, "GET", "/v1/stations?subject=c.deep.er");
      equal(found.json["stations"]?.[0]?.["name"], "C");
      await expectStatus(204, url, "DELETE", "/v1/stations/C");
      await expectStatus(404, url, "GET", "/v1/stations/C");
    });

    test("the document describes every route, each with its answers", async () => {
      const { json } = await expectStatus(200, url, "GET", "/v1/openapi.json");
      equal(json["openapi"], "3.1.0");
      const operations = Object.values(json["paths"] ?? {}).flatMap((path) => Object.values(path));
      equal(operations.length, broker.opened.http.routes.length);
      for (const operation of operations) ok(Object.keys(operation["responses"] ?? {}).length >= 2, JSON.stringify(operation));
    });

    test("metrics count by station, group and door, and /varz names the engine", async () => {
      await expectStatus(201, url, "POST", "/v1/stations/S/messages?subject=s.counted", "x");
      const { text } = await expectStatus(200, url, "GET", "/metrics");
      match(text, /waystation_station_messages\{tenant="\$G",station="S"\} \d+/);
      match(text, /waystation_connections\{door="nats"\} 0/);
      match(text, /waystation_connections\{door="web"\} 0/);
      match(text, /waystation_slow_consumers_total 0/);
      match(text, /waystation_ack_seconds_bucket\{storage="file",le="\+Inf"\} [1-9]/);
      const varz = await expectStatus(200, url, "GET", "/varz");
      equal(varz.json["engine"], engine);
    });

    test("a body that is too large is refused before it is read", async () => {
      const raw = new RawSocket(Number(new URL(url).port));
      raw.send("POST /v1/stations/S/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n");
      if (engine === "ws") raw.send(Buffer.alloc(9 * 1024 * 1024));
      await until("the refusal", () => raw.head !== "");
      equal(raw.status, 413);
      match(raw.head, /application\/problem\+json/);
      raw.destroy();
    });

    test("a request that offers to go on by HTTP/2 is a request like any other", async () => {
      const offer = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n";
      for (const [line, body, status] of [
        ["GET /healthz", "", 200],
        ["POST /v1/stations/S/messages?subject=s.offer", "hello", 201],
      ] as const) {
        const raw = new RawSocket(Number(new URL(url).port));
        raw.send(`${line} HTTP/1.1\r\nHost: x\r\n${offer}Content-Length: ${body.length}\r\n\r\n${body.slice(0, 2)}`);
        raw.send(body.slice(2));
        await until(`an answer to ${line}`, () => raw.head !== "" || raw.closed);
        equal(raw.status, status, raw.head);
        raw.destroy();
      }
    });

    test("an unknown path, a wrong method and a page of another origin are refused as problems", async () => {
      await expectStatus(404, url, "GET", "/v1/nothing");
      const wrong = await expectStatus(405, url, "PUT", "/v1/stations");
      equal(wrong.headers.get("allow"), "GET, POST");
      await expectStatus(403, url, "POST", "/v1/stations/S/messages?subject=s.a", "x", { origin: "http://elsewhere.example" });
      const head = await fetch(`${url}/healthz`, { method: "HEAD" });
      equal(head.status, 200);
      equal(await head.text(), "");
    });
  });

  test(`who may do what is the same by HTTP as by other doors, on ${engine}`, async () => {
    const permissions = (publish: readonly string[], subscribe: readonly string[]): Identity["permissions"] => {
      const set = new PermissionSet({
        publish: { allow: publish, deny: [] },
        subscribe: { allow: subscribe, deny: [] },
        allowResponses: undefined,
      });
      return {
        mayPublish: (subject) => set.mayPublish(subject),
        maySubscribe: (filter, queue) => set.maySubscribe(filter, queue),
        deliveryFilter: (filter, queue) => set.deliveryFilter(filter, queue),
        unrestricted: false,
        tracksReplies: false,
        replyable: () => {},
      };
    };
    const users: Record<string, Identity> = {
      root: { user: "root", tenant: "$G", permissions: undefined, expiresMs: undefined },
      device: {
        user: "device",
        tenant: "$G",
        permissions: permissions(["s.device", "$JS.API.STREAM.INFO.S"], ["news.*"]),
        expiresMs: undefined,
      },
      other: { user: "other", tenant: "T2", permissions: undefined, expiresMs: undefined },
    };
    const authentication: Authentication = {
      anonymous: undefined,
      asksForKeys: false,
      authenticate: ({ user, token, password }) =>
        Promise.resolve(password === "secret" ? users[user ?? ""] : token === "root-token" ? users["root"] : undefined),
    };
    await using broker = await openSpecBroker({ webEngine: engine, authentication });
    const url = broker.webUrl;
    const as = (user: string): Record<string, string> => ({ authorization: `Basic ${Buffer.from(`${user}:secret`).toString("base64")}` });
    await expectStatus(200, url, "GET", "/healthz");
    await expectStatus(200, url, "GET", "/readyz");
    for (const path of ["/metrics", "/varz", "/v1/stations", "/v1/openapi.json", "/v1/subscribe?filter=a"]) {
      const refused = await expectStatus(401, url, "GET", path);
      match(refused.headers.get("www-authenticate") ?? "", /^Basic/);
    }
    await expectStatus(200, url, "GET", "/v1/stations", undefined, { authorization: "Bearer root-token" });
    await expectStatus(401, url, "GET", "/v1/stations?token=root-token");
    await expectStatus(201, url, "POST", "/v1/stations", JSON.stringify({ name: "S", subjects: ["s.*"] }), as("root"));
    await expectStatus(201, url, "POST", "/v1/stations/S/messages?subject=s.device", "x", as("device"));
    await expectStatus(403, url, "POST", "/v1/stations/S/messages?subject=s.other", "x", as("device"));
    await expectStatus(403, url, "POST", "/v1/publish/s.other", "x", as("device"));
    await expectStatus(200, url, "GET", "/v1/stations/S", undefined, as("device"));
    for (const path of [
      "/v1/stations/S/messages",
      "/v1/stations/S/tail",
      "/v1/stations",
      "/metrics",
      "/v1/connections",
      "/v1/subscribe?filter=s.*",
    ]) {
      await expectStatus(403, url, "GET", path, undefined, as("device"));
    }
    for (const [method, path] of [
      ["POST", "/v1/stations/S/groups"],
      ["DELETE", "/v1/stations/S"],
      ["POST", "/v1/stations/S/purge"],
    ] as const) {
      await expectStatus(403, url, method, path, '{"name":"g"}', as("device"));
    }
    await expectStatus(404, url, "GET", "/v1/stations/S", undefined, as("other"));
    await expectStatus(403, url, "GET", "/metrics", undefined, as("other"));
  });
}
