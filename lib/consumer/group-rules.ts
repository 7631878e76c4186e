/**
 * Judges a group's configuration: by itself, against its station, and against what it was before. Answers with the first broken
 * rule as a closed code plus a sentence; the doors have their own numbers and texts for the codes.
 */
import { checkCondition } from "../condition/checker.ts";
import { parseCondition } from "../condition/parser.ts";
import { ConditionError } from "../condition/syntax-error.ts";
import { sameConfig } from "./config.ts";
import type { GroupConfig } from "./config.ts";
import { filterProblem, filtersOverlap, hasWildcard, isSubsetOf } from "../filter.ts";

export type GroupRefusal =
  | "name_invalid"
  | "name_too_long"
  | "description_too_long"
  | "metadata_too_long"
  | "replicas_invalid"
  | "replicas_exceed_station"
  | "ack_wait_negative"
  | "backoff_negative"
  | "backoff_longer_than_deliveries"
  | "push_subject_wildcard"
  | "push_subject_invalid"
  | "push_subject_cycle"
  | "push_waiting_max"
  | "push_ack_pending_without_acks"
  | "heartbeat_too_small"
  | "flow_control_without_heartbeat"
  | "pull_without_acks_on_work_queue"
  | "pull_expires_too_small"
  | "ack_pending_exceeds_station"
  | "inactive_exceeds_station"
  | "filter_empty"
  | "filter_invalid"
  | "filters_overlap"
  | "deliver_needs_filter"
  | "work_queue_needs_explicit_ack"
  | "work_queue_needs_deliver_all"
  | "work_queue_unfiltered_twice"
  | "work_queue_filter_not_unique"
  | "condition_invalid"
  | "keyed_needs_pull"
  | "priority_needs_pull"
  | "priority_groups_missing"
  | "priority_group_empty"
  | "priority_group_invalid"
  | "keyed_needs_explicit_ack"
  | "member_timeout_invalid"
  | "groups_max"
  | "cannot_change"
  | "push_in_use";

export interface GroupProblem {
  readonly code: GroupRefusal;
  /** A sentence for people. Of `cannot_change`: which field. */
  readonly message: string;
}

/** What a group's rules need to know of its station. */
export interface StationFacts {
  readonly retention: "limits" | "interest" | "workqueue";
  readonly subjects: readonly string[];
  readonly groupsMax: number;
  /** Bounds the station sets on its groups; 0 = none. */
  readonly ackPendingMax: number;
  readonly inactiveMaxMs: number;
}

export const nameBytesMax = 255;
export const descriptionBytesMax: number = 4 * 1024;
export const metadataBytesMax: number = 128 * 1024;
const heartbeatMinMs = 100;
export const memberTimeoutMinMs = 100;

function problem(code: GroupRefusal, message: string): GroupProblem {
  return { code, message };
}

/** A name that may stand as one token of a subject and as a folder's name. */
export function groupNameValid(name: string): boolean {
  if (name.length === 0) return false;
  for (const character of name) {
    if (character <= " " || ".*>/\\\u007f".includes(character)) return false;
  }
  return true;
}

/** The first rule `config` breaks by itself or on such a station, else undefined. */
export function checkGroup(config: GroupConfig, station: StationFacts): GroupProblem | undefined {
  return (
    checkIdentity(config) ??
    checkTiming(config) ??
    checkMode(config, station) ??
    checkFilters(config) ??
    checkBounds(config, station) ??
    checkContent(config) ??
    checkPriorities(config) ??
    checkKeyed(config)
  );
}

function checkContent(config: GroupConfig): GroupProblem | undefined {
  if (config.condition === "") return undefined;
  try {
    checkCondition(parseCondition(config.condition));
    return undefined;
  } catch (error) {
    if (error instanceof ConditionError) return problem("condition_invalid", error.message);
    throw error;
  }
}

function checkPriorities({ priority, push }: GroupConfig): GroupProblem | undefined {
  if (priority === undefined) return undefined;
  if (push !== undefined) return problem("priority_needs_pull", "members with priorities pull: leave 'push' out");
  if (priority.groups.length === 0) return problem("priority_groups_missing", "priorities need the name of at least one priority group");
  for (const name of priority.groups) {
    if (name === "") return problem("priority_group_empty", "a priority group's name is not empty");
    if (!/^[a-zA-Z0-9/_=-]{1,16}$/.test(name))
      return problem("priority_group_invalid", "a priority group's name has at most 16 of letters, digits, '-', '_', '/', '='");
  }
  return undefined;
}

function checkKeyed(config: GroupConfig): GroupProblem | undefined {
  if (config.mode === "shared") return undefined;
  if (config.push !== undefined) return problem("keyed_needs_pull", "a keyed group's members pull: leave 'push' out");
  if (config.ack !== "explicit") return problem("keyed_needs_explicit_ack", "a keyed group acknowledges each message: set ack 'explicit'");
  if (!(config.memberTimeoutMs >= memberTimeoutMinMs)) {
    return problem("member_timeout_invalid", `memberTimeoutMs is at least ${memberTimeoutMinMs}`);
  }
  return undefined;
}

function checkIdentity(config: GroupConfig): GroupProblem | undefined {
  if (!groupNameValid(config.name)) return problem("name_invalid", "a group's name has no space, '.', '*', '>', '/' or '\\'");
  if (Buffer.byteLength(config.name) > nameBytesMax) return problem("name_too_long", `a group's name has at most ${nameBytesMax} bytes`);
  if (Buffer.byteLength(config.description) > descriptionBytesMax) {
    return problem("description_too_long", `a description has at most ${descriptionBytesMax} bytes`);
  }
  let metadataBytes = 0;
  for (const [key, value] of Object.entries(config.metadata)) metadataBytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  if (metadataBytes > metadataBytesMax) return problem("metadata_too_long", `metadata has at most ${metadataBytesMax} bytes`);
  if (config.replicas < 0) return problem("replicas_invalid", "replicas is 0 or 1");
  if (config.replicas > 1) return problem("replicas_exceed_station", "this broker keeps one replica");
  return undefined;
}

function checkTiming(config: GroupConfig): GroupProblem | undefined {
  if (config.ackWaitMs < 0) return problem("ack_wait_negative", "ackWaitMs is at least 0");
  for (const backoff of config.backoffMs) {
    if (backoff < 0) return problem("backoff_negative", "every backoff is at least 0");
  }
  if (config.backoffMs.length > 0 && config.deliveriesMax > 0 && config.backoffMs.length > config.deliveriesMax) {
    return problem("backoff_longer_than_deliveries", "deliveriesMax is at least the number of backoffs");
  }
  return undefined;
}

function checkMode(config: GroupConfig, station: StationFacts): GroupProblem | undefined {
  const push = config.push;
  if (push === undefined) {
    if (config.ack === "none" && station.retention === "workqueue") {
      return problem("pull_without_acks_on_work_queue", "a pull group of a work queue acknowledges explicitly");
    }
    if (config.expiresMaxMs > 0 && config.expiresMaxMs < 1) {
      return problem("pull_expires_too_small", "expiresMaxMs is at least 1");
    }
    return undefined;
  }
  if (hasWildcard(push.subject)) {
    return problem("push_subject_wildcard", "deliveries are pushed to a subject without wildcards");
  }
  if (filterProblem(push.subject) !== undefined) return problem("push_subject_invalid", "deliveries are pushed to a valid subject");
  for (const filter of station.subjects) {
    if (isSubsetOf(push.subject, filter)) return problem("push_subject_cycle", "the station would store its own deliveries again");
  }
  if (config.waitingMax !== 0) return problem("push_waiting_max", "a push group has no waiting pulls");
  if (config.ackPendingMax > 0 && config.ack === "none") {
    return problem("push_ack_pending_without_acks", "ackPendingMax needs acknowledgements");
  }
  if (push.heartbeatMs > 0 && push.heartbeatMs < heartbeatMinMs) {
    return problem("heartbeat_too_small", `heartbeatMs is at least ${heartbeatMinMs}`);
  }
  return undefined;
}

function checkFilters(config: GroupConfig): GroupProblem | undefined {
  for (const [index, filter] of config.filters.entries()) {
    if (filter === "") return problem("filter_empty", "a filter is not empty; leave the list out to take everything");
    const wrong = filterProblem(filter);
    if (wrong !== undefined) return problem("filter_invalid", wrong);
    for (const other of config.filters.slice(index + 1)) {
      if (isSubsetOf(filter, other) || isSubsetOf(other, filter)) {
        return problem("filters_overlap", `the filters "${filter}" and "${other}" overlap`);
      }
    }
  }
  if (config.deliver.kind === "lastPerSubject" && config.filters.length === 0) {
    return problem("deliver_needs_filter", "the last message of each subject needs a filter, e.g. '>'");
  }
  if (config.push !== undefined && config.push.flowControl && config.push.heartbeatMs === 0) {
    return problem("flow_control_without_heartbeat", "flow control needs heartbeats");
  }
  return undefined;
}

function checkBounds(config: GroupConfig, station: StationFacts): GroupProblem | undefined {
  if (station.ackPendingMax > 0 && (config.ackPendingMax > station.ackPendingMax || config.ackPendingMax === 0) && config.ack !== "none") {
    return problem("ack_pending_exceeds_station", `${station.ackPendingMax}`);
  }
  if (station.inactiveMaxMs > 0 && config.inactiveMs > station.inactiveMaxMs) {
    return problem("inactive_exceeds_station", `${station.inactiveMaxMs}`);
  }
  return undefined;
}

/** What a new group must respect when there are so many already. */
export function checkRoom(station: StationFacts, groups: number): GroupProblem | undefined {
  if (station.groupsMax === 0 || groups < station.groupsMax) return undefined;
  return problem("groups_max", `the station allows ${station.groupsMax} groups`);
}

/** What a new group of a work queue must respect beside the groups that are there. */
export function checkBeside(config: GroupConfig, others: readonly GroupConfig[]): GroupProblem | undefined {
  if (config.ack !== "explicit") return problem("work_queue_needs_explicit_ack", "a work queue's groups acknowledge explicitly");
  if (config.deliver.kind !== "all") return problem("work_queue_needs_deliver_all", "a work queue's groups deliver everything");
  if (others.length > 0 && config.filters.length === 0) {
    return problem("work_queue_unfiltered_twice", "a work queue has one group, or several with filters that do not overlap");
  }
  return checkUnique(config, others);
}

/** Of a work queue: no message may belong to two groups. */
export function checkUnique(config: GroupConfig, others: readonly GroupConfig[]): GroupProblem | undefined {
  for (const other of others) {
    if (other.name === config.name) continue;
    const clash =
      other.filters.length === 0 ||
      config.filters.length === 0 ||
      config.filters.some((mine) => other.filters.some((theirs) => filtersOverlap(mine, theirs)));
    if (clash) return problem("work_queue_filter_not_unique", `the filters overlap with those of group "${other.name}"`);
  }
  return undefined;
}

/** Whether a group may change from `before` to `after`. `pushInUse`: somebody receives at the old push subject now. */
export function checkGroupChange(before: GroupConfig, after: GroupConfig, pushInUse: boolean): GroupProblem | undefined {
  if (sameConfig(before, after)) return undefined;
  const fixed = (what: string): GroupProblem => problem("cannot_change", `${what} can not be updated`);
  if (before.deliver.kind !== after.deliver.kind) return fixed("deliver policy");
  if (before.memory !== after.memory) return fixed("storage type");
  if (before.mode !== after.mode) return fixed("mode");
  if (before.deliver.kind === "sequence" && after.deliver.kind === "sequence" && before.deliver.sequence !== after.deliver.sequence) {
    return fixed("start sequence");
  }
  if (before.deliver.kind === "time" && after.deliver.kind === "time" && before.deliver.timeUs !== after.deliver.timeUs) {
    return fixed("start time");
  }
  if (before.ack !== after.ack) return fixed("ack policy");
  if (before.replay !== after.replay) return fixed("replay policy");
  if ((before.push?.heartbeatMs ?? 0) !== (after.push?.heartbeatMs ?? 0)) return fixed("heart beats");
  if ((before.push?.flowControl ?? false) !== (after.push?.flowControl ?? false)) return fixed("flow control");
  if (before.push === undefined && after.push !== undefined) return problem("cannot_change", "can not update pull consumer to push based");
  if (before.push !== undefined && after.push === undefined) return problem("cannot_change", "can not update push consumer to pull based");
  if (before.push?.subject !== after.push?.subject && pushInUse) return problem("push_in_use", "somebody receives at the old subject");
  if (before.waitingMax !== after.waitingMax) return fixed("max waiting");
  return undefined;
}
