import {
  convertToESTree,
  extractComments,
  extractTokens,
} from '@graphql-eslint/eslint-plugin/estree-converter/index';
import { rules } from '@graphql-eslint/eslint-plugin/rules/index';
import { Linter } from 'eslint';
import { parse } from 'graphql';
import { errorText } from '#kernel/log.ts';
import { lintSchema } from './lint-schema.ts';
import { definitionName, excerptOf } from './sdl-excerpt.ts';
import type { DocumentNode, GraphQLSchema } from 'graphql';
import type { LintSource } from './lint-schema.ts';
import type { SdlExcerpt } from './sdl-excerpt.ts';

/** What a rule says of a place in the SDL as it was sent, counted from 1. */
export interface LintMessage {
  readonly rule: string;
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

export interface EslintOutcome {
  readonly messages: readonly LintMessage[];
  /** Rules that threw, and with what. */
  readonly failed: readonly { readonly rule: string; readonly reason: string }[];
}

/** Options of rules that need some, or whose own defaults do not fit a subgraph. */
const OPTIONS: Readonly<Record<string, unknown>> = {
  // The order of definitions is left alone: a part of a document cannot tell it.
  alphabetize: {
    fields: ['ObjectTypeDefinition', 'InterfaceTypeDefinition', 'InputObjectTypeDefinition'],
    values: true,
    arguments: ['FieldDefinition', 'DirectiveDefinition'],
    groups: ['id', '*', 'createdAt', 'updatedAt'],
  },
  'naming-convention': {
    types: 'PascalCase',
    FieldDefinition: 'camelCase',
    InputValueDefinition: 'camelCase',
    DirectiveDefinition: 'camelCase',
    EnumValueDefinition: 'UPPER_CASE',
    'FieldDefinition[parent.name.value=Query]': {
      forbiddenPrefixes: ['query', 'get'],
      forbiddenSuffixes: ['Query'],
    },
    'FieldDefinition[parent.name.value=Mutation]': {
      forbiddenPrefixes: ['mutation'],
      forbiddenSuffixes: ['Mutation'],
    },
    'FieldDefinition[parent.name.value=Subscription]': {
      forbiddenPrefixes: ['subscription'],
      forbiddenSuffixes: ['Subscription'],
    },
  },
  'no-root-type': { disallow: ['mutation', 'subscription'] },
  // Forward paging is enough; who offers backward paging as well must do it whole.
  'relay-arguments': { includeBoth: false },
  // Without `rootField`: its selector never matches where there is more than one root type (4.4.1).
  'require-description': { types: true, FieldDefinition: true, DirectiveDefinition: true },
};

const FILE_NAME = 'subgraph.graphql';
const PLUGIN = { rules };

/** So many definitions at a time: what a linter keeps of one batch is forgotten before the next, which saves most of its time. */
const BATCH = 100;

/**
 * Runs graphql-eslint's rules over those definitions (types by name, directives with `@`; null: all). Comments in the SDL
 * cannot switch rules off: a publisher would write its own policy. A rule that throws is named and left out from there on;
 * the others are run all the same.
 */
export function runEslint(
  source: LintSource,
  interest: ReadonlySet<string> | null,
  ruleIds: readonly string[],
): EslintOutcome {
  const names = definitionNames(source.document).filter((name) => interest?.has(name) ?? true);
  const messages: LintMessage[] = [];
  const failed: { rule: string; reason: string }[] = [];
  let left = ruleIds;
  for (let start = 0; start === 0 || start < names.length; start += BATCH) {
    const batch = new Set(names.slice(start, start + BATCH));
    const excerpt = excerptOf(source.document, batch, start === 0);
    if (excerpt.sdl === '') continue;
    const parser = parserWith(lintSchema(source, batch));
    for (
      let attempt = verify(excerpt.sdl, parser, left);
      ;
      attempt = verify(excerpt.sdl, parser, left)
    ) {
      if (attempt.ok) {
        messages.push(...attempt.messages.map((found) => messageOf(found, excerpt)));
        break;
      }
      const { rule, reason } = attempt;
      failed.push({ rule, reason });
      if (!left.includes(rule)) return { messages, failed };
      left = left.filter((other) => other !== rule);
    }
  }
  return { messages, failed };
}

function definitionNames(document: DocumentNode): string[] {
  const names = document.definitions.map(definitionName).filter((name) => name !== null);
  return [...new Set(names)];
}

function messageOf(found: Linter.LintMessage, excerpt: SdlExcerpt): LintMessage {
  return {
    rule: found.ruleId?.slice(PREFIX.length) ?? '',
    message: found.message,
    ...excerpt.placeOf(found.line, found.column),
  };
}

const PREFIX = 'graphql/';

type Attempt =
  | { readonly ok: true; readonly messages: readonly Linter.LintMessage[] }
  | { readonly ok: false; readonly rule: string; readonly reason: string };

function verify(sdl: string, parser: Linter.Parser, ruleIds: readonly string[]): Attempt {
  const linter = new Linter({ configType: 'flat' });
  const config: Linter.Config = {
    files: ['**/*.graphql'],
    languageOptions: { parser },
    linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'off' },
    // The plugin types its rules against an older ESLint; at run time they are the same.
    plugins: { graphql: PLUGIN as object },
    rules: Object.fromEntries(
      ruleIds.map((rule) => [`${PREFIX}${rule}`, severityAndOptions(rule)]),
    ),
  };
  try {
    const messages = linter.verify(sdl, config, { filename: FILE_NAME, allowInlineConfig: false });
    const fatal = messages.find((found) => found.fatal === true);
    if (fatal === undefined) return { ok: true, messages };
    return { ok: false, rule: 'graphql-eslint', reason: fatal.message };
  } catch (error) {
    const reason = errorText(error);
    const rule = FAILED_RULE.exec(reason)?.[1] ?? 'graphql-eslint';
    return { ok: false, rule, reason: reason.split('\n')[0] ?? reason };
  }
}

/** How ESLint names the rule that threw, while it is loaded and while it runs. */
const FAILED_RULE = /(?:Rule: "|Error while loading rule ')graphql\/([\w-]+)["']/;

function severityAndOptions(rule: string): Linter.RuleEntry {
  const options = OPTIONS[rule];
  return options === undefined ? ['error'] : ['error', options];
}

/** The plugin's own parser loads configuration and schema from disk; ours is given the schema. */
function parserWith(schema: GraphQLSchema): Linter.Parser {
  return {
    meta: { name: 'concord-graphql', version: '1' },
    parseForESLint: (code: string) => {
      const document = parse(code);
      const tree = convertToESTree(document, schema);
      return {
        services: { schema, siblingOperations: { available: false } },
        ast: {
          comments: extractComments(document.loc),
          tokens: extractTokens(FILE_NAME, code),
          loc: tree.loc,
          range: tree.range,
          type: 'Program',
          sourceType: 'script',
          body: [tree],
        },
      };
    },
  };
}
