import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  circles,
  file,
  importsOf,
  isPackage,
  ROOT,
  sourceFiles,
  undescribed,
} from './support/source.ts';
import type { Import, SourceFile } from './support/source.ts';

/** A law: what breaks it in these files, and a planted breach that it must find, so that it cannot go blind. */
interface Law {
  readonly name: string;
  readonly breaches: (files: readonly SourceFile[]) => string[];
  readonly planted: readonly SourceFile[];
}

/** Who may import whom. `itself` is the room's own folder; `types of` allows `import type` only. */
const ROOMS: readonly { room: RegExp; may: readonly RegExp[]; typesOf: readonly RegExp[] }[] = [
  { room: /^kernel\//, may: [/^kernel\//], typesOf: [] },
  {
    room: /^subgraphs\/[^/]+\//,
    may: [/^kernel\//],
    typesOf: [/^subgraphs\/[^/]+\/events\.ts$/, /^integration\/events\.ts$/],
  },
  { room: /^integration\//, may: [/^kernel\//], typesOf: [/^subgraphs\/[^/]+\/events\.ts$/] },
  { room: /^schema-registry\//, may: [/^kernel\//], typesOf: [] },
  { room: /^gateway\//, may: [/^kernel\//], typesOf: [] },
  { room: /^cli\//, may: [/^kernel\//], typesOf: [] },
  { room: /^console\//, may: [], typesOf: [] },
  { room: /^hub\/erp-simulator\//, may: [], typesOf: [] },
  {
    room: /^hub\//,
    may: [/^kernel\//, /^(gateway|integration|schema-registry|subgraphs\/[^/]+)\/main\.ts$/],
    typesOf: [],
  },
  { room: /^tests\//, may: [/./], typesOf: [/./] },
];

/** Support of tests that lies beside them; it may do what a test may. */
const TEST_FILE = /\.test\.ts$|(^|[/-])world\.ts$|\/test-world\/|\/test-room\.ts$|^tests\//;
const PURE_KERNEL =
  /^kernel\/(money|decimal|lifecycle|event|problem|id|json|clock|identity|retry)\.ts$/;
const PURE_PACKAGES = /^(stdnum|ibantools|saxes|node:crypto|node:buffer)$/;

const LAWS: readonly Law[] = [
  {
    name: 'a room imports only what the table of rooms allows',
    breaches: (files) =>
      importsOf(files)
        .filter((edge) => !isPackage(edge.to) && !allowed(edge))
        .map(arrow),
    planted: [
      file('subgraphs/invoices/match.ts', "import { fold } from '../budgets/ledger.ts';"),
      file('kernel/money.ts', "import type { Viewer } from '../subgraphs/invoices/events.ts';"),
      file('gateway/limits.ts', "import { publish } from '../schema-registry/publication.ts';"),
    ],
  },
  {
    name: 'a lifecycle table, and whatever lies in domain/, imports only pure code',
    breaches: (files) =>
      importsOf(files.filter(isNoun))
        .filter((edge) => !edge.typeOnly && !isPure(edge.to))
        .map(arrow),
    planted: [
      file(
        'subgraphs/invoices/domain/match.ts',
        "import { openDatabase } from '#kernel/database.ts';",
      ),
      file(
        'subgraphs/budgets/ledger.ts',
        "import { readFile } from 'node:fs';\nconst table: Lifecycle<A, B> = {};",
      ),
    ],
  },
  {
    name: 'events.ts holds types only',
    breaches: (files) =>
      files
        .filter(
          (source) =>
            source.path.endsWith('/events.ts') &&
            /^export (const|function|class|let)/m.test(source.text),
        )
        .map((source) => source.path),
    planted: [file('subgraphs/invoices/events.ts', 'export const posted = 1;')],
  },
  {
    name: 'nobody imports a composition root but the hub and tests',
    breaches: (files) =>
      importsOf(files)
        .filter(
          (edge) =>
            edge.to.endsWith('/main.ts') &&
            !edge.from.startsWith('hub/') &&
            !TEST_FILE.test(edge.from),
        )
        .map(arrow),
    planted: [file('gateway/limits.ts', "import { startGateway } from './main.ts';")],
  },
  {
    name: 'no import goes in a circle',
    breaches: (files) => circles(importsOf(files).filter((edge) => !isPackage(edge.to))),
    planted: [
      file('kernel/a.ts', "import { b } from './b.ts';"),
      file('kernel/b.ts', "import { a } from './a.ts';"),
    ],
  },
  {
    name: 'a file has at most 400 lines',
    breaches: (files) =>
      files
        .filter((source) => source.path.endsWith('.ts') && source.text.split('\n').length > 401)
        .map((source) => source.path),
    planted: [file('kernel/long.ts', 'x\n'.repeat(402))],
  },
  {
    name: 'no file or folder has a name that says nothing',
    breaches: (files) =>
      files
        .filter((source) =>
          /(^|\/)(utils?|helpers?|common|types|index|constants|misc|services|repositories|managers)(\.|\/)/.test(
            source.path,
          ),
        )
        .map((source) => source.path),
    planted: [file('gateway/utils/text.ts', ''), file('kernel/index.ts', '')],
  },
  {
    name: 'the environment is read in kernel/config.ts and composition roots only',
    breaches: (files) =>
      productCode(files)
        .filter(
          (source) =>
            source.text.includes('process.env') &&
            !/(^kernel\/config|\/main|^hub\/token)\.ts$/.test(source.path),
        )
        .map((source) => source.path),
    planted: [file('gateway/limits.ts', 'const depth = process.env.DEPTH;')],
  },
  {
    name: 'the time is asked of kernel/clock.ts only',
    breaches: (files) =>
      productCode(files)
        .filter(
          (source) =>
            /new Date\(\)|Date\.now\(\)/.test(source.text) &&
            source.path !== 'kernel/clock.ts' &&
            !source.path.startsWith('hub/'),
        )
        .map((source) => source.path),
    planted: [file('gateway/limits.ts', 'const now = Date.now();')],
  },
  {
    name: 'nothing is exported by default and nothing is re-exported',
    breaches: (files) =>
      files
        .filter(
          (source) =>
            source.path.endsWith('.ts') &&
            /^export (default|\*|\{[^}]*\} from|type \{[^}]*\} from)/m.test(source.text),
        )
        .map((source) => source.path),
    planted: [
      file('kernel/barrel.ts', "export * from './money.ts';"),
      file('gateway/limits.ts', 'export default 1;'),
    ],
  },
  {
    name: 'every type, field, argument and value of a schema is described',
    breaches: (files) =>
      files.filter((source) => source.path.endsWith('.graphql')).flatMap(undescribed),
    planted: [file('subgraphs/invoices/schema.graphql', '"A thing." type Thing { id: ID! }')],
  },
  {
    name: 'no float stands for an amount in a schema',
    breaches: (files) =>
      files
        .filter((source) => source.path.endsWith('.graphql') && /:\s*\[?Float\b/.test(source.text))
        .map((source) => source.path),
    planted: [file('subgraphs/invoices/schema.graphql', 'type Thing { amount: Float! }')],
  },
  {
    name: 'every event type is listed in docs/protocol.md',
    breaches: (files) => {
      const protocol = files.find((source) => source.path === 'docs/protocol.md')?.text ?? '';
      const declared = files
        .filter((source) => source.path.endsWith('/events.ts'))
        .flatMap((source) => source.text.match(/concord\.[a-z.-]+\.v\d+/g) ?? []);
      return [...new Set(declared)].filter((type) => !protocol.includes(`\`${type}\``));
    },
    planted: [
      file(
        'subgraphs/invoices/events.ts',
        "type Lost = DomainEvent<'concord.invoice.lost.v1', never>;",
      ),
    ],
  },
  {
    name: 'every runbook and decision is reachable from ARCHITECTURE.md',
    breaches: (files) => {
      const architecture = files.find((source) => source.path === 'ARCHITECTURE.md')?.text ?? '';
      return files
        .filter(
          (source) =>
            /^docs\/(runbooks|decisions)\/.+\.md$/.test(source.path) &&
            !architecture.includes(source.path),
        )
        .map((source) => source.path);
    },
    planted: [file('docs/runbooks/lost.md', '')],
  },
  {
    name: 'no test is skipped or alone',
    breaches: (files) =>
      files
        .filter(
          (source) =>
            source.path.endsWith('.test.ts') &&
            source.path !== 'tests/architecture.test.ts' &&
            /\b(it|test|describe)\.(skip|only|todo)(\.each)?\(|\bx(it|describe)\(/.test(
              source.text,
            ),
        )
        .map((source) => source.path),
    planted: [file('kernel/x.test.ts', "it.skip('works', () => {});")],
  },
];

describe('the laws of the house', () => {
  const files = sourceFiles();
  it('are held against all of the source', () => {
    expect(files.length).toBeGreaterThan(100);
  });
  it.each(LAWS)('$name', ({ breaches }) => {
    expect(breaches(files)).toEqual([]);
  });
  it.each(LAWS)('finds the planted breach of: $name', ({ breaches, planted }) => {
    expect(breaches(planted).length).toBeGreaterThanOrEqual(
      planted.length > 1 && planted[0]?.path === 'kernel/a.ts' ? 1 : planted.length,
    );
  });
});

describe('licences', () => {
  it('are permissive in the whole lock file', () => {
    const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { license?: string }>;
    };
    const licences = Object.entries(lock.packages).flatMap(([path, entry]) =>
      entry.license === undefined ? [] : [[path, entry.license]],
    );
    const copyleft = licences.filter(
      ([, licence]) =>
        /elastic|agpl|\bgpl|lgpl|epl|sspl|busl|commons clause/i.test(licence ?? '') &&
        !/mit|apache|bsd/i.test(licence ?? ''),
    );
    expect(licences.length).toBeGreaterThan(300);
    expect(copyleft).toEqual([]);
  });
});

/** Product code: what runs, without tests and without the simulator, which stands for somebody else's system. */
function productCode(files: readonly SourceFile[]): SourceFile[] {
  return files.filter(
    ({ path }) =>
      path.endsWith('.ts') && !TEST_FILE.test(path) && !path.startsWith('hub/erp-simulator/'),
  );
}

function allowed(edge: Import): boolean {
  if (TEST_FILE.test(edge.from) || TEST_FILE.test(edge.to)) return TEST_FILE.test(edge.from);
  const rule = ROOMS.find(({ room }) => room.test(edge.from));
  const own = rule?.room.exec(edge.from)?.[0];
  if (rule === undefined || own === undefined) return false;
  if (edge.to.startsWith(own)) return true;
  return (
    rule.may.some((pattern) => pattern.test(edge.to)) ||
    (edge.typeOnly && rule.typesOf.some((pattern) => pattern.test(edge.to)))
  );
}

function isNoun({ path, text }: SourceFile): boolean {
  const isSubgraph = /^(subgraphs\/[^/]+|integration)\/.+\.ts$/.test(path) && !TEST_FILE.test(path);
  return isSubgraph && (path.includes('/domain/') || /: Lifecycle</.test(text));
}

function isPure(target: string): boolean {
  if (isPackage(target)) return PURE_PACKAGES.test(target.slice('package:'.length));
  return !target.startsWith('kernel/')
    ? !/\/(store|resolvers)(\/|\.ts$)/.test(target)
    : PURE_KERNEL.test(target);
}

function arrow(edge: Import): string {
  return `${edge.from} -> ${edge.to}`;
}
