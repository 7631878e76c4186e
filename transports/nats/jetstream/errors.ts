/**
 * The JetStream API's errors as data: HTTP-like code, err_code and the exact description, which clients match by number or by
 * substring. Source: nats-server's errors table, compared with live answers.
 */

/** An answer of the API instead of a result. */
export class ApiError extends Error {
  readonly code: number;
  readonly errorCode: number;

  constructor(code: number, errorCode: number, description: string) {
    super(description);
    this.name = "ApiError";
    this.code = code;
    this.errorCode = errorCode;
  }
}

export const apiErrors = {
  badRequest: (): ApiError => new ApiError(400, 10003, "bad request"),
  clusteringRequired: (): ApiError => new ApiError(503, 10010, "JetStream clustering support required"),
  consumerNotFound: (): ApiError => new ApiError(404, 10014, "consumer not found"),
  insufficientResources: (): ApiError => new ApiError(503, 10023, "insufficient resources"),
  invalidJson: (what: string): ApiError => new ApiError(400, 10025, `invalid JSON: ${what}`),
  streamsMax: (): ApiError => new ApiError(400, 10027, "maximum number of streams reached"),
  mirrorWithSources: (): ApiError => new ApiError(400, 10031, "stream mirrors can not also contain other sources"),
  mirrorWithSubjects: (): ApiError => new ApiError(400, 10034, "stream mirrors can not contain subjects"),
  mirrorFilterInvalid: (filter: string): ApiError => new ApiError(500, 10049, `subject filter '${filter}' for the mirror invalid subject`),
  mirrorFixed: (): ApiError => new ApiError(400, 10055, "stream mirror configuration can not be updated"),
  mirrorNameInvalid: (): ApiError => new ApiError(400, 10142, "mirrored stream name is invalid"),
  mirrorFirstSequence: (): ApiError => new ApiError(400, 10143, "stream mirrors can not have first sequence configured"),
  mirrorAtomic: (): ApiError => new ApiError(400, 10198, "stream mirrors can not also use atomic publishing"),
  notEnabledForAccount: (): ApiError => new ApiError(503, 10039, "JetStream not enabled for account"),
  noMessage: (): ApiError => new ApiError(404, 10037, "no message found"),
  payloadExpectedEmpty: (): ApiError => new ApiError(400, 10038, "expected an empty request payload"),
  storeFailed: (what: string): ApiError => new ApiError(503, 10077, what),
  streamConfig: (what: string): ApiError => new ApiError(500, 10052, what),
  streamUpdate: (what: string): ApiError => new ApiError(500, 10052, `stream configuration update ${what}`),
  streamNameMismatch: (): ApiError => new ApiError(400, 10056, "stream name in subject does not match request"),
  streamDelete: (what: string): ApiError => new ApiError(500, 10057, what),
  streamInUse: (): ApiError => new ApiError(400, 10058, "stream name already in use with a different configuration"),
  streamNotFound: (): ApiError => new ApiError(404, 10059, "stream not found"),
  subjectsOverlap: (): ApiError => new ApiError(400, 10065, "subjects overlap with an existing stream"),
  replicasUnavailable: (): ApiError => new ApiError(500, 10074, "replicas > 1 not supported in non-clustered mode"),
  sealed: (): ApiError => new ApiError(400, 10109, "invalid operation on sealed stream"),
  purgeDenied: (): ApiError => new ApiError(500, 10110, "stream purge not permitted"),
  nameHasSeparators: (): ApiError => new ApiError(400, 10128, "Stream name can not contain path separators"),
  replicasNegative: (): ApiError => new ApiError(400, 10133, "replicas count cannot be negative"),
  pedantic: (what: string): ApiError => new ApiError(400, 10157, `pedantic mode: ${what}`),
  apiLevel: (): ApiError => new ApiError(412, 10185, "JetStream minimum api level required"),
} as const;
