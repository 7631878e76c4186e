/** The kinds of schema, each loaded with its package when it is first needed: a broker without schemas is not made heavier by them. */
import type { Language, SchemaKind } from "./validator.ts";

export async function languageOf(kind: SchemaKind): Promise<Language> {
  switch (kind) {
    case "avro":
      return (await import("./avro.ts")).language;
    case "json":
      return (await import("./json-schema.ts")).language;
    case "protobuf":
      return (await import("./protobuf.ts")).language;
    case "graphql":
      return (await import("./graphql.ts")).language;
  }
}
