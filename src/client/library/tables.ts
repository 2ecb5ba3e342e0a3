import { recreateTables as recreate, type Recreated } from '../../load/recreate';
import { recreateWish } from '../commands/tables-recreate';
import { openForWriting } from '../open-database';
import { inputFlags, type InputOptions } from './load';
import { contextOf, projectOf } from './options';
import { asResult, type StepResult } from './result';

export interface RecreateOptions extends InputOptions {
  readonly entity: string;
  /** Where two pipelines have an entity of that name. */
  readonly pipeline?: string;
  /** Say what would be done, change nothing. */
  readonly dryRun?: boolean;
}

export interface RecreateResult extends StepResult {
  /** `made`: there were no tables yet; `planned`: a dry run; `null`: it failed. */
  readonly outcome: Recreated['outcome'] | null;
  /** The tables that were, in schema `freshet_kept`; `freshet tables restore` puts them back. */
  readonly kept: readonly string[];
}

/**
 * Makes an entity's tables anew with the types that its held rows need, and, where files are named (`dir`, `sessions`), those of the files too,
 * as `freshet tables recreate` does. Readers see the old tables or the new ones.
 */
export function recreateTables(options: RecreateOptions): Promise<RecreateResult> {
  return asResult<Pick<RecreateResult, 'outcome' | 'kept'>>({ outcome: null, kept: [] }, async () => {
    const project = projectOf(options);
    const { entity, pipeline, dryRun = false } = options;
    const db = await openForWriting(project);
    try {
      const flags = { ...inputFlags(options), ...(pipeline === undefined ? {} : { pipeline }) };
      const wish = await recreateWish(project, db, { entity, flags });
      const { outcome, kept, tables } = await recreate({ db }, { ...wish, dryRun }, contextOf(project, options));
      const counts = tables.map(({ table, rows }) => ({ name: `${wish.target.schema}.${table}`, record_count: rows }));
      return { records: counts[0]?.record_count ?? 0, tables: counts, more: { outcome, kept } };
    } finally {
      await db.close();
    }
  });
}
