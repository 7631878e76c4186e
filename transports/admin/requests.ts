/**
 * What clients ask of the broker by request, below `$WAYSTATION.` in their tenant: JSON in, JSON out, one after the other, each in a turn
 * of its own, because a change may close sessions, which no delivery may do. Who knows an operation adds it here under its subject.
 *
 * It listens only to who publishes such a request himself and is permitted to. What the broker delivers for somebody else (a consumer's
 * messages, an answer to a reply subject of the asker's choice) is not a request, whatever its subject.
 */
import type { Identity } from "../../lib/auth/identity.ts";
import { adminToken } from "../../lib/auth/permission-set.ts";
import type { Broker } from "../../lib/broker.ts";
import { BrokerError } from "../../lib/errors.ts";
import type { Message } from "../../lib/message.ts";
import { StationError } from "../../lib/station/station-error.ts";
import { Subscription } from "../../lib/subscription.ts";
import type { Tenant } from "../../lib/tenant.ts";
import type { CloseReason, PublishOutcome, Session } from "../../lib/transport.ts";

/**
 * Makes the answer; what it throws becomes an error of the asker's. `body` is the request's JSON, `{}` when it is empty. The asker is
 * permitted to publish the subject; whatever else the operation reaches, the handler judges by `asker`.
 */
export type RequestHandler = (body: unknown, asker: Identity) => unknown;

/** What an answer that is none holds. */
export interface RequestError {
  readonly error: { readonly code: string; readonly message: string };
}

/** The same for those only who may administer the broker: what is permitted to everybody is not meant for who shows nothing. */
export function byOperators(subject: string, handler: RequestHandler): RequestHandler {
  return (body, asker) => {
    if (asker.administers !== false) return handler(body, asker);
    throw new BrokerError("denied", `${subject} is not for connections that show nothing: log in as a user who may administer`);
  };
}

/** Requests that wait; beyond, the answer is `busy` at once. */
const waitingMax = 256;

export class Requests implements Session {
  readonly id: number;
  readonly echo = true;
  readonly room: number = Number.MAX_SAFE_INTEGER;
  readonly #broker: Broker;
  readonly #tenant: Tenant;
  readonly #subscription: Subscription;
  readonly #handlers: Map<string, RequestHandler> = new Map();
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(broker: Broker, tenant: Tenant) {
    this.id = broker.nextSessionId();
    this.#broker = broker;
    this.#tenant = tenant;
    this.#subscription = new Subscription({ filter: `${adminToken}.>`, session: this, label: 0 });
    tenant.router.add(this.#subscription);
  }

  /** `subject` is whole: `$WAYSTATION.SCHEMA.LIST`. */
  add(subject: string, handler: RequestHandler): void {
    this.#handlers.set(subject, handler);
  }

  /** For doors that offer the same operations in words of their own. Undefined: nobody has added it. */
  get(subject: string): RequestHandler | undefined {
    return this.#handlers.get(subject);
  }

  /** Answers nothing more. */
  stop(): void {
    this.#tenant.router.remove(this.#subscription);
  }

  deliver(_subscription: Subscription, message: Message): boolean {
    const { publisher } = this.#tenant;
    const asker = publisher === undefined ? undefined : this.#broker.attachmentOf(publisher);
    if (asker === undefined || !asker.mayPublish(message.subject)) return true;
    const reply = message.replyBuffer.toString("utf8", message.replyStart, message.replyEnd);
    const body = message.body.toString("utf8", message.bodyStart + message.headerBytes, message.bodyEnd);
    const subject = message.subject.text;
    if (this.#waiting >= waitingMax) {
      this.#broker.clock.endOfTurn(() => this.#answer(reply, errorOf(new BrokerError("busy", "too many requests wait: try again"))));
      return true;
    }
    this.#waiting++;
    this.#last = this.#last
      .then(() => new Promise<void>((resolve) => this.#broker.clock.endOfTurn(resolve)))
      .then(async () => {
        this.#answer(reply, await this.#judged(subject, body, asker.identity));
        this.#waiting--;
      });
    return true;
  }

  published(_token: number, _outcome: PublishOutcome): void {}
  hold(): void {}
  resume(): void {}
  close(_reason: CloseReason): void {}

  async #judged(subject: string, body: string, asker: Identity): Promise<unknown> {
    try {
      const handler = this.#handlers.get(subject);
      if (handler === undefined) throw new BrokerError("unsupported", `${subject} is not understood: see README for what is`);
      return await handler(body === "" ? {} : JSON.parse(body), asker);
    } catch (error) {
      return errorOf(error);
    }
  }

  #answer(reply: string, answer: unknown): void {
    if (reply !== "") this.#tenant.announce(reply, Buffer.from(JSON.stringify(answer ?? {}), "utf8"), 0);
  }
}

function errorOf(error: unknown): RequestError {
  const known = error instanceof BrokerError || error instanceof StationError;
  const code = known ? error.code : error instanceof SyntaxError ? "invalid" : "fault";
  return { error: { code, message: error instanceof Error ? error.message : String(error) } };
}
