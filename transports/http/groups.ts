/** Consumer groups as resources: list, create, look, change, move, delete. The fields are the core's own words. */
import { groupConfig } from "../../lib/consumer/config.ts";
import type { GroupConfig } from "../../lib/consumer/config.ts";
import type { Group } from "../../lib/consumer/group.ts";
import type { Groups } from "../../lib/consumer/groups.ts";
import type { HttpContext } from "./context.ts";
import { jsonBody, sendJson, timeText } from "./context.ts";
import type { Schema } from "./json-schema.ts";
import { HttpProblem } from "./problem.ts";
import { groupProblem } from "./refusals.ts";
import { demand } from "./router.ts";
import type { HttpCall, HttpRouter } from "./router.ts";

const whole: Schema = { type: "integer", minimum: 0 };
const span: Schema = { type: "number", minimum: 0, description: "milliseconds" };

/** Every field of `GroupConfig`, so that a field added there must be added here. */
const fields: Record<keyof GroupConfig, Schema> = {
  name: { type: "string" },
  durable: { type: "boolean", description: "false: it goes away after `inactiveMs` without a member" },
  description: { type: "string" },
  deliver: {
    type: "object",
    description: "where it starts",
    additionalProperties: false,
    properties: {
      kind: { type: "string", enum: ["all", "last", "new", "lastPerSubject", "sequence", "time"] },
      sequence: { type: "integer", minimum: 1 },
      timeUs: { type: "integer", minimum: 0 },
    },
    required: ["kind"],
  },
  ack: { type: "string", enum: ["none", "all", "explicit"] },
  ackWaitMs: span,
  deliveriesMax: whole,
  backoffMs: { type: "array", items: span },
  filters: { type: "array", items: { type: "string" } },
  ackPendingMax: whole,
  waitingMax: whole,
  batchMax: whole,
  expiresMaxMs: span,
  bytesMax: whole,
  lingerMs: { type: "number", minimum: 0, description: "a fetch that got something ends after so long without more; 0 = waits" },
  replay: { type: "string", enum: ["instant", "original"] },
  headersOnly: { type: "boolean" },
  inactiveMs: span,
  push: {
    type: "object",
    additionalProperties: false,
    properties: {
      subject: { type: "string" },
      queue: { type: "string" },
      heartbeatMs: span,
      flowControl: { type: "boolean" },
      rateLimitBits: whole,
    },
    required: ["subject"],
  },
  priority: {
    type: "object",
    description: "how members are chosen; absent: in turn",
    additionalProperties: false,
    properties: {
      policy: { type: "string", enum: ["overflow", "pinned", "prioritized"] },
      groups: { type: "array", items: { type: "string" } },
      pinTimeoutMs: span,
    },
    required: ["policy", "groups", "pinTimeoutMs"],
  },
  pausedUntilUs: whole,
  samplePercent: { type: "integer", minimum: 0, maximum: 100 },
  memory: { type: "boolean" },
  replicas: whole,
  condition: { type: "string", description: "only records for which it holds; the others are passed over and count as done" },
  mode: { type: "string", enum: ["shared", "keyed"], description: "keyed: each key is with one member at a time" },
  memberTimeoutMs: { type: "number", minimum: 0, description: "of a keyed group: silence after which a member has gone" },
  metadata: { type: "object", additionalProperties: { type: "string" } },
};

const createSchema: Schema = { type: "object", additionalProperties: false, properties: fields, required: ["name"] };
const { name: _, ...changeable } = fields;
const changeSchema: Schema = { type: "object", additionalProperties: false, properties: changeable };

const groupSchema: Schema = {
  type: "object",
  properties: {
    station: { type: "string" },
    name: { type: "string" },
    created: { type: "string", format: "date-time" },
    config: { type: "object", properties: fields },
    state: {
      type: "object",
      properties: {
        deliveredSequence: { type: "integer" },
        ackedSequence: { type: "integer", description: "everything up to it is done" },
        ackPending: { type: "integer" },
        redelivered: { type: "integer" },
        waiting: { type: "integer", description: "members that wait for records" },
        outstanding: { type: "integer", description: "records not delivered yet, those included that `condition` will pass over" },
        members: { type: "array", items: { type: "string" }, description: "of a keyed group: who is there" },
      },
    },
  },
};

const seekSchema: Schema = {
  type: "object",
  additionalProperties: false,
  properties: {
    sequence: { type: "integer", minimum: 1, description: "the next record delivered; default: the first that is not done" },
    time: { type: "string", format: "date-time", description: "instead of `sequence`" },
  },
};

function consumerRequest(verb: string): (params: Readonly<Record<string, string>>) => string {
  return (params) => `$JS.API.CONSUMER.${verb}.${params["name"] ?? ""}${params["group"] === undefined ? "" : `.${params["group"]}`}`;
}

export function addGroups(router: HttpRouter, context: HttpContext): void {
  const tag = "groups";
  const json = (schema: Schema): Record<string, Schema> => ({ "application/json": schema });
  router.add({
    method: "GET",
    path: "/v1/stations/:name/groups",
    access: { kind: "request", subject: consumerRequest("LIST") },
    document: {
      tag,
      summary: "List the groups of a station by name",
      answers: {
        200: {
          description: "the groups",
          content: json({ type: "object", properties: { groups: { type: "array", items: groupSchema } } }),
        },
      },
    },
    handle: (call) => {
      const groups = context.groups(call);
      const all = groups.names().map((name) => groups.get(name));
      sendJson(call, 200, { groups: all.flatMap((group) => (group === undefined ? [] : [groupJson(groups.station.name, group)])) });
    },
  });
  router.add({
    method: "POST",
    path: "/v1/stations/:name/groups",
    access: { kind: "user" },
    document: {
      tag,
      summary: "Create a group; an equal one that exists is answered with 200",
      body: json(createSchema),
      answers: {
        200: { description: "it was there", content: json(groupSchema) },
        201: { description: "it is created, durably", content: json(groupSchema) },
      },
    },
    handle: async (call) => {
      const groups = context.groups(call);
      const wanted = jsonBody(call, createSchema) as Partial<GroupConfig> & { readonly name: string };
      demand(call.identity, `$JS.API.CONSUMER.CREATE.${groups.station.name}.${wanted.name}`);
      const { ackPendingMax, inactiveMs } = groups.defaults;
      const limits = { ...(ackPendingMax > 0 ? { ackPendingMax } : {}), ...(inactiveMs > 0 ? { inactiveMs } : {}) };
      await define(call, groups, groupConfig({ ...limits, ...wanted }), "create");
    },
  });
  router.add({
    method: "GET",
    path: "/v1/stations/:name/groups/:group",
    access: { kind: "request", subject: consumerRequest("INFO") },
    document: { tag, summary: "Look at a group", answers: { 200: { description: "the group", content: json(groupSchema) } } },
    handle: (call) => sendJson(call, 200, groupJson(call.params["name"] ?? "", context.group(call))),
  });
  router.add({
    method: "PATCH",
    path: "/v1/stations/:name/groups/:group",
    access: { kind: "request", subject: consumerRequest("CREATE") },
    document: {
      tag,
      summary: "Change the fields that are given",
      body: json(changeSchema),
      answers: { 200: { description: "it is changed, durably", content: json(groupSchema) } },
    },
    handle: async (call) => {
      const group = context.group(call);
      const changes = jsonBody(call, changeSchema) as Partial<GroupConfig>;
      const kept = changes.ackWaitMs === undefined ? group.config : { ...group.config, backoffMs: changes.backoffMs ?? [] };
      await define(call, context.groups(call), groupConfig({ ...kept, ...changes, name: group.name }), "change");
    },
  });
  router.add({
    method: "DELETE",
    path: "/v1/stations/:name/groups/:group",
    access: { kind: "request", subject: consumerRequest("DELETE") },
    document: { tag, summary: "Delete a group and its progress", answers: { 204: { description: "it is gone, durably" } } },
    handle: async (call) => {
      await context.groups(call).delete(context.group(call).name);
      call.response.send(204, [], "");
    },
  });
  router.add({
    method: "POST",
    path: "/v1/stations/:name/groups/:group/seek",
    access: { kind: "request", subject: consumerRequest("RESET") },
    document: {
      tag,
      summary: "Go on from another place",
      body: json(seekSchema),
      answers: {
        200: { description: "where it goes on", content: json({ type: "object", properties: { sequence: { type: "integer" } } }) },
      },
    },
    handle: async (call) => {
      const { sequence, time } = jsonBody(call, seekSchema);
      const group = context.group(call);
      const groups = context.groups(call);
      let to = typeof sequence === "number" ? sequence : 0;
      if (typeof time === "string") {
        const timeMs = Date.parse(time);
        if (Number.isNaN(timeMs))
          throw new HttpProblem(422, "Unprocessable Content", "'time' is to be a time, such as 2026-01-31T12:00:00Z");
        to = await groups.log.findTime(timeMs * 1000);
      }
      sendJson(call, 200, { sequence: await groups.reset(group, to) });
    },
  });
}

async function define(call: HttpCall, groups: Groups, config: GroupConfig, only: "create" | "change"): Promise<void> {
  const defined = await groups.define(config, only);
  switch (defined.kind) {
    case "refused":
      throw groupProblem(defined.problem);
    case "exists":
      throw new HttpProblem(409, "Conflict", `group '${config.name}' exists with another configuration: PATCH changes it`);
    case "missing":
      throw new HttpProblem(404, "Not Found", `there is no group '${config.name}'`);
    default:
      sendJson(call, defined.kind === "created" ? 201 : 200, groupJson(groups.station.name, defined.group));
  }
}

function groupJson(station: string, group: Group): object {
  return {
    station,
    name: group.name,
    created: timeText(group.createdUs),
    config: group.config,
    state: {
      deliveredSequence: group.deliveredSequence,
      ackedSequence: group.floorSequence,
      ackPending: group.ackPending,
      redelivered: group.redelivered,
      waiting: group.waiting,
      outstanding: group.outstanding,
      ...(group.config.mode === "keyed" ? { members: group.memberNames } : {}),
    },
  };
}
