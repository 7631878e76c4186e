/**
 * A request that stays open, as somebody the broker knows: it is ended when its user goes, its credentials expire, or it may no longer ask
 * for what it asked for.
 */
import { Subject } from "../../lib/router/subject.ts";
import type { Message } from "../../lib/message.ts";
import type { Subscription } from "../../lib/subscription.ts";
import type { Attachment, PublishOutcome, Session } from "../../lib/transport.ts";
import type { HttpContext } from "./context.ts";
import { HttpProblem } from "./problem.ts";
import type { HttpCall } from "./router.ts";

export class Presence implements Session {
  readonly id: number;
  readonly echo = true;
  readonly room = 0;
  readonly #attachment: Attachment;
  /** What its user must be permitted to publish. */
  readonly #subject: string;
  readonly #end: (reason: string) => void;
  #over = false;

  /** `end` is called once, unless `leave` came before. Throws when the tenant has all the connections it may have. */
  constructor(context: HttpContext, call: HttpCall, subject: string, end: (reason: string) => void) {
    const { broker } = context.opened;
    if (broker.full(call.identity)) {
      throw new HttpProblem(429, "Too Many Requests", "the tenant has all the connections it may have: end one, or ask again later");
    }
    this.id = broker.nextSessionId();
    this.#subject = subject;
    this.#end = end;
    this.#attachment = broker.attach(this, call.identity);
  }

  /** The request is over. Callable twice. */
  leave(): void {
    this.#over = true;
    this.#attachment.detach();
  }

  permissionsChanged(): void {
    if (!this.#attachment.mayPublish(new Subject(Buffer.from(this.#subject, "utf8"), true))) this.close("credentials_revoked");
  }

  close(reason: string): void {
    if (this.#over) return;
    this.leave();
    this.#end(reason);
  }

  deliver(_subscription: Subscription, _message: Message): boolean {
    return false;
  }
  published(_token: number, _outcome: PublishOutcome): void {}
  hold(): void {}
  resume(): void {}
}
