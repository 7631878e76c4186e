/** What the API says when the core refuses something about a station: its code in JetStream's numbers and words. */
import type { StationError } from "../../../lib/station/station-error.ts";
import { stationDescriptionBytesMax, stationMetadataBytesMax, stationNameBytesMax } from "../../../lib/station/station-rules.ts";
import { TransformError } from "../../../lib/subject-transform.ts";
import type { TransformProblem } from "../../../lib/subject-transform.ts";
import { ApiError, apiErrors } from "./errors.ts";

const transformProblems: Readonly<Record<TransformProblem, string>> = {
  subject: "invalid subject",
  destination: "invalid mapping destination: invalid transform",
  unknown_function: "invalid mapping destination: unknown function",
  index_out_of_range: "invalid mapping destination: wildcard index out of range",
  not_enough_arguments: "invalid mapping destination: not enough arguments passed to the function",
  too_many_arguments: "invalid mapping destination: too many arguments passed to the function",
  argument_invalid: "invalid mapping destination: function argument is invalid or in the wrong format",
};

function transformWords({ cause }: StationError): string {
  if (!(cause instanceof TransformError)) return "invalid subject";
  const words = transformProblems[cause.code];
  return cause.token === "" ? words : `${words} in ${cause.token}`;
}

export function stationApiError(error: StationError): ApiError {
  const invalid = apiErrors.streamConfig;
  switch (error.code) {
    case "name_invalid":
      return invalid("stream name is required and can not contain '.', '*', '>'");
    case "name_too_long":
      return invalid(`stream name is too long, maximum allowed is ${stationNameBytesMax}`);
    case "description_too_long":
      return invalid(`stream description is too long, maximum allowed is ${stationDescriptionBytesMax}`);
    case "metadata_too_long":
      return invalid(`stream metadata exceeds maximum size of ${stationMetadataBytesMax} bytes`);
    case "subject_invalid":
      return invalid("invalid subject");
    case "subjects_overlap_within":
      return invalid(error.message);
    case "subjects_overlap":
      return apiErrors.subjectsOverlap();
    case "subject_reserved":
      return invalid("subjects that overlap with jetstream api require no-ack to be true");
    case "subject_reserved_system":
      return invalid("subjects that overlap with system api require no-ack to be true");
    case "everything_needs_no_ack":
      return invalid("capturing all subjects requires no-ack to be true");
    case "replicas_unavailable":
      return apiErrors.replicasUnavailable();
    case "replicas_invalid":
      return apiErrors.replicasNegative();
    case "replicas_too_many":
      return invalid("maximum replicas is 5");
    case "age_negative":
      return invalid("max age can not be negative");
    case "age_too_small":
      return invalid("max age needs to be >= 100ms");
    case "duplicate_window_negative":
      return invalid("duplicates window can not be negative");
    case "duplicate_window_too_small":
      return invalid("duplicates window needs to be >= 100ms");
    case "duplicate_window_exceeds_age":
      return invalid("duplicates window can not be larger then max age");
    case "discard_per_subject_needs_discard_new":
      return invalid("discard new per subject requires discard new policy to be set");
    case "discard_per_subject_needs_limit":
      return invalid("discard new per subject requires max msgs per subject > 0");
    case "rollup_needs_purge":
      return invalid("roll-ups require the purge permission");
    case "sealed_at_creation":
      return invalid("stream configuration for create can not be sealed");
    case "durability_needs_file":
      return invalid("async persist mode is only supported on file storage");
    case "number_invalid":
    case "first_sequence_invalid":
    case "partitions_unavailable":
    case "partitions_invalid":
    case "tags_invalid":
    case "factory_invalid":
    case "compaction_needs_limits":
    case "schema_unusable":
    case "not_supported":
      return invalid(error.message);
    case "mirror_with_subjects":
      return apiErrors.mirrorWithSubjects();
    case "mirror_origin_invalid":
      return apiErrors.mirrorNameInvalid();
    case "origin_cycle":
      return invalid("detected cycle");
    case "mirror_with_sources":
      return apiErrors.mirrorWithSources();
    case "mirror_counter":
      return new ApiError(400, 10173, "stream mirrors can not also calculate counters");
    case "mirror_fast_batch":
      return new ApiError(400, 10209, "stream mirrors can not also use batch publishing");
    case "mirror_schedules":
      return new ApiError(400, 10186, "stream mirrors can not also schedule messages");
    case "mirror_filter_and_transforms":
      return new ApiError(400, 10150, "mirror with multiple subject transforms cannot also have a single subject filter");
    case "mirror_filters_overlap":
      return new ApiError(400, 10152, "mirror subject filters can not overlap");
    case "mirror_messages_too_large":
      return new ApiError(400, 10030, "stream mirror must have max message size >= source");
    case "mirror_transform_source_invalid":
      return new ApiError(400, 10151, `mirror transform source: invalid subject ${error.message}`);
    case "mirror_transform_destination_invalid":
      return new ApiError(400, 10154, `mirror transform: ${transformWords(error)}`);
    case "source_origin_invalid":
      return new ApiError(400, 10141, "sourced stream name is invalid");
    case "source_duplicate":
      return new ApiError(400, 10140, "duplicate source configuration detected");
    case "source_schedules":
      return new ApiError(400, 10187, "stream source can not also schedule messages");
    case "source_filter_and_transforms":
      return new ApiError(400, 10144, "source with multiple subject transforms cannot also have a single subject filter");
    case "source_filters_overlap":
      return new ApiError(400, 10147, "source filters can not overlap");
    case "source_messages_too_large":
      return new ApiError(400, 10046, "stream source must have max message size >= target");
    case "source_transform_source_invalid":
      return new ApiError(400, 10145, `source transform source: invalid subject ${error.message}`);
    case "source_transform_destination_invalid":
      return new ApiError(400, 10146, `source transform: ${transformWords(error)}`);
    case "station_transform_source_invalid":
      return new ApiError(400, 10155, `stream transform source: invalid subject ${error.message}`);
    case "station_transform_destination_invalid":
      return new ApiError(400, 10156, `stream transform: ${transformWords(error)}`);
    case "groups_beyond_limits":
      return new ApiError(500, 10069, `change to limits violates consumers: ${error.message}`);
    case "settings_conflict":
      return invalid(error.message);
    case "mirror_filter_invalid":
      return apiErrors.mirrorFilterInvalid(error.message);
    case "mirror_first_sequence":
      return apiErrors.mirrorFirstSequence();
    case "mirror_atomic":
      return apiErrors.mirrorAtomic();
    case "mirror_fixed":
      return apiErrors.mirrorFixed();
    case "exists":
      return apiErrors.streamInUse();
    case "not_found":
      return apiErrors.streamNotFound();
    case "cannot_change":
      return apiErrors.streamUpdate(error.message);
    case "partition_of":
      return apiErrors.streamUpdate(error.message);
    case "sealed":
      return apiErrors.sealed();
    case "purge_denied":
      return apiErrors.purgeDenied();
    case "delete_denied":
      return apiErrors.streamDelete("message delete not permitted");
    case "record_not_found":
      return apiErrors.streamDelete("no message found");
    case "stations_max":
      return apiErrors.streamsMax();
    case "groups_max_exceeds_tenant":
      return new ApiError(400, 10026, "maximum consumers limit reached");
    case "bytes_max_exceeds_tenant":
      return new ApiError(400, 10122, "stream max bytes exceeds account limit max stream bytes");
    case "bytes_max_required":
      return new ApiError(400, 10113, "account requires a stream config to have max bytes set");
    case "memory_reserved":
      return new ApiError(500, 10028, "insufficient memory resources available");
    case "storage_reserved":
      return new ApiError(500, 10047, "insufficient storage resources available");
    case "store_failed":
      return apiErrors.storeFailed(error.message);
  }
}
