/** Routes as resources. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openSpecBroker } from "../support/open-broker.ts";

test("routes are made, tried, changed and deleted by HTTP, and what is wrong is a problem", async () => {
  await using broker = await openSpecBroker();
  const web = broker.webUrl.replace(/^ws/, "http");
  const ask = async (method: string, path: string, body?: object): Promise<[number, unknown]> => {
    const answer = await fetch(`${web}/v1${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await answer.text();
    return [answer.status, text === "" ? undefined : JSON.parse(text)];
  };
  await ask("POST", "/stations", { name: "S", subjects: ["s.*"] });
  await ask("POST", "/stations", { name: "T", subjects: ["t.*"] });
  const [created, route] = await ask("POST", "/routes", { name: "r", from: "s.*", where: "msg.n > 1", to: "t.$1" });
  assert.equal(created, 201);
  assert.deepEqual((route as { from: string; enabled: boolean }).enabled, true);
  for (const n of [1, 2, 3]) await ask("POST", "/stations/S/messages?subject=s.a", { n });
  const [, trial] = await ask("POST", "/routes/test", { name: "r" });
  assert.deepEqual((trial as { targets: object }).targets, { "t.a": 2 });
  assert.equal((await ask("POST", "/routes", { name: "r", from: "s.*", to: "t.$1" }))[0], 409);
  assert.equal((await ask("POST", "/routes", { name: "q", from: "s.*", where: "nonsense", to: "t.$1" }))[0], 422);
  assert.equal((await ask("POST", "/routes", { name: "q", from: "t.*", to: "t.x" }))[0], 409);
  assert.equal((await ask("PATCH", "/routes/r", { enabled: false }))[0], 200);
  const [, listed] = await ask("GET", "/routes");
  assert.deepEqual(
    (listed as { routes: { name: string; enabled: boolean }[] }).routes.map(({ name, enabled }) => [name, enabled]),
    [["r", false]],
  );
  assert.equal((await ask("DELETE", "/routes/r"))[0], 204);
  assert.equal((await ask("GET", "/routes/r"))[0], 404);
});
