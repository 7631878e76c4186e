/**
 * GraphQL schemas: the text of type definitions. A payload is a GraphQL document, a query for instance, that is valid by them. How large a
 * document may be is bounded, because the work to validate one grows faster than its size.
 */
import { buildSchema, findBreakingChanges, GraphQLError, parse, specifiedRules, validate } from "graphql";
import type { DocumentNode, GraphQLSchema } from "graphql";
import { faultText, payloadDepthMax, tooComplex, tooDeep } from "./validator.ts";
import type { Language, SchemaText, Validator } from "./validator.ts";

/** Words and signs of a document. */
const tokensMax = 1_000;

class GraphqlValidator implements Validator {
  readonly message = "";
  readonly #schema: GraphQLSchema;

  constructor(schema: GraphQLSchema) {
    this.#schema = schema;
  }

  check(body: Buffer, start: number, end: number): string | undefined {
    const text = body.toString("utf8", start, end);
    if (nested(text) > payloadDepthMax) return faultText(tooDeep);
    try {
      const document: DocumentNode = parse(text, { maxTokens: tokensMax });
      const [error] = validate(this.#schema, document, specifiedRules, { maxErrors: 1 });
      return error === undefined ? undefined : faultText(errorText(error));
    } catch (error) {
      if (error instanceof GraphQLError) return faultText(errorText(error));
      return faultText(error instanceof RangeError ? tooDeep : `: cannot be checked: ${String(error)}`);
    }
  }
}

/** Where a GraphQL document is at fault is a line and a column: it has no paths. */
function errorText(error: GraphQLError): string {
  if (error.message === "Validation aborted.") return tooComplex;
  const [location] = error.locations ?? [];
  return location === undefined ? `: ${error.message}` : `/line ${location.line}, column ${location.column}: ${error.message}`;
}

function nested(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let index = 0; index < text.length; index++) {
    const sign = text.charCodeAt(index);
    if (sign === 0x7b || sign === 0x5b || sign === 0x28) deepest = Math.max(deepest, ++depth);
    else if (sign === 0x7d || sign === 0x5d || sign === 0x29) depth--;
  }
  return deepest;
}

function schemaOf({ text }: SchemaText): GraphQLSchema {
  if (nested(text) > payloadDepthMax) throw new Error("the schema is nested too deeply");
  return buildSchema(text);
}

export const language: Language = {
  compile: (schema) => new GraphqlValidator(schemaOf(schema)),
  // A document that was valid stays so unless something it may use has gone or changed.
  unreadable: (reader, writer) => findBreakingChanges(schemaOf(writer), schemaOf(reader)).map((change) => change.description),
};
