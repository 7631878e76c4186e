/**
 * Lets a client see and change the users and tenants of a running broker. Heard in the default tenant only, by requests with JSON:
 *
 *     $WAYSTATION.USER.LIST                          → { users: [...] }
 *     $WAYSTATION.USER.ADD     { user, password, tenant, permissions … }, as in a configuration file → { user: … }
 *     $WAYSTATION.USER.CHANGE  the same, of one that was added
 *     $WAYSTATION.USER.DELETE  { user }
 *     $WAYSTATION.TENANT.LIST | ADD { tenant, limits } | CHANGE | DELETE { tenant }
 *
 * An error is `{ error: { code, message } }`. Whoever has permissions of his own needs these subjects named in them; no wildcard covers
 * them. Others in the tenant may listen: clients send a password as the hash that will be kept.
 */
import { defaultTenant, operatorOf } from "../../lib/auth/identity.ts";
import type { UserDirectory } from "../../lib/auth/user-directory.ts";
import { BrokerError } from "../../lib/errors.ts";
import type { LocalMessage } from "../local/connection.ts";
import type { OpenBroker } from "../open.ts";

export const adminSubjects = {
  userList: "$WAYSTATION.USER.LIST",
  userAdd: "$WAYSTATION.USER.ADD",
  userChange: "$WAYSTATION.USER.CHANGE",
  userDelete: "$WAYSTATION.USER.DELETE",
  tenantList: "$WAYSTATION.TENANT.LIST",
  tenantAdd: "$WAYSTATION.TENANT.ADD",
  tenantChange: "$WAYSTATION.TENANT.CHANGE",
  tenantDelete: "$WAYSTATION.TENANT.DELETE",
} as const;

/** What an answer that is none holds. */
export interface AdminError {
  readonly error: { readonly code: string; readonly message: string };
}

/** Answers until the returned function is called. */
export function serveUsers(broker: OpenBroker, users: UserDirectory): () => void {
  const connection = broker.connect(operatorOf(defaultTenant));
  for (const filter of ["$WAYSTATION.USER.*", "$WAYSTATION.TENANT.*"]) void answer(connection.subscribe(filter), users);
  return () => connection.close();
}

/** One after the other, each in a turn of its own: a change closes sessions, which no delivery may do. */
async function answer(requests: AsyncIterable<LocalMessage>, users: UserDirectory): Promise<void> {
  for await (const request of requests) request.respond(JSON.stringify(await judged(request, users)));
}

async function judged(request: LocalMessage, users: UserDirectory): Promise<unknown> {
  try {
    return await perform(request.subject, request.data.length === 0 ? {} : request.json(), users);
  } catch (error) {
    const code = error instanceof BrokerError ? error.code : error instanceof SyntaxError ? "invalid" : "fault";
    const message = error instanceof Error ? error.message : String(error);
    return { error: { code, message } } satisfies AdminError;
  }
}

async function perform(subject: string, body: unknown, users: UserDirectory): Promise<unknown> {
  const fields =
    typeof body === "object" && body !== null && !Array.isArray(body) ? new Map(Object.entries(body)) : new Map<string, unknown>();
  switch (subject) {
    case adminSubjects.userList:
      return { users: users.listUsers() };
    case adminSubjects.userAdd:
    case adminSubjects.userChange:
      return users.putUser(body, subject === adminSubjects.userChange);
    case adminSubjects.userDelete:
      await users.removeUser(named(fields.get("user"), "user"));
      return { deleted: true };
    case adminSubjects.tenantList:
      return { tenants: users.listTenants() };
    case adminSubjects.tenantAdd:
    case adminSubjects.tenantChange:
      await users.putTenant(named(fields.get("tenant"), "tenant"), fields.get("limits"), subject === adminSubjects.tenantChange);
      return { tenant: fields.get("tenant") };
    case adminSubjects.tenantDelete:
      await users.removeTenant(named(fields.get("tenant"), "tenant"));
      return { deleted: true };
    default:
      throw new BrokerError("unsupported", `${subject} is not understood: see README for what is`);
  }
}

function named(value: unknown, what: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new BrokerError("invalid", `the request names no ${what}: { "${what}": "NAME" }`);
}
