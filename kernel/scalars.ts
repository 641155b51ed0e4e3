import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import { decimalOf, formatDecimal, parseDecimal } from './decimal.ts';
import { dateOf, instantOf } from './clock.ts';
import { isRecord } from './json.ts';
import type { Decimal } from './decimal.ts';
import type { ValueNode } from 'graphql';

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/** Resolvers of the vocabulary's scalars: Decimal is a `Decimal` inside, Date a text, DateTime a `Date`. */
export const scalarResolvers = {
  Decimal: scalar<Decimal>(
    'Decimal',
    'a decimal number as text, such as "12.50"',
    parseDecimal,
    serializeDecimal,
  ),
  Date: scalar<string>('Date', 'a calendar date such as "2026-11-23"', readDate, (value) =>
    String(value),
  ),
  DateTime: scalar<Date>(
    'DateTime',
    'an instant such as "2026-11-23T08:30:00Z"',
    readInstant,
    serializeInstant,
  ),
};

function scalar<Inside>(
  name: string,
  expected: string,
  read: (text: string) => Inside | null,
  serialize: (value: unknown) => string,
): GraphQLScalarType<Inside, string> {
  const parse = (value: unknown): Inside => {
    const inside = typeof value === 'string' ? read(value) : null;
    if (inside === null) {
      throw new GraphQLError(
        `${expected} is expected, not ${JSON.stringify(value)?.slice(0, 60)}.`,
        { extensions: { code: 'BAD_USER_INPUT' } },
      );
    }
    return inside;
  };
  return new GraphQLScalarType({
    name,
    serialize,
    parseValue: parse,
    parseLiteral: (node: ValueNode) =>
      parse(
        node.kind === Kind.STRING
          ? node.value
          : node.kind === Kind.INT && name === 'Decimal'
            ? node.value
            : null,
      ),
  });
}

function serializeDecimal(value: unknown): string {
  if (typeof value === 'string') return formatDecimal(decimalOf(value), decimalOf(value).scale);
  if (isRecord(value) && typeof value['units'] === 'bigint' && typeof value['scale'] === 'number') {
    return formatDecimal({ units: value['units'], scale: value['scale'] });
  }
  throw new Error('A Decimal field must resolve to a Decimal or to its text.');
}

function serializeInstant(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'string') return instantOf(value).toISOString();
  throw new Error('A DateTime field must resolve to an instant.');
}

function readDate(text: string): string | null {
  if (!DATE.test(text)) return null;
  const instant = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(instant) || dateOf(instantOf(`${text}T00:00:00Z`)) !== text ? null : text;
}

function readInstant(text: string): Date | null {
  return DATE_TIME.test(text) && !Number.isNaN(Date.parse(text)) ? instantOf(text) : null;
}
