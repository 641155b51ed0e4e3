import { readFile, writeFile } from 'node:fs/promises';
import { isRecord } from '#kernel/json.ts';

/** Requisitions as a hub's gateway answered them, one a line, written by `record-hub.ts`. */
const FILE = new URL('./recordings/hub.jsonl', import.meta.url);

/** An entity as it was recorded, with the entities that it leads to. */
export interface RecordedEntity {
  readonly __typename: string;
  readonly id: string;
  readonly [field: string]: unknown;
}

export async function readRequisitions(): Promise<readonly RecordedEntity[]> {
  const lines = (await readFile(FILE, 'utf8')).trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as RecordedEntity);
}

export async function writeRequisitions(requisitions: readonly RecordedEntity[]): Promise<void> {
  await writeFile(FILE, requisitions.map((one) => `${JSON.stringify(one)}\n`).join(''));
}

export type FindEntity = (key: Pick<RecordedEntity, '__typename' | 'id'>) => RecordedEntity | null;

/** Every entity that was recorded, by its key. */
export function entitiesOf(requisitions: readonly RecordedEntity[]): FindEntity {
  const found = new Map<string, RecordedEntity>();
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(walk);
    if (!isRecord(value)) return;
    if (isEntity(value)) found.set(`${value.__typename} ${value.id}`, value);
    Object.values(value).forEach(walk);
  };
  walk(requisitions);
  return ({ __typename, id }) => found.get(`${__typename} ${id}`) ?? null;
}

function isEntity(value: Record<string, unknown>): value is RecordedEntity & typeof value {
  return typeof value['__typename'] === 'string' && typeof value['id'] === 'string';
}
