/**
 * What a request shows of who asks: Basic (user and password), Bearer (a token), and for a WebSocket, whose handshake a page cannot add
 * headers to, cookies. Never anything in the address, which would be logged.
 */
import type { WebRequest } from "../carriages/web/engine.ts";
import type { ShownCredentials } from "../carriages/connection.ts";

/** The cookies that hold a WebSocket's credentials; undefined = none does. */
export interface CredentialCookies {
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly token: string | undefined;
}

/** Of the `Authorization` header; undefined when it has none that is understood. */
export function shownInHeader(request: WebRequest): ShownCredentials | undefined {
  const header = request.headers.get("authorization");
  if (header === undefined) return undefined;
  const [scheme = "", value = ""] = header.split(" ", 2);
  if (scheme.toLowerCase() === "bearer") return { user: undefined, password: undefined, token: value };
  if (scheme.toLowerCase() !== "basic") return undefined;
  const text = Buffer.from(value, "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (colon < 0) return { user: text, password: "", token: undefined };
  return { user: text.slice(0, colon), password: text.slice(colon + 1), token: undefined };
}

/** Of the header, else of the cookies. */
export function shownAtUpgrade(request: WebRequest, cookies: CredentialCookies): ShownCredentials | undefined {
  const shown = shownInHeader(request);
  if (shown !== undefined) return shown;
  const header = request.headers.get("cookie");
  if (header === undefined) return undefined;
  const user = cookieOf(header, cookies.user);
  const password = cookieOf(header, cookies.password);
  const token = cookieOf(header, cookies.token);
  return user === undefined && password === undefined && token === undefined ? undefined : { user, password, token };
}

function cookieOf(header: string, name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  for (const pair of header.split(";")) {
    const equals = pair.indexOf("=");
    if (equals < 0 || pair.slice(0, equals).trim() !== name) continue;
    const value = pair.slice(equals + 1).trim();
    return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
  }
  return undefined;
}
