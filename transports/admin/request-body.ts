/** Reads the JSON of a request by field. What is missing or of another kind is a BrokerError `invalid` that names it. */
import type { Identity } from "../../lib/auth/identity.ts";
import { isFields } from "../../lib/config/issues.ts";
import { BrokerError } from "../../lib/errors.ts";
import { Subject } from "../../lib/router/subject.ts";

export class RequestBody {
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(body: unknown) {
    if (!isFields(body)) throw new BrokerError("invalid", "a request is a JSON object");
    this.#fields = body;
  }

  has(name: string): boolean {
    return this.#fields[name] !== undefined;
  }

  text(name: string): string {
    const value = this.#fields[name];
    if (typeof value === "string" && value !== "") return value;
    throw new BrokerError("invalid", `the request names no ${name}: { "${name}": "…" }`);
  }

  optionalText(name: string): string | undefined {
    const value = this.#fields[name];
    if (value === undefined || typeof value === "string") return value;
    throw new BrokerError("invalid", `'${name}' is to be text`);
  }

  /** A whole number of at least 0; also as digits. */
  count(name: string, preset: number): number {
    const value = this.#fields[name];
    if (value === undefined || value === "") return preset;
    const number = typeof value === "string" ? Number(value) : value;
    if (typeof number === "number" && Number.isSafeInteger(number) && number >= 0) return number;
    throw new BrokerError("invalid", `'${name}' is to be a whole number of at least 0`);
  }

  flag(name: string): boolean {
    const value = this.#fields[name];
    if (value === undefined) return false;
    if (typeof value === "boolean") return value;
    if (value === "true" || value === "false") return value === "true";
    throw new BrokerError("invalid", `'${name}' is to be true or false`);
  }

  oneOf<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.#fields[name];
    const chosen = choices.find((choice) => choice === value);
    if (value !== undefined && chosen === undefined) throw new BrokerError("invalid", `'${name}' is to be one of ${choices.join(", ")}`);
    return chosen;
  }

  /** A payload as `payload`, text, or `base64`. */
  payload(): Buffer {
    const base64 = this.optionalText("base64");
    return base64 === undefined ? Buffer.from(this.optionalText("payload") ?? "", "utf8") : Buffer.from(base64, "base64");
  }
}

/** Throws `denied` unless the asker may publish the subject: another request that this one amounts to. */
export function demandPermission(asker: Identity, subject: string): void {
  if (asker.permissions?.mayPublish(new Subject(Buffer.from(subject, "utf8"), true)) !== false) return;
  throw new BrokerError("denied", `user '${asker.user}' may not do this: it takes the permission to publish to ${subject}`);
}
