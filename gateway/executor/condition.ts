import { Kind } from 'graphql';
import type { DirectiveNode } from 'graphql';

/** Values of the variables that `@skip` and `@include` look at. */
export type Conditions = Readonly<Record<string, unknown>>;

/**
 * What `@skip` and `@include` say: true and false for what is decided, null for what hangs on a variable that is not
 * among those given.
 */
export function isIncluded(
  directives: readonly DirectiveNode[] | undefined,
  conditions: Conditions | null,
): boolean | null {
  let isDecided = true;
  for (const { name, arguments: given } of directives ?? []) {
    if (name.value !== 'skip' && name.value !== 'include') continue;
    const value = given?.find((argument) => argument.name.value === 'if')?.value;
    const holds =
      value?.kind === Kind.BOOLEAN
        ? value.value
        : value?.kind === Kind.VARIABLE && conditions !== null
          ? conditions[value.name.value] === true
          : null;
    if (holds === null) isDecided = false;
    else if (holds !== (name.value === 'include')) return false;
  }
  return isDecided ? true : null;
}

/** Names of the variables that `@skip` and `@include` look at, anywhere in what is given. */
export function conditionNames(directives: readonly DirectiveNode[] | undefined): string[] {
  return (directives ?? []).flatMap(({ name, arguments: given }) => {
    const value = given?.find((argument) => argument.name.value === 'if')?.value;
    const isCondition = name.value === 'skip' || name.value === 'include';
    return isCondition && value?.kind === Kind.VARIABLE ? [value.name.value] : [];
  });
}
