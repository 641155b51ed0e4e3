import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createCliWorld, ORDERS } from './support.ts';
import type { CliGraph, CliWorld } from './support.ts';

let world: CliWorld;
let shop: CliGraph;

beforeAll(async () => {
  world = await createCliWorld();
  shop = await world.graph('shop');
  await world.file('orders.graphql', ORDERS);
  const publish = [
    'schema',
    'publish',
    '--subgraph',
    'orders=orders.graphql',
    '--url',
    'orders=http://o',
  ];
  expect(await shop.run(publish)).toMatchObject({ code: 0 });
  for (const subject of ['type:Order', 'type:Query', 'subgraph:orders'])
    await shop.run(['target', 'owners', 'set', subject, '--team', 'Orders', '--member', 'ada']);
  await world.graph('other');
  await Promise.all([
    shop.run(['history', 'export', '--output', 'history.ndjson']),
    shop.run(['target', 'keys', 'list', '--published', '--output', 'keys.json']),
    shop.run(['history', 'checkpoint', '--output', 'checkpoint.txt']),
  ]);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

/** Offline: without a registry, a graph or a token. */
async function verify(name: string, lines: readonly string[], ...more: readonly string[]) {
  await world.file(name, `${lines.join('\n')}\n`);
  return world.run(['history', 'verify', '--export', name, '--keys', 'keys.json', ...more]);
}

async function exported(): Promise<string[]> {
  return (await world.read('history.ndjson')).trimEnd().split('\n');
}

function entryLines(lines: readonly string[]): number[] {
  return lines.flatMap((line, index) => (line.includes('"type":"entry"') ? [index] : []));
}

describe('the history', () => {
  it('is listed, newest first, and by what was done', async () => {
    const all = await shop.run(['history', 'list', '--whole-graph']);
    expect(all.code).toBe(0);
    expect(all.stdout.split('\n')[1]).toMatch(/architect +owner\.\S+ +subgraph:orders/);
    const one = await shop.run([
      'history',
      'list',
      '--action',
      'schema.published',
      '--format',
      'json',
    ]);
    expect(JSON.parse(one.stdout)).toMatchObject({ data: [{ subject: 'subgraph:orders' }] });
    const pages = await shop.run(['history', 'list', '--first', '2']);
    expect(pages.stdout.trimEnd().split('\n')).toHaveLength(3);
  });

  it('is verified from an export, offline', async () => {
    const lines = await exported();
    const run = await verify('whole.ndjson', lines, '--checkpoint', 'checkpoint.txt');
    expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining('The history is whole') });
    const piped = await world.run(['history', 'verify', '--export', '-', '--keys', 'keys.json'], {
      input: lines.join('\n'),
    });
    expect(piped.code).toBe(0);
  });

  it('names the first entry that was edited', async () => {
    const lines = await exported();
    const [, second = 0] = entryLines(lines);
    const { seq } = JSON.parse(lines[second] ?? '') as { seq: number };
    const edited = lines.with(second, (lines[second] ?? '').replace('"actor":"', '"actor":"not-'));
    const run = await verify('edited.ndjson', edited);
    expect(run.code).toBe(1);
    expect(run.stdout.split('\n')[2]).toMatch(new RegExp(`ENTRY_EDITED .*entry ${seq} was edited`));
  });

  it('names the first entry that was removed', async () => {
    const lines = await exported();
    const [, second = 0] = entryLines(lines);
    const { seq } = JSON.parse(lines[second] ?? '') as { seq: number };
    const run = await verify('removed.ndjson', lines.toSpliced(second, 1));
    expect(run.code).toBe(1);
    expect(run.stdout.split('\n')[2]).toContain(
      `ENTRY_REMOVED Before entry ${seq + 1}, ${seq} is missing.`,
    );
  });

  it('names entries that were put elsewhere', async () => {
    const lines = await exported();
    const [, second = 0, third = 0] = entryLines(lines);
    const swapped = lines.with(second, lines[third] ?? '').with(third, lines[second] ?? '');
    const run = await verify('swapped.ndjson', swapped, '--format', 'json');
    expect(run.code).toBe(1);
    const { data } = JSON.parse(run.stdout) as { data: { problems: { code: string }[] } };
    expect(data.problems.map(({ code }) => code)).toContain('ENTRY_REORDERED');
  });

  it('names an end that was cut off, by a checkpoint that was kept elsewhere', async () => {
    const lines = await exported();
    const last = entryLines(lines).at(-1) ?? 0;
    const run = await verify('cut.ndjson', lines.slice(0, last), '--checkpoint', 'checkpoint.txt');
    expect(run.code).toBe(1);
    expect(run.stdout).toContain('TRUNCATED');
  });

  it('believes no key that was not given, and says what is no keys file or export', async () => {
    await world.file('foreign.txt', `${'A'.repeat(43)}\n`);
    const foreign = ['history', 'verify', '--export', 'history.ndjson', '--keys', 'foreign.txt'];
    expect(await world.run(foreign)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('UNSIGNED'),
    });
    const noKeys = ['history', 'verify', '--export', 'history.ndjson', '--keys', 'history.ndjson'];
    expect(await world.run(noKeys)).toMatchObject({ code: 2 });
    const noExport = ['history', 'verify', '--export', 'keys.json', '--keys', 'keys.json'];
    expect(await world.run(noExport)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('UNREADABLE'),
    });
    const gone = ['history', 'verify', '--export', 'gone.ndjson', '--keys', 'keys.json'];
    expect(await world.run(gone)).toMatchObject({ code: 2 });
  });
});
