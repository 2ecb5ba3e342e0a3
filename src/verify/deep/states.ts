import type { Tx } from '../../database/database';
import { ORPHAN_STAGES } from '../../database/orphan-stages';
import { ENTITY_STATES, FINAL_ENTITY_STATES, FINAL_RUN_STATES, RUN_STATES } from '../../domain/run';
import { checkSql, type Findings } from './violation';

/** A backend that holds a transaction open this long while doing nothing was left behind, not interrupted between two statements. */
const IDLE_SECONDS = 60;

/** Invariant 7: every state is one of the contract's, a final run has no entity that still moves, a lane has one active run. */
export async function checkStates(tx: Tx, findings: Findings): Promise<void> {
  const [counts] = await tx.query<{ runs: string; entities: string }>(
    `select (select count(*) from freshet.run) as runs, (select count(*) from freshet.run_entity) as entities`,
  );
  const [runs, entities] = [Number(counts?.runs ?? 0), Number(counts?.entities ?? 0)];
  const about = { invariant: 7, entity: '', where: 'freshet.run' } as const;
  await checkSql(tx, findings, {
    ...about,
    name: 'run-state',
    what: 'runs in a state that does not exist',
    rows: runs,
    sql: `select id, state from freshet.run where state <> all ($1)`,
    values: [RUN_STATES],
  });
  await checkSql(tx, findings, {
    ...about,
    name: 'entity-state',
    where: 'freshet.run_entity',
    what: 'entities of runs in a state that does not exist',
    rows: entities,
    sql: `select run_id, entity, state from freshet.run_entity where state <> all ($1)`,
    values: [ENTITY_STATES],
  });
  await checkSql(tx, findings, {
    ...about,
    name: 'final-run-moving-entity',
    what: 'entities that are not final although their run is',
    rows: entities,
    sql: `select r.id, r.state as run_state, re.entity, re.state from freshet.run r join freshet.run_entity re on re.run_id = r.id
           where r.state = any ($1) and re.state <> all ($2)`,
    values: [FINAL_RUN_STATES, FINAL_ENTITY_STATES],
  });
  await checkSql(tx, findings, {
    ...about,
    name: 'lane-taken-twice',
    what: 'lanes of a pipeline with more than one active run',
    rows: runs,
    sql: `select pipeline, lane, count(*) as active from freshet.run where parent_run_id is null and state in ('starting', 'running', 'paused')
           group by pipeline, lane having count(*) > 1`,
  });
}

/** Invariant 17: nothing is left behind by what has ended. */
export async function checkLeftovers(tx: Tx, findings: Findings): Promise<void> {
  const about = { invariant: 17, entity: '' } as const;
  const [counts] = await tx.query<{ stage: string; planned: string }>(
    `select (select count(*) from pg_catalog.pg_tables where schemaname = 'freshet_stage') as stage, (select count(*) from freshet.batch) as planned`,
  );
  await checkSql(tx, findings, {
    ...about,
    name: 'stage-table',
    where: 'schema freshet_stage',
    what: 'tables in freshet_stage that no open extraction needs',
    rows: Number(counts?.stage ?? 0),
    sql: ORPHAN_STAGES,
  });
  await checkSql(tx, findings, {
    ...about,
    name: 'batch-planned',
    where: 'freshet.batch',
    what: 'batches of closed extractions that were never loaded',
    rows: Number(counts?.planned ?? 0),
    sql: `select b.key, b.state, b.file from freshet.batch b join freshet.extraction x on x.id = b.extraction_id
           where x.state = 'complete' and b.state <> 'loaded'`,
  });
  await checkSql(tx, findings, {
    ...about,
    name: 'idle-in-transaction',
    where: 'pg_stat_activity',
    what: 'connections of freshet that hold a transaction open and do nothing',
    rows: 1,
    sql: `select pid, application_name, state, state_change from pg_stat_activity
           where datname = current_database() and pid <> pg_backend_pid() and application_name like 'freshet%'
             and state like 'idle in transaction%'
             and (state_change < clock_timestamp() - make_interval(secs => ${IDLE_SECONDS})
                  or exists (select from freshet.run r where r.id = split_part(application_name, ' ', 2) and r.state = any ($1)))`,
    values: [FINAL_RUN_STATES],
  });
}
