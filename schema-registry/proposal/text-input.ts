import { accepted, invalidInput, refused } from '#kernel/problem.ts';
import type { FieldError, InvalidInput, Result } from '#kernel/problem.ts';

/** Collects what is wrong with an input, so that its sender hears of everything at once. */
export interface InputCheck {
  refuse(field: string, code: string, message: string): void;
  /** The trimmed text, refused when it is shorter or longer than allowed or holds control characters. */
  text(
    field: string,
    value: string,
    length: { readonly min: number; readonly max: number },
  ): string;
}

// PostgreSQL refuses the NUL among them; line breaks and tabs are how people write.
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const CONTROL_CHARACTER = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

/** Reads an input: the value, or every field that is wrong. */
export function checkedInput<Value>(
  read: (check: InputCheck) => Value,
): Result<Value, InvalidInput> {
  const errors: FieldError[] = [];
  const refuse: InputCheck['refuse'] = (field, code, message) =>
    void errors.push({ field, code, message });
  const text: InputCheck['text'] = (field, value, { min, max }) => {
    const trimmed = value.trim();
    if (trimmed.length < min || trimmed.length > max)
      refuse(
        field,
        'BAD_LENGTH',
        `From ${min} to ${max} characters are expected, not ${trimmed.length}.`,
      );
    if (CONTROL_CHARACTER.test(trimmed))
      refuse(field, 'CONTROL_CHARACTER', 'Text without control characters is expected.');
    return trimmed;
  };
  const value = read({ refuse, text });
  return errors.length === 0 ? accepted(value) : refused(invalidInput(errors));
}
