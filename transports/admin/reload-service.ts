/**
 * Lets a client ask a running broker to read its configuration again, and learn what came of it. Heard in the default tenant only: whoever
 * may publish to `$WAYSTATION.RELOAD` there may do it, and what is read is the operator's own file, so nothing is gained by asking.
 */
import { defaultTenant, operatorOf } from "../../lib/auth/identity.ts";
import type { LocalMessage } from "../local/connection.ts";
import type { OpenBroker } from "../open.ts";

export const reloadSubject = "$WAYSTATION.RELOAD";

/** The answer, as JSON. */
export type ReloadAnswer =
  | {
      readonly reloaded: true;
      /** Option keys that changed and wait for a restart. */
      readonly restart: readonly string[];
    }
  | {
      readonly reloaded: false;
      /** Why the broker runs on as before. */
      readonly error: string;
    };

/** Answers until the returned function is called. */
export function serveReload(broker: OpenBroker, reload: () => Promise<ReloadAnswer>): () => void {
  const connection = broker.connect(operatorOf(defaultTenant));
  void answer(connection.subscribe(reloadSubject), reload);
  return () => connection.close();
}

/** One after the other, each in a turn of its own: a reload closes sessions, which no delivery may do. */
async function answer(requests: AsyncIterable<LocalMessage>, reload: () => Promise<ReloadAnswer>): Promise<void> {
  for await (const request of requests) request.respond(JSON.stringify(await reload()));
}
