import { isObjectType } from 'graphql';
import type { GraphQLResolveInfo, GraphQLSchema } from 'graphql';
import type { Computed, Thing, World } from './federated-schema.ts';

export function isThing(value: unknown): value is Thing {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The world of one operation; every entity knows its type's name. */
export function openWorld(make: () => World): World {
  const world = make();
  for (const [type, things] of Object.entries(world.entities)) {
    for (const thing of things) Object.assign(thing, { __typename: type });
  }
  return world;
}

/** A member of a thing; functions are asked with the arguments. */
export function memberOf(thing: Thing, field: string, args: Thing): unknown {
  const value = thing[field];
  return typeof value === 'function' ? value.call(thing, args) : value;
}

/** The members of the root of this operation, or null below it. */
export function rootOf(world: World, { parentType, schema }: GraphQLResolveInfo): Thing | null {
  if (parentType === schema.getQueryType()) return world.query;
  return parentType === schema.getMutationType() ? (world.mutation ?? {}) : null;
}

export function computedOf(
  world: World,
  types: readonly string[],
  field: string,
): Computed | undefined {
  for (const type of types) {
    const computed = world.computed?.[type]?.[field];
    if (computed !== undefined) return computed;
  }
  return undefined;
}

/** A type's own name, then those of its interfaces. */
export function namesOf(schema: GraphQLSchema, name: string): string[] {
  const type = schema.getType(name);
  const interfaces = isObjectType(type) ? type.getInterfaces() : [];
  return [name, ...interfaces.map((parent) => parent.name)];
}

export function typenameOf(thing: Thing): string {
  return typeof thing['__typename'] === 'string' ? thing['__typename'] : '';
}
