import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createCliWorld, ORDERS } from './support.ts';
import type { CliWorld } from './support.ts';

const WITHOUT_TOTAL = ORDERS.replace('  "What it costs."\n  total: String\n', '');
const WITHOUT_NOTE = ORDERS.replace('  "What was said."\n  note: String\n', '');
const PLACED = {
  type: 'object',
  properties: { number: { type: 'string' } },
  required: ['number'],
};

let world: CliWorld;

beforeAll(async () => {
  world = await createCliWorld();
  await Promise.all([
    world.file('orders.graphql', ORDERS),
    world.file('without-total.graphql', WITHOUT_TOTAL),
    world.file('without-note.graphql', WITHOUT_NOTE),
    world.file('placed.json', JSON.stringify(PLACED)),
    world.file(
      'placed-number.json',
      JSON.stringify({ ...PLACED, properties: { number: { type: 'integer' } } }),
    ),
  ]);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

function dataOf(stdout: string): Record<string, unknown> {
  return (JSON.parse(stdout) as { data: Record<string, unknown> }).data;
}

const second = async (): Promise<Record<string, string>> => ({
  CONCORD_TOKEN: await world.person('second-architect', 'architect'),
});

describe('an override', () => {
  it('is asked for by one person, granted by another, and lets exactly its change pass', async () => {
    const shop = await world.shop('overridden');
    const check = ['schema', 'check', '--subgraph', 'orders=without-total.graphql'];
    const failed = dataOf((await shop.run([...check, '--format', 'json'])).stdout);
    const asked = await shop.run([
      'deprecation',
      'overrides',
      'request',
      '--check',
      String(failed['id']),
      '--reason',
      'The portal moved yesterday.',
      '--format',
      'json',
    ]);
    const [override, ...others] = dataOf(asked.stdout) as unknown as { id: string }[];
    expect(others).toEqual([]);
    const id = override?.id ?? '';
    const own = await shop.run(['deprecation', 'overrides', 'grant', id]);
    expect(own).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('SEGREGATION_OF_DUTIES'),
    });
    const list = await shop.run(['deprecation', 'overrides', 'list', '--state', 'requested']);
    expect(list.stdout).toContain(id);
    const granted = await shop.run(
      ['deprecation', 'overrides', 'grant', id, '--comment', 'Seen.'],
      {
        env: await second(),
      },
    );
    expect(granted).toMatchObject({ code: 0, stdout: expect.stringContaining('granted') });
    const passed = await shop.run(check);
    expect(passed).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('accepted: override'),
    });
    const other = await shop.run(['schema', 'check', '--subgraph', 'orders=without-note.graphql']);
    expect(other.code).toBe(1);
  });
});

describe('a proposal', () => {
  it('is created, opened, discussed, revised, signed off by another, and closed', async () => {
    const shop = await world.shop('proposed');
    await shop.run(['target', 'policy', 'set', '--set', 'review.required=always']);
    const subgraph = ['--subgraph', 'orders=without-total.graphql'];
    const made = await shop.run(['proposal', 'create', '--title', 'Totals go', ...subgraph]);
    expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/state +draft/) });
    expect(await shop.run(['proposal', 'open', '1'])).toMatchObject({ code: 0 });
    const signOff = ['proposal', 'sign-off', '1', '--revision', '1'];
    expect(await shop.run(signOff)).toMatchObject({ code: 4 });
    const asked = ['proposal', 'request-changes', '1', '--revision', '1', '--comment', 'Keep it.'];
    const env = await second();
    const changes = await shop.run(asked, { env });
    expect(changes).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('changes requested'),
    });
    const revise = ['proposal', 'revise', '1', '--summary', 'Only the note'];
    await shop.run([...revise, '--subgraph', 'orders=without-note.graphql']);
    expect(await shop.run(signOff, { env })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('VERSION_CONFLICT'),
    });
    const signed = await shop.run(['proposal', 'sign-off', '1', '--revision', '2'], { env });
    expect(signed).toMatchObject({ code: 0, stdout: expect.stringContaining('signed off') });
    await shop.run([
      'proposal',
      'comment',
      '1',
      '--body',
      'Thanks.\n::notice::x',
      '--coordinate',
      'Order.note',
    ]);
    const shown = await shop.run(['proposal', 'show', '1']);
    expect(shown.stdout).toContain('architect: Thanks.\n    : :notice::x');
    expect(shown.stdout).toMatch(/second-architect signed off all of it \(revision 2\)/);
    const list = await shop.run(['proposal', 'list', '--state', 'signed-off']);
    expect(list.stdout).toMatch(/^1 +signed off +Totals go +architect/m);
    expect(await shop.run(['proposal', 'close', '1', '--reason', 'Not now.'])).toMatchObject({
      code: 0,
    });
    expect(await shop.run(['proposal', 'open', '1'])).toMatchObject({ code: 1 });
    expect(await shop.run(['proposal', 'show', '9'])).toMatchObject({ code: 3 });
  });
});

describe('contracts', () => {
  it('are set, listed, fetched and removed', async () => {
    const shop = await world.shop('filtered');
    const set = await shop.run([
      'contract',
      'set',
      'portal',
      '--exclude',
      'internal',
      '--forbid',
      'bank',
    ]);
    expect(set).toMatchObject({ code: 0, stdout: expect.stringContaining('portal is defined') });
    const list = await shop.run(['contract', 'list']);
    expect(list.stdout).toMatch(/^portal +everything +internal +bank/m);
    const sdl = await shop.run(['schema', 'fetch', '--contract', 'portal', '--what', 'api']);
    expect(sdl.stdout).toContain('type Order');
    expect(await shop.run(['contract', 'remove', 'portal'])).toMatchObject({ code: 0 });
    expect(await shop.run(['schema', 'fetch', '--contract', 'portal'])).toMatchObject({ code: 3 });
    expect(await shop.run(['contract', 'remove', 'portal'])).not.toMatchObject({ code: 0 });
  });
});

describe('event contracts', () => {
  const event = ['--owner', 'orders', '--event'];

  it('are published, checked in every format, refused, documented and retired', async () => {
    const shop = await world.shop('eventful');
    const first = await shop.run([
      'event',
      'publish',
      ...event,
      'shop.order.placed.v1=placed.json',
    ]);
    expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining('initial: 1.0.0') });
    const wrong = [...event, 'shop.order.placed.v1=placed-number.json'];
    const check = await shop.run(['event', 'check', ...wrong]);
    expect(check.code).toBe(1);
    expect(check.stdout).toMatch(/error placed-number\.json [A-Z_]+: /);
    const github = await shop.run(['event', 'check', ...wrong, '--format', 'github']);
    expect(github.stdout).toContain('::error file=placed-number.json,title=');
    const junit = await shop.run(['event', 'check', ...wrong, '--format', 'junit']);
    expect(junit.stdout).toContain('<failure type="error"');
    expect(await shop.run(['event', 'publish', ...wrong])).toMatchObject({ code: 1 });
    expect((await shop.run(['event', 'list'])).stdout).toMatch(
      /^shop\.order\.placed\.v1 +1\.0\.0 +orders/m,
    );
    expect((await shop.run(['event', 'show', 'shop.order.placed.v1'])).stdout).toContain(
      '"number"',
    );
    const document = await shop.run(['event', 'asyncapi']);
    expect(JSON.parse(document.stdout)).toMatchObject({ asyncapi: expect.stringMatching(/^3\./) });
    const dry = await shop.run(['event', 'retire', 'shop.order.placed.v1', '--dry-run']);
    expect(dry.stdout).toContain('would be retired');
    expect(await shop.run(['event', 'retire', 'shop.order.placed.v1'])).toMatchObject({ code: 0 });
    expect((await shop.run(['event', 'list'])).stdout).toContain('There are no event contracts.');
    expect(await shop.run(['event', 'asyncapi'])).toMatchObject({ code: 3 });
  });
});

describe('clients and deprecations', () => {
  it('are listed, shown, pinned and let go', async () => {
    const shop = await world.shop('used');
    const pin = ['client', 'pin', 'portal', '--major', '1', '--reason', 'Period close.'];
    expect(await shop.run(pin)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('major version 1'),
    });
    expect((await shop.run(['client', 'list'])).stdout).toMatch(/^portal .* major 1/m);
    const shown = await shop.run(['client', 'show', 'portal', '--deprecated']);
    expect(shown.stdout).toContain('It used nothing within these days.');
    expect(await shop.run(['client', 'unpin', 'portal', '--reason', 'It moved.'])).toMatchObject({
      code: 0,
    });
    expect((await shop.run(['client', 'gateways'])).stdout).toContain('No gateway ever reported.');
    const gone = await shop.run(['client', 'retire-gateway', 'nobody', '--reason', 'Gone.']);
    expect(gone).toMatchObject({ code: 3 });
    const sunset = ORDERS.replace(
      'note: String',
      'note: String @deprecated(reason: "Say it in remarks.") @sunset(on: "2099-12-31", owner: "orders", replacement: "Order.remarks")',
    ).replace(
      'import: ["@key"])',
      'import: ["@key", "@composeDirective"])\n  @link(url: "https://concord.example/sunset/v1.0", import: ["@sunset"])\n  @composeDirective(name: "@sunset")',
    );
    const sdl = `${sunset}\n"A date."\nscalar Date\n"Its end."\ndirective @sunset("When." on: Date!, "What." replacement: String, "Who." owner: String!) on FIELD_DEFINITION\n`;
    await world.file('sunset.graphql', sdl);
    const announced = await shop.run(['schema', 'publish', '--subgraph', 'orders=sunset.graphql']);
    expect(announced).toMatchObject({ code: 0 });
    const calendar = await shop.run(['deprecation', 'list']);
    expect(calendar.stdout).toMatch(/^2099-12-31 +Order\.note +Order\.remarks +orders/m);
  });
});

describe('a target', () => {
  it('has owners, freeze windows and a policy', async () => {
    const shop = await world.shop('governed');
    const owner = ['target', 'owners', 'set', 'type:Order', '--team', 'Orders', '--member', 'ada'];
    expect(await shop.run(owner)).toMatchObject({ code: 0 });
    expect((await shop.run(['target', 'owners', 'list'])).stdout).toMatch(
      /^type:Order +Orders +ada/m,
    );
    expect(await shop.run(['target', 'owners', 'remove', 'type:Order'])).toMatchObject({ code: 0 });
    const window = ['--from', '2098-12-30T18:00:00Z', '--until', '2099-01-05T06:00:00+01:00'];
    const frozen = await shop.run([
      'target',
      'freeze',
      'create',
      ...window,
      '--reason',
      'Year end',
      '--format',
      'json',
    ]);
    expect(dataOf(frozen.stdout)).toMatchObject({
      kind: 'BOTH',
      endsAt: '2099-01-05T05:00:00.000Z',
    });
    const id = String(dataOf(frozen.stdout)['id']);
    expect((await shop.run(['target', 'freeze', 'list'])).stdout).toContain(id);
    expect(await shop.run(['target', 'freeze', 'cancel', id])).toMatchObject({ code: 0 });
    const local = [
      'target',
      'freeze',
      'create',
      '--from',
      '2098-12-30',
      '--until',
      'x',
      '--reason',
      'y',
    ];
    expect(await shop.run(local)).toMatchObject({ code: 2 });
    const set = [
      '--set',
      'deprecation.noticeDays=120',
      '--set',
      'usage.excludedClients=a,b',
      '--rule',
      'owned=off',
    ];
    const changed = await shop.run(['target', 'policy', 'set', ...set]);
    expect(changed.stdout).toContain('deprecation.noticeDays');
    const policy = await shop.run(['target', 'policy', 'show']);
    expect(policy.stdout).toMatch(/^deprecation\.noticeDays +120$/m);
    expect(policy.stdout).toMatch(/^usage\.excludedClients +a,b$/m);
    expect(policy.stdout).toMatch(/^owned +off +here$/m);
    const back = await shop.run([
      'target',
      'policy',
      'set',
      '--set',
      'deprecation.noticeDays=default',
    ]);
    expect(back).toMatchObject({ code: 0 });
    expect((await shop.run(['target', 'policy', 'show'])).stdout).toMatch(
      /^deprecation\.noticeDays +90$/m,
    );
  });

  it('is created, with tokens that work until they are revoked', async () => {
    const shop = await world.graph('tokens');
    const graph = await shop.run(['target', 'create', 'payroll', '--title', 'Payroll']);
    expect(graph.stdout).toMatch(/^payroll@production +\S{36}$/m);
    expect(await shop.run(['target', 'create', 'payroll@acceptance'])).toMatchObject({ code: 0 });
    expect((await shop.run(['target', 'list'])).stdout).toContain('payroll@acceptance');
    const create = ['target', 'tokens', 'create', '--title', 'pipeline', '--action', 'schema:read'];
    const made = await shop.run([
      ...create,
      '--action',
      'schema:check',
      '--days',
      '7',
      '--format',
      'json',
    ]);
    const { token, accessToken } = dataOf(made.stdout) as {
      token: string;
      accessToken: { id: string };
    };
    expect(token).toMatch(/^hvo1\//);
    const env = { CONCORD_TOKEN: token };
    expect(await shop.run(['schema', 'history'], { env })).toMatchObject({ code: 0 });
    expect(await shop.run(create, { env })).toMatchObject({ code: 4 });
    const list = await shop.run(['target', 'tokens', 'list']);
    expect(list.stdout).toMatch(/pipeline +…\S{4} +tokens@production +schema:read schema:check/);
    expect(list.stdout).not.toContain(token);
    expect(await shop.run(['target', 'tokens', 'revoke', accessToken.id])).toMatchObject({
      code: 0,
    });
    expect(await shop.run(['schema', 'history'], { env })).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('TOKEN_REVOKED'),
    });
    expect((await shop.run(['target', 'tokens', 'list'])).stdout).toContain('There are no tokens.');
    expect((await shop.run(['target', 'tokens', 'list', '--all'])).stdout).toContain('revoked');
  });

  it('has its signing key rotated, and the new one is endorsed by the one before', async () => {
    const shop = await world.shop('signed');
    const before = await shop.run(['target', 'keys', 'list', '--format', 'json']);
    const [first] = dataOf(before.stdout) as unknown as { kid: string }[];
    expect(await shop.run(['target', 'keys', 'rotate', '--reason', 'Yearly'])).toMatchObject({
      code: 0,
    });
    expect((await shop.run(['target', 'keys', 'list'])).stdout).toContain('retired');
    const doctor = await shop.run(['doctor', '--key', first?.kid ?? '']);
    expect(doctor).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('A chain of endorsements'),
    });
  });
});
