/**
 * Judges a station's configuration: by itself, and against what it was before. Throws a StationError with the first broken rule.
 * The order of the rules and where they are strict follow what NATS clients expect of a stream.
 */
import { filterProblem, filtersOverlap } from "../filter.ts";
import { sameStation } from "./config.ts";
import type { StationConfig } from "./config.ts";
import { StationError } from "./station-error.ts";
import type { StationRefusal } from "./station-error.ts";

export const stationNameBytesMax = 255;
export const stationDescriptionBytesMax: number = 4 * 1024;
export const stationMetadataBytesMax: number = 128 * 1024;
export const ageMinMs = 100;

/** Subjects of the broker's own API: a station may only listen in on them without acknowledging. */
const apiFilters: readonly string[] = ["$JS.>", "$SYS.>"];

function refuse(code: StationRefusal, message: string): never {
  throw new StationError(code, message);
}

/** A name that may stand as one token of a subject and as part of a file's name. */
export function stationNameValid(name: string): boolean {
  if (name.length === 0) return false;
  for (const character of name) {
    if (character <= " " || ".*>/\\\u007f".includes(character)) return false;
  }
  return true;
}

/** Throws when the configuration breaks a rule by itself. */
export function checkStation(config: StationConfig): void {
  checkIdentity(config);
  checkNumbers(config);
  checkTimes(config);
  if (config.denyPurge && config.allowRollup) refuse("rollup_needs_purge", "roll-ups replace records: they need purges to be allowed");
  checkSubjects(config);
  checkDiscard(config);
}

function checkIdentity(config: StationConfig): void {
  if (!stationNameValid(config.name)) refuse("name_invalid", "a station's name has no space, '.', '*', '>', '/' or '\\'");
  if (Buffer.byteLength(config.name) > stationNameBytesMax) {
    refuse("name_too_long", `a station's name has at most ${stationNameBytesMax} bytes`);
  }
  if (Buffer.byteLength(config.description) > stationDescriptionBytesMax) {
    refuse("description_too_long", `a description has at most ${stationDescriptionBytesMax} bytes`);
  }
  let metadataBytes = 0;
  for (const [key, value] of Object.entries(config.metadata)) metadataBytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  if (metadataBytes > stationMetadataBytesMax) refuse("metadata_too_long", `metadata has at most ${stationMetadataBytesMax} bytes`);
  if (config.replicas < 0 || config.replicas > 5) refuse("replicas_invalid", "replicas is 1");
  if (config.replicas > 1) refuse("replicas_unavailable", "this broker keeps one replica");
  if (config.partitions !== 1) refuse("partitions_unavailable", "this version keeps a station in one partition");
}

function checkNumbers(config: StationConfig): void {
  const numbers = {
    groupsMax: config.groupsMax,
    messagesMax: config.messagesMax,
    bytesMax: config.bytesMax,
    messagesPerSubjectMax: config.messagesPerSubjectMax,
    messageBytesMax: config.messageBytesMax,
  };
  for (const [field, value] of Object.entries(numbers)) {
    if (!Number.isSafeInteger(value) || value < 0) refuse("number_invalid", `${field} is a whole number, 0 for no limit`);
  }
  if (!Number.isSafeInteger(config.firstSequence) || config.firstSequence < 0) {
    refuse("first_sequence_invalid", "firstSequence is a whole number of at least 1");
  }
}

function checkTimes(config: StationConfig): void {
  if (config.ageMaxMs !== 0 && config.ageMaxMs < ageMinMs) refuse("age_too_small", `ageMaxMs is at least ${ageMinMs}`);
  if (config.duplicateWindowMs < 0) refuse("duplicate_window_negative", "duplicateWindowMs is at least 0");
  if (config.ageMaxMs !== 0 && config.duplicateWindowMs > config.ageMaxMs) {
    refuse("duplicate_window_exceeds_age", "duplicateWindowMs is at most ageMaxMs");
  }
  if (config.duplicateWindowMs > 0 && config.duplicateWindowMs < ageMinMs) {
    refuse("duplicate_window_too_small", `duplicateWindowMs is at least ${ageMinMs}`);
  }
}

function checkSubjects(config: StationConfig): void {
  const seen: string[] = [];
  for (const subject of config.subjects) {
    const problem = filterProblem(subject);
    if (problem !== undefined) refuse("subject_invalid", problem);
    if (seen.includes(subject)) refuse("subjects_repeated", `'${subject}' is given twice`);
    if (subject === ">" && !config.noAck) refuse("everything_needs_no_ack", "a station of all subjects must not acknowledge: set noAck");
    if (!config.noAck && apiFilters.some((api) => filtersOverlap(api, subject))) {
      refuse("subject_reserved", `'${subject}' overlaps with the broker's own subjects: set noAck to listen in on them`);
    }
    for (const other of seen) {
      if (filtersOverlap(other, subject)) refuse("subjects_overlap_within", `'${subject}' overlaps with '${other}'`);
    }
    seen.push(subject);
  }
}

function checkDiscard(config: StationConfig): void {
  if (!config.discardNewPerSubject) return;
  if (config.discard !== "new") refuse("discard_per_subject_needs_discard_new", "discardNewPerSubject needs discard 'new'");
  if (config.messagesPerSubjectMax === 0) refuse("discard_per_subject_needs_limit", "discardNewPerSubject needs messagesPerSubjectMax");
}

/** Throws when a station may not change from `before` to `after`. `groups`: how many it has now. */
export function checkStationChange(before: StationConfig, after: StationConfig, groups: number): void {
  const fixed = (what: string): never => refuse("cannot_change", what);
  if (before.sealed && !sameStation({ ...before, sealed: after.sealed }, after))
    refuse("sealed", "the station is sealed: it stays as it is");
  if (before.sealed && !after.sealed) fixed("can not unseal a sealed stream");
  if (before.storage !== after.storage) fixed("can not change storage type");
  if (before.retention !== after.retention && (before.retention === "workqueue" || after.retention === "workqueue")) {
    fixed("can not change retention policy to/from workqueue");
  }
  if (before.denyDelete && !after.denyDelete) fixed("can not cancel deny message deletes");
  if (before.denyPurge && !after.denyPurge) fixed("can not cancel deny purge");
  if (before.allowTtl && !after.allowTtl) fixed("message TTL status can not be disabled");
  if (after.groupsMax !== before.groupsMax && after.groupsMax > 0 && after.groupsMax < groups) {
    fixed("can not change MaxConsumers");
  }
  if (before.durability !== after.durability) fixed("can not change persist mode");
}
