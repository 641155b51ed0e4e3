import { compareSchemas } from './compatibility.ts';
import { readSchema } from './schema-document.ts';
import type { Openness } from './containment.ts';
import type { SchemaDocument } from './schema-document.ts';

/** One comparison of a table: the rules that are broken in each direction. */
export type Case = readonly [
  name: string,
  older: unknown,
  newer: unknown,
  backward: readonly string[],
  forward: readonly string[],
];

export function read(json: unknown): SchemaDocument {
  const result = readSchema(json);
  if (!result.ok) throw new Error(result.problem.message);
  return result.value;
}

export function broken(older: unknown, newer: unknown, openness: Openness = 'STRICT') {
  const [a, b] = [read(older), read(newer)];
  const rules = (direction: 'BACKWARD' | 'FORWARD') =>
    [...new Set(compareSchemas(a, b, { direction, openness }).map(({ rule }) => rule))].sort();
  return { BACKWARD: rules('BACKWARD'), FORWARD: rules('FORWARD') };
}

export const object = (properties: object, more: object = {}) => ({
  type: 'object',
  properties,
  ...more,
});
export const closed = (properties: object, more: object = {}) =>
  object(properties, { additionalProperties: false, ...more });
export const text = { type: 'string' };
export const number = { type: 'number' };
