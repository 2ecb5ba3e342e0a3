import type { Database } from '../../src/database/database';
import { documentOf, freshet } from '../cli/in-process';
import { ledgerProblems } from './run-ledger';

/**
 * What a run deleted is brought back by `./freshet deletes undo`, whatever an undo that died has brought back already. Sentences about every
 * promise that is broken: it completes, finds each entity as a whole or not at all, and nothing of that run stays deleted or is counted twice.
 */
export async function undoLeft(db: Database, deletedBy: string): Promise<string[]> {
  const said = documentOf(await freshet('deletes', 'undo', deletedBy, '--local', '--json'));
  if (said.data?.state !== 'completed') return [`the next undo did not complete: ${JSON.stringify(said)}`];
  const undone = said.data.undone as readonly { readonly entity: string; readonly deleted: number; readonly undone: number }[];
  const listed = documentOf(await freshet('deletes', 'list', '--json')).data.deletes as readonly Listed[];
  const mine = listed.filter(({ run_id: run }) => run === deletedBy);
  return [
    ...(mine.length > 0 ? [] : ['`deletes list` does not know the run that deleted']),
    ...mine.filter(({ left }) => left > 0).map(({ entity, left }) => `${left} rows of ${entity} stay deleted`),
    ...undone
      .filter(({ deleted, undone: back }) => back !== 0 && back !== deleted)
      .map(({ entity, deleted, undone: back }) => `of ${deleted} rows of ${entity} the second undo found ${back}: the first left a part`),
    ...(await miscounted(db, deletedBy)),
    ...(await ledgerProblems(db, said.data.run_id as string)),
  ];
}

interface Listed {
  readonly run_id: string;
  readonly entity: string;
  readonly left: number;
}

/** Over all runs that undid: each row that the run deleted is counted as undone once. */
async function miscounted(db: Database, deletedBy: string): Promise<string[]> {
  const rows = await db.query<{ entity: string; deleted: string; undone: string }>(
    `select d.entity, d.deleted, (select coalesce(sum(u.undone), 0) from freshet.run_entity u join freshet.run r on r.id = u.run_id
              where r.command -> 'undo' ->> 'run' = d.run_id and u.entity = d.entity) as undone
       from freshet.run_entity d where d.run_id = $1 and d.deleted > 0`,
    [deletedBy],
  );
  return rows
    .filter(({ deleted, undone }) => deleted !== undone)
    .map(({ entity, deleted, undone }) => `of ${deleted} rows of ${entity} the ledgers count ${undone} as undone`);
}
