/**
 * Judges what a station takes over from others, as a mirror or from sources: by itself, and against the stations there are. The order
 * of the rules follows what NATS clients expect of a stream. Throws a StationError with the first broken one.
 */
import { filterProblem, filtersOverlap, isSubsetOf } from "../filter.ts";
import { checkTransform, TransformError } from "../subject-transform.ts";
import type { SubjectMapping } from "../subject-transform.ts";
import type { OriginConfig, StationConfig } from "./config.ts";
import { StationError } from "./station-error.ts";
import type { StationRefusal } from "./station-error.ts";
import { stationNameValid } from "./station-name.ts";

function refuse(code: StationRefusal, message: string): never {
  throw new StationError(code, message);
}

/** Throws when a mapping is malformed: `of` says whose. */
export function checkMapping(mapping: SubjectMapping, of: "station" | "mirror" | "source"): void {
  const source = `${of}_transform_source_invalid` as const;
  const destination = `${of}_transform_destination_invalid` as const;
  if (mapping.source !== "" && filterProblem(mapping.source) !== undefined) throw new StationError(source, mapping.source);
  try {
    checkTransform(mapping);
  } catch (error) {
    if (error instanceof TransformError) throw new StationError(destination, error.message, { cause: error });
    throw error;
  }
}

/** What tells one source from another of the same station: origin, filters and destinations. */
export function sourceKey(source: OriginConfig): string {
  const { origin, filter, transforms } = source;
  if (transforms.length === 0) return `${origin} ${filter === "" ? ">" : filter} >`;
  const sources = transforms.map((mapping) => (mapping.source === "" ? ">" : mapping.source));
  const destinations = transforms.map((mapping) => (mapping.destination === "" ? ">" : mapping.destination));
  return `${origin} ${sources.join("\f")} ${destinations.join("\f")}`;
}

export function checkOrigins(config: StationConfig): void {
  if (config.mirror !== undefined) checkMirror(config, config.mirror);
  if (config.sources.length > 0) checkSources(config);
}

function checkMirror(config: StationConfig, mirror: OriginConfig): void {
  if (config.firstSequence > 0) refuse("mirror_first_sequence", "a mirror has its origin's sequences: leave firstSequence out");
  if (config.subjects.length > 0) refuse("mirror_with_subjects", "a mirror captures no subjects of its own: leave them out");
  if (config.sources.length > 0) refuse("mirror_with_sources", "a mirror is a copy of one station: leave sources out");
  if (config.allowCounter) refuse("mirror_counter", "nobody publishes into a mirror: leave allowCounter out");
  if (config.allowAtomic) refuse("mirror_atomic", "nobody publishes into a mirror: leave allowAtomic out");
  if (config.allowFastBatch) refuse("mirror_fast_batch", "nobody publishes into a mirror: leave allowFastBatch out");
  if (config.allowSchedules) refuse("mirror_schedules", "nobody publishes into a mirror: leave allowSchedules out");
  if (mirror.filter !== "" && mirror.transforms.length > 0) {
    refuse("mirror_filter_and_transforms", "a mirror has a filter or transforms, not both");
  }
  if (config.deleteMarkerTtlMs > 0) refuse("settings_conflict", "subject delete markers forbidden on mirrors");
  for (const mapping of mirror.transforms) checkMapping(mapping, "mirror");
  if (overlapping(mirror.transforms, (a, b) => filtersOverlap(a, b)))
    refuse("mirror_filters_overlap", "the mirror's transforms take the same subjects");
  if (!stationNameValid(mirror.origin)) refuse("mirror_origin_invalid", "a mirror names the station it is a copy of");
  if (mirror.origin === config.name) refuse("origin_cycle", "a station can not be a copy of itself");
  if (mirror.filter !== "" && filterProblem(mirror.filter) !== undefined) refuse("mirror_filter_invalid", mirror.filter);
}

function checkSources(config: StationConfig): void {
  if (config.allowSchedules) refuse("source_schedules", "a station with sources has no schedules of its own: leave allowSchedules out");
  const keys: Set<string> = new Set();
  for (const source of config.sources) {
    if (!stationNameValid(source.origin)) refuse("source_origin_invalid", "a source names the station it takes from");
    const key = sourceKey(source);
    if (keys.has(key)) refuse("source_duplicate", `two sources take the same from '${source.origin}'`);
    keys.add(key);
    if (source.filter !== "" && source.transforms.length > 0) {
      refuse("source_filter_and_transforms", "a source has a filter or transforms, not both");
    }
    for (const mapping of source.transforms) checkMapping(mapping, "source");
    if (overlapping(source.transforms, (a, b) => isSubsetOf(a, b)))
      refuse("source_filters_overlap", "the source's transforms take the same subjects");
    if (source.filter !== "" && filterProblem(source.filter) !== undefined) {
      throw new StationError("source_transform_source_invalid", source.filter);
    }
  }
}

function overlapping(mappings: readonly SubjectMapping[], collide: (a: string, b: string) => boolean): boolean {
  return mappings.some((one, at) => mappings.some((other, also) => at !== also && collide(one.source || ">", other.source || ">")));
}

/** Throws when records could go round in a circle, or would be too large. `find`: the stations there are. */
export function checkOriginsAgainst(config: StationConfig, find: (name: string) => StationConfig | undefined): void {
  const limit = config.messageBytesMax;
  const larger = (name: string): boolean => limit > 0 && (find(name)?.messageBytesMax ?? 0) > limit;
  if (config.mirror !== undefined && larger(config.mirror.origin)) {
    refuse("mirror_messages_too_large", `messages of '${config.mirror.origin}' may be larger than messageBytesMax`);
  }
  for (const source of config.sources) {
    if (larger(source.origin)) refuse("source_messages_too_large", `messages of '${source.origin}' may be larger than messageBytesMax`);
  }
  const visited: Set<string> = new Set();
  const toVisit: StationConfig[] = [config];
  for (let at = toVisit.shift(); at !== undefined; at = toVisit.shift()) {
    const { subjects, sources, mirror } = at;
    visited.add(at.name);
    for (const { origin, filter } of sources) {
      const next = find(origin);
      if (!visited.has(origin)) {
        if (next !== undefined) toVisit.push(next);
      } else if (filter === "" || subjects.some((subject) => filtersOverlap(subject, filter))) {
        refuse("origin_cycle", `records would come back by way of '${origin}'`);
      }
    }
    if (mirror === undefined) continue;
    if (visited.has(mirror.origin)) refuse("origin_cycle", `records would come back by way of '${mirror.origin}'`);
    const next = find(mirror.origin);
    if (next !== undefined) toVisit.push(next);
  }
}
