import { Kind, isTypeDefinitionNode } from 'graphql';
import type { ConstDirectiveNode, DocumentNode, InputValueDefinitionNode } from 'graphql';

/** What the contract says with `@cost(weight:)`: how much work one of a thing is, where it is not what is usual. */
export interface CostWeights {
  /** Of one value of the field: what is said of the field, else of its type, else 1 for an object and 0 for the rest. */
  value(
    typeName: string,
    fieldName: string,
    valueType: { name: string; isObject: boolean },
  ): number;
  /** Of asking with these arguments, beside the value. */
  given(typeName: string, fieldName: string, argumentNames: Iterable<string>): number;
}

export function costWeightsOf(supergraph: DocumentNode): CostWeights {
  const weights = new Map<string, number>();
  const note = (coordinate: string, directives: readonly ConstDirectiveNode[] = []): void => {
    const weight = weightIn(directives);
    if (weight !== null) weights.set(coordinate, weight);
  };
  const noteArguments = (field: string, inputs: readonly InputValueDefinitionNode[] = []): void => {
    for (const input of inputs) note(`${field}(${input.name.value})`, input.directives);
  };
  for (const node of supergraph.definitions) {
    if (isTypeDefinitionNode(node)) note(node.name.value, node.directives);
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION && node.kind !== Kind.INTERFACE_TYPE_DEFINITION)
      continue;
    for (const field of node.fields ?? []) {
      const coordinate = `${node.name.value}.${field.name.value}`;
      note(coordinate, field.directives);
      noteArguments(coordinate, field.arguments);
    }
  }
  return {
    value: (typeName, fieldName, valueType) =>
      weights.get(`${typeName}.${fieldName}`) ??
      weights.get(valueType.name) ??
      (valueType.isObject ? 1 : 0),
    given: (typeName, fieldName, argumentNames) => {
      let sum = 0;
      for (const name of argumentNames)
        sum += weights.get(`${typeName}.${fieldName}(${name})`) ?? 0;
      return sum;
    },
  };
}

/** The weight that `@cost` states, also where a link gave it a prefix; the cost specification writes it as a text or a number. */
function weightIn(directives: readonly ConstDirectiveNode[]): number | null {
  const directive = directives.find(({ name }) => /^(.+__)?cost$/.test(name.value));
  const value = directive?.arguments?.find(({ name }) => name.value === 'weight')?.value;
  const isNumber = value?.kind === Kind.INT || value?.kind === Kind.FLOAT;
  if (!isNumber && value?.kind !== Kind.STRING) return null;
  const weight = Number(value.value);
  // What is cheaper than nothing would pay for what is dear.
  return Number.isFinite(weight) ? Math.max(0, weight) : null;
}
