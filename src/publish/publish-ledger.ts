import { counted } from '../domain/counted';
import type { Tx } from '../database/database';
import { fenced } from '../database/fence';
import { FreshetError } from '../domain/errors';
import type { ChunkJob } from './chunk';
import { addsUp, COUNTS, OUTCOMES, PUBLISH_EQUATION, type PublishCounts } from '../domain/publish-ledger';
import type { PublishInput, PublishScope } from './publish-input';
import { budgetError, overBudget, refusedExample } from './publish-budget';
import { forgetWarnings } from './publish-warnings';

/** What a publish goes through, decided at its beginning and kept until it has gone through all of it. */
export interface PublishPlan {
  /** What rows are made from (`publishDigest`). */
  readonly digest: string;
  /** Why every row is looked at; `null`: only what changed. */
  readonly fullReason: string | null;
  readonly from: string;
  readonly upto: string;
  /** What `upto` was when the full publish began: whatever came since may lie before the place where it goes on. */
  readonly fullUpto: string;
  /** Where an earlier attempt at a full publish stood. */
  readonly afterId: string | null;
}

/** Begins the ledger of this run's publish, or finds it begun; keeps what is to be gone through. */
export async function beginLedger(scope: PublishScope, tableId: string, plan: PublishPlan): Promise<void> {
  const { db, fence, ctx, input } = scope;
  await fenced(db, fence, { site: 'publish.begin', ctx }, async (tx) => {
    await tx.query(`update freshet.published_table set full_reason = $2, upto = $3, after_id = $4, next_digest = $5 where id = $1`, [
      tableId,
      plan.fullReason,
      plan.fullUpto,
      plan.afterId,
      plan.digest,
    ]);
    if (plan.fullReason !== null && plan.afterId === null) await forgetWarnings(tx, input);
    await tx.query(
      `insert into freshet.publish_ledger (run_id, entity, schema, "table", full_reason, from_batch, to_batch) values ($1, $2, $3, $4, $5, $6, $7)
           on conflict (run_id, entity) do update set to_batch = excluded.to_batch, full_reason = coalesce(publish_ledger.full_reason, excluded.full_reason)`,
      [input.runId, input.entity, input.target.schema, input.target.table, plan.fullReason, plan.from, plan.upto],
    );
  });
}

/** Adds a chunk, as a part of its transaction. Errors: `validation_error` code `reject-budget`, which ends the transaction. */
export async function bookChunk(
  tx: Tx,
  { scope, typed, pass }: ChunkJob,
  { counts, lastId }: { readonly counts: PublishCounts; readonly lastId: string },
): Promise<void> {
  const { input } = scope;
  const [row] = await tx.query<Record<keyof PublishCounts, string>>(
    `update freshet.publish_ledger set ${COUNTS.map((name, n) => `${name} = ${name} + $${n + 3}`).join(', ')}
      where run_id = $1 and entity = $2 returning ${COUNTS.join(', ')}`,
    [input.runId, input.entity, ...COUNTS.map((name) => counts[name])],
  );
  const total = countsOf(row);
  if (counts.rejected > 0 && overBudget(input.budget, total)) throw budgetError(input, total, await refusedExample(tx, input));
  if (pass.kind === 'full') await tx.query(`update freshet.published_table set after_id = $2 where id = $1`, [typed.id, lastId]);
}

/** The end of a publish: everything up to `upto` is published, in a transaction of its own. Errors: `reconcile_error` when a count does not add up. */
export function finishLedger(scope: PublishScope, tableId: string, plan: PublishPlan): Promise<PublishCounts> {
  const { db, fence, ctx, input } = scope;
  return fenced(db, fence, { site: 'publish.finish', ctx }, async (tx) => {
    const [row] = await tx.query<Record<keyof PublishCounts, string>>(
      `update freshet.publish_ledger set completed_at = coalesce(completed_at, now()) where run_id = $1 and entity = $2 returning ${COUNTS.join(', ')}`,
      [input.runId, input.entity],
    );
    const counts = countsOf(row);
    if (!addsUp(counts)) throw doesNotAddUp(input, counts);
    await markPublished(tx, scope, { tableId, plan });
    return counts;
  });
}

/** A publish of some records only leaves what is to be published as it is: the next one looks at all of them. */
async function markPublished(
  tx: Tx,
  { input }: PublishScope,
  { tableId, plan }: { readonly tableId: string; readonly plan: PublishPlan },
): Promise<void> {
  if (input.since !== undefined) {
    await tx.query(
      `update freshet.published_table set next_digest = null, full_reason = null, upto = null, after_id = null where id = $1`,
      [tableId],
    );
    return;
  }
  await tx.query(
    `update freshet.published_table t set digest = $2, next_digest = null, epoch = e.epoch, full_reason = null, upto = null, after_id = null, published_at = now()
       from freshet.pipeline_entity e where t.id = $1 and e.pipeline = $3 and e.entity = $4`,
    [tableId, plan.digest, input.pipeline, input.entity],
  );
  // A full publish knows better than the number: the raw table may have been made anew.
  await tx.query(
    `update freshet.pipeline_entity set published_batch = ${plan.fullReason === null ? 'greatest(published_batch, $3)' : '$3'} where pipeline = $1 and entity = $2`,
    [input.pipeline, input.entity, plan.upto],
  );
}

export function countsOf(row: Record<keyof PublishCounts, string> | undefined): PublishCounts {
  return Object.fromEntries(COUNTS.map((name) => [name, Number(row?.[name] ?? 0)])) as unknown as PublishCounts;
}

function doesNotAddUp({ entity, target, runId }: PublishInput, counts: PublishCounts): FreshetError {
  const sum = OUTCOMES.reduce((total, outcome) => total + counts[outcome], 0);
  return new FreshetError('reconcile_error', {
    code: 'publish-does-not-add-up',
    message: `${entity}: ${counted(counts.changed + counts.retried, 'record')} looked at for ${target.schema}.${target.table}, but ${sum} accounted for`,
    why: `${PUBLISH_EQUATION} must hold.`,
    remedy: `What was written stays. See the counts with \`./freshet show ${runId}\` and report them; the next run looks at these records again.`,
    where: `${target.schema}.${target.table}`,
    retryable: false,
  });
}
