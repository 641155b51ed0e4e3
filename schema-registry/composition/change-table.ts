import { isInputObjectType, isEnumType, isInterfaceType, isObjectType } from 'graphql';
import type { GraphQLSchema } from 'graphql';

/** The part of a change of the diff library that is read here. */
export interface InspectedChange {
  readonly type: string;
  readonly path?: string;
  readonly meta: unknown;
}

/** Where a change happened, and whose use makes it hurt. */
export interface Affected {
  readonly coordinate: string | null;
  /** Empty when no reported usage can tell: such a change is never safe by usage. */
  readonly usedBy: readonly string[];
  /** The input position that became required: whoever always gave a value there is not hurt. */
  readonly nonNull: string | null;
}

/** The names in a change's meta, whatever the library calls them there. */
interface Subject {
  readonly type: string | null;
  readonly member: string | null;
  readonly argument: string | null;
  /** The other type of a union or interface change. */
  readonly other: string | null;
}

const TYPE_KEYS = [
  'typeName',
  'inputName',
  'enumName',
  'unionName',
  'objectTypeName',
  'removedTypeName',
  'addedTypeName',
  'oldQueryTypeName',
  'oldMutationTypeName',
  'oldSubscriptionTypeName',
];
const MEMBER_KEYS = [
  'removedFieldName',
  'addedFieldName',
  'fieldName',
  'inputFieldName',
  'addedInputFieldName',
  'removedEnumValueName',
  'addedEnumValueName',
  'enumValueName',
];
const ARGUMENT_KEYS = ['removedFieldArgumentName', 'addedArgumentName', 'argumentName'];
const OTHER_KEYS = ['removedUnionMemberTypeName', 'removedInterfaceName'];

type UsedBy = (subject: Subject, coordinate: string, schema: GraphQLSchema) => readonly string[];

const itself: UsedBy = (_subject, coordinate) => [coordinate];
const wholeType: UsedBy = ({ type }, _coordinate, schema) => membersOf(schema, type);
const itsField: UsedBy = ({ type, member }) => [`${type}.${member}`];
const otherType: UsedBy = ({ other }, _coordinate, schema) => membersOf(schema, other);

/** Kind of breaking change → the coordinates whose use makes it hurt. What is not here cannot be told from usage. */
const USED_BY: Readonly<Record<string, UsedBy>> = {
  TYPE_REMOVED: wholeType,
  TYPE_KIND_CHANGED: wholeType,
  SCHEMA_QUERY_TYPE_CHANGED: wholeType,
  SCHEMA_MUTATION_TYPE_CHANGED: wholeType,
  SCHEMA_SUBSCRIPTION_TYPE_CHANGED: wholeType,
  FIELD_REMOVED: itself,
  FIELD_TYPE_CHANGED: itself,
  FIELD_ARGUMENT_REMOVED: itself,
  // A field that now needs an argument breaks whoever asks for the field.
  FIELD_ARGUMENT_ADDED: itsField,
  FIELD_ARGUMENT_TYPE_CHANGED: itself,
  FIELD_ARGUMENT_DEFAULT_CHANGED: itsField,
  INPUT_FIELD_REMOVED: itself,
  INPUT_FIELD_ADDED: wholeType,
  INPUT_FIELD_TYPE_CHANGED: itself,
  INPUT_FIELD_DEFAULT_VALUE_CHANGED: wholeType,
  ENUM_VALUE_REMOVED: itself,
  ENUM_VALUE_ADDED: wholeType,
  UNION_MEMBER_REMOVED: otherType,
  UNION_MEMBER_ADDED: (_subject, coordinate, schema) => fieldsReturning(schema, coordinate),
  OBJECT_TYPE_INTERFACE_REMOVED: otherType,
};

export function affectedBy(change: InspectedChange, before: GraphQLSchema): Affected {
  const subject = subjectOf(change);
  const coordinate = coordinateOf(subject) ?? change.path ?? null;
  if (coordinate === null) return { coordinate, usedBy: [], nonNull: null };
  const usedBy = USED_BY[change.type]?.(subject, coordinate, before) ?? [];
  return becameRequired(change)
    ? { coordinate, usedBy: requirementUsers(subject, before), nonNull: coordinate }
    : { coordinate, usedBy, nonNull: null };
}

/** The named type that a change lies in, or null for changes of directives and of the schema itself. */
export function typeOfChange(change: InspectedChange): string | null {
  return subjectOf(change).type;
}

function subjectOf({ meta }: InspectedChange): Subject {
  const names = meta as Readonly<Record<string, unknown>>;
  const first = (keys: readonly string[]): string | null => {
    const name = keys.map((key) => names[key]).find((value) => typeof value === 'string');
    return typeof name === 'string' ? name : null;
  };
  return {
    type: first(TYPE_KEYS),
    member: first(MEMBER_KEYS),
    argument: first(ARGUMENT_KEYS),
    other: first(OTHER_KEYS),
  };
}

function coordinateOf({ type, member, argument }: Subject): string | null {
  if (type === null) return null;
  if (member === null) return type;
  return argument === null ? `${type}.${member}` : `${type}.${member}(${argument}:)`;
}

/** `String` → `String!` and the like in an input position: the type stays, only null is refused from now on. */
function becameRequired({ type, meta }: InspectedChange): boolean {
  const names = meta as Readonly<Record<string, unknown>>;
  const [before, after] =
    type === 'FIELD_ARGUMENT_TYPE_CHANGED'
      ? [names['oldArgumentType'], names['newArgumentType']]
      : type === 'INPUT_FIELD_TYPE_CHANGED'
        ? [names['oldInputFieldType'], names['newInputFieldType']]
        : [null, null];
  return typeof before === 'string' && after === `${before}!`;
}

function requirementUsers({ type, member, argument }: Subject, schema: GraphQLSchema): string[] {
  return argument === null ? membersOf(schema, type) : [`${type}.${member}`];
}

/** A type's fields, input fields or values, and the type itself. */
function membersOf(schema: GraphQLSchema, name: string | null): string[] {
  if (name === null) return [];
  const type = schema.getType(name);
  const members =
    isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)
      ? Object.keys(type.getFields())
      : isEnumType(type)
        ? type.getValues().map((value) => value.name)
        : [];
  return [name, ...members.map((member) => `${name}.${member}`)];
}

function fieldsReturning(schema: GraphQLSchema, name: string): string[] {
  return Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type) || isInterfaceType(type)
      ? Object.values(type.getFields())
          .filter((field) => String(field.type).replaceAll(/[[\]!]/g, '') === name)
          .map((field) => `${type.name}.${field.name}`)
      : [],
  );
}
