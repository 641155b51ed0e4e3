import { describe, expect, it } from '@jest/globals';
import { createHealthChecks, isReady, verboseReadiness } from './health-checks.ts';
import type { Ailment, HealthCheck } from './health-checks.ts';

let now = new Date('2026-11-01T08:00:00Z');
const clock = { now: () => now };
const minutesLater = (minutes: number): void => {
  now = new Date(now.getTime() + minutes * 60_000);
};

function world() {
  const ailing = new Map<string, Ailment>();
  const check = (name: string, isRequired: boolean): HealthCheck => ({
    name,
    isRequired,
    look: async () => ailing.get(name) ?? null,
  });
  const checks = createHealthChecks(
    () => [check('supergraph', true), check('subgraph suppliers', false)],
    clock,
  );
  return { ailing, checks };
}

const asText = { headers: {} };
const asJson = { headers: { accept: 'application/json' } };

describe('readiness, told in full', () => {
  it('names every check on a line, and since when it is as it is', async () => {
    now = new Date('2026-11-01T08:00:00Z');
    const { ailing, checks } = world();
    await checks.findings();
    minutesLater(1);
    ailing.set('subgraph suppliers', { reason: 'unreachable' });
    await checks.findings();
    minutesLater(1);
    expect(verboseReadiness(await checks.findings(), asText)).toEqual({
      status: 200,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: [
        '[+]supergraph ok since 2026-11-01T08:00:00.000Z',
        '[-]subgraph suppliers failing since 2026-11-01T08:01:00.000Z: unreachable (not required)',
        'readyz check passed',
        '',
      ].join('\n'),
    });
  });

  it('fails by what is required alone', async () => {
    const { ailing, checks } = world();
    ailing.set('subgraph suppliers', { reason: 'unreachable' });
    expect(isReady(await checks.findings())).toBe(true);
    ailing.set('supergraph', { reason: 'none is loaded' });
    const findings = await checks.findings();
    expect(isReady(findings)).toBe(false);
    const reply = verboseReadiness(findings, asText);
    expect(reply.status).toBe(503);
    expect(reply.body).toMatch(/^\[-\]supergraph failing since \S+: none is loaded$/m);
    expect(reply.body).toMatch(/readyz check failed\n$/);
  });

  it('counts anew when a check recovers, and takes a check’s own word for the time', async () => {
    now = new Date('2026-11-01T08:00:00Z');
    const { ailing, checks } = world();
    const since = new Date('2026-11-01T07:00:00Z');
    ailing.set('supergraph', { reason: 'none is loaded', since });
    expect((await checks.findings())[0]).toMatchObject({ since });
    minutesLater(5);
    ailing.clear();
    expect((await checks.findings())[0]).toMatchObject({ reason: null, since: now });
  });

  it('is JSON for whoever asks for it', async () => {
    now = new Date('2026-11-01T08:00:00Z');
    const { ailing, checks } = world();
    ailing.set('subgraph suppliers', { reason: 'time-out' });
    const reply = verboseReadiness(await checks.findings(), asJson);
    const since = '2026-11-01T08:00:00.000Z';
    expect(JSON.parse(reply.body as string)).toEqual({
      status: 'ready',
      checks: [
        { name: 'supergraph', state: 'ok', since, required: true },
        {
          name: 'subgraph suppliers',
          state: 'failing',
          reason: 'time-out',
          since,
          required: false,
        },
      ],
    });
  });
});
