/**
 * What one connection may do: the rules its user has now, and the replies it was asked for. It reads the user's compiled rules at
 * each question, so changed rules hold at once for connections that stay.
 */
import type { Clock } from "../../store/environment.ts";
import type { Subject } from "../router/subject.ts";
import type { PermissionSet } from "./permission-set.ts";
import type { DeliveryFilter, Permissions } from "./permissions.ts";
import { ReplyPermits } from "./reply-permits.ts";

/** Where the rules of a user are found; undefined = everything is permitted. */
export interface PermissionHolder {
  permissionSet: PermissionSet | undefined;
}

export class ConnectionPermissions implements Permissions {
  readonly #holder: PermissionHolder;
  readonly #permits: ReplyPermits;

  constructor(holder: PermissionHolder, clock: Clock, repliesMax: number) {
    this.#holder = holder;
    this.#permits = new ReplyPermits(clock, repliesMax);
  }

  mayPublish(subject: Subject): boolean {
    const set = this.#holder.permissionSet;
    if (set === undefined || set.mayPublish(subject)) return true;
    return set.responses !== undefined && this.#permits.use(subject, set.responses);
  }

  maySubscribe(filter: string, queue: string | undefined): boolean {
    const set = this.#holder.permissionSet;
    return set === undefined || set.maySubscribe(filter, queue);
  }

  deliveryFilter(filter: string, queue: string | undefined, parentToo = false): DeliveryFilter | undefined {
    return this.#holder.permissionSet?.deliveryFilter(filter, queue, parentToo);
  }

  get unrestricted(): boolean {
    return this.#holder.permissionSet === undefined;
  }

  get tracksReplies(): boolean {
    return this.#holder.permissionSet?.responses !== undefined;
  }

  replyable(buffer: Buffer, start: number, end: number): void {
    if (this.tracksReplies) this.#permits.grant(buffer, start, end);
  }
}
