/** A schema in force at a station: says in one sentence why a message is refused. */
import type { Validator } from "./validator.ts";

export interface SchemaGuard {
  readonly schema: string;
  /** 0: none can be used. */
  readonly version: number;
  /** Undefined when the payload fits. */
  refusal(body: Buffer, start: number, end: number): string | undefined;
}

export class Guard implements SchemaGuard {
  readonly schema: string;
  readonly version: number;
  readonly #validator: Validator;
  readonly #prefix: string;

  constructor(schema: string, version: number, validator: Validator) {
    this.schema = schema;
    this.version = version;
    this.#validator = validator;
    this.#prefix = `schema '${schema}' version ${version}: `;
  }

  refusal(body: Buffer, start: number, end: number): string | undefined {
    const fault = this.#validator.check(body, start, end);
    return fault === undefined ? undefined : this.#prefix + fault;
  }
}

/** Nothing fits: the station has a schema that cannot be used. */
export class GuardClosed implements SchemaGuard {
  readonly schema: string;
  readonly version = 0;
  readonly #why: string;

  constructor(schema: string, why: string) {
    this.schema = schema;
    this.#why = `schema '${schema}' cannot be used, so that nothing is taken: ${why}`;
  }

  refusal(_body: Buffer, _start: number, _end: number): string | undefined {
    return this.#why;
  }
}
