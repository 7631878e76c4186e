/**
 * The errors of the broker. Operating errors are `BrokerError`s: the world said no, the code says how. What a peer did against its
 * protocol is its transport's business, with the exact words of the wire; bugs are `node:assert`'s and never caught. Nobody reads an
 * error's text to decide.
 */

/**
 * What went wrong, closed. `config`: see `ConfigError.issues`. `in_use`: the data folder has a live owner. `address_in_use`: a port is
 * taken. `unsupported`: understood, not built. `busy`: a queue is full, try later. `conflict`: it changed meanwhile, or contradicts what is.
 */
export type BrokerErrorCode =
  | "config"
  | "usage"
  | "in_use"
  | "address_in_use"
  | "no_access"
  | "no_space"
  | "damaged"
  | "store_failed"
  | "closed"
  | "not_found"
  | "exists"
  | "conflict"
  | "invalid"
  | "limit"
  | "busy"
  | "denied"
  | "unauthenticated"
  | "timeout"
  | "unsupported";

/** An operating error. `message` is one sentence that says what to do next; it never contains a secret. */
export class BrokerError extends Error {
  readonly code: BrokerErrorCode;

  constructor(code: BrokerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "BrokerError";
    this.code = code;
  }
}

/** One thing wrong with a configuration. */
export interface ConfigIssue {
  /** Where: `--port`, `WAYSTATION_PORT`, or a path in the file such as `users[2].password`. */
  readonly path: string;
  /** What was there, as text; `***` for a secret, `""` when nothing was. */
  readonly got: string;
  /** What would have been right. */
  readonly wanted: string;
  /** For an unknown name: the known one that is spelled most like it. */
  readonly nearest: string | undefined;
}

/** A configuration that cannot be used, with everything that is wrong with it, so that it is repaired in one go. */
export class ConfigError extends BrokerError {
  readonly issues: readonly ConfigIssue[];

  constructor(issues: readonly ConfigIssue[], options?: ErrorOptions) {
    super("config", issues.map(issueText).join("; "), options);
    this.name = "ConfigError";
    this.issues = issues;
  }
}

/** An issue as one clause for people. */
export function issueText(issue: ConfigIssue): string {
  const got = issue.got === "" ? "" : ` got ${issue.got},`;
  const nearest = issue.nearest === undefined ? "" : `, did you mean '${issue.nearest}'?`;
  return `${issue.path}:${got} wanted ${issue.wanted}${nearest}`;
}
