/**
 * After a crash: which copies were already made of the records whose outcome was not kept any more. Found by the message ids of what the
 * targets stored since, so that nothing is copied twice even where a target remembers no ids, or no longer.
 */
import type { Clock } from "../../store/environment.ts";
import type { Sequence } from "../../store/store.ts";
import { walk } from "../station/read.ts";
import type { Station } from "../station/station.ts";
import { copyIdOf } from "./copy.ts";

/** A copy may carry a time a little before its record's, when the clock was set. */
const slackUs = 60_000_000;

/** The ids of copies of this station's records from `first` on that are in `targets`. */
export async function copiesSince(clock: Clock, origin: Station, first: Sequence, targets: Iterable<Station>): Promise<Set<string>> {
  const copies: Set<string> = new Set();
  let sinceUs = 0;
  await walk(clock, origin.log, first, undefined, (view) => {
    sinceUs = view.timeUs;
    return false;
  });
  const part = `:${origin.name}:`;
  for (const target of targets) {
    const from = await target.log.findTime(Math.max(0, sinceUs - slackUs));
    await walk(clock, target.log, from, undefined, ({ buffer, bodyStart, headerBytes }) => {
      const id = copyIdOf(buffer, bodyStart, headerBytes);
      if (id.includes(part) && Number(id.slice(id.lastIndexOf(":") + 1)) >= first) copies.add(id);
      return true;
    });
  }
  return copies;
}
