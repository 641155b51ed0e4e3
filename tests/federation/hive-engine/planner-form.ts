import {
  Kind,
  TypeInfo,
  getNamedType,
  isUnionType,
  separateOperations,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { fragmentsOf } from './root-fields.ts';
import type { DocumentNode, GraphQLSchema, InlineFragmentNode } from 'graphql';

/** Client documents in the form in which Hive's planner answers them; the same node for the same document. */
export interface PlannerForms {
  of(document: DocumentNode, operationName: string | null): DocumentNode;
}

/**
 * Two rewritings that change no answer. The chosen operation stands alone, because the runtime tells introspection from
 * data by the whole document. And a conditional fragment on the very union that it stands in loses its type condition,
 * because the planner finds no path for it ("No paths found for selection item").
 */
export function createPlannerForms(schema: GraphQLSchema): PlannerForms {
  const known = new WeakMap<DocumentNode, Map<string, DocumentNode>>();
  return {
    of: (document, operationName) => {
      const forms = known.get(document) ?? new Map<string, DocumentNode>();
      known.set(document, forms);
      const name = operationName ?? '';
      const form = forms.get(name) ?? withoutOwnConditions(schema, alone(document, operationName));
      forms.set(name, form);
      return form;
    },
  };
}

function alone(document: DocumentNode, operationName: string | null): DocumentNode {
  const operations = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  if (operations.length < 2 || operationName === null) return document;
  return separateOperations(document)[operationName] ?? document;
}

function withoutOwnConditions(schema: GraphQLSchema, document: DocumentNode): DocumentNode {
  const types = new TypeInfo(schema);
  const fragments = fragmentsOf(document);
  // On entering an inline fragment the visitor has moved on to the fragment's own type; its parent is one set above.
  const parents: (string | undefined)[] = [];
  const visitor = visitWithTypeInfo(types, {
    SelectionSet: {
      enter: () => void parents.push(unionName(types)),
      leave: () => void parents.pop(),
    },
    InlineFragment: (node) => {
      if (!node.typeCondition || (node.directives?.length ?? 0) === 0) return undefined;
      if (node.typeCondition.name.value !== parents.at(-1)) return undefined;
      const { typeCondition: _own, ...rest } = node;
      return rest;
    },
    FragmentSpread: (node) => {
      if ((node.directives?.length ?? 0) === 0) return undefined;
      const condition = fragments.get(node.name.value)?.typeCondition.name.value;
      if (condition === undefined || condition !== parents.at(-1)) return undefined;
      const wrapped: InlineFragmentNode = {
        kind: Kind.INLINE_FRAGMENT,
        directives: node.directives ?? [],
        selectionSet: {
          kind: Kind.SELECTION_SET,
          selections: [{ ...node, directives: [] }],
        },
      };
      return wrapped;
    },
  });
  return visit(document, visitor);
}

function unionName(types: TypeInfo): string | undefined {
  const parent = types.getParentType();
  return isUnionType(parent) ? getNamedType(parent).name : undefined;
}
