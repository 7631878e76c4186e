/** What a program can be told to have gone wrong. `code` is for programs, `message` says what to do. */
export type ClientErrorCode =
  /** The connection is closed, or closed before the answer came. */
  | "closed"
  /** Nothing came in time. */
  | "timeout"
  /** The caller's AbortSignal. */
  | "aborted"
  /** Nobody answers there: no such station or group, or nobody listens. */
  | "not_found"
  /** The broker refused; `broker` says with which number. */
  | "refused"
  /** The credentials are wrong, or do not permit it. */
  | "denied";

export class ClientError extends Error {
  readonly code: ClientErrorCode;
  /** The broker's own number for a refusal; 0 = none. */
  readonly broker: number;

  constructor(code: ClientErrorCode, message: string, options?: { readonly cause?: unknown; readonly broker?: number }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ClientError";
    this.code = code;
    this.broker = options?.broker ?? 0;
  }
}

export function aborted(signal: AbortSignal): ClientError {
  return new ClientError("aborted", "it was aborted by its signal", { cause: signal.reason });
}

/** What the connection below threw, in these words. */
export function asClientError(error: unknown, what: string): ClientError {
  if (error instanceof ClientError) return error;
  // A refused request comes wrapped in another error.
  if (error instanceof Error && error.cause instanceof Error && error.cause.name === "PermissionViolationError")
    return asClientError(error.cause, what);
  const name = error instanceof Error ? error.name : "";
  const text = error instanceof Error ? error.message : String(error);
  const cause = { cause: error };
  if (name === "TimeoutError") return new ClientError("timeout", `${what}: no answer in time; try again, or wait longer`, cause);
  if (name === "NoRespondersError" || text.includes("no responders"))
    return new ClientError("not_found", `${what}: nobody answers there`, cause);
  if (name === "ClosedConnectionError" || name === "DrainingConnectionError") {
    return new ClientError("closed", `${what}: the connection is closed; connect again`, cause);
  }
  if (name === "AuthorizationError" || name === "UserAuthenticationExpiredError") {
    return new ClientError("denied", `${what}: the broker does not let this user in; check user and pass, or token`, cause);
  }
  if (name === "PermissionViolationError") return new ClientError("denied", `${what}: ${text}; ask for the permission`, cause);
  return new ClientError("refused", `${what}: ${text}`, cause);
}
