/** What the API says when the core refuses something about a group: its code in JetStream's numbers and words. */
import type { GroupProblem } from "../../../lib/consumer/group-rules.ts";
import { descriptionBytesMax, metadataBytesMax, nameBytesMax } from "../../../lib/consumer/group-rules.ts";
import { ApiError } from "./errors.ts";

/** Errors that only requests about consumers meet. */
export const consumerErrors = {
  exists: (): ApiError => new ApiError(400, 10148, "consumer already exists"),
  missing: (): ApiError => new ApiError(400, 10149, "consumer does not exist"),
  notFound: (): ApiError => new ApiError(404, 10014, "consumer not found"),
  create: (what: string): ApiError => new ApiError(500, 10012, what),
  streamMismatch: (): ApiError => new ApiError(400, 10056, "stream name in subject does not match request"),
  durableNotInSubject: (): ApiError => new ApiError(400, 10016, "consumer expected to be durable but no durable name set in subject"),
  durableNotMatching: (): ApiError => new ApiError(400, 10017, "consumer name in subject does not match durable name in request"),
  durableNotSet: (): ApiError => new ApiError(400, 10018, "consumer expected to be durable but a durable name was not set"),
  ephemeralWithDurable: (): ApiError => new ApiError(400, 10020, "consumer expected to be ephemeral but a durable name was set in request"),
  pathSeparators: (): ApiError => new ApiError(400, 10127, "Consumer name can not contain path separators"),
  filterMismatch: (): ApiError => new ApiError(400, 10131, "Consumer create request did not match filtered subject from create subject"),
  nameMismatch: (): ApiError => new ApiError(400, 10132, "Consumer Durable and Name have to be equal if both are provided"),
  bothFilters: (): ApiError => new ApiError(400, 10136, "consumer cannot have both FilterSubject and FilterSubjects specified"),
  filtersInSubject: (): ApiError => new ApiError(400, 10137, "consumer with multiple subject filters cannot use subject based API"),
  replicasUnavailable: (): ApiError => new ApiError(500, 10074, "replicas > 1 not supported in non-clustered mode"),
  invalidPolicy: (what: string): ApiError => new ApiError(400, 10094, what),
  invalidSampling: (what: string): ApiError => new ApiError(400, 10095, `failed to parse consumer sampling configuration: ${what}`),
  pullRateLimit: (): ApiError => new ApiError(400, 10086, "consumer in pull mode can not have rate limit set"),
  pullHeartbeat: (): ApiError => new ApiError(400, 10088, "consumer idle heartbeat requires a push based consumer"),
  pullFlowControl: (): ApiError => new ApiError(400, 10089, "consumer flow control requires a push based consumer"),
  directRequiresPush: (): ApiError => new ApiError(400, 10090, "consumer direct requires a push based consumer"),
  noPriorityGroup: (): ApiError => new ApiError(400, 10160, "Provided priority group does not exist for this consumer"),
  priorityGroupInvalid: (): ApiError =>
    new ApiError(400, 10162, "Valid priority group name must match A-Z, a-z, 0-9, -_/=)+ and may not exceed 16 characters"),
  priorityGroupsWithoutPolicy: (): ApiError => new ApiError(400, 10196, "consumer can not have priority groups when policy is none"),
  pinTimeoutWithoutPolicy: (): ApiError => new ApiError(400, 10197, "PinnedTTL cannot be set when PriorityPolicy is none"),
  invalidReset: (what: string): ApiError => new ApiError(400, 10204, `invalid reset: ${what}`),
} as const;

const invalid = (what: string): ApiError => new ApiError(500, 10052, what);

export function consumerApiError(problem: GroupProblem): ApiError {
  switch (problem.code) {
    case "name_invalid":
      return invalid("consumer name can not contain '.', '*', '>', '\\', '/'");
    case "priority_needs_pull":
      return new ApiError(400, 10178, "priority groups can not be used with push consumers");
    case "priority_groups_missing":
      return new ApiError(400, 10159, "Setting PriorityPolicy requires at least one PriorityGroup to be set");
    case "priority_group_empty":
      return new ApiError(400, 10161, "Group name cannot be an empty string");
    case "priority_group_invalid":
      return consumerErrors.priorityGroupInvalid();
    case "name_too_long":
      return new ApiError(400, 10102, `consumer name is too long, maximum allowed is ${nameBytesMax}`);
    case "description_too_long":
      return new ApiError(400, 10107, `consumer description is too long, maximum allowed is ${descriptionBytesMax}`);
    case "metadata_too_long":
      return new ApiError(400, 10135, `consumer metadata exceeds maximum size of ${metadataBytesMax / 1024}KB`);
    case "replicas_invalid":
      return new ApiError(400, 10133, "replicas count cannot be negative");
    case "replicas_exceed_station":
      return new ApiError(400, 10126, "consumer config replica count exceeds parent stream");
    case "ack_wait_negative":
      return new ApiError(400, 10183, "consumer ack wait needs to be positive");
    case "backoff_negative":
      return new ApiError(400, 10184, "consumer backoff needs to be positive");
    case "backoff_longer_than_deliveries":
      return new ApiError(400, 10116, "max deliver is required to be > length of backoff values");
    case "push_subject_wildcard":
      return new ApiError(400, 10079, "consumer deliver subject has wildcards");
    case "push_subject_invalid":
      return new ApiError(400, 10112, "invalid push consumer deliver subject");
    case "push_subject_cycle":
      return new ApiError(400, 10081, "consumer deliver subject forms a cycle");
    case "push_waiting_max":
      return new ApiError(400, 10080, "consumer in push mode can not set max waiting");
    case "push_ack_pending_without_acks":
      return new ApiError(400, 10082, "consumer requires ack policy for max ack pending");
    case "heartbeat_too_small":
      return new ApiError(400, 10083, "consumer idle heartbeat needs to be >= 100ms");
    case "flow_control_without_heartbeat":
      return new ApiError(400, 10108, "consumer with flow control also needs heartbeats");
    case "pull_without_acks_on_work_queue":
      return new ApiError(400, 10084, "consumer in pull mode requires explicit ack policy on workqueue stream");
    case "pull_expires_too_small":
      return new ApiError(400, 10115, "consumer max request expires needs to be >= 1ms");
    case "ack_pending_exceeds_station":
      return new ApiError(400, 10121, `consumer max ack pending exceeds system limit of ${problem.message}`);
    case "inactive_exceeds_station":
      return new ApiError(400, 10153, `consumer inactive threshold exceeds system limit of ${problem.message}`);
    case "filter_empty":
      return new ApiError(400, 10139, "consumer filter in FilterSubjects cannot be empty");
    case "filter_invalid":
      return invalid("invalid subject");
    case "filters_overlap":
      return new ApiError(400, 10138, "consumer subject filters cannot overlap");
    case "deliver_needs_filter":
      return consumerErrors.invalidPolicy("consumer delivery policy is deliver last per subject, but optional filter subject is not set");
    case "work_queue_needs_explicit_ack":
      return new ApiError(400, 10098, "workqueue stream requires explicit ack");
    case "work_queue_needs_deliver_all":
      return new ApiError(400, 10101, "consumer must be deliver all on workqueue stream");
    case "work_queue_unfiltered_twice":
      return new ApiError(400, 10099, "multiple non-filtered consumers not allowed on workqueue stream");
    case "work_queue_filter_not_unique":
      return new ApiError(400, 10100, "filtered consumer not unique on workqueue stream");
    case "condition_invalid":
    case "keyed_needs_pull":
    case "keyed_needs_explicit_ack":
    case "member_timeout_invalid":
      return consumerErrors.create(problem.message);
    case "groups_max":
      return new ApiError(400, 10026, "maximum consumers limit reached");
    case "cannot_change":
      return consumerErrors.create(problem.message);
    case "push_in_use":
      return new ApiError(400, 10013, "consumer name already in use");
  }
}
