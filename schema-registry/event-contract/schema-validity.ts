import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formatsModule from 'ajv-formats';
import { isRecord } from '#kernel/json.ts';
import { dialectOf } from './dialect.ts';
import type { ErrorObject } from 'ajv';
import type { Dialect } from './dialect.ts';

export interface SchemaFlaw {
  /** Stable: `TOO_LARGE`, `TOO_DEEP`, `INVALID_KEYWORD`, `REFERENCE_UNRESOLVED`, `CIRCULAR_IN_PLACE` … */
  readonly code: string;
  /** RFC 6901 pointer into the schema. */
  readonly pointer: string;
  readonly message: string;
}

const FLAWS_MAX = 20;
/** A pattern is run by every consumer; longer ones are programs. */
const PATTERN_LENGTH_MAX = 500;
const NAME_IN_QUOTES = /"([^"]+)"/;

/** Judges schemas as schemas; one is made for a batch, since making it costs more than using it. */
export interface SchemaValidity {
  /** What breaks the metaschema of the schema's own draft. */
  metaschemaFlaws(json: unknown): SchemaFlaw[];
  /**
   * What ajv's strict mode refuses because it would silently be ignored: a misspelt keyword, an unknown format. Asked
   * last, when references are known to be found and to end. No instance is ever validated.
   */
  strictFlaws(json: unknown): SchemaFlaw[];
}

export function createSchemaValidity(): SchemaValidity {
  const validators = new Map<Dialect, Ajv>();
  const validatorFor = (dialect: Dialect): Ajv => {
    const validator = validators.get(dialect) ?? validatorOf(dialect);
    validators.set(dialect, validator);
    return validator;
  };
  return {
    metaschemaFlaws: (json) => {
      if (typeof json !== 'boolean' && !isRecord(json))
        return [
          { code: 'NOT_A_SCHEMA', pointer: '', message: 'A schema is an object or a boolean.' },
        ];
      const dialect = dialectOf(json);
      if (dialect === null)
        return [
          {
            code: 'DIALECT_UNKNOWN',
            pointer: '/$schema',
            message:
              'Drafts 2020-12 and 07 are taken; name one of them or none, which means 2020-12.',
          },
        ];
      const ajv = validatorFor(dialect);
      return ajv.validateSchema(json) === true
        ? longPatterns(json)
        : (ajv.errors ?? []).slice(0, FLAWS_MAX).map(flawOf);
    },
    strictFlaws: (json) => compileFlaws(validatorFor(dialectOf(json) ?? '2020-12'), json),
  };
}

/** An ajv of the house's settings: formats are asserted, unknown words are refused, words with `x-` are annotations. */
export function validatorOf(dialect: Dialect): Ajv {
  const options = {
    allErrors: true,
    strict: true,
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    allowMatchingProperties: true,
  };
  const ajv: Ajv = dialect === 'draft-07' ? new Ajv(options) : new Ajv2020(options);
  // The package is CommonJS: Node gives its function as `default`.
  formatsModule.default(ajv);
  // It follows anchors, and yet would refuse the word for them.
  if (dialect === '2020-12') ajv.addKeyword('$anchor');
  return ajv;
}

/** Makes the validator know the schema's own words, those that begin with `x-`. */
export function admitExtensions(ajv: Ajv, json: unknown): void {
  for (const word of extensionWords(json, new Set())) {
    if (ajv.RULES.keywords[word] === undefined) ajv.addKeyword(word);
  }
}

function extensionWords(json: unknown, found: Set<string>): Set<string> {
  if (typeof json !== 'object' || json === null) return found;
  for (const [key, value] of Object.entries(json)) {
    if (/^x-[a-z-]+$/.test(key)) found.add(key);
    extensionWords(value, found);
  }
  return found;
}

function flawOf(error: ErrorObject): SchemaFlaw {
  return {
    code: 'INVALID_KEYWORD',
    pointer: error.instancePath,
    message: `${error.message ?? 'is not valid'} (${JSON.stringify(error.params)})`,
  };
}

function longPatterns(json: unknown, pointer = ''): SchemaFlaw[] {
  if (typeof json !== 'object' || json === null) return [];
  return Object.entries(json).flatMap(([key, value]) => {
    const here = `${pointer}/${key}`;
    const isLong =
      key === 'pattern' && typeof value === 'string' && value.length > PATTERN_LENGTH_MAX;
    return isLong
      ? [
          {
            code: 'PATTERN_TOO_LONG',
            pointer: here,
            message: `A pattern has at most ${PATTERN_LENGTH_MAX} characters.`,
          },
        ]
      : longPatterns(value, here);
  });
}

function compileFlaws(ajv: Ajv, json: unknown): SchemaFlaw[] {
  const schema = json as object;
  try {
    admitExtensions(ajv, json);
    ajv.compile(schema);
    return [];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const code = message.includes('unknown keyword')
      ? 'UNKNOWN_KEYWORD'
      : message.includes('unknown format')
        ? 'UNKNOWN_FORMAT'
        : 'NOT_COMPILABLE';
    return [{ code, pointer: `/${NAME_IN_QUOTES.exec(message)?.[1] ?? ''}`, message }];
  } finally {
    ajv.removeSchema(schema);
  }
}
