import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
  isUnionType,
} from 'graphql';
import { finding } from '../check/finding.ts';
import type { GraphQLNamedType, GraphQLSchema, GraphQLType } from 'graphql';
import type { Finding } from '../check/result.ts';
import type { GraphReference, PayloadForm } from './graph-reference.ts';

/** How a scalar of the graph looks in a payload. Scalars that are not named here take anything. */
const SCALARS: Readonly<
  Record<string, { readonly types: readonly string[]; readonly format: string | null }>
> = {
  ID: { types: ['string'], format: null },
  String: { types: ['string'], format: null },
  Boolean: { types: ['boolean'], format: null },
  Int: { types: ['integer'], format: null },
  Float: { types: ['integer', 'number'], format: null },
  // Amounts are texts in payloads as they are in the graph: a JSON number would be read as a binary fraction.
  Decimal: { types: ['string'], format: null },
  Date: { types: ['string'], format: 'date' },
  DateTime: { types: ['string'], format: 'date-time' },
};

/**
 * Every payload property that disagrees with the coordinate it names. A payload may be narrower than the graph (never null,
 * fewer values), because every value that it carries is then one that the graph's type allows; it may not be wider. An
 * INBOUND property that may be missing is only a warning: nothing takes it into the graph by itself, our code decides.
 */
export function crossCheck(
  references: readonly GraphReference[],
  apiSchema: GraphQLSchema,
): Finding[] {
  return references.flatMap((reference) => {
    const type = typeAt(reference.coordinate, apiSchema);
    if (type === null)
      return [
        about(reference, {
          code: 'EVENT_FIELD_COORDINATE_MISSING',
          message: `${reference.coordinate} is not in the graph, and ${placeText(reference)} names it. Keep the coordinate until the event's contract is changed, or publish the event without "x-graphql" there.`,
        }),
      ];
    return [
      ...nullabilityFindings(reference, reference.form, type, ''),
      ...typeFindings(reference, reference.form, withoutNull(type), ''),
    ];
  });
}

function typeAt(coordinate: string, schema: GraphQLSchema): GraphQLType | null {
  const [typeName = '', fieldName = ''] = coordinate.split('.');
  const type = schema.getType(typeName);
  const hasFields = isObjectType(type) || isInterfaceType(type) || isInputObjectType(type);
  return hasFields ? (type.getFields()[fieldName]?.type ?? null) : null;
}

function withoutNull(type: GraphQLType): GraphQLType {
  return isNonNullType(type) ? type.ofType : type;
}

function nullabilityFindings(
  reference: GraphReference,
  form: PayloadForm,
  type: GraphQLType,
  below: string,
): Finding[] {
  const mayBeMissing = form.optional || form.types.includes('null');
  if (!isNonNullType(type) || !mayBeMissing) return [];
  const how = form.optional ? 'may be left out' : 'may be null';
  return [
    about(reference, {
      severity: reference.direction === 'INBOUND' ? 'WARNING' : 'ERROR',
      code: 'EVENT_FIELD_NULLABILITY_DISAGREES',
      message: `${placeText(reference, below)} ${how}, and ${reference.coordinate} of type ${String(type)} is never null. Make the property required and not null, or the field nullable.`,
    }),
  ];
}

function typeFindings(
  reference: GraphReference,
  form: PayloadForm,
  type: GraphQLType,
  below: string,
): Finding[] {
  const types = form.types.filter((name) => name !== 'null');
  if (isListType(type)) return listFindings(reference, { form, types, type: type.ofType }, below);
  const named = getNamedType(type);
  if (isEnumType(named))
    return enumFindings(
      reference,
      form,
      { types, named: named.name, values: named.getValues().map(({ name }) => name) },
      below,
    );
  if (isScalarType(named)) return scalarFindings(reference, form, { types, named }, below);
  return objectFindings(reference, form, { types, named }, below);
}

function listFindings(
  reference: GraphReference,
  of: { readonly form: PayloadForm; readonly types: readonly string[]; readonly type: GraphQLType },
  below: string,
): Finding[] {
  if (of.types.some((name) => name !== 'array') || of.form.items === null)
    return [
      disagrees(
        reference,
        below,
        `an array is expected for a list of ${String(of.type)}, not ${of.types.join(' or ')}`,
      ),
    ];
  const inner = `${below}/[]`;
  return [
    ...nullabilityFindings(reference, of.form.items, of.type, inner),
    ...typeFindings(reference, of.form.items, withoutNull(of.type), inner),
  ];
}

function enumFindings(
  reference: GraphReference,
  form: PayloadForm,
  of: {
    readonly types: readonly string[];
    readonly named: string;
    readonly values: readonly string[];
  },
  below: string,
): Finding[] {
  if (of.types.some((name) => name !== 'string') || form.values === null)
    return [
      disagrees(reference, below, `listed texts ("enum") are expected for the enum ${of.named}`),
    ];
  const unknown = form.values.filter((value) => !of.values.includes(value));
  return unknown.length === 0
    ? []
    : [
        disagrees(
          reference,
          below,
          `the enum ${of.named} does not have ${unknown.slice(0, 5).join(', ')}`,
        ),
      ];
}

function scalarFindings(
  reference: GraphReference,
  form: PayloadForm,
  { types, named }: { readonly types: readonly string[]; readonly named: GraphQLNamedType },
  below: string,
): Finding[] {
  const expected = SCALARS[named.name];
  if (expected === undefined) return [];
  const wrong = types.filter((name) => !expected.types.includes(name));
  if (wrong.length > 0)
    return [
      disagrees(
        reference,
        below,
        `${expected.types.join(' or ')} is expected for the scalar ${named.name}, not ${wrong.join(' or ')}`,
      ),
    ];
  return expected.format === null || form.format === expected.format
    ? []
    : [
        disagrees(
          reference,
          below,
          `the format "${expected.format}" is expected for the scalar ${named.name}`,
        ),
      ];
}

/**
 * Of a value such as Money the properties of the same names are compared. What has an id is a thing of its own: a text
 * stands for its id, and the properties of its payload name their own coordinates where they have some.
 */
function objectFindings(
  reference: GraphReference,
  form: PayloadForm,
  { types, named }: { readonly types: readonly string[]; readonly named: GraphQLNamedType },
  below: string,
): Finding[] {
  const fields =
    isObjectType(named) || isInterfaceType(named) || isInputObjectType(named)
      ? named.getFields()
      : {};
  const isReference = types.every((name) => name === 'string');
  if (isReference && types.length > 0)
    return fields['id'] !== undefined || isUnionType(named)
      ? []
      : [
          disagrees(
            reference,
            below,
            `an object is expected for ${named.name}, which has no id that a text could stand for`,
          ),
        ];
  if (types.some((name) => name !== 'object'))
    return [
      disagrees(
        reference,
        below,
        `an object, or the text of its id, is expected for ${named.name}, not ${types.join(' or ')}`,
      ),
    ];
  if (fields['id'] !== undefined) return [];
  return Object.entries(form.properties).flatMap(([name, part]) => {
    const field = fields[name];
    if (field === undefined) return [];
    const inner = `${below}/${name}`;
    return [
      ...nullabilityFindings(reference, part, field.type, inner),
      ...typeFindings(reference, part, withoutNull(field.type), inner),
    ];
  });
}

function disagrees(reference: GraphReference, below: string, what: string): Finding {
  return about(reference, {
    code: 'EVENT_FIELD_TYPE_DISAGREES',
    message: `${placeText(reference, below)} names ${reference.coordinate}: ${what}.`,
  });
}

function about(
  reference: GraphReference,
  of: Pick<Finding, 'code' | 'message'> & Partial<Finding>,
): Finding {
  return finding({ coordinate: reference.coordinate, ...of });
}

function placeText(reference: GraphReference, below = ''): string {
  return `"${reference.pointer}${below}" of ${reference.subject}`;
}
