/** A user and a tenant as defined: in the configuration file or by command. Checked by whoever made the object. */
import type { ConfiguredTenantLimits } from "../limits.ts";
import type { PermissionRules } from "./permissions.ts";
import type { ScramKeys } from "./scram.ts";
import type { Secret } from "./secret.ts";
import { secretsEqual } from "./secret.ts";

export interface User {
  /** Unique in the broker, whatever the tenant. Of a key: the public key, unless it was given a name. */
  readonly name: string;
  readonly tenant: string;
  readonly secret: Secret;
  /** Beside a password that is kept as a hash: what SCRAM needs of it. Absent = only who shows the password is let in. */
  readonly scram?: ScramKeys | undefined;
  /** Undefined = everything. */
  readonly permissions: PermissionRules | undefined;
  /** Milliseconds since the epoch; undefined = never. Connections of the user end then. */
  readonly expiresMs: number | undefined;
}

export interface TenantDefinition {
  readonly name: string;
  /** In place of the broker's: how many connections it has, and subscriptions each of them; and what its stations may keep. */
  readonly limits: ConfiguredTenantLimits;
  /** False: the JetStream API refuses it. Absent = true. */
  readonly jetStream?: boolean | undefined;
}

/** True when a connection made as `a` would be made the same way as `b`: only permissions may differ. */
export function sameLogin(a: User, b: User): boolean {
  return a.tenant === b.tenant && a.expiresMs === b.expiresMs && secretsEqual(a.secret, b.secret);
}
