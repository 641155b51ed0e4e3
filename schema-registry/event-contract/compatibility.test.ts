import { describe, expect, it } from '@jest/globals';
import { broken, closed, number, object, read, text } from './comparison-world.ts';
import { changeKind, directionsOf, nextVersion } from './compatibility.ts';
import { readSchema } from './schema-document.ts';
import type { Compatibility } from './compatibility.ts';

describe('bounds', () => {
  it('refuses by name what is too deep, too large, circular or outside the document', () => {
    const nested = (depth: number): unknown => (depth === 0 ? true : { not: nested(depth - 1) });
    const code = (json: unknown) => {
      const result = readSchema(json);
      return result.ok ? null : result.problem.flaws[0]?.code;
    };
    expect(code(nested(40))).toBeNull();
    expect(code(nested(80))).toBe('TOO_DEEP');
    expect(code({ enum: Array.from({ length: 30_000 }, (_, index) => index) })).toBe('TOO_LARGE');
    expect(
      code({ $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } }),
    ).toBe('CIRCULAR_IN_PLACE');
    expect(code({ $ref: 'https://example.com/money.json' })).toBe('REFERENCE_UNRESOLVED');
    expect(code({ type: 'string', maxLenght: 3 })).toBe('UNKNOWN_KEYWORD');
    expect(code({ type: 'string', format: 'moon-phase' })).toBe('UNKNOWN_FORMAT');
    expect(code({ type: 'strin' })).toBe('INVALID_KEYWORD');
    expect(code({ $schema: 'http://json-schema.org/draft-04/schema#' })).toBe('DIALECT_UNKNOWN');
  });

  it('ends a comparison that doubles at every level with COMPARISON_LIMIT', () => {
    const bomb = (leaf: unknown): unknown => {
      const levels = Array.from({ length: 40 }, (_, level) => [
        `l${level}`,
        closed({ a: { $ref: `#/$defs/l${level + 1}` }, b: { $ref: `#/$defs/l${level + 1}` } }),
      ]);
      return { $ref: '#/$defs/l0', $defs: { ...Object.fromEntries(levels), l40: leaf } };
    };
    expect(broken(bomb(text), bomb(text))).toEqual({ BACKWARD: [], FORWARD: [] });
    expect(broken(bomb(text), bomb({ ...text, maxLength: 3 })).BACKWARD).toEqual([
      'COMPARISON_LIMIT',
    ]);
  });

  it('does not run a pattern that may back-track without end', () => {
    const older = closed({ [`${'a'.repeat(40)}!`]: text });
    const newer = object(
      {},
      { patternProperties: { '^(a+)+$': number }, additionalProperties: text },
    );
    expect(broken(older, newer).BACKWARD).toContain('TYPE_NARROWED');
  });
});

describe('a version', () => {
  const kind = (older: unknown, newer: unknown, compatibility: Compatibility) =>
    changeKind(read(older), read(newer), { compatibility, openness: 'STRICT' });

  it('counts as semantic versions do', () => {
    expect(nextVersion(null, 'PATCH')).toBe('1.0.0');
    expect(nextVersion('1.2.3', 'PATCH')).toBe('1.2.4');
    expect(nextVersion('1.2.3', 'MINOR')).toBe('1.3.0');
    expect(nextVersion('1.2.3', 'MAJOR')).toBe('2.0.0');
  });

  it('is a patch for words, a minor for what breaks nobody, a major for the rest', () => {
    expect(kind(text, { ...text, title: 'T' }, 'BACKWARD')).toBe('PATCH');
    expect(kind({ type: 'integer' }, number, 'BACKWARD')).toBe('MINOR');
    expect(kind({ type: 'integer' }, number, 'FORWARD')).toBe('MAJOR');
    expect(kind({ type: 'integer' }, number, 'NONE')).toBe('MAJOR');
  });

  it('asks for the directions of its mode', () => {
    expect(directionsOf('NONE')).toEqual([]);
    expect(directionsOf('BACKWARD_TRANSITIVE')).toEqual(['BACKWARD']);
    expect(directionsOf('FULL')).toEqual(['BACKWARD', 'FORWARD']);
  });
});
