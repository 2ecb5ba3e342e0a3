import type { Database, Tx } from '../../database/database';
import { cancelledError } from '../../domain/errors';
import type { LandingStore } from '../../landing/landing-store';
import type { StageContext } from '../../observability/stage-context';
import { snapshot } from '../snapshot';
import { compareContents, landedSample, type SaidRecord } from './contents';
import { deepEntities, type DeepEntity, type EntityFilter, type EntityLookup, type KnownEntity } from './deep-entity';
import { gatherEvidence, heldColumns } from './evidence';
import { checkDuplicates, checkLineSets } from './keys-and-sets';
import { checkBatchFiles } from './landing-batches';
import { checkLandingTree, landedKeys } from './landing-tree';
import { checkLedgers } from './ledger';
import { checkRequired } from './required-fields';
import { checkSessionMetadata } from './session-metadata';
import { checkLeftovers, checkStates } from './states';
import { checkTarget } from './target';
import { checkTyped, type DeletedByHand } from './typed';
import type { ReaderOf } from './loader';
import { Findings, type Checked, type Violation } from './violation';
import { readWarnings, type RowWarnings } from './warnings';
import { checkWatermark } from './watermark';

export interface VerifyDeepDeps {
  readonly db: Database;
  readonly landing: LandingStore;
  readonly lookup: EntityLookup;
  /** Makes the loader's own reader of records: `(columns, definition, zone) => new RowReader(columns, definition, zone)`. */
  readonly readerOf: ReaderOf;
}

/** The source's own truth, read past freshet; tests have one. `null`: it knows nothing of that entity. */
export interface Oracle {
  records(pipeline: string, entity: string): AsyncIterable<SaidRecord> | null;
}

export interface VerifyDeepOptions extends EntityFilter {
  readonly oracle?: Oracle | undefined;
  /** Rows per entity whose values are compared with landing one by one; default 2,000. */
  readonly sampleRows?: number | undefined;
}

export interface VerifyDeepResult {
  readonly violations: readonly Violation[];
  readonly checked: readonly Checked[];
  /** Entities whose contents could not be checked, with the reason. */
  readonly unchecked: readonly { readonly entity: string; readonly why: string }[];
  /** What is worth a look and breaks nothing. */
  readonly warnings: readonly RowWarnings[];
  /** Published rows that people deleted, by typed table. */
  readonly deletedByHand: readonly DeletedByHand[];
}

const SAMPLE_ROWS = 2_000;

interface DeepScope {
  readonly deps: VerifyDeepDeps;
  readonly options: VerifyDeepOptions;
  readonly ctx: StageContext;
  readonly tx: Tx;
  readonly findings: Findings;
  readonly unchecked: { entity: string; why: string }[];
  readonly deletedByHand: DeletedByHand[];
}

/**
 * Checks the invariants of references/reliability.md §6 over everything this installation holds: tables, ledgers, watermarks, files.
 * Reads only; memory stays bounded (files are streamed, evidence goes into temporary tables).
 */
export async function verifyDeep(deps: VerifyDeepDeps, options: VerifyDeepOptions, ctx: StageContext): Promise<VerifyDeepResult> {
  const findings = new Findings();
  const unchecked: DeepScope['unchecked'] = [];
  const deletedByHand: DeletedByHand[] = [];
  const keys = await landedKeys(deps.landing);
  const warnings = await snapshot(deps.db, ctx, async (tx) => {
    const scope: DeepScope = { deps, options, ctx, tx, findings, unchecked, deletedByHand };
    for (const entity of await deepEntities(tx, deps.lookup, options)) {
      if (ctx.signal.aborted) throw cancelledError('verify --deep');
      await checkEntity(scope, entity);
      ctx.progress(`verify:${entity.label}`);
    }
    await checkLandingTree(tx, findings, deps.landing, keys);
    await checkStates(tx, findings);
    await checkLeftovers(tx, findings);
    return readWarnings(tx, options);
  });
  return { violations: findings.violations, checked: findings.checked, unchecked, warnings, deletedByHand };
}

async function checkEntity(scope: DeepScope, entity: DeepEntity): Promise<void> {
  const { tx, findings, deps } = scope;
  if (entity.known === null) {
    scope.unchecked.push({
      entity: entity.label,
      why: 'Neither the settings nor this version of freshet know it: only counts, keys and files were checked.',
    });
    await checkBatchFiles({ tx, landing: deps.landing, findings, entity }, () => Promise.resolve());
  } else await checkContents(scope, entity, entity.known);
  await checkLedgers(tx, findings, entity);
  await checkDuplicates(tx, findings, entity);
  await checkLineSets(tx, findings, entity);
  const deleted = await checkTyped(tx, findings, entity);
  if (deleted !== null) scope.deletedByHand.push(deleted);
  await checkSessionMetadata(tx, findings, { landing: deps.landing, entity });
}

async function checkContents(scope: DeepScope, entity: DeepEntity, known: KnownEntity): Promise<void> {
  const { tx, findings, deps, options, ctx } = scope;
  const columns = await heldColumns(tx, entity);
  const reader = deps.readerOf(columns, known.definition, known.zone);
  const records = await gatherEvidence({ tx, landing: deps.landing, findings, entity }, known, reader);
  await checkTarget(tx, findings, entity, records);
  await checkWatermark(tx, findings, entity);
  await checkRequired(tx, findings, entity, columns);
  if (entity.headers === null) return;
  const contents = { tx, findings, entity: { ...entity, headers: entity.headers }, known, columns };
  const sample = { size: options.sampleRows ?? SAMPLE_ROWS, salt: ctx.now().toISOString().slice(0, 10) };
  await compareContents(contents, {
    name: 'value-differs',
    what: 'stored values that are not what the record in landing says',
    records: landedSample(tx, deps.landing, sample),
    mustBeThere: false,
  });
  const truth = options.oracle?.records(entity.pipeline, entity.entity) ?? null;
  if (truth === null) return;
  await compareContents(contents, {
    name: 'source-differs',
    what: 'values or rows that are not what the source says',
    records: withoutRejected(truth, await openRejects(tx, entity)),
    mustBeThere: true,
  });
}

/** What stands in a reject is known to be missing or old, and people are told elsewhere. */
async function openRejects(tx: Tx, entity: DeepEntity): Promise<ReadonlySet<string>> {
  const rows = await tx.query<{ id: string }>(
    `select r.record_id as id from freshet.reject r where r.pipeline = $1 and r.entity = $2 and r.closed_by_run is null and r.record_id is not null
      union select l.id from pg_temp.landed l
              where l.rejected and l.id is not null and not exists (select from pg_temp.newest n where n.id = l.id and n.ord > l.ord)`,
    [entity.pipeline, entity.entity],
  );
  return new Set(rows.map(({ id }) => id));
}

async function* withoutRejected(records: AsyncIterable<SaidRecord>, rejected: ReadonlySet<string>): AsyncGenerator<SaidRecord> {
  for await (const record of records) if (!rejected.has(record.id)) yield record;
}
