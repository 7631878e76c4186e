/**
 * The requests by which users and tenants of a running broker are seen and changed:
 *
 *     $WAYSTATION.USER.LIST                          → { users: [...] }
 *     $WAYSTATION.USER.ADD     { user, password, tenant, permissions … }, as in a configuration file → { user: … }
 *     $WAYSTATION.USER.CHANGE  the same, of one that was added
 *     $WAYSTATION.USER.DELETE  { user }
 *     $WAYSTATION.TENANT.LIST | ADD { tenant, limits } | CHANGE | DELETE { tenant }
 *
 * Others in the tenant may listen: clients send a password as the hash that will be kept.
 */
import type { UserDirectory } from "../../lib/auth/user-directory.ts";
import { isFields } from "../../lib/config/issues.ts";
import { BrokerError } from "../../lib/errors.ts";
import type { RequestHandler } from "./requests.ts";

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

export function userRequests(users: UserDirectory): (readonly [string, RequestHandler])[] {
  const putTenant = async (body: unknown, replace: boolean): Promise<unknown> => {
    const tenant = named(body, "tenant");
    await users.putTenant(tenant, isFields(body) ? body["limits"] : undefined, replace);
    return { tenant };
  };
  return [
    [adminSubjects.userList, () => ({ users: users.listUsers() })],
    [adminSubjects.userAdd, (body) => users.putUser(body, false)],
    [adminSubjects.userChange, (body) => users.putUser(body, true)],
    [adminSubjects.userDelete, (body) => users.removeUser(named(body, "user")).then(() => ({ deleted: true }))],
    [adminSubjects.tenantList, () => ({ tenants: users.listTenants() })],
    [adminSubjects.tenantAdd, (body) => putTenant(body, false)],
    [adminSubjects.tenantChange, (body) => putTenant(body, true)],
    [adminSubjects.tenantDelete, (body) => users.removeTenant(named(body, "tenant")).then(() => ({ deleted: true }))],
  ];
}

function named(body: unknown, what: string): string {
  const name = isFields(body) ? body[what] : undefined;
  if (typeof name === "string" && name !== "") return name;
  throw new BrokerError("invalid", `the request names no ${what}: { "${what}": "NAME" }`);
}
