import { describe, expect, it } from '@jest/globals';
import { flawsOf, walk } from '#kernel/lifecycle.ts';
import {
  COST_CENTRE_LIFECYCLE,
  changeCostCentre,
  companyOf,
  createCostCentre,
} from './cost-centre.ts';
import {
  FISCAL_PERIOD_LIFECYCLE,
  changeFiscalPeriod,
  fiscalPeriodIdOn,
  fiscalPeriodOf,
} from './fiscal-period.ts';
import type { CostCentre } from './cost-centre.ts';

const COST_CENTRE: CostCentre = {
  id: 'DE01-4100',
  companyCode: 'DE01',
  code: '4100',
  name: 'Plant Stuttgart',
  parentId: null,
  managerId: 'approver',
  status: 'ACTIVE',
  version: 1,
};

describe('the life of a fiscal period', () => {
  it('has a sound table', () => {
    expect(flawsOf(FISCAL_PERIOD_LIFECYCLE)).toEqual([]);
  });

  it.each([...walk(FISCAL_PERIOD_LIFECYCLE)])(
    '$state on $event leads to $next',
    ({ state, event, next }) => {
      const result = changeFiscalPeriod(
        { ...fiscalPeriodOf('DE01', 2026, 11), status: state, version: 4 },
        event,
      );
      if (next === undefined)
        expect(result).toMatchObject({
          ok: false,
          problem: { code: 'ILLEGAL_TRANSITION', state, event },
        });
      else expect(result).toMatchObject({ ok: true, value: { status: next, version: 5 } });
    },
  );

  it.each([
    [2026, 2, '2026-02-28'],
    [2028, 2, '2028-02-29'],
    [2026, 12, '2026-12-31'],
    [2026, 4, '2026-04-30'],
  ])('ends %i-%i on %s', (year, month, endsOn) => {
    expect(fiscalPeriodOf('DE01', year, month)).toMatchObject({
      endsOn,
      id: fiscalPeriodIdOn('DE01', endsOn),
      status: 'NOT_OPEN',
    });
  });
});

describe('a cost centre', () => {
  it('has a sound table', () => {
    expect(flawsOf(COST_CENTRE_LIFECYCLE)).toEqual([]);
  });

  it.each([...walk(COST_CENTRE_LIFECYCLE)])(
    '$state on $event leads to $next',
    ({ state, event, next }) => {
      const result = changeCostCentre(
        { ...COST_CENTRE, status: state },
        { name: null, managerId: null, event },
      );
      if (next === undefined)
        expect(result).toMatchObject({ problem: { code: 'ILLEGAL_TRANSITION' } });
      else expect(result).toMatchObject({ value: { status: next, version: 2 } });
    },
  );

  it('is named by its company and code', () => {
    const input = {
      companyCode: 'DE01',
      code: '4100.2',
      name: 'Line 2',
      parentId: 'DE01-4100',
      managerId: 'approver',
    };
    const created = createCostCentre(input, {
      companyExists: true,
      parent: COST_CENTRE,
      existing: null,
    });
    expect(created).toMatchObject({ value: { id: 'DE01-4100.2', status: 'ACTIVE', version: 1 } });
    expect(companyOf('DE01-4100.2')).toBe('DE01');
  });

  it('names everything that is wrong with a new one at once', () => {
    const input = {
      companyCode: 'XX01',
      code: 'a b',
      name: ' ',
      parentId: 'US01-1',
      managerId: 'approver',
    };
    const created = createCostCentre(input, {
      companyExists: false,
      parent: null,
      existing: COST_CENTRE,
    });
    const fields = created.ok
      ? []
      : created.problem.fields.map((field) => `${field.field} ${field.code}`);
    expect(fields).toEqual([
      'companyCode UNKNOWN_COMPANY',
      'code BAD_CODE',
      'code TAKEN',
      'name BAD_NAME',
      'parentId UNKNOWN_PARENT',
    ]);
  });
});
