/**
 * Schemas by request, in each tenant. `version` absent is the active one.
 *
 *     $WAYSTATION.SCHEMA.LIST                          → { schemas: [...] }
 *     $WAYSTATION.SCHEMA.INFO      { name, version }   → the schema, with the text of the version
 *     $WAYSTATION.SCHEMA.CREATE    { name, kind, text, message, description, compatibility }
 *     $WAYSTATION.SCHEMA.ADD       { name, text, message }   a new version, which waits
 *     $WAYSTATION.SCHEMA.ACTIVATE  { name, version }   ROLLBACK { name }
 *     $WAYSTATION.SCHEMA.CHANGE    { name, description, compatibility }
 *     $WAYSTATION.SCHEMA.DELETE    { name, version }   without a version: all of it
 *     $WAYSTATION.SCHEMA.COMPARE   { name, version, text, message }        → { backward: [...], forward: [...] }
 *     $WAYSTATION.SCHEMA.TEST      { name, version, payload or base64 }, or { kind, text, … }   → { fits, fault }
 *     $WAYSTATION.SCHEMA.ATTACH    { station, schema, version }   DETACH { station }
 */
import type { Identity } from "../../lib/auth/identity.ts";
import { BrokerError } from "../../lib/errors.ts";
import { compatibilities } from "../../lib/schema/document.ts";
import type { Schemas } from "../../lib/schema/schemas.ts";
import { schemaKinds } from "../../lib/schema/validator.ts";
import type { SchemaConfig } from "../../lib/station/config.ts";
import type { Stations } from "../../lib/station/stations.ts";
import { demandPermission, RequestBody } from "./request-body.ts";
import type { RequestHandler } from "./requests.ts";

export const schemaSubjects = {
  list: "$WAYSTATION.SCHEMA.LIST",
  info: "$WAYSTATION.SCHEMA.INFO",
  create: "$WAYSTATION.SCHEMA.CREATE",
  add: "$WAYSTATION.SCHEMA.ADD",
  activate: "$WAYSTATION.SCHEMA.ACTIVATE",
  rollback: "$WAYSTATION.SCHEMA.ROLLBACK",
  change: "$WAYSTATION.SCHEMA.CHANGE",
  delete: "$WAYSTATION.SCHEMA.DELETE",
  compare: "$WAYSTATION.SCHEMA.COMPARE",
  test: "$WAYSTATION.SCHEMA.TEST",
  attach: "$WAYSTATION.SCHEMA.ATTACH",
  detach: "$WAYSTATION.SCHEMA.DETACH",
} as const;

export function schemaRequests(schemas: Schemas, stations: Stations): (readonly [string, RequestHandler])[] {
  const on = (subject: string, handle: (body: RequestBody, asker: Identity) => unknown): readonly [string, RequestHandler] => [
    subject,
    (body, asker) => handle(new RequestBody(body), asker),
  ];
  return [
    on(schemaSubjects.list, () => ({ schemas: schemas.list() })),
    on(schemaSubjects.info, (body) => {
      const info = schemas.info(body.text("name"));
      const { version, text, message } = schemas.text(info.name, body.count("version", 0));
      return { ...info, version, text, message };
    }),
    on(schemaSubjects.create, (body, asker) =>
      schemas.create({
        name: body.text("name"),
        kind: body.oneOf("kind", schemaKinds) ?? refuse(`'kind' is to be one of ${schemaKinds.join(", ")}`),
        text: body.text("text"),
        message: body.optionalText("message"),
        description: body.optionalText("description"),
        compatibility: body.oneOf("compatibility", compatibilities),
        user: asker.user,
      }),
    ),
    on(schemaSubjects.add, (body, asker) =>
      schemas.add(body.text("name"), { text: body.text("text"), message: body.optionalText("message"), user: asker.user }),
    ),
    on(schemaSubjects.activate, (body) => {
      const version = body.count("version", 0);
      return version === 0 ? refuse('the request names no version: { "version": 2 }') : schemas.activate(body.text("name"), version);
    }),
    on(schemaSubjects.rollback, (body) => schemas.activate(body.text("name"), 0)),
    on(schemaSubjects.change, (body) =>
      schemas.change(body.text("name"), {
        description: body.optionalText("description"),
        compatibility: body.oneOf("compatibility", compatibilities),
      }),
    ),
    on(schemaSubjects.delete, async (body) => {
      await schemas.delete(body.text("name"), body.count("version", 0));
      return { deleted: true };
    }),
    on(schemaSubjects.compare, (body) =>
      schemas.compare(body.text("name"), body.count("version", 0), { text: body.text("text"), message: body.optionalText("message") }),
    ),
    on(schemaSubjects.test, async (body) => {
      const kind = body.oneOf("kind", schemaKinds);
      const fault =
        kind === undefined
          ? await schemas.test(body.text("name"), body.count("version", 0), body.payload())
          : await schemas.testText(kind, { text: body.text("text"), message: body.optionalText("message") ?? "" }, body.payload());
      return fault === undefined ? { fits: true } : { fits: false, fault };
    }),
    on(schemaSubjects.attach, (body, asker) =>
      attach(stations, asker, body.text("station"), { name: body.text("schema"), version: body.count("version", 0) }),
    ),
    on(schemaSubjects.detach, (body, asker) => attach(stations, asker, body.text("station"), undefined)),
  ];
}

/** Answered once the station's messages are checked by it, and will be after a restart. */
async function attach(stations: Stations, asker: Identity, name: string, schema: SchemaConfig | undefined): Promise<unknown> {
  demandPermission(asker, `$JS.API.STREAM.UPDATE.${name}`);
  const config = stations.configOf(name);
  if (config === undefined) throw new BrokerError("not_found", `there is no station '${name}'`);
  const changed = await stations.update({ ...config, schema });
  const guard = changed.guard;
  return { station: name, ...(guard === undefined ? {} : { schema: guard.schema, version: guard.version }) };
}

function refuse(what: string): never {
  throw new BrokerError("invalid", what);
}
