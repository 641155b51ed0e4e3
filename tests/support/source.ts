import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Kind, parse, visit } from 'graphql';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface SourceFile {
  /** Path from the top of the checkout, with slashes. */
  readonly path: string;
  readonly text: string;
}

export interface Import {
  readonly from: string;
  /** Path of the imported file, or the package's name. */
  readonly to: string;
  readonly typeOnly: boolean;
}

export function file(path: string, text: string): SourceFile {
  return { path, text };
}

export function sourceFiles(): SourceFile[] {
  const skipped = new Set(['node_modules', '.git', '.data', 'coverage']);
  const found: SourceFile[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!skipped.has(entry.name)) walk(path);
      } else if (/\.(ts|mjs|graphql|sql|md)$/.test(entry.name) && entry.name !== 'generated.ts') {
        found.push({ path: relative(ROOT, path), text: readFileSync(path, 'utf8') });
      }
    }
  };
  walk(ROOT);
  return found;
}

export function importsOf(files: readonly SourceFile[]): Import[] {
  return files
    .filter(({ path }) => path.endsWith('.ts'))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm)].map(
        ([, type, target = '']) => ({
          from: path,
          to: resolveTarget(path, target),
          typeOnly: type !== undefined,
        }),
      ),
    );
}

function resolveTarget(from: string, target: string): string {
  if (target.startsWith('#kernel/')) return target.slice(1);
  if (target.startsWith('.')) return join(dirname(from), target);
  return `package:${target}`;
}

export function isPackage(target: string): boolean {
  return target.startsWith('package:');
}

/** Circles of value imports, each as its path. */
export function circles(edges: readonly Import[]): string[] {
  const graph = Map.groupBy(
    edges.filter((edge) => !edge.typeOnly),
    (edge) => edge.from,
  );
  const done = new Set<string>();
  const found: string[] = [];
  const visitFile = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) {
      found.push([...trail.slice(start), path].join(' -> '));
      return;
    }
    if (done.has(path)) return;
    for (const edge of graph.get(path) ?? []) visitFile(edge.to, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visitFile(path, []);
  return found;
}

/** Coordinates without a description; stubs of foreign entities describe themselves too. */
export function undescribed({ path, text }: SourceFile): string[] {
  const missing: string[] = [];
  const owners: string[] = [];
  const note = (node: Described): void => {
    // Every room adds to the same three roots, so no room describes them.
    if (/^(Query|Mutation|Subscription)$/.test(node.name.value)) return;
    if (node.description === undefined)
      missing.push(`${path}: ${[...owners, node.name.value].join('.')}`);
  };
  const enter = (node: Described): void => {
    note(node);
    owners.push(node.name.value);
  };
  const leave = (): void => void owners.pop();
  const owner = { enter, leave };
  visit(parse(text, { noLocation: true }), {
    [Kind.OBJECT_TYPE_DEFINITION]: owner,
    [Kind.INTERFACE_TYPE_DEFINITION]: owner,
    [Kind.INPUT_OBJECT_TYPE_DEFINITION]: owner,
    [Kind.ENUM_TYPE_DEFINITION]: owner,
    [Kind.FIELD_DEFINITION]: owner,
    [Kind.UNION_TYPE_DEFINITION]: note,
    [Kind.SCALAR_TYPE_DEFINITION]: note,
    [Kind.ENUM_VALUE_DEFINITION]: note,
    [Kind.INPUT_VALUE_DEFINITION]: (node: Described) => {
      if (!isSingleInput(node, owners)) note(node);
    },
  });
  return missing;
}

interface Described {
  readonly description?: unknown;
  readonly name: { readonly value: string };
}

/** A mutation's one argument `input` is described by its type. */
function isSingleInput(node: { name: { value: string } }, owners: readonly string[]): boolean {
  return node.name.value === 'input' && owners.length === 2;
}
