import type { Tx } from '../database/database';
import { fenced } from '../database/fence';
import { counted } from '../domain/counted';
import { SINCE, latest } from './compare-rows';
import { afterFetching, noteProgress } from './confirm';
import { comparesEveryDay, daysAsked, DIFFERENCES, type Comparison } from './comparison';
import { differenceSql, extraSql, type ExtraSql } from './difference-sql';
import type { Doubt } from './doubt';
import { saveExtraction, type Extraction } from './extraction';
import type { ExtractScope } from './extract-slice';
import { seenTable } from './open-extraction';
import { progressMark, type Position } from './position';

/** Ids that a result names, of each day and class. */
const SAMPLES = 5;

/** Everything is listed: counts what differs by day and class, and keeps it with the run. Nothing was deleted yet. */
export async function comparePage(scope: ExtractScope, extraction: Extraction): Promise<Extraction> {
  const { deps, fence, ctx, input } = scope;
  const { position } = extraction;
  const comparison = comparisonOf(scope);
  const after: Extraction = {
    ...extraction,
    position: { ...position, seq: position.seq + 1, phase: nextPhase(scope, extraction, comparison) },
  };
  const sums = await fenced(deps.db, fence, { site: 'extract.compare-page', ctx }, async (tx) => {
    const sql = extraOf(scope, extraction, comparison);
    const found = await storeSums(tx, scope, { extraction, comparison, sql });
    await storeDays(tx, scope, { extraction, sql });
    await saveExtraction(tx, after);
    await noteProgress(tx, scope, after);
    return found;
  });
  ctx.progress(progressMark(after.position));
  ctx.log('EX-012', { entity: input.entity, ...sums });
  return after;
}

function comparisonOf({ input }: ExtractScope): Comparison {
  if (input.compare === undefined) throw new RangeError(`${input.entity} of run ${input.runId} compares nothing`);
  return input.compare;
}

function nextPhase(scope: ExtractScope, extraction: Extraction, { fix }: Comparison): Position['phase'] {
  if (!fix) return 'done';
  return scope.deps.definition.detail === null ? afterFetching(scope, extraction) : 'detail';
}

function extraOf({ deps, input }: ExtractScope, extraction: Extraction, comparison: Comparison): ExtraSql {
  const asked = { seen: seenTable(extraction.id), since: SINCE, definition: deps.definition, days: daysAsked(comparison) };
  return extraSql(input.target, asked);
}

type Sums = Readonly<Record<'missing' | 'older' | 'newer' | 'extra', string>>;

interface Storing {
  readonly extraction: Extraction;
  readonly sql: ExtraSql;
}

async function storeSums(
  tx: Tx,
  { input }: ExtractScope,
  { extraction, comparison, sql }: Storing & { readonly comparison: Comparison },
): Promise<Sums> {
  const [sums] = await tx.query<Sums>(
    `insert into freshet.reconcile_result (run_id, entity, pipeline, fix, from_day, to_day, source_started_at,
                                           at_source, here, missing, older, newer, extra, moving)
     select $2, $3, $4, $5, $6, $7, x.source_started_at,
            s.at_source, h.here, s.missing, s.older, s.newer, h.extra, s.moving
       from freshet.extraction x
      cross join lateral (select count(*) filter (where not tombstone) as at_source,
                                 count(*) filter (where difference = 'missing') as missing, count(*) filter (where difference = 'older') as older,
                                 count(*) filter (where difference = 'newer') as newer, count(*) filter (where difference = 'moving') as moving
                            from ${seenTable(extraction.id)} where day is not null) s
      cross join lateral (select count(*) filter (where t.deleted_at is null) as here, count(*) filter (where ${sql.extra}) as extra
                            from ${sql.table} t where ${sql.inside}) h
      where x.id = $1 returning missing, older, newer, extra`,
    [extraction.id, input.runId, input.entity, input.pipeline, comparison.fix, comparison.from, comparison.to],
  );
  return sums ?? { missing: '0', older: '0', newer: '0', extra: '0' };
}

async function storeDays(tx: Tx, { input }: ExtractScope, { extraction, sql }: Storing): Promise<void> {
  await tx.query(
    `insert into freshet.reconcile_day (run_id, entity, day, missing, older, newer, extra, samples)
     with found as (
       select day, difference as class, id from ${seenTable(extraction.id)} where difference = any ($4) and day is not null
        union all
       select ${sql.day}, 'extra', t.id from ${sql.table} t, freshet.extraction x where x.id = $1 and ${sql.extra} and ${sql.inside}),
     placed as (select *, row_number() over (partition by day, class order by id) as place from found),
     counted as (select day, class, count(*) as n, array_agg(id order by id) filter (where place <= ${SAMPLES}) as ids from placed group by day, class)
     select $2, $3, day, ${[...DIFFERENCES, 'extra'].map((name) => `coalesce(sum(n) filter (where class = '${name}'), 0)`).join(', ')},
            jsonb_object_agg(class, ids)
       from counted group by day`,
    [extraction.id, input.runId, input.entity, DIFFERENCES],
  );
}

/**
 * Part of the closing transaction, after what was to be deleted is: how much still differs, by the expression that found it. More than
 * nothing is a doubt.
 */
export async function settleComparison(tx: Tx, scope: ExtractScope, extraction: Extraction, deleted: number): Promise<Doubt[]> {
  const { deps, input } = scope;
  const comparison = comparisonOf(scope);
  const sql = extraOf(scope, extraction, comparison);
  const differs = differenceSql(deps.definition, { listed: 's', held: 't', since: SINCE, ceiling: '$2::bigint' });
  const [left] = await tx.query<{ listed: string; extra: string }>(
    `select (select count(*) from ${seenTable(extraction.id)} s left join ${sql.table} t on t.id = s.id
              where s.difference = any ($3) and ${differs} = any ($3)) as listed,
            (select count(*) from ${sql.table} t where ${sql.extra} and ${sql.inside}) as extra
       from freshet.extraction x where x.id = $1`,
    [extraction.id, latest(scope, extraction), DIFFERENCES],
  );
  const counts = { listed: Number(left?.listed ?? 0), extra: Number(left?.extra ?? 0) };
  await tx.query(
    `update freshet.reconcile_result set left_over = $3, deleted = $4, ended_at = clock_timestamp() where run_id = $1 and entity = $2`,
    [input.runId, input.entity, counts.listed + counts.extra, deleted],
  );
  return differencesDoubt(comparison, counts);
}

function differencesDoubt(comparison: Comparison, { listed, extra }: { readonly listed: number; readonly extra: number }): Doubt[] {
  if (listed + extra === 0) return [];
  const still = comparison.fix ? ' still' : '';
  const parts = [
    ...(listed === 0 ? [] : [`${counted(listed, 'record')} of the source${still} missing or in another version here`]),
    ...(extra === 0 ? [] : [`${counted(extra, 'row')} here that the source${still} does not have`]),
  ];
  const kept = comparison.fix && extra > 0 && !comparesEveryDay(comparison) ? '; a comparison of some days deletes nothing' : '';
  return [{ kind: 'differences', message: `${parts.join(', ')}${kept}` }];
}
