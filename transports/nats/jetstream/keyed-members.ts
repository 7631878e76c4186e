/**
 * Who asks for records of a keyed group: the pull request's header `Waystation-Member`, else the connection. A pull request with
 * `Waystation-Leave` asks for nothing and leaves; so does a connection that ends, for every member it spoke for last.
 */
import type { Group } from "../../../lib/consumer/group.ts";
import { parseHeaders } from "../../../lib/headers.ts";
import type { Message } from "../../../lib/message.ts";
import type { Session } from "../../../lib/transport.ts";

export const memberHeader = "Waystation-Member";
export const leaveHeader = "Waystation-Leave";
/** Longer names are cut: two members of one long name are one. */
const memberLengthMax = 128;

interface Joined {
  readonly group: Group;
  readonly member: string;
  readonly session: Session;
}

export class KeyedMembers {
  /** The connection each member spoke by last, by group and name. */
  readonly #joined: Map<Group, Map<string, Joined>> = new Map();

  /** The member that asks; undefined when it has left with this request. */
  ask(group: Group, message: Message | undefined, session: Session | undefined): string | undefined {
    const headers = message === undefined ? [] : headersOf(message);
    const named = headers.find(([name]) => name === memberHeader)?.[1].slice(0, memberLengthMax);
    const member = named ?? `connection-${session?.id ?? 0}`;
    let members = this.#joined.get(group);
    if (headers.some(([name]) => name === leaveHeader)) {
      members?.delete(member);
      group.leave(member);
      return undefined;
    }
    if (session === undefined) return member;
    if (members === undefined) this.#joined.set(group, (members = new Map()));
    if (members.get(member)?.session !== session) members.set(member, { group, member, session });
    return member;
  }

  /** The connection has ended. */
  detached(session: Session): void {
    for (const members of this.#joined.values()) {
      for (const joined of [...members.values()]) {
        if (joined.session !== session) continue;
        members.delete(joined.member);
        joined.group.leave(joined.member);
      }
    }
  }

  forget(group: Group): void {
    this.#joined.delete(group);
  }
}

function headersOf(message: Message): [string, string][] {
  const { body, bodyStart, headerBytes } = message;
  return headerBytes === 0 ? [] : parseHeaders(body, bodyStart, bodyStart + headerBytes);
}
