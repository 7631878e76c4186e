/** Who a connection is, once authenticated: the user, its tenant, what it may do. */
import type { TenantLimits } from "../limits.ts";
import type { PermissionRules, Permissions } from "./permissions.ts";

export interface Identity {
  /** The user's name; `""` for anonymous. */
  readonly user: string;
  /** The tenant's name; `$G` is the default tenant. */
  readonly tenant: string;
  /** Undefined = everything. */
  readonly permissions: Permissions | undefined;
  /** The same as they were written, for who asks what he may. */
  readonly rules?: PermissionRules | undefined;
  /** Milliseconds since the epoch, or undefined = never. */
  readonly expiresMs: number | undefined;
  /** It is the tenant that expires then. */
  readonly tenantExpiresFirst?: boolean | undefined;
  /** Of its tenant; undefined = the broker's. */
  readonly limits?: TenantLimits | undefined;
  /** False: it is let in although it shows nothing, beside users or from other machines. It changes nothing of the broker itself. */
  readonly administers?: boolean;
}

/** As which the broker acts itself. */
export const operatorName = "$operator";

/** The broker's own hand, and the program's that embeds it: it may do everything, and is nobody who could be revoked. */
export function operatorOf(tenant: string): Identity {
  return { user: operatorName, tenant, permissions: undefined, expiresMs: undefined };
}

/** The tenant of those who name none. */
export const defaultTenant = "$G";
