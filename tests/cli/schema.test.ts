import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createCliWorld, INVOICES, ORDERS } from './support.ts';
import type { CliWorld } from './support.ts';

const URL_OF_ORDERS = ['--url', 'orders=http://orders:4001/graphql'];
const BOTH = [
  '--subgraph',
  'orders=orders.graphql',
  '--subgraph',
  'invoices=invoices.graphql',
  ...URL_OF_ORDERS,
  '--url',
  'invoices=http://invoices:4001/graphql',
];
const WITHOUT_TOTAL = ORDERS.replace('  "What it costs."\n  total: String\n', '');
const WRONG_TYPE = ORDERS.replace('total: String', 'total: Money');

let world: CliWorld;

beforeAll(async () => {
  world = await createCliWorld();
  await Promise.all([
    world.file('orders.graphql', ORDERS),
    world.file('invoices.graphql', INVOICES),
    world.file('without-total.graphql', WITHOUT_TOTAL),
    world.file('wrong-type.graphql', WRONG_TYPE),
    world.file(
      'more.graphql',
      ORDERS.replace('note: String', 'note: String\n  "When."\n  placedOn: String'),
    ),
  ]);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

function dataOf(stdout: string): Record<string, unknown> {
  const { data } = JSON.parse(stdout) as { data: Record<string, unknown> };
  return data;
}

describe('a check', () => {
  it('passes, tells the versions on standard output, and its progress on standard error', async () => {
    const shop = await world.shop('checked');
    const more = await shop.run(['schema', 'check', '--subgraph', 'orders=more.graphql']);
    expect(more).toMatchObject({
      code: 0,
      stderr: 'Checking 1 subgraph of checked@production …\n',
    });
    expect(more.stdout).toContain('Schema check of checked@production: passed');
    expect(more.stdout).toContain("safe    Order.placedOn  Field 'placedOn' was added");
    expect(more.stdout).toContain('Versions: supergraph 1.1.0, orders 1.1.0.');
    expect(
      await shop.run(['schema', 'check', '--subgraph', 'orders=-', '--quiet'], { input: ORDERS }),
    ).toMatchObject({
      code: 0,
      stderr: '',
    });
  });

  it('fails with the exit code 1, and names the place of an error in a text of many lines', async () => {
    const shop = await world.shop('misplaced');
    const lines = WRONG_TYPE.split('\n');
    const line = lines.findIndex((text) => text.includes('Money')) + 1;
    const column = (lines[line - 1] ?? '').indexOf('Money') + 1;
    const words = ['schema', 'check', '--subgraph', 'orders=wrong-type.graphql'];
    const failed = await shop.run(words);
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain(`error wrong-type.graphql:${line}:${column} INVALID_GRAPHQL`);
    const github = await shop.run([...words, '--format', 'github']);
    expect(github.code).toBe(1);
    expect(github.stdout).toContain(
      `::error file=wrong-type.graphql,line=${line},col=${column},title=INVALID_GRAPHQL`,
    );
  });

  it('says where what was removed was taken from, and how to have it permitted', async () => {
    const shop = await world.shop('removed');
    const failed = await shop.run([
      'schema',
      'check',
      '--subgraph',
      'orders=without-total.graphql',
    ]);
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain('error without-total.graphql:11:6 REMOVED_WITHOUT_SUNSET');
    expect(failed.stdout).toMatch(/breaking {2}Order.total .* [0-9a-f]{64}/);
    expect(failed.stdout).toMatch(/overrides request --check \S{36} --reason/);
  });

  it('answers in every format, with the same exit code', async () => {
    const shop = await world.shop('formatted');
    const words = ['schema', 'check', '--subgraph', 'orders=without-total.graphql'];
    const [json, sarif, junit] = await Promise.all(
      ['json', 'sarif', 'junit'].map((format) => shop.run([...words, '--format', format])),
    );
    expect([json?.code, sarif?.code, junit?.code]).toEqual([1, 1, 1]);
    expect(JSON.parse(json?.stdout ?? '')).toMatchObject({
      schemaVersion: 1,
      ok: false,
      data: { result: { conclusion: 'FAILED', changes: [{ type: 'FIELD_REMOVED' }] } },
      error: null,
    });
    expect(JSON.parse(sarif?.stdout ?? '')).toMatchObject({
      version: '2.1.0',
      runs: [
        { results: [{ ruleId: 'REMOVED_WITHOUT_SUNSET', level: 'error' }, { level: 'warning' }] },
      ],
    });
    expect(junit?.stdout).toContain(
      '<testcase classname="Schema check of formatted@production" name="deprecation">',
    );
    expect(junit?.stdout).toContain('tests="9" failures="1"');
  });

  it('writes a summary of the run, and the data into a file', async () => {
    const shop = await world.shop('summed-up');
    const words = [
      'schema',
      'check',
      '--subgraph',
      'orders=without-total.graphql',
      '--format',
      'github',
    ];
    const env = { GITHUB_STEP_SUMMARY: `${world.folder}/summary.md` };
    const run = await shop.run([...words, '--output', 'annotations.txt'], { env });
    expect(run).toMatchObject({ code: 1, stdout: '' });
    expect(await world.read('annotations.txt')).toContain(
      '::error file=without-total.graphql,line=11',
    );
    expect(await world.read('summary.md')).toContain('### ❌ Schema check of summed-up@production');
  });

  it('takes its subgraphs from the configuration file', async () => {
    const shop = await world.shop('configured');
    const subgraphs = { orders: { file: 'more.graphql' }, invoices: { file: 'invoices.graphql' } };
    const config = { registry: world.url, graph: 'configured@production', subgraphs };
    await world.file('shop.json', JSON.stringify(config));
    const env = { CONCORD_TOKEN: shop.env['CONCORD_TOKEN'] ?? '' };
    const run = await world.run(['schema', 'check', '--config', 'shop.json'], { env });
    expect(run).toMatchObject({ code: 0 });
    expect(run.stdout).toContain('orders 1.1.0');
  });

  it('lints what changed, and nothing else', async () => {
    const shop = await world.shop('linted');
    await world.file(
      'undescribed.graphql',
      ORDERS.replace('note: String', 'note: String\n  bare: String'),
    );
    const run = await shop.run(['schema', 'lint', '--subgraph', 'orders=undescribed.graphql']);
    expect(run.code).toBe(1);
    expect(run.stdout).toContain('error undescribed.graphql:18:3 described');
    expect(run.stdout).not.toContain('composition');
  });

  it('is shown again by its id', async () => {
    const shop = await world.shop('shown');
    const made = await shop.run([
      'schema',
      'check',
      '--subgraph',
      'orders=more.graphql',
      '--format',
      'json',
    ]);
    const id = String(dataOf(made.stdout)['id']);
    const shown = await shop.run(['schema', 'show-check', id]);
    expect(shown).toMatchObject({ code: 0 });
    expect(shown.stdout).toContain(`Check ${id}: passed`);
  });
});

describe('a publication', () => {
  it('brings several subgraphs at once, once', async () => {
    const shop = await world.shop('together');
    const again = await shop.run(['schema', 'publish', ...BOTH]);
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('Everything was current already');
    const list = await shop.run(['schema', 'history']);
    expect(list.stdout).toMatch(/^1 +1\.0\.0 +publish /m);
  });

  it('that fails its check stores nothing', async () => {
    const shop = await world.shop('refused');
    const words = ['schema', 'publish', '--subgraph', 'orders=without-total.graphql'];
    const failed = await shop.run(words);
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain('Nothing was published.');
    expect(JSON.parse((await shop.run([...words, '--format', 'json'])).stdout)).toMatchObject({
      ok: false,
      data: { code: 'CHECK_FAILED' },
    });
    expect((await shop.run(['schema', 'fetch', '--subgraph', 'orders'])).stdout).toBe(ORDERS);
  });

  it('that understates its change is refused with the change that proves it', async () => {
    const shop = await world.shop('understated');
    const words = [
      'schema',
      'publish',
      '--subgraph',
      'orders=more.graphql',
      '--as-version',
      'orders=1.0.1',
    ];
    const failed = await shop.run(words);
    expect(failed.code).toBe(1);
    expect(failed.stdout).toMatch(/VERSION_UNDERSTATED: .*placedOn/);
  });

  it('tells author and commit', async () => {
    const shop = await world.shop('authored');
    const env = { GITHUB_SHA: 'c0ffee', CONCORD_AUTHOR: 'Ada' };
    await shop.run(['schema', 'publish', '--subgraph', 'orders=more.graphql'], { env });
    const list = await shop.run(['schema', 'history', '--format', 'json']);
    expect(JSON.parse(list.stdout)).toMatchObject({
      data: [{ number: 2, author: 'Ada', commit: 'c0ffee' }, { number: 1 }],
    });
    const ofOne = await shop.run(['schema', 'history', '--subgraph', 'orders']);
    expect(ofOne.stdout).toMatch(/^2 +1\.1\.0 .* Ada +c0ffee/m);
  });
});

describe('versions', () => {
  it('are fetched as they were sent, compared, rolled back and promoted', async () => {
    const shop = await world.shop('versioned');
    await shop.run(['schema', 'publish', '--subgraph', 'orders=more.graphql']);
    const old = await shop.run(['schema', 'fetch', '--subgraph', 'orders', '--version-of', '1']);
    expect(old.stdout).toBe(ORDERS);
    const api = await shop.run(['schema', 'fetch', '--what', 'api', '--version-of', '1.1.0']);
    expect(api.stdout).toContain('placedOn');
    expect(api.stdout).not.toContain('@join');
    expect((await shop.run(['schema', 'fetch'])).stdout).toContain('@join__type');
    const diff = await shop.run(['schema', 'diff', '1']);
    expect(diff.stdout).toContain("Field 'placedOn' was added");
    const back = await shop.run([
      'schema',
      'rollback',
      '--to',
      '1',
      '--reason',
      'It was too early.',
    ]);
    expect(back).toMatchObject({ code: 0 });
    expect(back.stdout).toContain('breaking  Order.placedOn');
    expect(back.stdout).toContain('number 3');
    const staging = ['--graph', 'versioned@staging'];
    const up = await shop.run(['schema', 'promote', '--from', 'versioned@production', ...staging]);
    expect(up).toMatchObject({ code: 0 });
    const found = await shop.run(['schema', 'search', 'billed', ...staging]);
    expect(found.stdout).toMatch(/^Order\.invoices +field +\[Invoice!\] +What was billed\./m);
  });

  it('that are not there are told with the exit code 3', async () => {
    const shop = await world.shop('numbered');
    for (const version of ['7', '9.9.9', '01990f1e-7d4c-7b6a-9d5e-2f1d3c4b5a69']) {
      const run = await shop.run(['schema', 'fetch', '--version-of', version]);
      expect(run).toMatchObject({ code: 3, stderr: expect.stringContaining('NOT_FOUND') });
    }
    expect(await shop.run(['schema', 'fetch', '--version-of', 'newest'])).toMatchObject({
      code: 2,
    });
  });

  it('lose a subgraph only if that breaks nobody, and dry runs say so before', async () => {
    const shop = await world.shop('thinner');
    const dry = await shop.run(['schema', 'delete', 'invoices', '--dry-run']);
    expect(dry.code).toBe(1);
    expect(dry.stdout).toContain('Taking invoices out of thinner@production (dry run): failed');
    expect(dry.stdout).toContain('Order.invoices');
    expect(await shop.run(['schema', 'retire', 'invoices'])).toMatchObject({ code: 1 });
    const policy = ['--set', 'breaking.fails=false', '--set', 'deprecation.removalGated=false'];
    expect(await shop.run(['target', 'policy', 'set', ...policy])).toMatchObject({ code: 0 });
    const done = await shop.run(['schema', 'delete', 'invoices']);
    expect(done).toMatchObject({ code: 0 });
    expect((await shop.run(['schema', 'fetch', '--what', 'api'])).stdout).not.toContain('Invoice');
  });
});
