/** How a schema is kept in the registry: what is known of it in one document, and the text of each version in one of its own. */
import type { Registry } from "../registry.ts";
import { schemaKinds } from "./validator.ts";
import type { SchemaKind, SchemaText } from "./validator.ts";

/** What a new version has to keep: who read the old one can read the new one's messages (`forward`), the reverse (`backward`), both, or nothing. */
export type Compatibility = "none" | "backward" | "forward" | "full";
export const compatibilities: readonly Compatibility[] = ["none", "backward", "forward", "full"];

export interface SchemaVersion {
  /** Counts from 1, never reused. */
  readonly version: number;
  /** Of protobuf: the message that payloads are. */
  readonly message: string;
  readonly createdUs: number;
  /** Who made it; "" = nobody known. */
  readonly createdBy: string;
}

export interface SchemaDocument {
  readonly name: string;
  readonly kind: SchemaKind;
  readonly description: string;
  readonly compatibility: Compatibility;
  /** The version that stations use which name none. */
  readonly active: number;
  /** The one that was active before; 0 = none. */
  readonly previous: number;
  /** The highest number ever given. */
  readonly last: number;
  readonly versions: readonly SchemaVersion[];
}

const schemaKind = "schema";
const textKind = "schema-text";

export function readSchemas(registry: Registry): SchemaDocument[] {
  return registry
    .list(schemaKind)
    .map(([, document]) => document)
    .filter(isSchemaDocument);
}

export function readSchema(registry: Registry, name: string): SchemaDocument | undefined {
  const document = registry.get(schemaKind, name);
  return isSchemaDocument(document) ? document : undefined;
}

export function readText(registry: Registry, name: string, version: SchemaVersion): SchemaText | undefined {
  const document = registry.get(textKind, `${name}@${version.version}`);
  const text = typeof document === "object" && document !== null && "text" in document ? document.text : undefined;
  return typeof text === "string" ? { text, message: version.message } : undefined;
}

/** The text first: a crash between the two leaves a text that nobody names, and that the next version of the number replaces. */
export async function keepSchema(registry: Registry, document: SchemaDocument, text: string | undefined): Promise<void> {
  if (text !== undefined) await registry.put(textKind, `${document.name}@${document.last}`, { text });
  await registry.put(schemaKind, document.name, document);
}

export async function forgetSchema(registry: Registry, { name, versions }: SchemaDocument): Promise<void> {
  await registry.delete(schemaKind, name);
  for (const { version } of versions) await forgetText(registry, name, version);
}

export async function forgetText(registry: Registry, name: string, version: number): Promise<void> {
  await registry.delete(textKind, `${name}@${version}`);
}

function isSchemaDocument(value: unknown): value is SchemaDocument {
  if (typeof value !== "object" || value === null || !("kind" in value) || !("versions" in value)) return false;
  return schemaKinds.some((kind) => kind === value.kind) && Array.isArray(value.versions);
}
