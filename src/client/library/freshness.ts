import { counted } from '../../domain/counted';
import { isWrong } from '../../verify/freshness/status-of';
import { tableFreshness } from '../commands/freshness';
import type { TableFreshness } from '../freshness-facts';
import { openForWriting } from '../open-database';
import { contextOf, projectOf, type FreshetOptions } from './options';
import { asResult, type StepResult } from './result';
import { tableCounts } from './table-counts';

export interface FreshnessResult extends StepResult {
  /** Each table with its status, why, age and limit, date column and newest date, and what to do. */
  readonly freshness: readonly TableFreshness[];
}

/**
 * How old every table is against its limit, and the newest date in its rows, as `freshet freshness` says. Writes nothing to the tables.
 * `findings` where one is stale, empty, missing, never filled, or cannot be judged.
 */
export function freshness(options: FreshetOptions = {}): Promise<FreshnessResult> {
  return asResult<Pick<FreshnessResult, 'freshness'>>({ freshness: [] }, async () => {
    const project = projectOf(options);
    const db = await openForWriting(project);
    try {
      const judged = await tableFreshness(project, db, contextOf(project, options));
      const wrong = judged.filter(({ status }) => isWrong(status));
      const tables = await tableCounts(db);
      return {
        ...(wrong[0] === undefined ? {} : { error: found(wrong[0], wrong.length) }),
        records: tables.reduce((sum, { record_count: rows }) => sum + rows, 0),
        tables,
        more: { freshness: judged },
      };
    } finally {
      await db.close();
    }
  });
}

function found({ table, status, why, recommendation }: TableFreshness, count: number) {
  const others = count === 1 ? '' : `; ${counted(count - 1, 'more table')} not fresh`;
  return { message: `${table} is ${status}: ${why}${others}`, type: 'findings', code: null, remedy: recommendation };
}
