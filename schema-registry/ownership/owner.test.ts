import { describe, expect, it } from '@jest/globals';
import { isOwnerSubject, ownersOfCoordinate } from './owner.ts';
import type { Owner } from './owner.ts';

const owner = (subject: string): Owner => ({ subject, team: `team of ${subject}`, members: ['a'] });
const OWNERS = [
  owner('subgraph:invoices'),
  owner('subgraph:orders'),
  owner('type:Invoice'),
  owner('type:Query'),
  owner('classification:bank'),
];

describe('the owners of a coordinate', () => {
  it.each([
    ['Invoice', 'invoices', ['subgraph:invoices', 'type:Invoice']],
    ['Invoice.total', 'invoices', ['subgraph:invoices', 'type:Invoice']],
    ['Invoice.total', 'orders', ['subgraph:orders', 'type:Invoice']],
    ['Invoice.total', null, ['type:Invoice']],
    ['Query.invoice(id:)', 'invoices', ['subgraph:invoices', 'type:Query']],
    ['InvoiceLine.total', 'invoices', ['subgraph:invoices']],
    ['Line', 'shipping', []],
    ['@sunset', 'invoices', ['subgraph:invoices']],
    ['@sunset(on:)', null, []],
  ])('of %s in %s are %j', (coordinate, subgraph, subjects) => {
    const found = ownersOfCoordinate(OWNERS, coordinate, subgraph);
    expect(found.map(({ subject }) => subject)).toEqual(subjects);
  });
});

describe('what can be owned', () => {
  it.each([
    ['subgraph:purchase-orders', true],
    ['type:Invoice', true],
    ['type:_Entity', true],
    ['classification:pii', true],
    ['subgraph:', false],
    ['subgraph:Invoices', false],
    ['type:Invoice.total', false],
    ['type:9', false],
    ['field:Invoice.total', false],
    ['Invoice', false],
    ['', false],
  ])('%s: %s', (subject, can) => {
    expect(isOwnerSubject(subject)).toBe(can);
  });
});
