/**
 * A station's schema and what it does with dead letters, as metadata of its stream; see `policy-metadata.ts`:
 *
 *     waystation.schema       orders          or orders@3; empty = none
 *     waystation.deadLetters  on, off         or JSON, {"poison":true,"station":"FAILED"}
 *
 * What a request does not mention stays as it is.
 */
import { deadLettersKept, stationConfig } from "../../../lib/station/config.ts";
import type { DeadLetterConfig, SchemaConfig, StationConfig } from "../../../lib/station/config.ts";
import { apiErrors } from "./errors.ts";

export const schemaKey = "waystation.schema";
export const deadLettersKey = "waystation.deadLetters";

type Guarding = Pick<StationConfig, "schema" | "deadLetters">;

export function guardingOf(schema: string | undefined, letters: string | undefined, before: Guarding | undefined): Guarding {
  return {
    schema: schema === undefined ? before?.schema : schemaOf(schema),
    deadLetters: letters === undefined ? before?.deadLetters : deadLettersOf(letters),
  };
}

/** The metadata that says the same. */
export function guardMetadata({ schema, deadLetters }: Guarding): Record<string, string> {
  return {
    ...(schema === undefined ? {} : { [schemaKey]: schema.version === 0 ? schema.name : `${schema.name}@${schema.version}` }),
    ...(deadLetters === undefined ? {} : { [deadLettersKey]: JSON.stringify(deadLetters) === onText ? "on" : JSON.stringify(deadLetters) }),
  };
}

const onText = JSON.stringify(stationConfig({ name: "any", deadLetters: deadLettersKept }).deadLetters);

function schemaOf(text: string): SchemaConfig | undefined {
  if (text === "") return undefined;
  const [name = "", version = "0", ...more] = text.split("@");
  const number = Number(version);
  if (name === "" || more.length > 0 || !Number.isSafeInteger(number) || number < 0) {
    throw apiErrors.streamConfig(`metadata ${schemaKey} is a schema's name, or name@version`);
  }
  return { name, version: number };
}

function deadLettersOf(text: string): DeadLetterConfig | undefined {
  if (text === "" || text === "off") return undefined;
  if (text === "on") return deadLettersKept;
  const wrong = apiErrors.streamConfig(`metadata ${deadLettersKey} is on, off, or JSON such as {"poison":true,"station":"FAILED"}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong;
  }
  if (typeof value !== "object" || value === null) throw wrong;
  for (const [name, held] of Object.entries(value)) {
    const known: unknown = Object.hasOwn(deadLettersKept, name) ? deadLettersKept[name as keyof DeadLetterConfig] : undefined;
    if (known === undefined || typeof held !== typeof known) throw wrong;
  }
  return stationConfig({ name: "any", deadLetters: value as DeadLetterConfig }).deadLetters;
}
