/**
 * Judges a station's configuration: by itself, and against what it was before. Throws a StationError with the first broken rule.
 * The order of the rules and where they are strict follow what NATS clients expect of a stream.
 */
import { adminToken } from "../auth/permission-set.ts";
import { filterProblem, filtersOverlap, isSubsetOf } from "../filter.ts";
import { compileTransform } from "../subject-transform.ts";
import type { StationConfig } from "./config.ts";
import { partitionsMax } from "./partition.ts";
import { FilterTree } from "./filter-tree.ts";
import { StationError } from "./station-error.ts";
import type { StationRefusal } from "./station-error.ts";
import { checkMapping, checkOrigins } from "./origin-rules.ts";
import { stationNameValid } from "./station-name.ts";

export { stationNameValid };

export const stationNameBytesMax = 255;
export const stationDescriptionBytesMax: number = 4 * 1024;
export const stationMetadataBytesMax: number = 128 * 1024;
export const ageMinMs = 100;
export const tagsMax = 32;
export const tagCharsMax = 64;

/** The broker's own subjects: a station may only listen in on them without acknowledging. Its announcements are free to keep. */
const apiFilters: readonly string[] = ["$JS.>", "$JSC.>", "$NRG.>"];
const apiAnnouncements = "$JS.EVENT.>";
const systemFilter = "$SYS.>";
const adminFilter = `${adminToken}.>`;
const announcements: readonly string[] = ["$SYS.ACCOUNT.>"];

function refuse(code: StationRefusal, message: string): never {
  throw new StationError(code, message);
}

/** Throws when the configuration breaks a rule by itself. */
export function checkStation(config: StationConfig): void {
  checkIdentity(config);
  checkNumbers(config);
  checkTimes(config);
  if (config.denyPurge && config.allowRollup) refuse("rollup_needs_purge", "roll-ups replace records: they need purges to be allowed");
  checkCounter(config);
  checkDiscard(config);
  checkMarkers(config);
  if (config.durability !== undefined && config.storage !== "file") {
    refuse("durability_needs_file", "durability is a matter of stations on disk: leave it out or set storage 'file'");
  }
  if (config.durability !== undefined && config.durability !== "always" && config.allowAtomic) {
    refuse("settings_conflict", "async persist mode is not supported with atomic batch publish");
  }
  checkOrigins(config);
  checkSubjects(config);
  if (config.subjectTransform !== undefined) checkMapping(config.subjectTransform, "station");
  checkRepublish(config);
}

/** A counter's records are sums of what came before: nothing may be missing between them. */
function checkCounter(config: StationConfig): void {
  if (!config.allowCounter) return;
  if (config.discard === "new") refuse("settings_conflict", "counter stream cannot use discard new");
  if (config.allowTtl) refuse("settings_conflict", "counter stream cannot use message TTLs");
  if (config.allowSchedules) refuse("settings_conflict", "counter stream cannot use message schedules");
  if (config.retention !== "limits") refuse("settings_conflict", "counter stream can only use limits retention");
}

function checkMarkers(config: StationConfig): void {
  const ttlMs = config.deleteMarkerTtlMs;
  if (ttlMs > 0 && ttlMs < 1_000) refuse("settings_conflict", "subject delete marker TTL must be at least 1 second");
  if (ttlMs < 0) refuse("settings_conflict", "subject delete marker TTL must not be negative");
  if (config.allowSchedules && config.discard === "new") refuse("settings_conflict", "message scheduling cannot use discard new");
}

/** What is published again must not come back. */
function checkRepublish(config: StationConfig): void {
  const { republish } = config;
  if (republish === undefined) return;
  if (config.subjects.some((subject) => filtersOverlap(republish.destination, subject))) {
    refuse("settings_conflict", "stream configuration for republish destination forms a cycle");
  }
  try {
    compileTransform(republish);
  } catch {
    const { source, destination } = republish;
    refuse("settings_conflict", `stream configuration for republish with transform from '${source}' to '${destination}' not valid`);
  }
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
  if (config.replicas < 0) refuse("replicas_invalid", "replicas is 1");
  if (config.replicas > 5) refuse("replicas_too_many", "replicas is at most 5");
  if (config.replicas > 1) refuse("replicas_unavailable", "this broker keeps one replica");
  checkPartitions(config);
  checkTags(config);
}

function checkPartitions(config: StationConfig): void {
  const { partitions } = config;
  if (!Number.isSafeInteger(partitions) || partitions < 1 || partitions > partitionsMax) {
    refuse("partitions_invalid", `partitions is a whole number from 1 to ${partitionsMax}`);
  }
  if (partitions === 1) return;
  if (config.mirror !== undefined) refuse("partitions_invalid", "a mirror has one partition: mirror the partitions one by one");
  if (config.allowAtomic) refuse("partitions_invalid", "an atomic batch lies in one log: leave allowAtomic or partitions out");
}

function checkTags(config: StationConfig): void {
  if (config.tags.length > tagsMax) refuse("tags_invalid", `a station has at most ${tagsMax} tags`);
  for (const tag of config.tags) {
    if (tag === "" || tag.length > tagCharsMax || /[,\s]/.test(tag)) {
      refuse("tags_invalid", `'${tag}' is no tag: 1 to ${tagCharsMax} characters without blanks and commas`);
    }
  }
  if (config.factory !== "" && !factoryNameValid(config.factory)) {
    refuse("factory_invalid", `'${config.factory}' is no factory: 1 to 25 of a-z, 0-9 and _`);
  }
  const { compaction } = config;
  if (compaction !== undefined && (!Number.isFinite(compaction.tombstoneMs) || compaction.tombstoneMs < 0)) {
    refuse("number_invalid", "compaction.tombstoneMs is at least 0");
  }
  if (compaction !== undefined && config.retention !== "limits")
    refuse("compaction_needs_limits", "compaction goes with retention 'limits'");
}

/** A factory's name. */
export function factoryNameValid(name: string): boolean {
  return /^[a-z0-9_]{1,25}$/.test(name);
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
  if (config.ageMaxMs < 0) refuse("age_negative", "ageMaxMs is at least 0");
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
  const seen: FilterTree<string> = new FilterTree();
  for (const subject of config.subjects) {
    const problem = filterProblem(subject);
    if (problem !== undefined) refuse("subject_invalid", problem);
    if (!config.noAck) checkReserved(subject);
    seen.overlapping(subject, (other) => refuse("subjects_overlap_within", `subject "${other}" overlaps with "${subject}"`));
    seen.add(subject, subject);
  }
}

/** An acknowledged message on the broker's own subjects would be answered twice, once by the broker itself. */
function checkReserved(subject: string): void {
  if (subject === ">") refuse("everything_needs_no_ack", "a station of all subjects must not acknowledge: set noAck");
  for (const filter of apiFilters) {
    if (filtersOverlap(filter, subject) && !isSubsetOf(subject, apiAnnouncements))
      refuse("subject_reserved", `'${subject}' overlaps with '${filter}': set noAck to listen in on it`);
  }
  if (filtersOverlap(adminFilter, subject))
    refuse("subject_reserved_system", `'${subject}' overlaps with '${adminFilter}': set noAck to listen in on it`);
  if (filtersOverlap(systemFilter, subject) && !announcements.some((free) => isSubsetOf(subject, free))) {
    refuse("subject_reserved_system", `'${subject}' overlaps with '${systemFilter}': set noAck to listen in on it`);
  }
}

function checkDiscard(config: StationConfig): void {
  if (!config.discardNewPerSubject) return;
  if (config.discard !== "new") refuse("discard_per_subject_needs_discard_new", "discardNewPerSubject needs discard 'new'");
  if (config.messagesPerSubjectMax === 0) refuse("discard_per_subject_needs_limit", "discardNewPerSubject needs messagesPerSubjectMax");
}

/** Throws when a station may not change from `before` to `after`. */
export function checkStationChange(before: StationConfig, after: StationConfig): void {
  const fixed = (what: string): never => refuse("cannot_change", what);
  if (before.sealed && !after.sealed) fixed("can not unseal a sealed stream");
  if (before.partitions !== after.partitions) fixed("the number of partitions is fixed: keys belong to them by it");
  if (before.storage !== after.storage) fixed("can not change storage type");
  if (before.retention !== after.retention && (before.retention === "workqueue" || after.retention === "workqueue")) {
    fixed("can not change retention policy to/from workqueue");
  }
  if (before.denyDelete && !after.denyDelete) fixed("can not cancel deny message deletes");
  if (before.denyPurge && !after.denyPurge) fixed("can not cancel deny purge");
  if (before.allowTtl && !after.allowTtl) refuse("settings_conflict", "message TTL status can not be disabled");
  if (before.allowCounter !== after.allowCounter) fixed("can not change message counter setting");
  if (before.allowSchedules && !after.allowSchedules) refuse("settings_conflict", "message schedules can not be disabled");
  if (after.mirror !== undefined && JSON.stringify(before.mirror) !== JSON.stringify(after.mirror)) {
    refuse("mirror_fixed", "what a mirror copies stays as it is; without it the station becomes one of its own");
  }
  if (before.durability !== after.durability) fixed("can not change persist mode");
}
