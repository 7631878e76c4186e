/** Stations as resources: list, create, look, change, empty, delete. The fields are the core's own words. */
import { filterProblem } from "../../lib/filter.ts";
import { stationConfig } from "../../lib/station/config.ts";
import type { StationConfig } from "../../lib/station/config.ts";
import { StationFamily } from "../../lib/station/family.ts";
import type { Station } from "../../lib/station/station.ts";
import type { Stations } from "../../lib/station/stations.ts";
import type { HttpContext } from "./context.ts";
import { jsonBody, queryFilter, queryNumber, sendJson, timeText } from "./context.ts";
import type { Schema } from "./json-schema.ts";
import { HttpProblem } from "./problem.ts";
import { demand } from "./router.ts";
import type { HttpRouter } from "./router.ts";

const count: Schema = { type: "integer", minimum: 0, description: "0 = no limit" };
const flag: Schema = { type: "boolean" };

const mapping = {
  type: "object",
  additionalProperties: false,
  properties: { source: { type: "string" }, destination: { type: "string" } },
  required: ["source", "destination"],
} as const satisfies Schema;
const origin: Schema = {
  type: "object",
  additionalProperties: false,
  properties: {
    origin: { type: "string" },
    startSequence: { type: "integer", minimum: 0 },
    startTimeUs: { type: "integer", minimum: 0 },
    filter: { type: "string" },
    transforms: { type: "array", items: mapping },
  },
  required: ["origin"],
};

/** Every field of `StationConfig`, so that a field added there must be added here. */
const fields: Record<keyof StationConfig, Schema> = {
  name: { type: "string" },
  description: { type: "string" },
  subjects: { type: "array", items: { type: "string" }, description: "filters of what it captures; default: its name" },
  retention: { type: "string", enum: ["limits", "interest", "workqueue"] },
  storage: { type: "string", enum: ["file", "memory"] },
  groupsMax: count,
  messagesMax: count,
  bytesMax: count,
  ageMaxMs: { type: "number", minimum: 0, description: "0 = no limit" },
  messagesPerSubjectMax: count,
  messageBytesMax: count,
  discard: { type: "string", enum: ["old", "new"] },
  discardNewPerSubject: flag,
  duplicateWindowMs: { type: "number", minimum: 0, description: "how long a message id is remembered" },
  replicas: { type: "integer", minimum: 0 },
  partitions: { type: "integer", minimum: 1, description: "logs it consists of, each by the name NAME$1 …; fixed" },
  partition: { type: "object", description: "of one of several partitions: whose it is; never given" },
  compaction: {
    type: "object",
    description: "of each key only the newest record stays",
    additionalProperties: false,
    properties: {
      tombstoneMs: { type: "number", minimum: 0, description: "a record without payload leaves after this long; 0 = it stays" },
    },
    required: ["tombstoneMs"],
  },
  tags: { type: "array", items: { type: "string" } },
  factory: { type: "string", description: "the factory it belongs to" },
  durability: { type: "string", enum: ["always", "interval", "none"], description: "default: the broker's" },
  noAck: flag,
  sealed: flag,
  denyDelete: flag,
  denyPurge: flag,
  allowRollup: flag,
  allowDirect: flag,
  allowTtl: flag,
  allowAtomic: flag,
  allowFastBatch: flag,
  allowCounter: flag,
  allowSchedules: flag,
  deleteMarkerTtlMs: {
    type: "number",
    minimum: 0,
    description: "how long a marker tells of a subject whose last record expired; 0 = none",
  },
  subjectTransform: mapping,
  republish: {
    type: "object",
    description: "where what was stored is published again",
    additionalProperties: false,
    properties: { ...mapping.properties, headersOnly: flag },
    required: ["source", "destination", "headersOnly"],
  },
  compression: { type: "string", enum: ["none", "s2"] },
  firstSequence: { type: "integer", minimum: 0 },
  groupLimits: {
    type: "object",
    additionalProperties: false,
    properties: { inactiveMs: { type: "number", minimum: 0 }, ackPendingMax: count },
    required: ["inactiveMs", "ackPendingMax"],
  },
  mirror: { ...origin, description: "the station this one is a copy of" },
  sources: { type: "array", items: origin, description: "stations whose records it takes over" },
  mirrorDirect: flag,
  placement: {
    type: "object",
    additionalProperties: false,
    properties: { cluster: { type: "string" }, tags: { type: "array", items: { type: "string" } } },
    required: ["cluster", "tags"],
  },
  metadata: { type: "object", additionalProperties: { type: "string" } },
  schema: {
    type: "object",
    description: "the schema that messages have to fit",
    additionalProperties: false,
    properties: { name: { type: "string" }, version: { type: "integer", minimum: 0, description: "0 or absent: whichever is active" } },
    required: ["name"],
  },
};

const { partition: _partition, ...settable } = fields;
const createSchema: Schema = { type: "object", additionalProperties: false, properties: settable, required: ["name"] };
const { name: _, ...changeable } = settable;
const changeSchema: Schema = { type: "object", additionalProperties: false, properties: changeable };

export const stationSchema: Schema = {
  type: "object",
  properties: {
    name: { type: "string" },
    created: { type: "string", format: "date-time" },
    config: { type: "object", properties: fields },
    state: {
      type: "object",
      properties: {
        messages: { type: "integer" },
        bytes: { type: "integer" },
        firstSequence: { type: "integer", description: "of a station of one partition" },
        lastSequence: { type: "integer" },
        firstTime: { type: "string", format: "date-time" },
        lastTime: { type: "string", format: "date-time" },
        groups: { type: "integer" },
      },
    },
  },
};

const purgeSchema: Schema = {
  type: "object",
  additionalProperties: false,
  properties: {
    subject: { type: "string", description: "a filter; default: everything" },
    before: { type: "integer", minimum: 1, description: "only sequences below" },
    keep: { type: "integer", minimum: 0, description: "but the newest so many" },
  },
};

const subjectsMax = 10_000;

export function addStations(router: HttpRouter, context: HttpContext): void {
  const tag = "stations";
  const json = (schema: Schema): Record<string, Schema> => ({ "application/json": schema });
  router.add({
    method: "GET",
    path: "/v1/stations",
    access: { kind: "request", subject: () => "$JS.API.STREAM.LIST" },
    document: {
      tag,
      summary: "List stations by name",
      query: { subject: { type: "string", description: "only those that capture some subject of this filter" } },
      answers: {
        200: {
          description: "the stations",
          content: json({ type: "object", properties: { stations: { type: "array", items: stationSchema } } }),
        },
      },
    },
    handle: (call) => {
      const { stations } = context.tenant(call);
      const filter = call.query.get("subject");
      const problem = filter === null ? undefined : filterProblem(filter);
      if (problem !== undefined) throw new HttpProblem(422, "Unprocessable Content", problem);
      const found = filter === null ? stations.list() : stations.capturing(filter);
      sendJson(call, 200, { stations: [...whole(stations, found)].map(stationJson) });
    },
  });
  router.add({
    method: "POST",
    path: "/v1/stations",
    access: { kind: "user" },
    document: {
      tag,
      summary: "Create a station; an equal one that exists is answered with 200",
      body: json(createSchema),
      answers: {
        200: { description: "it was there", content: json(stationSchema) },
        201: { description: "it is created, durably", content: json(stationSchema) },
      },
    },
    handle: async (call) => {
      const given = jsonBody(call, createSchema) as Partial<StationConfig> & { readonly name: string };
      const config = stationConfig(given);
      demand(call.identity, `$JS.API.STREAM.CREATE.${config.name}`);
      const { station, created, family } = await context.tenant(call).stations.create(config);
      sendJson(call, created ? 201 : 200, stationJson(family ?? station));
    },
  });
  router.add({
    method: "GET",
    path: "/v1/stations/:name",
    access: { kind: "request", subject: (params) => `$JS.API.STREAM.INFO.${params["name"] ?? ""}` },
    document: { tag, summary: "Look at a station", answers: { 200: { description: "the station", content: json(stationSchema) } } },
    handle: (call) => sendJson(call, 200, stationJson(context.whole(call))),
  });
  router.add({
    method: "PATCH",
    path: "/v1/stations/:name",
    access: { kind: "request", subject: (params) => `$JS.API.STREAM.UPDATE.${params["name"] ?? ""}` },
    document: {
      tag,
      summary: "Change the fields that are given",
      body: json(changeSchema),
      answers: { 200: { description: "it is changed, durably", content: json(stationSchema) } },
    },
    handle: async (call) => {
      const station = context.whole(call);
      const changes = jsonBody(call, changeSchema) as Partial<StationConfig>;
      await context.tenant(call).stations.update(stationConfig({ ...station.config, ...changes, name: station.name }));
      sendJson(call, 200, stationJson(context.whole(call)));
    },
  });
  router.add({
    method: "DELETE",
    path: "/v1/stations/:name",
    access: { kind: "request", subject: (params) => `$JS.API.STREAM.DELETE.${params["name"] ?? ""}` },
    document: { tag, summary: "Delete a station with its records and groups", answers: { 204: { description: "it is gone, durably" } } },
    handle: async (call) => {
      await context.tenant(call).stations.delete(context.whole(call).name);
      call.response.send(204, [], "");
    },
  });
  router.add({
    method: "POST",
    path: "/v1/stations/:name/purge",
    access: { kind: "request", subject: (params) => `$JS.API.STREAM.PURGE.${params["name"] ?? ""}` },
    document: {
      tag,
      summary: "Remove records",
      body: json(purgeSchema),
      answers: {
        200: {
          description: "so many were removed, durably",
          content: json({ type: "object", properties: { purged: { type: "integer" } } }),
        },
      },
    },
    handle: async (call) => {
      const given = jsonBody(call, purgeSchema);
      const filter = typeof given["subject"] === "string" ? given["subject"] : undefined;
      const problem = filter === undefined ? undefined : filterProblem(filter);
      if (problem !== undefined) throw new HttpProblem(422, "Unprocessable Content", problem);
      const upTo = Number(given["before"] ?? 0);
      const keep = Number(given["keep"] ?? 0);
      if (upTo > 0 && keep > 0)
        throw new HttpProblem(422, "Unprocessable Content", "'before' and 'keep' exclude each other: leave one out");
      const purged = await context.tenant(call).stations.purge(context.whole(call).name, { filter, upTo, keep });
      sendJson(call, 200, { purged });
    },
  });
  router.add({
    method: "GET",
    path: "/v1/stations/:name/subjects",
    access: { kind: "request", subject: (params) => `$JS.API.STREAM.INFO.${params["name"] ?? ""}` },
    document: {
      tag,
      summary: "The subjects there are records of, with their counts",
      query: {
        subject: { type: "string", description: "a filter" },
        offset: { type: "integer" },
        limit: { type: "integer", maximum: subjectsMax },
      },
      answers: {
        200: {
          description: "one page in order",
          content: json({
            type: "object",
            properties: {
              total: { type: "integer" },
              subjects: {
                type: "array",
                items: {
                  type: "object",
                  properties: {
                    subject: { type: "string" },
                    messages: { type: "integer" },
                    firstSequence: { type: "integer" },
                    lastSequence: { type: "integer" },
                  },
                },
              },
            },
          }),
        },
      },
    },
    handle: async (call) => {
      const { log } = context.station(call);
      const offset = queryNumber(call, "offset", 0, 0, Number.MAX_SAFE_INTEGER);
      const limit = queryNumber(call, "limit", 1000, 1, subjectsMax);
      sendJson(call, 200, await log.subjects(queryFilter(call, "subject"), offset, limit));
    },
  });
}

export function stationJson(station: Station | StationFamily): object {
  const one = station instanceof StationFamily ? undefined : station.log.state;
  const state = station instanceof StationFamily ? station.state : station.log.state;
  return {
    name: station.name,
    created: timeText(station.createdUs),
    config: station.config,
    state: {
      messages: state.messages,
      bytes: state.bytes,
      ...(one === undefined ? {} : { firstSequence: one.firstSequence, lastSequence: one.lastSequence }),
      ...(state.messages === 0 ? {} : { firstTime: timeText(state.firstTimeUs), lastTime: timeText(state.lastTimeUs) }),
      groups: (station instanceof StationFamily ? station.first : station).groups.size,
    },
  };
}

/** Stations of several partitions as one. */
function whole(stations: Stations, logs: readonly Station[]): Set<Station | StationFamily> {
  return new Set(logs.map((log) => (log.config.partition === undefined ? log : (stations.families.get(log.config.partition.of) ?? log))));
}
