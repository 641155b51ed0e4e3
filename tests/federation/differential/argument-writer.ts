import {
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredArgument,
  isRequiredInputField,
} from 'graphql';
import type { GraphQLArgument, GraphQLInputType } from 'graphql';
import type { Choices } from './choices.ts';

/** A value as a literal of the language, and as JSON where it has no variables in it. */
interface Written {
  readonly text: string;
  readonly json: unknown;
}

export interface Variable {
  readonly name: string;
  readonly type: string;
  /** ` = 3`, or nothing. */
  readonly initial: string;
}

/** Writes arguments of fields and conditions, and keeps the variables that they need. */
export interface ArgumentWriter {
  readonly variables: ReadonlyMap<string, Variable>;
  /** What a client sends; a variable without a value is missing. */
  readonly values: Readonly<Record<string, unknown>>;
  argumentsOf(args: readonly GraphQLArgument[]): string;
  /** `@include` or `@skip` with a constant or a variable, or both. */
  conditions(): string;
}

const TEXTS = ['1', '2', '3', 'a', 'b', 'none'];

export function createArgumentWriter(choices: Choices): ArgumentWriter {
  const variables = new Map<string, Variable>();
  const values: Record<string, unknown> = {};

  const write = (type: GraphQLInputType, variable: boolean): Written => {
    if (isNonNullType(type)) return writePresent(type.ofType, variable);
    return choices.below(8) === 7 ? { text: 'null', json: null } : writePresent(type, variable);
  };
  const writeInner = (type: GraphQLInputType, variable: boolean): Written =>
    variable && choices.chance(12)
      ? { text: declare(type, false), json: null }
      : write(type, variable);
  const writePresent = (type: GraphQLInputType, variable: boolean): Written => {
    if (isNonNullType(type)) return writePresent(type.ofType, variable);
    if (isListType(type)) {
      // One item stands for a list of one.
      if (choices.below(5) === 4) return writePresent(type.ofType, false);
      const items = Array.from({ length: choices.below(3) }, () =>
        writeInner(type.ofType, variable),
      );
      return {
        text: `[${items.map(({ text }) => text).join(', ')}]`,
        json: items.map(({ json }) => json),
      };
    }
    if (isInputObjectType(type)) {
      const given = Object.values(type.getFields()).filter(
        (field) => isRequiredInputField(field) || choices.chance(60),
      );
      const fields = given.map((field) => [field.name, writeInner(field.type, variable)] as const);
      return {
        text: `{ ${fields.map(([name, { text }]) => `${name}: ${text}`).join(', ')} }`,
        json: Object.fromEntries(fields.map(([name, { json }]) => [name, json])),
      };
    }
    if (isEnumType(type)) {
      const { name } = choices.of(type.getValues());
      return { text: name, json: name };
    }
    return writeScalar(choices, type.name);
  };
  const declare = (type: GraphQLInputType, hasDefault: boolean): string => {
    const inner = isNonNullType(type) ? type.ofType : type;
    const strict = isNonNullType(type) ? !(hasDefault || choices.chance(10)) : choices.chance(20);
    const initial =
      (isNonNullType(type) && !strict && !hasDefault) || choices.chance(30)
        ? ` = ${writePresent(inner, false).text}`
        : '';
    return variable({ type: `${String(inner)}${strict ? '!' : ''}`, initial }, () =>
      writePresent(inner, false),
    );
  };
  /** Takes one that is there, or a new one with a value, null, or nothing. */
  const variable = (wanted: Omit<Variable, 'name'>, value: () => Written): string => {
    const { type, initial } = wanted;
    const known = [...variables.values()].filter(
      (one) => one.type === type && one.initial === initial,
    );
    if (known.length > 0 && choices.chance(40)) return `$${choices.of(known).name}`;
    const name = `v${variables.size + 1}`;
    variables.set(name, { name, type, initial });
    const canMiss = !type.endsWith('!') || initial !== '';
    const canBeNull = !type.endsWith('!') && type !== 'Boolean';
    if (canMiss && choices.chance(30)) return `$${name}`;
    values[name] = canBeNull && choices.chance(15) ? null : value().json;
    return `$${name}`;
  };
  const condition = (): string => {
    if (choices.chance(15)) return String(choices.below(2) === 0);
    const initial = choices.chance(30) ? ` = ${choices.below(2) === 0}` : '';
    const type = initial !== '' && choices.chance(50) ? 'Boolean' : 'Boolean!';
    return variable({ type, initial }, () => writeScalar(choices, 'Boolean'));
  };
  return {
    variables,
    values,
    argumentsOf: (args) => {
      const given = args.flatMap((argument) => {
        const kind = isRequiredArgument(argument) ? 1 + choices.below(2) : choices.below(3);
        if (kind === 0) return [];
        const hasDefault = argument.defaultValue !== undefined;
        const text =
          kind === 1 ? write(argument.type, true).text : declare(argument.type, hasDefault);
        return [`${argument.name}: ${text}`];
      });
      return given.length > 0 ? `(${given.join(', ')})` : '';
    },
    conditions: () => {
      const names = choices.of([['include'], ['skip'], ['skip', 'include']]);
      return names.map((name) => ` @${name}(if: ${condition()})`).join('');
    },
  };
}

function writeScalar(choices: Choices, name: string): Written {
  const text = choices.of(TEXTS);
  switch (name) {
    case 'Boolean':
      return choices.below(2) === 0 ? { text: 'true', json: true } : { text: 'false', json: false };
    case 'Int':
      return { text: String(choices.below(5)), json: TEXTS.indexOf(text) };
    case 'Float':
      return { text: '1.5', json: 1.5 };
    case 'String':
    case 'ID':
      return { text: `"${text}"`, json: text };
    default:
      // A scalar of the graph's own takes whatever JSON holds.
      return choices.below(3) === 2
        ? { text: `{ at: "${text}", list: [1, true] }`, json: { at: text, list: [1, true] } }
        : { text: `"${text}"`, json: text };
  }
}
