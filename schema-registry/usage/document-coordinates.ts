import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isNonNullType,
  Kind,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { withParents } from './coordinate.ts';
import type {
  ArgumentNode,
  ASTNode,
  DirectiveNode,
  DocumentNode,
  FieldNode,
  GraphQLInputField,
  GraphQLInputType,
  GraphQLNamedType,
  GraphQLSchema,
  ObjectValueNode,
  ValueNode,
} from 'graphql';

/**
 * Everything of the schema that a document depends on: types, fields, arguments, input fields, enum values, directives. The
 * values of variables are not known, so a variable counts as using all of its input type, and `coordinate!` is said only of
 * what every use in the document gives a value that cannot be null. The document must be valid for the schema.
 */
export function coordinatesOf(schema: GraphQLSchema, document: DocumentNode): string[] {
  const collector = new CoordinateCollector(nonNullVariables(document));
  const typeInfo = new TypeInfo(schema);
  visit(document, visitWithTypeInfo(typeInfo, collector.visitor(typeInfo)));
  return collector.coordinates();
}

/** Names of variables that can be null in none of the document's operations: a fragment may be used by any of them. */
function nonNullVariables(document: DocumentNode): ReadonlySet<string> {
  const definitions = document.definitions.flatMap((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION ? (definition.variableDefinitions ?? []) : [],
  );
  const nullable = new Set(
    definitions
      .filter(({ type }) => type.kind !== Kind.NON_NULL_TYPE)
      .map(({ variable }) => variable.name.value),
  );
  const names = definitions.map(({ variable }) => variable.name.value);
  return new Set(names.filter((name) => !nullable.has(name)));
}

class CoordinateCollector {
  readonly #nonNullVariables: ReadonlySet<string>;
  readonly #used = new Set<string>();
  /** Places where an argument or input field could be given, and in how many of them it always is. */
  readonly #places = new Map<string, { total: number; given: number }>();
  readonly #wholeTypes = new Set<string>();

  constructor(nonNull: ReadonlySet<string>) {
    this.#nonNullVariables = nonNull;
  }

  coordinates(): string[] {
    const given = [...this.#places]
      .filter(([, place]) => place.given === place.total)
      .map(([coordinate]) => `${coordinate}!`);
    return withParents([...this.#used, ...given]);
  }

  visitor(typeInfo: TypeInfo): { enter: (node: ASTNode) => void } {
    return {
      enter: (node) => {
        if (node.kind === Kind.FIELD) this.#field(node, typeInfo);
        else if (node.kind === Kind.DIRECTIVE) this.#directive(node, typeInfo);
        else if (node.kind === Kind.NAMED_TYPE) this.#used.add(node.name.value);
        else if (node.kind === Kind.VARIABLE_DEFINITION)
          this.#wholeInput(getNamedType(typeInfo.getInputType()));
        else if (node.kind === Kind.OBJECT) this.#object(node, typeInfo.getInputType());
        else if (node.kind === Kind.ENUM) this.#enumValue(node.value, typeInfo.getInputType());
      },
    };
  }

  #field(node: FieldNode, typeInfo: TypeInfo): void {
    const parent = typeInfo.getParentType();
    const field = typeInfo.getFieldDef();
    if (!parent || !field) return;
    const coordinate = `${parent.name}.${field.name}`;
    this.#used.add(coordinate);
    for (const argument of field.args)
      this.#argument(`${coordinate}(${argument.name}:)`, argument.name, node.arguments);
    const type = getNamedType(field.type);
    this.#used.add(type.name);
    // A client must understand every value that it may be given.
    if (isEnumType(type)) this.#wholeInput(type);
  }

  #directive(node: DirectiveNode, typeInfo: TypeInfo): void {
    const directive = typeInfo.getDirective();
    if (!directive) return;
    this.#used.add(`@${directive.name}`);
    for (const argument of directive.args) {
      if (node.arguments?.some(({ name }) => name.value === argument.name) === true)
        this.#used.add(`@${directive.name}(${argument.name}:)`);
    }
  }

  #argument(coordinate: string, name: string, given: readonly ArgumentNode[] = []): void {
    const argument = given.find((candidate) => candidate.name.value === name);
    if (argument !== undefined) this.#used.add(coordinate);
    this.#place(coordinate, argument !== undefined && this.#isAlwaysGiven(argument.value));
  }

  #object(node: ObjectValueNode, inputType: GraphQLInputType | null | undefined): void {
    const type = getNamedType(inputType);
    if (!isInputObjectType(type)) return;
    this.#used.add(type.name);
    for (const field of Object.values(type.getFields())) {
      const coordinate = `${type.name}.${field.name}`;
      const given = node.fields.find(({ name }) => name.value === field.name);
      if (given !== undefined) this.#used.add(coordinate);
      this.#place(coordinate, given !== undefined && this.#isAlwaysGiven(given.value));
    }
  }

  #enumValue(value: string, inputType: GraphQLInputType | null | undefined): void {
    const type = getNamedType(inputType);
    if (isEnumType(type)) this.#used.add(`${type.name}.${value}`);
  }

  /** All of a type that a variable may hold: each of its fields, and of those that must be given that they are. */
  #wholeInput(type: GraphQLNamedType | null | undefined): void {
    if (!type || this.#wholeTypes.has(type.name)) return;
    this.#wholeTypes.add(type.name);
    this.#used.add(type.name);
    if (isEnumType(type)) {
      for (const { name } of type.getValues()) this.#used.add(`${type.name}.${name}`);
    } else if (isInputObjectType(type)) {
      for (const field of Object.values(type.getFields())) this.#wholeField(type.name, field);
    }
  }

  #wholeField(typeName: string, field: GraphQLInputField): void {
    const coordinate = `${typeName}.${field.name}`;
    this.#used.add(coordinate);
    this.#place(coordinate, isNonNullType(field.type) && field.defaultValue === undefined);
    this.#wholeInput(getNamedType(field.type));
  }

  #place(coordinate: string, isGiven: boolean): void {
    const place = this.#places.get(coordinate) ?? { total: 0, given: 0 };
    this.#places.set(coordinate, {
      total: place.total + 1,
      given: place.given + (isGiven ? 1 : 0),
    });
  }

  #isAlwaysGiven(value: ValueNode): boolean {
    if (value.kind === Kind.NULL) return false;
    if (value.kind !== Kind.VARIABLE) return true;
    return this.#nonNullVariables.has(value.name.value);
  }
}
