import type { Tx } from '../database/database';
import { CONTESTED_KEYS, duplicateKeysSql, keysSql, orphansSql, SPREAD_VERDICTS, takeOverSql, uniqueRuleSql } from './chunk-sql';
import type { ChunkJob } from './chunk';
import type { Finding } from './mapping/mapping';
import { verdictOf, type StagedRow } from './staged-row';

export type PendingKind = 'pending' | 'orphan' | 'duplicate';

/** A record that is not published. */
export interface PutOff {
  readonly id: string;
  readonly verdict: 'rejected' | 'pending';
  /** Every rule that it breaks. */
  readonly reasons: readonly Omit<Finding, 'severity'>[];
  /** It may heal without changing: why it is tried again; `null`: it must change. */
  readonly again: PendingKind | null;
}

export interface Judged {
  readonly putOff: readonly PutOff[];
  readonly warnings: number;
}

interface Verdict {
  readonly seq: number;
  readonly kind: PendingKind | 'warning';
  readonly rule: string;
  readonly field: string;
  readonly value: string | null;
  readonly holder: string | null;
}

/** Asks other rows and tables what they say against the records of a chunk, and marks in the stage which are not published. */
export async function judge(tx: Tx, job: ChunkJob, rows: readonly StagedRow[]): Promise<Judged> {
  const { mapping, typed } = job;
  for (const check of job.references)
    await tx.query(orphansSql(typed, check), check.asOf === null || check.reference.severity === 'warning' ? [] : [check.asOf]);
  for (const { field, severity = 'error' } of mapping.unique ?? [])
    if (field !== mapping.uniqueField) await tx.query(uniqueRuleSql(typed, field, severity));
  if (job.references.length + (mapping.unique?.length ?? 0) > 0) await tx.query(SPREAD_VERDICTS);
  await tx.query(keysSql(typed, mapping.uniqueField));
  const [keys] = await tx.query<{ contested: boolean }>(CONTESTED_KEYS);
  if (keys?.contested === true) {
    await tx.query(duplicateKeysSql(mapping.uniqueField));
    await tx.query(SPREAD_VERDICTS);
    for (const statement of takeOverSql(typed)) await tx.query(statement);
  }
  const verdicts = await tx.query<{ [Name in keyof Verdict]: Verdict[Name] }>(
    `select seq, kind, rule, field, value, holder from publish_verdict order by seq`,
  );
  return judgement(job, rows, verdicts);
}

function judgement(job: ChunkJob, rows: readonly StagedRow[], verdicts: readonly Verdict[]): Judged {
  const bySeq = new Map<number, Verdict[]>();
  for (const verdict of verdicts) if (verdict.kind !== 'warning') bySeq.set(verdict.seq, [...(bySeq.get(verdict.seq) ?? []), verdict]);
  let warnings = verdicts.length - [...bySeq.values()].reduce((sum, list) => sum + list.length, 0);
  const putOff: PutOff[] = [];
  for (const [seq, row] of rows.entries()) {
    if (row.raw.gone) continue;
    const others = bySeq.get(seq) ?? [];
    if (row.findings.length === 0 && others.length === 0) continue;
    warnings += row.findings.filter(({ severity }) => severity === 'warning').length;
    const own = verdictOf(row);
    if (own === null && others.length === 0) continue;
    putOff.push(putOffOf(job, row, others));
  }
  return { putOff, warnings };
}

function putOffOf(job: ChunkJob, row: StagedRow, others: readonly Verdict[]): PutOff {
  const own = verdictOf(row);
  const refused = others.some(({ kind }) => kind !== 'pending');
  const kinds = new Set(others.map(({ kind }) => kind as PendingKind));
  const again = own === 'rejected' ? null : kinds.has('duplicate') ? 'duplicate' : kinds.has('orphan') ? 'orphan' : 'pending';
  return {
    id: row.raw.id,
    verdict: own === 'rejected' || refused ? 'rejected' : 'pending',
    reasons: [
      ...row.findings.filter(({ severity }) => severity === 'error').map(({ severity: _, ...reason }) => reason),
      ...others.map((verdict) => reasonOf(job, verdict)),
    ],
    again,
  };
}

function reasonOf({ mapping, scope }: ChunkJob, { kind, rule, field, value, holder }: Verdict): Omit<Finding, 'severity'> {
  const shown = JSON.stringify(value);
  const own =
    rule === 'unique'
      ? mapping.unique?.find((each) => each.field === field)?.message
      : mapping.references.find(({ target }) => target === field)?.message;
  const parent = mapping.references.find(({ target }) => target === field);
  const told =
    kind === 'duplicate'
      ? `${field} ${shown} is already that of ${holder === null ? 'another row' : `record ${holder}`} in ${scope.input.target.schema}.${scope.input.target.table}`
      : `${field} ${shown} names no row of ${parent?.schema ?? ''}.${parent?.table ?? ''}`;
  return { rule, field, message: own ?? told, ...(value === null ? {} : { value }) };
}
