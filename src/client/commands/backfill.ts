import type { Database } from '../../database/database';
import { counted } from '../../domain/counted';
import { FileStore } from '../../landing/file-store';
import { backfillColumns, type Backfilled } from '../../load/backfill';
import { entityLookup } from '../../run/entity-lookup';
import { sources } from '../../sources/index';
import type { CommandContext } from '../command-context';
import type { CommandResult } from '../envelope';
import { EXIT } from '../exit-code';
import { openForWriting } from '../open-database';
import { commandContext, openProject, type Project } from '../project';
import { entityNames } from '../run-wishes';

export interface BackfillFlags {
  /** Names, separated by commas; `true`: every column that is NULL anywhere. */
  readonly backfillColumns: string | true;
  readonly entity?: readonly string[];
  readonly dryRun?: boolean;
}

interface Filled {
  readonly entity: string;
  readonly columns: readonly Backfilled[];
}

/** `freshet load --backfill-columns`: fills new columns of old rows from landed files, without a call to any source. */
export async function backfill(flags: BackfillFlags, { flags: common }: CommandContext): Promise<CommandResult> {
  const project = openProject(common);
  const db = await openForWriting(project);
  try {
    const filled = await fillAll(project, db, flags);
    const lines = filled.flatMap(({ entity, columns }) =>
      columns.filter(({ filled: n }) => n > 0).map(({ column, filled: n }) => `${entity}  ${column}  ${counted(n, 'value')}`),
    );
    const verb = flags.dryRun === true ? 'Would be filled from landed files:' : 'Filled from landed files:';
    const text = lines.length === 0 ? 'Nothing to fill: no landed record has a value where a row has none.' : [verb, ...lines].join('\n');
    return { exitCode: EXIT.good, data: { dry_run: flags.dryRun === true, entities: filled }, text };
  } finally {
    await db.close();
  }
}

async function fillAll(project: Project, db: Database, flags: BackfillFlags): Promise<Filled[]> {
  const names = entityNames(flags.entity);
  const columns = flags.backfillColumns === true ? null : flags.backfillColumns.split(',').map((name) => name.trim());
  const lookup = entityLookup(db, sources);
  const landing = new FileStore(project.loaded.settings.landing.path);
  const filled: Filled[] = [];
  for (const { pipeline, entity, schema, table, run } of await entitiesWithTables(db)) {
    if (names !== undefined && !names.includes(entity)) continue;
    const known = await lookup(pipeline, entity);
    if (known === null) continue;
    const target = { pipeline, entity, schema, table, definition: known.definition, runId: run };
    const input = { target, zone: known.zone, columns, dryRun: flags.dryRun === true };
    filled.push({ entity: `${pipeline}.${entity}`, columns: await backfillColumns({ db, landing }, input, commandContext(project)) });
  }
  return filled;
}

function entitiesWithTables(db: Database) {
  return db.query<{ pipeline: string; entity: string; schema: string; table: string; run: string }>(
    `select pe.pipeline, pe.entity, pe.raw_schema as schema, pe.raw_table as table,
            (select r.id from freshet.run r where r.pipeline = pe.pipeline order by r.created_at desc limit 1) as run
       from freshet.pipeline_entity pe where to_regclass(format('%I.%I', pe.raw_schema, pe.raw_table)) is not null order by pe.number`,
  );
}
