/** What a request of a Memphis client carries: JSON whose keys are found whatever their case, and who asked. */
import type { Identity } from "../../lib/auth/identity.ts";
import type { Session } from "../../lib/transport.ts";

export interface Asker {
  readonly session: Session;
  readonly identity: Identity;
  /** Whether the asker may publish this subject: how every right is told. */
  mayPublish(subject: string): boolean;
  maySubscribe(filter: string): boolean;
}

export type Fields = ReadonlyMap<string, unknown>;

/** Undefined when the payload is no JSON object. */
export function readFields(payload: string): Fields | undefined {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    return undefined;
  }
  return fieldsOf(value);
}

export function fieldsOf(value: unknown): Fields | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return new Map(Object.entries(value).map(([key, one]) => [key.toLowerCase(), one]));
}

export function textOf(fields: Fields, key: string): string {
  const value = fields.get(key);
  return typeof value === "string" ? value : "";
}

export function numberOf(fields: Fields, key: string, preset: number): number {
  const value = fields.get(key);
  return typeof value === "number" && Number.isFinite(value) ? value : preset;
}

export function flagOf(fields: Fields, key: string, preset: boolean): boolean {
  const value = fields.get(key);
  return typeof value === "boolean" ? value : preset;
}
