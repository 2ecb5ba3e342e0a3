import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import Ajv from 'ajv';
import type { ValidateFunction } from 'ajv';

type Schema = Record<string, unknown>;

const ID = 'http://square/api';

/** Square's official OpenAPI document, byte for byte (Apache-2.0, the licence lies beside it). */
function document(): { components: { schemas: Schema } } {
  const file = join(__dirname, '../fixtures/specs/square-connect-openapi-2025-08-20.api.json.gz');
  return JSON.parse(gunzipSync(readFileSync(file)).toString()) as { components: { schemas: Schema } };
}

/** OpenAPI 3.0 as JSON Schema: a nullable reference is one or null, and an object has no fields but those it names. */
function jsonSchema(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(jsonSchema);
  if (typeof value !== 'object' || value === null) return value;
  const { nullable, $ref, ...rest } = value as Schema;
  // The document refers to this schema and does not have it.
  if ($ref === '#/components/schemas/CatalogModifierToggleOverrideType') return {};
  if (typeof $ref === 'string') return nullable === true ? { anyOf: [{ $ref }, { type: 'null' }] } : { $ref };
  const entries = Object.entries(rest).filter(([key]) => !key.startsWith('x-') && key !== 'description' && key !== 'example');
  const schema: Schema = Object.fromEntries(
    entries.map(([key, inner]) => [key, key === 'properties' ? properties(inner) : jsonSchema(inner)]),
  );
  if ('properties' in schema && !('additionalProperties' in schema)) schema.additionalProperties = false;
  return nullable === true ? { anyOf: [schema, { type: 'null' }] } : schema;
}

/** Names of fields are no keywords. */
function properties(value: unknown): Schema {
  return Object.fromEntries(Object.entries(value as Schema).map(([name, schema]) => [name, jsonSchema(schema)]));
}

export interface Specification {
  /** What is wrong with a value by the schema of this name; empty when nothing is. */
  faults(schema: string, value: unknown): string[];
  readonly errorCodes: readonly string[];
}

export function specification(): Specification {
  const { schemas } = document().components;
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  const converted = Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, jsonSchema(schema)]));
  ajv.addSchema({ $id: ID, components: { schemas: converted } });
  const known = new Map<string, ValidateFunction>();
  const validator = (name: string): ValidateFunction => {
    const found = known.get(name) ?? ajv.compile({ $ref: `${ID}#/components/schemas/${name}` });
    known.set(name, found);
    return found;
  };
  return {
    faults: (name, value) => {
      const validate = validator(name);
      if (validate(value)) return [];
      return (validate.errors ?? [])
        .slice(0, 5)
        .map(({ instancePath, message, params }) => `${instancePath} ${message ?? ''} ${JSON.stringify(params)}`);
    },
    errorCodes: (schemas.ErrorCode as { enum: string[] }).enum,
  };
}
