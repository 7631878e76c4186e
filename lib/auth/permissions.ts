/** What a user may publish and subscribe to, compiled once. */
import type { Subject } from "../router/subject.ts";

export interface Permissions {
  /** Cached on the subject; cheap to ask per message. */
  mayPublish(subject: Subject): boolean;
  maySubscribe(filter: string, queue: string | undefined): boolean;
}
