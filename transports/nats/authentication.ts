/** What a door asks of whoever knows the users: the part of `Authenticator` that decides on one connection. */
import type { Authenticator } from "../../lib/auth/authenticator.ts";

export type Authentication = Pick<Authenticator, "anonymous" | "asksForKeys" | "authenticate"> &
  Partial<Pick<Authenticator, "mayPublish" | "identityOf" | "beginScram" | "newNonce">>;
