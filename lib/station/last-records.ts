/** Where the newest records of a station begin in each of its partitions: of all of them together, by time. */
import type { Clock } from "../clock.ts";
import type { Sequence } from "../../store/store.ts";
import { walk } from "./read.ts";
import type { Station } from "./station.ts";

/** Looked at in one partition; beyond, its share of the newest is rough. */
const lookedMax = 100_000;

/** For each partition the sequence from which its part of the newest `count` begins. */
export async function lastOfAll(clock: Clock, partitions: readonly Station[], count: number): Promise<Sequence[]> {
  const found: { readonly partition: number; readonly sequence: Sequence; readonly timeUs: number }[] = [];
  for (const [partition, { log }] of partitions.entries()) {
    const most = Math.min(count, lookedMax);
    // Gaps make it more than the newest: those before are cut off below.
    const from = log.state.deletedCount === 0 ? log.state.lastSequence - most + 1 : log.state.firstSequence;
    const own: typeof found = [];
    await walk(clock, log, from, undefined, ({ sequence, timeUs }) => {
      own.push({ partition, sequence, timeUs });
      if (own.length > most * 2) own.splice(0, own.length - most);
      return true;
    });
    found.push(...own.slice(-most));
  }
  found.sort((a, b) => b.timeUs - a.timeUs);
  const starts = partitions.map(({ log }) => log.state.lastSequence + 1);
  for (const { partition, sequence } of found.slice(0, count)) starts[partition] = Math.min(starts[partition] ?? sequence, sequence);
  return starts;
}
