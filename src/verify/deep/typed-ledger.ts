import type { Tx } from '../../database/database';
import type { DeepEntity } from './deep-entity';
import type { TypedPlace } from './typed-place';
import { checkSql, type Findings } from './violation';

/** Written out here and not taken from publish/: a slip there must not hide itself. */
const EQUATION = 'changed + retried = created + updated + restored + deleted + unchanged + skipped + conflict + pending + rejected';

const OF_ENTITY = `(select l.*, e.state as entity_state from freshet.publish_ledger l join freshet.run r on r.id = l.run_id
   join freshet.run_entity e on e.run_id = l.run_id and e.entity = l.entity where r.pipeline = $1 and l.entity = $2) l`;

/** Invariants 2 and 5 of publishing: every record that was looked at went one way, and nothing is called published that was not loaded. */
export async function checkTypedLedger(tx: Tx, findings: Findings, entity: DeepEntity, place: TypedPlace): Promise<void> {
  const values = [entity.pipeline, entity.entity];
  const [count] = await tx.query<{ n: string }>(`select count(*) as n from ${OF_ENTITY}`, values);
  const about = { invariant: 2, entity: entity.label, where: 'freshet.publish_ledger', rows: Number(count?.n ?? 0), values } as const;
  const shown = `see what stood in the tables then with ./freshet show and the run's id, and report it: counts of a run are never written twice`;
  await checkSql(tx, findings, {
    ...about,
    name: 'publish-ledger',
    what: `publishes into ${place.label} whose counts break ${EQUATION}`,
    remedy: shown,
    sql: `select * from ${OF_ENTITY} where not (${EQUATION})`,
  });
  await checkSql(tx, findings, {
    ...about,
    name: 'publish-rejects',
    what: `publishes into ${place.label} whose rejected is not the number of their reject rows of stage publish`,
    remedy: shown,
    sql: `select * from (select l.run_id, l.rejected, (select count(*) from freshet.reject j where j.run_id = l.run_id and j.entity = l.entity and j.stage = 'publish') as rows_found
                           from ${OF_ENTITY}) x where rejected <> rows_found`,
  });
  await checkSql(tx, findings, {
    ...about,
    name: 'publish-unfinished',
    what: `completed runs whose publish into ${place.label} never ended`,
    remedy: `./freshet run ${entity.pipeline} --entity ${entity.entity} --full publishes everything once more`,
    sql: `select l.run_id, l.from_batch, l.to_batch from ${OF_ENTITY} where l.entity_state = 'completed' and l.completed_at is null`,
  });
  await checkSql(tx, findings, {
    ...about,
    invariant: 5,
    name: 'published-ahead',
    where: 'freshet.pipeline_entity',
    what: `entities that are published further than their raw table was ever loaded`,
    remedy: `./freshet run ${entity.pipeline} --entity ${entity.entity} publishes every row of the raw table as it is now`,
    sql: `select p.published_batch, o.last_batch_no from freshet.pipeline_entity p
            join freshet.table_owner o on o.schema = p.raw_schema and o."table" = p.raw_table
           where p.pipeline = $1 and p.entity = $2 and p.published_batch > o.last_batch_no`,
  });
}
