/** Where a new group starts in its log, and which records it delivers before that when it wants the last of each subject. */
import type { Log, Sequence, SubjectFilterTest } from "../../store/store.ts";
import type { DeliverFrom } from "./config.ts";
import { GroupState } from "./progress.ts";

/** Subjects asked of the store at a time. */
const page = 4096;

export interface Start {
  readonly state: GroupState;
  readonly skips: Float64Array | undefined;
}

export async function startOf(log: Log, deliver: DeliverFrom, filter: SubjectFilterTest | undefined): Promise<Start> {
  const state = new GroupState();
  const last = log.state.lastSequence;
  let skips: Float64Array | undefined;
  state.next = within(log, await firstOf(log, deliver, filter));
  if (deliver.kind === "lastPerSubject") {
    state.resume = last + 1;
    skips = await lastOfEach(log, filter, 0, state.resume);
    state.next = skips[0] ?? state.resume;
  }
  state.deliveredSequence = state.floorSequence = state.next - 1;
  return { state, skips };
}

/** The last sequence of each subject, above `after` and below `before`, ascending. */
export async function lastOfEach(
  log: Log,
  filter: SubjectFilterTest | undefined,
  after: Sequence,
  before: Sequence,
): Promise<Float64Array> {
  if (log.lastOfEach !== undefined) {
    const all = await log.lastOfEach(filter);
    return all.filter((sequence) => sequence > after && sequence < before).sort();
  }
  const found: Sequence[] = [];
  for (let offset = 0; ; offset += page) {
    const { subjects } = await log.subjects(filter, offset, page);
    for (const subject of subjects) {
      if (subject.lastSequence > after && subject.lastSequence < before) found.push(subject.lastSequence);
    }
    if (subjects.length < page) break;
  }
  return Float64Array.from(found).sort();
}

function firstOf(log: Log, deliver: DeliverFrom, filter: SubjectFilterTest | undefined): Sequence | Promise<Sequence> {
  const last = log.state.lastSequence;
  switch (deliver.kind) {
    case "all":
    case "lastPerSubject":
      return 1;
    case "new":
      return last + 1;
    case "last":
      return filter === undefined ? last : lastMatching(log, filter);
    case "sequence":
      return deliver.sequence;
    case "time":
      return log.findTime(deliver.timeUs);
  }
}

async function lastMatching(log: Log, filter: SubjectFilterTest): Promise<Sequence> {
  const sequence = await log.findLast(filter);
  return sequence === 0 ? log.state.lastSequence + 1 : sequence;
}

/** Not before the first record there is, not after the next one to come. */
function within(log: Log, sequence: Sequence): Sequence {
  return Math.max(1, Math.min(Math.max(sequence, log.state.firstSequence), log.state.lastSequence + 1));
}
