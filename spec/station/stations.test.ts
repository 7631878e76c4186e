import assert from "node:assert/strict";
import test from "node:test";
import { stationConfig } from "../../lib/station/config.ts";
import { StationError } from "../../lib/station/station-error.ts";
import type { StationRefusal } from "../../lib/station/station-error.ts";
import { holdStations } from "./hold-station.ts";

async function codeOf(work: Promise<unknown>): Promise<StationRefusal | "accepted"> {
  try {
    await work;
    return "accepted";
  } catch (error) {
    assert.ok(error instanceof StationError, String(error));
    return error.code;
  }
}

test("a publish on a station's subject is stored and told about once it is committed", async () => {
  const { stations, publisher, publish, clock } = await holdStations();
  const { station, created } = await stations.create(stationConfig({ name: "orders", subjects: ["orders.>"] }));
  assert.ok(created);
  assert.equal(publish("orders.a", 1), 1);
  assert.equal(publish("elsewhere", 2), 0);
  assert.deepEqual(publisher.told, []);
  clock.settle();
  assert.deepEqual(publisher.told, [{ token: 1, kind: "stored", station: "orders", sequence: 1, code: undefined }]);
  assert.equal(station.log.state.messages, 1);
});

test("creating twice is one station when equal and refused when not, also at the same time", async () => {
  const { stations } = await holdStations();
  const config = stationConfig({ name: "S", subjects: ["s"] });
  const both = await Promise.all([stations.create(config), stations.create(config)]);
  assert.deepEqual(
    both.map((one) => one.created),
    [true, false],
  );
  assert.equal(await codeOf(stations.create(stationConfig({ name: "S", subjects: ["s", "t"] }))), "exists");
  assert.equal(stations.size, 1);
});

test("of two stations that want the same subject at once, one gets it", async () => {
  const { stations } = await holdStations();
  const codes = await Promise.all([
    codeOf(stations.create(stationConfig({ name: "A", subjects: ["x.>"] }))),
    codeOf(stations.create(stationConfig({ name: "B", subjects: ["x.y"] }))),
  ]);
  assert.deepEqual(codes, ["accepted", "subjects_overlap"]);
  await stations.delete("A");
  assert.equal(await codeOf(stations.create(stationConfig({ name: "B", subjects: ["x.y"] }))), "accepted");
});

test("a changed station captures its new subjects and no longer the old ones, and a refused change leaves it as it was", async () => {
  const { stations, publish, clock, groups } = await holdStations();
  const { station } = await stations.create(stationConfig({ name: "S", subjects: ["a", "b"] }));
  await stations.create(stationConfig({ name: "T", subjects: ["t"] }));
  await stations.update(stationConfig({ name: "S", subjects: ["b", "c"] }));
  assert.deepEqual(
    ["a", "b", "c"].map((subject) => publish(subject)),
    [0, 1, 1],
  );
  assert.equal(await codeOf(stations.update(stationConfig({ name: "S", subjects: ["d", "t"] }))), "subjects_overlap");
  assert.equal(await codeOf(stations.create(stationConfig({ name: "U", subjects: ["a", "d"] }))), "accepted");
  clock.settle();
  assert.equal(station.log.state.messages, 2);
  assert.deepEqual(
    groups(station).changes.map((config) => config.subjects),
    [["b", "c"]],
  );
});

test("what does not exist cannot be changed, emptied or deleted", async () => {
  const { stations } = await holdStations();
  assert.equal(await codeOf(stations.update(stationConfig({ name: "S" }))), "not_found");
  assert.equal(await codeOf(stations.delete("S")), "not_found");
  assert.equal(await codeOf(stations.purge("S", { filter: undefined, upTo: 0, keep: 0 })), "not_found");
  assert.equal(await codeOf(stations.remove("S", 1, true)), "not_found");
});

test("a deleted station stores nothing more, its groups are told, and its name is free", async () => {
  const { stations, publish, groups } = await holdStations();
  const { station } = await stations.create(stationConfig({ name: "S" }));
  await stations.delete("S");
  assert.equal(publish("S"), 0);
  assert.equal(groups(station).closed, "deleted");
  assert.equal(station.open, false);
  assert.ok((await stations.create(stationConfig({ name: "S", storage: "memory" }))).created);
});

test("purges and deletes are refused where the station denies them", async () => {
  const { stations, publish, clock } = await holdStations();
  await stations.create(stationConfig({ name: "D", denyDelete: true, denyPurge: true }));
  await stations.create(stationConfig({ name: "S" }));
  for (const name of ["D", "S", "S", "S"]) publish(name);
  clock.settle();
  assert.equal(await codeOf(stations.purge("D", { filter: undefined, upTo: 0, keep: 0 })), "purge_denied");
  assert.equal(await codeOf(stations.remove("D", 1, false)), "delete_denied");
  assert.equal(await codeOf(stations.remove("S", 2, false)), "accepted");
  assert.equal(await codeOf(stations.remove("S", 2, false)), "record_not_found");
  assert.equal(await stations.purge("S", { filter: "S", upTo: 0, keep: 1 }), 1);
  await stations.update(stationConfig({ name: "S", sealed: true }));
  assert.equal(await codeOf(stations.purge("S", { filter: undefined, upTo: 0, keep: 0 })), "sealed");
  assert.equal(await codeOf(stations.remove("S", 3, false)), "sealed");
});

test("a station that does not acknowledge stores without telling, and a sealed one refuses", async () => {
  const { stations, publisher, publish, clock } = await holdStations();
  const { station } = await stations.create(stationConfig({ name: "Q", noAck: true }));
  await stations.create(stationConfig({ name: "S" }));
  await stations.update(stationConfig({ name: "S", sealed: true }));
  publish("Q", 1);
  publish("S", 2);
  clock.settle();
  assert.equal(station.log.state.messages, 1);
  assert.deepEqual(publisher.told, [{ token: 2, kind: "refused", station: "S", sequence: 0, code: "sealed" }]);
});

test("stations come back from the store's logs, with their subjects reserved", async () => {
  const first = await holdStations();
  await first.stations.create(stationConfig({ name: "S", subjects: ["s.*"] }));
  first.publish("s.a");
  first.clock.settle();
  first.stations.close();
  const second = await holdStations({ store: () => first.store });
  for (const log of second.logs) assert.ok(second.stations.recover(log) !== undefined);
  assert.equal(second.stations.get("S")?.log.state.messages, 1);
  assert.equal(await codeOf(second.stations.create(stationConfig({ name: "T", subjects: ["s.a"] }))), "subjects_overlap");
  assert.equal(second.publish("s.b"), 1);
  assert.equal(second.stations.capturing("s.>").length, 1);
});

test("a tenant has no more stations than it may have", async () => {
  const { stations } = await holdStations({ allowance: { stationsMax: 1 } });
  await stations.create(stationConfig({ name: "A" }));
  assert.equal(await codeOf(stations.create(stationConfig({ name: "B" }))), "stations_max");
});

test("listeners hear of stations made, changed and deleted, in order", async () => {
  const { stations } = await holdStations();
  const heard: string[] = [];
  stations.listeners.add((event, station) => heard.push(`${event} ${station.name}`));
  await stations.create(stationConfig({ name: "A" }));
  await stations.update(stationConfig({ name: "A", description: "d" }));
  await stations.update(stationConfig({ name: "A", description: "d" }));
  await stations.delete("A");
  assert.deepEqual(heard, ["created A", "changed A", "deleted A"]);
});

test("among five thousand stations an overlap is found without comparing with each", async () => {
  const { stations } = await holdStations();
  await Promise.all(
    Array.from({ length: 5_000 }, (_none, index) => stations.create(stationConfig({ name: `n${index}`, subjects: [`n.${index}.>`] }))),
  );
  assert.equal(await codeOf(stations.create(stationConfig({ name: "X", subjects: ["n.*.a"] }))), "subjects_overlap");
  assert.deepEqual(
    stations.capturing("n.77.*").map((station) => station.name),
    ["n77"],
  );
  assert.equal(stations.list().length, 5_000);
});

test("a station of ten thousand subjects is made and changed like a small one", async () => {
  const { stations, publish } = await holdStations();
  const subjects = Array.from({ length: 10_000 }, (_none, index) => `wide.${index}`);
  await stations.create(stationConfig({ name: "W", subjects }));
  await stations.update(stationConfig({ name: "W", subjects: [...subjects.slice(1), "wide.more"] }));
  assert.deepEqual([publish("wide.0"), publish("wide.9999"), publish("wide.more")], [0, 1, 1]);
});
