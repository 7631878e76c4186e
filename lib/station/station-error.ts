/** Why a station could not be created, changed or emptied: a closed code plus one sentence. The doors have their own numbers and texts for the codes. */

export type StationRefusal =
  | "name_invalid"
  | "name_too_long"
  | "description_too_long"
  | "metadata_too_long"
  | "subject_invalid"
  | "subjects_overlap"
  | "subjects_overlap_within"
  | "subject_reserved"
  | "subject_reserved_system"
  | "everything_needs_no_ack"
  | "replicas_unavailable"
  | "replicas_invalid"
  | "replicas_too_many"
  | "age_negative"
  | "age_too_small"
  | "duplicate_window_negative"
  | "duplicate_window_too_small"
  | "duplicate_window_exceeds_age"
  | "discard_per_subject_needs_discard_new"
  | "discard_per_subject_needs_limit"
  | "rollup_needs_purge"
  | "first_sequence_invalid"
  | "number_invalid"
  | "partitions_unavailable"
  | "partitions_invalid"
  | "partition_of"
  | "tags_invalid"
  | "factory_invalid"
  | "compaction_needs_limits"
  | "mirror_with_subjects"
  | "mirror_origin_invalid"
  | "mirror_of_itself"
  | "mirror_filter_invalid"
  | "mirror_first_sequence"
  | "mirror_atomic"
  | "mirror_fixed"
  | "not_supported"
  | "sealed_at_creation"
  | "durability_needs_file"
  | "exists"
  | "not_found"
  | "cannot_change"
  | "sealed"
  | "purge_denied"
  | "delete_denied"
  | "record_not_found"
  | "stations_max"
  | "store_failed";

export class StationError extends Error {
  readonly code: StationRefusal;

  constructor(code: StationRefusal, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StationError";
    this.code = code;
  }
}
