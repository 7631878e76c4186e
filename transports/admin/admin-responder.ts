/**
 * Hears the requests by which clients administer the broker, below `$WAYSTATION.` in the default tenant, and answers them with JSON, one
 * after the other, each in a turn of its own: a change closes sessions, which no delivery may do.
 *
 * It listens only to who publishes such a request himself and is permitted to. What the broker delivers for somebody else (a consumer's
 * messages, an answer to a reply subject of the asker's choice) is not a request, whatever its subject.
 */
import { defaultTenant, operatorOf } from "../../lib/auth/identity.ts";
import { adminToken } from "../../lib/auth/permission-set.ts";
import type { TenantAttachment } from "../../lib/attachment.ts";
import { BrokerError } from "../../lib/errors.ts";
import type { Message } from "../../lib/message.ts";
import { Subscription } from "../../lib/subscription.ts";
import type { CloseReason, PublishOutcome, Session } from "../../lib/transport.ts";
import type { OpenBroker } from "../open.ts";

/** Makes the answer; what it throws becomes an error of the asker's. `body` is the request's JSON, `{}` when it is empty. */
export type AdminHandler = (body: unknown) => unknown;

/** What an answer that is none holds. */
export interface AdminError {
  readonly error: { readonly code: string; readonly message: string };
}

/** Requests that wait; beyond, the answer is `busy` at once. */
const waitingMax = 64;

class AdminResponder implements Session {
  readonly id: number;
  readonly echo = true;
  readonly room: number = Number.MAX_SAFE_INTEGER;
  readonly #opened: OpenBroker;
  readonly #attachment: TenantAttachment;
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(opened: OpenBroker) {
    this.id = opened.broker.nextSessionId();
    this.#opened = opened;
    this.#attachment = opened.broker.attach(this, operatorOf(defaultTenant));
  }

  start(): void {
    this.#attachment.subscribe(new Subscription({ filter: `${adminToken}.>`, session: this, label: 0 }));
  }

  deliver(_subscription: Subscription, message: Message): boolean {
    const { publisher } = this.#attachment.tenant;
    const asker = publisher === undefined ? undefined : this.#opened.broker.attachmentOf(publisher);
    if (asker === undefined || !asker.mayPublish(message.subject)) return true;
    const reply = message.replyBuffer.toString("utf8", message.replyStart, message.replyEnd);
    const body = message.body.toString("utf8", message.bodyStart + message.headerBytes, message.bodyEnd);
    const subject = message.subject.text;
    if (this.#waiting >= waitingMax) {
      this.#opened.broker.clock.endOfTurn(() => this.#answer(reply, errorOf(new BrokerError("busy", "too many requests wait: try again"))));
      return true;
    }
    this.#waiting++;
    this.#last = this.#last
      .then(() => nextTurn(this.#opened))
      .then(async () => {
        this.#answer(reply, await this.#judged(subject, body));
        this.#waiting--;
      });
    return true;
  }

  published(_token: number, _outcome: PublishOutcome): void {}
  hold(): void {}
  resume(): void {}
  close(_reason: CloseReason): void {}

  async #judged(subject: string, body: string): Promise<unknown> {
    try {
      const handler = this.#opened.admin.get(subject);
      if (handler === undefined) throw new BrokerError("unsupported", `${subject} is not understood: see README for what is`);
      return await handler(body === "" ? {} : JSON.parse(body));
    } catch (error) {
      return errorOf(error);
    }
  }

  #answer(reply: string, answer: unknown): void {
    if (reply !== "") this.#attachment.tenant.announce(reply, Buffer.from(JSON.stringify(answer), "utf8"), 0);
  }
}

/** Answers for as long as the broker is open. */
export function serveAdmin(opened: OpenBroker, handlers: Iterable<readonly [string, AdminHandler]>): void {
  opened.admin = new Map(handlers);
  new AdminResponder(opened).start();
}

function errorOf(error: unknown): AdminError {
  const code = error instanceof BrokerError ? error.code : error instanceof SyntaxError ? "invalid" : "fault";
  return { error: { code, message: error instanceof Error ? error.message : String(error) } };
}

function nextTurn(opened: OpenBroker): Promise<void> {
  return new Promise((resolve) => opened.broker.clock.endOfTurn(resolve));
}
