/** A station as the router sees it: something that stores what it matches. */
import type { Message } from "./message.ts";
import type { Session } from "./transport.ts";

export interface Capture {
  /**
   * Submits the message to the station's log. With `token` ≠ 0 the session's `published` is called with the outcome once it
   * is known and, if stored, durable. Never throws; refusals are outcomes. Returns whether an outcome follows for a token ≠ 0:
   * an internal log may store a message without the publisher being told of it.
   */
  capture(message: Message, from: Session, token: number): boolean;
}
