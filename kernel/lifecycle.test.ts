import { describe, expect, it } from '@jest/globals';
import { flawsOf, legalEvents, step, toMermaid, walk } from './lifecycle.ts';
import type { Lifecycle } from './lifecycle.ts';

type State = 'DRAFT' | 'OPEN' | 'CLOSED';
type Event = 'open' | 'close' | 'reopen';
const door: Lifecycle<State, Event> = {
  entity: 'door',
  initial: 'DRAFT',
  transitions: { DRAFT: { open: 'OPEN' }, OPEN: { close: 'CLOSED' }, CLOSED: { reopen: 'OPEN' } },
};

describe('a lifecycle table', () => {
  it('leads from state to state', () => {
    expect(step(door, 'DRAFT', 'open')).toEqual({ ok: true, value: 'OPEN' });
    expect(legalEvents(door, 'OPEN')).toEqual(['close']);
  });

  it('refuses an illegal event and lists the legal ones', () => {
    expect(step(door, 'OPEN', 'open')).toEqual({
      ok: false,
      problem: {
        code: 'ILLEGAL_TRANSITION',
        message: 'A door in state OPEN does not accept "open". Legal now: close.',
        retryable: false,
        entity: 'door',
        state: 'OPEN',
        event: 'open',
        legalEvents: ['close'],
      },
    });
  });

  it('is walked state by event', () => {
    expect([...walk(door)]).toHaveLength(9);
    expect([...walk(door)].filter((pair) => pair.next !== undefined)).toHaveLength(3);
  });

  it('tells its own flaws', () => {
    expect(flawsOf(door)).toEqual([]);
    const broken = {
      ...door,
      transitions: { ...door.transitions, DRAFT: { open: 'AJAR' as State } },
    };
    expect(flawsOf(broken)).toEqual([
      'door: "DRAFT" leads to "AJAR", which is not in the table',
      'door: "OPEN" cannot be reached',
      'door: "CLOSED" cannot be reached',
    ]);
  });

  it('draws itself', () => {
    expect(toMermaid(door)).toBe(
      'stateDiagram-v2\n  [*] --> DRAFT\n  DRAFT --> OPEN: open\n  OPEN --> CLOSED: close\n  CLOSED --> OPEN: reopen',
    );
  });
});
