/**
 * A station's policy that JetStream's JSON has no fields for, as metadata of the stream. What a request leaves out stays as it is.
 *
 *     waystation.partitions   "3"
 *     waystation.compaction   "86400000"      tombstoneMs; "off" = no compaction
 *     waystation.tags         "eu,billing"
 *     waystation.factory      "line_4"
 *     waystation.schema       "orders"        or "orders@3"; empty = none
 */
import type { CompactionConfig, SchemaConfig, StationConfig } from "../../../lib/station/config.ts";
import { apiErrors } from "./errors.ts";

const keys = {
  partitions: "waystation.partitions",
  compaction: "waystation.compaction",
  tags: "waystation.tags",
  factory: "waystation.factory",
  schema: "waystation.schema",
} as const;

type Metadata = Readonly<Record<string, string>>;

export interface StationPolicy extends Pick<StationConfig, "partitions" | "compaction" | "tags" | "factory" | "schema"> {
  /** What is left of the metadata. */
  readonly metadata: Metadata;
}

export function policyOf(metadata: Metadata, before: StationConfig | undefined): StationPolicy {
  const {
    [keys.partitions]: partitions,
    [keys.compaction]: compaction,
    [keys.tags]: tags,
    [keys.factory]: factory,
    [keys.schema]: schema,
    ...rest
  } = metadata;
  return {
    partitions: partitions === undefined ? (before?.partitions ?? 1) : whole(keys.partitions, partitions),
    compaction: compaction === undefined ? before?.compaction : compactionOf(compaction),
    tags: tags === undefined ? (before?.tags ?? []) : tags.split(",").filter((tag) => tag !== ""),
    factory: factory ?? before?.factory ?? "",
    schema: schema === undefined ? before?.schema : schemaOf(schema),
    metadata: rest,
  };
}

export function policyMetadata(config: StationConfig): Metadata {
  return {
    ...(config.partitions === 1 ? {} : { [keys.partitions]: String(config.partitions) }),
    ...(config.compaction === undefined ? {} : { [keys.compaction]: String(config.compaction.tombstoneMs) }),
    ...(config.tags.length === 0 ? {} : { [keys.tags]: config.tags.join(",") }),
    ...(config.factory === "" ? {} : { [keys.factory]: config.factory }),
    ...schemaMetadata(config.schema),
  };
}

function compactionOf(text: string): CompactionConfig | undefined {
  return text === "off" || text === "" ? undefined : { tombstoneMs: whole(keys.compaction, text) };
}

function whole(key: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw apiErrors.streamConfig(`metadata ${key} is a whole number`);
  return Number(text);
}

function schemaMetadata(schema: SchemaConfig | undefined): Metadata {
  if (schema === undefined) return {};
  return { [keys.schema]: schema.version === 0 ? schema.name : `${schema.name}@${schema.version}` };
}

function schemaOf(text: string): SchemaConfig | undefined {
  if (text === "") return undefined;
  const [name = "", version = "0", ...more] = text.split("@");
  const number = Number(version);
  if (name === "" || more.length > 0 || !Number.isSafeInteger(number) || number < 0) {
    throw apiErrors.streamConfig(`metadata ${keys.schema} is a schema's name, or name@version`);
  }
  return { name, version: number };
}
