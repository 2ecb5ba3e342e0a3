import type { Tx } from '../../database/database';
import type { DeepEntity } from './deep-entity';
import { checkSql, type Findings } from './violation';

/** Written out here and not taken from domain/ledger: a slip there must not hide itself. */
const EQUATIONS = {
  listing: 'listed + resumed = known + vanished + undetailed + fetched + remaining',
  landing: 'fetched + unloaded_before = landed + unloaded_after',
  loading: 'landed = inserted + updated + revived + unchanged + stale + skipped + duplicate + rejected',
  rows: 'live_after = live_before + inserted + revived + undone - deleted',
  lines: 'lines_after = lines_before + lines_added - lines_removed',
} as const;

const OUTCOMES = ['inserted', 'updated', 'revived', 'unchanged', 'stale', 'skipped', 'duplicate', 'rejected'] as const;

/** Invariant 2: every record that came in went somewhere, and every count agrees with what it counts. */
export async function checkLedgers(tx: Tx, findings: Findings, entity: DeepEntity): Promise<void> {
  const completed = await completedRuns(tx, entity);
  const check = ledgerCheck(tx, findings, entity, completed);
  for (const [name, equation] of Object.entries(EQUATIONS)) {
    await check(`ledger-${name}`, `completed runs whose ledger breaks ${equation}`, `not (${equation})`);
  }
  await check(
    'ledger-complete',
    'runs that closed their extraction with something left',
    `re.extraction_state = 'complete' and re.owner_run = re.run_id and (re.remaining <> 0 or re.unloaded_after <> 0)`,
  );
  await check(
    'ledger-rejects',
    'runs whose rejected is not the number of their reject rows of stage load',
    `re.rejected <> (select count(*) from freshet.reject j where j.run_id = re.run_id and j.entity = re.entity and j.stage = 'load')`,
  );
  await check(
    'ledger-undetailed',
    'runs whose undetailed is not the number of their reject rows of stage extract',
    `re.undetailed <> (select count(*) from freshet.reject j where j.run_id = re.run_id and j.entity = re.entity and j.stage = 'extract')`,
  );
  await check(
    'ledger-pages',
    'runs whose fetched is not the sum of records over their pages',
    `re.fetched <> (select coalesce(sum(p.records), 0) from freshet.page p where p.run_id = re.run_id and p.entity = re.entity)`,
  );
  await checkBatches(tx, findings, entity, completed);
  await checkCounters(tx, findings, entity);
}

type LedgerCheck = (name: string, what: string, condition: string) => Promise<void>;

function ledgerCheck(tx: Tx, findings: Findings, entity: DeepEntity, rows: number): LedgerCheck {
  return (name, what, condition) =>
    checkSql(tx, findings, {
      invariant: 2,
      name,
      entity: entity.label,
      where: 'freshet.run_entity',
      what,
      rows,
      sql: `select re.run_id, re.listed, re.resumed, re.known, re.vanished, re.undetailed, re.fetched, re.remaining, re.landed, re.rejected, re.live_after, re.lines_after
              from (select e.*, x.state as extraction_state, x.owner_run
                      from freshet.run_entity e join freshet.run r on r.id = e.run_id left join freshet.extraction x on x.id = e.extraction_id
                     where r.pipeline = $1 and e.entity = $2 and e.state = 'completed') re
             where ${condition}`,
      values: [entity.pipeline, entity.entity],
    });
}

async function completedRuns(tx: Tx, entity: DeepEntity): Promise<number> {
  const [row] = await tx.query<{ n: string }>(
    `select count(*) as n from freshet.run_entity re join freshet.run r on r.id = re.run_id
      where r.pipeline = $1 and re.entity = $2 and re.state = 'completed'`,
    [entity.pipeline, entity.entity],
  );
  return Number(row?.n ?? 0);
}

/** A run's outcomes are the sum over the batches that this run loaded, whoever extracted them. */
async function checkBatches(tx: Tx, findings: Findings, entity: DeepEntity, rows: number): Promise<void> {
  const sums = OUTCOMES.map((outcome) => `coalesce(sum((b.counts ->> '${outcome}')::bigint), 0) as ${outcome}`).join(', ');
  const differ = OUTCOMES.map((outcome) => `s.${outcome} <> re.${outcome}`).join(' or ');
  await checkSql(tx, findings, {
    invariant: 2,
    name: 'ledger-batches',
    entity: entity.label,
    where: 'freshet.batch',
    what: 'completed runs whose outcomes are not the sum over the batches they loaded',
    rows,
    sql: `select re.run_id, re.landed, s.records as records_of_batches, ${OUTCOMES.map((outcome) => `re.${outcome}, s.${outcome} as ${outcome}_in_batches`).join(', ')}
            from freshet.run_entity re join freshet.run r on r.id = re.run_id
           cross join lateral (select coalesce(sum(b.records), 0) as records, ${sums}
                                 from freshet.batch b join freshet.extraction x on x.id = b.extraction_id
                                where b.loaded_by_run = re.run_id and x.pipeline = r.pipeline and x.entity = re.entity and b.state = 'loaded') s
           where r.pipeline = $1 and re.entity = $2 and re.state = 'completed' and (s.records <> re.landed or ${differ})`,
    values: [entity.pipeline, entity.entity],
  });
}

/** `table_owner` counts live rows and lines in the merge; the tables themselves say whether it counts right. */
async function checkCounters(tx: Tx, findings: Findings, entity: DeepEntity): Promise<void> {
  const live = entity.headers === null ? '0' : `(select count(*) from ${entity.headers} where deleted_at is null)`;
  const lines = entity.lines === null ? '0' : `(select count(*) from ${entity.lines} where deleted_at is null)`;
  await checkSql(tx, findings, {
    invariant: 2,
    name: 'counters',
    entity: entity.label,
    where: 'freshet.table_owner',
    what: 'tables whose counters of live rows and lines are not what count(*) finds',
    rows: entity.rows + entity.lineRows,
    sql: `select * from (select o.schema, o."table", o.live, ${live} as rows_found, o.lines, ${lines} as lines_found
                           from freshet.table_owner o where o.schema = $1 and o."table" = $2) c
           where c.live <> c.rows_found or c.lines <> c.lines_found`,
    values: [entity.schema, entity.table],
  });
}
