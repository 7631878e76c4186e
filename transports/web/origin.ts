/** Which pages may speak to the broker: those it serves itself and those the configuration names. */
import type { WebRequest } from "../carriages/web/engine.ts";

/** True for a program (it names no origin), a page of the same origin, and an origin in `allowed` (`*` = any). */
export function originAllowed(request: WebRequest, allowed: readonly string[]): boolean {
  const origin = request.headers.get("origin");
  if (origin === undefined || allowed.includes("*") || allowed.includes(origin)) return true;
  return sameOrigin(request, origin);
}

export function sameOrigin(request: WebRequest, origin: string): boolean {
  const host = request.headers.get("host");
  return host !== undefined && origin.slice(origin.indexOf("://") + 3).toLowerCase() === host.toLowerCase();
}
