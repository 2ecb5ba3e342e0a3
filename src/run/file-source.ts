import type { ResolvedSource } from '../config/sources';
import type { LoadDefinition } from '../load/load-definition';
import type { EntityDefinition, Source, SourceClient } from '../sources/source';

/** The kind of source that is a folder of files: asked by nobody, its entities are inferred (decision 0008). */
const TYPE = 'json-files';

/** The pipeline that owns what no other does. */
export const FOREIGN_PIPELINE = 'json2db';

export function isFiles(source: Pick<ResolvedSource, 'type'>): boolean {
  return source.type === TYPE;
}

/** As frozen with a run. The key is the schema of its tables. */
export const FILES: ResolvedSource = {
  key: 'public',
  type: TYPE,
  environment: 'live',
  base_url: FOREIGN_PIPELINE,
  accounts_url: null,
  organization_id: null,
  credentials: {},
  limits: { requests_per_minute: null, concurrent: null },
  timeouts: { connect: 1, answer: 1, body: 1 },
};

/** An entity before its first record was seen: enough to import files, never to make a table. */
const UNSEEN: LoadDefinition = {
  key: ['id'],
  cursor: null,
  version: null,
  lineItems: null,
  volatile: [],
  emptyIsNull: true,
  columns: {},
  lineItemColumns: {},
  settleMs: 0,
};

/** A source made of definitions that were inferred from records. */
export function filesSource(names: readonly string[], definitions: ReadonlyMap<string, LoadDefinition>): Source {
  const entities = names.map((name) => [name, entityOf(name, definitions.get(name) ?? UNSEEN)] as const);
  return {
    type: TYPE,
    title: 'JSON files',
    limits: { requestsPerMinute: 1, concurrent: 1 },
    zone: 'UTC',
    clock: 'none',
    entities: Object.fromEntries(entities),
    open: () => nobody,
  };
}

function entityOf(object: string, definition: LoadDefinition): EntityDefinition {
  return {
    ...definition,
    object,
    recordsPath: [],
    incremental: false,
    paging: { kind: 'single' },
    order: 'none',
    shortPages: true,
    detail: null,
    deletes: { kind: 'never' },
    partitions: null,
    lag: 0,
    priority: 'medium',
    dependsOn: [],
  };
}

const refuse = (): never => {
  throw new RangeError('files are read, not asked');
};

const nobody: SourceClient = { list: refuse, detail: refuse, close: () => Promise.resolve() };
