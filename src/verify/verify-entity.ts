import type { Database, Tx } from '../database/database';
import type { LandingStore } from '../landing/landing-store';
import type { StageContext } from '../observability/stage-context';
import type { EntityDefinition } from '../sources/source';
import { checkSets, checkSetSizes } from './changed-documents';
import { equalCheck, ledgerChecks, noneCheck, type Check } from './check';
import { entityFacts, type EntityFacts, type VerifySubject } from './entity-facts';
import { linesOfDeleted, orphanLines } from './line-sql';
import { publishChecks } from './publish-check';
import { snapshot } from './snapshot';

export interface VerifyEntityDeps {
  readonly db: Database;
  readonly landing: LandingStore;
}

export interface VerifyEntityInput extends VerifySubject {
  /** Tables with more rows are not counted; `verify --deep` always does. Default 1,000,000. */
  readonly countLimit?: number;
  /** With it the line items of changed documents are compared with their landed records. */
  readonly definition?: EntityDefinition;
  /** The tables are not looked at. */
  readonly ledgerOnly?: boolean;
  /** Whether line items without their document are looked for; default: yes. */
  readonly orphans?: boolean;
}

export interface Verification {
  readonly ok: boolean;
  readonly checks: readonly Check[];
  /** One sentence for each check that failed. */
  readonly faults: readonly string[];
}

const COUNT_LIMIT = 1_000_000;

/**
 * Verifies what one run did to one entity: ledger, counters, rejects, pages, batches, line items of changed documents, orphans.
 * Reads one consistent picture and changes nothing: the caller turns faults into `failed: reconcile_error`.
 */
export async function verifyEntity(deps: VerifyEntityDeps, input: VerifyEntityInput, ctx: StageContext): Promise<Verification> {
  await ctx.fault('verify.before-read');
  const checks = await snapshot(deps.db, ctx, async (tx) => {
    const facts = await entityFacts(tx, input);
    if (facts === null) return [{ name: 'ledger', ok: false, detail: `run ${input.runId} has no entity ${input.entity}` }];
    if (input.ledgerOnly === true) return ledgerChecks(facts);
    return [
      ...ledgerChecks(facts),
      ...(await counterChecks(tx, facts, input)),
      ...(await lineChecks(tx, facts, { deps, input })),
      ...(await publishChecks(tx, input)),
    ];
  });
  const faults = checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`);
  return { ok: faults.length === 0, checks, faults };
}

async function counterChecks(tx: Tx, facts: EntityFacts, input: VerifyEntityInput): Promise<Check[]> {
  if (facts.owner === null || facts.headers === null) return [noTable(facts, input)];
  const limit = input.countLimit ?? COUNT_LIMIT;
  const live = await counterCheck(tx, { name: 'rows', counter: 'live', expected: facts.owner.live, table: facts.headers, limit });
  if (facts.lines === null) return [live];
  return [live, await counterCheck(tx, { name: 'lines', counter: 'lines', expected: facts.owner.lines, table: facts.lines, limit })];
}

/** Nothing came yet: then nothing may be counted either. */
function noTable(facts: EntityFacts, input: VerifyEntityInput): Check {
  const { inserted, live_after } = facts.ledger;
  const ok = inserted === 0 && live_after === 0 && (facts.owner?.live ?? 0) === 0;
  return {
    name: 'rows',
    ok,
    detail: `${input.target.schema}.${input.target.table} does not exist${ok ? ', and nothing was loaded' : ', but rows are counted'}`,
  };
}

interface Counter {
  readonly name: string;
  readonly counter: string;
  readonly expected: number;
  readonly table: string;
  readonly limit: number;
}

async function counterCheck(tx: Tx, { name, counter, expected, table, limit }: Counter): Promise<Check> {
  if (expected > limit) return { name, ok: true, detail: `not counted: ${expected} is over ${limit}; verify --deep counts them` };
  const [row] = await tx.query<{ n: string }>(`select count(*) as n from (select from ${table} where deleted_at is null limit $1) t`, [
    limit + 1,
  ]);
  return equalCheck(name, [`table_owner.${counter}`, expected], [`the count of ${table}`, Number(row?.n ?? 0)]);
}

interface LineScope {
  readonly deps: VerifyEntityDeps;
  readonly input: VerifyEntityInput;
}

async function lineChecks(tx: Tx, facts: EntityFacts, { deps, input }: LineScope): Promise<Check[]> {
  const { headers, lines, batchNos } = facts;
  if (headers === null || lines === null) return [];
  const documents = { headers, lines, batchNos };
  const sizes =
    input.definition === undefined
      ? null
      : await checkSetSizes(tx, deps.landing, { ...documents, runId: input.runId, entity: input.entity, definition: input.definition });
  const checks = [await checkSets(tx, documents), ...(sizes === null ? [] : [sizes])];
  if (input.orphans === false || (facts.owner?.lines ?? 0) > (input.countLimit ?? COUNT_LIMIT)) return checks;
  const shown = async (sql: string): Promise<string[]> =>
    (await tx.query<{ parent_id: string; line_no: number }>(`${sql} limit 5`)).map((row) => `${row.parent_id} line ${row.line_no}`);
  return [
    ...checks,
    noneCheck('orphans', 'line items without their document', await shown(orphanLines(headers, lines))),
    noneCheck('lines-of-deleted', 'living line items of deleted documents', await shown(linesOfDeleted(headers, lines))),
  ];
}
