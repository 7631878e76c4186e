/** A station's state in JetStream's JSON: `state` of every stream answer, with the details a client may ask for. */
import type { Station } from "../../../lib/station/station.ts";
import { compileFilter, filterProblem } from "../../../lib/filter.ts";
import { timeText, zeroTime } from "./json.ts";

export interface StateDetails {
  /** List the interior sequences that are gone. */
  readonly deleted: boolean;
  /** List the subjects that match, with their counts; `""` = none. */
  readonly subjectsFilter: string;
  readonly offset: number;
}

/** Subjects on one page of details. */
export const subjectsPageMax = 100_000;
/** Deleted sequences listed at most. */
const deletedMax = 100_000;

export interface StreamState {
  readonly state: object;
  /** Subjects that match `subjectsFilter`, on all pages. */
  readonly subjectsTotal: number;
  readonly offset: number;
}

/** How a mirror stands to its origin; nothing for other stations. `active` is nanoseconds ago, -1 = never. */
export function mirrorState(station: Station, nowUs: number): object {
  const { mirror } = station;
  if (mirror === undefined) return {};
  const active = mirror.activeUs === 0 ? -1 : Math.max(0, nowUs - mirror.activeUs) * 1000;
  return { mirror: { name: mirror.config.origin, lag: mirror.lag, active } };
}

export const noDetails: StateDetails = { deleted: false, subjectsFilter: "", offset: 0 };

export async function streamState(station: Station, details: StateDetails): Promise<StreamState> {
  const { log } = station;
  const found = log.state.messages === 0 ? 0 : (await log.subjects(undefined, 0, 0)).total;
  const offset = Math.max(0, details.offset);
  let total = 0;
  let listed: Record<string, number> | undefined;
  if (details.subjectsFilter !== "" && filterProblem(details.subjectsFilter) === undefined) {
    const page = await log.subjects(compileFilter(details.subjectsFilter), offset, subjectsPageMax);
    total = page.total;
    if (page.subjects.length > 0) listed = Object.fromEntries(page.subjects.map((subject) => [subject.subject, subject.messages]));
  }
  // Read after every await, so that the numbers are of one moment.
  const state = log.state;
  return {
    state: {
      messages: state.messages,
      bytes: state.bytes,
      first_seq: state.firstSequence,
      first_ts: state.messages === 0 ? zeroTime : timeText(state.firstTimeUs),
      last_seq: state.lastSequence,
      last_ts: timeText(state.lastTimeUs),
      ...(found === 0 ? {} : { num_subjects: found }),
      ...(listed === undefined ? {} : { subjects: listed }),
      ...(state.deletedCount === 0 ? {} : { num_deleted: state.deletedCount }),
      ...(details.deleted && state.deletedCount > 0 ? { deleted: log.deleted(deletedMax) } : {}),
      consumer_count: station.groups.size,
    },
    subjectsTotal: total,
    offset: total === 0 ? 0 : offset,
  };
}
