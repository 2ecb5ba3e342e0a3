import type { Database } from '../../database/database';
import { counted } from '../../domain/counted';
import { FreshetError } from '../../domain/errors';
import { profileOf } from '../../load/analyze/entity-analysis';
import { inferredFor, readFiles } from '../../load/analyze/analyze-files';
import { lineTable } from '../../load/load-target';
import { checkTables, type TableFinding } from '../../load/table-check';
import { liveDdl, plannedDdl } from '../../load/table-ddl';
import { NO_TABLES, planFrom } from '../../load/table-state';
import { closest } from '../../config/closest';
import { analyzedEntities } from '../../run/analyzed-entities';
import { landedBy, type FoundInput, type OwnedInput } from '../../run/load-input';
import { chooseKeys } from '../../run/named-keys';
import { sources } from '../../sources/index';
import type { CommandContext } from '../command-context';
import type { CommandResult } from '../envelope';
import { EXIT } from '../exit-code';
import { findInput, type InputFlags } from '../load-input';
import { namedKeys } from '../named-keys';
import { openForReading } from '../open-database';
import { shown } from '../output';
import { commandContext, openProject, type Project } from '../project';
import { openIfSetUp } from './analyze';

export interface DdlFlags extends Pick<InputFlags, 'dir' | 'session' | 'key'> {
  readonly all?: boolean;
  readonly includeIndexes?: boolean;
}

export interface EntityTable {
  readonly pipeline: string;
  readonly entity: string;
  readonly schema: string;
  readonly table: string;
}

interface Ddl {
  readonly entity: string;
  readonly tables: readonly { readonly table: string; readonly ddl: string }[];
}

/** `freshet tables ddl`: CREATE TABLE statements of the live tables, or of those that files would get, as psql runs them. */
export async function tablesDdl(names: readonly string[], flags: DdlFlags, { flags: common }: CommandContext): Promise<CommandResult> {
  if (names.length === 0 && flags.all !== true) throw whichTable();
  const project = openProject(common);
  const planned = flags.dir !== undefined || flags.session !== undefined;
  const entities = planned ? await plannedTables(names, flags, common) : await liveTables(names, flags, common);
  return {
    exitCode: EXIT.good,
    data: { environment: project.loaded.settings.environment, entities },
    text: entities.flatMap(({ tables }) => tables.map(({ ddl }) => ddl)).join('\n'),
    verbatim: true,
  };
}

async function liveTables(names: readonly string[], flags: DdlFlags, common: CommandContext['flags']): Promise<Ddl[]> {
  const db = await openForReading(openProject(common));
  try {
    const found: Ddl[] = [];
    for (const { entity, schema, table } of await entityTables(db, names)) {
      const tables: { table: string; ddl: string }[] = [];
      for (const each of [table, lineTable(table)]) {
        const ddl = await liveDdl(db, { schema, table: each }, flags.includeIndexes === true);
        if (ddl !== null) tables.push({ table: `${schema}.${each}`, ddl });
      }
      found.push({ entity, tables });
    }
    return found;
  } finally {
    await db.close();
  }
}

/** Of files, as a database without them would get them. */
async function plannedTables(names: readonly string[], flags: DdlFlags, common: CommandContext['flags']): Promise<Ddl[]> {
  const project = openProject(common);
  const ctx = commandContext(project);
  const found = await findInput(project, { ...flags, ...(names.length === 0 ? {} : { entity: names }) }, new Date());
  const owned = await ownedInput(project, found);
  const deps = { db: null, loaded: project.loaded, sources };
  const entities = await analyzedEntities(deps, owned, ctx, await chooseKeys(deps, owned, namedKeys(flags.key)));
  const planned: Ddl[] = [];
  for (const entity of entities) {
    const { analysis } = await readFiles(entity, ctx);
    const inferred = inferredFor(entity, analysis);
    if ('problem' in inferred) throw noTable(entity.entity, inferred.problem);
    const { definition } = inferred;
    const profile = profileOf(analysis, definition.lineItems?.field ?? null);
    const { header, lines } = planFrom(NO_TABLES, { ...entity, definition, runId: '' }, profile);
    const tables = [header, ...(lines === null ? [] : [lines])];
    planned.push({
      entity: entity.entity,
      tables: tables.map((plan) => ({
        table: `${entity.schema}.${plan.table}`,
        ddl: plannedDdl(entity.schema, plan, flags.includeIndexes === true),
      })),
    });
  }
  return planned;
}

/** Whose the files are, where a database says it: sessions of our own go into the tables of their pipeline. */
async function ownedInput(project: Project, found: FoundInput): Promise<Pick<OwnedInput, 'root' | 'choice' | 'pipelineOf'>> {
  const db = found.choice.input === 'sessions' ? await openIfSetUp(project) : null;
  try {
    return db === null ? { ...found, pipelineOf: () => null } : await landedBy(db, found);
  } finally {
    await db?.close();
  }
}

/** `freshet tables verify`: what freshet has written down of its tables against PostgreSQL's catalogue. Exit code 4 when they differ. */
export async function tablesVerify(names: readonly string[], { flags: common }: CommandContext): Promise<CommandResult> {
  const db = await openForReading(openProject(common));
  try {
    const tables = await entityTables(db, names);
    const findings = (await Promise.all(tables.map((table) => checkTables(db, table)))).flat();
    const faults = findings.filter(({ finding }) => finding !== 'extra');
    const head =
      faults.length === 0
        ? `Nothing wrong with the tables of ${counted(tables.length, 'entity', 'entities')}.`
        : counted(faults.length, 'finding');
    return {
      exitCode: faults.length === 0 ? EXIT.good : EXIT.findings,
      data: { tables: tables.map(({ schema, table }) => `${schema}.${table}`), findings },
      text: [head, ...findings.map(findingText)].join('\n'),
    };
  } finally {
    await db.close();
  }
}

function findingText({ table, column, finding, expected, found }: TableFinding): string {
  const place = column === null ? table : `${table}.${column}`;
  const words: Readonly<Record<TableFinding['finding'], string>> = {
    'table-missing': 'the table is not there; the next load or run makes it anew',
    'column-missing': `the column (${expected ?? ''}) is not there; the next load or run adds it, empty`,
    'other-type': `is ${found ?? ''}, freshet knows it as ${expected ?? ''}: change it back, or loads may fail`,
    'not-writable': 'a column of somebody’s own must not be NULL and has no default, so every row is refused: give it a default',
    'no-key': `the primary key is (${found ?? 'none'}), it must be (${expected ?? ''})`,
    extra: `a column of somebody’s own (${found ?? ''}); freshet leaves it alone`,
  };
  return `${shown(place)}: ${words[finding]}`;
}

/** The tables of the named entities, or of all that are there. Errors: `entity-unknown`. */
export async function entityTables(db: Database, names: readonly string[]): Promise<EntityTable[]> {
  const all = await db.query<{ [Key in keyof EntityTable]: EntityTable[Key] }>(
    `select p.pipeline, p.entity, o.schema, o."table" from freshet.table_owner o
       join freshet.pipeline_entity p on p.raw_schema = o.schema and p.raw_table = o."table" and p.pipeline = o.pipeline and p.entity = o.entity
      order by o.schema, o."table"`,
  );
  if (names.length === 0) return all;
  const wanted = [...new Set(names.flatMap((text) => text.split(',')).map((name) => name.trim()))];
  for (const name of wanted) if (!all.some(({ entity }) => entity === name)) throw unknownTable(name, all);
  return all.filter(({ entity }) => wanted.includes(entity));
}

export function unknownTable(name: string, all: readonly EntityTable[]): FreshetError {
  const known = [...new Set(all.map(({ entity }) => entity))];
  const meant = closest(name, known);
  return new FreshetError('config_error', {
    code: 'entity-unknown',
    message: `No table belongs to an entity "${name}"`,
    remedy: `${meant === undefined ? '' : `Did you mean ${meant}? `}Use one of ${known.join(', ') || '(nothing was loaded here yet)'}.`,
  });
}

function whichTable(): FreshetError {
  return new FreshetError('config_error', {
    code: 'choice-unknown',
    message: 'tables ddl was given no entity',
    remedy: 'Name one or more entities, or ask for all of them.',
    where: '<entity>',
  });
}

function noTable(entity: string, problem: string): FreshetError {
  return new FreshetError('validation_error', {
    code: 'no-key',
    message: problem,
    remedy: `Load ${entity} first, naming the field that is its key; its tables are there afterwards.`,
    retryable: false,
  });
}
