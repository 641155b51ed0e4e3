import { namedType } from './element.ts';
import type { TypeNode } from 'graphql';
import type { Element } from './element.ts';
import type { LintContext, Report } from './lint-context.ts';

/** Words of names that speak of money, singular and in lower case. */
const MONEY_WORDS = new Set([
  'accrual',
  'allowance',
  'amount',
  'balance',
  'budget',
  'charge',
  'cost',
  'credit',
  'debit',
  'discount',
  'due',
  'encumbrance',
  'expense',
  'fee',
  'fine',
  'fund',
  'income',
  'interest',
  'invoiced',
  'money',
  'net',
  'gross',
  'paid',
  'payable',
  'payment',
  'penalty',
  'premium',
  'price',
  'receivable',
  'refund',
  'revenue',
  'salary',
  'spend',
  'spent',
  'subtotal',
  'tax',
  'total',
  'turnover',
  'value',
  'vat',
  'wage',
]);
/** Words that make another quantity of a name that speaks of money: `taxRate`, `discountPercent`. */
const NOT_MONEY = new Set([
  'rate',
  'percent',
  'percentage',
  'ratio',
  'share',
  'factor',
  'count',
  'score',
  'weight',
  'day',
  'quantity',
]);
/** `value` and the like are money when their type is. */
const VAGUE_WORDS = new Set(['value', 'net', 'gross', 'total', 'due']);
const MONEY_DESCRIPTION =
  /\b(amount of money|money|monetary|currency|currencies|price|cents?|ISO 4217|EUR|USD|GBP|CHF|JPY)\b|[€$£¥]/i;

/** A Float whose name, type or description speaks of money. */
export function* floatForMoney(context: LintContext): Generator<Report> {
  for (const element of context.elements) {
    const float = floatOf(element);
    if (float === null || !speaksOfMoney(element)) continue;
    yield {
      coordinate: element.coordinate,
      node: float,
      message: `\`${element.coordinate}\` looks like money and is a Float, which cannot hold cents exactly. Use a decimal scalar, or an amount with its currency.`,
    };
  }
}

/** Any Float at all. */
export function* floats(context: LintContext): Generator<Report> {
  for (const element of context.elements) {
    const float = floatOf(element);
    if (float === null) continue;
    yield {
      coordinate: element.coordinate,
      node: float,
      message: `\`${element.coordinate}\` is a Float: values change when they are added up or sent on. Use a decimal scalar or a whole number of a smaller unit.`,
    };
  }
}

function floatOf({ node }: Element): TypeNode | null {
  return 'type' in node && namedType(node.type) === 'Float' ? node.type : null;
}

function speaksOfMoney(element: Element): boolean {
  const { node } = element;
  const words = wordsOf('name' in node ? node.name.value : '');
  if (words.some((word) => NOT_MONEY.has(word))) return false;
  const description = 'description' in node ? (node.description?.value ?? '') : '';
  if (MONEY_DESCRIPTION.test(description)) return true;
  if (words.some((word) => MONEY_WORDS.has(word) && !VAGUE_WORDS.has(word))) return true;
  if (!words.some((word) => VAGUE_WORDS.has(word))) return false;
  if (words.some((word) => word === 'total' || word === 'due')) return true;
  return 'type' in element && wordsOf(element.type.name).some((word) => MONEY_WORDS.has(word));
}

/** The words of a name in camelCase, PascalCase or snake_case, singular. */
function wordsOf(name: string): string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[ _]+/)
    .map((word) => word.toLowerCase().replace(/(?<=[a-z]{3})s$/, ''));
}
