/** Users, tenants, settings and connections of a running program, by HTTP. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { connect } from "../../transports/client/index.ts";
import { serve, temporaryFolder } from "../support/program.ts";
import { eventually } from "../support/eventually.ts";
import { eventsUntil, expectStatus } from "./asking.ts";

function as(user: string, password: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` };
}

test("a tail and a waiting fetch end when their user goes", async (t) => {
  const { addresses } = await serve(t, await temporaryFolder(t), ["--web-port", "0", "--user", "op", "--pass", "secret"]);
  const url = addresses.web?.url ?? "";
  const operator = as("op", "secret");
  await expectStatus(201, url, "POST", "/v1/users", '{"user":"u","password":"one"}', operator);
  await expectStatus(201, url, "POST", "/v1/stations", '{"name":"S","subjects":["s"]}', operator);
  await expectStatus(201, url, "POST", "/v1/stations/S/groups", '{"name":"g"}', operator);
  const user = as("u", "one");
  const tail = await fetch(`${url}/v1/stations/S/tail`, { headers: user });
  const live = await fetch(`${url}/v1/subscribe?filter=%3E`, { headers: user });
  const waiting = expectStatus(401, url, "POST", "/v1/stations/S/groups/g/fetch?expires=60000", undefined, user);
  await eventually("the fetch to wait", async () => {
    const group = await expectStatus(200, url, "GET", "/v1/stations/S/groups/g", undefined, operator);
    return Number(group.json["state"]?.["waiting"]) === 1;
  });
  await expectStatus(204, url, "DELETE", "/v1/users/u", undefined, operator);
  await waiting;
  match(await eventsUntil(tail, "event: end"), /credentials_revoked|following/);
  await eventsUntil(live, "event: end");
  const connections = await expectStatus(200, url, "GET", "/v1/connections", undefined, operator);
  equal(Number(connections.json["total"]), 0);
});

test("pages of other origins may ask where --web-origins names them", async (t) => {
  const origins = "https://a.example, https://b.example/";
  const { addresses } = await serve(t, await temporaryFolder(t), ["--web-port", "0", "--web-origins", origins]);
  const url = addresses.web?.url ?? "";
  const allowed = await expectStatus(202, url, "POST", "/v1/publish/a", "x", { origin: "https://b.example" });
  equal(allowed.headers.get("access-control-allow-origin"), "https://b.example");
  await expectStatus(204, url, "OPTIONS", "/v1/publish/a", undefined, { origin: "https://a.example" });
  await expectStatus(403, url, "POST", "/v1/publish/a", "x", { origin: "https://c.example" });
});

test("an operator adds, changes and removes users and tenants, sees settings, and ends connections", async (t) => {
  const { addresses } = await serve(t, await temporaryFolder(t), ["--web-port", "0", "--user", "op", "--pass", "secret"]);
  const url = addresses.web?.url ?? "";
  const operator = as("op", "secret");
  await expectStatus(401, url, "GET", "/v1/users");
  const users = await expectStatus(200, url, "GET", "/v1/users", undefined, operator);
  equal(users.json["users"]?.[0]?.["user"], "op");
  ok(!users.text.includes("secret"), "no secret is shown");
  const permissions = { publish: ["plant.>"], subscribe: ["_INBOX.>"] };
  await expectStatus(201, url, "POST", "/v1/users", JSON.stringify({ user: "u", password: "one", permissions }), operator);
  await expectStatus(409, url, "POST", "/v1/users", '{"user":"u","password":"one"}', operator);
  await expectStatus(422, url, "POST", "/v1/users", '{"user":"v"}', operator);
  await expectStatus(202, url, "POST", "/v1/publish/plant.a", "x", as("u", "one"));
  await expectStatus(403, url, "POST", "/v1/publish/other", "x", as("u", "one"));
  await expectStatus(403, url, "GET", "/v1/users", undefined, as("u", "one"));
  await expectStatus(200, url, "PUT", "/v1/users/u", '{"password":"two"}', operator);
  await expectStatus(401, url, "POST", "/v1/publish/plant.a", "x", as("u", "one"));

  const client = await connect({ servers: addresses.nats?.url ?? "", user: "u", pass: "two", reconnect: false });
  const connections = await expectStatus(200, url, "GET", "/v1/connections", undefined, operator);
  equal(Number(connections.json["total"]), Object.keys(connections.json["connections"] ?? {}).length);
  const mine = Object.values(connections.json["connections"] ?? {}).find((connection) => String(connection["user"] as unknown) === "u");
  equal(mine?.["door"], "nats");
  await expectStatus(204, url, "DELETE", `/v1/connections/${Number(mine?.["id"])}`, undefined, operator);
  await eventually("the end of the connection", () => client.status === "closed");
  await expectStatus(404, url, "DELETE", "/v1/connections/999999", undefined, operator);

  await expectStatus(201, url, "POST", "/v1/tenants", '{"tenant":"T"}', operator);
  const tenants = await expectStatus(200, url, "GET", "/v1/tenants", undefined, operator);
  match(tenants.text, /"tenant":"T"/);
  await expectStatus(204, url, "DELETE", "/v1/tenants/T", undefined, operator);
  await expectStatus(204, url, "DELETE", "/v1/users/u", undefined, operator);
  await expectStatus(404, url, "DELETE", "/v1/users/u", undefined, operator);
  const settings = await expectStatus(200, url, "GET", "/v1/settings", undefined, operator);
  equal(Number(settings.json["limits"]?.["payloadBytesMax"]), 1_048_576);
  const reloaded = await expectStatus(200, url, "POST", "/v1/reload", undefined, operator);
  deepEqual({ ...reloaded.json }, { reloaded: true, restart: [] });
});
