import { GraphQLError } from 'graphql';

/** What one page of a list has at the most. */
const PAGE_MAX = 100;

/** An argument of a query that cannot be answered; a query has no place for a problem. */
export function badInput(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });
}

/** The number, from 1 to `max`. Throws BAD_USER_INPUT. */
export function within(name: string, value: number, max: number): number {
  if (value >= 1 && value <= max) return value;
  throw badInput(`"${name}" must be from 1 to ${max}, not ${value}.`);
}

/** How many of a list are asked for. Throws BAD_USER_INPUT. */
export function pageSize(first: number): number {
  return within('first', first, PAGE_MAX);
}
