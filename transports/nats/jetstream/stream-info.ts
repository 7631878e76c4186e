/** A station's state in JetStream's JSON: `state` of every stream answer, with the details a client may ask for. */
import type { OriginConfig } from "../../../lib/station/config.ts";
import type { Station } from "../../../lib/station/station.ts";
import { compileFilter, filterProblem } from "../../../lib/filter.ts";
import { timeText, zeroTime } from "./json.ts";
import { mappingJson } from "./stream-config.ts";

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

/** How a station stands to those it takes over from; nothing for others. `withProblems`: those it did not find are told of. */
export function originState(station: Station, nowUs: number, withProblems = true): object {
  const { mirror, sources } = station;
  return {
    ...(mirror === undefined ? {} : { mirror: stateOf(mirror, nowUs, withProblems) }),
    ...(sources.length === 0 ? {} : { sources: sources.map((source) => stateOf(source, nowUs, withProblems)) }),
  };
}

interface Follower {
  readonly config: OriginConfig;
  readonly lag: number;
  readonly activeUs: number;
  readonly isMissing: boolean;
  /** Of a source. */
  readonly takenUpTo?: number;
}

/** `active` is nanoseconds ago, -1 = never. */
function stateOf({ config, lag, activeUs, isMissing, takenUpTo }: Follower, nowUs: number, withProblems: boolean): object {
  return {
    name: config.origin,
    lag,
    ...((takenUpTo ?? 0) === 0 ? {} : { seq: takenUpTo }),
    active: activeUs === 0 ? -1 : Math.max(0, nowUs - activeUs) * 1000,
    ...(withProblems && isMissing ? { error: { code: 404, err_code: 10059, description: "stream not found" } } : {}),
    ...(config.filter === "" || takenUpTo === undefined ? {} : { filter_subject: config.filter }),
    ...(config.transforms.length === 0 ? {} : { subject_transforms: config.transforms.map(mappingJson) }),
  };
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
