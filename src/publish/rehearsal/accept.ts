import type { Database } from '../../database/database';
import { applicationName, type Fence } from '../../database/fence';
import { oneTransaction } from '../../database/one-transaction';
import type { StageContext } from '../../observability/stage-context';
import { publishWith, rawColumns } from '../publish-entity';
import type { PublishInput } from '../publish-input';
import type { PublishCounts } from '../../domain/publish-ledger';
import { prepareTyped } from '../typed-table';
import { contentDigest } from './content-digest';
import { ONE_TRANSACTION_CHUNK, placeOfEntity, type RehearseDeps } from './rehearse';

/** An entity as it was rehearsed, and the attempt that may write it. */
export interface Accepting {
  readonly input: PublishInput;
  readonly fence: Fence;
  /** Digest of what the rehearsal led to. */
  readonly result: string;
}

export interface AcceptInput {
  /** Parents before children. */
  readonly entities: readonly Accepting[];
  /** What it led to now; thrown, everything is taken back. */
  readonly moved: (entity: PublishInput) => Error;
  /** Last in the transaction. */
  readonly finish: (db: Database) => Promise<void>;
}

/**
 * Publishes what was rehearsed, all entities in one transaction: readers see the tables as they were, then as they were rehearsed.
 * Errors: `moved`, and those of a publish; then nothing is written but new columns.
 */
export async function accept(
  { db, landed }: RehearseDeps,
  { entities, moved, finish }: AcceptInput,
  ctx: StageContext,
): Promise<ReadonlyMap<string, PublishCounts>> {
  for (const { input, fence } of entities) await widen(db, { input, fence }, ctx);
  const [first] = entities;
  const name = first === undefined ? 'freshet' : applicationName(first.fence);
  return db.transaction({ site: 'publish.accept', ctx, applicationName: name }, async (tx) => {
    const one = oneTransaction(tx);
    const deps = { read: one.read, chunk: ONE_TRANSACTION_CHUNK, ...(landed === undefined ? {} : { landed }) };
    const counts = new Map<string, PublishCounts>();
    for (const { input, fence, result } of entities) {
      const counted = await publishWith(deps, { db: one.db, input: { ...input, budget: 'none' }, ctx, fence });
      if ((await contentDigest(one.db, await placeOfEntity(one.db, input), counted)) !== result) throw moved(input);
      counts.set(input.entity, counted);
    }
    await finish(one.db);
    return counts;
  });
}

/** New and wider columns come first, in a short transaction: a table that is altered is closed to readers until COMMIT. One that is yet to come comes whole. */
async function widen(db: Database, { input, fence }: Omit<Accepting, 'result'>, ctx: StageContext): Promise<void> {
  if ((await placeOfEntity(db, input)).typed === null) return;
  await prepareTyped({ db, input, fence, ctx }, input.compile(await rawColumns(db, input)));
}
